"""Losses of counts and amounts: half the deviance of a target from what is expected, exp(z).

The output z is the logarithm of the expectation, so that no output is impossible; predictions are exp(z). A
deviance is twice the log-likelihood lost against the perfect answer: 0 there, never negative, and equal to the
negative log-likelihood up to a constant of the target. With d = z - log y all three are y to some power times a
function of d that needs no difference of large numbers.
"""

from osolgil.formulas._vocabulary import exp, expm1, log, where
from osolgil.formulas.catalog import add_loss

REGRESSION = ("regression",)


def poisson_derivative(output, target):
    """∂/∂z = exp(z) - y."""
    return exp(output) - target


@add_loss(
    slope=poisson_derivative,
    tasks=REGRESSION,
    convex=True,
    link="log",
    targets="zero or more",
    title="Poisson deviance",
    aliases=("poisson_deviance", "poisson_nll"),
    paper="J. A. Nelder, R. W. M. Wedderburn, Generalized linear models, J. Royal Statistical Society A 135, 1972",
    year=1972,
    peers={
        "pytorch": "same up to a constant of the target (PoissonNLLLoss, log_input=True)",
        "keras": "same up to a constant, of exp(z) (Poisson)",
        "optax": "none",
    },
)
def poisson(output, target):
    """Half the deviance of a count from its expectation exp(z): exp(z) - y - y (z - log y), exp(z) where y = 0.

    The variance of a count grows with its mean, so large counts may be missed by more than small ones.
    """
    positive = where(target > 0.0, target, 1.0)
    distance = output - log(positive)
    return where(target > 0.0, positive * (expm1(distance) - distance), exp(output))


def gamma_derivative(output, target):
    """∂/∂z = 1 - y exp(-z)."""
    return -expm1(log(target) - output)


@add_loss(
    slope=gamma_derivative,
    tasks=REGRESSION,
    convex=True,
    link="log",
    targets="positive",
    title="Gamma deviance",
    aliases=("gamma_deviance",),
    paper="J. A. Nelder, R. W. M. Wedderburn, Generalized linear models, J. Royal Statistical Society A 135, 1972",
    year=1972,
    parents=("poisson",),
    peers={"pytorch": "none", "keras": "none", "optax": "none"},
)
def gamma(output, target):
    """Half the deviance of an amount from its expectation exp(z): y exp(-z) - 1 + z - log y.

    Only the ratio of target and expectation counts, so an error of a tenth costs the same whatever the size.
    """
    distance = output - log(target)
    return expm1(-distance) + distance


def tweedie_derivative(output, target, power=1.5):
    """∂/∂z = exp((2 - p) z) - y exp((1 - p) z)."""
    return exp((2.0 - power) * output) - target * exp((1.0 - power) * output)


@add_loss(
    slope=tweedie_derivative,
    tasks=REGRESSION,
    convex=True,
    limits={"power": "(1, 2)"},
    link="log",
    targets="zero or more",
    title="Tweedie deviance",
    aliases=("tweedie_deviance",),
    paper="M. C. K. Tweedie, An index which distinguishes between some important exponential families, 1984; "
    "deviance: B. Jørgensen, Exponential dispersion models, J. Royal Statistical Society B 49, 1987",
    year=1984,
    parents=("poisson", "gamma"),
    peers={"pytorch": "none", "keras": "none", "optax": "none"},
)
def tweedie(output, target, power=1.5):
    """Half the deviance of an amount that is often exactly 0, such as an insurance claim; its variance is mean^p.

    Between Poisson (p → 1) and gamma (p → 2): y^(2-p) (expm1((2-p) d)/(2-p) - expm1((1-p) d)/(1-p)), d = z - log y,
    and exp((2-p) z)/(2-p) where y = 0.
    """
    positive = where(target > 0.0, target, 1.0)
    size = log(positive)
    distance = output - size
    terms = expm1((2.0 - power) * distance) / (2.0 - power) - expm1((1.0 - power) * distance) / (1.0 - power)
    nothing = exp((2.0 - power) * output) / (2.0 - power)
    return where(target > 0.0, exp((2.0 - power) * size) * terms, nothing)
