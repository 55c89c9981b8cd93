"""A diagnosis in plain sentences: what is wrong and how sure that is, the evidence, what helps."""

from __future__ import annotations

import math
from typing import Any

from osolgil.diagnosis.remedies import BY_CAUSE
from osolgil.formulas import catalog
from osolgil.messages import known_language, message
from osolgil.report.sentences import rate_text, score_text, share_text

Facts = dict[str, Any]


def diagnosis_sentences(facts: Facts, language: str = "en") -> list[str]:
    """Two to eight sentences in "en" or "ko" from the dictionary in `diagnosis.json`."""
    return [*explanation_sentences(facts, language), *_repair(facts, language), assumption(facts, language)]


def run_sentences(facts: Facts, run: Facts, language: str) -> list[str]:
    """What is said of one run of a race or a training, from the part "layers" of its facts."""
    if run["explanation"] is None:
        return []
    own = {"explanation": run["explanation"], "training": run["training"]}
    return explanation_sentences({**facts, "reference": facts["layers"]["reference"], **own}, language)


def explanation_sentences(facts: Facts, language: str) -> list[str]:
    """How a network learns, and why, without what was tried to cure it."""
    known_language(language)
    explanation = facts["explanation"]
    sentences = [_state(facts, language)]
    for place, finding in enumerate(explanation["findings"]):
        key = "diagnosis.cause" if place == 0 else "diagnosis.symptom"
        certainty = message(f"certainty.{finding['certainty']}", language)
        text = finding_text(facts, finding, language)
        sentences.append(message(key, language, certainty=certainty, sentence=text))
    return sentences


def assumption(facts: Facts, language: str) -> str:
    """What the prediction takes for granted, to stand beside its numbers."""
    theory = facts["theory"]
    return message(f"theory.{theory['kind']}", language, width=theory["narrowest"], rows=theory["rows"])


def finding_text(facts: Facts, finding: dict[str, Any], language: str) -> str:
    """One finding with its evidence."""
    evidence, score_name = finding["evidence"], facts["data"]["score"]
    cause = finding["cause"]
    variant = ""
    if cause == "plateau" and finding["layer"] is not None:
        variant = "_copies"
    if cause == "learning_rate_low" and evidence.get("score_higher") is None:
        variant = "_still"
    key = f"finding.{cause}{variant}"

    def score(name: str) -> str:
        return score_text(evidence.get(name), score_name, language)

    def number(name: str) -> str:
        return short(evidence.get(name))

    def share(name: str) -> str:
        value = evidence.get(name)
        return "–" if value is None else share_text(value, language)

    activations = facts["network"]["activations"]
    where = activations[-1] if cause == "loss" else activations[0]
    values = {
        "layer": finding["layer"], "activation": catalog.activation(where).title, "chance": score("chance"),
        "noise": score("noise"), "floor": number("floor"), "constant": number("constant"), "loss": number("loss"),
        "root_mean_square": number("root_mean_square"), "uneven": number("uneven"),
        "times": number("times_usual"), "variance": number("weight_variance"), "dead": share("dead"),
        "saturated": share("saturated"), "expected": share("expected"), "factor": power(evidence.get("decades")),
        "predicted": power(evidence.get("predicted")), "chi": number("chi"), "score": score("score"),
        "score_lower": score("score_lower"), "score_higher": score("score_higher"), "diverged": share("diverged"),
        "edge": number("edge"), "batch": number("batch"), "noise_scale": number("noise_scale"),
        "update": number("update"), "train": score("train"), "gap": score("gap"), "rise": number("rise"),
        "rate": "–" if evidence.get("rate") is None else rate_text(evidence["rate"]),
    }  # fmt: skip
    return message(key, language, **values)


def short(value: float | None) -> str:
    """A number with three digits.

    >>> short(0.0123456), short(1234.0), short(None)
    ('0.0123', '1230', '∞')
    """
    if value is None or not math.isfinite(value):
        return "∞"
    rounded = float(f"{value:.3g}")
    return f"{rounded:.0f}" if 100.0 <= abs(rounded) < 1e6 else f"{rounded:.3g}"


def power(decades: float | None) -> str:
    """10 to a power, as a number.

    >>> power(-18.33), power(0.2)
    ('4.7e-19', '1.6')
    """
    if decades is None or not math.isfinite(decades):
        return "0"
    if abs(decades) < 300.0:
        return f"{10.0**decades:.2g}"
    return f"1e{round(decades)}"


def _state(facts: Facts, language: str) -> str:
    explanation, score_name = facts["explanation"], facts["data"]["score"]
    training, reference = facts["training"], facts["reference"]
    plain = max(reference["chance"], reference["linear"], reference["nearest"])
    others = [*training["rates"].values(), *([training["batch"]] if training["batch"] is not None else [])]
    key = explanation["state"]
    if key == "broken" and explanation["shortfall"] <= 0.05:
        key = "remark"
    if key == "healthy" and not others:
        key = "healthy_alone"
    best = max([plain, *others]) if key == "broken" else plain
    return message(
        f"diagnosis.{key}", language, score_name=message(f"score.{score_name}", language),
        score=score_text(training["score"], score_name, language), best=score_text(best, score_name, language),
        shortfall=share_text(min(explanation["shortfall"], 1.0), language),
    )  # fmt: skip


def _repair(facts: Facts, language: str) -> list[str]:
    repair, explanation = facts["repair"], facts["explanation"]
    names = [name for finding in explanation["findings"][:1] for name in BY_CAUSE[finding["cause"]]]
    if explanation["state"] != "broken":
        return []
    if repair is None:
        listed = ", ".join(message(f"remedy.{name}", language) for name in names)
        return [message("repair.advice", language, remedies=listed)] if names else []
    if not repair["trials"]:
        return [message("repair.none", language)]
    return _tried(facts, repair, language)


def _tried(facts: Facts, repair: dict[str, Any], language: str) -> list[str]:
    score_name, best = facts["data"]["score"], repair["best"]
    name = message(f"score.{score_name}", language)

    def shown(value: float | None) -> str:
        return score_text(value, score_name, language)

    if best is None:
        return [
            message(
                "repair.nothing", language, count=len(repair["trials"]), score_name=name,
                before=shown(repair["before"]),
            )
        ]  # fmt: skip
    sentences = [
        message(
            "repair.cured", language, remedy=message(f"remedy.{best['remedy']}", language), score_name=name,
            before=shown(repair["before"]), after=shown(best["score"]),
        )
    ]  # fmt: skip
    if repair["test_after"] is not None:
        before, after = shown(repair["test_before"]), shown(repair["test_after"])
        sentences.append(message("repair.tested", language, score_name=name, before=before, after=after))
    if best["options"]:
        sentences.append(
            message("repair.options", language, source=facts["data"]["name"], options=best["options"])
        )
    return sentences
