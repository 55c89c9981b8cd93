"""The command line: what it prints, how it ends, and that no input whatever makes a traceback."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from osolgil import DeepRegressor
from osolgil.cli import main
from osolgil.command_line.folders import data_name, new_folder

SMALL = ["--learning-rates", "3", "--seeds", "2", "--epochs", "4", "--hidden", "8"]
RACE = ["race", "iris", "--optimizers", "adam,sgd", *SMALL]


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    place = tmp_path_factory.mktemp("model")
    table = place / "fruit.csv"
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["weight", "colour", "fruit"])
        for number in range(120):
            ripe = number % 2
            colour, fruit = ("red", "apple") if ripe else ("green", "lime")
            writer.writerow([5 + 3 * ripe + number % 7 / 7, colour, fruit])
    assert main(["train", str(table), "--epochs", "20", "--quiet", "--out", str(place / "out")]) == 0
    return place / "out"


def test_a_race_prints_its_verdict_and_leaves_everything(capsys, tmp_path):
    assert main(RACE) == 0
    output = capsys.readouterr()
    assert output.err == ""
    folder = tmp_path / "osolgil-iris"
    facts = json.loads((folder / "verdict.json").read_text("utf-8"))
    assert facts["leaderboard"][0]["title"] in output.out
    assert "osolgil-iris/report.html" in output.out
    expected = {"verdict.json", "history.parquet", "model.json", "plan.json", "report.html"}
    assert expected <= {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("language", ["en", "ko"])
def test_an_ensemble_with_the_defaults_for_tables_is_trained_and_predicts(model, capsys, language):
    table = str(model.parent / "fruit.csv")
    asked = ["train", table, "--defaults", "table", "--epochs", "6", "--ensemble", "3", "--out", "out"]
    assert main([*asked, "--quiet", "--lang", language]) == 0
    output = capsys.readouterr().out
    assert ("mean answer of 3 networks" if language == "en" else "신경망 3개의 평균 답") in output
    facts = json.loads(Path("out/training.json").read_text("utf-8"))
    assert facts["choice"]["folds"] is True
    assert facts["validated_on"] == "the fold each network left out"
    assert facts["settings"]["scaling"] == "robust"
    assert main(["predict", "out", table, "--probabilities"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 121


@pytest.mark.parametrize(
    ("settings", "targets", "header"),
    [
        ({}, 2, "prediction of target 1,prediction of target 2"),
        (
            {"quantiles": (0.1, 0.9)},
            1,
            "prediction of target; quantile 0.1,prediction of target; quantile 0.9",
        ),
    ],
)
def test_a_saved_estimator_predicts_a_column_per_number(settings, targets, header, capsys, tmp_path):
    rows = pandas.DataFrame(np.random.default_rng(0).normal(size=(40, 2)), columns=["a", "b"])
    y = rows.to_numpy()[:, :targets]
    fitted = DeepRegressor(hidden=(4,), epochs=2, random_state=0, **settings).fit(rows, y.squeeze())
    fitted.save(tmp_path / "saved")
    rows.to_csv(tmp_path / "rows.csv", index=False)
    assert main(["predict", str(tmp_path / "saved"), str(tmp_path / "rows.csv")]) == 0
    first, *lines = capsys.readouterr().out.splitlines()
    assert first == header
    found = np.array([line.split(",") for line in lines], float)
    np.testing.assert_allclose(found, fitted.predict(rows), rtol=1e-5, atol=1e-5)
    assert main(["export", str(tmp_path / "saved"), "--to", "c"]) == 0


def test_answers_are_cut_off_at_the_range_of_the_training_targets_or_not(capsys):
    data = ["train", "diabetes", "--defaults", "table", "--epochs", "1", "--ensemble", "1"]
    for word, bounded in (("--clip-targets", True), ("--no-clip-targets", False)):
        assert main([*data, word, "--out", word.strip("-"), "--quiet"]) == 0
        facts = json.loads(Path(word.strip("-"), "model.json").read_text("utf-8"))
        assert ("target_limits" in facts) == bounded


def test_json_is_json_and_quiet_is_sentences_and_folders_are_counted(capsys, tmp_path):
    assert main([*RACE, "--json"]) == 0
    assert {row["entrant"] for row in json.loads(capsys.readouterr().out)["leaderboard"]} == {"adam", "sgd"}
    assert main([*RACE, "--quiet", "--lang", "ko"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert 2 <= len(lines) <= 7
    assert any("가" <= letter <= "힣" for letter in lines[0])
    assert (tmp_path / "osolgil-iris-2" / "verdict.json").exists()


def test_a_finished_race_resumes_to_itself_and_reports_anew(capsys):
    assert main([*RACE, "--json"]) == 0
    first = capsys.readouterr().out
    assert main([*RACE, "--resume", "--json"]) == 0
    assert capsys.readouterr().out == first
    assert main(["report", "osolgil-iris", "--lang", "ko"]) == 0
    assert "report.html" in capsys.readouterr().out


def test_names_are_listed(capsys):
    assert main(["data"]) == 0
    assert "digits" in capsys.readouterr().out
    assert main(["data", "--json"]) == 0
    assert "iris" in json.loads(capsys.readouterr().out)["included"]


def _table(text: str, name: str = "new.csv") -> str:
    with open(name, "w", encoding="utf-8") as file:
        file.write(text)
    return name


def test_raw_rows_are_predicted(model, capsys, tmp_path):
    rows = _table("note,colour,weight\nx,red,8.2\ny,violet,\nz,green,5.1\n")
    assert main(["predict", str(model), rows]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "prediction"
    assert (lines[1], lines[3]) == ("apple", "lime")
    assert main(["predict", str(model), rows, "--probabilities", "--out", "answers.csv"]) == 0
    found = list(csv.DictReader(io.StringIO((tmp_path / "answers.csv").read_text())))
    for row in found:
        assert float(row["probability of apple"]) + float(row["probability of lime"]) == pytest.approx(1)
    assert main(["predict", str(model), rows, "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["prediction"]) == 3


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is empty"),
        ("weight,colour\n", "no rows"),
        ("weight\n3\n", "no column 'colour'"),
        ("weight,colour\n1,red\n1,2,3\n", "line 3"),
        ("\x00\x01\x02", "binary"),
    ],
)
def test_rows_of_no_use_are_one_sentence(model, capsys, content, words):
    assert main(["predict", str(model), _table(content)]) == 2
    _assert_one_sentence(capsys.readouterr(), words)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["rac", "iris"], "Did you mean 'race'"),
        (["race", "iris", "--epoch", "3"], "--epochs"),
        (["race", "iriss"], "did you mean iris"),
        (["race"], "Missing argument"),
        (["race", "iris", "--target", "nonsense"], "its own target"),
        (["race", "iris", "--optimizers", "adaam"], "Did you mean 'adam'"),
        (["race", "iris", "--optimizers", ","], "at least one optimizer"),
        (["race", "iris", "--activation", "rellu"], "Did you mean 'relu'"),
        (["race", "iris", "--hidden", "64;64"], "--hidden takes widths"),
        (["race", "iris", "--budget", "soon"], "--budget takes a time"),
        (["race", "iris", "--learning-rates", "0.1,-1"], "positive"),
        (["race", "iris", "--learning-rates", "999999999"], "from 1 to 25"),
        (["race", "iris", "--jobs", "0"], "--jobs"),
        (["race", "iris", "--lang", "fr"], "--lang"),
        (["race", "iris", "--resume"], "no race on iris to resume"),
        (["race", "iris", "--out", "/dev/null"], "is a file"),
        (["race", "iris", "--loss", "squared_error"], "regression"),
        (["train", "iris", "--hyperparameters", "beta1"], "pairs such as"),
        (["train", "iris", "--learning-rate", "nan"], "finite"),
        (["train", "iris", "--defaults", "tabel"], "Did you mean 'table'"),
        (["train", "iris", "--numbers", "piecewise(bin=3)"], "Did you mean 'bins'"),
        (["race", "iris", "--scaling", "robst"], "Did you mean 'robust'"),
        (["train", "iris", "--keep", "bset"], "Did you mean 'best'"),
        (["train", "iris", "--ensemble", "99", "--folds", "--epochs", "1", "--test", "0.9"], "99 folds"),
        (["predict", "nowhere", "rows.csv"], "no model at nowhere"),
        (["report", "nowhere"], "Cannot read"),
    ],
)
def test_mistakes_are_one_sentence_with_a_hint_and_exit_code_2(capsys, arguments, words):
    assert main(arguments) == 2
    _assert_one_sentence(capsys.readouterr(), words)


def _assert_one_sentence(output, words):
    assert words in output.err
    assert output.err.count("\n") == 1
    assert "Traceback" not in output.err
    assert output.out == ""


WORDS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(["nan", "inf", "-1", "0", "1e400", "1e-400", "none", "all", "9" * 30, "٣", "a=b", "1x8"]),
    st.floats().map(str),
    st.integers().map(str),
)
FLAGS = (
    "--target", "--task", "--test", "--weights", "--optimizer", "--hidden", "--activation", "--normalization",
    "--initial-scale", "--loss", "--dropout", "--l1", "--l2", "--weight-decay", "--clip-norm", "--precision",
    "--batch-size", "--hyperparameters", "--learning-rate", "--seed", "--nonsense",
    "--scaling", "--numbers", "--keep", "--patience", "--defaults",
)  # fmt: skip
RACE_FLAGS = (
    "--optimizers",
    "--seeds",
    "--confirmation-seeds",
    "--confidence",
    "--budget",
    "--learning-rates",
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(FLAGS), WORDS, max_size=2))
def test_whatever_the_flags_training_ends_with_0_or_2(capsys, tmp_path_factory, flags):
    capsys.readouterr()
    out = tmp_path_factory.mktemp("any") / "out"
    words = [word for flag, value in flags.items() for word in (f"{flag}={value}",)]
    code = main(["train", "iris", "--epochs=1", f"--out={out}", "--quiet", *words])
    output = capsys.readouterr()
    assert code in (0, 2), output.err
    if code == 2:
        _assert_one_sentence(output, "")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(RACE_FLAGS), st.text(max_size=8) | st.sampled_from(["nan", "inf", "-1", "0", "1e400"]))
def test_whatever_a_race_is_asked_it_ends_with_0_or_2(capsys, tmp_path_factory, flag, value):
    capsys.readouterr()
    code = main(["race", "absent.csv", f"{flag}={value}", "--out", str(tmp_path_factory.mktemp("any"))])
    output = capsys.readouterr()
    assert code == 2
    _assert_one_sentence(output, "")


def _run(*words, **options):
    return subprocess.run([sys.executable, "-m", "osolgil.cli", *words], text=True, timeout=120, **options)


def test_a_full_disk_is_one_sentence(monkeypatch, capsys):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("osolgil.files.os.replace", full)
    assert main(["train", "iris", "--epochs", "1", "--quiet"]) == 2
    _assert_one_sentence(capsys.readouterr(), "no space left on device")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_output_onto_a_full_disk_is_one_sentence():
    with open("/dev/full", "w") as full:
        done = _run("data", stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "No space left" in done.stderr


def test_a_closed_pipe_is_quiet():
    command = f"{sys.executable} -m osolgil.cli race --help | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = _run("data", stdout=writer, stderr=subprocess.PIPE)
    finally:
        os.close(writer)
    assert done.stderr == ""


def test_a_fault_of_ours_is_one_sentence_and_debug_shows_more(monkeypatch, capsys):
    def broken(*_, **__):
        raise RuntimeError("inside")

    monkeypatch.setattr("osolgil.messages.message", broken)
    assert main(["data"]) == 1
    _assert_one_sentence(capsys.readouterr(), "RuntimeError: inside")
    monkeypatch.setenv("OSOLGIL_DEBUG", "1")
    assert main(["data"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_ctrl_c_says_how_to_go_on(monkeypatch, capsys, tmp_path):
    def stopped(*_, out, **__):
        out.mkdir()
        (out / "plan.json").write_text("{}")
        raise KeyboardInterrupt

    monkeypatch.setattr("osolgil.race.race", stopped)
    assert main(["race", "my data.csv", "--seed", "3"]) == 130
    _assert_one_sentence(
        capsys.readouterr(), "osolgil race 'my data.csv' --seed 3 --out osolgil-my-data --resume"
    )


def test_a_folder_left_empty_is_used(tmp_path):
    (tmp_path / "osolgil-iris").mkdir()
    assert str(new_folder("iris")) == "osolgil-iris"
    (tmp_path / "osolgil-iris" / "mine").touch()
    assert str(new_folder("iris")) == "osolgil-iris-2"


@pytest.mark.parametrize("path", ["..", "/", "", "a/b.csv", "C:\\x\\y.tsv", "🌊", "-x"])
def test_a_folder_is_named_safely(path):
    name = data_name(path)
    assert name
    assert "/" not in name
    assert not name.startswith(("-", "."))
