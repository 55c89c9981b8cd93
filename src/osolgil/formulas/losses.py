"""Losses per output element, each beside its derivative with respect to the network's output.

A network's loss is the sum over its outputs, averaged over the rows of a batch. Classification losses take
logits: the softmax or sigmoid is part of the loss, where its exponentials cancel and cannot overflow.
"""

from osolgil.formulas._vocabulary import absolute, exp, log1p, logsumexp, maximum, where
from osolgil.formulas.catalog import add_loss


def softmax_statistic(logits):
    """log Σ_j exp(z_j), the log-normaliser of a row."""
    return logsumexp(logits)


def softmax_cross_entropy_derivative(logit, target, log_normaliser):
    """∂/∂z_j = softmax(z)_j - y_j."""
    return exp(logit - log_normaliser) - target


@add_loss(
    slope=softmax_cross_entropy_derivative,
    statistic=softmax_statistic,
    task="classification",
    title="Softmax cross-entropy",
    aliases=("cross_entropy", "categorical_cross_entropy"),
    paper="J. Bridle, Probabilistic interpretation of feedforward classification network outputs, 1990",
    year=1990,
    peers={
        "pytorch": "same (torch.nn.CrossEntropyLoss)",
        "keras": "same (from_logits=True)",
        "optax": "same (softmax_cross_entropy)",
    },
)
def softmax_cross_entropy(logit, target, log_normaliser):
    """Surprise at the true class: -Σ_j y_j log softmax(z)_j = Σ_j y_j (log Σ exp(z) - z_j)."""
    return target * (log_normaliser - logit)


def binary_cross_entropy_derivative(logit, target):
    """∂/∂z = σ(z) - y = (1 - y) σ(z) - y σ(-z), which keeps its digits when σ(z) is nearly y."""
    e = exp(-absolute(logit))
    positive = where(logit >= 0.0, 1.0, e) / (1.0 + e)
    negative = where(logit >= 0.0, e, 1.0) / (1.0 + e)
    return (1.0 - target) * positive - target * negative


@add_loss(
    slope=binary_cross_entropy_derivative,
    task="classification",
    title="Binary cross-entropy",
    aliases=("log_loss", "sigmoid_cross_entropy"),
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


def squared_error_derivative(output, target):
    """∂/∂z = 2 (z - y)."""
    return 2.0 * (output - target)


@add_loss(
    slope=squared_error_derivative,
    task="regression",
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
    """Squared distance from the target: (z - y)²."""
    return (output - target) * (output - target)
