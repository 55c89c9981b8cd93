"""The report page: whole for every outcome, in both languages, with nothing from the network."""

import json
import re
import shutil
import subprocess
import sys
import time
from html.parser import HTMLParser
from itertools import pairwise
from types import SimpleNamespace

import pytest

import osolgil
from osolgil.command_line.pages import write_page
from osolgil.errors import OutputError, SettingsError
from osolgil.messages import Message
from osolgil.report import frame, write_report
from osolgil.report.drawing import drawing, elided
from osolgil.report.figures import figures
from osolgil.report.frame import plotly_script
from osolgil.report.page import page
from report import factory

OUTCOMES = {
    "winner": factory.verdict(),
    "ties": factory.verdict(ties=4, under_tuned=("sgd",), diverged=("adadelta",)),
    "everything diverged": factory.everything_diverged(),
    "regression": factory.verdict(("adam", "sgd"), task="regression"),
    "one entrant, one hidden layer": factory.verdict(("adam",), hidden=(5,), features=4),
    "thirty hidden layers": factory.verdict(("adam", "sgd"), hidden=(64,) * 30),
    "no hidden layer": factory.verdict(("adam", "sgd"), hidden=()),
    "one epoch": factory.verdict(("adam", "sgd"), epochs=1),
    "one rate": factory.verdict(("adam", "sgd"), learning_rates=(0.01,)),
}
VOID = {"meta", "link", "br", "line", "circle", "img", "input"}

every_outcome = pytest.mark.parametrize("outcome", OUTCOMES)


def text_of(outcome, language="en"):
    facts = OUTCOMES[outcome]
    return page(facts, factory.history(facts), model_of(facts), language)


def model_of(facts):
    if facts["recommended"] is None:
        return None
    network = factory.network_of(facts)
    return SimpleNamespace(network=network, parameters=network.initial(0))


class Nesting(HTMLParser):
    """Checks that every element is closed where it must be; collects ids and references to them."""

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.references, self.loaded = [], [], [], []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.ids += [given["id"]] if "id" in given else []
        self.references += (given.get("aria-labelledby") or "").split()
        self.loaded += [given[name] for name in ("src", "href") if name in given]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@every_outcome
@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_page_is_well_formed_and_loads_nothing(outcome, language):
    text = text_of(outcome, language)
    parser = Nesting()
    parser.feed(text)
    assert parser.open == []
    assert len(parser.ids) == len(set(parser.ids))
    assert set(parser.references) <= set(parser.ids)
    assert parser.loaded == ["data:,"]
    assert f'<html lang="{language}">' in text
    assert not re.search(r"@import|url\(", text)


@every_outcome
def test_every_figure_of_the_page_exists_in_both_languages(outcome):
    text = text_of(outcome)
    content = json.loads(
        re.search(r'<script type="application/json" id="figures">(.*?)</script>', text, re.S)[1]
    )
    asked = set(re.findall(r'data-figure="([^"]+)"', text))
    assert asked == set(content["figures"]["en"]) == set(content["figures"]["ko"])
    for figure in content["figures"]["ko"].values():
        assert figure["data"]


def test_text_from_outside_stays_text():
    facts = factory.verdict(("adam", "sgd"), name="</script><script>alert(1)</script>")
    facts["data"]["notes"] = [Message("note.constant", names=["<img src=x onerror=alert(1)>"]).facts()]
    facts["leaderboard"][0]["title"] = "</script><b>"
    text = page(facts, factory.history(facts), None)
    assert "<script>alert" not in text
    assert "<img" not in text
    assert "<b></" not in text


def test_a_page_takes_less_than_half_a_second(tmp_path):
    facts = OUTCOMES["winner"]
    history = factory.history(facts)
    write_report(tmp_path, facts, history)
    start = time.process_time()
    write_report(tmp_path, facts, history)
    assert time.process_time() - start < 0.5
    assert (tmp_path / "report.html").read_text("utf-8").startswith("<!doctype html>")


def test_a_page_holds_plotly_without_importing_it(tmp_path):
    code = (
        "import sys; sys.path.insert(0, 'tests'); from report import factory; from osolgil.report import write_report;"
        "facts = factory.verdict(('adam',)); write_report(sys.argv[1], facts, factory.history(facts));"
        "print('plotly' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
    assert plotly_script() in (tmp_path / "report.html").read_bytes()


def test_templates_are_compiled_once_and_do_without_a_cache(tmp_path, monkeypatch):
    told = text_of("winner")
    (tmp_path / "a file").touch()
    for cache, kept in (("cache", 1), ("cache", 1), ("a file", 0)):
        monkeypatch.setenv("OSOLGIL_CACHE", str(tmp_path / cache))
        frame._environment.cache_clear()
        assert text_of("winner") == told
        assert len(list((tmp_path / cache).glob("templates/*/*.py"))) >= kept
        assert len(list((tmp_path / cache).glob("templates/*"))) == kept
    frame._environment.cache_clear()


def test_what_cannot_be_written_or_said_is_told(tmp_path):
    facts = OUTCOMES["everything diverged"]
    with pytest.raises(OutputError):
        write_report(tmp_path / "missing", facts, factory.history(facts))
    with pytest.raises(SettingsError, match="language"):
        write_report(tmp_path, facts, factory.history(facts), None, "fr")


def test_losses_are_medians_between_quartiles_of_the_fresh_runs():
    facts = factory.verdict(("adam", "sgd"), epochs=3)
    history = factory.history(facts)
    history["training_loss"][:] = [0.5 + 0.1 * (place % 7) for place in range(len(history["epoch"]))]
    band, line = figures(facts, history, "en")["training_loss"]["data"][:2]
    first = sorted(history["training_loss"][(history["entrant"] == "adam") & (history["epoch"] == 1)])
    assert line["x"] == [1, 2, 3]
    assert line["y"][0] == pytest.approx((first[4] + first[5]) / 2)
    assert band["y"][0] >= line["y"][0] >= band["y"][-1]


def test_runs_that_diverge_leave_gaps_not_errors():
    facts = factory.verdict(("adam", "sgd"))
    history = factory.history(facts)
    history["validation_loss"][:20] = float("nan")
    facts["leaderboard"][1]["scores"][0] = None
    facts["leaderboard"][1] |= {"mean": None, "interval": [None, None]}
    assert "validation_loss" in figures(facts, history, "ko")


@pytest.mark.parametrize("widths", [(4, 3), (4, 5, 3), (784, 512, 512, 10), (2, *(64,) * 30, 1)])
def test_the_drawing_connects_all_units_it_shows(widths):
    text = drawing(widths, "A & B", ("in", "hidden", "out"))
    shown = [sum(unit is not None for unit in elided(width, 8)) for width in widths]
    columns = elided(len(widths), 8)
    lines = sum(
        shown[one] * shown[other] for one, other in pairwise(columns) if one is not None and other is not None
    )
    assert text.count("<line") == lines
    assert text.count('r="11"') == sum(shown[place] for place in columns if place is not None)
    assert "A &amp; B" in text


@pytest.mark.long
@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium")
@every_outcome
def test_a_browser_runs_the_page_without_an_error(outcome, tmp_path):
    facts = OUTCOMES[outcome]
    write_report(tmp_path, facts, factory.history(facts), model_of(facts), "ko")
    done = subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--dump-dom",
         "--virtual-time-budget=5000", (tmp_path / "report.html").as_uri()],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert "CONSOLE" not in done.stderr
    drawn = re.findall(r'<div class="plot[^"]* js-plotly-plot"', done.stdout)
    assert len(drawn) == done.stdout.count('data-figure="')


def test_a_folder_whose_notes_are_plain_texts_is_still_told(tmp_path):
    osolgil.race(
        "iris", optimizers=["sgd"], learning_rates=(0.1,), seeds=2, epochs=2, hidden=(4,), out=tmp_path
    )
    facts = json.loads((tmp_path / "verdict.json").read_text("utf-8"))
    facts["data"]["notes"] = ["It is as <old> as {this}."]
    (tmp_path / "verdict.json").write_text(json.dumps(facts), "utf-8")
    page_of_folder = write_page(tmp_path, "ko").read_text("utf-8")
    assert page_of_folder.count("It is as &lt;old&gt; as {this}.") == 2
