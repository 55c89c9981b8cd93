"""The loss says how far to go: as far as its tangent would have to be followed down to the least possible loss.

The batch's loss, penalties included, is known to these formulas as `loss`. The learning rate is the longest
step size they may take.
"""

from osolgil.formulas._vocabulary import dot, maximum, minimum, sqrt, where
from osolgil.formulas.catalog import add_optimizer


@add_optimizer(
    scope="network",
    defaults={"learning_rate": 1.0, "lowest_loss": 0.0, "epsilon": 0.0},
    title="Polyak's step size",
    aliases=("polyak_sgd", "sps", "sps_max"),
    paper="B. Polyak, Minimization of unsmooth functionals, 1969; bounded: N. Loizou et al., arXiv:2002.10542, eq. 3",
    year=1969,
    parents=("sgd",),
    changes="Sets γ so that the loss's tangent reaches the lowest loss, at most γ.",
    answers="The best step size changes all the way down.",
    peers={
        "pytorch": "not available (pytorch_optimizer.AliG projects besides)",
        "keras": "not available",
        "optax": "same (optax.polyak_sgd with max_learning_rate=γ)",
    },
)
def polyak(theta, gradient, loss, learning_rate, lowest_loss, epsilon):
    """As far as the tangent says: θ ← θ - min((J - J*)/(|g|² + ε), γ) g."""
    slope = dot(gradient, gradient) + epsilon
    step_size = where(
        slope <= 2.220446049250313e-16, 0.0, minimum((loss - lowest_loss) / slope, learning_rate)
    )
    return theta - step_size * gradient


def momo_coefficients(t, learning_rate, momentum, lowest_loss, weight_decay):
    """The first step has no past: its momentum is 0."""
    return learning_rate, where(t > 1.0, momentum, 0.0), lowest_loss, 1.0 + learning_rate * weight_decay


@add_optimizer(
    scope="network",
    state=("mean", "mean_loss", "mean_product"),
    shapes={"mean_loss": (), "mean_product": ()},
    defaults={"learning_rate": 1.0, "momentum": 0.9, "lowest_loss": 0.0, "weight_decay": 0.0},
    coefficients=momo_coefficients,
    title="MoMo",
    paper="F. Schaipp, R. Ohana, M. Eickenberg, A. Defazio, R. Gower, arXiv:2305.07583, Algorithm 1",
    year=2023,
    parents=("polyak", "momentum"),
    changes="Takes Polyak's step on the mean of the tangents of past batches instead of on one.",
    answers="A single batch's loss is too noisy for Polyak's step size.",
    peers={
        "pytorch": "not available (the authors' package momo-opt)",
        "keras": "not available",
        "optax": "same (optax.contrib.momo)",
    },
)
def momo(theta, gradient, loss, mean, mean_loss, mean_product, learning_rate, momentum, lowest_loss, grown):
    """Polyak with momentum: τ = min(γ, [f̄ + ⟨m, θ⟩ - ⟨g,θ⟩̄ - J*]₊/|m|²), θ ← θ/(1 + γ λ) - τ m."""
    mean = momentum * mean + (1.0 - momentum) * gradient
    mean_loss = momentum * mean_loss + (1.0 - momentum) * loss
    mean_product = momentum * mean_product + (1.0 - momentum) * dot(gradient, theta)
    slope = dot(mean, mean)
    height = grown * (mean_loss - lowest_loss - mean_product) + dot(mean, theta)
    step_size = where(
        slope <= 2.220446049250313e-16, 0.0, minimum(maximum(height, 0.0) / slope, learning_rate)
    )
    return theta / grown - step_size * mean, mean, mean_loss, mean_product


def momo_adam_coefficients(t, learning_rate, beta1, beta2, epsilon, lowest_loss, weight_decay):
    """γ/(1 - β₁^t), 1/√(1 - β₂^t) and the part 1 - β₁^t of the means that is not their start at 0."""
    filled = 1.0 - beta1**t
    grown = 1.0 + learning_rate * weight_decay
    return (
        learning_rate / filled,
        1.0 / sqrt(1.0 - beta2**t),
        filled,
        beta1,
        beta2,
        epsilon,
        lowest_loss,
        grown,
    )


@add_optimizer(
    scope="network",
    state=("mean", "squares", "mean_loss", "mean_product"),
    shapes={"mean_loss": (), "mean_product": ()},
    defaults={
        "learning_rate": 0.01,
        "beta1": 0.9,
        "beta2": 0.999,
        "epsilon": 1e-8,
        "lowest_loss": 0.0,
        "weight_decay": 0.0,
    },
    coefficients=momo_adam_coefficients,
    title="MoMo-Adam",
    paper="F. Schaipp, R. Ohana, M. Eickenberg, A. Defazio, R. Gower, arXiv:2305.07583, Algorithm 2",
    year=2023,
    parents=("momo", "adamw"),
    generalises=("adam",),
    changes="Measures lengths as Adam does: each coordinate divided by √v̂ + ε.",
    answers="MoMo has one step size for all coordinates.",
    peers={
        "pytorch": "not available (the authors' package momo-opt)",
        "keras": "not available",
        "optax": "same (optax.contrib.momo_adam)",
    },
)
def momo_adam(
    theta, gradient, loss, mean, squares, mean_loss, mean_product, longest, root_correction, filled, beta1,
    beta2, epsilon, lowest_loss, grown,
):  # fmt: skip
    """MoMo in Adam's metric D = √v̂ + ε: τ = min(γ/(1 - β₁^t), […]₊/⟨m, m/D⟩), θ ← θ/(1 + γ λ) - τ m/D."""
    mean = beta1 * mean + (1.0 - beta1) * gradient
    squares = beta2 * squares + (1.0 - beta2) * (gradient * gradient)
    mean_loss = beta1 * mean_loss + (1.0 - beta1) * loss
    mean_product = beta1 * mean_product + (1.0 - beta1) * dot(gradient, theta)
    step = mean / (epsilon + sqrt(squares) * root_correction)
    slope = dot(mean, step)
    height = grown * (mean_loss - filled * lowest_loss - mean_product) + dot(mean, theta)
    step_size = where(slope <= 2.220446049250313e-16, 0.0, minimum(maximum(height, 0.0) / slope, longest))
    return theta / grown - step_size * step, mean, squares, mean_loss, mean_product
