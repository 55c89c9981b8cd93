"""The verdict: what a race found, the trained model and every run's history."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from osolgil.files import read_json
from osolgil.messages import stored
from osolgil.model import Model
from osolgil.race.own_formulas import restored
from osolgil.records import read_history


@dataclass(frozen=True, eq=False)
class Verdict:
    """What a race concludes, and how sure it is.

    facts: everything in `verdict.json`, a plain dictionary.
    history: columns of `history.parquet`, a row per run and epoch.
    model: a typical trained network (the median run) of the recommended entrant; None where every run diverged.
    folder: where the files lie, None where none were written. language: of what it says of itself, "en" or "ko".
    layers: columns of `layers.parquet`, a row per run, epoch and layer: signals, gradients, updates.
    """

    facts: dict[str, Any]
    history: dict[str, np.ndarray]
    model: Model | None
    folder: Path | None = None
    language: str = "en"
    layers: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def winner(self) -> str | None:
        """The entrant that beats all others beyond noise, or None: ties are an answer."""
        return self.facts["winner"]

    @property
    def ties(self) -> list[str]:
        """Entrants that may be the best."""
        return list(self.facts["ties"])

    @property
    def recommended(self) -> str | None:
        """The entrant with the best mean score on fresh seeds."""
        return self.facts["recommended"]

    @property
    def score(self) -> float | None:
        """Test score (accuracy, R² or D²) of the model."""
        test = self.facts["test"]["winner"]
        return None if test is None else test["score"]

    @property
    def leaderboard(self) -> list[dict[str, Any]]:
        """A row per entrant, best first."""
        return list(self.facts["leaderboard"])

    def sentences(self, language: str | None = None) -> list[str]:
        """The verdict in a few plain sentences, by default in the language the race was asked for."""
        from osolgil.report.sentences import verdict_sentences

        return verdict_sentences(self.facts, language or self.language)

    def predict(self, inputs: Any) -> np.ndarray:
        """Class labels, or the target in its own unit, for new rows as raw as the training rows were."""
        from osolgil.errors import SettingsError

        if self.model is None:
            raise SettingsError("Every run of this race diverged, so it has no model to predict with.")
        return self.model.predict(inputs)

    def __str__(self) -> str:
        return "\n".join(self.sentences())

    def __repr__(self) -> str:
        found = f"winner={self.winner!r}" if self.winner else f"ties={self.ties!r}"
        return f"Verdict({self.facts['data']['name']!r}, {found}, score={self.score!r})"

    def _repr_html_(self) -> str:
        """The sentences and the leaderboard, which a notebook shows by itself."""
        from osolgil import notebooks
        from osolgil.report import leaderboard

        header = ["#", *leaderboard.header(self.facts, self.language)]
        rows = leaderboard.rows(self.facts, self.language)
        return notebooks.paragraphs(self.sentences()) + notebooks.table(header, rows)

    @classmethod
    def load(cls, folder: str | Path, language: str = "en") -> Verdict:
        """Read a finished race's folder."""
        folder = Path(folder)
        facts = read_json(folder / "verdict.json")
        restored(folder, facts.get("formulas", {}))
        facts["data"]["notes"] = stored(facts["data"]["notes"])
        model = Model.load(folder) if facts["model"] is not None else None
        recorded = folder / "layers.parquet"
        layers = read_history(recorded) if recorded.exists() else {}
        return cls(facts, read_history(folder / "history.parquet"), model, folder, language, layers)
