"""A fitted estimator travels as its model does, and says in one sentence what cannot."""

import ctypes
import shutil
import subprocess

import numpy as np
import pandas
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import NotFittedError

import osolgil
from osolgil import DeepClassifier, DeepRegressor
from osolgil.errors import SettingsError

COMPILER = shutil.which("cc")
X, Y = load_iris(return_X_y=True)
NUMBERS = load_diabetes(return_X_y=True)
SMALL = {"hidden": (6,), "epochs": 4, "random_state": 0}
TABLE = pandas.DataFrame({"a": X[:, 0], "b": np.array(["u", "v", "w"])[(Y + 1) % 3], "c": X[:, 2]})
TABLE.loc[::7, "a"] = np.nan
TABLE.loc[::9, "b"] = None
WIDE = X * 30.0
TWO = np.column_stack([NUMBERS[1], 5.0 - NUMBERS[1] ** 2])
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
    "temperature": (DeepClassifier(**SMALL, calibrate="temperature"), TABLE, Y),
    "isotonic": (DeepClassifier(**SMALL, calibrate="isotonic", ensemble=2), X, Y),
    "isotonic labels": (DeepClassifier(**SMALL, calibrate="isotonic"), X, np.column_stack([Y == 0, Y > 0])),
    "targets": (DeepRegressor(**SMALL, clip_targets=True, ensemble=2), NUMBERS[0], TWO),
    "quantiles": (DeepRegressor(**SMALL, quantiles=(0.9, 0.1, 0.5)), *NUMBERS),
    "quantiles of targets": (DeepRegressor(**SMALL, quantiles=(0.1, 0.9), ensemble=2), NUMBERS[0], TWO),
    "float64": (DeepRegressor(**SMALL, precision="float64", numbers="periodic(waves=2)"), *NUMBERS),
}


def wanted(estimator, rows):
    return estimator.predict_proba(rows) if hasattr(estimator, "predict_proba") else estimator.predict(rows)


def close(found, estimator, rows):
    answers = np.asarray(wanted(estimator, rows))
    # isotonic curves are steep: they magnify the rounding of their arguments
    steep = 10.0 if getattr(estimator, "calibrate", None) == "isotonic" else 1.0
    unit = np.abs(answers).max() * steep
    np.testing.assert_allclose(np.asarray(found), answers, rtol=1e-5 * steep, atol=1e-5 * unit)


@pytest.fixture(scope="module", params=KINDS)
def fitted(request):
    estimator, rows, y = KINDS[request.param]
    return clone(estimator).fit(rows, y), rows


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


@pytest.mark.peer
def test_torch(fitted, tmp_path):
    import torch

    estimator, rows = fitted
    source, weights = estimator.export("torch", tmp_path)
    space = {}
    exec(compile(source.read_text("utf-8"), str(source), "exec"), space)
    cells = rows.to_dict("records") if isinstance(rows, pandas.DataFrame) else rows.tolist()
    with torch.no_grad():
        outputs = space["load"](weights)(space["prepare"](cells))
        answers = space["probabilities" if hasattr(estimator, "predict_proba") else "prediction"](outputs)
    close(answers, estimator, rows)


@pytest.mark.skipif(COMPILER is None, reason="there is no C compiler")
def test_c(fitted, tmp_path):
    estimator, rows = fitted
    (path,) = estimator.export("c", tmp_path)
    library = tmp_path / "model.so"
    words = [COMPILER, "-std=c99", "-O1", "-shared", "-fPIC", "-o", str(library), str(path), "-lm"]
    subprocess.run(words, check=True)
    loaded, (features, outputs, answers) = (
        ctypes.CDLL(str(library)),
        [(ctypes.c_double * 500)() for _ in range(3)],
    )
    loaded.model_features.restype = loaded.model_outputs.restype = None
    found = []
    table = pandas.DataFrame(rows)
    numeric = [name for name in table if table[name].dtype.kind in "fiu"]
    for numbers, texts in zip(
        table[numeric].to_numpy(float), table.drop(columns=numeric).to_numpy(), strict=True
    ):
        given = [(ctypes.c_double * len(numbers))(*numbers)]
        if len(texts):
            encoded = [text.encode() if isinstance(text, str) else None for text in texts]
            given.append((ctypes.c_char_p * len(texts))(*encoded))
        loaded.model_features(*given, features)
        loaded.model_outputs(features, outputs)
        found.append(answered(loaded, estimator, outputs, answers))
    close(np.array(found).reshape(np.shape(wanted(estimator, rows))), estimator, rows)


def answered(loaded, estimator, outputs, answers):
    """The numbers that the compiled file makes of outputs."""
    if hasattr(estimator, "predict_proba"):
        loaded.model_probabilities(outputs, answers)
        return answers[: len(estimator.classes_)]
    if hasattr(loaded, "model_prediction"):
        loaded.model_prediction.restype = ctypes.c_double
        return loaded.model_prediction(outputs)
    loaded.model_predictions(outputs, answers)
    return answers[: estimator.predict(NUMBERS[0][:1]).size]


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


def test_mistakes(tmp_path):
    with pytest.raises(NotFittedError):
        DeepClassifier().export("c", tmp_path)
    estimator = DeepClassifier(**SMALL).fit(X, Y)
    with pytest.raises(SettingsError, match="Did you mean 'onnx'"):
        estimator.export("onx", tmp_path)
    with pytest.raises(SettingsError, match="name the file with out="):
        osolgil.export(estimator, "c")
