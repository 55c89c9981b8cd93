"""What an own formula must be, and the catalog row it becomes."""

from __future__ import annotations

import ast
import hashlib
import json
import linecache
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from osolgil.errors import SettingsError
from osolgil.formulas import _vocabulary, catalog
from osolgil.formulas.catalog import Activation, Loss, Optimizer, Row
from osolgil.formulas.own import trial
from osolgil.formulas.own.derivative import CEILING, NoRule, derivative
from osolgil.formulas.own.language import WORDS_PER_ELEMENT, Definition, definition
from osolgil.formulas.own.reading import SECOND, Written
from osolgil.formulas.own.steps import STEP, per_step

SCALARS = 16
"""Coefficients the engine keeps for an optimizer."""

_PARAMETERS = {"theta", "parameter", "parameters", "param", "params", "weight", "weights", "w", "x"}
_GRADIENTS = {"gradient", "gradients", "grad", "grads", "g"}
_NO_PAPER = "a formula of your own"
_PEERS = MappingProxyType(dict.fromkeys(("pytorch", "keras", "optax"), "not available: it is your own"))
_IN_RECIPES = {
    "batch_size", "clip_norm", "decoupled_weight_decay", "dropout", "epochs", "l1", "l2", "seed", "widths",
}  # fmt: skip


latest: dict[tuple[str, str], Written] = {}
"""Kind and name of an own formula → its text as last named: the same formula may lie in several places."""


@dataclass(frozen=True, eq=False)
class Own(Row):
    """What own rows have besides: the text they were made from."""

    written: Written = field(kw_only=True)

    @property
    def location(self) -> tuple[str, int]:
        written = latest.get((self.written.kind, self.name), self.written)
        return written.origin or "a notebook or program of yours", written.lines[0]


@dataclass(frozen=True, eq=False)
class OwnOptimizer(Own, Optimizer):
    """An optimizer of the user's."""


@dataclass(frozen=True, eq=False)
class OwnActivation(Own, Activation):
    """An activation of the user's."""


@dataclass(frozen=True, eq=False)
class OwnLoss(Own, Loss):
    """A loss of the user's."""


def row_of(written: Written) -> OwnOptimizer | OwnActivation | OwnLoss:
    """The catalog row of an own formula, named by what it says: "bent@1a2b3c4d".

    It computes a little first: what gives no numbers, or has a wrong derivative, is a `SettingsError`.
    """
    return {"optimizer": _optimizer, "activation": _activation, "loss": _loss}[written.kind](written)


def _optimizer(written: Written) -> OwnOptimizer:
    formula, second = _definitions(written)
    where = written.where
    if len(formula.required) < 2:
        raise _error(
            where, "an optimizer's first two arguments are the parameter and its gradient, without a default"
        )
    first = formula.required[:2]
    if first[0] in _GRADIENTS or first[1] in _PARAMETERS:
        raise _error(
            where,
            f"the parameter comes first, its gradient second; here '{first[0]}' stands before '{first[1]}'",
        )
    if second is None:
        coefficients, update, state, defaults = _without_coefficients(where, formula)
    else:
        coefficients, update, state, defaults = _with_coefficients(where, formula, second)
    _check_hyperparameters(where, defaults)
    _check_returned(where, formula, state)
    count = len(update.arguments) - 2 - len(state)
    if count > SCALARS:
        raise _error(
            where, f"an optimizer has at most {SCALARS} hyperparameters and coefficients, not {count}"
        )
    name = _name(written, formula, second)
    row = OwnOptimizer(
        **_facts(written, name, _compiled(update, f"{written.name}_formula", name)),
        parents=tuple(catalog.optimizer(parent).name for parent in written.options.get("parents", ())),
        generalises=tuple(catalog.optimizer(part).name for part in written.options.get("generalises", ())),
        state=state,
        defaults=MappingProxyType(defaults),
        coefficients=coefficients and _compiled(coefficients, f"{written.name}_coefficients", name),
        changes="",
        answers="",
    )
    trial.optimizer(row, where)
    trial.descent(row, where)
    return row


Parts = tuple[Definition | None, Definition, tuple[str, ...], dict[str, float]]


def _without_coefficients(where: str, formula: Definition) -> Parts:
    """States and hyperparameters as the formula names them; what is computed once per step is found in it."""
    if STEP in formula.defaults:
        raise _error(where, "'t' is the number of the step and has no default")
    state = tuple(name for name in formula.required[2:] if name != STEP)
    defaults = _rate_first(formula.defaults)
    coefficients, update = per_step(formula, defaults)
    if not coefficients.body and STEP not in update.required:
        update = replace(formula, required=(*formula.required, *defaults), defaults={})
        return None, update, state, defaults
    return coefficients, update, state, defaults


def _with_coefficients(where: str, formula: Definition, second: Definition) -> Parts:
    """States, and after them the scalars that the coefficients return."""
    if second.required != (STEP,):
        raise _error(where, f"{second.name} takes t, then hyperparameters with defaults")
    if formula.defaults:
        raise _error(where, f"defaults of hyperparameters belong to {second.name}, not to {formula.name}")
    count = len(second.returned)
    state = formula.required[2 : len(formula.required) - count]
    if len(formula.required) < 2 + count:
        raise _error(
            where, f"{second.name} returns {count} values, but {formula.name} has no arguments for them"
        )
    defaults = _rate_first(second.defaults)
    return replace(second, required=(STEP, *defaults), defaults={}), formula, state, defaults


def _activation(written: Written) -> OwnActivation:
    formula, second = _definitions(written)
    if len(formula.required) != 1:
        raise _error(written.where, "an activation has one argument x; all others need a default")
    _check_single(written.where, formula)
    name = _name(written, formula, second)
    facts = _facts(written, name, _compiled(formula, f"{written.name}_formula", name))
    slope = _slope(written, name, facts["formula"], formula, second)
    return OwnActivation(**facts, slope=slope)


def _loss(written: Written) -> OwnLoss:
    formula, second = _definitions(written)
    if len(formula.required) != 2:
        raise _error(
            written.where, "a loss has two arguments, the output and its target; all others need a default"
        )
    _check_single(written.where, formula)
    task = written.options.get("task", "regression")
    if task not in ("regression", "classification"):
        raise _error(written.where, f"task= is regression or classification, not '{task}'")
    name = _name(written, formula, second)
    facts = _facts(written, name, _compiled(formula, f"{written.name}_formula", name))
    slope = _slope(written, name, facts["formula"], formula, second)
    tasks = ("regression",) if task == "regression" else ("classification", "multi-label")
    return OwnLoss(**facts, slope=slope, tasks=tasks)


def _slope(
    written: Written, name: str, value: Callable[..., Any], formula: Definition, second: Definition | None
) -> Callable[..., Any]:
    """The derivative: the one given, or the chain rule's; judged by differences of the formula itself."""
    title, where = f"{written.name}_derivative", written.where
    if second is not None:
        if second.required != formula.required or dict(second.defaults) != dict(formula.defaults):
            raise _error(where, f"{second.name} must have the arguments and defaults of {formula.name}")
        _check_single(where, second)
        slope = _compiled(second, title, name)
        trial.slope(value, slope, len(formula.required), where, second.name)
        return slope
    trouble = ""
    for ceiling in (None, CEILING):
        try:
            slope = _compiled(derivative(formula, ceiling=ceiling), title, name)
            trial.slope(value, slope, len(formula.required), where, "the derivative found by the chain rule")
            return slope
        except NoRule as error:
            trouble = trouble or f"{error} has no rule"
            break
        except trial.WrongSlope as error:
            trouble = trouble or str(error)
    raise _error(
        where, f"its derivative could not be found ({trouble}); write it as a function '{title}' beside it"
    )


def _definitions(written: Written) -> tuple[Definition, Definition | None]:
    function, other = written.functions
    formula = definition(function, written.where)
    if not formula.name.isidentifier() or formula.name.startswith("__"):
        raise _error(written.where, "a formula needs a plain name")
    _check_free(written)
    return formula, definition(other, written.where) if other is not None else None


def _check_free(written: Written) -> None:
    shelf: Mapping[str, Row] = {
        "optimizer": catalog.optimizers, "activation": catalog.activations, "loss": catalog.losses,
    }[written.kind]()  # fmt: skip
    taken = {name for row in shelf.values() for name in (row.name, *row.aliases)}
    if written.name in taken or written.name == "all":
        raise _error(
            written.where,
            f"the catalog has a formula '{written.name}' already; call yours something else, such as "
            f"my_{written.name}",
        )


def _check_hyperparameters(where: str, defaults: Mapping[str, float]) -> None:
    if "learning_rate" not in defaults:
        from osolgil.spelling import nearest

        near = nearest("learning_rate", defaults)
        instead = f" (is it what you call '{near}'?)" if near else ""
        raise _error(where, f"an optimizer needs a hyperparameter 'learning_rate' with a default{instead}")
    if defaults["learning_rate"] <= 0:
        raise _error(where, "the default of 'learning_rate' must be positive")
    for name in defaults:
        if name != name.lower() or name in _IN_RECIPES:
            raise _error(
                where, f"a hyperparameter cannot be called '{name}'; choose another name in small letters"
            )


def _check_returned(where: str, formula: Definition, state: tuple[str, ...]) -> None:
    wanted, found = 1 + len(state), len(formula.returned)
    if wanted == found:
        return
    states = (
        f"and its {len(state)} state{'s' * (len(state) > 1)} ({', '.join(state)}) make"
        if state
        else "alone makes"
    )
    raise _error(
        where,
        f"it returns {found} value{'s' * (found > 1)}, but the new parameter {states} {wanted}; arguments "
        f"without a default are states, hyperparameters have one",
    )


def _check_single(where: str, formula: Definition) -> None:
    if len(formula.returned) != 1:
        raise _error(where, f"{formula.name} returns {len(formula.returned)} values, but one is needed")


def _rate_first(defaults: Mapping[str, float]) -> dict[str, float]:
    """The learning rate stands first, as in every row of the catalog."""
    rate = {name: value for name, value in defaults.items() if name == "learning_rate"}
    return {**rate, **defaults}


def _name(written: Written, *parts: Definition | None) -> str:
    """The formula's name and a hash of what it says, so that an edited formula is another one."""
    facts = [written.kind, json.dumps(dict(written.options), sort_keys=True, ensure_ascii=False)]
    texts = [part.text(with_doc=False) for part in parts if part is not None]
    return f"{written.name}@{hashlib.sha256(chr(0).join([*facts, *texts]).encode()).hexdigest()[:8]}"


def _facts(written: Written, name: str, formula: Callable[..., Any]) -> dict[str, Any]:
    title = written.options.get("title") or written.name
    return {
        "name": name, "title": title, "formula": formula, "paper": _NO_PAPER, "year": 0, "peers": _PEERS,
        "written": written,
    }  # fmt: skip


def _compiled(formula: Definition, title: str, name: str) -> Callable[..., Any]:
    """The formula as a function of NumPy's words, whose source the engines find like that of any other."""
    text = formula.text(title) + "\n"
    file = f"<{title} of {name} {hashlib.sha256(text.encode()).hexdigest()[:8]}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    space: dict[str, Any] = {word: getattr(_vocabulary, word) for word in WORDS_PER_ELEMENT}
    space |= {"__name__": "osolgil.formulas.own", "__builtins__": {}}
    exec(compile(ast.parse(text), file, "exec", dont_inherit=True), space)
    return space[title]


def _error(where: str, what: str) -> SettingsError:
    return SettingsError(f"{where}: {what}.")


__all__ = ["SECOND", "Own", "OwnActivation", "OwnLoss", "OwnOptimizer", "latest", "row_of"]
