"""Addresses of compiled formulas, for kernels to call."""

import functools

import numpy as np

from osolgil.engines.cpu import cache, generate, generate_activations, generate_rows
from osolgil.formulas.catalog import Activation, Loss, Schedule
from osolgil.formulas.stages import Stage


@functools.cache
def activation(row: Activation, precision: str) -> int:
    """Address of an activation's loop."""
    return _activation(row, precision)["run"]


def pullback(row: Activation, precision: str) -> int:
    """Address of the backward loop of a row-wise activation, 0 for others, whose slope is all there is to it."""
    return _activation(row, precision)["pullback"] if row.kind == "row-wise" else 0


@functools.cache
def _activation(row: Activation, precision: str) -> dict[str, int]:
    return _compiled(row.name, generate_activations.activation_text(row, precision), precision)


@functools.cache
def loss(row: Loss, precision: str) -> np.ndarray:
    """A loss as kernels take it, int64 (2,): the addresses of its loop and of its hyperparameters."""
    run = _compiled(row.name, generate_rows.loss_text(row, precision), precision)["run"]
    return np.array([run, _kept(*row.settings.values()).ctypes.data])


@functools.cache
def _kept(*values: float) -> np.ndarray:
    """Hyperparameters in memory that is never given back, since kernels know only where it lies."""
    return np.array([*values, 0.0])


@functools.cache
def stage(moment: Stage, precision: str) -> tuple[int, int]:
    """Addresses of a formula's loop at its moment of the step, and of its part's coefficients."""
    row = moment.part if moment.hook == "update" else moment
    name = moment.part.name.partition("(")[0] + ("" if moment.hook == "update" else f"_{moment.hook}")
    compiled = _compiled(name, generate.optimizer_text(row, precision), precision)
    return compiled["run"], compiled["coefficients"]


@functools.cache
def product(precision: str) -> int:
    """Address of the matrix product."""
    return _compiled("product", generate.product_text(precision), precision)["run"]


@functools.cache
def schedule(row: Schedule) -> int:
    """Address of the rule of a schedule that watches the validation loss."""
    return _compiled(row.name, generate.plateau_text(row), "float64")["run"]


def _compiled(name: str, text: str, precision: str) -> dict[str, int]:
    return cache.compiled(f"{name}_{precision}", text)
