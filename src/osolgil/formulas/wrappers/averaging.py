"""Weights averaged over the course: the mean of many points lies lower than most of them.

The averaged weights are evaluated and kept; training goes on from its own. Running averages of batch
normalisation stay those of the trained weights.
"""

from osolgil.formulas._vocabulary import floor, maximum, where
from osolgil.formulas.catalog import add_wrapper


def lookahead_coefficients(t, learning_rate, total_steps, period, share):
    """Both weights meet every `period` steps."""
    meeting = where(t - period * floor((t + 0.5) / period) < 0.5, 1.0, 0.0)
    return share, meeting


@add_wrapper(
    hook="after",
    state=("slow",),
    initial={"slow": "theta"},
    evaluated="slow",
    defaults={"period": 6.0, "share": 0.5},
    coefficients=lookahead_coefficients,
    title="Lookahead",
    paper="M. Zhang, J. Lucas, G. Hinton, J. Ba, arXiv:1907.08610, Algorithm 1",
    year=2019,
    changes="Every few steps, slow weights go part of the way to the fast ones, which then start again from there.",
    answers="Fast weights jump from side to side of a valley; the way between lies lower.",
    peers={
        "pytorch": "same (pytorch_optimizer's Lookahead, k = period, alpha = share)",
        "keras": "not available",
        "optax": "same (lookahead)",
    },
)
def lookahead(theta, gradient, slow, share, meeting):
    """k steps forward, one step back: every k steps φ ← φ + α (θ - φ), θ ← φ. φ is evaluated."""
    slow = slow + meeting * share * (theta - slow)
    return where(meeting > 0.5, slow, theta), slow


def ema_coefficients(t, learning_rate, total_steps, memory):
    """The first point is its own mean."""
    return where(t > 1.0, memory, 0.0)


@add_wrapper(
    hook="after",
    state=("average",),
    initial={"average": "theta"},
    evaluated="average",
    defaults={"memory": 0.99},
    coefficients=ema_coefficients,
    title="EMA",
    aliases=("moving_average", "exponential_moving_average"),
    paper="B. Polyak, A. Juditsky, SIAM J. Control Optim. 30, 1992; A. Tarvainen, H. Valpola, arXiv:1703.01780",
    year=2017,
    changes="Evaluates an exponential mean of the weights instead of the last ones.",
    answers="The last weights carry the noise of the last batches.",
    peers={
        "pytorch": "same (AveragedModel with get_ema_multi_avg_fn)",
        "keras": "starts from the first weights (use_ema=True)",
        "optax": "same (incremental_update, once the first point is copied)",
    },
)
def ema(theta, gradient, average, memory):
    """A mean that forgets: a ← α a + (1 - α) θ, and a is evaluated."""
    return theta, memory * average + (1.0 - memory) * theta


def swa_coefficients(t, learning_rate, total_steps, start, period):
    """1/(how many points are in the mean with this one), 1 before the start, 0 between periods."""
    first = floor(start * total_steps)
    behind = t - first
    number = floor((behind - 1.0) / period + 1e-9)
    due = where(behind - 1.0 - period * number < 0.5, 1.0, 0.0)
    return where(behind < 1.5, 1.0, due / maximum(number + 1.0, 1.0))


@add_wrapper(
    hook="after",
    state=("average",),
    initial={"average": "theta"},
    evaluated="average",
    defaults={"start": 0.75, "period": 1.0},
    coefficients=swa_coefficients,
    title="SWA",
    aliases=("stochastic_weight_averaging", "tail_averaging", "polyak_averaging"),
    paper="P. Izmailov, D. Podoprikhin, T. Garipov, D. Vetrov, A. Wilson, arXiv:1803.05407, Algorithm 1",
    year=2018,
    parents=("ema",),
    changes="Evaluates the plain mean of all weights since the last quarter of the course began.",
    answers="A mean that forgets keeps only the last points; those of a wide valley deserve equal weight.",
    peers={
        "pytorch": "same (AveragedModel updated from the start on)",
        "keras": "not available (SwapEMAWeights forgets)",
        "optax": "not available",
    },
)
def swa(theta, gradient, average, share):
    """The mean of the tail: from the start on a ← a + (θ - a)/n, before it a = θ; a is evaluated."""
    return theta, average + share * (theta - average)


def schedule_free_coefficients(t, weight_sum, largest, learning_rate, total_steps, interpolation, power):
    """c = w/Σw with w the largest learning rate so far to a power."""
    largest = maximum(largest, learning_rate)
    weight = largest**power
    weight_sum = weight_sum + weight
    return (
        weight_sum,
        largest,
        where(weight_sum > 0.0, weight / maximum(weight_sum, 1e-300), 0.0),
        interpolation,
    )


def schedule_free_position(theta, gradient, base):
    """The optimizer moves z; θ = y, where the gradient was measured, is put together anew."""
    return base, base


@add_wrapper(
    hook="after",
    hooks={"before": schedule_free_position},
    state=("base", "average"),
    initial={"base": "theta", "average": "theta"},
    evaluated="average",
    carried={"weight_sum": 0.0, "largest": 0.0},
    defaults={"interpolation": 0.9, "power": 2.0},
    coefficients=schedule_free_coefficients,
    title="Schedule-free",
    paper="A. Defazio et al., The road less scheduled, arXiv:2405.15682, eq. 1-3",
    year=2024,
    parents=("swa",),
    changes="Measures gradients between the optimizer's own weights and their running mean, which is evaluated.",
    answers="A schedule must know when the training ends; an average alone loses to a good schedule.",
    peers={
        "pytorch": "same (pytorch_optimizer's ScheduleFreeSGD, and ScheduleFreeAdamW without decay)",
        "keras": "not available",
        "optax": "same (contrib.schedule_free)",
    },
)
def schedule_free(theta, gradient, base, average, share, interpolation):
    """y = (1 - β) z + β x: gradients at y move z, x is the mean of all z and is evaluated."""
    average = average + share * (theta - average)
    return (1.0 - interpolation) * theta + interpolation * average, theta, average
