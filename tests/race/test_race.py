"""A race concludes the same whatever the threads and interruptions, and keeps its own rules."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from osolgil.errors import DataError, OutputError, SettingsError
from osolgil.race import Progress, Verdict, checkpoint, race
from osolgil.race.checkpoint import Checkpoint

SMALL: dict[str, Any] = {
    "optimizers": ["sgd", "momentum", "adam"],
    "hidden": (8,),
    "epochs": 6,
    "seeds": 3,
    "learning_rates": 5,
}


def without_seconds(verdict: Verdict) -> str:
    return json.dumps(
        {key: value for key, value in verdict.facts.items() if key != "seconds"}, sort_keys=True
    )


def same(first: Verdict, second: Verdict) -> None:
    assert without_seconds(first) == without_seconds(second)
    for before, after in ((first.history, second.history), (first.layers, second.layers)):
        assert set(before) == set(after)
        for name, column in before.items():
            if column.dtype == object:
                assert column.tolist() == after[name].tolist()
            else:
                np.testing.assert_array_equal(column, after[name])
    assert first.model is not None
    assert second.model is not None
    np.testing.assert_array_equal(first.model.parameters, second.model.parameters)


@pytest.fixture(scope="module")
def plain() -> Verdict:
    return race("wine", **SMALL, jobs=2)


@pytest.mark.parametrize("jobs", [1, 3])
def test_the_verdict_does_not_depend_on_threads(plain: Verdict, jobs: int) -> None:
    same(plain, race("wine", **SMALL, jobs=jobs))


def test_snapshots_at_every_chance_change_nothing(
    plain: Verdict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Checkpoint, "due", property(lambda self: True))
    same(plain, race("wine", **SMALL, out=tmp_path / "race"))
    assert not (tmp_path / "race" / "checkpoint").exists()


@pytest.mark.parametrize("looks", [1, 2, 3])
def test_a_race_stopped_by_ctrl_c_goes_on_to_the_same_verdict(
    plain: Verdict, tmp_path: Path, looks: int
) -> None:
    left = [looks]

    def interrupt(progress: Progress) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        race("wine", **SMALL, out=tmp_path, progress=interrupt)
    same(plain, race("wine", **SMALL, out=tmp_path, resume=True))


@pytest.mark.parametrize("last", ["snapshot", "stage"])
@pytest.mark.parametrize("place", [0, 1, 2, 4])
def test_a_race_killed_at_any_write_goes_on_to_the_same_verdict(
    plain: Verdict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: int, last: str
) -> None:
    """Every chance to take a snapshot is used; the race dies right after its `place`-th write of one kind."""
    written: list[str] = []
    write = checkpoint.write_atomically

    def write_and_die(path: Path, content: Any) -> None:
        write(path, content)
        written.append(path.name)
        if sum(name.startswith(last) for name in written) > place:
            raise KeyError("killed")

    monkeypatch.setattr(Checkpoint, "due", property(lambda self: True))
    monkeypatch.setattr(checkpoint, "write_atomically", write_and_die)
    with pytest.raises(KeyError, match="killed"):
        race("wine", **SMALL, out=tmp_path)
    monkeypatch.undo()
    same(plain, race("wine", **SMALL, out=tmp_path, resume=True))


def test_a_damaged_checkpoint_is_trained_again(plain: Verdict, tmp_path: Path) -> None:
    def interrupt(progress: Progress) -> None:
        if progress.stage == "confirm":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        race("wine", **SMALL, out=tmp_path, progress=interrupt)
    for file in (tmp_path / "checkpoint").iterdir():
        file.write_bytes(file.read_bytes()[:100])
    same(plain, race("wine", **SMALL, out=tmp_path, resume=True))


def test_a_finished_race_is_read_back(plain: Verdict, tmp_path: Path) -> None:
    race("wine", **SMALL, out=tmp_path)
    same(plain, race("wine", **SMALL, out=tmp_path, resume=True))
    same(plain, Verdict.load(tmp_path))
    with pytest.raises(OutputError, match="finished race"):
        race("wine", **SMALL, out=tmp_path)


def test_resume_refuses_other_settings_and_other_data(tmp_path: Path) -> None:
    def interrupt(progress: Progress) -> None:
        if progress.stage == "tune":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        race("wine", **SMALL, out=tmp_path, progress=interrupt)
    with pytest.raises(OutputError, match="unfinished race"):
        race("wine", **SMALL, out=tmp_path)
    with pytest.raises(SettingsError, match="epochs = 6, not 7"):
        race("wine", **{**SMALL, "epochs": 7}, out=tmp_path, resume=True)
    with pytest.raises(DataError, match="other data"):
        race("iris", **SMALL, out=tmp_path, resume=True)


def test_a_foreign_folder_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(OutputError, match=r"thesis\.txt"):
        race("wine", **SMALL, out=tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]


def test_the_folder_holds_everything(tmp_path: Path) -> None:
    verdict = race("diabetes", **SMALL, out=tmp_path / "a" / "b", language="ko")
    names = {file.name for file in (tmp_path / "a" / "b").iterdir()}
    assert names == {
        "verdict.json", "history.parquet", "layers.parquet", "model.safetensors", "model.json", "report.html",
        "plan.json", "recipe_pytorch.py", "recipe_keras.py", "recipe_optax.py",
    }  # fmt: skip
    assert verdict.facts["data"]["score"] == "r2"
    assert verdict.facts["test"]["winner"]["score"] == verdict.score
    shutil.rmtree(tmp_path / "a")


def test_the_best_rate_is_not_on_the_edge_of_the_grid() -> None:
    verdict = race("wine", **{**SMALL, "learning_rates": 1, "optimizers": ["sgd"]})
    points = verdict.facts["learning_rate_sensitivity"]["sgd"]
    rate = verdict.leaderboard[0]["hyperparameters"]["learning_rate"]
    assert len(points) > 1
    assert points[0]["learning_rate"] < rate < points[-1]["learning_rate"]


def test_rates_that_diverge_harm_no_other() -> None:
    fair = race("wine", **{**SMALL, "learning_rates": (0.01, 0.1)})
    wild = race("wine", **{**SMALL, "learning_rates": (0.01, 0.1, 1e9)})
    assert wild.facts["learning_rate_sensitivity"]["sgd"][-1]["diverged_share"] == 1.0
    # Adam's steps are bounded by the rate, so at 10⁹ it does not diverge and may be right by chance
    assert wild.facts["learning_rate_sensitivity"]["adam"][-1]["diverged_share"] == 0.0
    assert [row["scores"] for row in fair.leaderboard] == [row["scores"] for row in wild.leaderboard]


def test_where_everything_diverges_nothing_is_recommended(tmp_path: Path) -> None:
    verdict = race("diabetes", **{**SMALL, "optimizers": ["sgd"], "learning_rates": (1e12,)}, out=tmp_path)
    assert verdict.recommended is None
    assert verdict.model is None
    assert verdict.sentences()
    with pytest.raises(SettingsError, match="diverged"):
        verdict.predict(np.zeros((1, 10)))


def test_an_optimizer_of_no_use_is_behind_and_the_other_wins() -> None:
    choices = {**SMALL, "optimizers": ["adam", "frozen=sgd"], "seeds": 5, "learning_rates": (1e-9, 1e-2)}
    verdict = race("digits", **choices)
    assert verdict.winner == "adam"
    assert verdict.leaderboard[1]["standing"] == "behind"
    assert verdict.leaderboard[1]["difference"]["interval"][1] < 0


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"epoch": 3}, "epoch"),
        ({"jobs": 0}, "job"),
        ({"budget": -1.0}, "budget"),
        ({"optimizers": ["adamm"]}, "adam"),
        ({"optimizers": ["adam", "adam"]}, "twice"),
        ({"seeds": 1}, "seeds"),
        ({"task": "ranking"}, "task"),
    ],
)
def test_a_wrong_setting_is_named(wrong: dict[str, Any], named: str) -> None:
    with pytest.raises((SettingsError, DataError), match=named):
        race("wine", **{**SMALL, **wrong})


def test_a_budget_makes_a_smaller_race_and_keeps_what_was_asked(tmp_path: Path) -> None:
    verdict = race("digits", optimizers=["sgd"], budget=3.0, epochs=4, out=tmp_path)
    settings = verdict.facts["settings"]
    assert settings["epochs"] == 4
    assert json.loads((tmp_path / "plan.json").read_text())["settings"] == settings
