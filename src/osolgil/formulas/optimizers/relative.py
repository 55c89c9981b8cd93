"""Relative sizes: what a coordinate does is measured by what all coordinates of the network do."""

from osolgil.formulas._vocabulary import dot, maximum, minimum, norm, sqrt, sum, where
from osolgil.formulas.catalog import NOT_AVAILABLE, add_optimizer


def avagrad_coefficients(t, learning_rate, beta1, beta2, epsilon):
    """The correction of the squares one step ago; the first gradient only fills them."""
    earlier = beta2 ** maximum(t - 1.0, 1.0)
    rate = where(t > 1.0, learning_rate, 0.0) / (1.0 - beta1**t)
    return rate, 1.0 / sqrt(1.0 - earlier), beta1, beta2, epsilon


@add_optimizer(
    scope="network",
    state=("mean", "squares"),
    defaults={"learning_rate": 0.1, "beta1": 0.9, "beta2": 0.999, "epsilon": 0.1},
    coefficients=avagrad_coefficients,
    title="AvaGrad",
    paper="P. Savarese, D. McAllester, S. Babu, M. Maire, arXiv:1912.01823, Algorithm 2",
    year=2019,
    parents=("adam",),
    changes="Divides all learning rates by their root mean square, and leaves this gradient out of the squares.",
    answers="Adam's ε and learning rate must be tuned together, so that most of its settings are never tried.",
    peers=NOT_AVAILABLE,
)
def avagrad(theta, gradient, mean, squares, rate, root_correction, beta1, beta2, epsilon):
    """Rates of mean square 1: η = 1/(√v̂_{n-1} + ε), θ ← θ - γ η/(|η|/√d) m̂ with d parameters in the network."""
    rates = 1.0 / (sqrt(squares) * root_correction + epsilon)
    scale = sqrt(dot(rates, rates) / sum(where(squares < 0.0, 0.0, 1.0)))
    mean = beta1 * mean + (1.0 - beta1) * gradient
    squares = beta2 * squares + (1.0 - beta2) * (gradient * gradient)
    return theta - rate / scale * (rates * mean), mean, squares


def adai_coefficients(t, learning_rate, beta0, beta2, epsilon):
    """The squares' start at 0 divided out."""
    return learning_rate, 1.0 / (1.0 - beta2**t), beta0, beta2, epsilon


@add_optimizer(
    scope="network",
    state=("mean", "squares", "product"),
    initial={"product": 1.0},
    defaults={"learning_rate": 1.0, "beta0": 0.1, "beta2": 0.99, "epsilon": 0.001},
    coefficients=adai_coefficients,
    title="Adai",
    aliases=("adaptive_inertia",),
    paper="Z. Xie, X. Wang, H. Zhang, I. Sato, M. Sugiyama, arXiv:2006.15815, Algorithm 2",
    year=2020,
    parents=("momentum", "adam"),
    changes="Adapts every coordinate's momentum instead of its learning rate, by the squares relative to their mean.",
    answers="Adaptive learning rates help to leave saddle points but choose sharp minima.",
    peers=NOT_AVAILABLE,
)
def adai(theta, gradient, mean, squares, product, learning_rate, correction, beta0, beta2, epsilon):
    """Adaptive inertia: β₁ = clip(1 - β₀ v̂/mean(v̂), 0, 1 - ε), m ← β₁ m + (1 - β₁) g, θ ← θ - γ m/(1 - Π β₁)."""
    squares = beta2 * squares + (1.0 - beta2) * (gradient * gradient)
    average = maximum(correction * sum(squares) / sum(where(squares < 0.0, 0.0, 1.0)), epsilon)
    inertia = minimum(maximum(1.0 - beta0 / average * (correction * squares), 0.0), 1.0 - epsilon)
    product = product * inertia
    mean = inertia * mean + (1.0 - inertia) * gradient
    return theta - learning_rate * mean / (1.0 - product), mean, squares, product


def mars_coefficients(t, learning_rate, beta1, beta2, epsilon, correction):
    """Adam's corrections, and what the change of the gradient weighs: γ_t β₁/(1 - β₁)."""
    weight = correction * beta1 / (1.0 - beta1)
    return learning_rate / (1.0 - beta1**t), 1.0 / sqrt(1.0 - beta2**t), weight, beta1, beta2, epsilon


@add_optimizer(
    scope="layer",
    state=("mean", "squares", "previous"),
    defaults={
        "learning_rate": 0.003, "beta1": 0.95, "beta2": 0.99, "epsilon": 1e-8, "correction": 0.025,
    },
    coefficients=mars_coefficients,
    title="MARS",
    aliases=("mars_adamw",),
    paper="H. Yuan, Y. Liu, S. Wu, X. Zhou, Q. Gu, arXiv:2411.10438, Algorithm 2 (MARS-AdamW, approximate)",
    year=2024,
    parents=("adamw", "optimistic_gradient_descent"),
    changes="Feeds Adam the gradient plus a share of its change, clipped to norm 1 in every layer.",
    answers="The noise of mini-batches slows Adam, and variance reduction alone has not helped deep networks.",
    peers=NOT_AVAILABLE,
)  # fmt: skip
def mars(theta, gradient, mean, squares, previous, step_size, root_correction, weight, beta1, beta2, epsilon):
    """Variance-reduced Adam: c = g + w (g - g_{n-1}), c ← c/max(|c|, 1), θ ← θ - γ m̂(c)/(√v̂(c) + ε).

    Like the authors' code it starts with g₀ = 0 and takes the last gradient as it was measured, on its own batch.
    """
    reduced = gradient + weight * (gradient - previous)
    reduced = reduced / maximum(norm(reduced), 1.0)
    mean = beta1 * mean + (1.0 - beta1) * reduced
    squares = beta2 * squares + (1.0 - beta2) * (reduced * reduced)
    return theta - step_size * mean / (sqrt(squares) * root_correction + epsilon), mean, squares, gradient
