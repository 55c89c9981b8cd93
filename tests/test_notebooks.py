"""What a notebook shows: short, readable, and safe whatever the data are called."""

import html.parser

import pytest

import osolgil
from osolgil.formulas import catalog
from osolgil.race.verdict import Verdict
from report import factory

ROWS = [
    row
    for rows in (catalog.optimizers, catalog.activations, catalog.losses, catalog.initial_scales)
    for row in rows().values()
]


class Checker(html.parser.HTMLParser):
    """Every tag is closed in order, and only those of a plain table are there."""

    def __init__(self, text):
        super().__init__()
        self.open, self.texts = [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        assert tag in {"p", "b", "table", "thead", "tbody", "tr", "th", "td"}
        assert not attributes
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def verdict(language="en", **settings):
    return Verdict(factory.verdict(("adam", "sgd"), **settings), {}, None, language=language)


def test_a_verdict_shows_its_sentences_and_its_leaderboard():
    shown = Checker(verdict()._repr_html_()).texts
    assert shown[: len(verdict().sentences())] == verdict().sentences()
    assert {"Adam", "SGD"} <= set(shown)
    assert len(repr(verdict())) < 100
    assert "winner='adam'" in repr(verdict())
    assert "ties=['adam', 'sgd']" in repr(verdict(ties=2))


def test_a_verdict_speaks_the_language_it_was_asked_for():
    assert verdict("ko").sentences() == verdict().sentences("ko")
    assert "".join(Checker(verdict("ko")._repr_html_()).texts).count("최적화기") > 0
    assert str(verdict("ko")) == "\n".join(verdict().sentences("ko"))


def test_names_from_outside_stay_text():
    facts = factory.verdict(("adam",))
    facts["leaderboard"][0]["title"] = "<script>alert(1)</script>"
    shown = Verdict(facts, {}, None)._repr_html_()
    assert "<script>" not in shown
    Checker(shown)


def test_a_model_shows_what_it_predicts():
    model = osolgil.train("iris", epochs=2, hidden=(8,)).model
    shown = Checker(model._repr_html_()).texts
    assert "4 → 8 → 3" in shown
    assert any(text.startswith("adam (learning_rate 0.001") for text in shown)
    assert repr(model) == "Model('target', classification, 4-8-3, 67 parameters)"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_of_the_catalog_is_short_and_shows_what_it_is(row):
    assert repr(row) == f"<{row.name}: {row.summary}>"
    assert row.summary in Checker(row._repr_html_()).texts


def with_a_neat_name(x):
    """Half of it."""
    return 0.5 * x


def test_an_own_formula_shows_itself_too():
    row = catalog.activation(with_a_neat_name)
    assert repr(row) == f"<{row.name}: Half of it.>"
    assert "a notebook or program of yours, line 1" in Checker(row._repr_html_()).texts
