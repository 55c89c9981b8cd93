"""The oracles of wrappers: the same wrapper around the same optimizer in optax, PyTorch, Keras or pytorch_optimizer.

Every course runs on the problem of `problem.py`, whose weights lie as (inputs, outputs); libraries that expect them
the other way round are given them transposed.
"""

import functools
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from laws.compiled import FormulaSteps
from laws.oracles import problem, wrapper_libraries, wrapper_torch
from laws.oracles.oracle import DERIVATION, Oracle
from osolgil.formulas import catalog
from osolgil.network import Network

NETWORK = Network(problem.WIDTHS, ("tanh",) * (len(problem.WIDTHS) - 1))
ADAM = {"learning_rate": 0.0137, "beta1": 0.83, "beta2": 0.957, "epsilon": 3e-5}
SOPHIA = {
    "learning_rate": 0.0137, "beta1": 0.83, "beta2": 0.73, "scale": 0.37, "epsilon": 3e-3, "weight_decay": 0.37,
    "interval": 7.0, "reach": 1e-4,
}  # fmt: skip
MOMENTUM = {"learning_rate": 0.0137, "momentum": 0.71}

COURSES: dict[str, tuple[dict[str, float], dict[str, Callable[[dict[str, float]], np.ndarray]]]] = {
    "clip_value(adam)": (
        {**ADAM, "limit": 0.031},
        {
            "optax": wrapper_libraries.optax_clipped("clip"),
            "pytorch": wrapper_torch.torch_clipped("clip_grad_value_"),
        },
    ),
    "clip_value(sgd)": (
        {"learning_rate": 0.137, "limit": 0.031},
        {"keras": wrapper_torch.keras_clipped("clipvalue")},
    ),
    "clip_norm(sgd)": (
        {"learning_rate": 0.137, "limit": 0.31},
        {"keras": wrapper_torch.keras_clipped("global_clipnorm")},
    ),
    "clip_norm(adam)": (
        {**ADAM, "limit": 0.31},
        {"optax": wrapper_libraries.optax_clipped("clip_by_global_norm")},
    ),
    "clip_layer_norm(adam)": ({**ADAM, "limit": 0.13}, {"optax": wrapper_libraries.optax_clipped_by_layer}),
    "clip_layer_norm(sgd)": (
        {"learning_rate": 0.137, "limit": 0.13},
        {"keras": wrapper_torch.keras_clipped("clipnorm")},
    ),
    "clip_rms(adam)": (
        {**ADAM, "limit": 0.031},
        {"optax": wrapper_libraries.optax_clipped("clip_by_block_rms")},
    ),
    "adaptive_clip(adam)": (
        {**ADAM, "limit": 0.043, "adaptive_clip_epsilon": 0.037},
        {"optax": wrapper_libraries.optax_agc, "pytorch_optimizer": wrapper_torch.torch_agc},
    ),
    "gradient_centralisation(adam)": (
        ADAM,
        {
            "optax": wrapper_libraries.optax_centralised,
            "pytorch_optimizer": wrapper_torch.torch_centralised,
        },
    ),
    "normalised(momentum)": (
        {**MOMENTUM, "epsilon": 3e-5},
        {DERIVATION: wrapper_libraries.derived_normalised},
    ),
    "grokfast(adam)": (
        {**ADAM, "strength": 1.7, "memory": 0.91},
        {"pytorch_optimizer": wrapper_torch.torch_grokfast},
    ),
    "cautious(adam)": (ADAM, {"pytorch_optimizer": wrapper_torch.torch_cautious}),
    "decoupled_decay(adam)": (
        {**ADAM, "decay": 0.37},
        {"optax": wrapper_libraries.optax_decayed, "pytorch": wrapper_torch.torch_decayed},
    ),
    "decoupled_decay(sgd)": (
        {"learning_rate": 0.137, "decay": 0.37},
        {"keras": wrapper_torch.keras_decayed},
    ),
    "lookahead(adam)": (
        {**ADAM, "period": 7.0, "share": 0.31},
        {"optax": wrapper_libraries.optax_lookahead, "pytorch_optimizer": wrapper_torch.torch_lookahead},
    ),
    "ema(adam)": (
        {**ADAM, "memory": 0.913},
        {"pytorch": wrapper_torch.torch_ema, "optax": wrapper_libraries.optax_ema},
    ),
    "swa(adam)": ({**ADAM, "start": 0.43, "period": 3.0}, {"pytorch": wrapper_torch.torch_swa}),
    "schedule_free(sgd)": (
        {"learning_rate": 0.137, "interpolation": 0.83, "power": 1.7},
        {
            "optax": wrapper_libraries.optax_schedule_free("sgd"),
            "pytorch_optimizer": wrapper_torch.torch_schedule_free,
        },
    ),
    "schedule_free(adam)": (
        {**ADAM, "interpolation": 0.83, "power": 1.7},
        {"optax": wrapper_libraries.optax_schedule_free("adam")},
    ),
    "sam(momentum)": (
        {**MOMENTUM, "radius": 0.17},
        {
            "optax": wrapper_libraries.optax_sam,
            "pytorch_optimizer": wrapper_torch.torch_sam(adaptive=False),
        },
    ),
    "asam(momentum)": (
        {**MOMENTUM, "radius": 0.37},
        {
            "pytorch_optimizer": wrapper_torch.torch_sam(adaptive=True),
            DERIVATION: wrapper_libraries.derived_asam,
        },
    ),
    "sophia": (
        SOPHIA,
        {
            DERIVATION: wrapper_libraries.derived_sophia,
            "pytorch_optimizer": wrapper_torch.torch_sophia,
        },
    ),
    "lookahead(decoupled_decay(clip_norm(adam)))": (
        {**ADAM, "limit": 0.31, "decay": 0.37, "period": 7.0, "share": 0.31},
        {"optax": wrapper_libraries.optax_wrapped_thrice},
    ),
}
"""By wrapped optimizer: odd hyperparameters, and the course of the evaluated weights in each library.

`decoupled_decay(adam)` is AdamW, and its clipped form stands for how wrappers are put together.
"""


def our_course(text: str, values: dict[str, float], kind: type = FormulaSteps, **options: Any) -> np.ndarray:
    """θ and the evaluated weights, side by side (steps, 2 size), after every step on the problem."""
    steps = kind(
        catalog.optimizer(text),
        problem.joined(problem.start()),
        blocks=NETWORK.blocks,
        total_steps=problem.STEPS,
        **values,
        **options,
    )
    number, evaluated = itertools.count(), []

    def move(parts, slopes, loss):
        rows = problem.rows_of(next(number))

        def measure(theta):
            return problem.joined(problem.loss_and_gradient(problem.parted(theta), rows)[1])

        moved = steps.step(problem.joined(slopes), loss, measure)
        evaluated.append(steps.evaluated)
        return problem.parted(moved)

    course = problem.follow(move)
    return np.concatenate([course, np.array(evaluated)], axis=1)


IN_FLOAT32 = "it adds the squares of all gradients up in float32"
BY_DIFFERENCE = "its curvature is exact, ours a difference of two gradients"
REASONS = {
    ("clip_norm(sgd)", "keras"): (1e-6, "it takes the root in float32"),
    ("clip_layer_norm(sgd)", "keras"): (1e-6, "it takes the root in float32"),
    ("sam(momentum)", "pytorch_optimizer"): (1e-6, IN_FLOAT32),
    ("asam(momentum)", "pytorch_optimizer"): (1e-6, IN_FLOAT32),
    ("sophia", "pytorch_optimizer"): (1e-3, BY_DIFFERENCE),
}


OTHERWISE = {("sophia", "pytorch_optimizer"): {"reach": 1e-6}}


def oracles() -> Iterator[Oracle]:
    for text, (values, courses) in COURSES.items():
        for source, course in courses.items():
            tolerance, reason = REASONS.get((text, source), (1e-10, ""))
            chosen = {**values, **OTHERWISE.get((text, source), {})}
            difference = functools.partial(_difference, text, chosen, course)
            yield Oracle(text, source, difference, chosen, tolerance=tolerance, reason=reason)


def _difference(
    text: str, values: dict[str, float], course: Callable[[dict[str, float]], np.ndarray]
) -> float:
    theirs = course(values)
    return problem.difference(our_course(text, values)[:, -theirs.shape[1] :], theirs)
