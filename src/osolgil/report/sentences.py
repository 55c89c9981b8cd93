"""The verdict in plain sentences: who won and how sure that is, what to set, and whether it was worth it.

>>> score_text(0.9314, "accuracy", "en"), score_text(0.9314, "r2", "en"), rate_text(0.0031622776)
('93.1 %', '0.931', '0.00316')
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from osolgil.messages import known_language, message

Facts = dict[str, Any]
_LISTED = 5


def verdict_sentences(facts: Facts, language: str = "en") -> list[str]:
    """Three to six sentences that say what a race found, in "en" or "ko".

    facts: the dictionary in `verdict.json`. Raises `SettingsError` for another language.
    """
    known_language(language)
    leader = recommended_row(facts)
    if leader is None:
        conclusion = [message(f"verdict.{key}", language) for key in ("all_diverged", "all_diverged_advice")]
    else:
        conclusion = [_standing(facts, leader, language), _learning_rate(facts, leader, language)]
        conclusion += _troubles(facts, language)
    return [*conclusion, *_test(facts, language)]


def training_sentence(facts: Facts, language: str = "en") -> str:
    """One sentence on a trained network or ensemble: optimizer, epochs, validation and test score.

    facts: the dictionary in `training.json`.
    """
    from osolgil.formulas import catalog

    score_name, made_by = facts["data"]["score"], facts["made_by"]
    kept = facts.get("kept_epochs", [made_by["epochs"]])
    key = "terminal.trained"
    if len(kept) > 1 or kept != [made_by["epochs"]]:
        key = "terminal.trained_best" if len(kept) > 1 else "terminal.trained_best_one"
    return message(
        key,
        language,
        name=catalog.optimizer(made_by["optimizer"]).title,
        rate=rate_text(made_by["hyperparameters"]["learning_rate"]),
        epochs=made_by["epochs"],
        networks=len(kept),
        first=min(kept),
        last=max(kept),
        score_name=message(f"score.{score_name}", language),
        validation=score_text(facts["scores"]["validation"]["score"], score_name, language),
        test=score_text(facts["scores"]["test"]["score"], score_name, language),
    )


def recommended_row(facts: Facts) -> dict[str, Any] | None:
    """The leaderboard's row of the recommended entrant, None where every run diverged."""
    rows = facts["leaderboard"]
    chosen = next((row for row in rows if row["entrant"] == facts["recommended"]), None)
    return None if chosen is None or chosen["standing"] == "diverged" else chosen


def score_text(score: float | None, score_name: str, language: str) -> str:
    """An accuracy in percent, R² and D² with three decimals; "–" where there is none."""
    if score is None or not math.isfinite(score):
        return "–"
    if score_name == "accuracy":
        return message("word.percent", language, number=f"{100.0 * score:.1f}")
    return f"{score:.3f}"


def within_reach(ends: Sequence[float | None], score_name: str) -> list[float | None]:
    """An interval of mean scores without what no score can be: Student's may reach above 1, or below 0."""
    lowest = 0.0 if score_name == "accuracy" else -math.inf
    return [None if end is None else max(min(end, 1.0), lowest) for end in ends]


def standing_of(facts: Facts, row: dict[str, Any]) -> str:
    """How an entrant stands; one that ran alone has won nothing."""
    alone = len(facts["leaderboard"]) == 1 and row["standing"] == "winner"
    return "alone" if alone else row["standing"]


def difference_text(difference: float, score_name: str, language: str) -> str:
    """A difference of accuracies in percentage points, of R² and D² as a number, never rounded to 0."""
    scale, digits = (100.0, 1) if score_name == "accuracy" else (1.0, 3)
    value = scale * difference
    while digits < 5 and value != 0.0 and abs(value) < 0.95 * 10.0**-digits:
        digits += 1
    number = f"{value:.{digits}f}"
    return message("word.points", language, number=number) if score_name == "accuracy" else number


def share_text(share: float, language: str) -> str:
    """A share in whole percent."""
    return message("word.percent", language, number=f"{100.0 * share:.0f}")


def rate_text(rate: float) -> str:
    """A learning rate with three digits and without an exponent where that stays readable."""
    return f"{rate:.3g}" if 1e-4 <= rate < 1e4 else f"{rate:.2e}".replace("e-0", "e-").replace("e+0", "e+")


def listed(names: Sequence[str], language: str) -> str:
    """Names in a row; beyond a handful, the rest as a count."""
    if len(names) > _LISTED + 1:
        rest = len(names) - _LISTED
        return message("word.others", language, names=", ".join(names[:_LISTED]), count=rest)
    if len(names) < 2:
        return "".join(names)
    return ", ".join(names[:-1]) + message("word.and", language) + names[-1]


def entrants_marked(facts: Facts, mark: str) -> list[str]:
    """Titles of the entrants whose search was extended past the grid's edge, or widened after a defeat."""
    return [row["title"] for row in facts["leaderboard"] if row[mark]]


def baseline_name(facts: Facts, kind: str, language: str) -> str:
    """What the reader calls the constant answer ("baseline") or the linear model ("linear")."""
    key = facts["test"][kind]["name"].replace("(", "").replace(")", "").replace(" ", "_").lower()
    return message(f"{kind}.{key}", language)


def _standing(facts: Facts, leader: dict[str, Any], language: str) -> str:
    score_name = facts["data"]["score"]
    low, high = within_reach(leader["interval"], score_name)
    values = {
        "name": leader["title"],
        "seeds": len(leader["scores"]),
        "score_name": message(f"score.{score_name}", language),
        "score": score_text(leader["mean"], score_name, language),
        "confidence": message("word.percent", language, number=f"{100 * facts['settings']['confidence']:g}"),
        "low": score_text(low, score_name, language),
        "high": score_text(high, score_name, language),
    }
    rows = facts["leaderboard"]
    if len(rows) == 1:
        return message("verdict.alone", language, **values)
    if facts["winner"] is None:
        names = [row["title"] for row in rows if row["entrant"] in facts["ties"]]
        return message("verdict.tie", language, names=listed(names, language), **values)
    return _victory(rows, values, score_name, language)


def _victory(rows: list[dict[str, Any]], values: dict[str, Any], score_name: str, language: str) -> str:
    rivals = [row for row in rows if row["difference"] is not None and row["standing"] != "diverged"]
    if not rivals:
        return message("verdict.alone", language, **values)
    second = rivals[0]
    low, high = second["difference"]["interval"]
    return message(
        "verdict.winner",
        language,
        second=second["title"],
        difference=difference_text(-second["difference"]["mean"], score_name, language),
        difference_low=difference_text(-high, score_name, language),
        difference_high=difference_text(-low, score_name, language),
        **values,
    )


def _learning_rate(facts: Facts, leader: dict[str, Any], language: str) -> str:
    rate = rate_text(leader["hyperparameters"]["learning_rate"])
    decades = leader["tunability_decades"]
    if len(facts["learning_rate_sensitivity"].get(leader["entrant"], ())) < 2:
        text = message("verdict.rate_only", language, rate=rate)
    elif decades > 0:
        factor = f"{float(f'{10.0**decades:.2g}'):,g}"
        key = "verdict.rate_wide" if decades >= 1 else "verdict.rate_some"
        text = message(key, language, rate=rate, factor=factor)
    else:
        text = message("verdict.rate_narrow", language, rate=rate)
    for mark, key in (("grid_extended", "verdict.extended"), ("search_widened", "verdict.widened")):
        names = entrants_marked(facts, mark)
        if names:
            text += " " + message(key, language, names=listed(names, language))
    return text


def _troubles(facts: Facts, language: str) -> list[str]:
    rows = facts["leaderboard"]
    sentences = []
    for standing, key in (("under-tuned", "verdict.under_tuned"), ("diverged", "verdict.diverged")):
        names = [row["title"] for row in rows if row["standing"] == standing]
        if names:
            sentences.append(message(key, language, names=listed(names, language)))
    names = [
        message("word.share", language, name=row["title"], share=share_text(row["diverged_share"], language))
        for row in rows
        if row["standing"] != "diverged" and row["diverged_share"] > 0
    ]
    if names:
        sentences.append(message("verdict.partly_diverged", language, names=listed(names, language)))
    return sentences


def _test(facts: Facts, language: str) -> list[str]:
    test, score_name = facts["test"], facts["data"]["score"]
    if not (test.get("baseline") and test.get("linear")):
        return []
    values = {
        "rows": f"{facts['data']['rows']['test']:,}",
        "score_name": message(f"score.{score_name}", language),
        "baseline": baseline_name(facts, "baseline", language),
        "baseline_score": score_text(test["baseline"]["score"], score_name, language),
        "linear": baseline_name(facts, "linear", language),
        "linear_score": score_text(test["linear"]["score"], score_name, language),
    }
    if not test.get("winner"):
        return [message("verdict.test_references", language, **values)]
    score = score_text(test["winner"]["score"], score_name, language)
    return [f"{message('verdict.test', language, score=score, **values)} {_worth(facts, language)}"]


def _worth(facts: Facts, language: str) -> str:
    """Whether the network was worth training, judged by the test scores."""
    test = facts["test"]
    network, linear, baseline = (test[kind]["score"] for kind in ("winner", "linear", "baseline"))
    texts = []
    if network <= baseline:
        name = baseline_name(facts, "baseline", language)
        texts.append(message("verdict.below_baseline", language, baseline=name))
    if network < linear:
        texts.append(message("verdict.linear_better", language))
    elif network == linear:
        texts.append(message("verdict.linear_equal", language))
    else:
        difference = difference_text(network - linear, facts["data"]["score"], language)
        texts.append(message("verdict.network_better", language, difference=difference))
    return " ".join(texts)
