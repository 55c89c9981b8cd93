"""The frame of every page: head, style, script and language switch around a template's own sections."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from osolgil.files import write_bytes
from osolgil.messages import LANGUAGES, known_language, message

if TYPE_CHECKING:
    from jinja2 import BaseLoader, Environment, Template

Figures = dict[str, dict[str, Any]]
_PLOTLY = "<!-- plotly -->"  # no text of ours or the user's holds a "<" of its own


def write_page(path: Path, page: str) -> None:
    """Write what `framed` gave, with Plotly where it has figures: five megabytes that go through no template."""
    before, place, after = page.partition(_PLOTLY)
    write_bytes(path, before.encode(), plotly_script() if place else b"", after.encode())


def framed(
    template_name: str,
    language: str,
    figures: Figures | None = None,
    *,
    runs: Sequence[dict[str, Any]] = (),
    packages: Sequence[str] = (),
    **values: Any,
) -> str:
    """A template of `page_parts` filled in; `language` is the one the page opens in.

    figures: Plotly dictionaries by language and name; `write_page` puts Plotly itself into pages that have some.
    runs: what a picker chooses from, each with traces that it adds to figures of these names. packages: where
    templates lie besides this package's `page_parts`.
    """
    known_language(language)
    content = {"language": language, "figures": figures or {each: {} for each in LANGUAGES}}
    if runs:
        content["runs"] = list(runs)
    return template(template_name, tuple(packages)).render(
        language=language,
        languages=LANGUAGES,
        both=both,
        message=message,
        names=set(content["figures"]["en"]),
        content=script_safe(content),
        style=part("page.css"),
        script=part("page.js"),
        plotly=_PLOTLY if figures else "",
        **values,
    )


def template(name: str, packages: tuple[str, ...] = ()) -> Template:
    """A template of `page_parts`, compiled once; `packages`: where those lie besides this one."""
    return _environment(packages).get_template(name)


@functools.cache
def _environment(packages: tuple[str, ...]) -> Environment:
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    loaders = [PackageLoader(package, "page_parts") for package in (*packages, "osolgil.report")]
    made = Environment(
        loader=ChoiceLoader(loaders), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    with contextlib.suppress(OSError):  # a cache that cannot be written costs time, not the page
        made.loader = _compiled(made)
    return made


def _compiled(environment: Environment) -> BaseLoader:
    """The same templates as Python modules, kept beside compiled kernels by the hash of all they are made of."""
    import jinja2
    from jinja2 import ModuleLoader

    from osolgil.engines.cpu.cache import cache_folder

    assert environment.loader is not None
    names = sorted(name for name in environment.loader.list_templates() if name.endswith(".html"))
    texts = [environment.loader.get_source(environment, name)[0] for name in names]
    installed = (sys.version, jinja2.__file__, os.stat(jinja2.__file__).st_mtime_ns)
    made_of = json.dumps([*installed, *names, *texts])
    folder = cache_folder() / "templates" / hashlib.sha256(made_of.encode()).hexdigest()[:16]
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as place:
            whole = Path(place) / folder.name
            environment.compile_templates(whole, ["html"], zip=None, ignore_errors=False)
            with contextlib.suppress(OSError):  # another process was first
                whole.rename(folder)
    return ModuleLoader(folder) if folder.exists() else environment.loader


def both(key: str, **values: Any) -> Any:
    """A message in both languages, of which the page shows one; a value may be a dictionary by language."""
    from markupsafe import Markup, escape

    spans = []
    for language in LANGUAGES:
        chosen = {
            name: value[language] if isinstance(value, dict) else value for name, value in values.items()
        }
        text = escape(message(key, language, **chosen))
        spans.append(f'<span lang="{language}">{text}</span>')
    return Markup("".join(spans))


def plotly_script() -> bytes:
    """plotly.min.js as the installed plotly has it, found without importing plotly."""
    from importlib.util import find_spec

    from osolgil.errors import MissingLibraryError

    found = find_spec("plotly")
    if found is None or found.origin is None:
        raise MissingLibraryError(
            "The report needs plotly for its figures; install it with: pip install plotly."
        )
    return (Path(found.origin).parent / "package_data" / "plotly.min.js").read_bytes()


def script_safe(content: Any) -> str:
    """JSON that cannot end the script element it stands in, with null for what is no number."""
    text = _json(content)
    if "NaN" in text or "Infinity" in text:
        text = _json(json.loads(text, parse_constant=lambda name: None))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _json(content: Any) -> str:
    return json.dumps(
        content, ensure_ascii=False, separators=(",", ":"), default=lambda number: number.item()
    )


def part(name: str, package: str = "osolgil.report") -> str:
    """A file of a package's `page_parts`."""
    return resources.files(package).joinpath("page_parts", name).read_text("utf-8")
