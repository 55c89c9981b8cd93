r"""Equations read from the formulas' own sources, so that what is shown cannot differ from what is computed.

>>> from osolgil.formulas import catalog
>>> for block in blocks(catalog.optimizer("momentum")):
...     for line in block.lines:
...         print(written(line, "text"))
v ← ρ·v − γ·g
θ ← θ + v
>>> print(written(blocks(catalog.activation("softplus"))[0].lines[0], "latex"))
f(x) = \max(x, 0) + \log\left(1 + e^{-\left|x\right|}\right)
"""

from osolgil.equations.blocks import Block, blocks
from osolgil.equations.lines import Line, written

__all__ = ["Block", "Line", "blocks", "written"]
