"""Differences: what changed since the last step says where the slope is going, or how noisy it is."""

from osolgil.formulas._vocabulary import absolute, exp, maximum, sqrt, where
from osolgil.formulas.catalog import NOT_AVAILABLE, add_optimizer
from osolgil.formulas.optimizers.adam import ADAM, adam_coefficients


def optimistic_coefficients(t, learning_rate, optimism):
    """In the first step there is no earlier gradient, and nothing to be optimistic about."""
    return learning_rate, where(t > 1.0, optimism, 0.0)


@add_optimizer(
    state=("previous",),
    defaults={"learning_rate": 0.01, "optimism": 1.0},
    coefficients=optimistic_coefficients,
    title="Optimistic gradient descent",
    aliases=("ogd", "extrapolation_from_the_past"),
    paper="L. Popov 1980; C. Daskalakis et al., arXiv:1711.00141; A. Mokhtari et al., arXiv:1901.08511",
    year=1980,
    parents=("sgd",),
    generalises=("sgd",),
    changes="Adds what the gradient has changed since the last step, as if it would change so again.",
    answers="In games and saddle points gradient descent circles and never arrives.",
    peers={"pytorch": "not available", "keras": "not available", "optax": "same"},
)
def optimistic_gradient_descent(theta, gradient, previous, learning_rate, optimism):
    """Expects the next gradient: θ ← θ - γ [g + β (g - g_{n-1})]."""
    return theta - learning_rate * (gradient + optimism * (gradient - previous)), gradient


def optimistic_adam_coefficients(t, learning_rate, beta1, beta2, epsilon, optimism):
    """Adam's corrections, and no optimism before there is an earlier step."""
    optimism = where(t > 1.0, optimism, 0.0)
    return learning_rate, 1.0 / (1.0 - beta1**t), 1.0 / sqrt(1.0 - beta2**t), beta1, beta2, epsilon, optimism


@add_optimizer(
    state=("mean", "squares", "previous"),
    defaults={"learning_rate": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "optimism": 1.0},
    coefficients=optimistic_adam_coefficients,
    title="Optimistic Adam",
    paper="C. Daskalakis, A. Ilyas, V. Syrgkanis, H. Zeng, arXiv:1711.00141, Algorithm 1",
    year=2017,
    parents=("adam", "optimistic_gradient_descent"),
    generalises=("adam",),
    changes="Adds to Adam's step what it has changed since the last one.",
    answers="Adam circles around the equilibrium of two networks that play against each other.",
    peers={
        "pytorch": "not available",
        "keras": "not available",
        "optax": "same (optimistic_adam_v2 with nesterov=False)",
    },
)
def optimistic_adam(
    theta, gradient, mean, squares, previous, learning_rate, correction, root_correction, beta1, beta2,
    epsilon, optimism,
):  # fmt: skip
    """Optimism about Adam's step: u = m̂/(√v̂ + ε), θ ← θ - γ [u + β (u - u_{n-1})]."""
    mean = beta1 * mean + (1.0 - beta1) * gradient
    squares = beta2 * squares + (1.0 - beta2) * (gradient * gradient)
    step = correction * mean / (sqrt(squares) * root_correction + epsilon)
    return theta - learning_rate * (step + optimism * (step - previous)), mean, squares, step


def pid_coefficients(t, learning_rate, momentum, integral, derivative):
    """The change of the gradient counts from the second step on."""
    return learning_rate, momentum, integral, derivative, where(t > 1.0, 1.0 - momentum, 0.0)


@add_optimizer(
    state=("accumulated", "change", "previous"),
    defaults={"learning_rate": 0.001, "momentum": 0.9, "integral": 5.0, "derivative": 10.0},
    coefficients=pid_coefficients,
    title="PID",
    paper="W. An, H. Wang, Q. Sun, J. Xu, Q. Dai, L. Zhang, A PID controller approach …, CVPR 2018",
    year=2018,
    parents=("momentum",),
    changes="Adds a running mean of the gradient's change, the derivative of a controller.",
    answers="Momentum, an integral only, overshoots the valley.",
    peers=NOT_AVAILABLE,
)
def pid(
    theta, gradient, accumulated, change, previous, learning_rate, momentum, integral, derivative, freshness
):
    """A controller: now, past and trend: I ← ρ I + g, D ← ρ D + (1 - ρ)(g - g_{n-1}), θ ← θ - γ (g + kᵢ I + k_d D)."""
    accumulated = momentum * accumulated + gradient
    change = momentum * change + freshness * (gradient - previous)
    step = gradient + integral * accumulated + derivative * change
    return theta - learning_rate * step, accumulated, change, gradient


def adan_coefficients(t, learning_rate, beta1, beta2, beta3, epsilon, weight_decay):
    """Three starts at zero divided out, no difference in the first step, and decay by division."""
    return (
        learning_rate / (1.0 - beta1**t),
        learning_rate * beta2 / (1.0 - beta2**t),
        1.0 / sqrt(1.0 - beta3**t),
        1.0 / (1.0 + learning_rate * weight_decay),
        where(t > 1.0, 1.0, 0.0),
        beta1,
        beta2,
        beta3,
        epsilon,
    )


@add_optimizer(
    state=("mean", "difference_mean", "squares", "previous"),
    defaults={
        "learning_rate": 0.001, "beta1": 0.98, "beta2": 0.92, "beta3": 0.99, "epsilon": 1e-8,
        "weight_decay": 0.0,
    },
    coefficients=adan_coefficients,
    title="Adan",
    paper="X. Xie, P. Zhou, H. Li, Z. Lin, S. Yan, arXiv:2208.06677, Algorithm 1 (β here is 1 - β there)",
    year=2022,
    parents=("nadam",),
    changes="Nesterov's look ahead as a running mean of gradient differences, in the mean and in the squares.",
    answers="Nesterov's form needs the gradient at another point than the one where θ is kept.",
    peers={
        "pytorch": "not available",
        "keras": "not available",
        "optax": "weighs the difference by 1 - β₂ where the paper has β₂ (so named), and adds 1e-8 under the root",
    },
)  # fmt: skip
def adan(
    theta, gradient, mean, difference_mean, squares, previous, step_size, difference_size, root_correction,
    kept, later, beta1, beta2, beta3, epsilon,
):  # fmt: skip
    """Adaptive Nesterov: the step is m̂ + β₂ d̂ over the root mean square of g + β₂ (g - g_{n-1})."""
    difference = later * (gradient - previous)
    ahead = gradient + beta2 * difference
    mean = beta1 * mean + (1.0 - beta1) * gradient
    difference_mean = beta2 * difference_mean + (1.0 - beta2) * difference
    squares = beta3 * squares + (1.0 - beta3) * (ahead * ahead)
    step = (step_size * mean + difference_size * difference_mean) / (
        sqrt(squares) * root_correction + epsilon
    )
    return kept * (theta - step), mean, difference_mean, squares, gradient


@add_optimizer(
    state=("mean", "squares", "previous"),
    defaults=ADAM,
    coefficients=adam_coefficients,
    title="diffGrad",
    paper="S. Dubey, S. Chakraborty, S. Roy, S. Mukherjee, S. Singh, B. Chaudhuri, arXiv:1909.11015",
    year=2019,
    parents=("adam",),
    changes="Multiplies each step by the sigmoid of how much the gradient has just changed.",
    answers="Adam steps over a minimum as fast as over a slope: it cannot see that the gradient stands still.",
    peers=NOT_AVAILABLE,
)
def diffgrad(theta, gradient, mean, squares, previous, step_size, root_correction, beta1, beta2, epsilon):
    """A friction where the gradient hardly changes: ξ = 1/(1 + exp(-|g - g_{n-1}|)), θ ← θ - γ ξ m̂/(√v̂ + ε)."""
    mean = beta1 * mean + (1.0 - beta1) * gradient
    squares = beta2 * squares + (1.0 - beta2) * (gradient * gradient)
    friction = 1.0 / (1.0 + exp(-absolute(gradient - previous)))
    step = step_size * friction * mean / (sqrt(squares) * root_correction + epsilon)
    return theta - step, mean, squares, gradient


def pnm_coefficients(t, learning_rate, beta, contrast):
    """The step divided by what the contrast multiplies noise by, and the memory over two steps."""
    return learning_rate / sqrt((1.0 + contrast) ** 2 + contrast**2), beta * beta, contrast


@add_optimizer(
    state=("recent", "older"),
    defaults={"learning_rate": 0.01, "beta": 0.9, "contrast": 1.0},
    coefficients=pnm_coefficients,
    title="PNM",
    aliases=("positive_negative_momentum",),
    paper="Z. Xie, L. Yuan, Z. Zhu, M. Sugiyama, arXiv:2103.17182",
    year=2021,
    parents=("momentum",),
    changes="Keeps means of every other step and subtracts a share of the older from the newer one.",
    answers="A large batch has too little noise to leave sharp minima, and momentum takes more of it away.",
    peers=NOT_AVAILABLE,
)
def pnm(theta, gradient, recent, older, step_size, memory, contrast):
    """Positive-negative momentum: m ← β² m_{n-2} + (1 - β²) g, θ ← θ - γ [(1 + β₀) m - β₀ m_{n-1}]/c."""
    newest = memory * older + (1.0 - memory) * gradient
    return theta - step_size * ((1.0 + contrast) * newest - contrast * recent), newest, recent


def adapnm_coefficients(t, learning_rate, beta1, beta2, contrast, epsilon):
    """PNM's contrast and Adam's corrections."""
    norm = sqrt((1.0 + contrast) ** 2 + contrast**2)
    root_correction = 1.0 / sqrt(1.0 - beta2**t)
    return learning_rate / (norm * (1.0 - beta1**t)), root_correction, beta1 * beta1, beta2, contrast, epsilon


@add_optimizer(
    state=("recent", "older", "squares", "largest"),
    defaults={"learning_rate": 0.001, "beta1": 0.9, "beta2": 0.999, "contrast": 1.0, "epsilon": 1e-8},
    coefficients=adapnm_coefficients,
    title="AdaPNM",
    paper="Z. Xie, L. Yuan, Z. Zhu, M. Sugiyama, arXiv:2103.17182",
    year=2021,
    parents=("amsgrad", "pnm"),
    changes="Puts the positive-negative momentum in the place of AMSGrad's mean.",
    answers="Adam generalises worse than SGD, whose noise does not shrink with the gradient.",
    peers=NOT_AVAILABLE,
)
def adapnm(
    theta, gradient, recent, older, squares, largest, step_size, root_correction, memory, beta2, contrast,
    epsilon,
):  # fmt: skip
    """PNM over AMSGrad's largest root mean square: θ ← θ - γ [(1 + β₀) m̂ - β₀ m̂_{n-1}]/(c (√v̂_max + ε))."""
    newest = memory * older + (1.0 - memory) * gradient
    squares = beta2 * squares + (1.0 - beta2) * (gradient * gradient)
    largest = maximum(largest, squares)
    direction = (1.0 + contrast) * newest - contrast * recent
    step = step_size * direction / (sqrt(largest) * root_correction + epsilon)
    return theta - step, newest, recent, squares, largest
