"""Averages over all that has been: of the parameters, or of the gradients measured from the start."""

from osolgil.formulas._vocabulary import absolute, exp, log, maximum, sign, sqrt, where
from osolgil.formulas.catalog import NOT_AVAILABLE, add_optimizer


def asgd_coefficients(t, learning_rate, decay, power, start):
    """A learning rate that falls as (1 + λ γ t)^-α, and the weight of this point in the average."""
    rate = learning_rate / (1.0 + decay * learning_rate * (t - 1.0)) ** power
    return rate, 1.0 - decay * rate, 1.0 / maximum(1.0, t - 1.0 - start)


@add_optimizer(
    state=("average",),
    defaults={"learning_rate": 0.01, "decay": 1e-4, "power": 0.75, "start": 1e6},
    coefficients=asgd_coefficients,
    title="Averaged SGD",
    aliases=("averaged_sgd", "polyak_ruppert"),
    paper="B. Polyak, A. Juditsky, SIAM J. Control Optim. 30, 1992; as in L. Bottou, COMPSTAT 2010",
    year=1992,
    parents=("sgd",),
    generalises=("sgd",),
    changes="Lets the learning rate fall slowly, and keeps the average of all points since `start` steps.",
    answers="SGD's last point jumps about the minimum, while the mean of its points lies close to it.",
    peers={"pytorch": "same", "keras": "not available", "optax": "not available"},
)
def asgd(theta, gradient, average, rate, kept, share):
    """Polyak-Ruppert averaging: θ ← (1 - λ η) θ - η g; its state keeps the mean of θ, while θ itself is evaluated."""
    theta = kept * theta - rate * gradient
    return theta, average + share * (theta - average)


def dual_averaging_coefficients(t, learning_rate):
    """The weights γ/√t of the sum of gradients, one step ago and now."""
    return learning_rate / sqrt(maximum(t - 1.0, 1.0)), learning_rate / sqrt(t)


@add_optimizer(
    state=("total",),
    defaults={"learning_rate": 0.01},
    coefficients=dual_averaging_coefficients,
    title="Dual averaging",
    paper="Y. Nesterov, Math. Programming 120, 2009, eq. 2.14; L. Xiao, JMLR 11, 2010",
    year=2009,
    parents=("sgd",),
    changes="Measures each step from the start, along the sum of all gradients, all of equal weight.",
    answers="A falling learning rate gives new gradients less weight than old ones.",
    peers=NOT_AVAILABLE,
)
def dual_averaging(theta, gradient, total, rate_before, rate):
    """All gradients count alike: s ← s + g, θ ← θ₀ - γ s/√t."""
    start = theta + rate_before * total
    total = total + gradient
    return start - rate * total, total


@add_optimizer(
    state=("linear", "squares"),
    defaults={"learning_rate": 0.05, "beta": 0.0, "lambda1": 0.0, "lambda2": 0.0},
    title="FTRL-Proximal",
    aliases=("ftrl_proximal",),
    paper="H. B. McMahan et al., Ad click prediction: a view from the trenches, KDD 2013, Algorithm 1",
    year=2013,
    parents=("adagrad", "dual_averaging"),
    generalises=("adagrad",),
    changes="Solves for the point that all gradients and penalties so far call for, with exact zeros.",
    answers="With L1 in the gradient no weight ever becomes exactly 0.",
    peers={
        "pytorch": "not available",
        "keras": "the sum of squares starts at 0.1; its l2 counts twice",
        "optax": "not available",
    },
)
def ftrl(theta, gradient, linear, squares, learning_rate, beta, lambda1, lambda2):
    """Follow the regularised leader: z ← z + g - σ θ, θ ← -sign(z) max(|z| - λ₁, 0)/((β + √n)/γ + λ₂).

    n is the sum of squared gradients and σ = Δ√n/γ; without penalties this is Adagrad.
    """
    root_before = sqrt(squares)
    squares = squares + gradient * gradient
    root = sqrt(squares)
    linear = linear + gradient - (root - root_before) / learning_rate * theta
    denominator = maximum((beta + root) / learning_rate + lambda2, 1e-37)
    leader = -sign(linear) * maximum(absolute(linear) - lambda1, 0.0) / denominator
    return where(squares > 0.0, leader, theta), linear, squares


def madgrad_coefficients(t, learning_rate, momentum, epsilon):
    """The weight γ√t of this gradient."""
    return learning_rate * sqrt(t), momentum, epsilon


@add_optimizer(
    state=("total", "squares", "way"),
    defaults={"learning_rate": 0.01, "momentum": 0.9, "epsilon": 1e-6},
    coefficients=madgrad_coefficients,
    title="MADGRAD",
    paper="A. Defazio, S. Jelassi, arXiv:2101.11075, Algorithm 1",
    year=2021,
    parents=("adagrad", "dual_averaging"),
    changes="Divides weighted dual averages by a cube root, and walks towards the point found as momentum does.",
    answers="Adaptive optimizers generalise worse than SGD on images.",
    peers={
        "pytorch": "not available",
        "keras": "not available",
        "optax": "adds ε to γ too",
    },
)
def madgrad(theta, gradient, total, squares, way, weight, momentum, epsilon):
    """Momentum towards a dual average: s ← s + λ g, v ← v + λ g², θ ← μ θ + (1 - μ)(θ₀ - s/(∛v + ε)), λ = γ√t.

    The state keeps θ - θ₀, which starts at 0.
    """
    total = total + weight * gradient
    squares = squares + weight * (gradient * gradient)
    cube_root = exp(log(maximum(squares, 1e-37)) / 3.0)
    step = (1.0 - momentum) * (-total / (cube_root + epsilon) - way)
    return theta + step, total, squares, way + step
