"""What a race concludes from its fresh seeds, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from osolgil.engines.cpu.kernels import layout
from osolgil.formulas import catalog
from osolgil.race.course import Candidate, Course
from osolgil.race.settings import Entrant
from osolgil.race.statistics import compare, first_reaching, interval, profile, reachable_decades
from osolgil.race.tuning import mean_score, tuned


def under_tuned(course: Course, confirmed: dict[str, Candidate]) -> list[Entrant]:
    """Entrants beaten by their own special case, as no well-tuned one is (D. Choi et al., arXiv:1910.05446).

    Adam contains momentum and RMSProp: where it loses to one of them beyond noise, it was searched too little.
    """
    confidence = course.settings.confidence
    losers = []
    for general in confirmed.values():
        special = set(_special_cases(general.entrant.optimizer))
        rivals = [c for c in confirmed.values() if c.entrant.optimizer in special]
        if any(compare(general.scores().tolist(), c.scores().tolist(), confidence).behind for c in rivals):
            losers.append(general.entrant)
    return losers


def leaderboard(course: Course, confirmed: dict[str, Candidate], target: float) -> list[dict[str, Any]]:
    """A row per entrant, best first: scores on fresh seeds, paired differences from the best, and how it stands.

    The level of every comparison with the best is shared among all of them (Bonferroni), so that over the whole
    table a tie is called a difference in at most 1 − confidence of races.
    """
    settings = course.settings
    ranked = sorted(confirmed.values(), key=_order)
    rows = [_row(course, place + 1, c, ranked[0], target, len(ranked) - 1) for place, c in enumerate(ranked)]
    ties = [row["entrant"] for row in rows if row["standing"] in ("winner", "tied")]
    if len(ties) == 1:
        rows[0]["standing"] = "winner"
    for entrant in under_tuned(course, confirmed):
        row = next(row for row in rows if row["entrant"] == entrant.name)
        if row["standing"] == "behind":
            row["standing"] = "under-tuned"
    lost = [entrant for entrant in settings.entrants if entrant.name not in confirmed]
    return rows + [_lost_row(course, entrant, len(rows) + place + 1) for place, entrant in enumerate(lost)]


def target_score(confirmed: dict[str, Candidate]) -> float:
    """The score to reach: 1 % below the best mean score."""
    leader = mean_score(min(confirmed.values(), key=_order))
    return leader - 0.01 * abs(leader)


def model_run(candidate: Candidate) -> int:
    """Place of the run with the median score: a typical run, not a lucky one."""
    scores, losses = candidate.scores(), candidate.losses(candidate.epochs)
    order = sorted(range(len(scores)), key=lambda place: (scores[place], -losses[place], place))
    return order[len(order) // 2]


def sensitivity(course: Course, entrant: Entrant) -> list[dict[str, Any]]:
    """Score by learning rate: mean and range over the tuning seeds, after how many epochs, and what became of it."""
    return [_point(candidate) for candidate in tuned(course, entrant) if candidate.plain]


def profiles(confirmed: dict[str, Candidate], target: float) -> dict[str, list[list[float]]]:
    """Performance profile of steps to the target over the fresh seeds."""
    return profile({name: _steps_to(candidate, target) for name, candidate in confirmed.items()})


def _special_cases(optimizer: str) -> tuple[str, ...]:
    direct = catalog.optimizer(optimizer).generalises
    return tuple({name: None for parent in direct for name in (parent, *_special_cases(parent))})


def _order(candidate: Candidate) -> tuple[float, float, str]:
    return -mean_score(candidate), float(candidate.losses(candidate.epochs).mean()), candidate.entrant.name


def _row(
    course: Course, rank: int, candidate: Candidate, leader: Candidate, target: float, comparisons: int
) -> dict[str, Any]:
    settings = course.settings
    scores = candidate.scores()
    difference = None
    standing = "tied"
    if candidate is not leader:
        paired = compare(scores.tolist(), leader.scores().tolist(), settings.confidence, comparisons)
        difference = {
            "mean": paired.mean,
            "interval": [paired.low, paired.high],
            "p_value": paired.p_value,
        }
        standing = "behind" if paired.behind else "tied"
    if candidate.diverged.all():
        standing = "diverged"
    steps = _steps_to(candidate, target)
    losses = candidate.losses(candidate.epochs)
    median = float(np.median(steps))
    finite = losses[np.isfinite(losses)]
    return {
        **_facts(candidate.entrant),
        "hyperparameters": candidate.hyperparameters,
        "rank": rank,
        "standing": standing,
        "scores": scores.tolist(),
        "mean": float(scores.mean()),
        "median": float(np.median(scores)),
        "interval": list(interval(scores.tolist(), settings.confidence)),
        "difference": difference,
        "validation_loss": float(finite.mean()) if finite.size else None,
        "diverged_share": float(candidate.diverged.mean()),
        "steps_to_target": {
            "median": int(median) if math.isfinite(median) else None,
            "reached_share": float(np.mean([math.isfinite(step) for step in steps])),
        },
        "tunability_decades": _decades(course, candidate.entrant),
        **_search(course, candidate.entrant),
    }


def _lost_row(course: Course, entrant: Entrant, rank: int) -> dict[str, Any]:
    return {
        **_facts(entrant), "hyperparameters": None, "rank": rank, "standing": "diverged", "scores": [],
        "mean": None, "median": None, "interval": None, "difference": None, "validation_loss": None,
        "diverged_share": 1.0, "steps_to_target": {"median": None, "reached_share": 0.0},
        "tunability_decades": 0.0, **_search(course, entrant),
    }  # fmt: skip


def _facts(entrant: Entrant) -> dict[str, Any]:
    row = catalog.optimizer(entrant.optimizer)
    title = row.title if entrant.name == row.name.partition("@")[0] else entrant.name
    return {"entrant": entrant.name, "optimizer": row.name, "title": title}


def _search(course: Course, entrant: Entrant) -> dict[str, Any]:
    """How far an entrant was searched: past its grid's edge, and further after losing to its own special case."""
    return {
        "settings_tried": len(tuned(course, entrant)),
        "grid_extended": entrant.name in course.extended,
        "search_widened": entrant.name in course.widened,
    }


def _decades(course: Course, entrant: Entrant) -> float:
    points = [c for c in tuned(course, entrant) if c.plain]
    scores = [mean_score(c) if not c.diverged.all() else -math.inf for c in points]
    usable = [place for place, score in enumerate(scores) if math.isfinite(score)]
    if not usable:
        return 0.0
    leader = max(usable, key=lambda place: scores[place])
    return reachable_decades([c.learning_rate for c in points], scores, leader)


def _point(candidate: Candidate) -> dict[str, Any]:
    alive = ~candidate.diverged
    scores = candidate.scores()[alive]
    return {
        "learning_rate": candidate.learning_rate,
        "mean": float(scores.mean()) if scores.size else None,
        "low": float(scores.min()) if scores.size else None,
        "high": float(scores.max()) if scores.size else None,
        "diverged_share": float(candidate.diverged.mean()),
        "epochs": candidate.epochs,
        "state": candidate.state,
        "reason": str(candidate.reason or ""),
    }


def _steps_to(candidate: Candidate, target: float) -> Sequence[float]:
    return [
        first_reaching(history[:, layout.VALIDATION_SCORE], history[:, layout.STEPS_DONE], target)
        for history in candidate.histories
    ]
