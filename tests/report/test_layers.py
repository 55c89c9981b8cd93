"""The section on layers: a race's and a training's page show what was recorded, beside theory, run by run."""

import json
import re
import shutil
import subprocess

import numpy as np
import pytest

import osolgil
from osolgil import cli
from osolgil.errors import OutputError
from osolgil.messages import catalog as messages
from osolgil.report import write_report
from osolgil.report.diagnosis_sentences import run_sentences
from osolgil.report.frame import plotly_script
from osolgil.report.layer_figures import COURSES, layer_figures, shown_runs

SMALL = {"learning_rates": (0.01, 0.1), "seeds": 2, "confirmation_seeds": 3, "epochs": 6}


@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wide") / "race"
    return osolgil.race("wine", optimizers=["sgd", "adam"], hidden=(8, 8), out=folder, **SMALL)


@pytest.fixture(scope="module")
def deep():
    return osolgil.race("wine", optimizers=["adam"], hidden=(8,) * 11, activation="sigmoid", **SMALL)


def content_of(folder):
    text = (folder / "report.html").read_text("utf-8").replace(plotly_script().decode(), "")
    found = re.search(r'<script type="application/json" id="figures">(.*?)</script>', text, re.S)
    return text, json.loads(found[1])


def test_the_recommended_entrants_model_is_shown_first(wide):
    runs = wide.facts["layers"]["runs"]
    assert (runs[0]["entrant"], runs[0]["seed"]) == (wide.recommended, wide.facts["model"]["seed"])
    assert {run["entrant"] for run in runs} == {"sgd", "adam"}
    assert [run["phase"] for run in runs[:2]] == ["confirm", "confirm"]
    assert len({(run["entrant"], run["learning_rate"]) for run in runs}) == len(runs)


def test_a_run_shows_what_is_on_record(wide):
    (first, *_), run = shown_runs(wide.facts, wide.layers), wide.facts["layers"]["runs"][0]
    columns = wide.layers
    own = (columns["phase"] == "confirm") & (columns["entrant"] == run["entrant"])
    own &= (columns["seed"] == run["seed"]) & (columns["layer"] == 2)
    order = np.argsort(columns["epoch"][own])

    def recorded(name):
        return columns[name][own][order].astype(float)

    wanted = {
        "layer_gradient": recorded("gradient"),
        "layer_update": recorded("update_norm") / recorded("weight_norm"),
        "layer_gradient_ratio": recorded("weight_gradient") / recorded("weight_norm"),
        "layer_variance": recorded("signal") ** 2 - recorded("signal_mean") ** 2,
    }
    for name, values in wanted.items():
        trace = first["traces"][name][1]
        assert trace["name"] == "2"
        np.testing.assert_allclose(trace["y"], values, rtol=1e-3)
    begin, end = first["traces"]["layer_profile"]
    last = columns["gradient"][own_layer(columns, run, 3)]
    assert begin["y"][1] == pytest.approx(np.log10(wanted["layer_gradient"][0] / last[0]), abs=1e-3)
    assert end["y"][-1] == 0.0


def own_layer(columns, run, layer):
    names = ("phase", "entrant", "seed")
    same = np.logical_and.reduce([columns[name] == run[name] for name in names])
    return np.flatnonzero(same & (columns["layer"] == layer))


def test_theory_stands_beside_it(wide):
    figures = layer_figures(wide.facts, "en")
    assert set(figures) == {"layer_profile", "layer_signal", *COURSES}
    prediction = wide.facts["layers"]["prediction"]
    band, line = figures["layer_profile"]["data"]
    assert line["y"] == prediction["log10_gradient"]
    assert band["y"][0] == pytest.approx(line["y"][0] + 2.0 * prediction["deviation"][0])
    measured = shown_runs(wide.facts, wide.layers)[0]["traces"]["layer_profile"][0]["y"]
    assert np.abs(np.array(measured) - line["y"]).max() < 0.7  # decades: eight units stray far


def test_many_layers_are_a_map_and_the_run_is_explained(deep):
    runs = shown_runs(deep.facts, deep.layers)
    figures = {name: runs[0]["traces"][name] for name in COURSES}
    assert all(trace["type"] == "heatmap" and len(trace["z"]) == 12 for (trace,) in figures.values())
    run = deep.facts["layers"]["runs"][0]
    assert run["explanation"]["cause"] == "vanishing"
    assert "gradients vanish" in " ".join(run_sentences(deep.facts, run, "en"))
    assert "기울기가 사라집니다" in " ".join(run_sentences(deep.facts, run, "ko"))


def test_the_page_holds_every_run_once_in_no_language(wide):
    text, content = content_of(wide.folder)
    assert text.count("<option ") == len(content["runs"]) == len(wide.facts["layers"]["runs"])
    for name in ("layer_profile", *COURSES):
        assert f'data-figure="{name}"' in text
        for language in ("en", "ko"):
            assert content["figures"][language][name]["layout"]["xaxis"]["title"]["text"]
            assert messages()[f"layers.{name}"][language] in text
        assert all(run["traces"][name] for run in content["runs"])
    assert content["runs"][0]["traces"]["layer_profile"][0]["name"] == messages()["layers.measured"]


def test_what_theory_does_not_know_is_shown_without_it():
    verdict = osolgil.race("iris", optimizers=["adam"], hidden=(6,), activation="softmax", **SMALL)
    found = verdict.facts["layers"]
    assert found["prediction"] is None
    assert all(run["explanation"] is None for run in found["runs"])
    assert layer_figures(verdict.facts, "ko")["layer_profile"]["data"] == []
    assert shown_runs(verdict.facts, verdict.layers)[0]["traces"]["layer_gradient"]


def test_a_training_keeps_its_layers_and_report_shows_them(tmp_path, capsys):
    folder = tmp_path / "trained"
    options = ["iris", "--epochs", "4", "--hidden", "8", "--out", str(folder)]
    assert cli.main(["train", *options]) == 0
    said = capsys.readouterr().out
    assert str(folder / "layers.parquet") in said
    assert f"osolgil report {folder}" in said
    assert cli.main(["report", str(folder), "--lang", "ko"]) == 0
    text, content = content_of(folder)
    assert '<html lang="ko">' in text
    assert "학습한 신경망" in text
    assert len(content["runs"]) == 1
    assert "<option" not in text
    facts = json.loads((folder / "training.json").read_text("utf-8"))
    assert facts["layers"]["runs"][0]["training"]["rates"] == {}
    (folder / "layers.parquet").unlink()
    assert cli.main(["report", str(folder)]) == 2
    del facts["layers"]
    (folder / "training.json").write_text(json.dumps(facts))
    assert cli.main(["report", str(folder)]) == 2
    assert "train the network again" in capsys.readouterr().err


def test_a_race_before_this_has_no_section(wide, tmp_path):
    facts = {name: value for name, value in wide.facts.items() if name != "layers"}
    write_report(tmp_path, facts, wide.history, wide.model, "en", wide.layers)
    assert "layer_profile" not in content_of(tmp_path)[0]
    with pytest.raises(OutputError):
        write_report(tmp_path / "missing", wide.facts, wide.history, wide.model, "en", wide.layers)


@pytest.mark.long
@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium")
def test_a_browser_shows_another_run_when_it_is_picked(wide, tmp_path):
    text = (wide.folder / "report.html").read_text("utf-8")
    pick = (
        "<script>const p = document.querySelector('[data-picker]'); p.value = '1';"
        "p.dispatchEvent(new Event('change'));"
        "document.title = JSON.stringify(document.querySelector('[data-figure=layer_update]').data[0].y);</script>"
    )
    page = tmp_path / "picked.html"
    page.write_text(text.replace("</body>", pick + "</body>"), "utf-8")
    done = subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--dump-dom",
         "--virtual-time-budget=5000", page.as_uri()],
        capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    assert "CONSOLE" not in done.stderr
    shown = json.loads(re.search(r"<title>(.*?)</title>", done.stdout)[1])
    _, content = content_of(wide.folder)
    assert shown == content["runs"][1]["traces"]["layer_update"][0]["y"]
    assert re.search(r'data-run="0" hidden', done.stdout)
