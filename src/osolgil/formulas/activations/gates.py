"""Gates: the input times a squashed copy of itself, f(x) = x · gate(x), from the normal and logistic gates on.

A gate is written without cancellation on either side, and its input is held within a range outside which it
is 0 or 1 to the last digit, so that no product of infinity and nothing arises.
"""

from osolgil.formulas._vocabulary import absolute, erfc, exp, maximum, minimum, sqrt, where
from osolgil.formulas.catalog import add_activation


def gelu_derivative(x):
    """f'(x) = Φ(x) + x φ(x), with Φ and φ the normal distribution and density."""
    near = minimum(maximum(x, -100.0), 100.0)
    density = exp(-0.5 * near * near) * 0.3989422804014326779399460599343819
    return 0.5 * erfc(-sqrt(0.5) * x) + near * density


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


def gelu_tanh_derivative(x):
    """f'(x) = σ(y) + x σ(y) σ(-y) y' with y = 2√(2/π)(x + 0.044715 x³)."""
    x = minimum(maximum(x, -100.0), 100.0)
    y = 1.5957691216057307117597842397375 * x * (1.0 + 0.044715 * x * x)
    rise = 1.5957691216057307117597842397375 * (1.0 + 0.134145 * x * x)
    e = exp(-absolute(y))
    gate = where(y >= 0.0, 1.0, e) / (1.0 + e)
    complement = where(y >= 0.0, e, 1.0) / (1.0 + e)
    return gate * (1.0 + x * complement * rise)


@add_activation(
    slope=gelu_tanh_derivative,
    title="GELU (tanh)",
    aliases=("gelu_new", "approximate_gelu"),
    paper="D. Hendrycks, K. Gimpel, arXiv:1606.08415, section 2, the approximation by tanh",
    year=2016,
    parents=("gelu",),
    peers={
        "pytorch": "same (approximate='tanh')",
        "keras": "same (approximate=True)",
        "optax": "same (jax.nn.gelu, its default)",
    },
)
def gelu_tanh(x):
    """GELU with Φ replaced by a tanh: f(x) = x (1 + tanh(√(2/π)(x + 0.044715 x³)))/2 = x σ(2√(2/π)(…))."""
    held = minimum(maximum(x, -100.0), 100.0)
    y = 1.5957691216057307117597842397375 * held * (1.0 + 0.044715 * held * held)
    e = exp(-absolute(y))
    return maximum(x, -100.0) * (where(y >= 0.0, 1.0, e) / (1.0 + e))


def quick_gelu_derivative(x):
    """f'(x) = σ(y)(1 + y σ(-y)) with y = 1.702 x."""
    y = 1.702 * minimum(maximum(x, -1000.0), 1000.0)
    e = exp(-absolute(y))
    gate = where(y >= 0.0, 1.0, e) / (1.0 + e)
    complement = where(y >= 0.0, e, 1.0) / (1.0 + e)
    return gate * (1.0 + y * complement)


@add_activation(
    slope=quick_gelu_derivative,
    title="Quick GELU",
    aliases=("gelu_sigmoid",),
    paper="D. Hendrycks, K. Gimpel, arXiv:1606.08415, section 2, the approximation by a sigmoid",
    year=2016,
    parents=("gelu", "sigmoid"),
    peers={"pytorch": "not named", "keras": "not named", "optax": "not named"},
)
def quick_gelu(x):
    """GELU with Φ replaced by a sigmoid: f(x) = x σ(1.702 x)."""
    e = exp(-1.702 * minimum(absolute(x), 1000.0))
    return maximum(x, -1000.0) * (where(x >= 0.0, 1.0, e) / (1.0 + e))


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


def hard_swish_derivative(x):
    """f'(x) = 0 below -3, 1 above 3, (2x + 3)/6 between."""
    between = (2.0 * minimum(maximum(x, -3.0), 3.0) + 3.0) / 6.0
    return where(x > -3.0, where(x < 3.0, between, 1.0), where(x == x, 0.0, x))


@add_activation(
    slope=hard_swish_derivative,
    title="Hard swish",
    aliases=("hard_silu",),
    paper="A. Howard et al., Searching for MobileNetV3, arXiv:1905.02244, section 5.2",
    year=2019,
    parents=("silu", "hard_sigmoid"),
    peers={
        "pytorch": "same (torch.nn.Hardswish)",
        "keras": "same (hard_silu)",
        "optax": "same (jax.nn.hard_silu)",
    },
)
def hard_swish(x):
    """SiLU with the hard sigmoid for its gate: f(x) = x · clip((x + 3)/6, 0, 1)."""
    return maximum(x, -3.0) * minimum(maximum((x + 3.0) / 6.0, 0.0), 1.0)
