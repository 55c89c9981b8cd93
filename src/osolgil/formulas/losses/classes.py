"""Losses of one class among several: of a row of logits, whose target is 1 for the true class and 0 elsewhere.

All but the cosine loss see a row through log p, the logarithms of its softmax: log p_j = z_j - log Σ exp(z). The
normaliser stays in two parts, the largest logit m and log Σ exp(z - m): beside a huge m the second would be lost.
"""

from osolgil.formulas._vocabulary import (
    exp,
    expm1,
    log,
    logsumexp_above,
    maximum,
    row_dot,
    row_maximum,
    row_norm,
    row_size,
    where,
)
from osolgil.formulas.catalog import add_loss

FOCAL = "T.-Y. Lin, P. Goyal, R. Girshick, K. He, P. Dollár, arXiv:1708.02002, eq. 4"
SMOOTHING = "C. Szegedy, V. Vanhoucke, S. Ioffe, J. Shlens, Z. Wojna, arXiv:1512.00567, section 7"


def softmax_statistic(logits, targets):
    """The largest logit m, log Σ_j exp(z_j - m), and each class's share of an even distribution, 1/K."""
    return row_maximum(logits), logsumexp_above(logits), 1.0 / row_size(logits)


def softmax_cross_entropy_derivative(logit, target, largest, log_excess, share, label_smoothing=0.0):
    """∂/∂z_j = softmax(z)_j - y_j, with the smoothed target y."""
    return exp((logit - largest) - log_excess) - (target + label_smoothing * (share - target))


@add_loss(
    slope=softmax_cross_entropy_derivative,
    statistic=softmax_statistic,
    tasks=("classification",),
    convex=True,
    limits={"label_smoothing": "[0, 1)"},
    title="Softmax cross-entropy",
    aliases=("cross_entropy", "categorical_cross_entropy"),
    paper="J. Bridle, Probabilistic interpretation of feedforward classification network outputs, 1990; "
    f"label smoothing: {SMOOTHING}",
    year=1990,
    peers={
        "pytorch": "same (torch.nn.CrossEntropyLoss)",
        "keras": "same (from_logits=True)",
        "optax": "same (softmax_cross_entropy after smooth_labels)",
    },
)
def softmax_cross_entropy(logit, target, largest, log_excess, share, label_smoothing=0.0):
    """Surprise at the true class: -Σ_j y_j log softmax(z)_j = Σ_j y_j (log Σ exp(z) - z_j).

    Label smoothing s hands the share s of the target evenly to all classes, y_j = (1 - s) y_j + s/K, so that
    no logit gains from growing without end.
    """
    return (target + label_smoothing * (share - target)) * ((largest - logit) + log_excess)


@add_loss(
    slope=softmax_cross_entropy_derivative,
    statistic=softmax_statistic,
    tasks=("classification",),
    convex=True,
    limits={"label_smoothing": "[0, 1)"},
    title="Kullback–Leibler divergence",
    aliases=("kl", "kullback_leibler"),
    paper=f"S. Kullback, R. A. Leibler, On information and sufficiency, 1951; label smoothing: {SMOOTHING}",
    year=1951,
    parents=("softmax_cross_entropy",),
    peers={
        "pytorch": "same of log_softmax (torch.nn.KLDivLoss, reduction='batchmean')",
        "keras": "same of softmax, but for its clipping to 1e-7 (KLDivergence)",
        "optax": "same of log_softmax (kl_divergence)",
    },
)
def kl_divergence(logit, target, largest, log_excess, share, label_smoothing=0.0):
    """Cross-entropy less the target's own entropy, Σ_j y_j (log y_j - log p_j): 0 where the answer is the target.

    Its slopes are cross-entropy's, and so is its value unless labels are smoothed.
    """
    smoothed = target + label_smoothing * (share - target)
    entropy = smoothed * log(where(smoothed > 0.0, smoothed, 1.0))
    return entropy + smoothed * ((largest - logit) + log_excess)


def true_class_statistic(logits, targets):
    """The largest logit m, log Σ_j exp(z_j - m), and the logarithm of the true class's probability."""
    largest, log_excess = row_maximum(logits), logsumexp_above(logits)
    return largest, log_excess, (row_dot(logits, targets) - largest) - log_excess


def softmax_focal_derivative(logit, target, largest, log_excess, log_true, gamma=2.0):
    """∂/∂z_j = (1 - p)^γ (γ p log p/(1 - p) - 1) (y_j - p_j), with p of the true class."""
    miss = maximum(-expm1(log_true), 1e-37)
    slope = exp(gamma * log(miss)) * (gamma * exp(log_true) * log_true / miss - 1.0)
    return slope * (target - exp((logit - largest) - log_excess))


@add_loss(
    slope=softmax_focal_derivative,
    statistic=true_class_statistic,
    tasks=("classification",),
    limits={"gamma": "[0, inf)"},
    title="Focal loss of a softmax",
    aliases=("categorical_focal",),
    paper=FOCAL,
    year=2017,
    parents=("softmax_cross_entropy", "focal"),
    peers={
        "pytorch": "none",
        "keras": "same without its factor alpha=0.25 (CategoricalFocalCrossentropy, from_logits=True)",
        "optax": "none",
    },
)
def softmax_focal(logit, target, largest, log_excess, log_true, gamma=2.0):
    """Cross-entropy that turns away from rows already right: -(1 - p)^γ log p, with p of the true class."""
    miss = maximum(-expm1(log_true), 1e-37)
    return -target * exp(gamma * log(miss)) * log_true


def poly_cross_entropy_derivative(logit, target, largest, log_excess, log_true, epsilon=2.0):
    """∂/∂z_j = -(1 + ε p) (y_j - p_j), with p of the true class."""
    return -(1.0 + epsilon * exp(log_true)) * (target - exp((logit - largest) - log_excess))


@add_loss(
    slope=poly_cross_entropy_derivative,
    statistic=true_class_statistic,
    tasks=("classification",),
    limits={"epsilon": "(-1, inf)"},
    title="Poly-1 cross-entropy",
    aliases=("poly", "poly_loss"),
    paper="Z. Leng, M. Tan, C. Liu, E. D. Cubuk, X. Shi, S. Cheng, D. Anguelov, arXiv:2204.12511, eq. 7",
    year=2022,
    parents=("softmax_cross_entropy",),
    peers={"pytorch": "none", "keras": "none", "optax": "same (poly_loss_cross_entropy, epsilon=2)"},
)
def poly_cross_entropy(logit, target, largest, log_excess, log_true, epsilon=2.0):
    """Cross-entropy with the first term of its Taylor series in 1 - p changed by ε: -log p + ε (1 - p)."""
    return target * (-log_true - epsilon * expm1(log_true))


def cosine_statistic(outputs, targets):
    """The lengths of a row's outputs and targets (1 for a row of zeros), and the cosine between them."""
    output, target = row_norm(outputs), row_norm(targets)
    output, target = where(output > 0.0, output, 1.0), where(target > 0.0, target, 1.0)
    return output, target, row_dot(outputs, targets) / output / target


def cosine_derivative(output, target, output_length, target_length, alignment):
    """∂/∂z_j = (cos · z_j/‖z‖ - y_j/‖y‖)/‖z‖."""
    return (alignment * (output / output_length) - target / target_length) / output_length


@add_loss(
    slope=cosine_derivative,
    statistic=cosine_statistic,
    tasks=("classification",),
    title="Cosine loss",
    aliases=("cosine_similarity", "cosine_distance"),
    paper="B. Barz, J. Denzler, Deep learning on small datasets without pre-training using cosine loss, "
    "arXiv:1901.09054, eq. 4",
    year=2019,
    peers={
        "pytorch": "same (CosineEmbeddingLoss with label 1)",
        "keras": "the negative cosine, without the 1 (CosineSimilarity)",
        "optax": "same (cosine_distance)",
    },
)
def cosine(output, target, output_length, target_length, alignment):
    """One minus the cosine between output and target: 1 - z·y/(‖z‖‖y‖), which no length of the output changes.

    A row of zeros has no direction; it is given the cosine 0 and a slope towards the target.
    """
    direction = target / target_length
    return direction * (direction - output / output_length)
