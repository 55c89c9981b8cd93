"""Optimizers by family; importing this package puts all of them into the catalog."""

from osolgil.formulas.optimizers import (
    adam,
    adaptive,
    factored,
    gradient_descent,
    layerwise,
    loss_based,
    matrix,
    momentum,
    parameter_free,
    quasi_newton,
    switching,
)

__all__ = [
    "adam",
    "adaptive",
    "factored",
    "gradient_descent",
    "layerwise",
    "loss_based",
    "matrix",
    "momentum",
    "parameter_free",
    "quasi_newton",
    "switching",
]
