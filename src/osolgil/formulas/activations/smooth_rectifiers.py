"""Smooth rectifiers: the corner of the ReLU rounded, by a logarithm, a root or a parabola."""

from osolgil.formulas._vocabulary import absolute, exp, log1p, maximum, minimum, sqrt, where
from osolgil.formulas.catalog import add_activation


def softplus_derivative(x):
    """f'(x) = σ(x)."""
    e = exp(-absolute(x))
    return where(x >= 0.0, 1.0, e) / (1.0 + e)


@add_activation(
    slope=softplus_derivative,
    title="Softplus",
    paper="C. Dugas, Y. Bengio, F. Bélisle, C. Nadeau, R. Garcia, NIPS 2000",
    year=2000,
    parents=("sigmoid",),
    peers={
        "pytorch": "linear above threshold=20, elsewhere the same",
        "keras": "same",
        "optax": "same (jax.nn.softplus)",
    },
)
def softplus(x):
    """A smooth ReLU: f(x) = log(1 + exp(x)), written max(x, 0) + log(1 + exp(-|x|))."""
    return maximum(x, 0.0) + log1p(exp(-absolute(x)))


def squareplus_derivative(x, b=4.0):
    """f'(x) = (1 + x/√(x² + b))/2, on the negative side as b/(2r(r + |x|)) with r the root."""
    size = absolute(x)
    near, far = minimum(size, 1.0), maximum(size, 1.0)
    root = where(size > 1.0, far * sqrt(1.0 + b / far / far), sqrt(near * near + b))
    below = 0.5 * (b / (root + size) / root)
    return where(x > 0.0, 1.0 - below, below)


@add_activation(
    slope=squareplus_derivative,
    limits={"b": "(0, inf)"},
    title="Squareplus",
    paper="J. T. Barron, Squareplus: a softplus-like algebraic rectifier, arXiv:2112.11687, eq. 1",
    year=2021,
    parents=("softplus",),
    peers={"pytorch": "not named", "keras": "same (b=4)", "optax": "same (jax.nn.squareplus, b=4)"},
)
def squareplus(x, b=4.0):
    """A smooth ReLU of one root and no exponential: f(x) = (x + √(x² + b))/2, as max(x, 0) + b/(2(√(x² + b) + |x|))."""
    size = absolute(x)
    near, far = minimum(size, 1.0), maximum(size, 1.0)
    root = where(size > 1.0, far * sqrt(1.0 + b / far / far), sqrt(near * near + b))
    return maximum(x, 0.0) + 0.5 * (b / (root + size))


def sparse_plus_derivative(x):
    """f'(x) = (x + 1)/2, cut at 0 and 1: the sparse sigmoid."""
    return minimum(maximum(0.5 * x + 0.5, 0.0), 1.0)


@add_activation(
    slope=sparse_plus_derivative,
    title="Sparseplus",
    paper="M. Blondel, A. Martins, V. Niculae, Learning with Fenchel-Young losses, arXiv:1901.02324",
    year=2019,
    parents=("softplus", "sparse_sigmoid"),
    peers={"pytorch": "not named", "keras": "same", "optax": "same (jax.nn.sparse_plus)"},
)
def sparse_plus(x):
    """A ReLU whose corner is a parabola from -1 to 1, exactly 0 and x outside: f(x) = (x + 1)²/4 between."""
    inside = minimum(maximum(x + 1.0, 0.0), 2.0)
    return where(x > 1.0, x, 0.25 * inside * inside)
