"""The reference site's pages, made from the catalog: a hook of MkDocs, run by `mkdocs build`.

A page per row with its equations (MathML, drawn by the browser; LaTeX to copy), docstring, parents, defaults,
differences, plot, file and line; a table per kind; the family trees; how exactly everything computes.
"""

from __future__ import annotations

import importlib
import sys
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from osolgil.equations import blocks, written
from osolgil.formulas.catalog import Row
from osolgil.lookup import KINDS, row_facts, rows_of
from osolgil.lookup.curves import curve
from osolgil.messages import catalog as messages_catalog
from osolgil.messages import message
from osolgil.pictures.curve_svg import curve_svg
from osolgil.pictures.tree_page import mathml, page

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # MkDocs runs this file by its place, without the folder around it
interface = importlib.import_module("tools.interface")
TREES = ("optimizers", "activations")
LIBRARIES = {"pytorch": "PyTorch", "keras": "Keras", "optax": "optax / JAX"}
SEPARATELY = {
    "kind", "name", "title", "aliases", "year", "family", "summary", "parents", "children", "paper", "hyperparameters",
    "peers", "file", "line", "docstring", "equations", "changes", "answers", "minima", "given",
}  # fmt: skip


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """The table of contents: what the catalog holds."""
    navigation: list[Any] = ["index.md"]
    for kind in KINDS:
        rows = rows_of(kind)
        if rows:
            pages = [
                {row.title: f"{kind}/{name}.md"}
                for name, row in sorted(rows.items(), key=lambda pair: pair[1].title)
            ]
            navigation.append({_title(kind): [f"{kind}/index.md", *pages]})
    navigation.append({"Family trees": [{_title(kind): f"trees/{kind}.md"} for kind in TREES]})
    navigation.append({"Estimators": [path for path, _ in interface.pages()]})
    navigation.append({"How exactly": [f"exactness/{path.name}" for path in _measured()]})
    config.nav = navigation
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Every page that is not written by hand."""
    from mkdocs.structure.files import File

    for path, text in generated():
        files.append(File.generated(config, path, content=text))
    return files


def generated() -> list[tuple[str, str]]:
    """Path and text of every generated page."""
    found = []
    for kind in KINDS:
        rows = rows_of(kind)
        if not rows:
            continue
        found.append((f"{kind}/index.md", _overview(kind)))
        found += [(f"{kind}/{name}.md", _page(kind, row)) for name, row in rows.items()]
    for kind in TREES:
        found.append((f"trees/{kind}-tree.html", page(kind)))
        found.append((f"trees/{kind}.md", _tree(kind)))
    found += interface.pages()
    return found + [(f"exactness/{path.name}", path.read_text("utf-8")) for path in _measured()]


def _measured() -> list[Path]:
    """What was measured of agreement with other libraries: the tables the benchmarks write."""
    return sorted((ROOT / "benchmarks/results").glob("*.md"))


def _title(kind: str) -> str:
    return kind.replace("_", " ").capitalize()


def _overview(kind: str) -> str:
    lines = [f"# {_title(kind)}", "", "| Name | Year | What it does | Parents |", "|---|---|---|---|"]
    for row in rows_of(kind).values():
        told = getattr(row, "changes", "") or row.summary
        parents = ", ".join(_link(kind, parent) for parent in row.parents) or "–"
        lines.append(f"| [{row.title}]({row.name}.md) | {row.year} | {_cell(told)} | {parents} |")
    return "\n".join(lines) + "\n"


def _page(kind: str, row: Row) -> str:
    facts = row_facts(row)
    summary, _, rest = facts["docstring"].partition("\n")
    parts = [f"# {row.title}", "", escape(summary), ""]
    if rest.strip():
        parts += [escape(rest.strip()), ""]
    parts += _equations(row)
    drawn = curve(row)
    if drawn is not None:
        parts += ["## Plot", "", f"<div>{curve_svg(drawn, row.title)}</div>", ""]
    if kind == "surfaces":
        parts += ["## Ways down", "", f'<div class="ground">{_ground(row.name)}</div>', ""]
    parts += ["## Facts", "", _facts(kind, facts), ""]
    return "\n".join(parts)


def _equations(row: Row) -> list[str]:
    parts = []
    for block in blocks(row):
        key = block.caption
        caption = (
            message(key) if key in messages_catalog() else key.removeprefix("equation.").replace("_", " ")
        )
        drawn = "".join(
            f'<div style="padding-left:{1.2 * line.depth}em">{mathml(written(line, "mathml"))}</div>'
            for line in block.lines
        )
        latex = " \\\\\n".join(written(line, "latex") for line in block.lines)
        parts += [
            f"## {caption}", "", f'<div class="equations">{drawn}</div>', "",
            '<details><summary>LaTeX</summary><pre><code>' + escape(latex) + "</code></pre></details>", "",
        ]  # fmt: skip
    return parts


def _facts(kind: str, facts: dict[str, Any]) -> str:
    rows: list[tuple[str, str]] = [("Year", str(facts["year"]))]
    for key in ("changes", "answers"):
        if facts.get(key):
            rows.append((message(f"lookup.{key}"), escape(facts[key])))
    for key in ("parents", "children"):
        if facts[key]:
            rows.append((message(f"lookup.{key}"), ", ".join(_anchor(kind, name) for name in facts[key])))
    values = [f"<code>{name} = {value}</code>" for name, value in facts["hyperparameters"].items()]
    rows += [(message("lookup.hyperparameters"), ", ".join(values))] if values else []
    rows += [(LIBRARIES.get(library, library), escape(text)) for library, text in facts["peers"].items()]
    rows += [
        (key.replace("_", " ").capitalize(), escape(_short(value)))
        for key, value in facts.items()
        if key not in SEPARATELY and value not in (None, "", [], {}, False)
    ]
    if facts["aliases"]:
        rows.append((message("lookup.aliases"), ", ".join(facts["aliases"])))
    rows.append((message("lookup.paper"), escape(facts["paper"])))
    rows.append((message("lookup.source"), f"<code>{facts['file']}:{facts['line']}</code>"))
    body = "".join(f"<tr><th>{escape(name)}</th><td>{text}</td></tr>" for name, text in rows)
    return f'<table class="facts">{body}</table>'


def _short(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_short(each) for each in value)
    if isinstance(value, dict):
        return ", ".join(f"{name} = {_short(each)}" for name, each in value.items())
    return "yes" if value is True else f"{value:.6g}" if isinstance(value, float) else str(value)


def _ground(name: str) -> str:
    from osolgil.paths import path
    from osolgil.pictures.path_figures import svg

    return svg(path(name, steps=150))


def _tree(kind: str) -> str:
    return (
        f"---\nhide: [navigation, toc]\n---\n\n# {message(f'tree.title_{kind}')}\n\n"
        f'<iframe class="tree-frame" src="{kind}-tree.html" title="{message(f"tree.title_{kind}")}"></iframe>\n\n'
        f"[The tree alone]({kind}-tree.html)\n"
    )


def _link(kind: str, name: str) -> str:
    return f"[{name}]({name}.md)" if name in rows_of(kind) else name


def _anchor(kind: str, name: str) -> str:
    return f'<a href="{name}.html">{name}</a>' if name in rows_of(kind) else name


def _cell(text: str) -> str:
    return escape(text).replace("|", "\\|")
