"""From the course of a race to the plain dictionary of its verdict, and the trained model."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from osolgil import __version__
from osolgil.data import Dataset
from osolgil.engines.cpu.fleet import Fleet, Task
from osolgil.engines.cpu.kernels import layout
from osolgil.errors import OsolgilError
from osolgil.formulas import catalog
from osolgil.formulas.explained import score_of
from osolgil.model import Model
from osolgil.race import own_formulas
from osolgil.race.conclusion import leaderboard, model_run, profiles, sensitivity, target_score
from osolgil.race.course import Candidate, Course
from osolgil.race.settings import RaceSettings

FORMAT = 1


def fitted(data: Dataset, settings: RaceSettings) -> Dataset:
    """The data with targets as the loss needs them: standardised, or shares of their mean below a logarithm."""
    row = catalog.loss(settings.loss or "")
    if row.link == "identity" or data.link == "log":
        return data
    return data.with_logarithmic_outputs(row.name, row.targets == "positive")


def task_of(data: Dataset, settings: RaceSettings) -> Task:
    """The engine's task: rows of all splits one below the other, targets one-hot for classes."""
    parts = (data.train, data.validation, data.test)
    inputs = np.concatenate([part.inputs for part in parts]).astype(settings.precision)
    targets = np.concatenate([part.targets for part in parts])
    if data.task == "classification":
        targets = np.eye(data.outputs)[targets]
    weights = None
    if data.weights_name:
        weights = np.concatenate([part.weights for part in parts if part.weights is not None])
    first, second = len(data.train), len(data.train) + len(data.validation)
    return Task(
        inputs,
        np.ascontiguousarray(targets, settings.precision),
        np.arange(first),
        np.arange(first, second),
        settings.loss or "",
        None if weights is None else weights.astype(settings.precision),
        data.task,
    )


def conclude(
    course: Course, confirmed: dict[str, Candidate], data: Dataset, baselines: dict[str, Any]
) -> tuple[dict[str, Any], Model | None]:
    """Everything in verdict.json but the seconds, and the recommended entrant's typical model."""
    settings, network = course.settings, course.network
    alive = {name: c for name, c in confirmed.items() if not c.diverged.all()}
    target = target_score(alive) if alive else None
    rows = leaderboard(course, confirmed, target if target is not None else math.inf)
    ties = [row["entrant"] for row in rows if row["standing"] in ("winner", "tied")]
    winner = ties[0] if len(ties) == 1 else None
    model, run_facts, test = None, None, None
    if ties:
        model, run_facts, test = _model(course, confirmed[ties[0]], data)
    facts = {
        "format": FORMAT,
        "version": __version__,
        "data": data_facts(data, settings.loss or ""),
        "settings": settings.to_dict(),
        "formulas": own_formulas.stored(settings),
        "network": {
            "widths": list(network.widths),
            "activations": list(network.activations),
            "parameters": network.size,
        },
        "leaderboard": rows,
        "winner": winner,
        "ties": ties,
        "recommended": ties[0] if ties else None,
        "target": {"score": target, "meaning": "1 % below the best mean score on fresh seeds"},
        "learning_rate_sensitivity": {e.name: sensitivity(course, e) for e in settings.entrants},
        "performance_profile": profiles(alive, target) if target is not None else {},
        "test": {"winner": test, **baselines},
        "model": run_facts,
        "work": _work(course),
    }
    return facts, model


def data_facts(data: Dataset, loss: str) -> dict[str, Any]:
    """What the verdict says about the data, and which score networks under the loss have there."""
    return {
        "name": data.name,
        "fingerprint": data.fingerprint,
        "task": data.task,
        "target": data.target_name,
        "rows": data.rows,
        "features": data.train.inputs.shape[1],
        "classes": list(data.class_names) if data.class_names is not None else None,
        "score": score_of(data.task, loss),
        "weights": data.weights_name or None,
        "notes": [note.facts() for note in data.notes],
    }


def _model(
    course: Course, candidate: Candidate, data: Dataset
) -> tuple[Model, dict[str, Any], dict[str, Any]]:
    """The median run as a model, and what it reaches on the test rows."""
    settings, place = course.settings, model_run(candidate)
    fleet = _trained(course, candidate, place)
    first = len(data.train) + len(data.validation)
    losses, scores = fleet.measure(np.arange(first, first + len(data.test)), course.workers)
    made_by = {
        "optimizer": candidate.entrant.optimizer,
        "hyperparameters": dict(candidate.hyperparameters),
        "seed": candidate.seeds[place],
        "epochs": settings.epochs or 1,
        "batch_size": settings.batch_size or 1,
        "loss": settings.loss,
        "data": data.name,
        "fingerprint": data.fingerprint,
    }
    model = Model.of(data, course.network, fleet.evaluated[0], fleet.arrays["runnings"][0], made_by)
    run_facts = {
        "entrant": candidate.entrant.name,
        "seed": candidate.seeds[place],
        "files": ["model.safetensors", "model.json"],
    }
    return model, run_facts, {"score": float(scores[0]), "loss": float(losses[0])}


def _trained(course: Course, candidate: Candidate, place: int) -> Fleet:
    """One run as it was trained; where its history was read, trained once more: it must be that one to the bit."""
    if candidate.trained is not None:
        fleet, first = candidate.trained
        return fleet.take([first + place])
    fleet = course.fleet([candidate], [candidate.seeds[place]])
    epochs = course.settings.epochs or 1
    fleet.advance([candidate.entrant.optimizer], epochs, workers=course.workers, tick=course.watch)
    if not np.array_equal(fleet.arrays["histories"][0], candidate.histories[place], equal_nan=True):
        raise OsolgilError(
            "The winning run could not be repeated to the bit: this machine's arithmetic is not stable."
        )
    return fleet


def _work(course: Course) -> dict[str, Any]:
    candidates = course.candidates
    steps = [c.histories[:, :, layout.STEPS_DONE] for c in candidates]
    epochs = sum(int(np.isfinite(table).sum()) for table in steps)
    return {
        "runs": sum(len(c.seeds) for c in candidates),
        "eliminated": sum(len(c.seeds) for c in candidates if c.state == "eliminated"),
        "diverged": int(sum(c.diverged.sum() for c in candidates)),
        "training_steps": int(sum(np.nanmax(table, axis=1, initial=0.0).sum() for table in steps)),
        "floating_point_operations": epochs * course.network.operations(len(course.task.training)),
    }
