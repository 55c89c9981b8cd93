"""Pages on what Python users import, made from the docstrings: summary, settings, attributes, example."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

_SECTION = re.compile(r"(Args|Attributes|Raises|Returns):$")
_METHODS = ("fit", "partial_fit", "predict", "predict_proba", "transform", "save")
_ENTRY = re.compile(r"([a-zA-Z_][\w, ]*): (.*)")


def pages() -> list[tuple[str, str]]:
    """Path and text of a page per estimator, and of the search over their settings."""
    from osolgil import DeepClassifier, DeepRegressor, load_estimator, search

    shown = {"DeepClassifier": DeepClassifier, "DeepRegressor": DeepRegressor, "search": search,
             "load_estimator": load_estimator}  # fmt: skip
    return [(f"estimators/{name}.md", _page(name, subject)) for name, subject in shown.items()]


def _page(name: str, subject: Any) -> str:
    lines = ",\n    ".join(_arguments(subject))
    parts = [
        f"# {name}",
        f"```python\nosolgil.{name}(\n    {lines},\n)\n```",
        markdown(inspect.getdoc(subject) or ""),
    ]
    if inspect.isclass(subject):
        for method in filter(lambda found: hasattr(subject, found), _METHODS):
            function = getattr(subject, method)
            parts += [
                f"## {method}({', '.join(_arguments(function))})",
                markdown(inspect.getdoc(function) or ""),
            ]
    return "\n\n".join(parts) + "\n"


def _arguments(subject: Any) -> list[str]:
    """Arguments with their defaults; annotations say less than the text below."""
    parameters = [p for p in inspect.signature(subject).parameters.values() if p.name != "self"]
    return [p.name if p.default is p.empty else f"{p.name}={p.default!r}" for p in parameters]


def markdown(docstring: str) -> str:
    """A docstring as Markdown: its sections as lists, its examples as code.

    >>> print(markdown("A sum.\\n\\nArgs:\\n    one, two: what is added."))
    A sum.
    <BLANKLINE>
    **Args**
    <BLANKLINE>
    - `one, two`: what is added.
    """
    return "\n".join(_lines(docstring)).strip()


def _lines(docstring: str) -> Iterator[str]:
    code = False
    for line in docstring.splitlines():
        bare = line.strip()
        if bare.startswith(">>>") != code and (code is False or not bare):
            code = not code
            yield "```python" if code else "```"
        if _SECTION.fullmatch(line):
            yield f"**{bare[:-1]}**"
            yield ""
        elif (
            not code and line.startswith("    ") and (entry := _ENTRY.fullmatch(bare)) and _indent(line) == 4
        ):
            yield f"- `{entry[1]}`: {entry[2]}"
        else:
            yield line if code else bare
    if code:
        yield "```"


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
