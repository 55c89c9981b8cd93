"""Training one network: reproducible to the bit, written whole, and honest about divergence."""

import json

import numpy as np
import pytest

import osolgil
from osolgil.errors import OutputError, SettingsError
from osolgil.records import read_history, write_history
from osolgil.training import train


def test_the_same_settings_give_the_same_bits_whatever_the_threads():
    first, second = (train("iris", epochs=6, hidden=(8,), jobs=jobs) for jobs in (1, 2))
    assert first.model.parameters.tobytes() == second.model.parameters.tobytes()
    other = train("iris", epochs=6, hidden=(8,), seed=1)
    assert first.model.parameters.tobytes() != other.model.parameters.tobytes()


def test_scores_are_those_of_the_last_epoch_and_of_the_test_rows():
    trained = train("iris", epochs=30, learning_rate=0.01)
    data = osolgil.load("iris")
    for name, split in (("validation", data.validation), ("test", data.test)):
        answers = trained.model.outputs(split.inputs).argmax(axis=1)
        assert trained.scores[name] == pytest.approx(np.mean(answers == split.targets))
    assert trained.history["validation_score"][-1] == trained.scores["validation"]
    assert trained.scores["test"] > 0.8


def test_it_is_a_races_first_tuning_run():
    settings = {"epochs": 4, "hidden": (8,)}
    verdict = osolgil.race("iris", optimizers=["adam"], learning_rates=(0.01,), seeds=2, **settings)
    trained = train("iris", optimizer="adam", learning_rate=0.01, **settings)
    rows = (verdict.history["phase"] == "tune") & (verdict.history["seed"] == trained.history["seed"][0])
    np.testing.assert_array_equal(
        verdict.history["validation_loss"][rows], trained.history["validation_loss"]
    )


def test_its_folder_holds_everything_and_is_not_overwritten(tmp_path):
    trained = train("iris", epochs=3, out=tmp_path / "out")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"model.json", "model.safetensors", "history.parquet", "layers.parquet", "training.json"}
    facts = json.loads((tmp_path / "out" / "training.json").read_text("utf-8"))
    assert facts["weights"] == "last epoch"
    assert facts == json.loads(json.dumps(trained.facts))
    for name, column in read_history(tmp_path / "out" / "history.parquet").items():
        np.testing.assert_array_equal(column, trained.history[name])
    with pytest.raises(OutputError, match="other work"):
        train("iris", epochs=3, out=tmp_path / "out")


def test_divergence_is_said_and_nothing_is_written(tmp_path):
    with pytest.raises(SettingsError, match="diverged in epoch"):
        train("diabetes", optimizer="sgd", learning_rate=1e6, epochs=3, out=tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"learning_rate": 0.0}, "positive"),
        ({"learning_rate": float("nan")}, "finite"),
        ({"optimizer": "adaam"}, "Did you mean 'adam'"),
        ({"hyperparameters": {"beta9": 1.0}}, "no hyperparameter 'beta9'"),
        ({"seeds": 3}, "no setting 'seeds'"),
        ({"epochs": 0}, "epochs"),
    ],
)
def test_bad_settings_are_one_sentence(asked, words):
    with pytest.raises(SettingsError, match=words):
        train("iris", **asked)


def test_progress_ends_with_every_epoch_done():
    seen = []
    train("iris", epochs=5, progress=seen.append)
    assert seen[-1].stage == "train"
    assert seen[-1].epochs_done == seen[-1].epochs_total == 5
    assert len(seen[-1].entrants[0].curve) == 5


def test_history_is_written_whole_or_not_at_all(tmp_path):
    columns = {"name": np.array(["가", None, "b"], object), "loss": np.array([1.5, np.nan, np.inf])}
    write_history(tmp_path / "h.parquet", columns)
    found = read_history(tmp_path / "h.parquet")
    assert list(found["name"]) == ["가", None, "b"]
    np.testing.assert_array_equal(found["loss"], columns["loss"])
    (tmp_path / "h.parquet").write_bytes(b"PAR1 but not really")
    with pytest.raises(OutputError, match="damaged"):
        read_history(tmp_path / "h.parquet")
    with pytest.raises(OutputError, match="no such file"):
        read_history(tmp_path / "absent.parquet")
    with pytest.raises(OutputError):
        write_history(tmp_path / "nowhere" / "h.parquet", columns)
