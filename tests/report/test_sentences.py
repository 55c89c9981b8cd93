"""The verdict's sentences: every outcome of a race, in both languages."""

import re

import pytest

from osolgil.errors import SettingsError
from osolgil.report import leaderboard
from osolgil.report.sentences import (
    difference_text,
    listed,
    rate_text,
    score_text,
    verdict_sentences,
    within_reach,
)
from report import factory

OUTCOMES = {
    "winner": factory.verdict(),
    "ties": factory.verdict(ties=3),
    "many ties": factory.verdict(ties=9),
    "regression": factory.verdict(task="regression"),
    "one entrant": factory.verdict(("adam",)),
    "everything diverged": factory.everything_diverged(),
    "two left of three": factory.verdict(("adam", "sgd", "rmsprop"), diverged=("rmsprop",)),
    "one left of two": factory.verdict(("adam", "sgd"), diverged=("sgd",)),
    "under-tuned": factory.verdict(("rmsprop", "momentum", "adam"), under_tuned=("adam",)),
    "linear better": factory.verdict(linear=0.05),
    "given rate": factory.verdict(("adam", "sgd"), learning_rates=(0.01,)),
}

every_outcome = pytest.mark.parametrize("outcome", OUTCOMES)
every_language = pytest.mark.parametrize("language", ["en", "ko"])


@every_outcome
@every_language
def test_three_to_six_whole_sentences(outcome, language):
    sentences = verdict_sentences(OUTCOMES[outcome], language)
    assert 3 <= len(sentences) <= 6
    for sentence in sentences:
        assert sentence.endswith(".")
        assert not re.search(r"[{}]|nan|None|\binf", sentence)


@every_language
def test_the_winner_is_named_first_with_both_intervals(language):
    first = verdict_sentences(OUTCOMES["winner"], language)[0]
    assert "Adam" in first
    assert "Nadam" in first
    assert len(re.findall(r"\d+\.\d+ ?(%|%p|points)", first)) >= 6


def test_ties_name_no_winner():
    first = verdict_sentences(OUTCOMES["ties"])[0]
    assert "No single winner" in first
    assert "recommended" in first
    assert "and 4 others" in verdict_sentences(OUTCOMES["many ties"])[0]


def test_troubles_are_told():
    assert any("Under-tuned: Adam" in text for text in verdict_sentences(OUTCOMES["under-tuned"]))
    assert any("RMSProp" in text for text in verdict_sentences(OUTCOMES["two left of three"])[1:])
    assert any("extended for SGD" in text for text in verdict_sentences(OUTCOMES["winner"]))
    assert any(
        "searched where" in text and "AdamW" in text for text in verdict_sentences(OUTCOMES["many ties"])
    )


@pytest.mark.parametrize(
    ("score", "linear", "said"),
    [(0.9, 0.95, "linear model is better"), (0.9, 0.9, "no better than"), (0.9, 0.8, "10.0 points")],
)
def test_the_linear_model_is_judged_plainly(score, linear, said):
    facts = factory.verdict()
    facts["test"]["winner"]["score"], facts["test"]["linear"]["score"] = score, linear
    assert said in verdict_sentences(facts)[-1]


def test_a_network_below_the_constant_answer_is_told():
    facts = factory.verdict()
    facts["test"]["winner"]["score"] = 0.1
    assert "learned nothing useful" in verdict_sentences(facts)[-1]


def test_scores_have_the_form_of_their_kind():
    assert (score_text(0.5, "accuracy", "en"), score_text(0.5, "accuracy", "ko")) == ("50.0 %", "50.0%")
    assert (score_text(-0.25, "r2", "en"), score_text(None, "r2", "en")) == ("-0.250", "–")
    assert difference_text(0.0004, "accuracy", "en") == "0.04 points"
    assert [rate_text(rate) for rate in (0.1, 0.00316227, 1e-6)] == ["0.1", "0.00316", "1.00e-6"]
    assert listed(["a", "b", "c"], "en") == "a, b and c"


def test_no_interval_reaches_above_a_perfect_score():
    facts = factory.verdict(("adam",))
    facts["leaderboard"][0]["interval"] = [0.93, 1.04]
    assert "93.0 % to 100.0 %" in verdict_sentences(facts)[0]


def test_no_interval_reaches_below_the_worst_score_and_one_alone_has_won_nothing():
    facts = factory.verdict(("adam",))
    facts["leaderboard"][0]["interval"] = [-0.03, 0.4]
    assert "0.0 % to 40.0 %" in verdict_sentences(facts)[0]
    (cells,) = leaderboard.rows(facts, "en")
    assert "0.0 % – 40.0 %" in cells
    assert cells[-1] == "alone"
    assert leaderboard.rows(factory.verdict(("adam", "sgd")), "en")[0][-1] != "alone"
    assert within_reach([-0.5, 1.2], "r2") == [-0.5, 1.0]


def test_an_unknown_language_is_refused():
    with pytest.raises(SettingsError):
        verdict_sentences(OUTCOMES["winner"], "fr")
