"""Optimizers by family; importing this package puts all of them into the catalog."""

from osolgil.formulas.optimizers import adam, adaptive, gradient_descent, momentum

__all__ = ["adam", "adaptive", "gradient_descent", "momentum"]
