"""Activations in recipes: a library's own function where it is the same, else the formula itself."""

from __future__ import annotations

from collections.abc import Mapping

from osolgil.formulas import catalog
from osolgil.report.recipe.plan import Plan, source


def are_writable(plan: Plan) -> bool:
    """Whether recipes can write the plan's activations: not those that learn, draw, or fold pieces."""
    rows = [catalog.activation(name) for name in (plan.activation, plan.output_activation)]
    return all(row.kind == "elementwise" and row.learned is None and not row.random for row in rows)


def sources(plan: Plan, known: Mapping[str, str]) -> list[str]:
    """Formulas of the activations the library does not have, by name."""
    rows = {
        row.name: row for name in (plan.activation, plan.output_activation) if (row := _unknown(name, known))
    }
    return [source(catalog.activation(name).formula) for name in sorted(rows)]


def call(name: str, known: Mapping[str, str]) -> str:
    """What a recipe calls for an activation, hyperparameters included."""
    row = catalog.activation(name)
    if _unknown(name, known) is None:
        return known[row.name]
    formula = row.formula.__name__
    given = "".join(f", {key}={value!r}" for key, value in row.given.items())
    return f"partial({formula}{given})" if given else formula


def need_partial(plan: Plan, known: Mapping[str, str]) -> bool:
    """Whether one of them is called with fixed hyperparameters."""
    return any("partial" in call(name, known) for name in (plan.activation, plan.output_activation))


def _unknown(name: str, known: Mapping[str, str]) -> catalog.Activation | None:
    row = catalog.activation(name)
    return None if row.name in known and not row.given else row
