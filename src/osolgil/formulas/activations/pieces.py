"""Activations of several pieces: an output has k rows of weights, whose pre-activations are folded into one value.

A layer of such an activation has k times the weights. Its k pre-activations of an output stand side by side:
column k · j + i of the weights is piece i of output j.
"""

from osolgil.formulas._vocabulary import absolute, erfc, exp, maximum, minimum, sqrt, where
from osolgil.formulas.catalog import add_activation

SHAZEER = "N. Shazeer, GLU variants improve transformer, arXiv:2002.05202, eq. 5"
DAUPHIN = "Y. Dauphin, A. Fan, M. Auli, D. Grangier, arXiv:1612.08083, eq. 1"
HALVES = (
    "as a function of the two pieces (the library splits an axis in halves, here they stand side by side)"
)


def maxout_derivatives(first, second):
    """1 by the larger, 0 by the other; the first where both are equal."""
    chosen = where(first >= second, 1.0, 0.0)
    return where(second == second, chosen, second), where(first == first, 1.0 - chosen, first)


@add_activation(
    kind="pieces",
    slope=maxout_derivatives,
    pieces=2,
    most_pieces=16,
    title="Maxout",
    paper="I. Goodfellow, D. Warde-Farley, M. Mirza, A. Courville, Y. Bengio, arXiv:1302.4389, eq. 1",
    year=2013,
    parents=("relu",),
    peers={"pytorch": "not named", "keras": "not named", "optax": "not named"},
)
def maxout(first, second):
    """The largest of k straight lines, which learns its own convex shape: f(x₁, …, x_k) = max x_i, k = pieces."""
    return where(second > first, second, where(second == second, first, second))


def glu_derivatives(value, gate):
    """∂/∂a = σ(b), ∂/∂b = a σ(b) σ(-b)."""
    e = exp(-absolute(gate))
    opened = where(gate >= 0.0, 1.0, e) / (1.0 + e)
    closed = where(gate >= 0.0, e, 1.0) / (1.0 + e)
    return opened, value * (opened * closed)


@add_activation(
    kind="pieces",
    slope=glu_derivatives,
    pieces=2,
    title="GLU",
    aliases=("gated_linear_unit",),
    paper=DAUPHIN,
    year=2016,
    parents=("sigmoid", "identity"),
    peers={"pytorch": f"same {HALVES}", "keras": f"same {HALVES}", "optax": f"same {HALVES}"},
)
def glu(value, gate):
    """A linear unit that a second one lets through or not: f(a, b) = a σ(b)."""
    e = exp(-absolute(gate))
    return value * (where(gate >= 0.0, 1.0, e) / (1.0 + e))


def bilinear_derivatives(first, second):
    """∂/∂a = b, ∂/∂b = a."""
    return second, first


@add_activation(
    kind="pieces",
    slope=bilinear_derivatives,
    pieces=2,
    title="Bilinear unit",
    paper=SHAZEER,
    year=2020,
    parents=("glu",),
    peers={"pytorch": "not named", "keras": "not named", "optax": "not named"},
)
def bilinear(first, second):
    """A gated unit without a squash, so that a layer is a quadratic form: f(a, b) = a b."""
    return first * second


def reglu_derivatives(value, gate):
    """∂/∂a = max(b, 0), ∂/∂b = a for b > 0, else 0."""
    return maximum(gate, 0.0), where(gate > 0.0, value, where(gate == gate, 0.0, gate))


@add_activation(
    kind="pieces",
    slope=reglu_derivatives,
    pieces=2,
    title="ReGLU",
    paper=SHAZEER,
    year=2020,
    parents=("glu", "relu"),
    peers={"pytorch": "not named", "keras": "not named", "optax": "not named"},
)
def reglu(value, gate):
    """A gated unit whose gate is a ReLU: f(a, b) = a max(b, 0)."""
    return value * maximum(gate, 0.0)


def geglu_derivatives(value, gate):
    """∂/∂a = b Φ(b), ∂/∂b = a (Φ(b) + b φ(b))."""
    held = minimum(maximum(gate, -100.0), 100.0)
    below = 0.5 * erfc(-sqrt(0.5) * held)
    density = exp(-0.5 * held * held) * 0.3989422804014326779399460599343819
    return maximum(gate, -100.0) * below, value * (below + held * density)


@add_activation(
    kind="pieces",
    slope=geglu_derivatives,
    pieces=2,
    title="GEGLU",
    paper=SHAZEER,
    year=2020,
    parents=("glu", "gelu"),
    peers={"pytorch": "not named", "keras": "not named", "optax": "not named"},
)
def geglu(value, gate):
    """A gated unit whose gate is a GELU: f(a, b) = a · b Φ(b)."""
    return value * (0.5 * maximum(gate, -100.0) * erfc(-sqrt(0.5) * maximum(gate, -100.0)))


def swiglu_derivatives(value, gate):
    """∂/∂a = b σ(b), ∂/∂b = a σ(b)(1 + b σ(-b))."""
    held = minimum(maximum(gate, -1000.0), 1000.0)
    e = exp(-absolute(held))
    opened = where(held >= 0.0, 1.0, e) / (1.0 + e)
    closed = where(held >= 0.0, e, 1.0) / (1.0 + e)
    return maximum(gate, -1000.0) * opened, value * (opened * (1.0 + held * closed))


@add_activation(
    kind="pieces",
    slope=swiglu_derivatives,
    pieces=2,
    title="SwiGLU",
    paper=SHAZEER,
    year=2020,
    parents=("glu", "silu"),
    peers={"pytorch": "not named", "keras": "not named", "optax": "not named"},
)
def swiglu(value, gate):
    """A gated unit whose gate is a SiLU: f(a, b) = a · b σ(b)."""
    e = exp(-absolute(gate))
    return value * (maximum(gate, -1000.0) * (where(gate >= 0.0, 1.0, e) / (1.0 + e)))
