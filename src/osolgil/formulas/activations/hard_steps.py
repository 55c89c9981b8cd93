"""Steps of straight pieces: the perceptron's threshold, and squashes that are cheap where exp is dear."""

from osolgil.formulas._vocabulary import absolute, maximum, minimum, where
from osolgil.formulas.catalog import add_activation


def step_derivative(x):
    """f'(x) = 0 wherever there is a slope: gradient descent cannot train a threshold."""
    return where(x == x, 0.0, x)


@add_activation(
    slope=step_derivative,
    title="Step",
    aliases=("heaviside", "threshold_unit"),
    paper="F. Rosenblatt, The perceptron, Psychological Review 65, 1958 (after W. McCulloch, W. Pitts, 1943)",
    year=1958,
    peers={
        "pytorch": "same (torch.heaviside with value 1 at 0)",
        "keras": "not named",
        "optax": "same (jnp.heaviside with value 1 at 0)",
    },
)
def step(x):
    """The perceptron's yes or no: f(x) = 1 for x ≥ 0, else 0."""
    return where(x >= 0.0, 1.0, where(x == x, 0.0, x))


def hard_sigmoid_derivative(x):
    """f'(x) = 1/6 for |x| < 3, else 0."""
    return where(absolute(x) < 3.0, 1.0 / 6.0, where(x == x, 0.0, x))


@add_activation(
    slope=hard_sigmoid_derivative,
    title="Hard sigmoid",
    paper="A. Howard et al., Searching for MobileNetV3, arXiv:1905.02244, section 5.2",
    year=2019,
    parents=("sigmoid", "relu6"),
    peers={
        "pytorch": "same",
        "keras": "same (slope 0.2 and reach 2.5 before Keras 3)",
        "optax": "same (jax.nn.hard_sigmoid)",
    },
)
def hard_sigmoid(x):
    """A sigmoid of three straight pieces: f(x) = (x + 3)/6, cut at 0 and 1."""
    return minimum(maximum((x + 3.0) / 6.0, 0.0), 1.0)


def sparse_sigmoid_derivative(x):
    """f'(x) = 1/2 for |x| < 1, else 0."""
    return where(absolute(x) < 1.0, 0.5, where(x == x, 0.0, x))


@add_activation(
    slope=sparse_sigmoid_derivative,
    title="Sparse sigmoid",
    paper="M. Courbariaux, Y. Bengio, J.-P. David, BinaryConnect, arXiv:1511.00363, eq. 3",
    year=2015,
    parents=("sigmoid",),
    peers={"pytorch": "not named", "keras": "same", "optax": "same (jax.nn.sparse_sigmoid)"},
)
def sparse_sigmoid(x):
    """Sparsemax of two classes as a squash, exactly 0 and 1 outside [-1, 1]: f(x) = (x + 1)/2, cut at 0 and 1."""
    return minimum(maximum(0.5 * x + 0.5, 0.0), 1.0)


def hard_tanh_derivative(x, lowest=-1.0, highest=1.0):
    """f'(x) = 1 between the two bounds, else 0."""
    return where(x > lowest, where(x < highest, 1.0, 0.0), where(x == x, 0.0, x))


@add_activation(
    slope=hard_tanh_derivative,
    title="Hard tanh",
    paper="R. Collobert, Large scale machine learning, PhD thesis, Université Paris VI, 2004",
    year=2004,
    parents=("tanh",),
    peers={
        "pytorch": "same (min_val=-1, max_val=1)",
        "keras": "same, bounds fixed",
        "optax": "same, bounds fixed (jax.nn.hard_tanh)",
    },
)
def hard_tanh(x, lowest=-1.0, highest=1.0):
    """A tanh of three straight pieces: f(x) = x, cut at -1 and 1."""
    return minimum(maximum(x, lowest), highest)
