"""Losses of numbers, of the error z - y: how much a large error weighs, and whether both sides weigh the same."""

from osolgil.formulas._vocabulary import absolute, exp, expm1, log1p, maximum, minimum, sign, tanh, where
from osolgil.formulas.catalog import add_loss

REGRESSION = ("regression",)
MEAN_OVER_OUTPUTS = "mean instead of sum over outputs"


def squared_error_derivative(output, target):
    """∂/∂z = 2 (z - y)."""
    return 2.0 * (output - target)


@add_loss(
    slope=squared_error_derivative,
    tasks=REGRESSION,
    convex=True,
    title="Squared error",
    aliases=("mean_squared_error", "mse"),
    paper="A.-M. Legendre, Nouvelles méthodes pour la détermination des orbites des comètes, 1805",
    year=1805,
    peers={
        "pytorch": "mean instead of sum over outputs (torch.nn.MSELoss)",
        "keras": "mean instead of sum over outputs",
        "optax": "same per element (squared_error)",
    },
)
def squared_error(output, target):
    """Squared distance from the target: (z - y)²; the best constant is the mean."""
    return (output - target) * (output - target)


def absolute_error_derivative(output, target):
    """∂/∂z = sign(z - y), 0 at the target."""
    return sign(output - target)


@add_loss(
    slope=absolute_error_derivative,
    tasks=REGRESSION,
    convex=True,
    title="Absolute error",
    aliases=("mean_absolute_error", "mae", "l1"),
    paper="R. J. Boscovich, De litteraria expeditione per pontificiam ditionem, 1757",
    year=1757,
    peers={
        "pytorch": f"{MEAN_OVER_OUTPUTS} (torch.nn.L1Loss)",
        "keras": f"{MEAN_OVER_OUTPUTS} (MeanAbsoluteError)",
        "optax": "none of its own (huber_loss minus its quadratic part)",
    },
)
def absolute_error(output, target):
    """Distance from the target: |z - y|; the best constant is the median, which outliers hardly move."""
    return absolute(output - target)


def huber_derivative(output, target, delta=1.0):
    """∂/∂z = the error, cut off at -δ and δ."""
    return minimum(maximum(output - target, -delta), delta)


@add_loss(
    slope=huber_derivative,
    tasks=REGRESSION,
    convex=True,
    limits={"delta": "(0, inf)"},
    title="Huber loss",
    paper="P. J. Huber, Robust estimation of a location parameter, Annals of Math. Statistics 35, 1964",
    year=1964,
    parents=("squared_error", "absolute_error"),
    peers={
        "pytorch": f"{MEAN_OVER_OUTPUTS} (torch.nn.HuberLoss, delta=1)",
        "keras": f"{MEAN_OVER_OUTPUTS} (Huber, delta=1)",
        "optax": "same per element (huber_loss, delta=1)",
    },
)
def huber(output, target, delta=1.0):
    """Squared for small errors, straight for those beyond δ: e²/2 or δ (|e| - δ/2)."""
    error = absolute(output - target)
    near = minimum(error, delta)
    return near * (error - 0.5 * near)


def smooth_l1_derivative(output, target, beta=1.0):
    """∂/∂z = the error over β, cut off at -1 and 1."""
    return minimum(maximum((output - target) / beta, -1.0), 1.0)


@add_loss(
    slope=smooth_l1_derivative,
    tasks=REGRESSION,
    convex=True,
    limits={"beta": "(0, inf)"},
    title="Smooth L1",
    paper="R. Girshick, Fast R-CNN, arXiv:1504.08083, eq. 3",
    year=2015,
    parents=("huber",),
    peers={
        "pytorch": f"{MEAN_OVER_OUTPUTS} (torch.nn.SmoothL1Loss, beta=1)",
        "keras": "none (Huber over delta)",
        "optax": "none (huber_loss over delta)",
    },
)
def smooth_l1(output, target, beta=1.0):
    """Huber's loss over β, so that far slopes stay 1 whatever β: e²/(2β) or |e| - β/2."""
    error = absolute(output - target)
    near = minimum(error, beta)
    return near / beta * (error - 0.5 * near)


def log_cosh_derivative(output, target):
    """∂/∂z = tanh(z - y)."""
    return tanh(output - target)


@add_loss(
    slope=log_cosh_derivative,
    tasks=REGRESSION,
    convex=True,
    title="Log-cosh",
    aliases=("logcosh",),
    paper="P. J. Green, IEEE Trans. Medical Imaging 9, 1990, section V; R. A. Saleh, A. Saleh, arXiv:2208.04564",
    year=1990,
    parents=("huber",),
    peers={
        "pytorch": "none",
        "keras": f"{MEAN_OVER_OUTPUTS} (LogCosh)",
        "optax": "same per element (log_cosh)",
    },
)
def log_cosh(output, target):
    """A Huber loss without a seam: log cosh(z - y), e²/2 near 0 and |e| - log 2 far off.

    Up to |e| = 1 it is log1p(cosh e - 1) with cosh e - 1 = expm1(-|e|)² exp(|e|)/2, which keeps its digits.
    """
    error = absolute(output - target)
    small = minimum(error, 1.0)
    miss = expm1(-small)
    far = error + log1p(exp(-2.0 * error)) - 0.69314718055994530941723212145818
    return where(error <= 1.0, log1p(0.5 * miss * miss * exp(small)), far)


def pinball_derivative(output, target, quantile=0.5):
    """∂/∂z = -q below the target, 1 - q above, 0 at it."""
    missing = target - output
    return where(missing > 0.0, -quantile, where(missing < 0.0, 1.0 - quantile, missing))


@add_loss(
    slope=pinball_derivative,
    tasks=REGRESSION,
    convex=True,
    limits={"quantile": "(0, 1)"},
    title="Pinball loss",
    aliases=("quantile", "quantile_loss"),
    paper="R. Koenker, G. Bassett, Regression quantiles, Econometrica 46, 1978",
    year=1978,
    parents=("absolute_error",),
    peers={"pytorch": "none", "keras": "none", "optax": "none"},
)
def pinball(output, target, quantile=0.5):
    """Too low costs q, too high 1 - q per unit: max(q (y - z), (q - 1)(y - z)); the best constant is the q-quantile."""
    missing = target - output
    return maximum(quantile * missing, (quantile - 1.0) * missing)


def expectile_derivative(output, target, quantile=0.5):
    """∂/∂z = -2 q (y - z) below the target, -2 (1 - q)(y - z) above."""
    missing = target - output
    return -2.0 * where(missing > 0.0, quantile, 1.0 - quantile) * missing


@add_loss(
    slope=expectile_derivative,
    tasks=REGRESSION,
    convex=True,
    limits={"quantile": "(0, 1)"},
    title="Expectile loss",
    aliases=("asymmetric_squared_error",),
    paper="W. K. Newey, J. L. Powell, Asymmetric least squares, Econometrica 55, 1987",
    year=1987,
    parents=("pinball", "squared_error"),
    peers={"pytorch": "none", "keras": "none", "optax": "none"},
)
def expectile(output, target, quantile=0.5):
    """Squared error that weighs q where the output is too low and 1 - q where it is too high."""
    missing = target - output
    return where(missing > 0.0, quantile, 1.0 - quantile) * missing * missing


def epsilon_insensitive_derivative(output, target, epsilon=0.1):
    """∂/∂z = sign(z - y) beyond ε, else 0."""
    error = output - target
    return where(absolute(error) > epsilon, sign(error), where(error == error, 0.0, error))


@add_loss(
    slope=epsilon_insensitive_derivative,
    tasks=REGRESSION,
    convex=True,
    limits={"epsilon": "[0, inf)"},
    title="Epsilon-insensitive loss",
    paper="V. Vapnik, The Nature of Statistical Learning Theory, 1995, section 6.1",
    year=1995,
    parents=("absolute_error",),
    peers={"pytorch": "none", "keras": "none", "optax": "none"},
)
def epsilon_insensitive(output, target, epsilon=0.1):
    """Errors up to ε cost nothing: max(0, |z - y| - ε), the loss of support-vector regression."""
    return maximum(absolute(output - target) - epsilon, 0.0)


def squared_epsilon_insensitive_derivative(output, target, epsilon=0.1):
    """∂/∂z = 2 sign(z - y) max(0, |z - y| - ε)."""
    error = output - target
    return 2.0 * sign(error) * maximum(absolute(error) - epsilon, 0.0)


@add_loss(
    slope=squared_epsilon_insensitive_derivative,
    tasks=REGRESSION,
    convex=True,
    limits={"epsilon": "[0, inf)"},
    title="Squared epsilon-insensitive loss",
    paper="C.-H. Ho, C.-J. Lin, Large-scale linear support vector regression, JMLR 13, 2012, eq. 4",
    year=2012,
    parents=("epsilon_insensitive", "squared_error"),
    peers={"pytorch": "none", "keras": "none", "optax": "none"},
)
def squared_epsilon_insensitive(output, target, epsilon=0.1):
    """The square of what an error exceeds ε by: max(0, |z - y| - ε)²."""
    beyond = maximum(absolute(output - target) - epsilon, 0.0)
    return beyond * beyond
