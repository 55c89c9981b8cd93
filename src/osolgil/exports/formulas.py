"""Formulas under names of their own in an exported file, whatever they are called and whatever else stands there.

>>> from osolgil.formulas import catalog
>>> names = Names()
>>> names.of(catalog.activation("elu").formula), names.of(catalog.activation("elu(alpha=0.5)").formula)
('formula_elu', 'formula_elu_2')
>>> names.of(catalog.activation("elu").formula), len(names.trees)
('formula_elu', 2)
"""

from __future__ import annotations

import ast

from osolgil.engines._binding import tree
from osolgil.formulas.catalog import Formula


class Names:
    """A name per distinct text of a formula; the same formula with other hyperparameters has another text."""

    def __init__(self) -> None:
        self.trees: dict[str, ast.FunctionDef] = {}
        self._known: dict[str, str] = {}

    def of(self, formula: Formula) -> str:
        """The formula's name in the file."""
        found = tree(formula)
        text = ast.unparse(found)
        if text not in self._known:
            base = name = f"formula_{found.name}"
            number = 1
            while name in self.trees:
                number += 1
                name = f"{base}_{number}"
            found.name = name
            self._known[text], self.trees[name] = name, found
        return self._known[text]
