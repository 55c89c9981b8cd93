"""Where an own formula comes from: a file that is read and never run, or a function of a file or a notebook cell.

Either way what counts is the text. `Written` holds it, complete in itself: the formula, under a decorator that says
what it is, and the second formula it brings along (coefficients or derivative). The text is stored beside every
race and every model that uses it, and read again it gives the same formula.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from osolgil.errors import SettingsError
from osolgil.spelling import hint

KINDS = ("optimizer", "activation", "loss")
SECOND = {"optimizer": "coefficients", "activation": "derivative", "loss": "derivative"}
_OPTIONS = {
    "optimizer": ("coefficients", "title", "parents", "generalises"),
    "activation": ("derivative", "title"),
    "loss": ("derivative", "title", "task"),
}
_LARGEST = 200_000
_NOT_IN_TITLES = '"\\<>{}'  # a title becomes part of pages and of recipes, which are code
_SPEC = re.compile(r"(?P<path>.+?)(?::(?P<name>[^:/\\]*))?")


@dataclass(frozen=True)
class Written:
    """An own formula as text, under its name, with what its decorator says; origin is "mine.py" or "".

    text: the second formula it brings along, where there is one, and the formula, without decorators. lines: where
    both begin in their file. second: the name of the second one.
    """

    kind: str
    name: str
    text: str
    origin: str = ""
    lines: tuple[int, int] = (1, 1)
    second: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def where(self) -> str:
        """How an error calls it: "mine.py:my_optimizer"."""
        return f"{Path(self.origin).name}:{self.name}" if self.origin else self.name

    @property
    def functions(self) -> tuple[ast.FunctionDef, ast.FunctionDef | None]:
        """The formula and the second one, parsed, with the line numbers of their file."""
        tree = _parsed(self.text, self.where)
        found = _function(tree, self.name, self.where)
        other = _function(tree, self.second, self.where) if self.second else None
        for function, line in ((found, self.lines[0]), (other, self.lines[1])):
            if function is not None:
                ast.increment_lineno(function, line - function.lineno)
        return found, other

    def source(self) -> str:
        """The text with its decorator, ready to be a file of its own."""
        given = [f"{SECOND[self.kind]}={self.second}"] if self.second else []
        given += [f"{name}={value!r}" for name, value in sorted(self.options.items())]
        decorator = f"@osolgil.{self.kind}({', '.join(given)})\n"
        place = _function(ast.parse(self.text), self.name, self.where).lineno - 1
        lines = self.text.splitlines()
        return "\n".join([*lines[:place], decorator + lines[place], *lines[place + 1 :]]) + "\n"


def is_place(name: str) -> bool:
    """Whether a name says where a formula lies rather than what it is called: mine.py:bent, or mine.py."""
    path, _, last = name.rpartition(":")
    return bool(path) or last.endswith(".py")


def from_place(kind: str, place: str) -> Written:
    """The formula at `file.py:function`; the function may be left out where the file has one formula only."""
    path, name = _parts(place)
    return from_text(kind, _read(Path(path).expanduser(), kind), name or None, path)


def _parts(place: str) -> tuple[str, str]:
    """File and function of a place; the function is "" where none is named."""
    match = _SPEC.fullmatch(place.strip())
    return (match["path"], (match["name"] or "").strip()) if match else (place, "")


def kind_at(place: str) -> str:
    """What the formula at a place is: what its decorator says, else what its arguments look like."""
    path, name = _parts(place)
    tree = _parsed(_read(Path(path).expanduser(), "formula"), Path(path).name)
    function = _function(tree, name or _only_formula(tree, Path(path).name), Path(path).name)
    for node in function.decorator_list:
        declared = ast.unparse(node.func if isinstance(node, ast.Call) else node).rpartition(".")[2]
        if declared in KINDS:
            return declared
    given = function.args
    plain, defaults = len(given.posonlyargs) + len(given.args), len(given.defaults)
    names = {argument.arg for argument in (*given.args, *given.kwonlyargs)}
    second = any(_is_function(node, f"{function.name}_coefficients") for node in tree.body)
    if plain - defaults <= 1:
        return "activation"
    return "optimizer" if "learning_rate" in names or second or plain - defaults > 2 else "loss"


def from_text(kind: str, text: str, name: str | None, origin: str = "") -> Written:
    """A formula from the text of a file, which is parsed and not run."""
    shown = Path(origin).name if origin else (name or "the formula")
    if len(text) > _LARGEST:
        raise SettingsError(f"{shown} is too large for a file of formulas; put the formula into another.")
    tree = _parsed(text, shown)
    name = name or _only_formula(tree, shown)
    where = f"{Path(origin).name}:{name}" if origin else name
    function = _function(tree, name, where)
    options = _decorator(function, kind, where)
    second = options.pop(SECOND[kind], None)
    if second is None and any(_is_function(node, f"{name}_{SECOND[kind]}") for node in tree.body):
        second = f"{name}_{SECOND[kind]}"
    parts, lines = [_segment(text, function)], (function.lineno, 1)
    if second is not None:
        other = _function(tree, second, where)
        parts, lines = [_segment(text, other), *parts], (function.lineno, other.lineno)
    return Written(kind, name, "\n\n\n".join(parts), origin, lines, second, options)


def from_function(kind: str, function: Callable[..., Any]) -> Written:
    """A formula from a function: of a file, a notebook cell, or an interactive session that keeps its lines."""
    if not isinstance(function, types.FunctionType):
        raise SettingsError(f"An own {kind} is a function, not {_shown(function)}; write it with 'def'.")
    declared = dict(getattr(function, "__osolgil__", {}))
    name = function.__name__
    if declared.pop("kind", kind) != kind:
        raise _wrong_kind(name, function.__osolgil__["kind"], kind)  # type: ignore[attr-defined]
    second = declared.pop(SECOND[kind], None) or function.__globals__.get(f"{name}_{SECOND[kind]}")
    parts = [_text_of(function)]
    if second is not None:
        if not isinstance(second, types.FunctionType):
            raise SettingsError(f"The {SECOND[kind]} of {name} must be a function, not {_shown(second)}.")
        parts.insert(0, _text_of(second))
    options = {option: value for option, value in declared.items() if value}
    _check_options(options, name)
    named = second.__name__ if second is not None else None
    return Written(kind, name, "\n\n\n".join(parts), second=named, options=options)


def _read(path: Path, kind: str) -> str:
    if path.suffix != ".py":
        raise SettingsError(f"An own {kind} lies in a Python file, as in mine.py:my_{kind}, not in '{path}'.")
    try:
        with path.open("rb") as file:
            return file.read(4 * _LARGEST + 1).decode("utf-8-sig")
    except FileNotFoundError:
        raise SettingsError(
            f"There is no file '{path}'; give the path of the file that holds your {kind}."
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise SettingsError(f"'{path}' cannot be read: {reason.lower()}.") from error


def _parsed(text: str, shown: str) -> ast.Module:
    try:
        return ast.parse(text)
    except SyntaxError as error:
        raise SettingsError(f"{shown}, line {error.lineno or 1}: this is no Python ({error.msg}).") from None
    except (ValueError, RecursionError, MemoryError, OverflowError):
        raise SettingsError(f"{shown} cannot be read as Python.") from None


def _is_function(node: ast.stmt, name: str) -> bool:
    return isinstance(node, ast.FunctionDef) and node.name == name


def _function(tree: ast.Module, name: str, where: str) -> ast.FunctionDef:
    """The last function of that name, which is the one that counts in Python too."""
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name]
    if found:
        return found[-1]
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    known = f" It has {', '.join(names)}." if names else " It has none at all."
    raise SettingsError(f"{where.partition(':')[0]} has no function '{name}'.{hint(name, names) or known}")


def _only_formula(tree: ast.Module, shown: str) -> str:
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    names = [n for n in names if not n.startswith("_") and not n.endswith(("_coefficients", "_derivative"))]
    if len(set(names)) == 1:
        return names[0]
    if not names:
        raise SettingsError(f"{shown} has no function.")
    raise SettingsError(f"{shown} has {len(names)} functions; say which one, as in {shown}:{names[0]}.")


def _decorator(function: ast.FunctionDef, kind: str, where: str) -> dict[str, Any]:
    """What `@osolgil.optimizer(…)` says: only names of functions, texts and tuples of texts."""
    options: dict[str, Any] = {}
    for node in function.decorator_list:
        call = node if isinstance(node, ast.Call) else None
        named = ast.unparse(call.func if call else node)
        if named.rpartition(".")[2] not in KINDS or named.partition(".")[0] not in ("osolgil", *KINDS):
            raise SettingsError(
                f"{where}, line {node.lineno}: a formula has no decorator '@{named}'; leave it out."
            )
        if named.rpartition(".")[2] != kind:
            raise _wrong_kind(where, named.rpartition(".")[2], kind)
        for keyword in call.keywords if call else ():
            options[str(keyword.arg)] = _option(keyword, kind, where)
        if call and call.args:
            raise SettingsError(f'{where}, line {node.lineno}: name what @{named} is given, as in title="…".')
    _check_options({name: value for name, value in options.items() if name != SECOND[kind]}, where)
    return options


def _option(keyword: ast.keyword, kind: str, where: str) -> Any:
    if keyword.arg not in _OPTIONS[kind]:
        known = ", ".join(_OPTIONS[kind])
        raise SettingsError(
            f"{where}, line {keyword.value.lineno}: @osolgil.{kind} has no option '{keyword.arg}'; it has {known}."
            f"{hint(keyword.arg, _OPTIONS[kind])}"
        )
    if keyword.arg == SECOND[kind]:
        if not isinstance(keyword.value, ast.Name):
            raise SettingsError(
                f"{where}, line {keyword.value.lineno}: {keyword.arg}= is the name of a function of this file."
            )
        return keyword.value.id
    try:
        return ast.literal_eval(keyword.value)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        raise SettingsError(
            f"{where}, line {keyword.value.lineno}: {keyword.arg}= is written out as text."
        ) from None


def _check_options(options: dict[str, Any], where: str) -> None:
    for name in ("parents", "generalises"):
        given = options.get(name, ())
        if isinstance(given, str):
            given = (given,)
        if not isinstance(given, (tuple, list)) or not all(isinstance(part, str) for part in given):
            raise SettingsError(f'{where}: {name}= holds names of optimizers, such as ("adam",).')
        if name in options:
            options[name] = tuple(given)
    for name in ("title", "task"):
        if not isinstance(options.get(name, ""), str):
            raise SettingsError(f"{where}: {name}= is a text.")
    title = options.get("title", "title")
    if len(title) > 60 or not title.isprintable() or set(title) & set(_NOT_IN_TITLES):
        raise SettingsError(f"{where}: title= is a short text of one line without any of {_NOT_IN_TITLES}")


def _wrong_kind(where: str, declared: str, wanted: str) -> SettingsError:
    return SettingsError(f"{where} is declared {_article(declared)}, but {_article(wanted)} is needed here.")


def _article(kind: str) -> str:
    return f"a{'n' * (kind[0] in 'aeiou')} {kind}"


def _segment(text: str, function: ast.FunctionDef) -> str:
    return "\n".join(text.splitlines()[function.lineno - 1 : function.end_lineno])


def _text_of(function: types.FunctionType) -> str:
    """The function as its author wrote it, without decorators."""
    name = function.__name__
    if name == "<lambda>":
        raise SettingsError("An own formula needs a name; write it with 'def' instead of 'lambda'.")
    try:
        text = textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError):
        raise SettingsError(
            f"The text of {name} cannot be found; write it in a file or a notebook cell."
        ) from None
    return _segment(text, _function(_parsed(text, name), name, name))


def _shown(thing: Any) -> str:
    return f"'{thing!r:.60}'"
