"""Preconditioners that learn: the step's own factors are moved along a gradient until the steps are white.

White means that the preconditioned gradients are as large in every direction, and no two parameters go together.
"""

from osolgil.formulas._vocabulary import (
    absolute,
    column_maxima,
    columns,
    exp,
    longest_row,
    matmul,
    maximum,
    minimum,
    norm,
    row_maxima,
    rows,
    sqrt,
    transpose,
    triangular_quotient,
    upper_triangle,
    where,
)
from osolgil.formulas.catalog import add_optimizer


def kron_coefficients(
    t, waited, learning_rate, momentum, weight_decay, factor_rate, full_steps, decay, least_share, balancing
):
    """How many steps the factors have waited, the mean's correction, and what becomes of the factors in this step.

    They move in every step at first, then in a share of steps that falls to `least_share`; after every
    `balancing` steps both are made alike in size before.
    """
    share = maximum(exp(minimum(decay * (full_steps + 1.0 - t), 0.0)), least_share)
    refresh = where(waited + 1.0 >= 1.0 / share, 1.0, 0.0)
    return (
        where(refresh > 0.0, 0.0, waited + 1.0),
        learning_rate,
        momentum,
        1.0 / (1.0 - momentum**t),
        weight_decay,
        factor_rate,
        refresh,
        where(t % balancing < 1.0, refresh, 0.0),
    )


def kron_of_vectors(
    theta, gradient, mean, scale, noise, learning_rate, momentum, correction, factor_rate, refresh
):
    """A vector's factor is diagonal: q ← q - μ (a² - b²)/max(a² + b²) q with a = q m̂, b = v/q; θ ← θ - γ q² m̂."""
    mean = momentum * mean + (1.0 - momentum) * gradient
    direction = mean * correction
    if refresh > 0.0:
        turned = scale * direction
        inverse = noise / scale
        turned = turned * turned
        inverse = inverse * inverse
        rate = where(norm(direction) > 0.0, factor_rate, 0.0) / row_maxima(turned + inverse)
        scale = scale - rate * (turned - inverse) * scale
    step = scale * (scale * direction)
    size = norm(step) / sqrt(columns(theta))
    return theta - learning_rate * minimum(1.1 / (size + 1e-6), 1.0) * step, mean, scale, noise


@add_optimizer(
    scope="layer",
    vectors=kron_of_vectors,
    noise="noise",
    state=("mean", "left", "right", "scale", "noise"),
    shapes={"left": ("rows", "rows"), "right": ("columns", "columns"), "scale": ("rows", "columns")},
    initial={"left": "identity", "right": "identity", "scale": 1.0},
    carried={"waited": 0.0},
    defaults={
        "learning_rate": 0.001,
        "momentum": 0.9,
        "weight_decay": 0.0,
        "factor_rate": 0.1,
        "full_steps": 500.0,
        "decay": 0.001,
        "least_share": 0.03,
        "balancing": 100.0,
    },
    coefficients=kron_coefficients,
    title="Kron (PSGD)",
    aliases=("psgd", "psgd_kron"),
    paper="X.-L. Li, arXiv:1512.04202, §IV; triangular Kronecker factors, whitening: O. Pooladzandi, X.-L. Li, "
    "arXiv:2402.04553, Algorithm 1",
    year=2015,
    parents=("momentum", "adagrad"),
    changes="Learns triangular factors Q of the preconditioner Qᵀ Q by steps of their own along random probes.",
    answers="A sum of squares never forgets, and roots of whole matrices are costly and ill at ease in float32.",
    peers={
        "pytorch": "not available (pytorch_optimizer.Kron draws normal numbers, and solves in float32)",
        "keras": "not available",
        "optax": "not available",
    },
)
def kron(
    theta, gradient, mean, left, right, noise, learning_rate, momentum, correction, weight_decay, factor_rate,
    refresh, balance,
):  # fmt: skip
    """Momentum whitened on both sides: θ ← θ - γ Q_Lᵀ Q_L m̂ Q_Rᵀ Q_R, no longer than 1.1 per element on average.

    Both factors seek E[A Aᵀ] = E[B Bᵀ], where A = Q_L m̂ Q_Rᵀ and B = Q_L^(-T) V Q_R^(-1) with random signs V:
    Q_L ← Q_L - μ/|A Aᵀ + B Bᵀ| triu(A Aᵀ - B Bᵀ) Q_L, and Q_R with Aᵀ A and Bᵀ B. The spectral norm |…| is its
    lower bound from one power iteration that starts at the longest row.
    """
    mean = momentum * mean + (1.0 - momentum) * gradient
    direction = mean * correction
    if balance > 0.0:
        share = sqrt(column_maxima(row_maxima(absolute(right))) / column_maxima(row_maxima(absolute(left))))
        left = left * share
        right = right / share
    if refresh > 0.0:
        rate = where(norm(direction) > 0.0, factor_rate, 0.0)
        turned = matmul(matmul(left, direction), transpose(right))
        inverse = transpose(triangular_quotient(noise, right))
        inverse = transpose(triangular_quotient(inverse, left))
        seen = matmul(turned, transpose(turned))
        drawn = matmul(inverse, transpose(inverse))
        largest = column_maxima(row_maxima(absolute(seen + drawn)))
        total = (seen + drawn) / largest
        line = matmul(longest_row(total), total)
        bound = largest * (norm(matmul(line, total)) / norm(line))
        seen_right = matmul(transpose(turned), turned)
        drawn_right = matmul(transpose(inverse), inverse)
        largest = column_maxima(row_maxima(absolute(seen_right + drawn_right)))
        total_right = (seen_right + drawn_right) / largest
        line_right = matmul(longest_row(total_right), total_right)
        bound_right = largest * (norm(matmul(line_right, total_right)) / norm(line_right))
        left = left - matmul(upper_triangle(rate / bound * (seen - drawn)), left)
        right = right - matmul(upper_triangle(rate / bound_right * (seen_right - drawn_right)), right)
    step = matmul(transpose(left), matmul(matmul(left, direction), transpose(right)))
    step = matmul(step, right)
    size = norm(step) / sqrt(rows(theta) * columns(theta))
    step = minimum(1.1 / (size + 1e-6), 1.0) * step
    return theta - learning_rate * (step + weight_decay * theta), mean, left, right, noise
