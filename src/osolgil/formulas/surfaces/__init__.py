"""Surfaces: functions of two parameters (x, y) to watch optimizers on, each beside its gradient.

They are for understanding only. How an optimizer fares on a surface says nothing about how it trains a network,
and no verdict rests on one.
"""

from osolgil.formulas.surfaces import many_minima, slopes, valleys

__all__ = ["many_minima", "slopes", "valleys"]
