"""The oracles of rows that move each coordinate by itself: every library's counterparts and the derivations."""

from collections.abc import Iterable
from functools import partial

from laws.oracles import (
    derived,
    in_keras,
    in_optax,
    in_pytorch,
    in_pytorch_optimizer,
    problem,
    together,
)
from laws.oracles.counterpart import Counterpart, odd, our_course, their_course
from laws.oracles.oracle import DERIVATION, Oracle
from osolgil.formulas import catalog

LIBRARIES = {
    "pytorch": in_pytorch.ROWS,
    "optax": in_optax.ROWS,
    "keras": in_keras.ROWS,
    "pytorch_optimizer": in_pytorch_optimizer.ROWS,
}
DEFAULT_STEPS = 60
"""Steps with default hyperparameters: some are so large for this problem that roundings grow."""


def oracles() -> Iterable[Oracle]:
    for library, rows in LIBRARIES.items():
        for name, counterpart in rows.items():
            row = catalog.optimizer(name)
            values = {**odd(row), **counterpart.ours}
            yield Oracle(
                name,
                library,
                partial(_difference, library, row, counterpart, values),
                values,
                tolerance=counterpart.tolerance,
                reason=counterpart.reason or ("" if counterpart.agrees else row.peers.get(library, "")),
                agrees=counterpart.agrees,
            )
    for name in derived.RULES:
        values = odd(catalog.optimizer(name))
        yield Oracle(name, DERIVATION, partial(_from_derivation, name, values), values)


def default_difference(library: str, name: str) -> float:
    """How far the library's defaults lead from ours, at our default learning rate."""
    row, counterpart = catalog.optimizer(name), LIBRARIES[library][name]
    if library == "optax":
        theirs = together.courses()[name, "default"]
    else:
        theirs = their_course(library, row, counterpart, None)
    return problem.difference(our_course(row, {})[:DEFAULT_STEPS], theirs[:DEFAULT_STEPS])


def _difference(
    library: str, row: catalog.Optimizer, counterpart: Counterpart, values: dict[str, float]
) -> float:
    if library == "optax":
        theirs = together.courses()[row.name, "odd"]
    else:
        theirs = their_course(library, row, counterpart, values)
    return problem.difference(our_course(row, values), theirs)


def _from_derivation(name: str, values: dict[str, float]) -> float:
    return problem.difference(our_course(catalog.optimizer(name), values), derived.course(name, values))
