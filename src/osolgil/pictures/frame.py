"""The frame of every page around the templates of this package."""

from __future__ import annotations

from typing import Any

from osolgil.report import frame
from osolgil.report.frame import Figures

_PACKAGE = "osolgil.pictures"


def framed(template: str, language: str, figures: Figures | None = None, **values: Any) -> str:
    """A template of `page_parts` filled in; `figures` are Plotly dictionaries by language and name."""
    return frame.framed(template, language, figures, packages=(_PACKAGE,), **values)


def own_part(name: str) -> str:
    """A file of this package's `page_parts`."""
    return frame.part(name, _PACKAGE)
