"""The commands that look things up: a list per kind of the catalog, `show` for one row, `tree` for the family."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from osolgil.command_line import options
from osolgil.command_line.printing import print_json

# The kinds of `osolgil.lookup.KINDS`, with what `--help` says; named here so that help need not load the catalog.
KINDS = {
    "optimizers": "List the optimizers of the catalog.",
    "wrappers": "List the wrappers that compose with any optimizer.",
    "activations": "List the activations.",
    "losses": "List the losses.",
    "schedules": "List the schedules of the learning rate.",
    "initial_scales": "List the initial scales of weights.",
    "surfaces": "List the surfaces to watch optimizers on.",
}
_ENGLISH = options.Language.en
Words = Annotated[list[str] | None, typer.Argument(help="Words to search for.", show_default=False)]
Family = Annotated[str | None, typer.Option("--family", help="Only this family.", show_default=False)]
Year = Annotated[
    str | None, typer.Option("--year", help="2014, 2010-2015, 2019- or -1990.", show_default=False)
]
Parent = Annotated[
    str | None, typer.Option("--parent", help="Only descendants of this one.", show_default=False)
]


def add_to(app: typer.Typer) -> None:
    """Put the commands into the command line."""
    for kind, explanation in KINDS.items():
        app.command(kind.replace("_", "-"), help=explanation)(_lister(kind))
    app.command()(show)
    app.command()(tree)


def _lister(kind: str) -> Callable[..., None]:
    def listed(
        words: Words = None,
        family: Family = None,
        year: Year = None,
        parent: Parent = None,
        as_json: options.Json = False,
        lang: options.Lang = _ENGLISH,
    ) -> None:
        from osolgil.lookup import chosen, row_facts

        found = chosen(kind, " ".join(words or ()), family=family, year=year, parent=parent)
        if as_json:
            print_json([row_facts(row, brief=True) for row in found])
            return
        from osolgil.terminal.catalog import show_rows

        show_rows(kind, found, lang.value)

    return listed


def show(
    name: Annotated[
        str, typer.Argument(help="Any name of the catalog: adam, gelu, huber.", show_default=False)
    ],
    latex: Annotated[bool, typer.Option("--latex", help="Equations as LaTeX.")] = False,
    as_json: options.Json = False,
    lang: options.Lang = _ENGLISH,
) -> None:
    """Show all about one formula: equations, parents, defaults, libraries, source, plot."""
    from osolgil.lookup import find, row_facts

    row = find(name)
    if as_json:
        print_json(row_facts(row))
        return
    from osolgil.terminal.catalog import show_row

    show_row(row, lang.value, latex)


def tree(
    kind: Annotated[str, typer.Argument(help="optimizers, activations or another kind.")] = "optimizers",
    out: Annotated[str | None, typer.Option("--out", help="Folder to write to. [osolgil-tree]")] = None,
    as_json: options.Json = False,
    lang: options.Lang = _ENGLISH,
) -> None:
    """Draw the family tree by year, from gradient descent to today: HTML to click on, and SVG."""
    from osolgil.pictures.tree_page import tree_facts, write_tree

    kind = kind.replace("-", "_")
    if as_json:
        print_json(tree_facts(kind))
        return
    from osolgil.messages import message

    for path in write_tree(Path(out or "osolgil-tree"), kind, lang.value).values():
        print(message("path.written", lang.value, path=path))
