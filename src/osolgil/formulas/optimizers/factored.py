"""Adaptive steps with little memory: a matrix of squared gradients kept as its rows' and its columns' numbers."""

from osolgil.formulas._vocabulary import (
    column_maxima,
    column_sums,
    columns,
    maximum,
    minimum,
    norm,
    row_maxima,
    row_sums,
    rows,
    sqrt,
    sum,
)
from osolgil.formulas.catalog import add_optimizer


def adafactor_coefficients(t, learning_rate, decay, smallest_size, clip, epsilon, weight_decay):
    """ρ_t = min(γ, 1/√t), and the share t^(-decay) of each new square in the means."""
    rate = minimum(learning_rate, 1.0 / sqrt(t))
    return rate, t ** (-decay), smallest_size, clip, epsilon, 1.0 - learning_rate * weight_decay


def adafactor_of_vectors(theta, gradient, squares, rate, fresh, smallest_size, clip, epsilon, kept):
    """A vector is too small to be worth factoring: it keeps all its mean squares."""
    count = columns(theta)
    size = maximum(norm(theta) / sqrt(count), smallest_size)
    squares = squares + fresh * (gradient * gradient - squares)
    step = gradient / sqrt(maximum(squares, epsilon * epsilon))
    surprise = maximum(norm(step) / (sqrt(count) * clip), 1.0)
    return kept * theta - rate * size / surprise * step, squares


@add_optimizer(
    scope="layer",
    vectors=adafactor_of_vectors,
    state=("row_squares", "column_squares", "squares"),
    shapes={"row_squares": ("rows", 1), "column_squares": (1, "columns"), "squares": ("rows", "columns")},
    defaults={
        "learning_rate": 0.01,
        "decay": 0.8,
        "smallest_size": 1e-3,
        "clip": 1.0,
        "epsilon": 2.220446049250313e-16,
        "weight_decay": 0.0,
    },
    coefficients=adafactor_coefficients,
    title="Adafactor",
    paper="N. Shazeer, M. Stern, arXiv:1804.04235, Algorithms 4 and 5",
    year=2018,
    parents=("adam", "rmsprop"),
    changes="Keeps mean squares per row and per column, and takes its step in units of the parameters' size.",
    answers="Adam keeps two more numbers for every parameter, which large models cannot afford.",
    peers={
        "pytorch": "same in float64 (its ε is the precision's own: 1.2e-7 in float32)",
        "keras": "means use ε = 1e-30 added to g²; β₂ = 1 - t^-0.8 in float32",
        "optax": "only factors axes of 128 or more; ε = 1e-30 is added to g²; no step size unless given",
    },
)
def adafactor(theta, gradient, row_squares, column_squares, rate, fresh, smallest_size, clip, epsilon, kept):
    """Squares of rank one: V = r c/mean(r), θ ← θ - ρ max(ε₂, rms θ) u/max(1, rms(u)/d) with u = g/√V."""
    count = rows(theta) * columns(theta)
    size = maximum(norm(theta) / sqrt(count), smallest_size)
    squares = gradient * gradient
    row_squares = row_squares + fresh * (row_sums(squares) / columns(theta) - row_squares)
    column_squares = column_squares + fresh * (column_sums(squares) / rows(theta) - column_squares)
    middle = maximum(sum(row_squares) / rows(theta), epsilon)
    step = gradient / sqrt(maximum(row_squares * column_squares / middle, epsilon * epsilon))
    surprise = maximum(norm(step) / (sqrt(count) * clip), 1.0)
    return kept * theta - rate * size / surprise * step, row_squares, column_squares


@add_optimizer(
    scope="layer",
    state=("row_squares", "column_squares", "mean"),
    shapes={"row_squares": ("rows", 1), "column_squares": (1, "columns")},
    defaults={"learning_rate": 0.1, "momentum": 0.9, "epsilon": 1e-30},
    title="SM3",
    paper="R. Anil, V. Gupta, T. Koren, Y. Singer, arXiv:1901.11150, Algorithm SM3-II with momentum",
    year=2019,
    parents=("adagrad",),
    generalises=(),
    changes="Keeps the largest sum of squares of each row and column, and uses the smaller of the two.",
    answers="Adagrad keeps one more number for every parameter.",
    peers={
        "pytorch": "not available (pytorch_optimizer.SM3 is the same, with momentum = 0 by default)",
        "keras": "not available",
        "optax": "ε = 1e-8 cannot be changed; else the same",
    },
)
def sm3(theta, gradient, row_squares, column_squares, mean, learning_rate, momentum, epsilon):
    """Adagrad in rows and columns: v = min(r, c) + g², m ← ρ m + (1 - ρ) g/√v, θ ← θ - γ m."""
    squares = minimum(row_squares, column_squares) + gradient * gradient
    mean = momentum * mean + (1.0 - momentum) * gradient / sqrt(squares + epsilon)
    return theta - learning_rate * mean, row_maxima(squares), column_maxima(squares), mean
