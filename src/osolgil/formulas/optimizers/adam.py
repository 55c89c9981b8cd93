"""Adam and its children: momentum for the direction, RMSProp for the size, both freed of a start at 0."""

from osolgil.formulas._vocabulary import absolute, maximum, sqrt
from osolgil.formulas.catalog import add_optimizer

ADAM = {"learning_rate": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}


def adam_coefficients(t, learning_rate, beta1, beta2, epsilon):
    """γ/(1 - β₁^t) and 1/√(1 - β₂^t): the start at zero is divided out once per step."""
    return learning_rate / (1.0 - beta1**t), 1.0 / sqrt(1.0 - beta2**t), beta1, beta2, epsilon


@add_optimizer(
    state=("mean", "squares"),
    defaults=ADAM,
    coefficients=adam_coefficients,
    title="Adam",
    paper="D. Kingma, J. Ba, arXiv:1412.6980, Algorithm 1",
    year=2014,
    parents=("momentum", "rmsprop"),
    generalises=("momentum", "rmsprop"),
    changes="Takes its direction from momentum and its size from RMSProp, both corrected for their start at 0.",
    answers="RMSProp has no momentum, and running means that start at 0 are too small at first.",
    peers={"pytorch": "same", "keras": "ε = 1e-7, added before the bias correction", "optax": "same"},
)
def adam(theta, gradient, mean, squares, step_size, root_correction, beta1, beta2, epsilon):
    """Momentum + RMSProp: m ← β₁ m + (1 - β₁) g, v ← β₂ v + (1 - β₂) g², θ ← θ - γ m̂/(√v̂ + ε)."""
    mean = beta1 * mean + (1.0 - beta1) * gradient
    squares = beta2 * squares + (1.0 - beta2) * (gradient * gradient)
    return theta - step_size * mean / (sqrt(squares) * root_correction + epsilon), mean, squares


def adamax_coefficients(t, learning_rate, beta1, beta2, epsilon):
    """Only the mean needs its start at zero divided out; the largest gradient does not."""
    return learning_rate / (1.0 - beta1**t), beta1, beta2, epsilon


@add_optimizer(
    state=("mean", "largest"),
    defaults={**ADAM, "learning_rate": 0.002},
    coefficients=adamax_coefficients,
    title="AdaMax",
    paper="D. Kingma, J. Ba, arXiv:1412.6980, Algorithm 2",
    year=2014,
    parents=("adam",),
    changes="Replaces the root mean square by the largest recent gradient.",
    answers="Adam's squares are swayed by rare large gradients.",
    peers={
        "pytorch": "same (ε is added to |g| inside the maximum)",
        "keras": "γ = 0.001; ε = 1e-7 is added to the maximum instead of to |g|",
        "optax": "same",
    },
)
def adamax(theta, gradient, mean, largest, step_size, beta1, beta2, epsilon):
    """Adam with the largest recent |g| in place of the root: u ← max(β₂ u, |g| + ε), θ ← θ - γ m̂/u."""
    mean = beta1 * mean + (1.0 - beta1) * gradient
    largest = maximum(beta2 * largest, absolute(gradient) + epsilon)
    return theta - step_size * mean / largest, mean, largest


def nadam_coefficients(t, momentum_product, learning_rate, beta1, beta2, epsilon, momentum_decay):
    """Dozat's schedule μ_t = β₁(1 - ½ 0.96^(t ψ)); returns its product so far, then the step's scalars."""
    now = beta1 * (1.0 - 0.5 * 0.96 ** (t * momentum_decay))
    following = beta1 * (1.0 - 0.5 * 0.96 ** ((t + 1.0) * momentum_decay))
    momentum_product = momentum_product * now
    gradient_size = learning_rate * (1.0 - now) / (1.0 - momentum_product)
    mean_size = learning_rate * following / (1.0 - momentum_product * following)
    return momentum_product, gradient_size, mean_size, 1.0 / sqrt(1.0 - beta2**t), beta1, beta2, epsilon


@add_optimizer(
    state=("mean", "squares"),
    carried={"momentum_product": 1.0},
    defaults={**ADAM, "learning_rate": 0.002, "momentum_decay": 0.004},
    coefficients=nadam_coefficients,
    title="Nadam",
    paper="T. Dozat, Incorporating Nesterov momentum into Adam, ICLR workshop 2016, Algorithm 2 with μ_t",
    year=2016,
    parents=("adam", "nesterov"),
    generalises=("adam",),
    changes="Looks one step ahead along the mean, as Nesterov does.",
    answers="Adam's momentum does not look ahead.",
    peers={
        "pytorch": "same",
        "keras": "γ = 0.001, ε = 1e-7; its schedule is fixed at ψ = 1, 250 times as fast",
        "optax": "no μ schedule (momentum_decay = 0 and 2β₁ in its place); bias corrections differ",
    },
)
def nadam(theta, gradient, mean, squares, gradient_size, mean_size, root_correction, beta1, beta2, epsilon):
    """Adam that looks ahead as Nesterov does: the step mixes this gradient and the next momentum."""
    mean = beta1 * mean + (1.0 - beta1) * gradient
    squares = beta2 * squares + (1.0 - beta2) * (gradient * gradient)
    denominator = sqrt(squares) * root_correction + epsilon
    return theta - (gradient_size * gradient + mean_size * mean) / denominator, mean, squares


def adamw_coefficients(t, learning_rate, beta1, beta2, epsilon, weight_decay):
    """Adam's, and the share 1 - γ λ of each parameter that is kept."""
    return (
        learning_rate / (1.0 - beta1**t),
        1.0 / sqrt(1.0 - beta2**t),
        1.0 - learning_rate * weight_decay,
        beta1,
        beta2,
        epsilon,
    )


@add_optimizer(
    state=("mean", "squares"),
    defaults={**ADAM, "weight_decay": 0.01},
    coefficients=adamw_coefficients,
    title="AdamW",
    paper="I. Loshchilov, F. Hutter, arXiv:1711.05101, Algorithm 2",
    year=2017,
    parents=("adam",),
    generalises=("adam",),
    changes="Shrinks the parameters directly instead of adding the decay to the gradient.",
    answers="L2 in the gradient is divided by √v̂, so Adam hardly decays what has large gradients.",
    peers={
        "pytorch": "same",
        "keras": "λ = 0.004, ε = 1e-7 added before the bias correction",
        "optax": "λ = 1e-4 by default; γ λ θ is subtracted with the step, which is the same",
    },
)
def adamw(theta, gradient, mean, squares, step_size, root_correction, kept, beta1, beta2, epsilon):
    """Adam whose weight decay is not divided by √v̂: θ ← (1 - γ λ) θ - γ m̂/(√v̂ + ε)."""
    mean = beta1 * mean + (1.0 - beta1) * gradient
    squares = beta2 * squares + (1.0 - beta2) * (gradient * gradient)
    return kept * theta - step_size * mean / (sqrt(squares) * root_correction + epsilon), mean, squares
