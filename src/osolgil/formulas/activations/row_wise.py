"""Row-wise activations: every value depends on the whole row of a layer's pre-activations.

The gradient goes back through a row's Jacobian J. Each formula below gives J applied to a gradient δ without ever
writing J down: sums over the row of a few terms, then a formula per element.
"""

from osolgil.formulas._vocabulary import exp, logsumexp_above, maximum, row_maximum, simplex_threshold, where
from osolgil.formulas.catalog import add_activation

BRIDLE = "J. Bridle, Probabilistic interpretation of feedforward classification network outputs, 1990"


def softmax_statistic(row):
    """The largest entry m, and log Σ_j exp(x_j - m): kept apart, or the second is lost beside a large first."""
    return row_maximum(row), logsumexp_above(row)


def softmax_terms(value, delta):
    """v_j δ_j, whose sum is the mean gradient."""
    return value * delta


def softmax_pullback(value, delta, mean):
    """(J δ)_i = v_i (δ_i - Σ_j v_j δ_j)."""
    return value * (delta - mean)


@add_activation(
    kind="row-wise",
    slope=softmax_pullback,
    statistic=softmax_statistic,
    terms=softmax_terms,
    title="Softmax",
    paper=BRIDLE,
    year=1990,
    parents=("sigmoid",),
    peers={"pytorch": "same (dim=-1)", "keras": "same", "optax": "same (jax.nn.softmax)"},
)
def softmax(x, largest, log_excess):
    """Turns a row into shares that sum to 1, the largest entry getting most: v_i = exp(x_i)/Σ_j exp(x_j)."""
    return exp((x - largest) - log_excess)


def softmin_statistic(row):
    """The largest entry m of -x, and log Σ_j exp(-x_j - m)."""
    return row_maximum(-row), logsumexp_above(-row)


def softmin_pullback(value, delta, mean):
    """(J δ)_i = -v_i (δ_i - Σ_j v_j δ_j)."""
    return -value * (delta - mean)


@add_activation(
    kind="row-wise",
    slope=softmin_pullback,
    statistic=softmin_statistic,
    terms=softmax_terms,
    title="Softmin",
    paper=BRIDLE,
    year=1990,
    parents=("softmax",),
    peers={"pytorch": "same (dim=-1)", "keras": "not named", "optax": "not named"},
)
def softmin(x, largest, log_excess):
    """Softmax of the negated row, for distances: v_i = exp(-x_i)/Σ_j exp(-x_j)."""
    return exp((-x - largest) - log_excess)


def log_softmax_terms(value, delta):
    """δ_j."""
    return delta


def log_softmax_pullback(value, delta, total):
    """(J δ)_i = δ_i - exp(v_i) Σ_j δ_j."""
    return delta - exp(value) * total


@add_activation(
    kind="row-wise",
    slope=log_softmax_pullback,
    statistic=softmax_statistic,
    terms=log_softmax_terms,
    title="Log-softmax",
    paper=BRIDLE,
    year=1990,
    parents=("softmax", "log_sigmoid"),
    peers={"pytorch": "same (dim=-1)", "keras": "same", "optax": "same (jax.nn.log_softmax)"},
)
def log_softmax(x, largest, log_excess):
    """Logarithm of the softmax, finite however small a share is: v_i = x_i - log Σ_j exp(x_j)."""
    return (x - largest) - log_excess


def sparsemax_statistic(row):
    """The largest entry m, and the threshold τ with Σ_j max(x_j - m - τ, 0) = 1."""
    return row_maximum(row), simplex_threshold(row)


def sparsemax_terms(value, delta):
    """δ_j of the entries that are not 0, and how many these are."""
    return where(value > 0.0, delta, 0.0), where(value > 0.0, 1.0, 0.0)


def sparsemax_pullback(value, delta, total, count):
    """(J δ)_i = δ_i - mean of δ over the entries that are not 0, and 0 for the others."""
    return where(value > 0.0, delta - total / count, where(value == value, 0.0, value))


@add_activation(
    kind="row-wise",
    slope=sparsemax_pullback,
    statistic=sparsemax_statistic,
    terms=sparsemax_terms,
    title="Sparsemax",
    paper="A. Martins, R. Astudillo, From softmax to sparsemax, arXiv:1602.02068, eq. 3 and eq. 14",
    year=2016,
    parents=("softmax",),
    peers={
        "pytorch": "not named",
        "keras": "differs: a row of Keras 3.15 does not sum to 1 where several entries are not 0",
        "optax": "not named",
    },
)
def sparsemax(x, largest, threshold):
    """The point of the probability simplex nearest to the row, with exact zeros: v_i = max(x_i - m - τ, 0)."""
    return maximum((x - largest) - threshold, 0.0)
