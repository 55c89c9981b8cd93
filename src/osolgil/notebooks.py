"""Small pieces of HTML that a notebook shows in place of a `repr`; everything in them is escaped.

>>> print(table(["name", "score"], [["a < b", "1"]]))
<table><thead><tr><th>name</th><th>score</th></tr></thead><tbody><tr><td>a &lt; b</td><td>1</td></tr></tbody></table>
>>> paragraphs(["One & two."])
'<p>One &amp; two.</p>'
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any


def paragraphs(sentences: Iterable[str]) -> str:
    """A paragraph per sentence."""
    return "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)


def table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table with a header."""
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    lines = "".join(f"<tr>{_cells(row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"


def facts(title: str, content: Mapping[str, Any]) -> str:
    """A title, and below it a line per fact; empty facts are left out.

    >>> facts("SGD", {"year": 1951, "aliases": ""})
    '<b>SGD</b><table><tbody><tr><th>year</th><td>1951</td></tr></tbody></table>'
    """
    lines = "".join(
        f"<tr><th>{escape(name)}</th>{_cells([value])}</tr>"
        for name, value in content.items()
        if value not in ("", None, ())
    )
    return f"<b>{escape(title)}</b><table><tbody>{lines}</tbody></table>"


def _cells(values: Iterable[Any]) -> str:
    return "".join(f"<td>{escape(str(value))}</td>" for value in values)
