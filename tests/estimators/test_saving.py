"""A saved estimator is the estimator, to the bit; a damaged one is refused in one sentence."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_diabetes, load_iris

import osolgil
from osolgil import DeepClassifier, DeepRegressor
from osolgil.errors import OsolgilError, OutputError
from osolgil.estimators.saving import FORMAT

FROZEN = Path(__file__).parent / "saved"
FOLDERS = sorted(path.parent for path in FROZEN.glob("*/*/estimator.json"))
X, Y = load_iris(return_X_y=True)
NUMBERS = load_diabetes(return_X_y=True)
SMALL = {"hidden": (6,), "epochs": 4, "random_state": 0}


def bent(x, share=0.25):
    return where(x > 0.0, x, share * tanh(x))  # noqa: F821


KINDS = {
    "plain": (DeepClassifier(**SMALL), X, Y),
    "texts": (
        DeepClassifier(**SMALL, class_weight={"a": 2.0, "b": 1.0, "c": 1.0}),
        X,
        np.array(["a", "b", "c"])[Y],
    ),
    "labels": (DeepClassifier(**SMALL), X, np.column_stack([Y == 0, Y > 0])),
    "ensemble": (DeepClassifier(**SMALL, ensemble=3, calibrate="isotonic"), X, Y),
    "temperature": (DeepClassifier(**SMALL, calibrate="temperature", normalization="batch"), X, Y),
    "own": (DeepClassifier(**{**SMALL, "hidden": (6, 6)}, activation=("relu", bent)), X, Y),
    "numbers": (DeepRegressor(**SMALL, loss="huber(delta=2)"), *NUMBERS),
    "several": (DeepRegressor(**SMALL), NUMBERS[0], np.column_stack([NUMBERS[1], -NUMBERS[1]])),
    "quantiles": (DeepRegressor(**SMALL, quantiles=(0.2, 0.8)), *NUMBERS),
    "counts": (DeepRegressor(**SMALL, loss="poisson"), *NUMBERS),
    "bare": (DeepClassifier(**SMALL, numeric="none"), X, Y),
    "bare and large": (DeepClassifier(**SMALL, numeric="none"), X * 30.0, Y),
    "table": (
        DeepClassifier(**SMALL),
        pandas.DataFrame({"a": X[:, 0], "b": np.array(["u", "v", "w"])[Y]}),
        Y,
    ),
}


@pytest.mark.parametrize("name", KINDS)
def test_what_is_saved_comes_back_to_the_bit(name, tmp_path):
    estimator, rows, y = KINDS[name]
    estimator.fit(rows, y).save(tmp_path / "here")
    found = osolgil.load_estimator(tmp_path / "here")
    assert type(found) is type(estimator)
    assert np.array_equal(found.predict(rows), estimator.predict(rows))
    if hasattr(estimator, "predict_proba"):
        assert np.array_equal(found.predict_proba(rows), estimator.predict_proba(rows))
        assert found.classes_.dtype == estimator.classes_.dtype
    assert found.loss_curve_ == estimator.loss_curve_
    known = {name: value for name, value in estimator.get_params().items() if name != "activation"}
    assert {name: found.get_params()[name] for name in known} == known
    model, answers = osolgil.Model.load(tmp_path / "here"), np.asarray(estimator.predict(rows))
    assert (model.schema, model.made_by) == (estimator.to_model().schema, estimator.made_by_)
    if hasattr(estimator, "predict_proba"):
        np.testing.assert_allclose(model.probabilities(rows), estimator.predict_proba(rows), atol=1e-5)
        assert np.array_equal(model.predict(rows).astype(str), answers.astype(str))
    else:
        np.testing.assert_allclose(model.predict(rows), answers, rtol=1e-5, atol=1e-5 * np.abs(answers).max())
    found.fit(rows, y)
    assert np.array_equal(found.predict(rows), estimator.predict(rows))


def test_another_process_reads_it(tmp_path):
    estimator, rows, y = KINDS["own"]
    estimator.fit(rows, y).save(tmp_path)
    np.save(tmp_path / "rows.npy", rows)
    np.save(tmp_path / "expected.npy", estimator.predict_proba(rows))
    code = (
        "import numpy, osolgil, sys; at = sys.argv[1]; "
        "found = osolgil.load_estimator(at).predict_proba(numpy.load(at + '/rows.npy')); "
        "assert (found == numpy.load(at + '/expected.npy')).all()"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    place = tmp_path_factory.mktemp("saved")
    DeepClassifier(**SMALL, ensemble=2).fit(X, Y).save(place)
    return place


@given(st.data())
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
def test_damage_is_refused_in_one_sentence_or_says_the_same(saved, tmp_path_factory, data):
    place, whole = tmp_path_factory.mktemp("damaged"), osolgil.load_estimator(saved)
    for file in saved.iterdir():
        (place / file.name).write_bytes(file.read_bytes())
    victim = place / data.draw(st.sampled_from(["estimator.json", "estimator.safetensors"]))
    raw = bytearray(victim.read_bytes())
    at = data.draw(st.integers(0, len(raw) - 1))
    if data.draw(st.booleans()):
        del raw[at:]
    else:
        raw[at] ^= data.draw(st.integers(1, 255))
    victim.write_bytes(raw)
    try:
        found, said = osolgil.load_estimator(place), ""
    except OsolgilError as error:
        found, said = None, str(error)
    assert "\n" not in said
    assert found is None or np.array_equal(found.predict_proba(X), whole.predict_proba(X))


def test_every_format_has_frozen_estimators():
    assert {path.name for path in FROZEN.iterdir()} == {f"format_{number}" for number in range(1, FORMAT + 1)}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_an_estimator_of_any_format_answers_as_it_did_when_it_was_saved(folder):
    found = osolgil.load_estimator(folder)
    expected = json.loads((folder / "expected.json").read_text("utf-8"))
    rows = pandas.read_csv(folder / "rows.csv")
    for name, answers in expected.items():
        given = np.asarray(getattr(found, name)(rows))
        if given.dtype.kind == "f":
            np.testing.assert_allclose(given, answers, rtol=1e-5, atol=1e-6)
        else:
            assert given.tolist() == answers


def test_what_is_missing_or_strange_is_said(saved, tmp_path):
    with pytest.raises(OutputError, match="no estimator"):
        osolgil.load_estimator(tmp_path)
    with pytest.raises(OutputError, match=r"osolgil\.Model\.load"):
        osolgil.load_estimator(Path(__file__).parents[1] / "models" / "format_3" / "classes")
    facts = json.loads((saved / "estimator.json").read_text())
    for change, word in (
        ({"format": 99}, "newer osolgil"),
        ({"format": "2"}, "no estimator of osolgil"),
        ({"n_outputs_": 3}, "not what was written"),
    ):
        (tmp_path / "estimator.json").write_text(json.dumps({**facts, **change}))
        (tmp_path / "estimator.safetensors").write_bytes((saved / "estimator.safetensors").read_bytes())
        with pytest.raises(OutputError, match=word):
            osolgil.load_estimator(tmp_path)
    (tmp_path / "estimator.safetensors").unlink()
    (tmp_path / "estimator.json").write_text(json.dumps(facts))
    with pytest.raises(OutputError, match="is incomplete"):
        osolgil.load_estimator(tmp_path)


def test_the_first_format_has_no_digest_of_its_text_and_is_looked_at_all_the_same(tmp_path):
    place = shutil.copytree(FROZEN / "format_1" / "calibrated", tmp_path / "copy")
    facts = json.loads((place / "estimator.json").read_text("utf-8"))
    for change, word in (
        ({"class": "os.system"}, "damaged"),
        ({"fitted": {"fit": 1}}, "fit"),
        ({"calibration": {"kind": "temperature", "value": 0.0, "labels": False}}, "temperature"),
        ({"digest": "0"}, "does not belong"),
    ):
        (place / "estimator.json").write_text(json.dumps({**facts, **change}))
        with pytest.raises(OutputError, match=word):
            osolgil.load_estimator(place)


def test_what_was_not_fitted_is_not_saved(tmp_path):
    with pytest.raises(ValueError, match="not fitted"):
        DeepClassifier().save(tmp_path)
