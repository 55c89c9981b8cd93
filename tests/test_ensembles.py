"""Several networks as one model, and the epoch whose weights are kept."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.special import expit, softmax
from sklearn.metrics import accuracy_score, log_loss, r2_score

import osolgil
from osolgil.data import Encoding
from osolgil.ensembles import fold_tasks, joined, measured
from osolgil.errors import OutputError, SettingsError
from osolgil.mean_answers import combined
from osolgil.race import RaceSettings
from osolgil.race.facts import task_of
from osolgil.records import read_history
from osolgil.tabular_defaults import tabular_defaults
from osolgil.training import train

OUTPUTS = hnp.arrays(np.float64, (3, 4, 2), elements=st.floats(-30, 30))


@given(OUTPUTS)
def test_probabilities_are_averaged(outputs):
    together = combined(outputs, "classification")
    np.testing.assert_allclose(
        softmax(together, axis=1), softmax(outputs, axis=2).mean(0), rtol=1e-9, atol=1e-15
    )
    labels = combined(outputs, "multi-label")
    np.testing.assert_allclose(expit(labels), expit(outputs).mean(0), rtol=1e-7, atol=1e-12)


@given(OUTPUTS)
def test_numbers_are_averaged_in_their_own_unit(outputs):
    np.testing.assert_allclose(combined(outputs, "regression"), outputs.mean(0), rtol=1e-12, atol=1e-14)
    powers = combined(outputs, "regression", "log")
    np.testing.assert_allclose(np.exp(powers), np.exp(outputs).mean(0), rtol=1e-9)


@pytest.mark.parametrize("task", ["classification", "multi-label", "regression"])
def test_outputs_of_any_size_stay_numbers(task):
    outputs = np.array([[[1e30, -1e30]], [[-1e4, 1e4]], [[0.0, 5e-324]]])
    assert not np.isnan(combined(outputs, task)).any()
    np.testing.assert_array_equal(combined(outputs[:1], task), outputs[0])


@pytest.mark.parametrize("keep", ["best", "best-loss"])
def test_the_kept_weights_are_those_the_training_had_at_that_epoch(keep):
    """Trained once more, only so far, each network has the same bits."""
    settings = {"hidden": (8,), "learning_rate": 0.03, "ensemble": 3, "schedule": "constant"}
    trained = train("wine", epochs=15, keep=keep, **settings)
    kept = trained.facts["kept_epochs"]
    name, sign = ("validation_score", 1.0) if keep == "best" else ("validation_loss", -1.0)
    for place, epoch in enumerate(kept):
        rows = trained.history["seed"] == place
        assert rows.sum() == 15
        assert sign * trained.history[name][rows][epoch - 1] == (sign * trained.history[name][rows]).max()
        again = train("wine", epochs=epoch, **settings)
        for mine, theirs in zip(trained.model.members[place], again.model.members[place], strict=True):
            np.testing.assert_array_equal(mine, theirs)


def test_the_first_of_an_ensemble_is_the_network_trained_alone():
    alone, together = (train("iris", epochs=5, hidden=(8,), ensemble=count) for count in (1, 3))
    np.testing.assert_array_equal(alone.model.parameters, together.model.parameters)
    first, second = together.model.members[0][0], together.model.members[1][0]
    assert (first != second).any()
    more = train("iris", epochs=5, hidden=(8,), ensemble=3, jobs=1)
    assert more.model.members[2][0].tobytes() == together.model.members[2][0].tobytes()


def test_patience_ends_a_training_that_gets_no_better():
    trained = train("wine", epochs=400, hidden=(8,), learning_rate=0.03, keep="best", patience=3, ensemble=2)
    last = trained.history["epoch"].max()
    assert last == max(trained.facts["kept_epochs"]) + 3 < 400


@pytest.mark.parametrize("source", ["wine", "diabetes"])
def test_an_ensemble_is_saved_read_and_measured(source, tmp_path):
    trained = train(
        source, epochs=6, hidden=(8,), ensemble=3, keep="best", clip_targets=True, out=tmp_path / "out"
    )
    data, model = osolgil.load(source), osolgil.Model.load(tmp_path / "out")
    np.testing.assert_array_equal(model.outputs(data.test.inputs), trained.model.outputs(data.test.inputs))
    assert len(model.members) == 3
    assert model.target_limits == trained.model.target_limits
    assert len(read_history(tmp_path / "out" / "history.parquet")["epoch"]) == 18
    facts = json.loads((tmp_path / "out" / "training.json").read_text("utf-8"))
    assert facts == json.loads(json.dumps(trained.facts))
    answers = model.answers(model.outputs(data.test.inputs))
    if source == "wine":
        numbers = np.array([data.class_names.index(answer) for answer in answers])
        assert facts["scores"]["test"]["score"] == pytest.approx(accuracy_score(data.test.targets, numbers))
        shares = model.shares(model.outputs(data.test.inputs))
        assert facts["scores"]["test"]["loss"] == pytest.approx(log_loss(data.test.targets, shares), rel=1e-6)
    else:
        assert facts["scores"]["test"]["score"] == pytest.approx(
            r2_score(data.test.original, answers), rel=1e-6
        )
    text = json.loads((tmp_path / "out" / "model.json").read_text("utf-8"))
    for count in (0, 2, 10**9):
        (tmp_path / "out" / "model.json").write_text(json.dumps({**text, "networks": count}), "utf-8")
        with pytest.raises(OutputError, match="damaged"):
            osolgil.Model.load(tmp_path / "out")


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_network_leaves_out_a_fold_of_its_own(jobs):
    """Folds part the known rows, keep the shares of classes, and each row is validated by who never saw it."""
    data = osolgil.load("wine")
    settings = RaceSettings().completed("classification", len(data.train))
    tasks = fold_tasks(task_of(data, settings), 4, seed=0)
    known = len(data.train) + len(data.validation)
    assert sorted(np.concatenate([task.validation for task in tasks])) == list(range(known))
    for task in tasks:
        assert sorted([*task.training, *task.validation]) == list(range(known))
        counts = task.targets[task.validation].sum(axis=0)
        assert np.ptp(counts - task.targets[:known].sum(axis=0) / 4) < 2
    trained = train(data, epochs=8, hidden=(8,), learning_rate=0.03, ensemble=4, folds=True, jobs=jobs)
    rows = joined(data.train, data.validation)
    right = np.zeros(known)
    for member, task in zip(trained.model.members, tasks, strict=True):
        alone = replace(trained.model, parameters=member[0], running=member[1], others=())
        right[task.validation] = (
            alone.outputs(rows.inputs[task.validation]).argmax(1) == rows.targets[task.validation]
        )
    assert trained.scores["validation"] == pytest.approx(right.mean())
    again = train(data, epochs=8, hidden=(8,), learning_rate=0.03, ensemble=4, folds=True)
    for mine, theirs in zip(trained.model.members, again.model.members, strict=True):
        np.testing.assert_array_equal(mine[0], theirs[0])


@pytest.mark.parametrize("keep", ["best-mean", "best-mean-loss"])
def test_one_epoch_is_kept_for_all(keep):
    trained = train("wine", epochs=12, hidden=(8,), learning_rate=0.03, ensemble=3, keep=keep)
    name, sign = ("validation_score", 1.0) if keep == "best-mean" else ("validation_loss", -1.0)
    means = [sign * trained.history[name][trained.history["epoch"] == epoch].mean() for epoch in range(1, 13)]
    (epoch,) = set(trained.facts["kept_epochs"])
    assert means[epoch - 1] == pytest.approx(max(means), rel=1e-12)


def test_folds_need_rows():
    with pytest.raises(SettingsError, match="5000 folds"):
        train("iris", ensemble=5000, folds=True)


def test_scores_weigh_rows_as_scikit_learn_does():
    random = np.random.default_rng(0)
    inputs, weights = random.normal(size=(120, 3)), random.integers(0, 4, 120) + 0.5
    for targets, oracle in (
        (inputs[:, 0] + random.normal(size=120), r2_score),
        (inputs[:, 0] > 0, accuracy_score),
    ):
        data = osolgil.from_arrays(inputs, targets, sample_weight=weights)
        model = train(data, epochs=2, hidden=(4,), ensemble=2).model
        rows, loss = data.test, "squared_error" if oracle is r2_score else "softmax_cross_entropy"
        answers = model.answers(model.outputs(rows.inputs))
        known = rows.original if oracle is r2_score else np.array(data.class_names, object)[rows.targets]
        found = measured(model, rows, loss)["score"]
        known, answers = (known, answers) if oracle is r2_score else (known.astype(str), answers.astype(str))
        assert found == pytest.approx(oracle(known, answers, sample_weight=rows.weights), rel=1e-6)


def test_numbers_are_answered_within_what_was_seen():
    inputs = np.linspace(-1, 1, 60).reshape(-1, 1)
    targets = inputs[:, 0] ** 3
    model = train(inputs, targets, epochs=300, hidden=(8,), learning_rate=0.01, clip_targets=True).model
    low, high = model.target_limits
    far = model.predict(np.array([[-50.0], [50.0]]))
    assert (low, high) == (targets.min(), targets.max()) or -1 <= low < high <= 1
    assert far.min() >= low
    assert far.max() <= high


@given(st.sampled_from(["classification", "multi-label", "regression"]), st.integers(1, 10**8))
def test_defaults_of_any_table_are_settings(task, rows):
    found = tabular_defaults(task, rows)
    settings = RaceSettings(**found.settings, scaling=found.encoding.scaling, numbers=found.encoding.numbers)
    assert settings.epochs >= 1
    assert 1 <= found.ensemble <= 64
    assert settings.batch_size <= 4096


@pytest.mark.parametrize(
    ("task", "rows", "keep"),
    [
        ("classification", 999, "best-mean-loss"),
        ("classification", 1000, "best-mean"),
        ("regression", 100, "best-mean"),
    ],
)
def test_few_rows_choose_an_epoch_by_loss_where_answers_are_classes(task, rows, keep):
    assert tabular_defaults(task, rows).keep == keep


def test_defaults_for_tables_are_taken_where_nothing_is_said():
    usual = tabular_defaults("classification", 106)
    trained = train("wine", defaults="table", epochs=3, ensemble=2)
    assert trained.facts["settings"]["hidden"] == list(usual.settings["hidden"])
    assert trained.facts["settings"]["numbers"] == usual.encoding.numbers
    assert trained.facts["made_by"]["hyperparameters"]["learning_rate"] == usual.learning_rate
    assert trained.facts["choice"]["keep"] == usual.keep
    said = train(
        "wine", defaults="table", epochs=3, ensemble=1, hidden=(5,), numbers="plain", scaling="standard",
        optimizer="sgd", keep="last",
    )  # fmt: skip
    assert said.model.network.widths == (13, 5, 3)
    assert said.facts["made_by"]["hyperparameters"] == {"learning_rate": 0.01}
    assert said.facts["kept_epochs"] == [3]
    given_data = train(
        osolgil.load("wine", encoding=Encoding("robust")), defaults="table", epochs=2, ensemble=1
    )
    assert given_data.model.network.widths[0] == 13


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"defaults": "tables"}, "Did you mean 'table'"),
        ({"keep": "bset"}, "Did you mean 'best'"),
        ({"ensemble": 0}, "1 network or more"),
        ({"ensemble": 2.5}, "1 network or more"),
        ({"patience": 0}, "1 epoch or more"),
    ],
)
def test_bad_choices_are_one_sentence(asked, words):
    with pytest.raises(SettingsError, match=words):
        train("iris", **asked)
