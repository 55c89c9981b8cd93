"""Initial scales: the standard deviation of a layer's first weights from its fan-in and fan-out.

A row names besides the distribution the weights are drawn from (`osolgil.initialization` draws them): a uniform
distribution of standard deviation s reaches from -√3 s to √3 s; a truncated one is a normal one without what lies
beyond two of its standard deviations, widened so that s remains; an orthogonal matrix has entries of mean square
s². Biases start at zero unless a row says otherwise. Three of the formulas stand in three rows each, one per
distribution.
"""

from osolgil.formulas._vocabulary import maximum, minimum, sqrt
from osolgil.formulas.catalog import add_initial_scale

GLOROT = (
    "X. Glorot, Y. Bengio, Understanding the difficulty of training deep feedforward networks, "
    "AISTATS 2010, eq. 16"
)
HE = "K. He, X. Zhang, S. Ren, J. Sun, Delving deep into rectifiers, arXiv:1502.01852, eq. 10 and eq. 15"
LECUN = "Y. LeCun, L. Bottou, G. Orr, K.-R. Müller, Efficient BackProp, 1998, eq. 16"
SCALING = "a generalisation in Keras (keras.initializers.VarianceScaling) and JAX of " + GLOROT
DISTRIBUTIONS = ("uniform", "normal", "truncated")
_KERAS_NAMES = ("uniform", "untruncated_normal", "truncated_normal")
_JAX_NAMES = ("uniform", "normal", "truncated_normal")
POSITIVE = "(0, inf)"


def glorot(fan_in, fan_out):
    """Keeps the variance of signals and of gradients between layers as level as both can be: s² = 2/(fan_in + fan_out)."""  # noqa: E501
    return sqrt(2.0 / (fan_in + fan_out))


def he(fan_in, fan_out, negative_slope=0.0):
    """Makes up for the part of the signal a ReLU cuts away: s² = 2/((1 + a²) fan_in), a the slope of its negative side."""  # noqa: E501
    return sqrt(2.0 / ((1.0 + negative_slope * negative_slope) * fan_in))


def lecun(fan_in, fan_out):
    """Keeps the variance of a linear layer's signal: s² = 1/fan_in."""
    return sqrt(1.0 / fan_in)


def variance_scaling(fan_in, fan_out, scale=1.0, fan_out_share=0.0):
    """Any variance over any mean of the fans: s² = scale/((1 - m) fan_in + m fan_out), m the share of the fan-out.

    m = 0 is "fan_in", ½ "fan_avg", 1 "fan_out" of other libraries.
    """
    return sqrt(scale / ((1.0 - fan_out_share) * fan_in + fan_out_share * fan_out))


_PYTORCH = {
    "glorot": ("same (xavier_uniform_)", "same (xavier_normal_)", "none"),
    "he": ("same (kaiming_uniform_, relu)", "same (kaiming_normal_, relu)", "none"),
    "lecun": ("same (kaiming_uniform_, linear)", "same (kaiming_normal_, linear)", "none"),
    "variance_scaling": ("none", "none", "none"),
}


def _add(name, formula, title, paper, year, alias="", parent="", **facts):
    """Put a formula into the catalog once per distribution."""
    for place, distribution in enumerate(DISTRIBUTIONS):
        if name == "variance_scaling":
            other = f"same (VarianceScaling, {_KERAS_NAMES[place]}; jax.nn.initializers: {_JAX_NAMES[place]})"
        elif distribution == "normal":
            other = f"its {name}_normal is the truncated one"
        else:
            other = f"same ({name}_{_JAX_NAMES[place].removeprefix('truncated_')})"
        add_initial_scale(
            name=f"{name}_{distribution}",
            distribution=distribution,
            title=f"{title} {distribution}",
            aliases=(f"{alias}_{distribution}",) if alias else (),
            paper=paper,
            year=year,
            parents=(f"{parent}_{distribution}",) if parent else (),
            peers={
                "pytorch": _PYTORCH[name][place],
                "keras": other,
                "optax": other,
            },
            **facts,
        )(formula)


_add("lecun", lecun, "LeCun", LECUN, 1998)
_add("glorot", glorot, "Glorot", GLOROT, 2010, alias="xavier", parent="lecun")
_add("he", he, "He", HE, 2015, alias="kaiming", parent="glorot", limits={"negative_slope": "(-inf, inf)"})
_add(
    "variance_scaling", variance_scaling, "Variance scaling", SCALING, 2010, parent="glorot",
    limits={"scale": POSITIVE, "fan_out_share": "[0, 1]"},
)  # fmt: skip


@add_initial_scale(
    distribution="uniform",
    bias="uniform",
    title="PyTorch's default",
    paper="torch.nn.Linear.reset_parameters in PyTorch: kaiming_uniform_(a=√5), as Torch had it before",
    year=2017,
    parents=("lecun_uniform",),
    peers={"pytorch": "same (torch.nn.Linear)", "keras": "none", "optax": "none"},
)
def pytorch_default(fan_in, fan_out):
    """What a PyTorch layer starts with: weights and biases from -1/√fan_in to 1/√fan_in, so s² = 1/(3 fan_in).

    Too small for a deep ReLU network: the signal's variance falls to a sixth in every layer.
    """
    return sqrt(1.0 / (3.0 * fan_in))


@add_initial_scale(
    distribution="orthogonal",
    limits={"gain": POSITIVE},
    title="Orthogonal",
    paper="A. M. Saxe, J. L. McClelland, S. Ganguli, arXiv:1312.6120, section 3; drawn as by G. W. Stewart, "
    "SIAM J. Numerical Analysis 17, 1980",
    year=2013,
    parents=("lecun_normal",),
    peers={
        "pytorch": "same distribution (orthogonal_)",
        "keras": "same distribution (Orthogonal)",
        "optax": "same distribution (jax.nn.initializers.orthogonal)",
    },
)
def orthogonal(fan_in, fan_out, gain=1.0):
    """A random rotation, times a gain: it lengthens no signal and shortens none, so s² = gain²/max(fan_in, fan_out)."""
    return gain / sqrt(maximum(fan_in, fan_out))


@add_initial_scale(
    distribution="orthogonal",
    adapts_to_data=True,
    title="Layer-sequential unit variance",
    paper="D. Mishkin, J. Matas, All you need is a good init, arXiv:1511.06422, algorithm 1",
    year=2015,
    parents=("orthogonal",),
    peers={"pytorch": "none", "keras": "none", "optax": "none"},
)
def lsuv(fan_in, fan_out):
    """Begins orthogonal; then layer by layer divides the weights so that outputs on real rows have variance 1.

    The rows are the first 256 training rows. A layer's outputs are linear in its weights, so that one division
    does what the paper's loop repeats until it is within a tolerance.
    """
    return 1.0 / sqrt(maximum(fan_in, fan_out))


@add_initial_scale(
    distribution="normal",
    bias="critical",
    title="Critical for the activation",
    aliases=("critical_normal", "edge_of_chaos"),
    paper="S. S. Schoenholz, J. Gilmer, S. Ganguli, J. Sohl-Dickstein, arXiv:1611.01232, section 3",
    year=2016,
    parents=("he_normal",),
    peers={"pytorch": "none", "keras": "none", "optax": "none"},
)
def critical(fan_in, fan_out, weight_variance):
    """The edge between order and chaos, computed for each layer's activation: s² = σ_w²/fan_in, biases of variance σ_b².

    There the mean squared gradient neither shrinks nor grows from layer to layer in a wide network: 2 and 0 for
    ReLU, 1 and 0 for tanh (see `osolgil.mean_field.critical`). The output layer takes its own activation's.
    """  # noqa: E501
    return sqrt(weight_variance / fan_in)


@add_initial_scale(
    distribution="sparse",
    limits={"connections": "[1, inf)", "deviation": POSITIVE},
    title="Sparse",
    paper="J. Martens, Deep learning via Hessian-free optimization, ICML 2010, section 5",
    year=2010,
    peers={
        "pytorch": "a share of zeros and deviation=0.01 instead (sparse_)",
        "keras": "none",
        "optax": "none",
    },
)
def sparse(fan_in, fan_out, connections=15.0, deviation=1.0):
    """Each unit hears only some inputs, but those loudly: s² = deviation² · connections/fan_in."""
    return deviation * sqrt(minimum(connections, fan_in) / fan_in)


@add_initial_scale(
    distribution="identity",
    limits={"gain": POSITIVE},
    title="Identity",
    aliases=("eye",),
    paper="Q. V. Le, N. Jaitly, G. E. Hinton, arXiv:1504.00941, section 2",
    year=2015,
    parents=("orthogonal",),
    peers={
        "pytorch": "same (eye_)",
        "keras": "same (Identity)",
        "optax": "none (jax.nn.initializers.delta_orthogonal is for convolutions)",
    },
)
def identity(fan_in, fan_out, gain=1.0):
    """Hands every input on to the unit of its own number, times a gain; the same for every seed."""
    return gain / sqrt(maximum(fan_in, fan_out))


@add_initial_scale(
    distribution="normal",
    limits={"deviation": POSITIVE},
    title="Normal",
    aliases=("random_normal",),
    paper="A. Krizhevsky, I. Sutskever, G. E. Hinton, ImageNet classification with deep convolutional neural "
    "networks, NIPS 2012, section 5",
    year=2012,
    peers={
        "pytorch": "default std=1 (normal_)",
        "keras": "default stddev=0.05 (RandomNormal)",
        "optax": "same (jax.nn.initializers.normal, stddev=0.01)",
    },
)
def normal(fan_in, fan_out, deviation=0.01):
    """One deviation whatever the fans: signals shrink in narrow layers and grow in wide ones."""
    return deviation


@add_initial_scale(
    distribution="uniform",
    limits={"reach": POSITIVE},
    title="Uniform",
    aliases=("random_uniform",),
    paper="D. E. Rumelhart, G. E. Hinton, R. J. Williams, Learning internal representations by error "
    "propagation, 1986",
    year=1986,
    peers={
        "pytorch": "default from 0 to 1 (uniform_)",
        "keras": "same (RandomUniform, ±0.05)",
        "optax": "from 0 to scale=0.01 (jax.nn.initializers.uniform)",
    },
)
def uniform(fan_in, fan_out, reach=0.05):
    """Small numbers from -reach to reach whatever the fans, s² = reach²/3: enough to tell units apart."""
    return reach / sqrt(3.0)


@add_initial_scale(
    distribution="normal",
    title="Zeros",
    paper="why not: D. E. Rumelhart, G. E. Hinton, R. J. Williams, Learning internal representations by error "
    "propagation, 1986 (the symmetry breaking problem)",
    year=1986,
    peers={"pytorch": "same (zeros_)", "keras": "same (Zeros)", "optax": "same (jax.nn.initializers.zeros)"},
)
def zeros(fan_in, fan_out):
    """Shows why chance is needed: all units of a layer are and stay the same, and behind a ReLU nothing is learned."""
    return 0.0 * fan_in
