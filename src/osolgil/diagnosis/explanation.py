"""Why a network learns or does not: rules over what theory expects, what was measured and what was tried.

A rule compares a measurement with the prediction for the same architecture in its usual state, so that a bound
belongs to the network at hand: half of a ReLU layer's slopes are 0 by design, a tanh layer's are not. What theory
says nothing about (learning rate, noise, overfitting) is told from runs with other learning rates and batches. A
cause is looked for only where training was harmed, and a root comes before its symptoms: inputs of a wrong scale
saturate units and make gradients vanish, and are named instead of both.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from osolgil.diagnosis.examination import Examination
from osolgil.diagnosis.expectation import dead_share, one_sided, output_floor, saturated_share, usual_weights
from osolgil.diagnosis.measurement import Measurement

CAUSES = (
    "labels", "loss", "plateau", "inputs", "weights", "dying", "saturation", "exploding", "vanishing",
    "learning_rate_high", "noise", "learning_rate_low", "overfitting",
)  # fmt: skip
# Squared gradients are lost within six depth scales: S. Schoenholz et al., arXiv:1611.01232, section 5.
DEPTH_SCALES = 6.0
STILL = 1e-3  # weights that all steps together move by less, relative to their size, learn nothing
# Set on one half of the suite of broken and healthy networks, scored on the other: benchmarks/diagnosis_suite.py.
HARMED, DECADES, SHARE, GAP, LEARNED_BY_HEART = 0.12, 1.0, 0.25, 0.17, 0.1


@dataclass(frozen=True)
class Finding:
    """One cause: how sure it is ("sure", "likely" or "possible"), where, and the numbers it rests on.

    layer: counted from 1 at the inputs, None where it is about the whole network.
    """

    cause: str
    certainty: str
    layer: int | None = None
    evidence: dict[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        evidence = {k: (float(v) if math.isfinite(v) else None) for k, v in self.evidence.items()}
        return {"cause": self.cause, "certainty": self.certainty, "layer": self.layer, "evidence": evidence}


@dataclass(frozen=True)
class Explanation:
    """state: "healthy", "broken" or "unclear". findings: the most likely root first, symptoms after it."""

    state: str
    findings: tuple[Finding, ...]
    shortfall: float

    @property
    def cause(self) -> str:
        """The cause named, or the state where none is."""
        return self.findings[0].cause if self.state == "broken" else self.state

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {
            "state": self.state,
            "cause": self.cause,
            "shortfall": self.shortfall,
            "findings": [finding.to_dict() for finding in self.findings],
        }


def explain(found: Examination) -> Explanation:
    """What is wrong with a network, most likely root first; "healthy" where nothing is, "unclear" where rules fail."""
    lack = shortfall(found)
    findings = [finding for rule in _ALWAYS if (finding := rule(found)) is not None]
    if lack > HARMED:
        findings += [finding for rule in _WHERE_HARMED if (finding := rule(found)) is not None]
    findings.sort(key=lambda finding: (finding.certainty == "possible", CAUSES.index(finding.cause)))
    if findings:
        return Explanation("broken", tuple(findings), lack)
    told = lack <= HARMED and learnable(found) > 3.0 * found.reference.noise
    return Explanation("healthy" if told else "unclear", (), lack)


def learnable(found: Examination) -> float:
    """By how much the best of plain models, other rates and larger batches beats a constant answer."""
    courses = [found.course, *found.rates.values(), *([found.batch] if found.batch is not None else [])]
    return max(found.reference.best, *(course.score for course in courses)) - found.reference.chance


def shortfall(found: Examination) -> float:
    """Share of what can be learned that was not: 0 where training does as well as plain models and other rates."""
    reach = learnable(found)
    if reach <= 3.0 * found.reference.noise:
        return 0.0
    missing = reach + found.reference.chance - found.course.score - found.reference.noise
    return max(missing, 0.0) / reach


def gradient_change(found: Examination) -> np.ndarray:
    """Natural log (hidden layers,) of each layer's squared gradient norm, relative to the last hidden layer's."""
    widths = np.array(found.case.network.widths[1:-1], float)
    with np.errstate(divide="ignore", invalid="ignore"):
        squares = 2.0 * np.log(found.before.gradient[:-1]) + np.log(widths)
        return squares - squares[-1] if len(squares) else squares


def _labels(found: Examination) -> Finding | None:
    """Nothing predicts the held-out targets: neither the network at any rate, nor plain models on any rows."""
    reference, gain = found.reference, learnable(found)
    if gain > 4.0 * reference.noise or reference.told > 4.0:
        return None
    resolution = 4.0 * reference.noise / max(1.0 - reference.chance, 1e-9)
    if resolution > 0.75:
        return None  # too few rows to tell
    evidence = {"gain": gain, "chance": reference.chance, "noise": reference.noise}
    return Finding("labels", "sure" if resolution < 0.5 else "likely", None, evidence)


def _loss(found: Examination) -> Finding | None:
    """The output activation cannot reach the targets: the loss has a floor."""
    floor = output_floor(found.case.network.activations[-1], found.case.task)
    share = floor / found.reference.constant_loss if found.reference.constant_loss > 0.0 else 0.0
    if share < 0.2 * SHARE:
        return None
    evidence = {"floor": floor, "constant": found.reference.constant_loss, "reached": found.course.final_loss}
    return Finding("loss", "sure", found.case.network.depth, evidence)


def _copies(found: Examination) -> Finding | None:
    hidden = found.copies[:-1] if len(found.copies) > 1 else found.copies
    if not hidden.any():
        return None
    return Finding("plateau", "sure", int(np.flatnonzero(hidden)[0]) + 1, {"layers": float(hidden.sum())})


def _inputs(found: Examination) -> Finding | None:
    x = found.case.task.inputs[found.case.task.training].astype(np.float64)
    square = float((x**2).mean())
    spreads = x.std(0)
    live = spreads[spreads > 1e-9 * max(float(spreads.max(initial=0.0)), 1e-300)]
    uneven = float(np.log10(live.max() / np.median(live))) if len(live) else 0.0
    away = 0.5 * abs(math.log10(square)) if square > 0.0 else math.inf
    if max(away, uneven) <= 0.7 * DECADES:
        return None
    evidence = {"root_mean_square": math.sqrt(square), "uneven": 10.0**uneven}
    return Finding("inputs", "sure" if max(away, uneven) > DECADES else "likely", 1, evidence)


def _weights(found: Examination) -> Finding | None:
    """Weights outside of what any usual initial scale gives this activation."""
    ratios = found.prediction.weight_variance / usual_weights(found.case.network, found.case.standard_scale)
    hidden = ratios[:-1] if len(ratios) > 1 else ratios
    middle = float(np.median(hidden))
    away = abs(math.log10(middle)) if middle > 0.0 else math.inf
    if away <= 0.5 * DECADES + _chance_of_weights(found):
        return None
    evidence = {
        "times_usual": math.sqrt(middle),
        "weight_variance": float(np.median(found.prediction.weight_variance)),
    }
    return Finding("weights", "sure" if away > DECADES else "likely", None, evidence)


def _chance_of_weights(found: Examination) -> float:
    """Decades by which the mean square of so few weights strays."""
    widths = found.case.network.widths[:-1] if found.case.network.depth > 1 else found.case.network.widths
    fewest = min(a * b for a, b in pairwise(widths))
    return 1.96 * math.sqrt(2.0 / fewest) / math.log(10.0)


def _dying(found: Examination) -> Finding | None:
    """Units without slope on every row, more than the usual state of this network has."""
    expected = dead_share(found)
    shares = _dead(found, found.before)
    if len(shares) == 0 or not (shares - expected).max() > SHARE:
        return _died(found, expected)
    layer = int(np.argmax(shares - expected))
    return Finding(
        "dying", "sure", layer + 1, {"dead": float(shares[layer]), "expected": float(expected[layer])}
    )


def _dead(found: Examination, look: Measurement) -> np.ndarray:
    """Share (hidden layers,) of dead units where a unit can die."""
    mortal = np.array([one_sided(name) for name in found.case.network.activations[:-1]], bool)
    return np.where(mortal, look.dead[:-1], 0.0)


def _died(found: Examination, expected: np.ndarray) -> Finding | None:
    if found.after is None or _rate_repairs(found):
        return None
    shares = _dead(found, found.after)
    if len(shares) == 0 or not (shares - expected).max() > 2.0 * SHARE:
        return None
    layer = int(np.argmax(shares - expected))
    return Finding(
        "dying", "possible", layer + 1, {"dead": float(shares[layer]), "expected": float(expected[layer])}
    )


def _saturation(found: Examination) -> Finding | None:
    expected = saturated_share(found)
    excess = found.before.saturated[:-1] - expected
    if len(excess) == 0 or not excess.max() > SHARE or not np.median(excess) > 0.5 * SHARE:
        return None
    layer = int(np.argmax(excess))
    evidence = {"saturated": float(found.before.saturated[layer]), "expected": float(expected[layer])}
    return Finding("saturation", "sure" if excess.max() > 2.0 * SHARE else "likely", layer + 1, evidence)


def _vanishing(found: Examination) -> Finding | None:
    change = gradient_change(found)
    lost = np.flatnonzero(~(change > -_bound(found)))
    if len(lost) == 0:
        return None
    return _gradient_finding(found, "vanishing", int(lost.max()), change)


def _exploding(found: Examination) -> Finding | None:
    """Gradients that grow on the way back, or signals that grow on the way forward until the loss is lost in them."""
    change = gradient_change(found)
    grown = np.flatnonzero(~(change < _bound(found)) & (found.before.gradient[:-1] != 0.0))
    constant = found.reference.constant_loss
    outputs = found.before.loss > 30.0 * max(constant, 1e-9) or not math.isfinite(found.before.loss)
    if len(grown) == 0 and not outputs:
        return None
    layer = int(grown.max()) if len(grown) else found.case.network.depth - 1
    return _gradient_finding(found, "exploding", layer, change)


def _bound(found: Examination) -> np.ndarray:
    """How far squared gradients may change and still train: six depth scales, and what chance adds at this width."""
    spread = 2.0 * math.log(10.0) * found.standard.deviation[:-1]
    return DEPTH_SCALES + 1.96 * spread


def _gradient_finding(found: Examination, cause: str, layer: int, change: np.ndarray) -> Finding:
    with np.errstate(invalid="ignore"):  # equal weights of 0 have no gradient at all
        predicted = found.prediction.log10_gradient[0] - found.prediction.log10_gradient[-2]
    measured = float(change[0]) / (2.0 * math.log(10.0)) if len(change) else 0.0
    agrees = predicted * measured > 0.0 and abs(predicted - measured) < 0.5 * abs(measured) + 0.5
    inner = found.prediction.chi[1:-1]
    chi = float(inner.mean()) if len(inner) else math.nan
    evidence = {"decades": measured, "predicted": float(predicted), "chi": chi, "loss": found.before.loss}
    return Finding(cause, "sure" if agrees else "likely", layer + 1, evidence)


def _better(found: Examination, score: float) -> bool:
    """Whether another setting's score is clearly more: most of what was missing."""
    others = [other.score for other in (*found.rates.values(), *([found.batch] if found.batch else []))]
    missing = max([found.reference.best, *others]) - found.course.score
    return score - found.course.score > max(0.5 * missing, 2.0 * found.reference.noise)


def _rate_repairs(found: Examination) -> bool:
    return any(_better(found, found.rates[factor].score) for factor in found.rates if factor < 1.0)


def _rate_high(found: Examination) -> Finding | None:
    if not _rate_repairs(found) or _overfitting(found) is not None:
        return None
    lower = max((c for factor, c in found.rates.items() if factor < 1.0), key=lambda course: course.score)
    evidence = {
        "rate": found.case.rate, "score": found.course.score, "score_lower": lower.score,
        "diverged": float(found.course.diverged.mean()), "edge": 2.0 / max(found.curvature, 1e-30),
    }  # fmt: skip
    return Finding(
        "noise" if _noisy(found) else "learning_rate_high", "sure", None, {**evidence, **_noise(found)}
    )


def _noisy(found: Examination) -> bool:
    """The same rate with larger batches cures: it is the noise of small batches, not the step, that is too large."""
    return found.batch is not None and _better(found, found.batch.score)


def _noise(found: Examination) -> dict[str, float]:
    scales = [epoch.noise_scale for epoch in found.epochs]
    middle = float(np.median(scales)) if scales else math.nan
    return {"noise_scale": middle, "batch": float(found.case.run.batch_size)}


def _rate_low(found: Examination) -> Finding | None:
    higher = max((c.score for factor, c in found.rates.items() if factor > 1.0), default=-math.inf)
    update, better = _update(found), _better(found, higher)
    steps = found.case.epochs * math.ceil(len(found.case.task.training) / found.case.batch_size)
    if not (better or update * steps < STILL) or _overfitting(found):
        return None
    evidence = {"rate": found.case.rate, "score": found.course.score, "update": update}
    return Finding(
        "learning_rate_low", "sure", None, {**evidence, "score_higher": higher} if better else evidence
    )


def _update(found: Examination) -> float:
    """How far a step moves the weights of the layer that moves farthest, relative to their size."""
    ratios = np.array([epoch.update_ratio for epoch in found.epochs])
    known = ratios[np.isfinite(ratios).any(1)] if len(ratios) else ratios
    return float(np.median(np.nanmax(known, axis=1))) if len(known) else math.nan


def _overfitting(found: Examination) -> Finding | None:
    """The training rows are known far better than the others: by heart, or since the others were known best."""
    gap = found.train_score - found.course.score
    reach = max(found.train_score - found.reference.chance, 1e-9)
    by_heart = found.course.final_loss < LEARNED_BY_HEART * found.reference.constant_loss
    passed = _better(found, found.course.best_score)
    if not ((by_heart or passed) and gap > GAP * reach and gap > 2.0 * found.reference.noise):
        return None
    losses = found.course.validation_loss
    lowest = np.min(np.where(np.isfinite(losses), losses, np.inf), axis=1)
    rise = float(np.mean(losses[:, -1] / lowest))
    evidence = {
        "gap": gap,
        "rise": rise,
        "train": found.train_score,
        "rows": float(len(found.case.task.training)),
    }
    return Finding("overfitting", "sure" if gap > 2.0 * GAP * reach else "likely", None, evidence)


def _plateau(found: Examination) -> Finding | None:
    """The loss stands near that of a constant answer at every rate, though gradients arrive everywhere."""
    constant = found.reference.constant_loss
    if found.course.final_loss < 0.9 * constant or found.course.diverged.any():
        return None
    if any(course.final_loss < 0.8 * constant for course in found.rates.values()):
        return None
    return Finding("plateau", "possible", None, {"loss": found.course.final_loss, "constant": constant})


Rule = Callable[[Examination], Finding | None]
_ALWAYS: tuple[Rule, ...] = (_labels, _loss, _overfitting)
_WHERE_HARMED: tuple[Rule, ...] = (
    _copies, _inputs, _weights, _dying, _saturation, _exploding, _vanishing, _rate_high, _rate_low, _plateau,
)  # fmt: skip
