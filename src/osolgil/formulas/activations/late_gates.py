"""Gates of the years after SiLU: f(x) = x · gate(x) with gates composed of softplus, tanh, exp and erf."""

from osolgil.formulas._vocabulary import absolute, erf, exp, log1p, maximum, minimum, tanh, where
from osolgil.formulas.catalog import add_activation

NOWHERE = {"pytorch": "not named", "keras": "not named", "optax": "not named"}


def mish_derivative(x):
    """f'(x) = g + x (1 - g²) σ(x) with the gate g = n/(n + d), so that 1 - g² = d(2n + d)/(n + d)²."""
    x = minimum(maximum(x, -1000.0), 1000.0)
    e = exp(-absolute(x))
    n = where(x >= 0.0, 1.0 + 2.0 * e, e * (e + 2.0))
    d = where(x >= 0.0, 2.0 * e * e, 2.0)
    sigmoid = where(x >= 0.0, 1.0, e) / (1.0 + e)
    return n / (n + d) + x * sigmoid * (d / (n + d)) * ((n + n + d) / (n + d))


@add_activation(
    slope=mish_derivative,
    title="Mish",
    paper="D. Misra, Mish: a self regularized non-monotonic activation function, arXiv:1908.08681, eq. 1",
    year=2019,
    parents=("silu", "softplus"),
    peers={"pytorch": "same", "keras": "same", "optax": "same (jax.nn.mish)"},
)
def mish(x):
    """A SiLU with a smoother gate: f(x) = x tanh(softplus(x)) = x n/(n + 2) with n = exp(x)(exp(x) + 2)."""
    e = exp(-absolute(x))
    n = where(x >= 0.0, 1.0 + 2.0 * e, e * (e + 2.0))
    d = where(x >= 0.0, 2.0 * e * e, 2.0)
    return maximum(x, -1000.0) * (n / (n + d))


def smish_derivative(x):
    """f'(x) = g + x · 4(1 + σ)/(n + 2)² · σ(x) σ(-x) with the gate g = n/(n + 2), n = σ(σ + 2)."""
    x = minimum(maximum(x, -1000.0), 1000.0)
    e = exp(-absolute(x))
    sigmoid = where(x >= 0.0, 1.0, e) / (1.0 + e)
    complement = where(x >= 0.0, e, 1.0) / (1.0 + e)
    n = sigmoid * (sigmoid + 2.0)
    return n / (n + 2.0) + x * sigmoid * complement * 4.0 * (1.0 + sigmoid) / ((n + 2.0) * (n + 2.0))


@add_activation(
    slope=smish_derivative,
    title="Smish",
    paper="X. Wang, H. Ren, A. Wang, Smish, Electronics 11 (4), 540, 2022, with α = β = 1",
    year=2022,
    parents=("mish", "sigmoid"),
    peers=NOWHERE,
)
def smish(x):
    """Mish of the sigmoid, which tends to 3x/5: f(x) = x tanh(log(1 + σ(x))) = x n/(n + 2) with n = σ(σ + 2)."""
    e = exp(-absolute(x))
    sigmoid = where(x >= 0.0, 1.0, e) / (1.0 + e)
    n = sigmoid * (sigmoid + 2.0)
    return maximum(x, -1000.0) * (n / (n + 2.0))


def golu_derivative(x):
    """f'(x) = g (1 + x exp(-x)) with the gate g = exp(-exp(-x))."""
    x = minimum(maximum(x, -10.0), 1000.0)
    e = exp(-x)
    return exp(-e) * (1.0 + x * e)


@add_activation(
    slope=golu_derivative,
    title="GoLU",
    aliases=("gompertz_linear_unit",),
    paper="I. Das, M. Safari, S. Adriaensen, F. Hutter, Gompertz linear units, arXiv:2502.03654",
    year=2025,
    parents=("gelu", "silu"),
    peers=NOWHERE,
)
def golu(x):
    """Weighs x by Gompertz's law of growth, which rises late on the left and early on the right: f(x) = x exp(-exp(-x))."""  # noqa: E501
    return maximum(x, -10.0) * exp(-exp(-maximum(x, -10.0)))


def tanh_exp_derivative(x):
    """f'(x) = tanh(e) + x e (1 - tanh²(e)) with e = exp(x)."""
    x = minimum(maximum(x, -1000.0), 10.0)
    e = exp(x)
    q = exp(-2.0 * e)
    return tanh(e) + x * e * (4.0 * q / ((1.0 + q) * (1.0 + q)))


@add_activation(
    slope=tanh_exp_derivative,
    title="TanhExp",
    aliases=("telu",),
    paper="X. Liu, X. Di, arXiv:2003.09855; again as TeLU: A. Fernandez, A. Mali, arXiv:2412.20269",
    year=2020,
    parents=("silu", "tanh"),
    peers=NOWHERE,
)
def tanh_exp(x):
    """A gate that opens at once on the right, so that it is nearly a ReLU from 1 on: f(x) = x tanh(exp(x))."""
    return maximum(x, -1000.0) * tanh(exp(minimum(x, 10.0)))


def serf_derivative(x):
    """f'(x) = erf(s) + x · 2/√π exp(-s²) σ(x) with s = softplus(x)."""
    x = minimum(maximum(x, -1000.0), 1000.0)
    e = exp(-absolute(x))
    s = maximum(x, 0.0) + log1p(e)
    sigmoid = where(x >= 0.0, 1.0, e) / (1.0 + e)
    return erf(s) + x * (1.1283791670955125738961589031215 * exp(-s * s) * sigmoid)


@add_activation(
    slope=serf_derivative,
    title="Serf",
    paper="S. Nag, M. Bhattacharyya, SERF, arXiv:2108.09598",
    year=2021,
    parents=("mish", "erf"),
    peers=NOWHERE,
)
def serf(x):
    """Mish with the error function for its tanh: f(x) = x erf(softplus(x))."""
    return maximum(x, -1000.0) * erf(maximum(x, 0.0) + log1p(exp(-absolute(x))))


def lisht_derivative(x):
    """f'(x) = tanh(x) + x (1 - tanh²(x))."""
    x = minimum(maximum(x, -1000.0), 1000.0)
    e = exp(-2.0 * absolute(x))
    return tanh(x) + x * (4.0 * e / ((1.0 + e) * (1.0 + e)))


@add_activation(
    slope=lisht_derivative,
    title="LiSHT",
    paper="S. K. Roy, S. Manna, S. R. Dubey, B. B. Chaudhuri, LiSHT, arXiv:1901.05894",
    year=2019,
    parents=("tanh",),
    peers=NOWHERE,
)
def lisht(x):
    """A smooth |x|: the input weighed by its own tanh, f(x) = x tanh(x)."""
    return x * tanh(x)
