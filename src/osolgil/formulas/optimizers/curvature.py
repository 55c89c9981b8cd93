"""Steps divided by the loss's curvature along each coordinate, measured by a second gradient now and then."""

from osolgil.formulas._vocabulary import floor, maximum, minimum, where
from osolgil.formulas.catalog import add_optimizer


def sophia_coefficients(t, learning_rate, beta1, beta2, scale, epsilon, weight_decay, interval, reach):
    """Curvature is measured in the first step and then every `interval` steps."""
    probing = where(t - 1.0 - interval * floor((t - 0.5) / interval) < 0.5, 1.0, 0.0)
    return learning_rate, 1.0 - learning_rate * weight_decay, beta1, scale, epsilon, probing, reach, beta2


def sophia_probe(theta, gradient, origin, first, noise, probing, reach):
    """A short way along random signs u: the second gradient is ∇L(θ + r u)."""
    return theta + reach * noise, theta, gradient, noise


def sophia_resume(theta, gradient, curvature, origin, first, noise, reach, beta2):
    """Hutchinson's estimate of the Hessian's diagonal, u ⊙ (∇L(θ + r u) - ∇L(θ))/r, into its mean."""
    estimate = noise * (gradient - first) / reach
    return origin, first, beta2 * curvature + (1.0 - beta2) * estimate, origin, first, noise


@add_optimizer(
    hooks={"probe": sophia_probe, "resume": sophia_resume},
    noise="noise",
    state=("mean", "curvature", "origin", "first", "noise"),
    defaults={
        "learning_rate": 0.001,
        "beta1": 0.965,
        "beta2": 0.99,
        "scale": 0.01,
        "epsilon": 1e-12,
        "weight_decay": 0.0,
        "interval": 10.0,
        "reach": 0.001,
    },
    coefficients=sophia_coefficients,
    title="Sophia",
    aliases=("sophia_h", "sophiah"),
    paper="H. Liu, Z. Li, D. Hall, P. Liang, T. Ma, arXiv:2305.14342, Algorithm 3 with Algorithm 1 (Hutchinson)",
    year=2023,
    parents=("adam",),
    changes="Divides the mean gradient by the curvature instead of by the gradient's size, and cuts the step off.",
    answers="A steep slope is not a sharp bend: Adam slows down in both alike.",
    peers={
        "pytorch": "not available (pytorch_optimizer's SophiaH, with exact curvature and its step cut at p = 0.01)",
        "keras": "not available",
        "optax": "uses the curvature measured before, corrects the mean's start at 0 (contrib.sophia)",
    },
)
def sophia(theta, gradient, mean, curvature, learning_rate, kept, beta1, scale, epsilon):
    """Newton's step per coordinate, never longer than γ: m ← β₁ m + (1 - β₁) g, θ ← θ - γ clip(m/max(ρ h, ε), 1)."""
    mean = beta1 * mean + (1.0 - beta1) * gradient
    step = minimum(maximum(mean / maximum(scale * curvature, epsilon), -1.0), 1.0)
    return kept * theta - learning_rate * step, mean, curvature
