"""The exported C file compiles without a warning and answers what the model answers."""

import ctypes
import shutil
import subprocess

import numpy as np
import pytest

from exports.cases import (
    ANSWERS,
    ENCODINGS,
    ENSEMBLES,
    EVERY,
    answering,
    answers_of,
    close,
    crossed,
    date_of,
    ensemble,
    expected,
    mixed_model,
    network_model,
    new_rows,
    numbers_model,
    pixel_model,
    predicted,
    seconds,
    several,
)  # fmt: skip
from osolgil.answering import names as names_of
from osolgil.exports.c import c_source
from osolgil.formulas import catalog

COMPILER = shutil.which("cc")
pytestmark = pytest.mark.skipif(COMPILER is None, reason="there is no C compiler")
STRICT = ("-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-O1", "-ffp-contract=off")


def compiled(model, folder, inputs="raw"):
    source = folder / "model.c"
    source.write_text(c_source(model, inputs), "utf-8")
    library = folder / "model.so"
    words = [COMPILER, *STRICT, "-shared", "-fPIC", "-o", str(library), str(source), "-lm"]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return ctypes.CDLL(str(library))


def outputs_of(library, model, numbers, texts=None, count=None):
    """Outputs of rows: numbers (rows, …), and texts where the model has categories."""
    features = (ctypes.c_double * model.network.widths[0])()
    outputs = (ctypes.c_double * (count or model.network.widths[-1]))()
    found = []
    for place, row in enumerate(numbers):
        given = [(ctypes.c_double * len(row))(*row)]
        if texts is not None:
            cells = [None if text is None else text.encode() for text in texts[place]]
            given.append((ctypes.c_char_p * len(cells))(*cells))
        library.model_features(*given, features)
        library.model_outputs(features, outputs)
        found.append(list(outputs))
    return np.array(found)


@pytest.mark.parametrize(("activation", "normalization", "residual"), crossed(EVERY))
def test_every_network(activation, normalization, residual, tmp_path):
    model, rows = network_model(activation, normalization, residual)
    close(outputs_of(compiled(model, tmp_path), model, rows), expected(model, rows))


@pytest.mark.parametrize("name", ENSEMBLES)
def test_mean_answers(name, tmp_path):
    model, rows = ensemble(name)
    library = compiled(model, tmp_path)
    found = outputs_of(library, model, rows)
    close(found, expected(model, rows))
    if model.task == "regression":
        library.model_prediction.restype = ctypes.c_double
        close(
            [library.model_prediction((ctypes.c_double * 1)(*row)) for row in found], answers_of(model, rows)
        )


@pytest.mark.parametrize("name", ANSWERS)
def test_answers_of_every_kind(name, tmp_path):
    model, rows = answering(name)
    library, count = compiled(model, tmp_path), max(len(model.quantiles), 1) * model.network.widths[-1]
    outputs = outputs_of(library, model, rows, count=count)
    close(outputs, expected(model, rows))
    wanted, numbers = answers_of(model, rows), (ctypes.c_double * count)()
    answer = library.model_predictions if model.task == "regression" else library.model_probabilities
    found = []
    for row in outputs:
        answer((ctypes.c_double * count)(*row), numbers)
        found.append(list(numbers))
    close(found, wanted.reshape(len(rows), -1))
    names = (ctypes.c_char_p * count).in_dll(library, "model_names")
    if model.task == "regression":
        assert [name.decode() for name in names] == names_of(model.targets, model.quantiles)
    if model.task == "classification":
        labels, sure = predicted(model, rows)
        places = [library.model_class((ctypes.c_double * count)(*row)) for row in outputs]
        assert [names[place].decode() for place in np.array(places)[sure]] == labels[sure].tolist()


@pytest.mark.skipif(shutil.which("c++") is None, reason="there is no C++ compiler")
@pytest.mark.parametrize("model", [answering(name)[0] for name in ANSWERS] + [several(mixed_model())])
def test_it_is_cpp_as_well(model, tmp_path):
    source = tmp_path / "model.cpp"
    source.write_text(c_source(model), "utf-8")
    words = [
        "c++",
        "-pedantic",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-c",
        str(source),
        "-o",
        str(tmp_path / "model.o"),
    ]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("far", [1.0, 1e305])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_encoded_numbers(encoding, far, tmp_path):
    model, table = numbers_model(encoding, far)
    close(outputs_of(compiled(model, tmp_path), model, table.to_numpy()), expected(model, table))


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_raw_columns_of_every_kind(encoding, tmp_path):
    model, table = several(mixed_model(encoding)), new_rows()
    kinds = [(column.name, column.kind) for column in model.preprocessing.columns]
    numbers = np.column_stack(
        [
            seconds(date_of(table[name], name)) if kind == "date" else table[name].to_numpy(float)
            for name, kind in kinds
            if kind != "category"
        ]
    )
    texts = [
        [None if cell is None or cell != cell else cell.strip() for cell in row]
        for row in table[[name for name, kind in kinds if kind == "category"]].to_numpy(object)
    ]
    texts[1] = ["True"]  # C compares letters as they are
    library = compiled(model, tmp_path)
    close(outputs_of(library, model, numbers, texts), model.outputs(model.preprocessing.transform(table)))


def test_answers(tmp_path):
    model, rows = network_model("relu")
    library = compiled(model, tmp_path)
    found = outputs_of(library, model, rows)
    names = (ctypes.c_char_p * 3).in_dll(library, "model_names")
    answers = [names[library.model_class((ctypes.c_double * 3)(*row))].decode() for row in found]
    assert answers == model.predict(rows).tolist()
    shares = (ctypes.c_double * 3)()
    library.model_probabilities((ctypes.c_double * 3)(*found[0]), shares)
    close(list(shares), model.probabilities(rows)[0])


@pytest.mark.parametrize("link", ["identity", "log"])
def test_numbers_in_their_own_unit(link, tmp_path):
    given = {"task": "regression", "class_names": None, "target_mean": 3.0, "target_scale": 0.5, "link": link}
    model, rows = network_model("relu", **given)
    library = compiled(model, tmp_path)
    library.model_prediction.restype = ctypes.c_double
    found = [
        library.model_prediction((ctypes.c_double * 1)(*row)) for row in outputs_of(library, model, rows)
    ]
    close(found, model.predict(rows))


def test_pixels_and_features_alone(tmp_path):
    model = pixel_model()
    pixels = np.random.default_rng(0).integers(0, 256, (5, 9)).astype(float)
    close(outputs_of(compiled(model, tmp_path), model, pixels), expected(model, pixels))
    text = c_source(model, "features")
    assert "model_features" not in text
    assert "model_outputs" in text


def test_names_that_mean_something_to_c(tmp_path):
    """Columns and classes with quotes, ends of comments and letters of other alphabets; variables called as in C."""

    def odd(x, double=0.5, π=2.0):
        count = double * x
        pow = maximum(count, -1.0) ** π  # noqa: F821
        return where(pow > 3.0, 3.0, pow - count)  # noqa: F821

    name = catalog.activation(odd).name
    model, rows = network_model(name, target_name='*/ "t" /*', class_names=("??/", "*/", "\\n"))
    close(outputs_of(compiled(model, tmp_path), model, rows), expected(model, rows))
