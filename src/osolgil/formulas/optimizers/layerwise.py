"""Steps in proportion to a layer: its weights' size, or its gradient's, says how far the layer may move.

A layer here is one weight matrix, bias, gain or shift. LARS, LAMB and Fromage keep |step|/|θ| alike in all
layers; NovoGrad and StableAdamW measure one size per layer where Adam measures one per element.
"""

from osolgil.formulas._vocabulary import columns, dot, maximum, norm, rows, sqrt, sum, where
from osolgil.formulas.catalog import add_optimizer
from osolgil.formulas.optimizers.adam import ADAM


def lars_of_vectors(theta, gradient, velocity, learning_rate, momentum):
    """Biases, gains and shifts: momentum as it is, without the ratio and without decay."""
    velocity = momentum * velocity + gradient
    return theta - learning_rate * velocity, velocity


@add_optimizer(
    scope="layer",
    vectors=lars_of_vectors,
    state=("velocity",),
    defaults={"learning_rate": 0.1, "momentum": 0.9, "trust": 0.001, "weight_decay": 0.0},
    title="LARS",
    paper="Y. You, I. Gitman, B. Ginsburg, arXiv:1708.03888, Algorithm 1",
    year=2017,
    parents=("momentum",),
    changes="Scales each layer's gradient to a share of the size of its weights.",
    answers="With large batches one learning rate is too large for some layers and too small for others.",
    peers={
        "pytorch": "not available (pytorch_optimizer.LARS is the same)",
        "keras": "not available",
        "optax": "λ|θ| is not in the denominator: the ratio is |θ|/|g + λ θ|, for vectors too unless masked",
    },
)
def lars(theta, gradient, velocity, learning_rate, momentum, trust, weight_decay):
    """Momentum whose gradient is as large as the layer: v ← ρ v + η |θ|/(|g| + λ|θ|) (g + λ θ), θ ← θ - γ v."""
    size = norm(theta)
    divisor = norm(gradient) + weight_decay * size
    ratio = where((size > 0.0) & (divisor > 0.0), trust * size / divisor, 1.0)
    velocity = momentum * velocity + ratio * (gradient + weight_decay * theta)
    return theta - learning_rate * velocity, velocity


def lamb_coefficients(t, learning_rate, beta1, beta2, epsilon, weight_decay):
    """γ apart from Adam's bias corrections: the ratio is taken of the corrected step."""
    return (
        learning_rate,
        1.0 / (1.0 - beta1**t),
        1.0 / sqrt(1.0 - beta2**t),
        beta1,
        beta2,
        epsilon,
        weight_decay,
    )


@add_optimizer(
    scope="layer",
    state=("mean", "squares"),
    defaults={**ADAM, "epsilon": 1e-6, "weight_decay": 0.0},
    coefficients=lamb_coefficients,
    title="LAMB",
    paper="Y. You et al., arXiv:1904.00962, Algorithm 2 with φ(z) = z",
    year=2019,
    parents=("adamw", "lars"),
    changes="Gives each layer's AdamW step the size of the layer's weights.",
    answers="Adam fails with very large batches, and LARS fails on attention.",
    peers={
        "pytorch": "not available (pytorch_optimizer.Lamb lacks the bias corrections and bounds |θ| by 10)",
        "keras": "ε = 1e-7, and λ = 0: its weight decay is outside the ratio",
        "optax": "same",
    },
)
def lamb(theta, gradient, mean, squares, learning_rate, mean_correction, root_correction, beta1, beta2, epsilon, weight_decay):  # fmt: skip # noqa: E501
    """AdamW with a step as large as the layer: u = m̂/(√v̂ + ε) + λ θ, θ ← θ - γ |θ|/|u| u."""
    mean = beta1 * mean + (1.0 - beta1) * gradient
    squares = beta2 * squares + (1.0 - beta2) * (gradient * gradient)
    step = mean * mean_correction / (sqrt(squares) * root_correction + epsilon) + weight_decay * theta
    size, step_size = norm(theta), norm(step)
    ratio = where((size > 0.0) & (step_size > 0.0), size / step_size, 1.0)
    return theta - learning_rate * ratio * step, mean, squares


def fromage_coefficients(t, learning_rate):
    """γ and 1/√(1 + γ²), which keeps a layer's size when its step is perpendicular to it."""
    return learning_rate, 1.0 / sqrt(1.0 + learning_rate * learning_rate)


@add_optimizer(
    scope="layer",
    defaults={"learning_rate": 0.01},
    coefficients=fromage_coefficients,
    title="Fromage",
    paper="J. Bernstein, A. Vahdat, Y. Yue, M. Liu, arXiv:2002.03432, Algorithm 1",
    year=2020,
    parents=("sgd", "lars"),
    changes="Turns each layer by an angle: a step of γ times its size, then shrunk by 1/√(1 + γ²).",
    answers="How far a layer may move before the network's function changes beyond recognition.",
    peers={
        "pytorch": "not available (pytorch_optimizer.Fromage is the same)",
        "keras": "not available",
        "optax": "norms below 1e-6 count as 1e-6 unless min_norm=0",
    },
)
def fromage(theta, gradient, learning_rate, kept):
    """Steps in proportion to the layer: θ ← (θ - γ |θ|/|g| g)/√(1 + γ²)."""
    size, slope = norm(theta), norm(gradient)
    ratio = where((size > 0.0) & (slope > 0.0), size / slope, 1.0)
    return kept * (theta - learning_rate * ratio * gradient)


def novograd_coefficients(t, learning_rate, beta1, beta2, epsilon, weight_decay):
    """The first step has no past: its β₂ is 0."""
    return learning_rate, beta1, where(t > 1.0, beta2, 0.0), epsilon, weight_decay


@add_optimizer(
    scope="layer",
    state=("mean", "squares"),
    shapes={"squares": ()},
    defaults={"learning_rate": 0.01, "beta1": 0.95, "beta2": 0.98, "epsilon": 1e-8, "weight_decay": 0.0},
    coefficients=novograd_coefficients,
    title="NovoGrad",
    paper="B. Ginsburg et al., arXiv:1905.11286, Algorithm 1",
    year=2019,
    parents=("adam",),
    changes="Keeps one mean square per layer instead of one per element, and divides before it averages.",
    answers="Adam needs two numbers per parameter and is unsteady at the start.",
    peers={
        "pytorch": "not available (pytorch_optimizer.NovoGrad is the same)",
        "keras": "not available",
        "optax": "β₁ = 0.9, β₂ = 0.25, ε = 1e-6; else the same",
    },
)
def novograd(theta, gradient, mean, squares, learning_rate, beta1, beta2, epsilon, weight_decay):
    """One size per layer: v ← β₂ v + (1 - β₂)|g|², m ← β₁ m + g/(√v + ε) + λ θ, θ ← θ - γ m."""
    squares = beta2 * squares + (1.0 - beta2) * dot(gradient, gradient)
    mean = beta1 * mean + gradient / (sqrt(squares) + epsilon) + weight_decay * theta
    return theta - learning_rate * mean, mean, squares


def stable_adamw_coefficients(t, learning_rate, beta1, beta2, epsilon, weight_decay):
    """β̂ = β (1 - β^(t-1))/(1 - β^t): means that never start at 0, so that nothing is divided out."""
    mean_share = beta1 * (1.0 - beta1 ** (t - 1.0)) / (1.0 - beta1**t)
    squares_share = beta2 * (1.0 - beta2 ** (t - 1.0)) / (1.0 - beta2**t)
    return learning_rate, mean_share, squares_share, epsilon, weight_decay


@add_optimizer(
    scope="layer",
    state=("mean", "squares"),
    defaults={**ADAM, "beta2": 0.99, "weight_decay": 0.01},
    coefficients=stable_adamw_coefficients,
    title="StableAdamW",
    aliases=("stableadamw",),
    paper="M. Wortsman et al., arXiv:2304.13013, Algorithm 2",
    year=2023,
    parents=("adamw", "adafactor"),
    changes="Shortens a layer's step when its gradients outgrow their running mean square.",
    answers="AdamW's loss spikes when squared gradients grow faster than β₂ lets their mean follow.",
    peers={
        "pytorch": "not available (pytorch_optimizer.StableAdamW is the same)",
        "keras": "not available",
        "optax": "not available",
    },
)
def stable_adamw(theta, gradient, mean, squares, learning_rate, beta1, beta2, epsilon, weight_decay):
    """AdamW held back per layer: γ' = γ/max(1, √mean(g²/max(v, ε²))), θ ← (1 - γ' λ) θ - γ' m/(√v + ε)."""
    mean = beta1 * mean + (1.0 - beta1) * gradient
    squares = beta2 * squares + (1.0 - beta2) * (gradient * gradient)
    surprise = sum(gradient * gradient / maximum(squares, epsilon * epsilon)) / (rows(theta) * columns(theta))
    step_size = learning_rate / maximum(sqrt(surprise), 1.0)
    return (
        (1.0 - step_size * weight_decay) * theta - step_size * mean / (sqrt(squares) + epsilon),
        mean,
        squares,
    )
