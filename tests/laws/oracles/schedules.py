"""Every schedule as PyTorch, optax, Keras and pytorch_optimizer have it, over a whole course of T steps.

An oracle names the library, the schedule as ours is written, and a function that gives the library's factor at every
step. Where no library has the schedule, `independent` follows the paper step by step in plain Python.
"""

import math

from laws.oracles.schedule_libraries import (
    Oracle,
    T,
    after_one_another,
    chained,
    joined,
    of_keras,
    of_optax,
    of_pytorch_optimizer,
    of_torch,
    rex,
)


def _noam(step: int) -> float:
    """Equation 3 of the paper with d_model = 1, divided by its value at the warm-up's last step."""
    number, warmup = step + 1, 130
    return min(number**-0.5, number * warmup**-1.5) / warmup**-0.5


def _ulmfit(step: int) -> float:
    """Equation 3 of ULMFiT with cut_frac = 0.2, ratio = 17, η_max = 1."""
    cut = math.floor(T * 0.2)
    part = step / cut if step < cut else 1 - (step - cut) / (cut * (1 / 0.2 - 1))
    return (1 + part * (17 - 1)) / 17


def _caffe_sigmoid(step: int) -> float:
    """lr_policy: sigmoid, 1/(1 + exp(-gamma (iter - stepsize))) with a negative gamma."""
    return 1 / (1 + math.exp(0.007 * (step - 400)))


def _coslog(step: int) -> float:
    """Waves of lengths 1, 2, 4, 8 out of 15 parts of the course; within one, log₂ runs from one power to the next."""
    place, length = 15 * step / T, 1.0
    while place >= length:
        place, length = place - length, 2 * length
    return math.sin(math.pi * math.log2(1 + place / length)) ** 2


def _fading(step: int) -> float:
    """A rate that loses a fixed share of itself every step, followed step by step."""
    rate = 1.0
    for _ in range(step):
        rate *= 0.03 ** (1 / T)
    return rate


ORACLES = {
    "constant": [
        Oracle("optax", "constant(0.3)", of_optax("constant_schedule", 0.3)),
        Oracle(
            "pytorch",
            "constant(0.3, share=0.2)+constant",
            of_torch("ConstantLR", factor=0.3, total_iters=200),
        ),
    ],
    "linear": [
        Oracle("optax", "linear(0.9, 0.13)", of_optax("linear_schedule", 0.9, 0.13, T)),
        Oracle(
            "pytorch",
            "linear(0.2, 0.7, share=0.3)",
            of_torch("LinearLR", start_factor=0.2, end_factor=0.7, total_iters=300),
        ),
        Oracle("keras", "linear(end=0.1)", of_keras("PolynomialDecay", 1.0, T, 0.1, power=1.0)),
    ],
    "polynomial": [
        Oracle("optax", "polynomial(0.1, power=1.7)", of_optax("polynomial_schedule", 1.0, 0.1, 1.7, T)),
        Oracle("pytorch", "polynomial(power=3.3)", of_torch("PolynomialLR", total_iters=T, power=3.3)),
        Oracle("keras", "polynomial(0.1, power=1.7)", of_keras("PolynomialDecay", 1.0, T, 0.1, power=1.7)),
    ],
    "exponential": [
        Oracle("optax", "exponential(0.03)", of_optax("exponential_decay", 1.0, T, 0.03)),
        Oracle("pytorch", "exponential(0.03)", of_torch("ExponentialLR", gamma=0.03 ** (1 / T))),
        Oracle("keras", "exponential(0.03)", of_keras("ExponentialDecay", 1.0, T, 0.03)),
        Oracle("independent", "exponential(0.03)", lambda: _fading),
    ],
    "cosine": [
        Oracle("optax", "cosine(0.1, power=1.3)", of_optax("cosine_decay_schedule", 1.0, T, 0.1, 1.3)),
        Oracle("pytorch", "cosine(0.1)", of_torch("CosineAnnealingLR", T_max=T, eta_min=0.1)),
        Oracle("keras", "cosine(0.1)", of_keras("CosineDecay", 1.0, T, 0.1)),
    ],
    "inverse_time": [Oracle("keras", "inverse_time(7.3)", of_keras("InverseTimeDecay", 1.0, T, 7.3))],
    "coslog": [Oracle("independent", "coslog", lambda: _coslog)],
    "rex": [Oracle("pytorch_optimizer", "rex(0.07)", rex)],
    "sigmoidal": [Oracle("independent", "sigmoidal(0.4, 7)", lambda: _caffe_sigmoid)],
    "step": [
        Oracle("optax", "step(0.07, 0.3)", of_optax("exponential_decay", 1.0, 70, 0.3, staircase=True)),
        Oracle("pytorch", "step(0.07, 0.3)", of_torch("StepLR", step_size=70, gamma=0.3)),
        Oracle("keras", "step(0.07, 0.3)", of_keras("ExponentialDecay", 1.0, 70, 0.3, staircase=True)),
    ],
    "multi_step": [
        Oracle(
            "pytorch",
            "multi_step(0.3, 0.7, 0.71, factor=0.4)",
            of_torch("MultiStepLR", milestones=[300, 700, 710], gamma=0.4),
        ),
        Oracle(
            "optax",
            "multi_step(0.3, 0.7, factor=0.4)",
            of_optax("piecewise_constant_schedule", 1.0, {300: 0.4, 700: 0.4}),
        ),
        Oracle(
            "keras",
            "multi_step(0.3, 0.7, factor=0.4)",
            of_keras("PiecewiseConstantDecay", [300, 700], [1.0, 0.4, 0.16]),
            late=True,
        ),
    ],
    "piecewise_constant": [
        Oracle(
            "optax",
            "piecewise_constant(0.2:0.9, 0.7:0.09, start=0.3)",
            of_optax("piecewise_constant_schedule", 0.3, {200: 3.0, 700: 0.1}),
        ),
        Oracle(
            "keras",
            "piecewise_constant(0.2:0.9, 0.7:0.09, start=0.3)",
            of_keras("PiecewiseConstantDecay", [200, 700], [0.3, 0.9, 0.09]),
            late=True,
        ),
    ],
    "piecewise_linear": [
        Oracle(
            "optax",
            "piecewise_linear(0.2:0.9, 0.7:0.09, start=0.3)",
            of_optax("piecewise_interpolate_schedule", "linear", 0.3, {200: 3.0, 700: 0.1}),
        )
    ],
    "piecewise_cosine": [
        Oracle(
            "optax",
            "piecewise_cosine(0.2:0.9, 0.7:0.09, start=0.3)",
            of_optax("piecewise_interpolate_schedule", "cosine", 0.3, {200: 3.0, 700: 0.1}),
        )
    ],
    "linear_warmup": [
        Oracle("optax", "linear_warmup(0.13, 0.02)", of_optax("warmup_constant_schedule", 0.02, 1.0, 130)),
        Oracle(
            "pytorch", "linear_warmup(0.13, 0.02)", of_torch("LinearLR", start_factor=0.02, total_iters=130)
        ),
    ],
    "exponential_warmup": [
        Oracle(
            "optax",
            "exponential_warmup(0.13, 0.02)",
            of_optax("exponential_decay", 0.02, 130, 50.0, end_value=1.0),
        )
    ],
    "slanted_triangular": [
        Oracle("independent", "slanted_triangular(0.2, ratio=17)", lambda: _ulmfit),
        Oracle(
            "optax",
            "slanted_triangular(0.2, ratio=16)",
            of_optax("piecewise_interpolate_schedule", "linear", 0.0625, {200: 16.0, 1000: 0.0625}),
        ),
    ],
    "warmup_cosine": [
        Oracle(
            "optax",
            "warmup_cosine(0.13, start=0.02, end=0.05, power=1.2)",
            of_optax("warmup_cosine_decay_schedule", 0.02, 1.0, 130, T, 0.05, 1.2),
        ),
        Oracle(
            "keras",
            "warmup_cosine(0.13, start=0.02, end=0.05)",
            of_keras("CosineDecay", 0.02, T - 130, 0.05, warmup_target=1.0, warmup_steps=130),
        ),
        Oracle(
            "pytorch",
            "warmup_cosine(0.13, start=0.02, end=0.05)",
            after_one_another(
                of_torch("LinearLR", start_factor=0.02, total_iters=130),
                of_torch("CosineAnnealingLR", T_max=T - 130, eta_min=0.05),
                milestones=(130,),
            ),
        ),
    ],
    "warmup_exponential": [
        Oracle(
            "optax",
            "warmup_exponential(0.13, start=0.02, end=0.05)",
            of_optax("warmup_exponential_decay_schedule", 0.02, 1.0, 130, T - 130, 0.05),
        ),
        Oracle(
            "pytorch",
            "warmup_exponential(0.13, start=0.02, end=0.05)",
            after_one_another(
                of_torch("LinearLR", start_factor=0.02, total_iters=130),
                of_torch("ExponentialLR", gamma=0.05 ** (1 / (T - 130))),
                milestones=(130,),
            ),
        ),
    ],
    "warmup_stable_decay": [
        Oracle(
            "optax",
            "warmup_stable_decay(0.13, 0.3, start=0.02, end=0.05)",
            joined(
                of_optax("linear_schedule", 0.02, 1.0, 130),
                of_optax("constant_schedule", 1.0),
                of_optax("linear_schedule", 1.0, 0.05, 300),
                boundaries=(130, 700),
            ),
        ),
        Oracle(
            "pytorch_optimizer",
            "warmup_stable_decay(0.13, 0.3, start=0, power=0.5)",
            of_pytorch_optimizer(
                "get_wsd_schedule",
                num_warmup_steps=130,
                num_stable_steps=570,
                num_decay_steps=300,
                cooldown_type="1-sqrt",
            ),
        ),
    ],
    "inverse_square_root": [Oracle("independent", "inverse_square_root(0.13)", lambda: _noam)],
    "warm_restarts": [
        Oracle(
            "pytorch",
            "warm_restarts(0.07, end=0.03)",
            of_torch("CosineAnnealingWarmRestarts", T_0=70, T_mult=1, eta_min=0.03),
        ),
        Oracle(
            "pytorch",
            "warm_restarts(0.03, growth=3, end=0.03)",
            of_torch("CosineAnnealingWarmRestarts", T_0=30, T_mult=3, eta_min=0.03),
        ),
        Oracle(
            "keras",
            "warm_restarts(0.07, growth=2, decay=0.7, end=0.03)",
            of_keras("CosineDecayRestarts", 1.0, 70, 2.0, 0.7, 0.03),
        ),
        Oracle(
            "optax",
            "warm_restarts(0.25, end=0.03)",
            of_optax(
                "sgdr_schedule",
                [
                    {
                        "init_value": 1.0,
                        "peak_value": 1.0,
                        "warmup_steps": 0,
                        "decay_steps": 250,
                        "end_value": 0.03,
                    }
                ]
                * 4,
            ),
        ),
    ],
    "one_cycle": [
        Oracle(
            "optax",
            "one_cycle(0.23, start=0.05, end=1e-4)",
            of_optax("cosine_onecycle_schedule", T, 1.0, 0.23, 20.0, 500.0),
        ),
        Oracle(  # PyTorch reaches its peak and its end one step before us
            "pytorch",
            "one_cycle(0.229, start=0.05, end=1e-4)",
            of_torch(
                "OneCycleLR",
                max_lr=1.0,
                total_steps=T + 1,
                pct_start=230 / (T + 1),
                div_factor=20.0,
                final_div_factor=500.0,
                cycle_momentum=False,
            ),
        ),
    ],
    "one_cycle_linear": [
        Oracle(
            "optax",
            "one_cycle_linear(0.23, annealing=0.1, start=0.05, end=1e-4)",
            of_optax("linear_onecycle_schedule", T, 1.0, 0.23, 0.9, 20.0, 500.0),
        )
    ],
    "triangular": [
        Oracle(
            "pytorch",
            "triangular(0.05, rise=0.3, lowest=0.2)",
            of_torch(
                "CyclicLR", base_lr=0.2, max_lr=1.0, step_size_up=15, step_size_down=35, cycle_momentum=False
            ),
        )
    ],
    "triangular2": [
        Oracle(
            "pytorch",
            "triangular2(0.05, rise=0.3, lowest=0.2)",
            of_torch(
                "CyclicLR",
                base_lr=0.2,
                max_lr=1.0,
                step_size_up=15,
                step_size_down=35,
                mode="triangular2",
                cycle_momentum=False,
            ),
        )
    ],
    "exponential_range": [
        Oracle(
            "pytorch",
            "exponential_range(0.05, rise=0.3, lowest=0.2, end=0.07)",
            of_torch(
                "CyclicLR",
                base_lr=0.2,
                max_lr=1.0,
                step_size_up=15,
                step_size_down=35,
                mode="exp_range",
                gamma=0.07 ** (1 / T),
                cycle_momentum=False,
            ),
        )
    ],
}
"""By schedule; what watches the validation loss has its oracle in its own test."""

COMPOSED = [
    Oracle(
        "optax",
        "linear_warmup(0.1, start=0.2)+exponential(0.3, share=0.4)+cosine(0.1)",
        joined(
            of_optax("linear_schedule", 0.2, 1.0, 100),
            of_optax("exponential_decay", 1.0, 400, 0.3),
            of_optax("cosine_decay_schedule", 1.0, 500, 0.1),
            boundaries=(100, 500),
        ),
    ),
    Oracle(
        "pytorch",
        "step(0.07, 0.3)*linear_warmup(0.13, 0.02)",
        lambda: chained,
    ),
]
