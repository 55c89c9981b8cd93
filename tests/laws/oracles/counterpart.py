"""A library's optimizer beside a row of the catalog, and the course of each on the problem.

>>> adam = Counterpart("adam", {"b1": "beta1", "b2": "beta2", "eps": "epsilon"})
>>> adam.options_for({"learning_rate": 0.1, "beta1": 0.8, "beta2": 0.9, "epsilon": 0.0})["b2"]
0.9
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from laws.compiled import CompiledSteps, FormulaSteps
from laws.oracles import drivers, problem
from osolgil.formulas import catalog

Values = Mapping[str, float]


@dataclass(frozen=True)
class Counterpart:
    """An optimizer called `name` in some library, and how its options follow from our hyperparameters.

    A value of `options` is the name of one of ours, a tuple of names, a function of all of ours, or a constant.
    `variant` are constants that make the library's optimizer the one of the row (`amsgrad=True`). `ours` fixes
    hyperparameters that the library does not have. Where `agrees` is False no options make the two agree.
    """

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    variant: Mapping[str, Any] = field(default_factory=dict)
    ours: Values = field(default_factory=dict)
    tolerance: float = 1e-10
    reason: str = ""
    agrees: bool = True

    def options_for(self, values: Values) -> dict[str, Any]:
        """What the library's optimizer is made with, besides the learning rate."""

        def chosen(option: Any) -> Any:
            if isinstance(option, tuple):
                return tuple(values[name] for name in option)
            return (
                option(values) if callable(option) else values[option] if isinstance(option, str) else option
            )

        return {**self.variant, **{name: chosen(option) for name, option in self.options.items()}}


ODD = {
    "learning_rate": 0.0137, "beta": 0.83, "beta1": 0.83, "beta2": 0.957, "beta3": 0.913, "epsilon": 3e-5,
    "rho": 0.87, "momentum": 0.71, "weight_decay": 0.037, "momentum_decay": 0.013, "nu": 0.63, "nu1": 0.63,
    "nu2": 0.87, "alpha": 3.7, "contrast": 0.77, "delta": 0.031, "lambda1": 0.0023, "lambda2": 0.19,
    "start": 57.0, "decay": 0.29, "kappa": 170.0, "xi": 7.3, "convergence": 0.013, "fast": 0.37, "slow": 0.93,
}  # fmt: skip
ODD_IN = {
    "adadelta": {"learning_rate": 0.73},
    "accsgd": {"learning_rate": 0.00137},
    "cocob": {"alpha": 17.0, "learning_rate": 1.0},
    "delta_bar_delta": {"learning_rate": 0.037},
    "ftrl": {"learning_rate": 0.137},
    "padam": {"partial": 0.21},
    "pid": {"learning_rate": 0.00137},
    "simplified_ademamix": {"learning_rate": 0.00137},
}


def odd(row: catalog.Optimizer) -> dict[str, float]:
    """Hyperparameters nobody would choose: a slip that the defaults hide is seen."""
    chosen = {**ODD, **ODD_IN.get(row.name, {})}
    return {name: chosen.get(name, 1.17 * value) for name, value in row.defaults.items()}


def how(row: catalog.Optimizer) -> dict[str, Any]:
    """How the problem is followed: an optimizer of the full batch gets all rows."""
    return {"batch": None} if row.full_batch else {}


def our_course(row: catalog.Optimizer, values: Values, *, compiled: bool = False) -> np.ndarray:
    """Our parameters (steps, size) after every step on the problem."""
    steps = (CompiledSteps if compiled else FormulaSteps)(row, problem.joined(problem.start()), **values)
    return problem.follow(
        lambda parts, slopes, loss: problem.parted(steps.step(problem.joined(slopes))), **how(row)
    )


def their_course(
    library: str, row: catalog.Optimizer, counterpart: Counterpart, values: Values | None
) -> np.ndarray:
    """The library's course; without values all but the learning rate and the variant is its own default."""
    rate = row.defaults["learning_rate"] if values is None else values["learning_rate"]
    chosen = counterpart.variant if values is None else counterpart.options_for(values)
    return COURSES[library](counterpart.name, rate, dict(chosen), how(row))


def _optax(name: str, rate: float, options: dict[str, Any], how: dict[str, Any]) -> np.ndarray:
    return drivers.through_optax(lambda: in_optax(name)(**{"learning_rate": rate, **options}), **how)


def in_optax(name: str) -> Any:
    """A function of optax or of optax.contrib."""
    import optax
    import optax.contrib

    return getattr(optax, name, None) or getattr(optax.contrib, name)


def _pytorch(name: str, rate: float, options: dict[str, Any], how: dict[str, Any]) -> np.ndarray:
    import torch

    make = getattr(torch.optim, name)
    return drivers.through_torch(lambda parts: make(parts, **{"lr": rate, **options}), **how)


def _pytorch_optimizer(name: str, rate: float, options: dict[str, Any], how: dict[str, Any]) -> np.ndarray:
    import pytorch_optimizer

    make = getattr(pytorch_optimizer, name)
    return drivers.through_torch(lambda parts: make(parts, **{"lr": rate, **options}), **how)


def _keras(name: str, rate: float, options: dict[str, Any], how: dict[str, Any]) -> np.ndarray:
    import os

    os.environ["KERAS_BACKEND"] = "torch"
    import keras

    make = getattr(keras.optimizers, name)
    return drivers.through_keras(lambda: make(**{"learning_rate": rate, **options}), **how)


COURSES = {
    "optax": _optax,
    "pytorch": _pytorch,
    "keras": _keras,
    "pytorch_optimizer": _pytorch_optimizer,
}
