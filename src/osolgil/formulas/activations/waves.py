"""Bells and waves: activations that rise and fall, which is what periodic signals and radial bases need.

Their words sin and cos have no limit at ±inf: the result is nan there, as NumPy, PyTorch and JAX say.
"""

from osolgil.formulas._vocabulary import cos, exp, maximum, minimum, sin
from osolgil.formulas.catalog import add_activation


def gaussian_derivative(x):
    """f'(x) = -2x exp(-x²)."""
    x = minimum(maximum(x, -100.0), 100.0)
    return -2.0 * x * exp(-x * x)


@add_activation(
    slope=gaussian_derivative,
    title="Gaussian",
    aliases=("radial_basis",),
    paper="D. Broomhead, D. Lowe, Multivariable functional interpolation and adaptive networks, Complex "
    "Systems 2, 1988",
    year=1988,
    peers={"pytorch": "not named", "keras": "not named", "optax": "not named"},
)
def gaussian(x):
    """A bell: large only where the input is near zero, f(x) = exp(-x²)."""
    x = minimum(maximum(x, -100.0), 100.0)
    return exp(-x * x)


def sine_derivative(x, frequency=1.0):
    """f'(x) = frequency · cos(frequency · x)."""
    return frequency * cos(frequency * x)


@add_activation(
    slope=sine_derivative,
    title="Sine",
    aliases=("sin", "siren"),
    paper="V. Sitzmann, J. Martel, A. Bergman, D. Lindell, G. Wetzstein, arXiv:2006.09661, section 3",
    year=2020,
    peers={"pytorch": "same (torch.sin)", "keras": "same (ops.sin)", "optax": "same (jnp.sin)"},
)
def sine(x, frequency=1.0):
    """A wave, whose derivatives are waves again: f(x) = sin(frequency · x); SIREN takes frequency 30."""
    return sin(frequency * x)


def snake_derivative(x, frequency=1.0):
    """f'(x) = 1 + sin(2ax) = (sin(ax) + cos(ax))², which keeps its digits where it is nearly 0."""
    both = sin(frequency * x) + cos(frequency * x)
    return both * both


@add_activation(
    slope=snake_derivative,
    limits={"frequency": "(0, inf)"},
    title="Snake",
    paper="L. Ziyin, T. Hartwig, M. Ueda, Neural networks fail to learn periodic functions and how to fix it, "
    "arXiv:2006.08195, eq. 3",
    year=2020,
    parents=("sine", "identity"),
    peers={"pytorch": "not named", "keras": "not named", "optax": "not named"},
)
def snake(x, frequency=1.0):
    """A straight line that waves, to learn a trend with a period: f(x) = x + sin²(ax)/a."""
    wave = sin(frequency * x)
    return x + wave * wave / frequency


def growing_cosine_derivative(x):
    """f'(x) = cos(x) - x sin(x)."""
    return cos(x) - x * sin(x)


@add_activation(
    slope=growing_cosine_derivative,
    title="Growing cosine unit",
    aliases=("gcu",),
    paper="M. M. Noel, A. L, A. Trivedi, P. Dutta, arXiv:2108.12943",
    year=2021,
    parents=("sine", "identity"),
    peers={"pytorch": "not named", "keras": "not named", "optax": "not named"},
)
def growing_cosine(x):
    """A wave that grows with its input, so that one unit alone can solve XOR: f(x) = x cos(x)."""
    return x * cos(x)
