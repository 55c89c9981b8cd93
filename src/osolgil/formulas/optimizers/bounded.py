"""Bounds: Adam's step held within limits, so that no coordinate runs away with a denominator near 0."""

from osolgil.formulas._vocabulary import exp, log, maximum, minimum, sqrt
from osolgil.formulas.catalog import NOT_AVAILABLE, add_optimizer
from osolgil.formulas.optimizers.adam import ADAM, adam_coefficients

BOUNDS = {
    "learning_rate": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "final_rate": 0.1,
    "convergence": 0.001,
}  # fmt: skip


@add_optimizer(
    state=("mean", "squares", "largest"),
    defaults=ADAM,
    coefficients=adam_coefficients,
    title="AMSGrad",
    paper="S. Reddi, S. Kale, S. Kumar, arXiv:1904.09237, Algorithm 2, with Adam's bias corrections",
    year=2018,
    parents=("adam",),
    changes="Divides by the largest mean square so far, which never falls.",
    answers="Adam forgets rare large gradients, so its steps grow again and it may not converge.",
    peers={
        "pytorch": "same (amsgrad=True)",
        "keras": "ε = 1e-7, added before the bias correction (amsgrad=True)",
        "optax": "keeps the largest mean square after the bias correction, not before it",
    },
)
def amsgrad(theta, gradient, mean, squares, largest, step_size, root_correction, beta1, beta2, epsilon):
    """Adam that never forgets the worst: u ← max(u, v), θ ← θ - γ m̂/(√û + ε)."""
    mean = beta1 * mean + (1.0 - beta1) * gradient
    squares = beta2 * squares + (1.0 - beta2) * (gradient * gradient)
    largest = maximum(largest, squares)
    return theta - step_size * mean / (sqrt(largest) * root_correction + epsilon), mean, squares, largest


def bounds_coefficients(t, learning_rate, beta1, beta2, epsilon, final_rate, convergence):
    """Adam's step size, and a lower and an upper bound that both go to the final rate."""
    step_size = learning_rate * sqrt(1.0 - beta2**t) / (1.0 - beta1**t)
    lower = final_rate * (1.0 - 1.0 / (convergence * t + 1.0))
    upper = final_rate * (1.0 + 1.0 / (convergence * t))
    return step_size, lower, upper, beta1, beta2, epsilon


@add_optimizer(
    state=("mean", "squares"),
    defaults=BOUNDS,
    coefficients=bounds_coefficients,
    title="AdaBound",
    paper="L. Luo, Y. Xiong, Y. Liu, X. Sun, arXiv:1902.09843, Algorithm 2, with Adam's bias corrections",
    year=2019,
    parents=("adam", "sgd"),
    changes="Clips each coordinate's learning rate between two bounds that close in on one final rate.",
    answers="Adam learns fast at first but generalises worse than SGD in the end.",
    peers=NOT_AVAILABLE,
)
def adabound(theta, gradient, mean, squares, step_size, lower, upper, beta1, beta2, epsilon):
    """From Adam to SGD by and by: η = clip(γ/(√v̂ + ε), lower, upper), θ ← θ - η m."""
    mean = beta1 * mean + (1.0 - beta1) * gradient
    squares = beta2 * squares + (1.0 - beta2) * (gradient * gradient)
    rate = minimum(maximum(step_size / (sqrt(squares) + epsilon), lower), upper)
    return theta - rate * mean, mean, squares


@add_optimizer(
    state=("mean", "squares", "largest"),
    defaults=BOUNDS,
    coefficients=bounds_coefficients,
    title="AMSBound",
    paper="L. Luo, Y. Xiong, Y. Liu, X. Sun, arXiv:1902.09843, section 4",
    year=2019,
    parents=("amsgrad", "adabound"),
    changes="Puts AdaBound's bounds around AMSGrad's learning rates.",
    answers="AdaBound still lets a learning rate grow when squares are forgotten.",
    peers=NOT_AVAILABLE,
)
def amsbound(theta, gradient, mean, squares, largest, step_size, lower, upper, beta1, beta2, epsilon):
    """AdaBound over the largest mean square: η = clip(γ/(√û + ε), lower, upper), θ ← θ - η m."""
    mean = beta1 * mean + (1.0 - beta1) * gradient
    squares = beta2 * squares + (1.0 - beta2) * (gradient * gradient)
    largest = maximum(largest, squares)
    rate = minimum(maximum(step_size / (sqrt(largest) + epsilon), lower), upper)
    return theta - rate * mean, mean, squares, largest


def adamod_coefficients(t, learning_rate, beta1, beta2, beta3, epsilon):
    """Adam's step size with both corrections in it."""
    return learning_rate * sqrt(1.0 - beta2**t) / (1.0 - beta1**t), beta1, beta2, beta3, epsilon


@add_optimizer(
    state=("mean", "squares", "mean_rate"),
    defaults={"learning_rate": 0.001, "beta1": 0.9, "beta2": 0.999, "beta3": 0.999, "epsilon": 1e-8},
    coefficients=adamod_coefficients,
    title="AdaMod",
    paper="J. Ding, X. Ren, R. Luo, X. Sun, arXiv:1910.12249, Algorithm 1",
    year=2019,
    parents=("adam",),
    generalises=("adam",),
    changes="Bounds each coordinate's learning rate by its own running mean.",
    answers="Adam's learning rates are far too large at first, before the squares are known.",
    peers=NOT_AVAILABLE,
)
def adamod(theta, gradient, mean, squares, mean_rate, step_size, beta1, beta2, beta3, epsilon):
    """A rate no larger than its mean: η = γ/(√v̂ + ε), s ← β₃ s + (1 - β₃) η, θ ← θ - min(η, s) m̂."""
    mean = beta1 * mean + (1.0 - beta1) * gradient
    squares = beta2 * squares + (1.0 - beta2) * (gradient * gradient)
    rate = step_size / (sqrt(squares) + epsilon)
    mean_rate = beta3 * mean_rate + (1.0 - beta3) * rate
    return theta - minimum(rate, mean_rate) * mean, mean, squares, mean_rate


def padam_coefficients(t, learning_rate, beta1, beta2, epsilon, partial):
    """Adam's step size, and the power 2p of the root mean square."""
    return learning_rate * sqrt(1.0 - beta2**t) / (1.0 - beta1**t), beta1, beta2, epsilon, 2.0 * partial


@add_optimizer(
    state=("mean", "squares"),
    defaults={"learning_rate": 0.1, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "partial": 0.125},
    coefficients=padam_coefficients,
    title="Padam",
    paper="J. Chen, D. Zhou, Y. Tang, Z. Yang, Y. Cao, Q. Gu, arXiv:1806.06763, without AMSGrad's maximum",
    year=2018,
    parents=("adam",),
    generalises=("adam",),
    changes="Raises the mean square to a power p between 0 and 1/2 instead of taking its root.",
    answers="Adam's full adaption costs generalisation; SGD's none at all costs speed.",
    peers=NOT_AVAILABLE,
)
def padam(theta, gradient, mean, squares, step_size, beta1, beta2, epsilon, power):
    """Between Adam (p = 1/2) and momentum (p = 0): θ ← θ - γ m̂/(√v + ε)^(2p), γ with Adam's corrections."""
    mean = beta1 * mean + (1.0 - beta1) * gradient
    squares = beta2 * squares + (1.0 - beta2) * (gradient * gradient)
    return theta - step_size * mean * exp(-power * log(sqrt(squares) + epsilon)), mean, squares
