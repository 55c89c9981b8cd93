"""Rectifiers of straight pieces: what is positive passes, what is negative is cut or passes weakly."""

from osolgil.formulas._vocabulary import maximum, minimum, where
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


def relu6_derivative(x, ceiling=6.0):
    """f'(x) = 1 for 0 < x < ceiling, else 0."""
    return where(x > 0.0, where(x < ceiling, 1.0, 0.0), where(x == x, 0.0, x))


@add_activation(
    slope=relu6_derivative,
    limits={"ceiling": "(0, inf)"},
    title="ReLU6",
    paper="A. Krizhevsky, Convolutional deep belief networks on CIFAR-10, 2010",
    year=2010,
    parents=("relu",),
    peers={"pytorch": "same", "keras": "same", "optax": "same (jax.nn.relu6)"},
)
def relu6(x, ceiling=6.0):
    """ReLU with a ceiling, for arithmetic of few bits: f(x) = min(max(x, 0), 6)."""
    return minimum(maximum(x, 0.0), ceiling)


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


def prelu_derivative(x, negative_slope=0.25):
    """f'(x) = 1 for x > 0, else the unit's negative slope."""
    return where(x > 0.0, 1.0, where(x == x, negative_slope, x))


def prelu_parameter_derivative(x, negative_slope=0.25):
    """∂f/∂negative_slope = min(x, 0)."""
    return minimum(x, 0.0)


@add_activation(
    slope=prelu_derivative,
    learned="negative_slope",
    learned_slope=prelu_parameter_derivative,
    title="PReLU",
    aliases=("parametric_relu",),
    paper="K. He, X. Zhang, S. Ren, J. Sun, Delving deep into rectifiers, arXiv:1502.01852, eq. 1 and eq. 8",
    year=2015,
    parents=("leaky_relu",),
    peers={
        "pytorch": "one slope for the layer unless num_parameters says otherwise; same start 0.25",
        "keras": "one slope per unit like here; starts at 0 (alpha_initializer)",
        "optax": "not named",
    },
)
def prelu(x, negative_slope=0.25):
    """Leaky ReLU whose every unit learns its own negative slope: f(x) = x or a · x, with a trained like a weight."""
    return where(x > 0.0, x, negative_slope * x)


def rrelu_derivative(x, random=0.5, lower=0.125, upper=0.3333333333333333):
    """f'(x) = 1 for x > 0, else the slope that was drawn."""
    return where(x > 0.0, 1.0, where(x == x, lower + random * (upper - lower), x))


@add_activation(
    slope=rrelu_derivative,
    random=True,
    ordered=("lower", "upper"),
    title="RReLU",
    aliases=("randomized_relu",),
    paper="B. Xu, N. Wang, T. Chen, M. Li, arXiv:1505.00853, section 2.4 (divides by a number from 3 to 8)",
    year=2015,
    parents=("leaky_relu",),
    peers={"pytorch": "same (lower=1/8, upper=1/3)", "keras": "not named", "optax": "not named"},
)
def rrelu(x, random=0.5, lower=0.125, upper=0.3333333333333333):
    """Leaky ReLU whose slope is drawn anew for every element in training, and is the mean slope in evaluation.

    `random` is uniform in [0, 1); its mean 1/2 stands for evaluation.
    """
    return where(x > 0.0, x, (lower + random * (upper - lower)) * x)


def threshold_derivative(x, threshold=1.0, otherwise=0.0):
    """f'(x) = 1 above the threshold, else 0."""
    return where(x > threshold, 1.0, where(x == x, 0.0, x))


@add_activation(
    slope=threshold_derivative,
    title="Threshold",
    aliases=("thresholded_relu", "trec"),
    paper="K. Konda, R. Memisevic, D. Krueger, Zero-bias autoencoders, arXiv:1402.3337",
    year=2014,
    parents=("relu",),
    peers={
        "pytorch": "same (threshold and value have no default)",
        "keras": "same (threshold and default_value have no default)",
        "optax": "not named",
    },
)
def threshold(x, threshold=1.0, otherwise=0.0):
    """Passes what is above a threshold as it is, and replaces the rest: f(x) = x or otherwise."""
    return where(x > threshold, x, where(x == x, otherwise, x))


def relu_squared_derivative(x):
    """f'(x) = 2 max(x, 0)."""
    return 2.0 * maximum(x, 0.0)


@add_activation(
    slope=relu_squared_derivative,
    title="Squared ReLU",
    aliases=("squared_relu",),
    paper="D. So, W. Mańke, H. Liu, Z. Dai, N. Shazeer, Q. V. Le, Primer, arXiv:2109.08668, section 4",
    year=2021,
    parents=("relu",),
    peers={"pytorch": "not named", "keras": "not named", "optax": "same (jax.nn.relu, squared)"},
)
def relu_squared(x):
    """ReLU, squared, with a slope that is continuous at 0 and grows without bound: f(x) = max(x, 0)²."""
    return maximum(x, 0.0) * maximum(x, 0.0)
