"""Schedules that begin small: the first gradients come from random weights and are not to be trusted.

A warm-up starts at a hundredth, not at 0, where the first step would be thrown away.
"""

from osolgil.formulas._vocabulary import cos, maximum, minimum, sqrt, where
from osolgil.formulas.catalog import add_schedule

GOYAL = "P. Goyal et al., Accurate, large minibatch SGD, arXiv:1706.02677, section 2.2"


@add_schedule(
    share=0.1,
    title="Linear warm-up",
    aliases=("warmup", "warmup_constant"),
    paper=GOYAL,
    year=2017,
    parents=("linear",),
    peers={
        "pytorch": "same (LinearLR(start_factor=start), which starts at 1/3 by default)",
        "keras": "starts at 0 (CosineDecay's warmup_steps)",
        "optax": "same (warmup_constant_schedule)",
    },
)
def linear_warmup(step, total_steps, start=0.01):
    """A straight line up to 1, for the first tenth of the course unless said otherwise."""
    return start + (1.0 - start) * minimum(step / total_steps, 1.0)


@add_schedule(
    share=0.1,
    title="Exponential warm-up",
    paper="J. Ma, D. Yarats, On the adequacy of untuned warmup for adaptive optimization, arXiv:1910.04209",
    year=2019,
    parents=("linear_warmup", "exponential"),
    peers={
        "pytorch": "not available (ExponentialLR with gamma > 1 does not stop at 1)",
        "keras": "not available",
        "optax": "same (exponential_decay with decay_rate > 1)",
    },
)
def exponential_warmup(step, total_steps, start=0.01):
    """Grows by the same share in every step until it is 1: a^(1 - t/T)."""
    return start ** (1.0 - minimum(step / total_steps, 1.0))


@add_schedule(
    title="Warm-up, then linear",
    aliases=("warmup_linear",),
    paper="J. Howard, S. Ruder, ULMFiT, arXiv:1801.06146, eq. 3",
    year=2018,
    parents=("linear_warmup", "linear"),
    peers={
        "pytorch": "not available (SequentialLR of two LinearLR)",
        "keras": "not available",
        "optax": "same (piecewise_interpolate_schedule('linear') with two points)",
    },
)
def slanted_triangular(step, total_steps, warmup=0.1, ratio=32.0):
    """Up in a short line and down in a long one, from 1/r to 1 and back to 1/r."""
    top = maximum(warmup * total_steps, 1e-6)
    rest = maximum(total_steps - top, 1e-6)
    height = minimum(step / top, maximum(1.0 - (step - top) / rest, 0.0))
    return (1.0 + height * (ratio - 1.0)) / ratio


@add_schedule(
    title="Warm-up, then cosine",
    aliases=("cosine_with_warmup",),
    paper="P. Goyal et al., arXiv:1706.02677, and I. Loshchilov, F. Hutter, arXiv:1608.03983, eq. 5",
    year=2017,
    parents=("linear_warmup", "cosine"),
    peers={
        "pytorch": "same (SequentialLR of LinearLR and CosineAnnealingLR)",
        "keras": "starts at 0 unless initial_learning_rate is given (CosineDecay with warmup_steps)",
        "optax": "same (warmup_cosine_decay_schedule)",
    },
)
def warmup_cosine(step, total_steps, warmup=0.1, start=0.01, end=0.0, power=1.0):
    """A line up to 1, then half a wave down to `end`."""
    top = warmup * total_steps
    rise = start + (1.0 - start) * step / maximum(top, 1.0)
    done = minimum(maximum((step - top) / maximum(total_steps - top, 1e-6), 0.0), 1.0)
    wave = 0.5 * (1.0 + cos(3.141592653589793 * done))
    return where(step < top, rise, end + (1.0 - end) * wave**power)


@add_schedule(
    title="Warm-up, then exponential",
    paper="M. Tan, Q. Le, EfficientNet, arXiv:1905.11946, section 5.2",
    year=2019,
    parents=("linear_warmup", "exponential"),
    peers={
        "pytorch": "same (SequentialLR of LinearLR and ExponentialLR)",
        "keras": "not available",
        "optax": "same (warmup_exponential_decay_schedule with decay_rate = end)",
    },
)
def warmup_exponential(step, total_steps, warmup=0.1, start=0.01, end=0.01):
    """A line up to 1, then the same share lost in every step down to `end`."""
    top = warmup * total_steps
    rise = start + (1.0 - start) * step / maximum(top, 1.0)
    done = minimum(maximum((step - top) / maximum(total_steps - top, 1e-6), 0.0), 1.0)
    return where(step < top, rise, end**done)


@add_schedule(
    title="Warm-up, stable, decay",
    aliases=("wsd", "trapezoidal"),
    paper="S. Hu et al., MiniCPM, arXiv:2404.06395, section 4.2; A. Hägele et al., arXiv:2405.18392, section 3",
    year=2024,
    parents=("linear_warmup", "constant", "linear"),
    peers={
        "pytorch": "starts at 0 (pytorch_optimizer's get_wsd_schedule; 1-sqrt is power=0.5)",
        "keras": "not available",
        "optax": "same (join_schedules of linear, constant and linear)",
    },
)
def warmup_stable_decay(step, total_steps, warmup=0.1, decay=0.2, start=0.01, end=0.0, power=1.0):
    """Up, a long plateau that a longer training could go on with, and down: 1 - (1 - b) z^p over the last part."""
    top, last = warmup * total_steps, (1.0 - decay) * total_steps
    rise = start + (1.0 - start) * step / maximum(top, 1.0)
    done = minimum(maximum((step - last) / maximum(decay * total_steps, 1e-6), 0.0), 1.0)
    return where(step < top, rise, 1.0 - (1.0 - end) * done**power)


@add_schedule(
    title="Inverse square root",
    aliases=("noam",),
    paper="A. Vaswani et al., Attention is all you need, arXiv:1706.03762, eq. 3, with its peak at 1",
    year=2017,
    parents=("linear_warmup", "inverse_time"),
    peers={
        "pytorch": "not available (LambdaLR can express it)",
        "keras": "not available",
        "optax": "not available",
    },
)
def inverse_square_root(step, total_steps, warmup=0.1):
    """A line up, then down with the root of the step's number n = t + 1: min(n/w, √(w/n))."""
    top = maximum(warmup * total_steps, 1.0)
    number = step + 1.0
    return minimum(number / top, sqrt(top / number))
