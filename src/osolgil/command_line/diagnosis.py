"""`osolgil diagnose`: does this network learn these data, if not why, and what to change."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from osolgil.command_line import endings, options
from osolgil.command_line.asked import data_settings, optimizer_settings, settings
from osolgil.command_line.printing import print_json

Repair = Annotated[bool, typer.Option("--repair", help="Try what may cure it, before and after.")]
Out = Annotated[str | None, typer.Option("--out", help="Folder for a page and JSON. [none]")]


@options.taking(
    options.DATA, options.ONE_OPTIMIZER, options.NETWORK, options.COURSE,
    {"seed": options.Seed, "jobs": options.Jobs, "repair": Repair, "out": Out}, options.SHOWN,
)  # fmt: skip
def diagnose(source: options.Source, **given: Any) -> None:
    """Say whether a network learns data, and if not, why: predicted, measured, explained, repaired."""
    asked = data_settings(given) | optimizer_settings(given) | settings(given)
    asked["optimizer"] = asked["optimizer"] or "adam"
    language, out = given["lang"].value, given["out"]

    from osolgil.diagnosis import diagnose as run

    try:
        found = run(source, repair=given["repair"], jobs=given["jobs"], out=out, language=language, **asked)
    except KeyboardInterrupt:
        raise endings.Stopped("Stopped; nothing was written.") from None
    if given["as_json"]:
        print_json(found.facts)
    elif given["quiet"]:
        print("\n".join(found.sentences(language)))
    else:
        from osolgil.terminal.diagnosis import show_diagnosis

        show_diagnosis(found.facts, found.sentences(language), None if out is None else Path(out), language)


def add_to(app: typer.Typer) -> None:
    """Make it a command of `osolgil`."""
    app.command()(diagnose)
