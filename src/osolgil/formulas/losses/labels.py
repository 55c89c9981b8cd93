"""Losses of yes-or-no targets, one per output: of two classes, one class against the rest, or several labels.

The target y is 1 or 0; s = 2y - 1 is its sign, and s z the margin: positive where the output is on the right side.
"""

from osolgil.formulas._vocabulary import absolute, exp, log1p, maximum, where
from osolgil.formulas.catalog import add_loss
from osolgil.formulas.losses.classes import FOCAL

TASKS = ("classification", "multi-label")


def binary_cross_entropy_derivative(logit, target):
    """∂/∂z = σ(z) - y = (1 - y) σ(z) - y σ(-z), which keeps its digits when σ(z) is nearly y."""
    e = exp(-absolute(logit))
    positive = where(logit >= 0.0, 1.0, e) / (1.0 + e)
    negative = where(logit >= 0.0, e, 1.0) / (1.0 + e)
    return (1.0 - target) * positive - target * negative


@add_loss(
    slope=binary_cross_entropy_derivative,
    tasks=TASKS,
    convex=True,
    title="Binary cross-entropy",
    aliases=("log_loss", "sigmoid_cross_entropy", "multi_label_cross_entropy"),
    paper="I. J. Good, Rational decisions, J. Royal Statistical Society B 14, 1952",
    year=1952,
    peers={
        "pytorch": "mean instead of sum over outputs (torch.nn.BCEWithLogitsLoss)",
        "keras": "mean instead of sum over outputs (from_logits=True)",
        "optax": "same per element (sigmoid_binary_cross_entropy)",
    },
)
def binary_cross_entropy(logit, target):
    """Surprise at each yes-or-no target: max(z, 0) - z y + log(1 + exp(-|z|)), with z the logit."""
    return maximum(logit, 0.0) - logit * target + log1p(exp(-absolute(logit)))


def focal_derivative(logit, target, gamma=2.0):
    """∂/∂z: for y = 1 it is -(1 - p)^γ (1 - p - γ p log p), p = σ(z); for y = 0 the mirror image."""
    e = exp(-absolute(logit))
    rest = log1p(e)
    yes, no = where(logit >= 0.0, 1.0, e) / (1.0 + e), where(logit >= 0.0, e, 1.0) / (1.0 + e)
    surprise_of_yes, surprise_of_no = maximum(-logit, 0.0) + rest, maximum(logit, 0.0) + rest
    at_yes = exp(-gamma * surprise_of_no) * (gamma * yes * surprise_of_yes + no)
    at_no = exp(-gamma * surprise_of_yes) * (gamma * no * surprise_of_no + yes)
    return (1.0 - target) * at_no - target * at_yes


@add_loss(
    slope=focal_derivative,
    tasks=TASKS,
    limits={"gamma": "[0, inf)"},
    title="Focal loss",
    aliases=("binary_focal", "sigmoid_focal"),
    paper=FOCAL,
    year=2017,
    parents=("binary_cross_entropy",),
    peers={
        "pytorch": "torchvision's sigmoid_focal_loss with alpha=-1",
        "keras": "mean instead of sum over outputs (BinaryFocalCrossentropy, from_logits=True)",
        "optax": "same per element (sigmoid_focal_loss)",
    },
)
def focal(logit, target, gamma=2.0):
    """Binary cross-entropy that turns away from answers already right: (1 - p)^γ (-log p), p of the right answer.

    The paper's factor α, a weight of the rare answer, is left to sample weights.
    """
    rest = log1p(exp(-absolute(logit)))
    surprise_of_yes, surprise_of_no = maximum(-logit, 0.0) + rest, maximum(logit, 0.0) + rest
    at_yes = exp(-gamma * surprise_of_no) * surprise_of_yes
    return target * at_yes + (1.0 - target) * exp(-gamma * surprise_of_yes) * surprise_of_no


def hinge_derivative(output, target):
    """∂/∂z = -s where s z < 1, else 0."""
    sign = 2.0 * target - 1.0
    short = 1.0 - sign * output
    return where(short > 0.0, -sign, where(short == short, 0.0, short))


@add_loss(
    slope=hinge_derivative,
    tasks=TASKS,
    convex=True,
    title="Hinge loss",
    paper="C. Cortes, V. Vapnik, Support-vector networks, Machine Learning 20, 1995, eq. 13; one class against "
    "the rest: R. Rifkin, A. Klautau, J. Machine Learning Research 5, 2004",
    year=1995,
    parents=("perceptron",),
    peers={
        "pytorch": "none (MultiMarginLoss compares classes with each other)",
        "keras": "mean instead of sum over outputs (Hinge)",
        "optax": "same per element, with targets of -1 and 1 (hinge_loss)",
    },
)
def hinge(output, target):
    """What a margin lacks to 1: max(0, 1 - s z); an answer right by more than 1 is left alone."""
    return maximum(1.0 - (2.0 * target - 1.0) * output, 0.0)


def squared_hinge_derivative(output, target):
    """∂/∂z = -2 s max(0, 1 - s z)."""
    sign = 2.0 * target - 1.0
    return -2.0 * sign * maximum(1.0 - sign * output, 0.0)


@add_loss(
    slope=squared_hinge_derivative,
    tasks=TASKS,
    convex=True,
    title="Squared hinge loss",
    paper="Y. Tang, Deep learning using linear support vector machines, arXiv:1306.0239, eq. 5",
    year=2013,
    parents=("hinge",),
    peers={
        "pytorch": "none",
        "keras": "mean instead of sum over outputs (SquaredHinge)",
        "optax": "none",
    },
)
def squared_hinge(output, target):
    """The square of what a margin lacks to 1, which has no kink: max(0, 1 - s z)²."""
    short = maximum(1.0 - (2.0 * target - 1.0) * output, 0.0)
    return short * short


def perceptron_derivative(output, target):
    """∂/∂z = -s where s z ≤ 0, else 0; at 0 as well, or Rosenblatt's rule would never leave its first weights."""
    sign = 2.0 * target - 1.0
    margin = sign * output
    return where(margin <= 0.0, -sign, where(margin == margin, 0.0, margin))


@add_loss(
    slope=perceptron_derivative,
    tasks=TASKS,
    convex=True,
    title="Perceptron loss",
    paper="F. Rosenblatt, The perceptron, Psychological Review 65, 1958",
    year=1958,
    peers={
        "pytorch": "none",
        "keras": "none",
        "optax": "same per element, with targets of -1 and 1 (perceptron_loss)",
    },
)
def perceptron(output, target):
    """How far an output lies on the wrong side: max(0, -s z); its gradient is Rosenblatt's learning rule."""
    return maximum(-(2.0 * target - 1.0) * output, 0.0)
