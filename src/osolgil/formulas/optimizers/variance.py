"""What stands under the step: other measures of a gradient's size and noise than Adam's mean square."""

from osolgil.formulas._vocabulary import column_maxima, maximum, minimum, row_maxima, sign, sqrt, sum, where
from osolgil.formulas.catalog import NOT_AVAILABLE, add_optimizer
from osolgil.formulas.optimizers.adam import ADAM, adam_coefficients


@add_optimizer(
    state=("mean", "variance"),
    defaults={**ADAM, "epsilon": 1e-16},
    coefficients=adam_coefficients,
    title="AdaBelief",
    paper="J. Zhuang, T. Tang, Y. Ding, S. Tatikonda, N. Dvornek, X. Papademetris, J. Duncan, arXiv:2010.07468, "
    "Algorithm 2",
    year=2020,
    parents=("adam",),
    changes="Divides by how far gradients are from their mean instead of how large they are.",
    answers="Adam takes small steps where the gradient is large but agrees with what was expected.",
    peers={"pytorch": "not available", "keras": "not available", "optax": "same"},
)
def adabelief(theta, gradient, mean, variance, step_size, root_correction, beta1, beta2, epsilon):
    """Belief in the mean: s ← β₂ s + (1 - β₂)(g - m)² + ε, θ ← θ - γ m̂/(√ŝ + ε)."""
    mean = beta1 * mean + (1.0 - beta1) * gradient
    surprise = gradient - mean
    variance = beta2 * variance + (1.0 - beta2) * (surprise * surprise) + epsilon
    return theta - step_size * mean / (sqrt(variance) * root_correction + epsilon), mean, variance


def acprop_coefficients(t, learning_rate, beta1, beta2, epsilon):
    """The correction of the variance one step ago; in the first step the root is 1 instead."""
    earlier = beta2 ** maximum(t - 1.0, 1.0)
    return (
        learning_rate,
        where(t > 1.0, 1.0 / (1.0 - earlier), 0.0),
        where(t > 1.0, 0.0, 1.0),
        beta1,
        beta2,
        epsilon,
    )


@add_optimizer(
    state=("mean", "variance"),
    defaults={**ADAM, "epsilon": 1e-16},
    coefficients=acprop_coefficients,
    title="ACProp",
    paper="J. Zhuang, Y. Ding, T. Tang, N. Dvornek, S. Tatikonda, J. Duncan, arXiv:2110.05454, Algorithm 1",
    year=2021,
    parents=("adabelief", "rmsprop"),
    changes="Divides this gradient by the spread known before it came, around the mean known before it came.",
    answers="A gradient that also stands in its own denominator biases the step, and Adam may diverge.",
    peers={"pytorch": "not available", "keras": "not available", "optax": "same"},
)
def acprop(theta, gradient, mean, variance, learning_rate, correction, first, beta1, beta2, epsilon):
    """Asynchronous and centred: θ ← θ - γ g/(√ŝ_{n-1} + ε), then s ← β₂ s + (1 - β₂)(g - m_{n-1})² + ε."""
    surprise = gradient - mean
    step = learning_rate * gradient / (sqrt(variance * correction + first) + epsilon)
    mean = beta1 * mean + (1.0 - beta1) * gradient
    variance = beta2 * variance + (1.0 - beta2) * (surprise * surprise) + epsilon
    return theta - step, mean, variance


@add_optimizer(
    state=("mean", "squares"),
    defaults={**ADAM, "learning_rate": 0.01, "epsilon": 1e-3},
    coefficients=adam_coefficients,
    title="Yogi",
    paper="M. Zaheer, S. Reddi, D. Sachan, S. Kale, S. Kumar, NeurIPS 2018, Algorithm 2, with bias corrections",
    year=2018,
    parents=("adam",),
    changes="Moves the mean square by a share of g², up or down, instead of by a share of its distance to g².",
    answers="Adam forgets old squares so fast that its learning rates may jump up.",
    peers={
        "pytorch": "not available",
        "keras": "not available",
        "optax": "both means start at 1e-6",
    },
)
def yogi(theta, gradient, mean, squares, step_size, root_correction, beta1, beta2, epsilon):
    """Squares that fall slowly: v ← v - (1 - β₂) sign(v - g²) g², θ ← θ - γ m̂/(√v̂ + ε)."""
    mean = beta1 * mean + (1.0 - beta1) * gradient
    square = gradient * gradient
    squares = squares - (1.0 - beta2) * sign(squares - square) * square
    return theta - step_size * mean / (sqrt(squares) * root_correction + epsilon), mean, squares


@add_optimizer(
    state=("mean", "squares"),
    defaults={**ADAM, "learning_rate": 4e-4, "epsilon": 1e-15},
    coefficients=adam_coefficients,
    title="LaProp",
    paper="L. Ziyin, Z. Wang, M. Ueda, arXiv:2002.04839, Algorithm 1",
    year=2020,
    parents=("rmsprop", "momentum"),
    generalises=("rmsprop",),
    changes="Divides each gradient by the root mean square first and takes the mean of the quotients after.",
    answers="Adam divides old gradients by new squares, so β₁ may not be larger than β₂ allows.",
    peers=NOT_AVAILABLE,
)
def laprop(theta, gradient, mean, squares, step_size, root_correction, beta1, beta2, epsilon):
    """Momentum of normalised gradients: m ← β₁ m + (1 - β₁) g/(√v̂ + ε), θ ← θ - γ m̂."""
    squares = beta2 * squares + (1.0 - beta2) * (gradient * gradient)
    mean = beta1 * mean + (1.0 - beta1) * gradient / (sqrt(squares) * root_correction + epsilon)
    return theta - step_size * mean, mean, squares


def adopt_coefficients(t, learning_rate, beta1, beta2, epsilon):
    """The first gradient only fills the squares; after it quotients are clipped at ±(t - 1)^¼."""
    return learning_rate, (t - 1.0) ** 0.25, where(t > 1.0, beta2, 0.0), beta1, epsilon


@add_optimizer(
    state=("mean", "squares"),
    defaults={"learning_rate": 0.001, "beta1": 0.9, "beta2": 0.9999, "epsilon": 1e-6},
    coefficients=adopt_coefficients,
    title="ADOPT",
    paper="S. Taniguchi et al., arXiv:2411.02853, Algorithm 2, clipped as its section on stability says",
    year=2024,
    parents=("adam", "laprop"),
    changes="Divides by the mean square without the gradient itself, and takes the mean after the division.",
    answers="Adam converges only where β₂ suits the problem.",
    peers={"pytorch": "not available", "keras": "not available", "optax": "same"},
)
def adopt(theta, gradient, mean, squares, learning_rate, limit, memory, beta1, epsilon):
    """Any β₂ converges: m ← β₁ m + (1 - β₁) clip(g/max(√v_{n-1}, ε), ±c), θ ← θ - γ m."""
    quotient = gradient / maximum(sqrt(squares), epsilon)
    mean = beta1 * mean + (1.0 - beta1) * minimum(maximum(quotient, -limit), limit)
    return theta - learning_rate * mean, mean, memory * squares + (1.0 - memory) * (gradient * gradient)


def adashift_coefficients(t, learning_rate, beta1, beta2, epsilon):
    """No step until three gradients have gone by; the weights β₁^i of three gradients sum to 1."""
    total = 1.0 + beta1 + beta1 * beta1
    correction = 1.0 / (1.0 - beta2 ** maximum(t - 3.0, 1.0))
    return (
        where(t > 3.0, learning_rate, 0.0),
        correction,
        beta1,
        beta1**3 / total,
        1.0 / total,
        beta2,
        epsilon,
    )


@add_optimizer(
    scope="layer",
    state=("mean", "squares", "previous1", "previous2", "previous3"),
    shapes={"squares": ()},
    defaults={**ADAM, "epsilon": 1e-10},
    coefficients=adashift_coefficients,
    title="AdaShift",
    paper="Z. Zhou, Q. Zhang, G. Lu, H. Wang, W. Zhang, Y. Yu, arXiv:1810.00143, Algorithm 3 with φ = max",
    year=2018,
    parents=("adam",),
    changes="Squares a layer's largest gradient of three steps ago, and takes only newer ones into the mean.",
    answers="A large gradient also has a large denominator, so Adam undervalues it and may not converge.",
    peers=NOT_AVAILABLE,
)
def adashift(
    theta, gradient, mean, squares, previous1, previous2, previous3, learning_rate, correction, beta1,
    last_weight, weight, beta2, epsilon,
):  # fmt: skip
    """Squares of another time: v ← β₂ v + (1 - β₂) max g_{n-3}², θ ← θ - γ Σ β₁^i g_{n-i}/(w (√v̂ + ε)), i = 0, 1, 2.

    A layer shares its largest square: an element's own would be 0 where it wakes up. The paper keeps 10 gradients;
    each is an array here.
    """
    mean = beta1 * mean - last_weight * previous3 + weight * gradient
    largest = sum(column_maxima(row_maxima(previous3 * previous3)))
    squares = beta2 * squares + (1.0 - beta2) * largest
    step = learning_rate * mean / (sqrt(squares * correction) + epsilon)
    return theta - step, mean, squares, gradient, previous1, previous2


def msvag_coefficients(t, learning_rate, beta):
    """1/(1 - β^t), and ρ: the variance of the mean of gradients in units of that of one gradient."""
    power = beta**t
    share = (1.0 - power * power) * (1.0 - beta) ** 2 / ((1.0 - beta * beta) * (1.0 - power) ** 2)
    share = minimum(share, 0.9999)
    return learning_rate, 1.0 / (1.0 - power), share / (1.0 - share), beta


@add_optimizer(
    state=("mean", "squares"),
    defaults={"learning_rate": 0.01, "beta": 0.9},
    coefficients=msvag_coefficients,
    title="M-SVAG",
    aliases=("m_svag",),
    paper="L. Balles, P. Hennig, arXiv:1705.07774, Algorithm 2",
    year=2017,
    parents=("momentum", "adam"),
    changes="Shortens momentum's step by how much of the squared mean is signal: m²/(m² + ρ s).",
    answers="Adam mixes two things: taking the sign, which may harm, and adapting to noise, which helps.",
    peers=NOT_AVAILABLE,
)
def msvag(theta, gradient, mean, squares, learning_rate, correction, noise_share, beta):
    """Momentum shortened by its noise: θ ← θ - γ m̂ m̂²/(m̂² + ρ s), s = (v̂ - m̂²)/(1 - ρ)."""
    mean = beta * mean + (1.0 - beta) * gradient
    squares = beta * squares + (1.0 - beta) * (gradient * gradient)
    direction = correction * mean
    signal = direction * direction
    noise = noise_share * maximum(correction * squares - signal, 0.0)
    return theta - learning_rate * direction * signal / maximum(signal + noise, 1e-37), mean, squares
