"""Tuning: each entrant's learning rates on a log grid that grows until its best is not on the edge."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from osolgil.formulas import catalog
from osolgil.messages import Message
from osolgil.race.course import Candidate, Course
from osolgil.race.settings import Entrant, RaceSettings
from osolgil.race.statistics import doubtless_losers

_SMALLEST, _LARGEST = -18, 8
_ROUNDS = 5
_REACH = 2
_SLOPES = {"momentum", "beta1", "rho", "beta2"}


def rungs(epochs: int) -> tuple[int, ...]:
    """Epochs after which settings are compared: a sixteenth, an eighth, a third, all."""
    return tuple(sorted({max(1, round(epochs / parts)) for parts in (16, 8, 3, 1)}))


def grid(entrant: Entrant, settings: RaceSettings) -> list[float]:
    """The first learning rates of an entrant: half decades around three times its default, or those asked for."""
    if isinstance(settings.learning_rates, tuple):
        return sorted(set(settings.learning_rates))
    default = catalog.optimizer(entrant.optimizer).hyperparameters(**entrant.hyperparameters)["learning_rate"]
    middle = round(2.0 * math.log10(default)) + 1
    first = middle - settings.learning_rates // 2
    return [half_decade(place) for place in range(first, first + settings.learning_rates)]


def half_decade(place: int) -> float:
    """The learning rate 10^(place / 2), to three digits: 0.00316, 0.01, 0.0316 …"""
    return float(f"{10.0 ** (place / 2.0):.3g}")


def tune(course: Course, entrants: Sequence[Entrant]) -> None:
    """Run every entrant's grid, and go on past its edges while the best setting sits on one."""
    settings = course.settings
    first = [course.enter(e, {"learning_rate": rate}, "tune") for e in entrants for rate in grid(e, settings)]
    _run(course, first)
    if isinstance(settings.learning_rates, tuple):
        return
    for _ in range(_ROUNDS):
        more = [
            course.enter(entrant, {"learning_rate": rate}, "tune")
            for entrant in entrants
            for rate in _past_the_edge(course, entrant)
        ]
        if not more:
            return
        course.extended |= {candidate.entrant.name for candidate in more}
        _run(course, more)


def best(course: Course, entrant: Entrant) -> Candidate | None:
    """An entrant's best setting; None where all runs diverged.

    Of the settings within one standard error of the best mean score (L. Breiman et al., Classification and
    Regression Trees, 1984, section 3.4.3) the one of least mean loss: a score alone would now and then choose a
    rate of 10⁹ that is right by chance.
    """
    finished = [c for c in tuned(course, entrant) if c.state == "finished" and not c.diverged.all()]
    if not finished:
        return None
    top = max(finished, key=mean_score)
    error = float(top.scores().std(ddof=1)) / math.sqrt(len(top.seeds))
    close = [c for c in finished if mean_score(c) >= mean_score(top) - error]
    return min(close, key=lambda c: (_mean_loss(c), c.learning_rate))


def tuned(course: Course, entrant: Entrant) -> list[Candidate]:
    """An entrant's settings that were tuned, in order of learning rate."""
    own = [c for c in course.candidates if c.entrant == entrant and c.phase == "tune"]
    return sorted(own, key=lambda c: (c.learning_rate, not c.plain))


def mean_score(candidate: Candidate) -> float:
    """Mean score over seeds; a diverged run counts as the worst score there is."""
    return float(candidate.scores().mean())


def widen(course: Course, entrants: Sequence[Entrant]) -> dict[str, Candidate]:
    """Search more settings of entrants that lost to their own special case; returns those that improved."""
    before = {entrant.name: best(course, entrant) for entrant in entrants}
    more = [
        course.enter(entrant, hyperparameters, "tune")
        for entrant in entrants
        for hyperparameters in _wider(course, entrant, before[entrant.name])
    ]
    if more:
        course.widened |= {candidate.entrant.name for candidate in more}
        _run(course, more)
    after = {entrant.name: best(course, entrant) for entrant in entrants}
    return {name: c for name, c in after.items() if c is not None and c is not before[name]}


def _run(course: Course, candidates: Sequence[Candidate]) -> None:
    course.run(
        candidates, rungs(course.settings.epochs or 1), lambda running, epoch: _judge(course, running, epoch)
    )


def _judge(course: Course, running: Sequence[Candidate], epoch: int) -> None:
    """Stop what need not go on, each entrant's settings compared with all it has run this far."""
    early = epoch < rungs(course.settings.epochs or 1)[-2]
    for entrant in {candidate.entrant.name: candidate.entrant for candidate in running}.values():
        compared = [c for c in tuned(course, entrant) if c.epochs >= epoch]
        losses = np.stack([c.losses(epoch) for c in compared])
        scores = np.stack([c.scores(epoch) for c in compared])
        kept = max(2, len(compared) // 4)
        for place, (leader, p_value) in doubtless_losers(losses, scores, kept, early).items():
            candidate = compared[place]
            if candidate.state != "running":
                continue
            candidate.state = "eliminated"
            if candidate.diverged.any():
                count = int(candidate.diverged.sum())
                candidate.reason = Message(
                    "stopped.some_diverged", count=count, runs=len(candidate.seeds), epoch=epoch
                )
            else:
                rate = f"{compared[leader].learning_rate:g}"
                chance = f"p = {p_value:.1g}" if p_value >= 1e-6 else "p < 1e-6"
                candidate.reason = Message("stopped.worse", epoch=epoch, rate=rate, chance=chance)


def _past_the_edge(course: Course, entrant: Entrant) -> list[float]:
    grown = [c for c in tuned(course, entrant) if c.plain]
    places = [round(2.0 * math.log10(c.learning_rate)) for c in grown]
    leader = best(course, entrant)
    if leader is None or leader is grown[0]:
        wanted = range(places[0] - _REACH, places[0])
    elif leader is grown[-1]:
        wanted = range(places[-1] + 1, places[-1] + 1 + _REACH)
    else:
        return []
    return [half_decade(place) for place in wanted if _SMALLEST <= place <= _LARGEST]


def _wider(course: Course, entrant: Entrant, leader: Candidate | None) -> list[dict[str, float]]:
    """Rates between those tried, and memories half and double as long, around the best setting."""
    if leader is None:
        return []
    values = leader.hyperparameters
    rates = [float(f"{values['learning_rate'] * 10.0**step:.3g}") for step in (-0.25, 0.0, 0.25)]
    wider = [{**values, "learning_rate": rate} for rate in (rates[0], rates[2])]
    for name in values:
        changes: tuple[float, ...] = ()
        if name in _SLOPES:
            left = 1.0 - values[name]
            changes = (1.0 - min(4.0 * left, 0.9), 1.0 - left / 4.0)
        elif name == "epsilon":
            changes = (values[name] * 1e3, values[name] * 1e6)
        wider += [{**values, name: float(f"{v:.6g}"), "learning_rate": r} for v in changes for r in rates]
    tried = [c.hyperparameters for c in tuned(course, entrant)]
    return [wide for wide in wider if wide not in tried]


def _mean_loss(candidate: Candidate) -> float:
    return float(candidate.losses(candidate.epochs).mean())
