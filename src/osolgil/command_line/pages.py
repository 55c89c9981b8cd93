"""The page of a folder that a race or a training has written."""

from __future__ import annotations

from pathlib import Path

from osolgil.errors import OutputError
from osolgil.files import read_json
from osolgil.messages import stored
from osolgil.records import read_history


def write_page(folder: Path, language: str) -> Path:
    """Write the folder's report.html anew; OutputError where it holds neither a race nor a training."""
    from osolgil.race import Verdict
    from osolgil.race.own_formulas import restored
    from osolgil.report import write_report, write_training

    place = folder.expanduser()
    if (place / "training.json").exists() and not (place / "verdict.json").exists():
        facts = read_json(place / "training.json")
        if isinstance(facts, dict) and "streaming" in facts:
            raise OutputError(
                f"The training in {place} was streamed, which keeps no record of layers to show."
            )
        if not isinstance(facts, dict) or "layers" not in facts:
            raise OutputError(
                f"{place / 'training.json'} holds no record of layers; train the network again."
            )
        restored(place, facts.get("formulas", {}))
        facts["data"]["notes"] = stored(facts["data"].get("notes", ()))
        write_training(place, facts, read_history(place / "layers.parquet"), language)
        return place / "report.html"
    verdict = Verdict.load(place)
    write_report(place, verdict.facts, verdict.history, verdict.model, language, verdict.layers)
    return place / "report.html"
