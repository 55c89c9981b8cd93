"""Shrinking: small inputs are taken for noise and set to nothing, as wavelet shrinkage does."""

from osolgil.formulas._vocabulary import absolute, maximum, minimum, tanh, where
from osolgil.formulas.catalog import add_activation


def hard_shrink_derivative(x, threshold=0.5):
    """f'(x) = 1 for |x| above the threshold, else 0."""
    return where(absolute(x) > threshold, 1.0, where(x == x, 0.0, x))


@add_activation(
    slope=hard_shrink_derivative,
    limits={"threshold": "[0, inf)"},
    title="Hard shrink",
    paper="D. Donoho, I. Johnstone, Ideal spatial adaptation by wavelet shrinkage, Biometrika 81, 1994",
    year=1994,
    parents=("identity",),
    peers={"pytorch": "same (lambd=0.5)", "keras": "same (threshold=0.5)", "optax": "not named"},
)
def hard_shrink(x, threshold=0.5):
    """Keeps what is large as it is and drops the rest: f(x) = x for |x| above the threshold, else 0."""
    return where(absolute(x) > threshold, x, where(x == x, 0.0, x))


def soft_shrink_derivative(x, threshold=0.5):
    """f'(x) = 1 for |x| above the threshold, else 0."""
    return where(absolute(x) > threshold, 1.0, where(x == x, 0.0, x))


@add_activation(
    slope=soft_shrink_derivative,
    limits={"threshold": "[0, inf)"},
    title="Soft shrink",
    aliases=("soft_threshold",),
    paper="D. Donoho, De-noising by soft-thresholding, IEEE Trans. Information Theory 41, 1995",
    year=1995,
    parents=("hard_shrink",),
    peers={"pytorch": "same (lambd=0.5)", "keras": "same (threshold=0.5)", "optax": "not named"},
)
def soft_shrink(x, threshold=0.5):
    """Moves everything towards zero by the threshold: f(x) = x - clip(x, ±threshold), the proximal map of |x|."""
    return x - minimum(maximum(x, -threshold), threshold)


def tanhshrink_derivative(x):
    """f'(x) = tanh²(x)."""
    return tanh(x) * tanh(x)


@add_activation(
    slope=tanhshrink_derivative,
    title="Tanhshrink",
    aliases=("tanh_shrink",),
    paper="R. Collobert, K. Kavukcuoglu, C. Farabet, Torch7, NIPS BigLearn workshop, 2011",
    year=2011,
    parents=("soft_shrink", "tanh"),
    peers={"pytorch": "same", "keras": "same", "optax": "not named"},
)
def tanhshrink(x):
    """A smooth shrink: f(x) = x - tanh(x), below 2 by Lambert's continued fraction of tanh, where x - tanh(x) cancels."""  # noqa: E501
    y = minimum(absolute(x), 2.0)
    y = y * y
    c = y / (15.0 + y / (17.0 + y / (19.0 + y / (21.0 + y / (23.0 + y / 25.0)))))
    c = y / (3.0 + y / (5.0 + y / (7.0 + y / (9.0 + y / (11.0 + y / (13.0 + c))))))
    return where(absolute(x) < 2.0, x * (c / (1.0 + c)), x - tanh(x))
