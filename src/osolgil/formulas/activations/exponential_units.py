"""Rectifiers whose negative side bends to a floor, and the exponential itself."""

from osolgil.formulas._vocabulary import absolute, exp, expm1, maximum, minimum, sqrt, where
from osolgil.formulas.catalog import add_activation


def elu_derivative(x, alpha=1.0):
    """f'(x) = 1 for x > 0, else α exp(x)."""
    return where(x > 0.0, 1.0, alpha * exp(minimum(x, 0.0)))


@add_activation(
    slope=elu_derivative,
    title="ELU",
    paper="D.-A. Clevert, T. Unterthiner, S. Hochreiter, arXiv:1511.07289, eq. 16",
    year=2015,
    parents=("relu",),
    peers={"pytorch": "same (alpha=1)", "keras": "same (alpha=1)", "optax": "same (jax.nn.elu)"},
)
def elu(x, alpha=1.0):
    """ReLU whose negative side saturates smoothly at -α: f(x) = α(exp(x) - 1) for x < 0."""
    return where(x > 0.0, x, alpha * expm1(minimum(x, 0.0)))


def celu_derivative(x, alpha=1.0):
    """f'(x) = 1 for x > 0, else exp(x/α)."""
    return where(x > 0.0, 1.0, exp(minimum(x, 0.0) / alpha))


@add_activation(
    slope=celu_derivative,
    limits={"alpha": "(0, inf)"},
    title="CELU",
    paper="J. T. Barron, Continuously differentiable exponential linear units, arXiv:1704.07483, eq. 2",
    year=2017,
    parents=("elu",),
    peers={"pytorch": "same (alpha=1)", "keras": "same (alpha=1)", "optax": "same (jax.nn.celu)"},
)
def celu(x, alpha=1.0):
    """ELU whose slope is continuous for every α: f(x) = α(exp(x/α) - 1) for x < 0."""
    return where(x > 0.0, x, alpha * expm1(minimum(x, 0.0) / alpha))


def selu_derivative(x, alpha=1.6732632423543772, scale=1.0507009873554805):
    """f'(x) = scale for x > 0, else scale · α exp(x)."""
    return scale * where(x > 0.0, 1.0, alpha * exp(minimum(x, 0.0)))


@add_activation(
    slope=selu_derivative,
    title="SELU",
    paper="G. Klambauer, T. Unterthiner, A. Mayr, S. Hochreiter, arXiv:1706.02515, eq. 2 and eq. 14",
    year=2017,
    parents=("elu",),
    peers={"pytorch": "same constants", "keras": "same constants", "optax": "same (jax.nn.selu)"},
)
def selu(x, alpha=1.6732632423543772, scale=1.0507009873554805):
    """ELU scaled so that mean 0 and variance 1 are a fixed point of the layers: f(x) = scale · ELU(x; α)."""
    return scale * where(x > 0.0, x, alpha * expm1(minimum(x, 0.0)))


def isrlu_derivative(x, alpha=1.0):
    """f'(x) = 1 for x > 0, else (1 + α x²)^(-3/2)."""
    size = absolute(minimum(x, 0.0))
    near = minimum(size, 1.0)
    far = 1.0 / minimum(maximum(size, 1.0), 1e30)
    root = where(size > 1.0, far / sqrt(far * far + alpha), 1.0 / sqrt(1.0 + alpha * near * near))
    return where(x > 0.0, 1.0, root * root * root)


@add_activation(
    slope=isrlu_derivative,
    limits={"alpha": "[0, inf)"},
    title="ISRLU",
    aliases=("inverse_square_root_linear_unit",),
    paper="B. Carlile, G. Delamarter, P. Kinney, A. Marti, B. Whitney, arXiv:1710.09967, eq. 1",
    year=2017,
    parents=("elu", "isru"),
    peers={"pytorch": "not named", "keras": "not named", "optax": "not named"},
)
def isrlu(x, alpha=1.0):
    """ELU's shape without an exponential, twice differentiable at 0: f(x) = x/√(1 + α x²) for x < 0."""
    below = maximum(minimum(x, 0.0), -1e30)
    near = maximum(below, -1.0)
    far = 1.0 / maximum(absolute(below), 1.0)
    bent = where(below < -1.0, below * far / sqrt(far * far + alpha), near / sqrt(1.0 + alpha * near * near))
    return where(x > 0.0, x, bent)


def exponential_derivative(x):
    """f'(x) = exp(x)."""
    return exp(x)


@add_activation(
    slope=exponential_derivative,
    title="Exponential",
    paper="J. Nelder, R. Wedderburn, Generalized linear models, J. Royal Statistical Society A 135, 1972",
    year=1972,
    peers={"pytorch": "same (torch.exp)", "keras": "same", "optax": "same (jnp.exp)"},
)
def exponential(x):
    """Turns any output into a positive rate, the inverse of the logarithmic link: f(x) = exp(x)."""
    return exp(x)
