"""Optimizers by family; importing this package puts all of them into the catalog."""

from osolgil.formulas.optimizers import (
    adam,
    adaptive,
    averaging,
    betting,
    bounded,
    differences,
    gradient_descent,
    mixtures,
    momentum,
    sign_based,
    variance,
)

__all__ = [
    "adam",
    "adaptive",
    "averaging",
    "betting",
    "bounded",
    "differences",
    "gradient_descent",
    "mixtures",
    "momentum",
    "sign_based",
    "variance",
]
