"""Wrappers by family; importing this package puts all of them into the catalog.

A wrapper stands around any optimizer, or around a wrapped one: `ema(cautious(adamw))`. Each is written as plain
formulas at certain moments of a step (`osolgil.formulas.catalog.Part`): what they return first is the gradient,
or θ, and then the state they take.
"""

from osolgil.formulas.wrappers import averaging, clipping, filtering, sharpness

__all__ = ["averaging", "clipping", "filtering", "sharpness"]
