"""Activations that squash: bounded curves of the shape of an S, and the logarithms that belong to them.

A derivative is written with the pre-activation x, and never as the difference of two nearly equal numbers:
tanh' is 4e/(1 + e)² with e = exp(-2|x|), because 1 - tanh² has no correct digit left at x = 20.
"""

from osolgil.formulas._vocabulary import (
    absolute,
    arctan,
    erf,
    exp,
    log1p,
    maximum,
    minimum,
    sqrt,
    tanh,
    where,
)
from osolgil.formulas.catalog import add_activation

NOT_NAMED = "not named; written in one line"


def sigmoid_derivative(x):
    """σ'(x) = σ(x)(1 - σ(x)) = e/(1 + e)² with e = exp(-|x|); at most 1/4, which is why deep sigmoid layers shrink gradients."""  # noqa: E501
    e = exp(-absolute(x))
    return e / ((1.0 + e) * (1.0 + e))


@add_activation(
    slope=sigmoid_derivative,
    title="Sigmoid",
    aliases=("logistic",),
    paper="P.-F. Verhulst 1838; as activation: D. Rumelhart, G. Hinton, R. Williams, Nature 323, 1986",
    year=1986,
    parents=("step",),
    peers={"pytorch": "same", "keras": "same", "optax": "same (jax.nn.sigmoid)"},
)
def sigmoid(x):
    """Squashes any input into (0, 1): σ(x) = 1/(1 + exp(-x)), written with exp(-|x|) to never overflow."""
    e = exp(-absolute(x))
    return where(x >= 0.0, 1.0, e) / (1.0 + e)


def log_sigmoid_derivative(x):
    """f'(x) = σ(-x), not computed as 1 - σ(x)."""
    e = exp(-absolute(x))
    return where(x >= 0.0, e, 1.0) / (1.0 + e)


@add_activation(
    slope=log_sigmoid_derivative,
    title="Log-sigmoid",
    paper="D. R. Cox, The regression analysis of binary sequences, J. Royal Statistical Society B 20, 1958",
    year=1958,
    parents=("sigmoid",),
    peers={"pytorch": "same (torch.nn.LogSigmoid)", "keras": "same", "optax": "same (jax.nn.log_sigmoid)"},
)
def log_sigmoid(x):
    """Logarithm of the sigmoid: log σ(x) = min(x, 0) - log(1 + exp(-|x|)), finite however small σ is."""
    return minimum(x, 0.0) - log1p(exp(-absolute(x)))


def hyperbolic_tangent_derivative(x):
    """tanh'(x) = 1 - tanh²(x) = 4e/(1 + e)² with e = exp(-2|x|); at most 1."""
    e = exp(-2.0 * absolute(x))
    return 4.0 * e / ((1.0 + e) * (1.0 + e))


@add_activation(
    name="tanh",
    slope=hyperbolic_tangent_derivative,
    title="Hyperbolic tangent",
    paper="Y. LeCun, L. Bottou, G. Orr, K.-R. Müller, Efficient BackProp, 1998",
    year=1998,
    parents=("sigmoid",),
    peers={"pytorch": "same", "keras": "same", "optax": "same (jax.nn.tanh)"},
)
def hyperbolic_tangent(x):
    """A sigmoid centred on zero: tanh(x) = 2σ(2x) - 1."""
    return tanh(x)


def lecun_tanh_derivative(x):
    """f'(x) = 1.7159 · 2/3 · tanh'(2x/3)."""
    e = exp(-4.0 * (absolute(x) / 3.0))
    return 1.7159 * 2.0 / 3.0 * 4.0 * e / ((1.0 + e) * (1.0 + e))


@add_activation(
    slope=lecun_tanh_derivative,
    title="LeCun's tanh",
    aliases=("scaled_tanh",),
    paper="Y. LeCun, L. Bottou, G. Orr, K.-R. Müller, Efficient BackProp, 1998, section 4.4",
    year=1998,
    parents=("tanh",),
    peers={"pytorch": NOT_NAMED, "keras": NOT_NAMED, "optax": NOT_NAMED},
)
def lecun_tanh(x):
    """A tanh that maps ±1 to ±1 and has its strongest curvature there: f(x) = 1.7159 tanh(2x/3)."""
    return 1.7159 * tanh(2.0 * (x / 3.0))


def softsign_derivative(x):
    """f'(x) = 1/(1 + |x|)²."""
    root = 1.0 / (1.0 + minimum(absolute(x), 1e30))
    return root * root


@add_activation(
    slope=softsign_derivative,
    title="Softsign",
    aliases=("soft_sign",),
    paper="J. Bergstra, G. Desjardins, P. Lamblin, Y. Bengio, Quadratic polynomials learn better image "
    "features, 2009",
    year=2009,
    parents=("tanh",),
    peers={"pytorch": "same", "keras": "same", "optax": "same (jax.nn.soft_sign)"},
)
def softsign(x):
    """A squash that approaches ±1 like 1/x, not exponentially, so that it saturates late: f(x) = x/(1 + |x|)."""
    x = minimum(maximum(x, -1e30), 1e30)
    return x / (1.0 + absolute(x))


def inverse_tangent_derivative(x):
    """f'(x) = 1/(1 + x²), for large x written with 1/x, whose square cannot overflow."""
    near = minimum(absolute(x), 1.0)
    far = 1.0 / minimum(maximum(absolute(x), 1.0), 1e30)
    return where(absolute(x) > 1.0, far * far / (1.0 + far * far), 1.0 / (1.0 + near * near))


@add_activation(
    name="arctan",
    slope=inverse_tangent_derivative,
    title="Arctangent",
    aliases=("atan",),
    paper="J. Kamruzzaman, S. M. Aziz, A note on activation function in multilayer feedforward learning, "
    "IJCNN 2002",
    year=2002,
    parents=("tanh",),
    peers={"pytorch": "same (torch.atan)", "keras": "same (ops.arctan)", "optax": "same (jnp.arctan)"},
)
def inverse_tangent(x):
    """A squash into (-π/2, π/2) whose slope fades like 1/x²: f(x) = arctan(x)."""
    return arctan(x)


def isru_derivative(x, alpha=1.0):
    """f'(x) = (1 + α x²)^(-3/2)."""
    near = minimum(absolute(x), 1.0)
    far = 1.0 / minimum(maximum(absolute(x), 1.0), 1e30)
    root = where(absolute(x) > 1.0, far / sqrt(far * far + alpha), 1.0 / sqrt(1.0 + alpha * near * near))
    return root * root * root


@add_activation(
    slope=isru_derivative,
    title="ISRU",
    limits={"alpha": "[0, inf)"},
    aliases=("inverse_square_root_unit",),
    paper="B. Carlile, G. Delamarter, P. Kinney, A. Marti, B. Whitney, arXiv:1710.09967",
    year=2017,
    parents=("softsign",),
    peers={"pytorch": NOT_NAMED, "keras": NOT_NAMED, "optax": NOT_NAMED},
)
def isru(x, alpha=1.0):
    """The cheapest smooth squash, without an exponential: f(x) = x/√(1 + α x²), the inverse square root unit."""
    x = minimum(maximum(x, -1e30), 1e30)
    near = minimum(maximum(x, -1.0), 1.0)
    far = 1.0 / maximum(absolute(x), 1.0)
    return where(absolute(x) > 1.0, x * far / sqrt(far * far + alpha), near / sqrt(1.0 + alpha * near * near))


def error_function_derivative(x):
    """f'(x) = 2/√π exp(-x²)."""
    x = minimum(maximum(x, -100.0), 100.0)
    return 1.1283791670955125738961589031215 * exp(-x * x)


@add_activation(
    name="erf",
    slope=error_function_derivative,
    title="Error function",
    paper="C. K. I. Williams, Computing with infinite networks, NIPS 1996, section 3",
    year=1996,
    parents=("tanh",),
    peers={"pytorch": "same (torch.erf)", "keras": "same (ops.erf)", "optax": "same (jax.lax.erf)"},
)
def error_function(x):
    """The squash whose infinitely wide network is known in closed form: f(x) = erf(x)."""
    return erf(x)


def symlog_derivative(x):
    """f'(x) = 1/(1 + |x|)."""
    return 1.0 / (1.0 + minimum(absolute(x), 1e37))


@add_activation(
    slope=symlog_derivative,
    title="Symlog",
    aliases=("symmetric_logarithm",),
    paper="D. Hafner, J. Pasukonis, J. Ba, T. Lillicrap, arXiv:2301.04104",
    year=2023,
    parents=("identity",),
    peers={"pytorch": NOT_NAMED, "keras": NOT_NAMED, "optax": NOT_NAMED},
)
def symlog(x):
    """Straight near zero, a logarithm far out on both sides: f(x) = sign(x) log(1 + |x|)."""
    size = log1p(absolute(x))
    return where(x < 0.0, -size, size)
