"""The frame of every page: the report's style, script and language switch around a template's own sections."""

from __future__ import annotations

import json
from typing import Any

from osolgil.messages import LANGUAGES, known_language, message
from osolgil.report.page import both, part, plotly_script, script_safe

Figures = dict[str, dict[str, Any]]


def framed(template: str, language: str, figures: Figures | None = None, **values: Any) -> str:
    """A template of `page_parts` filled in; `figures` are Plotly dictionaries by language and name.

    Plotly itself is only put into pages that have figures.
    """
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    known_language(language)
    environment = Environment(
        loader=ChoiceLoader([PackageLoader("osolgil.pictures", "page_parts")]), autoescape=True,
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    content = {"language": language, "figures": figures or {each: {} for each in LANGUAGES}}
    return environment.get_template(template).render(
        language=language,
        languages=LANGUAGES,
        both=both,
        message=message,
        names=set(content["figures"]["en"]),
        content=script_safe(json.loads(json.dumps(content))),
        style=part("page.css"),
        script=part("page.js"),
        plotly=plotly_script() if figures else None,
        **values,
    )


def own_part(name: str) -> str:
    """A file of this package's `page_parts`."""
    from importlib import resources

    return resources.files("osolgil.pictures").joinpath("page_parts", name).read_text("utf-8")
