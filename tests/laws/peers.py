"""Every optimizer as PyTorch, Keras and optax have it: the oracles of the catalog's own update.

A `Peer` names a library's optimizer, the options there that the catalog's `peers` text asks for, and the
hyperparameters here that go with them. The learning rate is always the catalog's default.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from laws.compiled import CompiledSteps, FormulaSteps
from osolgil.formulas import catalog

STEPS = 1000
LIBRARIES = ("optax", "pytorch", "keras")


@dataclass(frozen=True)
class Peer:
    """A library's optimizer, its options and ours; `relation` is "same" where ours are the defaults,
    "reached" where only these options agree, "differs" where none do."""

    name: str
    options: dict[str, Any] = field(default_factory=dict)
    ours: dict[str, float] = field(default_factory=dict)
    relation: Literal["same", "reached", "differs"] = "same"


NO_EPSILON = {"epsilon": 0.0}
NESTEROV = {"momentum": 0.9, "nesterov": True}
PEERS: dict[str, dict[str, Peer]] = {
    "gradient_descent": {"optax": Peer("sgd"), "pytorch": Peer("SGD"), "keras": Peer("SGD")},
    "sgd": {"optax": Peer("sgd"), "pytorch": Peer("SGD"), "keras": Peer("SGD")},
    "momentum": {
        "optax": Peer("sgd", {"momentum": 0.9}),
        "pytorch": Peer("SGD", {"momentum": 0.9}),
        "keras": Peer("SGD", {"momentum": 0.9}),
    },
    "momentum_literal": {
        "optax": Peer("sgd", {"momentum": 0.9}, relation="differs"),
        "pytorch": Peer("SGD", {"momentum": 0.9}, relation="differs"),
        "keras": Peer("SGD", {"momentum": 0.9}, relation="differs"),
    },
    "nesterov": {
        "optax": Peer("sgd", NESTEROV),
        "pytorch": Peer("SGD", NESTEROV),
        "keras": Peer("SGD", NESTEROV),
    },
    "adagrad": {
        "optax": Peer("adagrad", {"initial_accumulator_value": 0.0, "eps": 0.0}, NO_EPSILON, "reached"),
        "pytorch": Peer("Adagrad"),
        "keras": Peer("Adagrad", {"initial_accumulator_value": 0.0, "epsilon": 0.0}, NO_EPSILON, "reached"),
    },
    "adadelta": {
        "optax": Peer("adadelta"),
        "pytorch": Peer("Adadelta"),
        "keras": Peer("Adadelta", {"rho": 0.9, "epsilon": 1e-6}, relation="reached"),
    },
    "rmsprop": {
        "optax": Peer("rmsprop", {"decay": 0.99, "eps_in_sqrt": False}, relation="reached"),
        "pytorch": Peer("RMSprop"),
        "keras": Peer("RMSprop", {"rho": 0.99, "epsilon": 0.0}, NO_EPSILON, "reached"),
    },
    "adam": {
        "optax": Peer("adam"),
        "pytorch": Peer("Adam"),
        "keras": Peer("Adam", {"epsilon": 0.0}, NO_EPSILON, "reached"),
    },
    "adamax": {
        "optax": Peer("adamax"),
        "pytorch": Peer("Adamax"),
        "keras": Peer("Adamax", {"epsilon": 0.0}, NO_EPSILON, "reached"),
    },
    "nadam": {
        "optax": Peer("nadam", relation="differs"),
        "pytorch": Peer("NAdam"),
        "keras": Peer("Nadam", {"epsilon": 1e-8}, {"momentum_decay": 1.0}, "reached"),
    },
    "adamw": {
        "optax": Peer("adamw", {"weight_decay": 0.01}, relation="reached"),
        "pytorch": Peer("AdamW"),
        "keras": Peer("AdamW", {"weight_decay": 0.01, "epsilon": 0.0}, NO_EPSILON, "reached"),
    },
}


def gradients(size: int = 12, steps: int = STEPS, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """First parameters, and random gradients (steps, size) of very different sizes and drifts."""
    random = np.random.default_rng(seed)
    scale, drift = 10.0 ** random.uniform(-3, 1, size), random.normal(size=size)
    return random.normal(size=size), scale * (random.normal(size=(steps, size)) + drift)


def ours(
    row: catalog.Optimizer, kind: Literal["formula", "compiled"], **hyperparameters: float
) -> np.ndarray:
    """Our parameters (steps, size) after every step."""
    theta, slopes = gradients()
    steps = (FormulaSteps if kind == "formula" else CompiledSteps)(row, theta, **hyperparameters)
    return np.array([steps.step(slope) for slope in slopes])


def theirs(library: str, name: str, **options: Any) -> np.ndarray:
    """A library's parameters (steps, size) after every step."""
    return {"optax": _optax, "pytorch": _pytorch, "keras": _keras}[library](name, options)


def difference(one: np.ndarray, other: np.ndarray) -> float:
    """Largest difference of two trajectories, relative to how far from 0 each coordinate gets."""
    return float((np.abs(one - other).max(0) / np.abs(other).max(0)).max())


def _optax(name: str, options: dict[str, Any]) -> np.ndarray:
    import jax
    import optax

    theta, slopes = gradients()
    with jax.enable_x64(True):
        transformation = getattr(optax, name)(**options)

        def step(carry, slope):
            theta, state = carry
            updates, state = transformation.update(slope, state, theta)
            theta = optax.apply_updates(theta, updates)
            return (theta, state), theta

        start = jax.numpy.asarray(theta)
        return np.asarray(jax.lax.scan(step, (start, transformation.init(start)), slopes)[1])


def _pytorch(name: str, options: dict[str, Any]) -> np.ndarray:
    import torch

    theta, slopes = gradients()
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)  # NAdam keeps its product of momenta in the default type
    try:
        parameter = torch.nn.Parameter(torch.tensor(theta))
        learning_rate = options.pop("learning_rate")
        optimizer = getattr(torch.optim, name)([parameter], lr=learning_rate, **options)
        points = []
        for slope in slopes:
            parameter.grad = torch.tensor(slope)
            optimizer.step()
            points.append(parameter.detach().numpy().copy())
    finally:
        torch.set_default_dtype(before)
    return np.array(points)


def _keras(name: str, options: dict[str, Any]) -> np.ndarray:
    os.environ["KERAS_BACKEND"] = "torch"
    import keras

    theta, slopes = gradients()
    before = keras.config.floatx()
    keras.config.set_floatx("float64")
    try:
        variable = keras.Variable(theta, dtype="float64")
        optimizer: Callable[..., Any] = getattr(keras.optimizers, name)(**options)
        points = []
        for slope in slopes:
            optimizer.apply([keras.ops.convert_to_tensor(slope, dtype="float64")], [variable])
            points.append(variable.value.detach().numpy().copy())
    finally:
        keras.config.set_floatx(before)
    return np.array(points)
