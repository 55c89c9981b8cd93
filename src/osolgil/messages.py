"""Every sentence a reader sees, in English and in Korean, side by side in `messages.toml`.

>>> from osolgil.messages import message
>>> message("page.leaderboard")
'Leaderboard'
>>> message("page.leaderboard", language="ko")
'순위표'
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from osolgil.errors import SettingsError
from osolgil.spelling import hint

LANGUAGES = ("en", "ko")


def message(key: str, language: str = "en", **values: Any) -> str:
    """The text that belongs to a key, with its placeholders filled in.

    key: table and name in `messages.toml`, "verdict.winner". language: "en" or "ko". values: one per
    placeholder, already formatted for the reader. Raises `SettingsError` for another language, and `KeyError`
    for a key or a value that is missing, which is a mistake of the caller. A list among the values becomes its
    names.
    """
    told = {
        name: list_names(value, language=language) if isinstance(value, (list, tuple)) else value
        for name, value in values.items()
    }
    table, _, name = key.partition(".")
    return _table(table)[name][known_language(language)].format(**told)


def list_names(names: Sequence[str], shown: int = 5, language: str = "en") -> str:
    """A readable list: `'a', 'b' and 12 more`.

    >>> list_names(["a", "b", "c"], shown=2), list_names(["a", "b", "c"], shown=2, language="ko")
    ("'a', 'b' and 1 more", "'a', 'b' 외 1개")
    """
    quoted = [f"'{name}'" for name in names]
    if not quoted:
        return message("word.none", language)
    if len(quoted) > shown:
        named = ", ".join(quoted[:shown])
        return message("word.names_and_more", language, names=named, count=len(quoted) - shown)
    if len(quoted) == 1 or language != "en":
        return ", ".join(quoted)
    return f"{', '.join(quoted[:-1])} and {quoted[-1]}"


class Message(str):
    """A message that is kept to be told later, in any language; as a text it is the English one.

    >>> note = Message("note.constant", names=["a", "b"])
    >>> note, note.text("ko")
    ("Left out because it never changes: 'a' and 'b'.", "값이 변하지 않아 제외했습니다: 'a', 'b'.")
    """

    key: str
    values: dict[str, Any]

    def __new__(cls, key: str, **values: Any) -> Self:
        made = super().__new__(cls, message(key, **values))
        made.key, made.values = key, values
        return made

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]:
        return (self.key,), self.values

    def text(self, language: str) -> str:
        """The message in a language."""
        return message(self.key, language, **self.values)

    def facts(self) -> dict[str, Any]:
        """What is stored of it: key and values for whoever tells it again, and the English text to read."""
        return {"key": self.key, "values": self.values, "text": str(self)}


def stored(notes: Sequence[Any]) -> list[dict[str, Any]]:
    """Notes as `Message.facts` stores them; the texts of older folders are told as they were written."""
    return [
        note if isinstance(note, dict) else Message("note.as_written", text=str(note)).facts()
        for note in notes
    ]


def known_language(language: str) -> str:
    """The language itself, or a `SettingsError` that names those there are."""
    if language not in LANGUAGES:
        near = hint(language, LANGUAGES)
        raise SettingsError(f"There is no language '{language}'; choose {' or '.join(LANGUAGES)}.{near}")
    return language


@cache
def catalog() -> Mapping[str, Mapping[str, str]]:
    """Every key with its text in every language."""
    return MappingProxyType({f"{t}.{name}": row for t in _texts() for name, row in _table(t).items()})


@cache
def _table(name: str) -> Mapping[str, Mapping[str, str]]:
    """One table's messages; a race speaks from few of them, and to read them all takes longer."""
    return tomllib.loads(_texts()[name])[name]


@cache
def _texts() -> Mapping[str, str]:
    """What the file says of each table."""
    text = Path(__file__).with_name("messages.toml").read_text("utf-8")
    texts: dict[str, str] = {}
    for entry in re.split(r"^(?=\[)", text, flags=re.MULTILINE)[1:]:
        name = entry[1:].partition(".")[0]
        texts[name] = texts.get(name, "") + entry
    return texts
