"""Schedules that fall without a warm-up, each in one smooth curve."""

from osolgil.formulas._vocabulary import absolute, cos, exp, minimum, where
from osolgil.formulas.catalog import add_schedule


@add_schedule(
    title="Constant",
    aliases=("none",),
    paper="H. Robbins, S. Monro, A stochastic approximation method, Annals of Math. Statistics 22, 1951",
    year=1951,
    peers={
        "pytorch": "ConstantLR goes back to 1 after total_iters: here constant(0.5, share=0.2)+constant",
        "keras": "a plain number as learning rate",
        "optax": "same (constant_schedule)",
    },
)
def constant(step, total_steps, factor=1.0):
    """The same learning rate from the first step to the last."""
    return factor + 0.0 * step


@add_schedule(
    title="Linear",
    paper="C. Darken, J. Moody, Note on learning rate schedules for stochastic optimization, NIPS 1990",
    year=1990,
    parents=("constant",),
    peers={
        "pytorch": "same (LinearLR(start_factor, end_factor, total_iters))",
        "keras": "same (PolynomialDecay with power=1)",
        "optax": "same (linear_schedule)",
    },
)
def linear(step, total_steps, start=1.0, end=0.0):
    """A straight line from one factor to another: a + (b - a) t/T."""
    return start + (end - start) * minimum(step / total_steps, 1.0)


@add_schedule(
    title="Polynomial",
    aliases=("poly",),
    paper="W. Liu, A. Rabinovich, A. Berg, ParseNet, arXiv:1506.04579, section 4 (the poly policy of Caffe, 2014)",
    year=2015,
    parents=("linear",),
    peers={
        "pytorch": "same (PolynomialLR; its end is always 0)",
        "keras": "same (PolynomialDecay)",
        "optax": "same (polynomial_schedule)",
    },
)
def polynomial(step, total_steps, end=0.0, power=2.0):
    """A line bent by a power: b + (1 - b)(1 - t/T)^p lingers near the end where p > 1."""
    return end + (1.0 - end) * (1.0 - minimum(step / total_steps, 1.0)) ** power


@add_schedule(
    title="Exponential",
    paper="P. Hennig, S. Kirkpatrick et al., Optimization by simulated annealing, Science 220, 1983, p. 674",
    year=1983,
    parents=("constant",),
    peers={
        "pytorch": "same (ExponentialLR with gamma = end^(1/T))",
        "keras": "same (ExponentialDecay with decay_rate = end, decay_steps = T)",
        "optax": "same (exponential_decay with decay_rate = end, transition_steps = T)",
    },
)
def exponential(step, total_steps, end=0.01):
    """Loses the same share in every step and ends at b: b^(t/T)."""
    return end ** minimum(step / total_steps, 1.0)


@add_schedule(
    title="Cosine",
    aliases=("cosine_decay", "cosine_annealing"),
    paper="I. Loshchilov, F. Hutter, SGDR, arXiv:1608.03983, eq. 5 (one cycle)",
    year=2016,
    parents=("linear",),
    peers={
        "pytorch": "same (CosineAnnealingLR with T_max = T, eta_min = end · γ)",
        "keras": "same (CosineDecay)",
        "optax": "same (cosine_decay_schedule with alpha = end, exponent = power)",
    },
)
def cosine(step, total_steps, end=0.0, power=1.0):
    """Half a wave: slow at first, fast in the middle, slow at the end: b + (1 - b)(½ + ½ cos(π t/T))^p."""
    wave = 0.5 * (1.0 + cos(3.141592653589793 * minimum(step / total_steps, 1.0)))
    return end + (1.0 - end) * wave**power


@add_schedule(
    title="Inverse time",
    paper="H. Robbins, S. Monro, A stochastic approximation method, Annals of Math. Statistics 22, 1951, eq. 26",
    year=1951,
    parents=("constant",),
    peers={
        "pytorch": "not available (LambdaLR can express it)",
        "keras": "same (InverseTimeDecay with decay_steps = T)",
        "optax": "not available",
    },
)
def inverse_time(step, total_steps, rate=10.0):
    """Falls as 1/(1 + r t/T): the sum of all steps has no bound, the sum of their squares has."""
    return 1.0 / (1.0 + rate * step / total_steps)


@add_schedule(
    title="REX",
    aliases=("reflected_exponential",),
    paper="J. Chen, C. Wolfe, T. Kyrillidis, REX: revisiting budgeted training, arXiv:2107.04197, section 3",
    year=2021,
    parents=("linear",),
    peers={
        "pytorch": "same (pytorch_optimizer's REXScheduler)",
        "keras": "not available",
        "optax": "not available",
    },
)
def rex(step, total_steps, end=0.0):
    """Holds on longer than a line and falls faster at the end: (1 - z)/(1 - z/2) with z = t/T."""
    done = minimum(step / total_steps, 1.0)
    return end + (1.0 - end) * (1.0 - done) / (1.0 - 0.5 * done)


@add_schedule(
    title="Sigmoidal",
    aliases=("sigmoid",),
    paper="Y. Jia et al., Caffe, arXiv:1408.5093 (lr_policy sigmoid)",
    year=2014,
    parents=("linear",),
    peers={"pytorch": "not available", "keras": "not available", "optax": "not available"},
)
def sigmoidal(step, total_steps, middle=0.5, steepness=12.0):
    """A smooth stair: 1/(1 + exp(k (t/T - m))) is near 1 before m and near 0 after it."""
    way = steepness * (step / total_steps - middle)
    e = exp(-absolute(way))
    return where(way >= 0.0, e, 1.0) / (1.0 + e)
