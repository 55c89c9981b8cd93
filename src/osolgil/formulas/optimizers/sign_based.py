"""Signs: only the direction of each coordinate's gradient counts, its size comes from somewhere else."""

from osolgil.formulas._vocabulary import absolute, maximum, minimum, sign, sqrt, where
from osolgil.formulas.catalog import NOT_AVAILABLE, add_optimizer
from osolgil.formulas.optimizers.adam import ADAM, adam_coefficients


def delta_bar_delta_coefficients(t, learning_rate, increase, decrease, beta):
    """Every coordinate's learning rate is γ in the first step; it grows by a share of γ."""
    return where(t > 1.0, 0.0, learning_rate), learning_rate * increase, decrease, beta


@add_optimizer(
    state=("rate", "mean"),
    defaults={"learning_rate": 0.1, "increase": 0.1, "decrease": 0.3, "beta": 0.7},
    full_batch=True,
    coefficients=delta_bar_delta_coefficients,
    title="Delta-bar-delta",
    paper="R. Jacobs, Increased rates of convergence through learning rate adaptation, Neural Networks 1, 1988",
    year=1988,
    parents=("gradient_descent",),
    generalises=("gradient_descent",),
    changes="Gives every coordinate a rate that grows while its gradient keeps its sign and shrinks when not.",
    answers="One learning rate is too large for some coordinates and too small for others.",
    peers=NOT_AVAILABLE,
)
def delta_bar_delta(theta, gradient, rate, mean, first_rate, increase, decrease, beta):
    """A rate per coordinate: η + κ where m g > 0, η (1 - φ) where m g < 0; m ← β m + (1 - β) g, θ ← θ - η g.

    κ is a share of γ here, so that γ scales the whole course.
    """
    rate = rate + first_rate
    agreement = mean * gradient
    rate = where(agreement > 0.0, rate + increase, where(agreement < 0.0, rate * (1.0 - decrease), rate))
    return theta - rate * gradient, rate, beta * mean + (1.0 - beta) * gradient


def rprop_coefficients(t, learning_rate, grow, shrink, smallest, largest):
    """Every coordinate's step is γ in the first step."""
    return where(t > 1.0, 0.0, learning_rate), grow, shrink, smallest, largest


@add_optimizer(
    state=("size", "previous"),
    defaults={"learning_rate": 0.01, "grow": 1.2, "shrink": 0.5, "smallest": 1e-6, "largest": 50.0},
    full_batch=True,
    coefficients=rprop_coefficients,
    title="Rprop",
    paper="M. Riedmiller, H. Braun, A direct adaptive method for faster backpropagation learning, ICNN 1993",
    year=1993,
    parents=("delta_bar_delta",),
    changes="Steps by the size it adapts and by the gradient's sign, never by the gradient's size.",
    answers="A gradient's size says little about how far to go: it vanishes where a unit is saturated.",
    peers={
        "pytorch": "same",
        "keras": "not available",
        "optax": "takes each step one gradient late",
    },
)
def rprop(theta, gradient, size, previous, first_size, grow, shrink, smallest, largest):
    """Resilient: Δ grows while g keeps its sign, shrinks when it turns (and waits a step), θ ← θ - Δ sign(g)."""
    agreement = gradient * previous
    size = (size + first_size) * where(agreement > 0.0, grow, where(agreement < 0.0, shrink, 1.0))
    size = minimum(maximum(size, smallest), largest)
    gradient = where(agreement < 0.0, 0.0, gradient)
    return theta - size * sign(gradient), size, gradient


@add_optimizer(
    defaults={"learning_rate": 0.001},
    title="signSGD",
    aliases=("sign_sgd",),
    paper="J. Bernstein, Y.-X. Wang, K. Azizzadenesheli, A. Anandkumar, arXiv:1802.04434, Algorithm 1",
    year=2018,
    parents=("sgd",),
    changes="Steps by the sign of the gradient only.",
    answers="Sending whole gradients between machines costs too much; one bit per coordinate is enough.",
    peers={"pytorch": "not available", "keras": "not available", "optax": "same"},
)
def signsgd(theta, gradient, learning_rate):
    """A step of the same length for all coordinates: θ ← θ - γ sign(g)."""
    return theta - learning_rate * sign(gradient)


@add_optimizer(
    state=("mean",),
    defaults={"learning_rate": 0.001, "beta": 0.9},
    title="Signum",
    aliases=("sign_momentum",),
    paper="J. Bernstein, Y.-X. Wang, K. Azizzadenesheli, A. Anandkumar, arXiv:1802.04434, Algorithm 2",
    year=2018,
    parents=("signsgd", "momentum"),
    generalises=("signsgd",),
    changes="Takes the sign of the running mean instead of the gradient's.",
    answers="The sign of a noisy gradient is often wrong.",
    peers={"pytorch": "not available", "keras": "not available", "optax": "same"},
)
def signum(theta, gradient, mean, learning_rate, beta):
    """The sign of momentum: m ← β m + (1 - β) g, θ ← θ - γ sign(m)."""
    mean = beta * mean + (1.0 - beta) * gradient
    return theta - learning_rate * sign(mean), mean


def lion_coefficients(t, learning_rate, beta1, beta2, weight_decay):
    """The share 1 - γ λ of each parameter that is kept."""
    return learning_rate, 1.0 - learning_rate * weight_decay, beta1, beta2


@add_optimizer(
    state=("mean",),
    defaults={"learning_rate": 1e-4, "beta1": 0.9, "beta2": 0.99, "weight_decay": 0.001},
    coefficients=lion_coefficients,
    title="Lion",
    paper="X. Chen, C. Liang, D. Huang, E. Real et al., arXiv:2302.06675, Algorithm 2",
    year=2023,
    parents=("signum", "adamw"),
    generalises=("signum",),
    changes="Takes the sign of a mixture that holds more of this gradient than the mean it keeps.",
    answers="What a search over programs found to train large networks better than AdamW, with half its memory.",
    peers={
        "pytorch": "not available",
        "keras": "γ = 0.001 and no weight decay by default",
        "optax": "same",
    },
)
def lion(theta, gradient, mean, learning_rate, kept, beta1, beta2):
    """Evolved sign momentum: θ ← (1 - γ λ) θ - γ sign(β₁ m + (1 - β₁) g), then m ← β₂ m + (1 - β₂) g."""
    direction = sign(beta1 * mean + (1.0 - beta1) * gradient)
    return kept * theta - learning_rate * direction, beta2 * mean + (1.0 - beta2) * gradient


def tiger_coefficients(t, learning_rate, beta, weight_decay):
    """The share 1 - γ λ of each parameter that is kept."""
    return learning_rate, 1.0 - learning_rate * weight_decay, beta


@add_optimizer(
    state=("mean",),
    defaults={"learning_rate": 0.001, "beta": 0.965, "weight_decay": 0.01},
    coefficients=tiger_coefficients,
    title="Tiger",
    paper="J. Su, Tiger: a tight-fisted optimizer, github.com/bojone/tiger, 2023",
    year=2023,
    parents=("lion",),
    generalises=("signum",),
    changes="Uses one memory for both of Lion's mixtures.",
    answers="Lion with as little memory as possible: the mean can double as the gradient's accumulator.",
    peers=NOT_AVAILABLE,
)
def tiger(theta, gradient, mean, learning_rate, kept, beta):
    """Signum with decay: m ← β m + (1 - β) g, θ ← (1 - γ λ) θ - γ sign(m)."""
    mean = beta * mean + (1.0 - beta) * gradient
    return kept * theta - learning_rate * sign(mean), mean


@add_optimizer(
    state=("mean", "squares"),
    defaults={**ADAM, "epsilon": 1e-6},
    coefficients=adam_coefficients,
    title="Grams",
    paper="Y. Cao, X. Li, Z. Song, arXiv:2412.17107, Algorithm 1",
    year=2024,
    parents=("adam", "signsgd"),
    changes="Takes the length of each coordinate's step from Adam and its direction from the gradient.",
    answers="Momentum may point uphill, against the gradient just seen.",
    peers=NOT_AVAILABLE,
)
def grams(theta, gradient, mean, squares, step_size, root_correction, beta1, beta2, epsilon):
    """Adam's length, the gradient's sign: θ ← θ - γ sign(g) |m̂|/(√v̂ + ε)."""
    mean = beta1 * mean + (1.0 - beta1) * gradient
    squares = beta2 * squares + (1.0 - beta2) * (gradient * gradient)
    length = step_size * absolute(mean) / (sqrt(squares) * root_correction + epsilon)
    return theta - sign(gradient) * length, mean, squares


def ano_coefficients(t, learning_rate, beta1, beta2, epsilon):
    """Only the squares are corrected: of the mean nothing but its sign counts."""
    return learning_rate, 1.0 / sqrt(1.0 - beta2**t), beta1, beta2, epsilon


@add_optimizer(
    state=("mean", "squares"),
    defaults={"learning_rate": 1e-4, "beta1": 0.92, "beta2": 0.99, "epsilon": 1e-8},
    coefficients=ano_coefficients,
    title="Ano",
    paper="A. Kegreisz, arXiv:2508.18258, Algorithm 1",
    year=2025,
    parents=("adam", "signum", "yogi"),
    changes="Takes the direction from the mean's sign and the length from this gradient over Yogi's squares.",
    answers="With noisy gradients Adam's mean, and with it every step, becomes too small.",
    peers=NOT_AVAILABLE,
)
def ano(theta, gradient, mean, squares, learning_rate, root_correction, beta1, beta2, epsilon):
    """The mean's sign, the gradient's length: v ← β₂ v + (1 - β₂) sign(g² - v) g², θ ← θ - γ sign(m) |g|/(√v̂ + ε)."""
    mean = beta1 * mean + (1.0 - beta1) * gradient
    square = gradient * gradient
    squares = beta2 * squares + (1.0 - beta2) * sign(square - squares) * square
    length = absolute(gradient) / (sqrt(squares) * root_correction + epsilon)
    return theta - learning_rate * sign(mean) * length, mean, squares
