"""Losses, weights and several labels through the whole job: data, race or training, verdict, model, command line."""

import json

import numpy as np
import pandas
import pytest
from sklearn.metrics import d2_pinball_score

import osolgil
from osolgil.cli import main
from osolgil.errors import DataError, SettingsError
from osolgil.formulas import catalog
from osolgil.model import Model
from osolgil.race.entry import data_of

RANDOM = np.random.default_rng(0)
INPUTS = RANDOM.normal(size=(300, 4))
RATE = np.exp(0.8 * INPUTS[:, 0] - 0.6 * INPUTS[:, 1] + 0.5)
COUNTS = RANDOM.poisson(RATE).astype(float)
AMOUNTS = RATE * RANDOM.gamma(8.0, 1 / 8.0, 300)
NUMBERS = INPUTS @ [1.0, -2.0, 0.5, 0.0] + 0.2 * RANDOM.normal(size=300)
LABELS = (INPUTS[:, :3] + 0.3 * RANDOM.normal(size=(300, 3)) > 0.2).astype(int)
WEIGHTS = RANDOM.integers(1, 4, 300)
SMALL = {"hidden": (16,), "epochs": 30, "learning_rate": 0.01}
RACE = {"optimizers": ["sgd", "adam"], "hidden": (8,), "epochs": 3, "seeds": 2, "learning_rates": 3}
TARGETS = {"any": NUMBERS, "zero or more": COUNTS, "positive": AMOUNTS}


def every_loss(task):
    """Each is compiled: a few at every run, all in continuous integration."""
    rows = [row for row in catalog.losses().values() if task in row.tasks]
    few = ("huber", "poisson", "focal")
    return [pytest.param(row.name, marks=() if row.name in few else pytest.mark.long) for row in rows]


@pytest.mark.parametrize("loss", every_loss("regression"))
def test_every_loss_of_numbers_learns(loss):
    """Better than the mean on rows it has not seen, and predictions are in the target's own unit."""
    targets = TARGETS[catalog.loss(loss).targets]
    trained = osolgil.train(INPUTS, targets, task="regression", loss=loss, **SMALL)
    least = 0.2 if targets is COUNTS else 0.5  # counts scatter about their mean, whatever is known
    assert trained.scores["validation"] > least
    predicted = trained.predict(INPUTS)
    assert np.corrcoef(predicted, targets)[0, 1] > least
    assert 0.6 < np.std(predicted) / np.std(targets) < 1.4
    if catalog.loss(loss).link == "log":
        assert (predicted > 0).all()


@pytest.mark.parametrize("loss", every_loss("classification"))
def test_every_loss_of_classes_learns(loss):
    trained = osolgil.train("iris", loss=loss, hidden=(16,), epochs=40, learning_rate=0.02)
    assert trained.scores["validation"] > 0.8


def test_quantiles_are_quantiles():
    trained = osolgil.train(
        INPUTS, NUMBERS, loss="pinball(quantile=0.9)", hidden=(8,), epochs=60, learning_rate=0.01
    )
    assert 0.8 < (trained.predict(INPUTS) >= NUMBERS).mean() < 0.97
    assert trained.facts["data"]["score"] == "d2"


@pytest.mark.parametrize("ensemble", [1, 2])
def test_training_on_a_quantile_is_scored_by_it(ensemble):
    data, loss = osolgil.from_arrays(INPUTS, NUMBERS, task="regression"), "pinball(quantile=0.1)"
    trained = osolgil.train(data, loss=loss, hidden=(8,), epochs=9, keep="best", ensemble=ensemble)
    for name, rows in (("validation", data.validation), ("test", data.test)):
        answers = trained.model.answers(trained.model.outputs(rows.inputs))
        wanted = d2_pinball_score(rows.original, answers, alpha=0.1)
        assert trained.scores[name] == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize(("language", "word"), [("en", "D²"), ("ko", "손실 설명력(D²)")])
def test_a_race_on_a_quantile_is_judged_by_it(language, word, tmp_path, capsys):
    """By R², the distance from the mean, whatever learns the 0.95-quantile best would have learned nothing useful."""
    file, out = tmp_path / "skewed.csv", tmp_path / "out"
    pandas.DataFrame({**{f"x{k}": INPUTS[:, k] for k in range(4)}, "y": AMOUNTS}).to_csv(file, index=False)
    loss = ["--loss", "pinball(quantile=0.95)", "--target", "y", "--optimizers", "adam,sgd", "--hidden", "16"]
    assert main(["race", str(file), *loss, "--epochs", "30", "--lang", language, "--out", str(out)]) == 0
    facts, said = json.loads((out / "verdict.json").read_text("utf-8")), capsys.readouterr().out
    assert facts["data"]["score"] == "d2"
    assert word in said and "R²" not in said  # noqa: PT018
    assert word in (out / "report.html").read_text("utf-8")
    data = data_of(str(file), None, "y", None, None, 0)
    answers = Model.load(out).predict(pandas.read_csv(file))
    assert facts["test"]["winner"]["score"] > max(facts["test"]["baseline"]["score"], 0.3)
    assert 0.85 < (answers >= AMOUNTS).mean() < 1.0
    assert data.task == "regression"


def test_counts_are_predicted_on_their_own_scale_after_saving(tmp_path):
    trained = osolgil.train(
        INPUTS, COUNTS, task="regression", loss="poisson", out=tmp_path / "model", **SMALL
    )
    model = Model.load(tmp_path / "model")
    assert model.link == "log"
    np.testing.assert_array_equal(model.predict(INPUTS), trained.predict(INPUTS))
    assert model.predict(INPUTS).mean() == pytest.approx(COUNTS.mean(), rel=0.2)
    assert trained.facts["settings"]["loss"] == "poisson"


def test_a_loss_and_its_hyperparameters_are_in_the_verdict():
    verdict = osolgil.race(INPUTS, NUMBERS, loss="Huber(delta=2)", **RACE)
    assert verdict.facts["settings"]["loss"] == "huber(delta=2)"
    assert verdict.facts["data"]["score"] == "r2"
    plain = osolgil.race(INPUTS, NUMBERS, loss="huber(delta=1)", **RACE)
    assert plain.facts["settings"]["loss"] == "huber"
    assert plain.facts["leaderboard"] != verdict.facts["leaderboard"]


def test_weights_are_in_the_verdict_the_history_and_the_baselines():
    verdict = osolgil.race(INPUTS, NUMBERS, sample_weight=WEIGHTS, **RACE)
    plain = osolgil.race(INPUTS, NUMBERS, **RACE)
    assert verdict.facts["data"]["weights"] == "sample_weight"
    assert verdict.facts["data"]["fingerprint"] != plain.facts["data"]["fingerprint"]
    assert verdict.history["weighted"].all()
    assert not plain.history["weighted"].any()
    for name in ("baseline", "linear"):
        assert verdict.facts["test"][name]["score"] != plain.facts["test"][name]["score"]
    assert any("weighted by 'sample_weight'" in note["text"] for note in verdict.facts["data"]["notes"])


def test_baselines_weigh_rows_as_scikit_learn_does():
    from sklearn.linear_model import Ridge
    from sklearn.metrics import r2_score

    from osolgil.race.baselines import measure

    data = osolgil.from_arrays(INPUTS, NUMBERS, sample_weight=WEIGHTS)
    train, test = data.train, data.test
    model = Ridge().fit(train.inputs, train.targets.ravel(), sample_weight=train.weights)
    found = measure(data, "squared_error")
    expected = r2_score(test.targets.ravel(), model.predict(test.inputs), sample_weight=test.weights)
    assert found["linear"]["score"] == pytest.approx(expected, rel=1e-6)
    mean = np.average(train.targets, weights=train.weights[:, None])
    expected = r2_score(test.targets.ravel(), np.full(len(test), mean), sample_weight=test.weights)
    assert found["baseline"]["score"] == pytest.approx(expected, rel=1e-9)


def test_weights_tilt_a_model_towards_the_rows_that_count():
    """Twice the same inputs with answers 0 and 1: the network says the share that the weights say."""
    inputs = np.repeat(RANDOM.normal(size=(150, 1)), 2, axis=0)
    answers = np.tile([0, 1], 150)
    weights = np.tile([1.0, 3.0], 150)
    trained = osolgil.train(
        inputs, answers, sample_weight=weights, hidden=(4,), epochs=60, learning_rate=0.01
    )
    assert trained.model.probabilities(inputs)[:, 1].mean() == pytest.approx(0.75, abs=0.04)


def test_several_labels_race_and_are_predicted(tmp_path):
    verdict = osolgil.race(INPUTS, LABELS, out=tmp_path / "race", **RACE)
    assert verdict.facts["settings"]["loss"] == "binary_cross_entropy"
    assert verdict.facts["data"]["classes"] == ["label 1", "label 2", "label 3"]
    assert verdict.facts["test"]["baseline"]["name"] == "majority of each label"
    for language in ("en", "ko"):
        assert len(verdict.sentences(language)) >= 3
    model = Model.load(tmp_path / "race")
    shares = model.probabilities(INPUTS)
    np.testing.assert_array_equal(model.predict(INPUTS), shares > 0.5)
    assert (model.predict(INPUTS) == LABELS).mean() > 0.6
    assert (tmp_path / "race" / "report.html").exists()


REFUSED = {
    "below 0": (NUMBERS, "poisson", DataError, "poisson is for targets of 0 or more"),
    "zero": (COUNTS, "gamma", DataError, "gamma is for targets above 0"),
    "other task": (
        NUMBERS,
        "hinge",
        SettingsError,
        "is for classification and multi-label, but the task is regression",
    ),
    "misspelt": (NUMBERS, "hubber", SettingsError, "Did you mean 'huber'"),
    "hyperparameter": (NUMBERS, "huber(delt=2)", SettingsError, "Did you mean 'delta'"),
    "value": (
        NUMBERS,
        "pinball(quantile=9)",
        SettingsError,
        r"quantile of Pinball loss must lie in \(0, 1\)",
    ),
    "sentence": (NUMBERS, "huber 2", SettingsError, "There is no loss 'huber 2'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_loss_that_does_not_fit_is_refused_in_one_sentence(case):
    targets, loss, error, sentence = REFUSED[case]
    with pytest.raises(error, match=sentence) as caught:
        osolgil.train(INPUTS, targets, task="regression", loss=loss)
    assert "\n" not in str(caught.value)


@pytest.fixture
def table(tmp_path):
    rows = pandas.DataFrame(INPUTS, columns=list("abcd"))
    rows["weight"], rows["claims"] = WEIGHTS, COUNTS
    for place, name in enumerate(("rain", "wind")):
        rows[name] = LABELS[:, place]
    rows.to_csv(tmp_path / "rows.csv", index=False)
    return tmp_path / "rows.csv"


def test_the_command_line_has_losses_weights_and_labels(table, tmp_path, capsys):
    words = [
        "train",
        str(table),
        "--target",
        "claims",
        "--task",
        "regression",
        "--loss",
        "tweedie(power=1.3)",
    ]
    assert (
        main([*words, "--weights", "weight", "--epochs", "2", "--json", "--out", str(tmp_path / "one")]) == 0
    )
    facts = json.loads(capsys.readouterr().out)
    assert facts["settings"]["loss"] == "tweedie(power=1.3)"
    assert facts["data"]["weights"] == "weight"
    words = [
        "train",
        str(table),
        "--target",
        "rain,wind",
        "--epochs",
        "2",
        "--quiet",
        "--initial-scale",
        "lsuv",
    ]
    assert main([*words, "--out", str(tmp_path / "two")]) == 0
    capsys.readouterr()
    assert main(["predict", str(tmp_path / "two"), str(table)]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "rain,wind"
    assert main(["train", str(table), "--weights", "weigth"]) == 2
    assert "did you mean 'weight'?" in capsys.readouterr().err


def test_a_weighted_race_goes_on_only_with_the_same_weights(table, tmp_path):
    options = {"target": "claims", "task": "regression", "out": tmp_path / "race", **RACE}
    verdict = osolgil.race(str(table), sample_weight="weight", **options)
    again = osolgil.race(str(table), sample_weight="weight", resume=True, **options)
    assert again.facts["leaderboard"] == verdict.facts["leaderboard"]
    with pytest.raises(DataError, match="begun on other data"):
        osolgil.race(str(table), resume=True, **options)


@pytest.mark.parametrize(
    ("loss", "task"), [(None, "classification"), ("poisson", "regression"), ("huber(delta=2)", "regression")]
)
def test_a_loss_of_numbers_makes_few_whole_numbers_a_regression(loss, task):
    assert data_of(INPUTS, np.arange(300) % 4, None, None, None, 0, loss=loss).task == task
