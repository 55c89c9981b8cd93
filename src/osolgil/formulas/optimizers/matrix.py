"""A weight is a matrix: its gradient's rows and columns are turned and stretched together, not element by element.

Shampoo and SOAP keep what gradients have in common as two Kronecker factors L = Σ G Gᵀ and R = Σ Gᵀ G; Muon
makes all singular values of the step alike. Roots and orthogonal factors come from products of matrices.
"""

from osolgil.formulas._vocabulary import (
    columns,
    identity,
    matmul,
    maximum,
    norm,
    orthonormal,
    rows,
    shaped_like,
    sqrt,
    transpose,
    where,
    wide,
)
from osolgil.formulas.catalog import add_optimizer


def muon_coefficients(t, learning_rate, momentum, weight_decay, vector_share, beta1, beta2, epsilon):
    """γ and momentum for matrices; AdamW's own rate, a share of γ, and its corrections for vectors."""
    rate = learning_rate * vector_share
    return (
        learning_rate,
        momentum,
        1.0 - learning_rate * weight_decay,
        rate / (1.0 - beta1**t),
        1.0 / sqrt(1.0 - beta2**t),
        1.0 - rate * weight_decay,
        beta1,
        beta2,
        epsilon,
    )


def muon_of_vectors(
    theta, gradient, mean, squares, vector_rate, root_correction, vector_kept, beta1, beta2, epsilon
):
    """Biases, gains and shifts: AdamW."""
    mean = beta1 * mean + (1.0 - beta1) * gradient
    squares = beta2 * squares + (1.0 - beta2) * (gradient * gradient)
    step = vector_rate * mean / (sqrt(squares) * root_correction + epsilon)
    return vector_kept * theta - step, mean, squares


@add_optimizer(
    scope="layer",
    vectors=muon_of_vectors,
    state=("mean", "squares"),
    shapes={"squares": ("rows", "columns")},
    defaults={
        "learning_rate": 0.02,
        "momentum": 0.95,
        "weight_decay": 0.0,
        "vector_share": 0.1,
        "beta1": 0.9,
        "beta2": 0.95,
        "epsilon": 1e-8,
    },
    coefficients=muon_coefficients,
    title="Muon",
    paper="K. Jordan et al., Muon: an optimizer for hidden layers in neural networks, 2024; theory: arXiv:2409.20325",
    year=2024,
    parents=("nesterov", "shampoo"),
    changes="Replaces Nesterov's step by the nearest matrix whose singular values are all about 1.",
    answers="A few directions dominate a weight's gradient, and rare ones hardly ever move.",
    peers={
        "pytorch": "same, but its Newton-Schulz runs in bfloat16 and it moves matrices only; λ = 0.1",
        "keras": "weights outside hidden layers go to Adam by name; iterates in the variable's precision",
        "optax": "the two parts of Nesterov's step are each freed of their start at 0; vectors: NadamW",
    },
)
def muon(theta, gradient, mean, learning_rate, momentum, kept):
    """Momentum made orthogonal: X = g (1 - ρ) + ρ m, five times X ← a X + (b XXᵀ + c (XXᵀ)²) X, θ ← θ - γ s X.

    The quintic's slope at 0 is as large as can be, so singular values end between 0.7 and 1.2, not at 1.
    s = √max(1, outputs/inputs). All weights are moved so, first and last layer included.
    """
    mean = momentum * mean + (1.0 - momentum) * gradient
    step = wide((1.0 - momentum) * gradient + momentum * mean)
    step = step / maximum(norm(step), 1e-7)
    for _ in range(5):
        gram = matmul(step, transpose(step))
        step = 3.4445 * step + matmul(2.0315 * matmul(gram, gram) - 4.775 * gram, step)
    size = sqrt(maximum(columns(theta) / rows(theta), 1.0))
    return kept * theta - learning_rate * size * shaped_like(step, theta), mean


def shampoo_coefficients(t, learning_rate, epsilon, interval):
    """Whether roots are computed anew: in each of the first steps, then after every `interval` steps.

    A root of few gradients would blow up what the next one has outside their span.
    """
    return learning_rate, epsilon, where((t <= interval) | (t % interval < 1.0), 1.0, 0.0)


def shampoo_of_vectors(theta, gradient, right, right_root, learning_rate, epsilon, refresh):
    """A vector has one factor, R = Σ g gᵀ, and takes its root: θ ← θ - γ R^(-1/2) g (Adagrad with a full matrix)."""
    right = right + matmul(transpose(gradient), gradient)
    if refresh > 0.0:
        size = maximum(norm(right), 1e-30)
        power = right / size + epsilon * identity(right)
        right_root = identity(right)
        for _ in range(30):
            turn = 1.5 * identity(right) - 0.5 * power
            right_root = matmul(right_root, turn)
            power = matmul(matmul(turn, turn), power)
        right_root = right_root / sqrt(size)
    return theta - learning_rate * matmul(gradient, right_root), right, right_root


@add_optimizer(
    scope="layer",
    vectors=shampoo_of_vectors,
    state=("left", "right", "left_root", "right_root"),
    shapes={
        "left": ("rows", "rows"),
        "right": ("columns", "columns"),
        "left_root": ("rows", "rows"),
        "right_root": ("columns", "columns"),
    },
    defaults={"learning_rate": 0.1, "epsilon": 1e-6, "interval": 10.0},
    coefficients=shampoo_coefficients,
    title="Shampoo",
    paper="V. Gupta, T. Koren, Y. Singer, arXiv:1802.09568; ridge and roots: R. Anil et al., arXiv:2002.09018, §3",
    year=2018,
    parents=("adagrad",),
    changes="Keeps the sums G Gᵀ and Gᵀ G instead of squares, and multiplies by their inverse fourth roots.",
    answers="Adagrad treats a weight's elements as strangers, though rows and columns move together.",
    peers={
        "pytorch": "not available (pytorch_optimizer.Shampoo adds ε once, not relative to |L|, and takes roots by SVD)",
        "keras": "not available",
        "optax": "not available",
    },
)
def shampoo(theta, gradient, left, right, left_root, right_root, learning_rate, epsilon, refresh):
    """Adagrad on both sides of a matrix: L ← L + G Gᵀ, R ← R + Gᵀ G, θ ← θ - γ L^(-1/4) G R^(-1/4).

    ε |L| is added to L, so that it has a root. The root is Newton's: X ← X T, M ← T⁴ M with T = (5 I - M)/4.
    """
    left = left + matmul(gradient, transpose(gradient))
    right = right + matmul(transpose(gradient), gradient)
    if refresh > 0.0:
        size = maximum(norm(left), 1e-30)
        power = left / size + epsilon * identity(left)
        left_root = identity(left)
        for _ in range(25):
            turn = 1.25 * identity(left) - 0.25 * power
            left_root = matmul(left_root, turn)
            turn = matmul(turn, turn)
            power = matmul(matmul(turn, turn), power)
        left_root = left_root / sqrt(sqrt(size))
        size = maximum(norm(right), 1e-30)
        power_right = right / size + epsilon * identity(right)
        right_root = identity(right)
        for _ in range(25):
            turn_right = 1.25 * identity(right) - 0.25 * power_right
            right_root = matmul(right_root, turn_right)
            turn_right = matmul(turn_right, turn_right)
            power_right = matmul(matmul(turn_right, turn_right), power_right)
        right_root = right_root / sqrt(sqrt(size))
    step = matmul(matmul(left_root, gradient), right_root)
    return theta - learning_rate * step, left, right, left_root, right_root


def soap_coefficients(t, learning_rate, beta1, beta2, epsilon, weight_decay, interval):
    """Adam's bias corrections, the share that decay keeps, and whether the bases are turned in this step."""
    return (
        learning_rate * sqrt(1.0 - beta2**t) / (1.0 - beta1**t),
        1.0 - learning_rate * weight_decay,
        beta1,
        beta2,
        epsilon,
        where(t % interval < 1.0, 1.0, 0.0),
    )


def soap_of_vectors(theta, gradient, mean, squares, step_size, kept, beta1, beta2, epsilon):
    """A vector has no factors: Adam with decay."""
    mean = beta1 * mean + (1.0 - beta1) * gradient
    squares = beta2 * squares + (1.0 - beta2) * (gradient * gradient)
    return kept * (theta - step_size * mean / (sqrt(squares) + epsilon)), mean, squares


@add_optimizer(
    scope="layer",
    vectors=soap_of_vectors,
    state=("mean", "squares", "left", "right", "left_basis", "right_basis"),
    shapes={
        "left": ("rows", "rows"),
        "right": ("columns", "columns"),
        "left_basis": ("rows", "rows"),
        "right_basis": ("columns", "columns"),
    },
    initial={"left_basis": "identity", "right_basis": "identity"},
    defaults={
        "learning_rate": 0.003,
        "beta1": 0.95,
        "beta2": 0.95,
        "epsilon": 1e-8,
        "weight_decay": 0.01,
        "interval": 10.0,
    },
    coefficients=soap_coefficients,
    title="SOAP",
    paper="N. Vyas et al., arXiv:2409.11321, Algorithms 3 and 4",
    year=2024,
    parents=("adamw", "shampoo"),
    changes="Runs Adam in the eigenbases of Shampoo's factors, which one power iteration follows.",
    answers="Shampoo's roots are costly, and between two of them it does not adapt at all.",
    peers={
        "pytorch": "not available (pytorch_optimizer.SOAP starts at the first gradient's eigenbasis; QR in float32)",
        "keras": "not available",
        "optax": "not available",
    },
)
def soap(
    theta, gradient, mean, squares, left, right, left_basis, right_basis, step_size, kept, beta1, beta2,
    epsilon, refresh,
):  # fmt: skip
    """Adam in Shampoo's eigenbases: with G' = Q_Lᵀ G Q_R, θ ← θ - γ Q_L m̂'/(√v̂ + ε) Q_Rᵀ, Q ← qr(L Q).

    The bases start as the identity, where SOAP is Adam, so that no basis is asked of a factor that has none yet.
    """
    mean = beta1 * mean + (1.0 - beta1) * gradient
    turned = matmul(matmul(transpose(left_basis), gradient), right_basis)
    squares = beta2 * squares + (1.0 - beta2) * (turned * turned)
    step = matmul(matmul(transpose(left_basis), mean), right_basis) / (sqrt(squares) + epsilon)
    moved = theta - step_size * matmul(matmul(left_basis, step), transpose(right_basis))
    left = beta2 * left + (1.0 - beta2) * matmul(gradient, transpose(gradient))
    right = beta2 * right + (1.0 - beta2) * matmul(transpose(gradient), gradient)
    if refresh > 0.0:
        left_basis = orthonormal(matmul(left, left_basis))
        right_basis = orthonormal(matmul(right, right_basis))
    return kept * moved, mean, squares, left, right, left_basis, right_basis
