"""A step size for each coordinate: h holds back what moves fast and moves what hardly moves.

The lecture sums Adagrad's h to n - 1, which divides by zero at the first step; like the papers and every
library, the sum here includes g_n, and ε stands outside the root unless said otherwise.
"""

from osolgil.formulas._vocabulary import absolute, maximum, minimum, sqrt
from osolgil.formulas.catalog import NOT_AVAILABLE, add_optimizer


@add_optimizer(
    state=("squares",),
    defaults={"learning_rate": 0.01, "epsilon": 1e-10},
    title="Adagrad",
    paper="J. Duchi, E. Hazan, Y. Singer, JMLR 12, 2011, Figure 1 (diagonal)",
    year=2011,
    parents=("sgd",),
    changes="Divides each coordinate's step by the root of the sum of its squared gradients.",
    answers="One learning rate is too large for some coordinates and too small for others.",
    peers={
        "pytorch": "same",
        "keras": "the sum starts at 0.1 and ε = 1e-7 stands inside the root",
        "optax": "the sum starts at 0.1 and ε = 1e-7 stands inside the root",
    },
)
def adagrad(theta, gradient, squares, learning_rate, epsilon):
    """Divides by the root of all squared gradients so far: h ← h + g², θ ← θ - γ g/(√h + ε)."""
    squares = squares + gradient * gradient
    return theta - learning_rate * gradient / (sqrt(squares) + epsilon), squares


@add_optimizer(
    state=("squares", "squared_steps"),
    defaults={"learning_rate": 1.0, "rho": 0.9, "epsilon": 1e-6},
    title="AdaDelta",
    paper="M. Zeiler, arXiv:1212.5701, Algorithm 1",
    year=2012,
    parents=("adagrad",),
    changes="Forgets old squared gradients, and scales the step by the root mean square of past steps.",
    answers="Adagrad's steps die out, and its learning rate has a unit that must be tuned.",
    peers={
        "pytorch": "same",
        "keras": "ρ = 0.95, ε = 1e-7 and γ = 0.001 by default",
        "optax": "same",
    },
)
def adadelta(theta, gradient, squares, squared_steps, learning_rate, rho, epsilon):
    """Steps in the units of the parameter itself: Δ = √(E[Δ²] + ε)/√(E[g²] + ε) · g, θ ← θ - γ Δ."""
    squares = rho * squares + (1.0 - rho) * (gradient * gradient)
    step = sqrt(squared_steps + epsilon) / sqrt(squares + epsilon) * gradient
    return theta - learning_rate * step, squares, rho * squared_steps + (1.0 - rho) * (step * step)


@add_optimizer(
    state=("squares",),
    defaults={"learning_rate": 0.01, "rho": 0.99, "epsilon": 1e-8},
    title="RMSProp",
    paper="T. Tieleman, G. Hinton, Lecture 6.5, COURSERA: Neural networks for machine learning, 2012",
    year=2012,
    parents=("adagrad",),
    changes="Replaces the sum of squared gradients by a running mean.",
    answers="Adagrad never forgets, so its steps shrink to nothing.",
    peers={
        "pytorch": "same",
        "keras": "ρ = 0.9, and ε = 1e-7 stands inside the root",
        "optax": "ρ = 0.9; ε stands inside the root unless eps_in_sqrt=False",
    },
)
def rmsprop(theta, gradient, squares, learning_rate, rho, epsilon):
    """Adagrad that forgets: h ← ρ h + (1 - ρ) g², θ ← θ - γ g/(√h + ε)."""
    squares = rho * squares + (1.0 - rho) * (gradient * gradient)
    return theta - learning_rate * gradient / (sqrt(squares) + epsilon), squares


@add_optimizer(
    state=("squares", "mean"),
    defaults={"learning_rate": 0.01, "rho": 0.99, "epsilon": 1e-8},
    title="RMSProp (centred)",
    paper="A. Graves, arXiv:1308.0850, eq. 38-45",
    year=2013,
    parents=("rmsprop",),
    changes="Divides by the standard deviation of the gradient instead of its root mean square.",
    answers="A gradient that is large but steady is held back as if it were noisy.",
    peers={
        "pytorch": "same (centered=True)",
        "keras": "ρ = 0.9, and ε = 1e-7 stands inside the root (centered=True)",
        "optax": "ρ = 0.9; ε stands inside the root unless eps_in_sqrt=False (centered=True)",
    },
)
def rmsprop_centered(theta, gradient, squares, mean, learning_rate, rho, epsilon):
    """RMSProp around the mean: h ← ρ h + (1 - ρ) g², m ← ρ m + (1 - ρ) g, θ ← θ - γ g/(√(h - m²) + ε)."""
    squares = rho * squares + (1.0 - rho) * (gradient * gradient)
    mean = rho * mean + (1.0 - rho) * gradient
    deviation = sqrt(maximum(squares - mean * mean, 0.0))
    return theta - learning_rate * gradient / (deviation + epsilon), squares, mean


@add_optimizer(
    state=("squares", "velocity"),
    defaults={"learning_rate": 0.01, "rho": 0.99, "momentum": 0.9, "epsilon": 1e-8},
    title="RMSProp with momentum",
    paper="T. Tieleman, G. Hinton, Lecture 6.5, 2012; in this form: A. Graves, arXiv:1308.0850",
    year=2012,
    parents=("rmsprop", "momentum"),
    generalises=("rmsprop",),
    changes="Gathers RMSProp's steps into a velocity.",
    answers="RMSProp has no momentum.",
    peers={
        "pytorch": "same while γ is constant (momentum=0.9)",
        "keras": "ρ = 0.9, and ε = 1e-7 stands inside the root (momentum=0.9)",
        "optax": "ρ = 0.9; ε stands inside the root unless eps_in_sqrt=False (momentum=0.9)",
    },
)
def rmsprop_momentum(theta, gradient, squares, velocity, learning_rate, rho, momentum, epsilon):
    """A heavy ball on RMSProp's steps: v ← μ v - γ g/(√h + ε), θ ← θ + v."""
    squares = rho * squares + (1.0 - rho) * (gradient * gradient)
    velocity = momentum * velocity - learning_rate * gradient / (sqrt(squares) + epsilon)
    return theta + velocity, squares, velocity


@add_optimizer(
    state=("squares", "way", "path"),
    defaults={"learning_rate": 0.001, "fast": 0.5, "slow": 0.99, "epsilon": 1e-6},
    title="AdaSmooth",
    paper="J. Lu, arXiv:2204.00825, with all steps so far in the ratio",
    year=2022,
    parents=("rmsprop",),
    changes="Forgets the faster the straighter a parameter has moved: way covered over length of its path.",
    answers="The memory of RMSProp must be chosen by hand, the same for every parameter at all times.",
    peers=NOT_AVAILABLE,
)
def adasmooth(theta, gradient, squares, way, path, learning_rate, fast, slow, epsilon):
    """A memory from the path: c = 1 - ρ₂ + (ρ₂ - ρ₁) |Σ Δ|/Σ |Δ|, h ← (1 - c²) h + c² g², Δ = -γ g/√(h + ε)."""
    straightness = absolute(way) / (path + epsilon)
    share = 1.0 - slow + (slow - fast) * straightness
    share = share * share
    squares = squares + share * (gradient * gradient - squares)
    step = learning_rate * gradient / sqrt(squares + epsilon)
    return theta - step, squares, way - step, path + absolute(step)


@add_optimizer(
    state=("squares", "ratios"),
    defaults={"learning_rate": 0.01, "delta": 0.0, "epsilon": 1e-8},
    title="KATE",
    paper="S. Choudhury, N. Tupitsa, N. Loizou, S. Horváth, M. Takáč, E. Gorbunov, arXiv:2403.02648, Algorithm 1",
    year=2024,
    parents=("adagrad",),
    changes="Divides by the sum of squares without its root, times a root of the sum of relative squares.",
    answers="Adagrad's course changes when a feature of the data is measured in other units.",
    peers=NOT_AVAILABLE,
)
def kate(theta, gradient, squares, ratios, learning_rate, delta, epsilon):
    """Adagrad without the root: b ← b + g² + ε, a ← a + η g² + g²/b, θ ← θ - γ √a g/b."""
    squares = squares + gradient * gradient + epsilon
    ratios = ratios + delta * (gradient * gradient) + gradient * gradient / squares
    return theta - learning_rate * sqrt(ratios) * gradient / squares, squares, ratios


@add_optimizer(
    state=("mean", "squares", "memory"),
    defaults={"learning_rate": 0.001, "epsilon": 1e-16},
    title="SMORMS3",
    paper="S. Funk, RMSprop loses to SMORMS3: beware the epsilon!, sifter.org, 2015",
    year=2015,
    parents=("rmsprop",),
    changes="Bounds the step by how much of the squared gradient is its mean, and sets its memory by that.",
    answers="RMSProp goes on with steps of full length where the gradient is nothing but noise.",
    peers=NOT_AVAILABLE,
)
def smorms3(theta, gradient, mean, squares, memory, learning_rate, epsilon):
    """Squared mean over mean square: r = 1/(k + 1), x = m²/(h + ε), θ ← θ - g min(γ, x)/(√h + ε), k ← 1 + k (1 - x).

    The state holds k - 1, which starts at 0.
    """
    share = 1.0 / (memory + 2.0)
    mean = (1.0 - share) * mean + share * gradient
    squares = (1.0 - share) * squares + share * (gradient * gradient)
    certainty = mean * mean / (squares + epsilon)
    step = gradient * minimum(learning_rate, certainty) / (sqrt(squares) + epsilon)
    return theta - step, mean, squares, (memory + 1.0) * (1.0 - certainty)
