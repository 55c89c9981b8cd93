"""Mixtures: a short and a long memory of gradients side by side in one step."""

from osolgil.formulas._vocabulary import sqrt
from osolgil.formulas.catalog import NOT_AVAILABLE, add_optimizer


def qhadam_coefficients(t, learning_rate, beta1, beta2, nu1, nu2, epsilon):
    """The shares ν of the corrected means, and what is left for the gradient of the moment."""
    return learning_rate, nu1 / (1.0 - beta1**t), nu2 / (1.0 - beta2**t), beta1, beta2, nu1, nu2, epsilon


@add_optimizer(
    state=("mean", "squares"),
    defaults={
        "learning_rate": 0.001, "beta1": 0.995, "beta2": 0.999, "nu1": 0.7, "nu2": 1.0, "epsilon": 1e-8,
    },
    coefficients=qhadam_coefficients,
    title="QHAdam",
    aliases=("quasi_hyperbolic_adam",),
    paper="J. Ma, D. Yarats, arXiv:1810.06801, section 5",
    year=2018,
    parents=("adam", "qhm"),
    generalises=("adam", "rmsprop"),
    changes="Mixes into both means, by shares 1 - ν₁ and 1 - ν₂, the gradient of the moment and its square.",
    answers="Adam's means are either short and noisy or long and slow.",
    peers=NOT_AVAILABLE,
)  # fmt: skip
def qhadam(
    theta, gradient, mean, squares, learning_rate, mean_share, squares_share, beta1, beta2, nu1, nu2, epsilon
):
    """QHM over QHM of squares: θ ← θ - γ [(1 - ν₁) g + ν₁ m̂]/(√((1 - ν₂) g² + ν₂ v̂) + ε)."""
    square = gradient * gradient
    mean = beta1 * mean + (1.0 - beta1) * gradient
    squares = beta2 * squares + (1.0 - beta2) * square
    direction = (1.0 - nu1) * gradient + mean_share * mean
    size = sqrt((1.0 - nu2) * square + squares_share * squares)
    return theta - learning_rate * direction / (size + epsilon), mean, squares


def ademamix_coefficients(t, learning_rate, beta1, beta2, beta3, alpha, epsilon):
    """The slow mean is left to fill up by itself; only Adam's two are corrected."""
    return (
        learning_rate,
        1.0 / (1.0 - beta1**t),
        1.0 / sqrt(1.0 - beta2**t),
        beta1,
        beta2,
        beta3,
        alpha,
        epsilon,
    )


@add_optimizer(
    state=("mean", "slow_mean", "squares"),
    defaults={
        "learning_rate": 0.001, "beta1": 0.9, "beta2": 0.999, "beta3": 0.9999, "alpha": 5.0, "epsilon": 1e-8,
    },
    coefficients=ademamix_coefficients,
    title="AdEMAMix",
    paper="M. Pagliardini, P. Ablin, D. Grangier, arXiv:2409.03137, Algorithm 1, without its warm-ups and decay",
    year=2024,
    parents=("adam",),
    generalises=("adam",),
    changes="Adds α times a second, very slow mean of gradients.",
    answers="Gradients stay useful for ten thousands of steps, but one mean cannot be both quick and long.",
    peers={"pytorch": "not available", "keras": "not available", "optax": "same"},
)  # fmt: skip
def ademamix(
    theta, gradient, mean, slow_mean, squares, learning_rate, correction, root_correction, beta1, beta2, beta3,
    alpha, epsilon,
):  # fmt: skip
    """A quick and a slow mean: m₂ ← β₃ m₂ + (1 - β₃) g, θ ← θ - γ (m̂₁ + α m₂)/(√v̂ + ε)."""
    mean = beta1 * mean + (1.0 - beta1) * gradient
    slow_mean = beta3 * slow_mean + (1.0 - beta3) * gradient
    squares = beta2 * squares + (1.0 - beta2) * (gradient * gradient)
    step = (correction * mean + alpha * slow_mean) / (sqrt(squares) * root_correction + epsilon)
    return theta - learning_rate * step, mean, slow_mean, squares


def simplified_ademamix_coefficients(t, learning_rate, beta1, beta2, alpha, epsilon):
    """Only the squares start too small; the sum of gradients has no start to correct."""
    return learning_rate, 1.0 / sqrt(1.0 - beta2**t), beta1, beta2, alpha, epsilon


@add_optimizer(
    state=("total", "squares"),
    defaults={"learning_rate": 1e-4, "beta1": 0.99, "beta2": 0.95, "alpha": 0.0, "epsilon": 1e-8},
    coefficients=simplified_ademamix_coefficients,
    title="Simplified AdEMAMix",
    paper="D. Morwani, N. Vyas, H. Zhang, S. Kakade, arXiv:2502.02431, Algorithm 1",
    year=2025,
    parents=("ademamix",),
    changes="Keeps one long sum of gradients and adds α times the gradient itself as the quick part.",
    answers="AdEMAMix needs a second mean and schedules for it.",
    peers={"pytorch": "not available", "keras": "not available", "optax": "same (simplified_ademamix)"},
)
def simplified_ademamix(
    theta, gradient, total, squares, learning_rate, root_correction, beta1, beta2, alpha, epsilon
):
    """A long sum and the gradient: m ← β₁ m + g, θ ← θ - γ (α g + m)/(√v̂ + ε)."""
    total = beta1 * total + gradient
    squares = beta2 * squares + (1.0 - beta2) * (gradient * gradient)
    step = (alpha * gradient + total) / (sqrt(squares) * root_correction + epsilon)
    return theta - learning_rate * step, total, squares


def exadam_coefficients(t, learning_rate, beta1, beta2, epsilon):
    """Adam's corrections, and the powers β₁^t and β₂^t by which the two moments correct each other."""
    power1, power2 = beta1**t, beta2**t
    return learning_rate / (1.0 - power1), 1.0 / (1.0 - power2), power1, power2, beta1, beta2, epsilon


@add_optimizer(
    state=("mean", "squares"),
    defaults={"learning_rate": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
    coefficients=exadam_coefficients,
    title="EXAdam",
    paper="A. Adly, arXiv:2412.20302, with a constant step size",
    year=2024,
    parents=("adam",),
    changes="Adds the gradient to the mean, and corrects each moment by the other.",
    answers="Adam corrects its two moments as if they had nothing to do with each other.",
    peers=NOT_AVAILABLE,
)
def exadam(
    theta, gradient, mean, squares, step_size, squares_correction, power1, power2, beta1, beta2, epsilon
):
    """Cross-corrected moments: θ ← θ - γ d₁ (m̂ + ĝ)/(√(d₂ v̂) + ε).

    d₁ = 1 + β₂^t v/(v + ε) and d₂ = 1 + β₁^t m²/(m² + ε); hats divide by 1 - β^t.
    """
    mean = beta1 * mean + (1.0 - beta1) * gradient
    squares = beta2 * squares + (1.0 - beta2) * (gradient * gradient)
    by_squares = 1.0 + power2 * squares / (squares + epsilon)
    by_mean = 1.0 + power1 * mean * mean / (mean * mean + epsilon)
    size = sqrt(by_mean * squares_correction * squares) + epsilon
    return theta - step_size * by_squares * (mean + gradient) / size, mean, squares
