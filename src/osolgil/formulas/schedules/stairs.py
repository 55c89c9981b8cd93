"""Schedules given point by point: stairs, and lines or waves between points.

A stair of 0.7 T should begin with step 7 of 10, although 0.7 · 10 is a little more than 7 in floating point: a
millionth of a step is forgiven.
"""

from osolgil.formulas._vocabulary import cos, floor, maximum, minimum, where
from osolgil.formulas.catalog import add_schedule


@add_schedule(
    name="step",
    title="Step",
    aliases=("staircase", "step_decay"),
    paper="A. Krizhevsky, I. Sutskever, G. Hinton, ImageNet classification with deep CNNs, NIPS 2012, section 5",
    year=2012,
    parents=("exponential",),
    peers={
        "pytorch": "same (StepLR with step_size = every · T)",
        "keras": "same (ExponentialDecay with staircase=True)",
        "optax": "same (exponential_decay with staircase=True)",
    },
)
def stair(step, total_steps, every=0.3, factor=0.1):
    """Drops to a tenth (or another share) at equal distances: f^⌊t/(d T)⌋."""
    return factor ** floor((step + 1e-6) / (every * total_steps))


@add_schedule(
    title="Multi-step",
    paper="K. He, X. Zhang, S. Ren, J. Sun, Deep residual learning, arXiv:1512.03385, section 4.2",
    year=2015,
    parents=("step",),
    peers={
        "pytorch": "same (MultiStepLR)",
        "keras": "changes one step later (PiecewiseConstantDecay)",
        "optax": "same (piecewise_constant_schedule)",
    },
)
def multi_step(step, total_steps, milestones=(0.5, 0.75), factor=0.1):
    """Drops to the same share at each milestone: f^(how many are behind)."""
    behind = 0.0 * step
    for milestone in milestones:
        behind = behind + where(step + 1e-6 >= milestone * total_steps, 1.0, 0.0)
    return factor**behind


@add_schedule(
    title="Piecewise constant",
    paper="A. Krizhevsky, I. Sutskever, G. Hinton, ImageNet classification with deep CNNs, NIPS 2012, section 5",
    year=2012,
    parents=("multi_step",),
    peers={
        "pytorch": "not available (MultiStepLR has one factor for all)",
        "keras": "changes one step later (PiecewiseConstantDecay)",
        "optax": "same (piecewise_constant_schedule, whose scales multiply)",
    },
)
def piecewise_constant(step, total_steps, points=((0.5, 0.1), (0.75, 0.01)), start=1.0):
    """From each point on, the factor that stands beside it."""
    value = start + 0.0 * step
    for place, factor in points:
        value = where(step + 1e-6 >= place * total_steps, factor, value)
    return value


@add_schedule(
    title="Piecewise linear",
    paper="L. Smith, N. Topin, Super-convergence, arXiv:1708.07120, section 4",
    year=2017,
    parents=("linear", "piecewise_constant"),
    peers={
        "pytorch": "not available (SequentialLR of LinearLR can express it)",
        "keras": "not available",
        "optax": "same (piecewise_interpolate_schedule('linear'), whose scales multiply)",
    },
)
def piecewise_linear(step, total_steps, points=((0.3, 1.0), (1.0, 0.0)), start=0.1):
    """Straight lines from point to point, starting at `start`."""
    value, begun, level = start + 0.0 * step, 0.0, start
    for place, factor in points:
        part = (step / total_steps - begun) / (place - begun)
        value = value + (factor - level) * minimum(maximum(part, 0.0), 1.0)
        begun, level = place, factor
    return value


@add_schedule(
    title="Piecewise cosine",
    paper="I. Loshchilov, F. Hutter, SGDR, arXiv:1608.03983, eq. 5 (between any two points)",
    year=2016,
    parents=("cosine", "piecewise_linear"),
    peers={
        "pytorch": "not available",
        "keras": "not available",
        "optax": "same (piecewise_interpolate_schedule('cosine'), whose scales multiply)",
    },
)
def piecewise_cosine(step, total_steps, points=((0.3, 1.0), (1.0, 0.0)), start=0.1):
    """Half waves from point to point, starting at `start`."""
    value, begun, level = start + 0.0 * step, 0.0, start
    for place, factor in points:
        part = minimum(maximum((step / total_steps - begun) / (place - begun), 0.0), 1.0)
        value = value + (factor - level) * (0.5 - 0.5 * cos(3.141592653589793 * part))
        begun, level = place, factor
    return value
