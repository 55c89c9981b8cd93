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
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

from osolgil.errors import SettingsError
from osolgil.spelling import hint

LANGUAGES = ("en", "ko")


def message(key: str, language: str = "en", **values: Any) -> str:
    """The text that belongs to a key, with its placeholders filled in.

    key: table and name in `messages.toml`, "verdict.winner". language: "en" or "ko". values: one per
    placeholder, already formatted for the reader. Raises `SettingsError` for another language, and `KeyError`
    for a key or a value that is missing, which is a mistake of the caller.
    """
    table, _, name = key.partition(".")
    return _table(table)[name][known_language(language)].format(**values)


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
    text = resources.files("osolgil").joinpath("messages.toml").read_text("utf-8")
    texts: dict[str, str] = {}
    for entry in re.split(r"^(?=\[)", text, flags=re.MULTILINE)[1:]:
        name = entry[1:].partition(".")[0]
        texts[name] = texts.get(name, "") + entry
    return texts
