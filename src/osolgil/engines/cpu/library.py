"""Addresses of compiled formulas, for kernels to call."""

import functools
from typing import Any

from osolgil.engines.cpu import cache, generate, generate_activations
from osolgil.formulas.catalog import Activation, Loss, Optimizer


@functools.cache
def activation(row: Activation, precision: str) -> int:
    """Address of an activation's loop."""
    return _activation(row, precision).run.address


def pullback(row: Activation, precision: str) -> int:
    """Address of the backward loop of a row-wise activation, 0 for others, whose slope is all there is to it."""
    return _activation(row, precision).pullback.address if row.kind == "row-wise" else 0


@functools.cache
def _activation(row: Activation, precision: str) -> Any:
    return _compiled(row.name, generate_activations.activation_text(row, precision), precision)


@functools.cache
def loss(row: Loss, precision: str) -> int:
    """Address of a loss's loop."""
    return _compiled(row.name, generate.loss_text(row, precision), precision).run.address


@functools.cache
def optimizer(row: Optimizer, precision: str) -> tuple[int, int]:
    """Addresses of an optimizer's update loop and of its coefficients."""
    compiled = _compiled(row.name, generate.optimizer_text(row, precision), precision)
    return compiled.run.address, compiled.coefficients.address


@functools.cache
def product(precision: str) -> int:
    """Address of the matrix product."""
    return _compiled("product", generate.product_text(precision), precision).run.address


def _compiled(name: str, text: str, precision: str) -> Any:
    return cache.module(f"{name}_{precision}", text)
