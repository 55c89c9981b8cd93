"""Schedules that go up and down: to leave a narrow valley, or to cross a plateau fast."""

from osolgil.formulas._vocabulary import cos, floor, log, maximum, minimum, where
from osolgil.formulas.catalog import add_schedule

CYCLICAL = "L. Smith, Cyclical learning rates for training neural networks, arXiv:1506.01186, section 3"
ONE_CYCLE = "L. Smith, N. Topin, Super-convergence, arXiv:1708.07120, section 4"


@add_schedule(
    title="Warm restarts",
    aliases=("sgdr", "cosine_restarts"),
    paper="I. Loshchilov, F. Hutter, SGDR, arXiv:1608.03983, eq. 5",
    year=2016,
    parents=("cosine",),
    peers={
        "pytorch": "same (CosineAnnealingWarmRestarts with T_0 = first · T, T_mult = growth)",
        "keras": "same (CosineDecayRestarts with t_mul = growth, m_mul = decay)",
        "optax": "same (sgdr_schedule without warm-ups)",
    },
)
def warm_restarts(step, total_steps, first=0.2, growth=1.0, decay=1.0, end=0.0):
    """Half waves one after another, each `growth` times as long and `decay` times as high as the one before."""
    place = (step + 1e-6) / (first * total_steps)
    grown = where(growth > 1.0, growth, 2.0)
    geometric = floor(log(1.0 + place * (grown - 1.0)) / log(grown))
    cycle = where(growth > 1.0, geometric, floor(place))
    begun = where(growth > 1.0, (grown**cycle - 1.0) / (grown - 1.0), cycle)
    length = where(growth > 1.0, grown**cycle, 1.0)
    done = maximum((step / (first * total_steps) - begun) / length, 0.0)
    return end + (1.0 - end) * decay**cycle * 0.5 * (1.0 + cos(3.141592653589793 * done))


@add_schedule(
    title="Cosine of a logarithm",
    aliases=("coslog4",),
    paper="D. Holzmüller, L. Grinsztajn, I. Steinwart, Better by default, arXiv:2407.04491, section 3 (RealMLP)",
    year=2024,
    parents=("warm_restarts",),
    peers={"pytorch": "not available", "keras": "not available", "optax": "not available"},
)
def coslog(step, total_steps, cycles=4.0):
    """Whole waves, each twice as long as the one before: ½(1 - cos(2π log₂(1 + (2ᶜ - 1) t))), t = step/T from 0 to 1.

    It begins and ends at 0, so that the network settles at the end of each wave, early and late in the course.
    """
    turns = log(1.0 + (2.0**cycles - 1.0) * step / total_steps) / 0.6931471805599453
    return 0.5 * (1.0 - cos(6.283185307179586 * turns))


@add_schedule(
    title="One cycle",
    aliases=("onecycle", "cosine_one_cycle"),
    paper=ONE_CYCLE,
    year=2017,
    parents=("triangular", "cosine"),
    peers={
        "pytorch": "OneCycleLR ends one step earlier and cycles momentum too",
        "keras": "not available",
        "optax": "same (cosine_onecycle_schedule with div_factor = 1/start)",
    },
)
def one_cycle(step, total_steps, warmup=0.3, start=0.04, end=4e-6):
    """One half wave up and a longer one down, far below where it began."""
    top = warmup * total_steps
    rise = minimum(step / maximum(top, 1e-6), 1.0)
    fall = minimum(maximum((step - top) / maximum(total_steps - top, 1e-6), 0.0), 1.0)
    up = start + (1.0 - start) * (0.5 - 0.5 * cos(3.141592653589793 * rise))
    down = end + (1.0 - end) * (0.5 + 0.5 * cos(3.141592653589793 * fall))
    return where(step < top, up, down)


@add_schedule(
    title="One cycle (linear)",
    aliases=("linear_one_cycle",),
    paper=ONE_CYCLE,
    year=2017,
    parents=("triangular", "linear"),
    peers={
        "pytorch": "OneCycleLR(anneal_strategy='linear', three_phase=True) ends one step earlier, and cycles momentum",
        "keras": "not available",
        "optax": "same (linear_onecycle_schedule with div_factor = 1/start, final_div_factor = start/end)",
    },
)
def one_cycle_linear(step, total_steps, warmup=0.3, annealing=0.15, start=0.04, end=4e-6):
    """Up in a line, down in a line to where it began, and in the last part much further down."""
    top, last = warmup * total_steps, (1.0 - annealing) * total_steps
    rise = minimum(step / maximum(top, 1e-6), 1.0)
    fall = minimum(maximum((step - top) / maximum(last - top, 1e-6), 0.0), 1.0)
    final = minimum(maximum((step - last) / maximum(total_steps - last, 1e-6), 0.0), 1.0)
    return start + (1.0 - start) * (rise - fall) + (end - start) * final


@add_schedule(
    title="Triangular",
    aliases=("cyclic",),
    paper=CYCLICAL,
    year=2015,
    parents=("linear",),
    peers={
        "pytorch": "same (CyclicLR with max_lr = γ, base_lr = lowest · γ)",
        "keras": "not available",
        "optax": "not available",
    },
)
def triangular(step, total_steps, period=0.2, rise=0.5, lowest=0.1):
    """Up and down in straight lines between `lowest` and 1, again and again."""
    place = (step + 1e-6) / (period * total_steps)
    place = maximum(step / (period * total_steps) - floor(place), 0.0)
    height = minimum(place / rise, (1.0 - place) / (1.0 - rise))
    return lowest + (1.0 - lowest) * height


@add_schedule(
    title="Triangular, halved",
    paper=CYCLICAL + " (triangular2)",
    year=2015,
    parents=("triangular",),
    peers={
        "pytorch": "same (CyclicLR with mode='triangular2')",
        "keras": "not available",
        "optax": "not available",
    },
)
def triangular2(step, total_steps, period=0.2, rise=0.5, lowest=0.1):
    """Triangles of which each is half as high as the one before."""
    cycle = floor((step + 1e-6) / (period * total_steps))
    place = maximum(step / (period * total_steps) - cycle, 0.0)
    height = minimum(place / rise, (1.0 - place) / (1.0 - rise))
    return lowest + (1.0 - lowest) * height * 0.5**cycle


@add_schedule(
    title="Triangular, fading",
    aliases=("exp_range",),
    paper=CYCLICAL + " (exp_range)",
    year=2015,
    parents=("triangular", "exponential"),
    peers={
        "pytorch": "same (CyclicLR with mode='exp_range', gamma = end^(1/T))",
        "keras": "not available",
        "optax": "not available",
    },
)
def exponential_range(step, total_steps, period=0.2, rise=0.5, lowest=0.1, end=0.1):
    """Triangles whose height fades by the same share in every step."""
    cycle = floor((step + 1e-6) / (period * total_steps))
    place = maximum(step / (period * total_steps) - cycle, 0.0)
    height = minimum(place / rise, (1.0 - place) / (1.0 - rise))
    return lowest + (1.0 - lowest) * height * end ** (step / total_steps)
