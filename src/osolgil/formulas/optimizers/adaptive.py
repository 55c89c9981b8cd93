"""A step size for each coordinate: h holds back what moves fast and moves what hardly moves.

The lecture sums Adagrad's h to n - 1, which divides by zero at the first step; like the papers and every
library, the sum here includes g_n, and ε stands outside the root unless said otherwise.
"""

from osolgil.formulas._vocabulary import sqrt
from osolgil.formulas.catalog import add_optimizer


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
