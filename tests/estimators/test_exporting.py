"""A fitted estimator travels as its model does, and says in one sentence what cannot."""

import numpy as np
import pandas
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import NotFittedError

import osolgil
from osolgil import DeepClassifier, DeepRegressor
from osolgil.errors import SettingsError

X, Y = load_iris(return_X_y=True)
NUMBERS = load_diabetes(return_X_y=True)
SMALL = {"hidden": (6,), "epochs": 4, "random_state": 0}
TABLE = pandas.DataFrame({"a": X[:, 0], "b": np.array(["u", "v", "w"])[(Y + 1) % 3], "c": X[:, 2]})
TABLE.loc[::7, "a"] = np.nan
TABLE.loc[::9, "b"] = None
WIDE = X * 30.0
KINDS = {
    "classes": (DeepClassifier(**SMALL), X, Y),
    "texts": (DeepClassifier(**SMALL, ensemble=3, folds=True), TABLE, np.array(["x", "y", "z"])[Y]),
    "labels": (DeepClassifier(**SMALL, ensemble=2), X, np.column_stack([Y == 0, Y > 0])),
    "encoded": (DeepClassifier(**SMALL, scaling="robust", numbers="piecewise(bins=5)", ensemble=2), TABLE, Y),
    "bare": (DeepClassifier(**SMALL, numeric="none"), WIDE, Y),
    "pixels": (DeepClassifier(**SMALL), (X * 20).astype(np.uint8), Y),
    "numbers": (DeepRegressor(**SMALL, ensemble=2, clip_targets=True), *NUMBERS),
    "counts": (DeepRegressor(**SMALL, loss="poisson", ensemble=2), *NUMBERS),
    "table": (DeepRegressor(defaults="table", epochs=3, random_state=0), *NUMBERS),
    "float64": (DeepRegressor(**SMALL, precision="float64", numbers="periodic(waves=2)"), *NUMBERS),
}


def wanted(estimator, rows):
    return estimator.predict_proba(rows) if hasattr(estimator, "predict_proba") else estimator.predict(rows)


def close(found, estimator, rows):
    answers = np.asarray(wanted(estimator, rows))
    unit = np.abs(answers).max()
    np.testing.assert_allclose(np.asarray(found), answers, rtol=1e-5, atol=1e-5 * unit)


@pytest.fixture(scope="module", params=KINDS)
def fitted(request):
    estimator, rows, y = KINDS[request.param]
    return estimator.fit(rows, y), rows


def test_onnx(fitted, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    estimator, rows = fitted
    (path,) = estimator.export("onnx", tmp_path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    types = {"tensor(float)": np.float32, "tensor(double)": float, "tensor(string)": object}
    feed = {}
    for entry in session.get_inputs():
        if entry.name in ("inputs", "features"):
            feed[entry.name] = np.asarray(rows, types[entry.type])
        else:
            cells = rows[entry.name]
            cells = cells.where(cells.notna(), "") if entry.type == "tensor(string)" else cells
            feed[entry.name] = cells.to_numpy(types[entry.type])[:, None]
    name = "probabilities" if hasattr(estimator, "predict_proba") else "prediction"
    close(session.run([name], feed)[0], estimator, rows)


def test_python(fitted, tmp_path):
    estimator, rows = fitted
    (path,) = osolgil.export(estimator, "python", tmp_path)
    space = {}
    exec(compile(path.read_text("utf-8"), str(path), "exec"), space)
    head = rows[:20]
    cells = head.to_dict("records") if isinstance(head, pandas.DataFrame) else head.tolist()
    if hasattr(estimator, "predict_proba"):
        found = [list(space["probabilities"](row).values()) for row in cells]
        assert [space["predict"](row) for row in cells] == named(estimator, estimator.predict(head))
    else:
        found = [space["predict"](row) for row in cells]
    close(found, estimator, head)


def named(estimator, answers):
    """Answers as a file has them: texts of classes, or a label's 0 or 1 by its name."""
    if answers.ndim == 1:
        return list(map(str, answers))
    return [dict(zip(map(str, estimator.classes_), row, strict=True)) for row in answers.tolist()]


def test_the_folder_it_was_saved_in_is_exported_too(tmp_path):
    estimator = DeepClassifier(**SMALL, ensemble=2).fit(X, Y)
    estimator.save(tmp_path)
    assert osolgil.export(tmp_path, "c") == [tmp_path / "model.c"]
    (again,) = estimator.export("c", tmp_path / "again.c")
    assert again.read_text() == (tmp_path / "model.c").read_text()


@pytest.mark.parametrize(
    ("estimator", "y", "words"),
    [
        (
            DeepClassifier(**SMALL, calibrate="temperature"),
            Y,
            "calibrates its probabilities, which no export",
        ),
        (DeepRegressor(**SMALL), np.column_stack([Y, -Y]), "predicts 2 targets, which no export"),
        (DeepRegressor(**SMALL, quantiles=(0.1, 0.9)), Y, "predicts 2 quantiles, which no export"),
    ],
)
def test_what_no_export_carries_is_said(estimator, y, words, tmp_path):
    with pytest.raises(SettingsError, match=words):
        estimator.fit(X, y).export("c", tmp_path)


def test_mistakes(tmp_path):
    with pytest.raises(NotFittedError):
        DeepClassifier().export("c", tmp_path)
    estimator = DeepClassifier(**SMALL).fit(X, Y)
    with pytest.raises(SettingsError, match="Did you mean 'onnx'"):
        estimator.export("onx", tmp_path)
    with pytest.raises(SettingsError, match="name the file with out="):
        osolgil.export(estimator, "c")
