"""Initial scales: the standard deviation of a layer's first weights from its fan-in and fan-out.

Biases start at zero. A uniform distribution of standard deviation s reaches from -√3 s to √3 s.
"""

from osolgil.formulas._vocabulary import sqrt
from osolgil.formulas.catalog import add_initial_scale

GLOROT = (
    "X. Glorot, Y. Bengio, Understanding the difficulty of training deep feedforward networks, "
    "AISTATS 2010, eq. 16"
)
HE = "K. He, X. Zhang, S. Ren, J. Sun, Delving deep into rectifiers, arXiv:1502.01852, eq. 10"
LECUN = "Y. LeCun, L. Bottou, G. Orr, K.-R. Müller, Efficient BackProp, 1998, eq. 16"
TRUNCATED = "draws from a normal distribution cut at 2 standard deviations"


@add_initial_scale(
    distribution="uniform",
    title="Glorot uniform",
    aliases=("xavier_uniform",),
    paper=GLOROT,
    year=2010,
    peers={"pytorch": "same (xavier_uniform_)", "keras": "same (its default)", "optax": "same (jax.nn)"},
)
def glorot_uniform(fan_in, fan_out):
    """Keeps the variance of signals and of gradients between layers as level as both can be: s² = 2/(fan_in + fan_out)."""  # noqa: E501
    return sqrt(2.0 / (fan_in + fan_out))


@add_initial_scale(
    distribution="normal",
    title="Glorot normal",
    aliases=("xavier_normal",),
    paper=GLOROT,
    year=2010,
    peers={"pytorch": "same (xavier_normal_)", "keras": TRUNCATED, "optax": TRUNCATED},
)
def glorot_normal(fan_in, fan_out):
    """Glorot's variance 2/(fan_in + fan_out), drawn from a normal distribution."""
    return sqrt(2.0 / (fan_in + fan_out))


@add_initial_scale(
    distribution="uniform",
    title="He uniform",
    aliases=("kaiming_uniform",),
    paper=HE,
    year=2015,
    parents=("glorot_uniform",),
    peers={"pytorch": "same (kaiming_uniform_, relu)", "keras": "same", "optax": "same (jax.nn)"},
)
def he_uniform(fan_in, fan_out):
    """Makes up for the half of the signal a ReLU cuts away: s² = 2/fan_in."""
    return sqrt(2.0 / fan_in)


@add_initial_scale(
    distribution="normal",
    title="He normal",
    aliases=("kaiming_normal",),
    paper=HE,
    year=2015,
    parents=("glorot_normal",),
    peers={"pytorch": "same (kaiming_normal_, relu)", "keras": TRUNCATED, "optax": TRUNCATED},
)
def he_normal(fan_in, fan_out):
    """He's variance 2/fan_in, drawn from a normal distribution."""
    return sqrt(2.0 / fan_in)


@add_initial_scale(
    distribution="uniform",
    title="LeCun uniform",
    paper=LECUN,
    year=1998,
    peers={"pytorch": "not named", "keras": "same", "optax": "same (jax.nn)"},
)
def lecun_uniform(fan_in, fan_out):
    """Keeps the variance of a linear layer's signal: s² = 1/fan_in."""
    return sqrt(1.0 / fan_in)


@add_initial_scale(
    distribution="normal",
    title="LeCun normal",
    paper=LECUN,
    year=1998,
    peers={"pytorch": "not named", "keras": TRUNCATED, "optax": TRUNCATED},
)
def lecun_normal(fan_in, fan_out):
    """LeCun's variance 1/fan_in, drawn from a normal distribution."""
    return sqrt(1.0 / fan_in)
