"""Activations, each beside its derivative, both stable for every input from -inf to inf.

A derivative is written with the pre-activation x, and never as the difference of two nearly equal numbers:
tanh' is 4e/(1 + e)² with e = exp(-2|x|), because 1 - tanh² has no correct digit left at x = 20.
"""

from osolgil.formulas._vocabulary import (
    absolute,
    erfc,
    exp,
    expm1,
    log1p,
    maximum,
    minimum,
    sqrt,
    tanh,
    where,
)
from osolgil.formulas.catalog import add_activation


def identity_derivative(x):
    """f'(x) = 1."""
    return where(x == x, 1.0, x)


@add_activation(
    slope=identity_derivative,
    title="Identity",
    aliases=("linear", "none"),
    paper="B. Widrow, M. E. Hoff, Adaptive switching circuits, IRE WESCON 1960",
    year=1960,
    peers={"pytorch": "same (torch.nn.Identity)", "keras": "same (linear)", "optax": "same"},
)
def identity(x):
    """The output layer's usual activation: f(x) = x."""
    return x


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
    peers={"pytorch": "same", "keras": "same", "optax": "same (jax.nn.sigmoid)"},
)
def sigmoid(x):
    """Squashes any input into (0, 1): σ(x) = 1/(1 + exp(-x)), written with exp(-|x|) to never overflow."""
    e = exp(-absolute(x))
    return where(x >= 0.0, 1.0, e) / (1.0 + e)


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


def relu_derivative(x):
    """f'(x) = 1 for x > 0, else 0 (the subgradient 0 is chosen at x = 0, as every library does)."""
    return where(x > 0.0, 1.0, where(x == x, 0.0, x))


@add_activation(
    slope=relu_derivative,
    title="ReLU",
    aliases=("rectifier",),
    paper="V. Nair, G. Hinton, Rectified linear units improve restricted Boltzmann machines, ICML 2010",
    year=2010,
    peers={"pytorch": "same", "keras": "same", "optax": "same (jax.nn.relu)"},
)
def relu(x):
    """Passes what is positive and nothing else: f(x) = max(x, 0); its slope 1 does not shrink gradients."""
    return maximum(x, 0.0)


def leaky_relu_derivative(x, negative_slope=0.01):
    """f'(x) = 1 for x > 0, else the negative slope."""
    return where(x > 0.0, 1.0, where(x == x, negative_slope, x))


@add_activation(
    slope=leaky_relu_derivative,
    title="Leaky ReLU",
    paper="A. Maas, A. Hannun, A. Ng, Rectifier nonlinearities improve neural network acoustic models, 2013",
    year=2013,
    parents=("relu",),
    peers={
        "pytorch": "same (negative_slope=0.01)",
        "keras": "default negative_slope is 0.2 (layer: 0.3 before Keras 3)",
        "optax": "same (jax.nn.leaky_relu)",
    },
)
def leaky_relu(x, negative_slope=0.01):
    """ReLU that leaks a little of what is negative, so that no unit dies: f(x) = x or negative_slope · x."""
    return where(x > 0.0, x, negative_slope * x)


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


def gelu_derivative(x):
    """f'(x) = Φ(x) + x φ(x), with Φ and φ the normal distribution and density."""
    x = minimum(maximum(x, -100.0), 100.0)
    density = exp(-0.5 * x * x) * 0.3989422804014326779399460599343819
    return 0.5 * erfc(-sqrt(0.5) * x) + x * density


@add_activation(
    slope=gelu_derivative,
    title="GELU",
    paper="D. Hendrycks, K. Gimpel, arXiv:1606.08415, section 2",
    year=2016,
    parents=("relu",),
    peers={
        "pytorch": "same (approximate='none')",
        "keras": "same (approximate=False)",
        "optax": "jax.nn.gelu uses the tanh approximation unless approximate=False",
    },
)
def gelu(x):
    """Weighs x by the share of normal variables below it: f(x) = x Φ(x), written with erfc so that its tail keeps its digits."""  # noqa: E501
    return 0.5 * maximum(x, -100.0) * erfc(-sqrt(0.5) * x)


def silu_derivative(x):
    """f'(x) = σ(x)(1 + x σ(-x)), where σ(-x) is not computed as 1 - σ(x)."""
    x = minimum(maximum(x, -1000.0), 1000.0)
    e = exp(-absolute(x))
    value = where(x >= 0.0, 1.0, e) / (1.0 + e)
    complement = where(x >= 0.0, e, 1.0) / (1.0 + e)
    return value * (1.0 + x * complement)


@add_activation(
    slope=silu_derivative,
    title="SiLU",
    aliases=("swish",),
    paper="S. Elfwing, E. Uchibe, K. Doya, arXiv:1702.03118; P. Ramachandran et al., arXiv:1710.05941",
    year=2017,
    parents=("sigmoid", "relu"),
    peers={"pytorch": "same", "keras": "same", "optax": "same (jax.nn.silu)"},
)
def silu(x):
    """Weighs x by its own sigmoid: f(x) = x σ(x)."""
    e = exp(-absolute(x))
    return maximum(x, -1000.0) * (where(x >= 0.0, 1.0, e) / (1.0 + e))


def softplus_derivative(x):
    """f'(x) = σ(x)."""
    e = exp(-absolute(x))
    return where(x >= 0.0, 1.0, e) / (1.0 + e)


@add_activation(
    slope=softplus_derivative,
    title="Softplus",
    paper="C. Dugas, Y. Bengio, F. Bélisle, C. Nadeau, R. Garcia, NIPS 2000",
    year=2000,
    parents=("relu",),
    peers={
        "pytorch": "linear above threshold=20, elsewhere the same",
        "keras": "same",
        "optax": "same (jax.nn.softplus)",
    },
)
def softplus(x):
    """A smooth ReLU: f(x) = log(1 + exp(x)), written max(x, 0) + log(1 + exp(-|x|))."""
    return maximum(x, 0.0) + log1p(exp(-absolute(x)))
