"""Own formulas in a race: on equal terms, stored beside it, found again whatever became of their file."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import osolgil
from formulas.own.written import MINE, mine
from osolgil.cli import main
from osolgil.errors import OutputError, SettingsError
from osolgil.formulas import own
from osolgil.race import course
from osolgil.race.settings import Entrant, RaceSettings, entrants

SMALL = {"learning_rates": 3, "seeds": 2, "epochs": 4, "hidden": (8,)}
WORDS = ["--learning-rates", "3", "--seeds", "2", "--epochs", "4", "--hidden", "8", "--quiet"]


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return mine(tmp_path)


def notebook_momentum(theta, gradient, velocity, *, learning_rate=0.01, momentum=0.9):
    velocity = momentum * velocity - learning_rate * gradient
    return theta + velocity, velocity


def notebook_silu(x):
    return x / (1 + exp(-x))  # noqa: F821


def without_seconds(verdict):
    return {name: value for name, value in verdict.facts.items() if name != "seconds"}


def stopping(monkeypatch, after):
    """Ctrl-C once so many stages are over."""
    train = course.Course._train

    def stop(self, *arguments):
        if self.stage == after:
            raise KeyboardInterrupt
        return train(self, *arguments)

    monkeypatch.setattr(course.Course, "_train", stop)


def test_an_own_optimizer_may_be_wrapped_and_the_race_goes_on_without_its_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(
        "def plain(theta, gradient, learning_rate=0.05):\n    return theta - learning_rate * gradient\n",
        "utf-8",
    )
    settings = {"learning_rates": (0.03, 0.1), "seeds": 2, "epochs": 3, "hidden": (4,)}
    names = ["lookahead(mine.py:plain, period=3)", "lookahead(sgd, period=3)"]
    verdict = osolgil.race("iris", optimizers=names, out=tmp_path / "race", **settings)
    assert [e["name"] for e in verdict.facts["settings"]["entrants"]] == [
        "lookahead(plain, period=3)", "lookahead(sgd, period=3)",
    ]  # fmt: skip
    one, other = (verdict.history["entrant"] == name for name in ("lookahead(plain, period=3)", names[1]))
    tuned = verdict.history["phase"] == "tune"
    losses = verdict.history["validation_loss"]
    np.testing.assert_array_equal(losses[one & tuned], losses[other & tuned])
    from osolgil.report.reproduction import command

    assert "'lookahead(mine.py:plain, period=3),lookahead(sgd, period=3)'" in command(verdict.facts)
    Path("mine.py").unlink()
    assert osolgil.race("iris", out=tmp_path / "race", resume=True).facts == verdict.facts


def test_an_own_copy_ties_with_the_original_to_the_last_bit(place):
    verdict = osolgil.race(
        "iris", optimizers=["momentum", f"{place}:my_momentum", notebook_momentum], **SMALL
    )
    scores = [row["scores"] for row in verdict.leaderboard]
    assert scores[0] == scores[1] == scores[2]
    assert {row["entrant"] for row in verdict.leaderboard} == {"momentum", "my_momentum", "notebook_momentum"}
    assert set(verdict.ties) == {"momentum", "my_momentum", "notebook_momentum"}


def test_a_function_alone_or_labelled_enters(place):
    (entrant,) = entrants(notebook_momentum)
    assert entrant.name == "notebook_momentum"
    assert entrants([f"mine={place}:my_momentum"])[0].name == "mine"
    chosen = entrants([Entrant("slow", notebook_momentum, {"momentum": 0.5}), "adam"])
    assert chosen[0].optimizer == entrant.optimizer
    with pytest.raises(SettingsError, match=r"no hyperparameter 'momentun'.* Did you mean 'momentum'"):
        entrants([Entrant("slow", notebook_momentum, {"momentun": 0.5})])
    with pytest.raises(SettingsError, match="'my_momentum' enters the race twice"):
        entrants([f"{place}:my_momentum", f"{place}:my_momentum"])


def test_two_different_formulas_of_one_name_are_refused(place, tmp_path):
    other = mine(tmp_path, MINE.replace("theta + velocity", "theta + 1.0 * velocity"), "other.py")
    with pytest.raises(SettingsError, match="Two different own formulas are called 'my_momentum'"):
        RaceSettings(entrants=entrants([f"{place}:my_momentum", f"second={other}:my_momentum"]))


def test_everything_a_race_writes_carries_the_formulas(place, tmp_path, capsys):
    words = [
        "race",
        "iris",
        "--optimizers",
        "sgd,mine.py:catalogs_adam",
        "--activation",
        "mine.py:bent",
        *WORDS,
    ]
    assert main([*words, "--out", "out"]) == 0
    assert "Adam, copied" in capsys.readouterr().out
    folder = tmp_path / "out"
    for file in ("plan.json", "verdict.json"):
        formulas = json.loads((folder / file).read_text("utf-8"))["formulas"]
        assert [facts["kind"] for facts in formulas.values()] == ["optimizer", "activation"]
        assert all("def " in facts["source"] and facts["origin"] == "mine.py" for facts in formulas.values())
    model = json.loads((folder / "model.json").read_text("utf-8"))
    assert [name.partition("@")[0] for name in model["formulas"]] == ["bent"]
    page = (folder / "report.html").read_text("utf-8")
    assert "--optimizers sgd,mine.py:catalogs_adam" in page
    assert "--activation mine.py:bent" in page
    again = [
        "race",
        "iris",
        "--optimizers",
        "sgd,out/formulas.py:catalogs_adam",
        "--activation",
        "out/formulas.py:bent",
    ]
    assert main([*again, *WORDS, "--out", "again"]) == 0
    first, second = (
        json.loads((tmp_path / name / "verdict.json").read_text("utf-8")) for name in ("out", "again")
    )
    assert [row["scores"] for row in first["leaderboard"]] == [row["scores"] for row in second["leaderboard"]]


def test_a_model_predicts_in_a_program_that_never_saw_the_file(place, tmp_path):
    data = osolgil.load("iris")
    trained = osolgil.train(data, activation=f"{place}:bent", epochs=5, hidden=(8,), out=tmp_path / "out")
    expected = trained.model.outputs(data.test.inputs)
    Path(place).unlink()
    code = (
        "import sys, numpy, osolgil; model = osolgil.Model.load(sys.argv[1]);"
        "print(repr(model.outputs(numpy.load(sys.argv[2])).tolist()))"
    )
    np.save(tmp_path / "inputs.npy", data.test.inputs)
    words = [sys.executable, "-c", code, str(tmp_path / "out"), str(tmp_path / "inputs.npy")]
    variables = {**os.environ, "PYTHONPATH": str(Path(osolgil.__file__).parents[1])}
    output = subprocess.run(words, capture_output=True, text=True, check=True, env=variables).stdout
    assert json.loads(output) == expected.tolist()


@pytest.mark.parametrize(
    "source",
    [
        "def bent(x):\n    return __import__('os').system('touch HERE')\n",
        "import os\nos.system('touch HERE')\ndef bent(x):\n    return x\n",
        "def bent(x, y=open('HERE', 'w')):\n    return x\n",
        "@osolgil.activation(title=open('HERE', 'w'))\ndef bent(x):\n    return x\n",
        "def bent(x):\n    return x\n",  # harmless, but not what the name stands for
        "def bent(x):\n    return x * 9**9**9**9**9\n",
        "(" * 5000,
        "\0",
        None,
        3,
    ],
)
def test_loading_a_hostile_model_runs_nothing(place, tmp_path, source):
    osolgil.train("iris", activation=f"{place}:bent", epochs=1, hidden=(4,), out=tmp_path / "out")
    path = tmp_path / "out" / "model.json"
    facts = json.loads(path.read_text("utf-8"))
    (name,) = facts["formulas"]
    hostile = name[:-8] + "deadbeef"
    text = json.dumps(facts).replace(name, hostile)
    facts = json.loads(text)
    facts["formulas"][hostile]["source"] = source
    path.write_text(json.dumps(facts))
    with pytest.raises(OutputError, match="damaged"):
        osolgil.Model.load(path)
    assert not (tmp_path / "HERE").exists()


def test_a_race_goes_on_when_the_file_is_gone_and_refuses_when_it_is_edited(place, tmp_path, monkeypatch):
    asked = {"optimizers": ["sgd", "mine.py:my_adam"], "activation": "mine.py:bent", **SMALL}
    whole = osolgil.race("iris", out=tmp_path / "whole", **asked)
    with monkeypatch.context() as patch:
        stopping(patch, after=2)
        for folder in ("gone", "edited"):
            with pytest.raises(KeyboardInterrupt):
                osolgil.race("iris", out=tmp_path / folder, **asked)
    Path(place).write_text(MINE.replace("beta1=0.9", "beta1=0.8").replace("share=0.25", "share=0.2"))
    with pytest.raises(
        SettingsError, match=r"formula in (entrants|activation) has been edited .*formulas\.py there"
    ):
        osolgil.race("iris", out=tmp_path / "edited", resume=True, **asked)
    unnamed = osolgil.race("iris", out=tmp_path / "edited", resume=True)
    assert without_seconds(unnamed) == without_seconds(whole)
    Path(place).unlink()
    with monkeypatch.context() as patch:  # as in another program: nothing is known of the formulas
        patch.setattr(own, "_known", {})
        patch.setattr(own, "latest", {})
        resumed = osolgil.race("iris", out=tmp_path / "gone", resume=True, **asked)
    assert without_seconds(resumed) == without_seconds(whole)
    with pytest.raises(SettingsError, match=r"There is no file 'mine\.py'"):
        osolgil.race("iris", out=tmp_path / "new", **asked)


def test_a_race_that_goes_on_needs_none_of_its_settings_again(tmp_path, monkeypatch):
    asked = {"optimizers": ["sgd", "adam"], "activation": "tanh", "loss": "binary_cross_entropy", **SMALL}
    whole = osolgil.race("iris", out=tmp_path / "whole", **asked)
    with monkeypatch.context() as patch:
        stopping(patch, after=2)
        with pytest.raises(KeyboardInterrupt):
            osolgil.race("iris", out=tmp_path / "stopped", **asked)
    resumed = osolgil.race("iris", out=tmp_path / "stopped", resume=True)
    assert without_seconds(resumed) == without_seconds(whole)


def test_damaged_formulas_of_a_race_are_said_so(place, tmp_path):
    osolgil.race("iris", optimizers=[f"{place}:my_sgd"], out=tmp_path / "out", **SMALL)
    path = tmp_path / "out" / "verdict.json"
    text = path.read_text("utf-8")
    path.write_text(re.sub(r"my_sgd@[0-9a-f]{8}", "my_sgd@00000000", text))
    with pytest.raises(OutputError, match=r"own formulas stored in .* are damaged"):
        osolgil.Verdict.load(tmp_path / "out")


def test_training_and_an_own_loss(tmp_path, place):
    asked = {"activation": notebook_silu, "epochs": 3, "hidden": (8,)}
    loss = f"{place}:my_square"
    trained = osolgil.train("diabetes", optimizer=notebook_momentum, loss=loss, out=tmp_path / "out", **asked)
    known = osolgil.train("diabetes", optimizer="momentum", **asked)
    assert trained.scores["test"] == pytest.approx(known.scores["test"], rel=1e-4)
    assert trained.facts["made_by"]["optimizer"].startswith("notebook_momentum@")
    kinds = [facts["kind"] for facts in trained.facts["formulas"].values()]
    assert sorted(kinds) == ["activation", "loss", "optimizer"]
    with pytest.raises(SettingsError, match="is for regression, but the task is classification"):
        osolgil.train("iris", loss=f"{place}:my_square")


def test_the_command_line_tells_what_is_wrong_in_one_sentence(place, capsys):
    for optimizers, reason in {
        "adam,mine.py:my_adm": "mine.py has no function 'my_adm'. Did you mean 'my_adam'?",
        "adam,mine.py:bent": "mine.py:bent: an optimizer's first two arguments are the parameter and its gradient",
        "adam,no.py:f": "There is no file 'no.py'",
    }.items():
        assert main(["race", "iris", "--optimizers", optimizers, *WORDS]) == 2
        error = capsys.readouterr().err
        assert reason in error
        assert "Traceback" not in error
        assert error.count("\n") == 1


def test_the_second_process_compiles_own_formulas_as_well(place, tmp_path):
    """On an empty cache another process compiles beside this one; it must know formulas of one's own."""
    code = (
        "import sys, json, osolgil;"
        "from osolgil.engines.cpu import compiling, library;"
        "compile = compiling._compile_formulas;"
        "known = [];"
        "compiling._compile_formulas = lambda request: (compile(request), known.append(1));"
        "compiling.second_process(); print(len(known))"
    )
    rows = entrants(["sgd", f"{place}:my_momentum"])
    names = [row.optimizer for row in rows]
    request = {
        "activations": ["identity"],
        "loss": "squared_error",
        "precision": "float32",
        "optimizers": names,
        "also": None,
    }
    request["formulas"] = own.facts_of([("optimizer", name) for name in names])
    variables = {**os.environ, "PYTHONPATH": str(Path(osolgil.__file__).parents[1])}
    words = [sys.executable, "-c", code]
    finished = subprocess.run(words, input=json.dumps(request), capture_output=True, text=True, env=variables)
    assert finished.stdout.strip() == "1", finished.stderr
