"""Activations each unit of which learns how far it goes from a straight line: f(x) = (1 - α) x + α g(x)."""

from osolgil.formulas._vocabulary import absolute, exp, expm1, maximum, minimum, where
from osolgil.formulas.catalog import add_activation

PAPER = (
    "D. Holzmüller, L. Grinsztajn, I. Steinwart, Better by default, arXiv:2407.04491, section 3 (RealMLP, whose α "
    "learns at a tenth of the learning rate)"
)
NOWHERE = {"pytorch": "not named", "keras": "not named", "optax": "not named"}


def parametric_selu_derivative(x, alpha=1.0):
    """f'(x) = 1 - α + α SELU'(x)."""
    bend = 1.0507009873554805 * where(x > 0.0, 1.0, 1.6732632423543772 * exp(minimum(x, 0.0)))
    return (1.0 - alpha) + alpha * bend


def parametric_selu_parameter_derivative(x, alpha=1.0):
    """∂f/∂α = SELU(x) - x."""
    return 1.0507009873554805 * where(x > 0.0, x, 1.6732632423543772 * expm1(minimum(x, 0.0))) - x


@add_activation(
    slope=parametric_selu_derivative,
    learned="alpha",
    learned_slope=parametric_selu_parameter_derivative,
    title="Parametric SELU",
    paper=PAPER,
    year=2024,
    parents=("selu", "prelu"),
    peers=NOWHERE,
)
def parametric_selu(x, alpha=1.0):
    """SELU at first; every unit learns how much of it to take: f(x) = (1 - α) x + α SELU(x)."""
    bent = 1.0507009873554805 * where(x > 0.0, x, 1.6732632423543772 * expm1(minimum(x, 0.0)))
    return (1.0 - alpha) * minimum(maximum(x, -1e30), 1e30) + alpha * bent


def parametric_mish_derivative(x, alpha=1.0):
    """f'(x) = 1 - α + α Mish'(x)."""
    x = minimum(maximum(x, -1000.0), 1000.0)
    e = exp(-absolute(x))
    n = where(x >= 0.0, 1.0 + 2.0 * e, e * (e + 2.0))
    d = where(x >= 0.0, 2.0 * e * e, 2.0)
    sigmoid = where(x >= 0.0, 1.0, e) / (1.0 + e)
    bend = n / (n + d) + x * sigmoid * (d / (n + d)) * ((n + n + d) / (n + d))
    return (1.0 - alpha) + alpha * bend


def parametric_mish_parameter_derivative(x, alpha=1.0):
    """∂f/∂α = Mish(x) - x = -x d/(n + d), which keeps its digits where Mish(x) is nearly x."""
    e = exp(-absolute(x))
    n = where(x >= 0.0, 1.0 + 2.0 * e, e * (e + 2.0))
    d = where(x >= 0.0, 2.0 * e * e, 2.0)
    return -minimum(x, 1000.0) * (d / (n + d))


@add_activation(
    slope=parametric_mish_derivative,
    learned="alpha",
    learned_slope=parametric_mish_parameter_derivative,
    title="Parametric Mish",
    paper=PAPER,
    year=2024,
    parents=("mish", "prelu"),
    peers=NOWHERE,
)
def parametric_mish(x, alpha=1.0):
    """Mish at first; every unit learns how much of it to take: f(x) = (1 - α) x + α Mish(x)."""
    e = exp(-absolute(x))
    n = where(x >= 0.0, 1.0 + 2.0 * e, e * (e + 2.0))
    d = where(x >= 0.0, 2.0 * e * e, 2.0)
    bent = maximum(x, -1000.0) * (n / (n + d))
    return (1.0 - alpha) * minimum(maximum(x, -1e30), 1e30) + alpha * bent
