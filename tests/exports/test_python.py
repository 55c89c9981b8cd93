"""The exported Python file answers what the model answers, in an interpreter without a single package."""

import json
import os
import subprocess
import sys

import numpy as np
import pandas
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
    several,
)  # fmt: skip
from osolgil.exports.python import python_source


def loaded(model, inputs="raw"):
    space = {}
    exec(compile(python_source(model, inputs), "<exported>", "exec"), space)
    return space


@pytest.mark.parametrize(("activation", "normalization", "residual"), crossed(EVERY))
def test_every_network(activation, normalization, residual):
    model, rows = network_model(activation, normalization, residual)
    outputs = loaded(model)["outputs"]
    close([outputs(row) for row in rows[:8].tolist()], expected(model, rows[:8]))


def dictionaries(table):
    return [{name: row[name] for name in table.columns} for _, row in table.iterrows()]


@pytest.mark.parametrize("name", ENSEMBLES)
def test_mean_answers(name):
    model, rows = ensemble(name)
    space, rows = loaded(model), rows[:10]
    close([space["outputs"](row) for row in rows.tolist()], expected(model, rows))
    if model.class_names is None:
        found = [space["predict"](row) for row in rows.tolist()]
    else:
        found = [list(space["probabilities"](row).values()) for row in rows.tolist()]
    close(found, answers_of(model, rows))


@pytest.mark.parametrize("name", ANSWERS)
def test_answers_of_every_kind(name):
    model, rows = answering(name)
    space = loaded(model)
    close([space["outputs"](row) for row in rows.tolist()], expected(model, rows))
    found = [space["predict"](row) for row in rows.tolist()]
    if model.task == "regression":
        close(found, answers_of(model, rows))
        return
    close([list(space["probabilities"](row).values()) for row in rows.tolist()], answers_of(model, rows))
    labels, sure = predicted(model, rows)
    found = np.array([list(row.values()) if isinstance(row, dict) else row for row in found], labels.dtype)
    np.testing.assert_array_equal(found[sure], labels[sure])


@pytest.mark.parametrize("far", [1.0, 1e305])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_encoded_numbers(encoding, far):
    model, table = numbers_model(encoding, far)
    found = loaded(model)
    close([found["features"](row) for row in table.to_numpy().tolist()], model.preprocessing.transform(table))
    close([found["outputs"](row) for row in dictionaries(table.head(9))], expected(model, table.head(9)))


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_raw_columns_of_every_kind(encoding):
    model, table = several(mixed_model(encoding)), new_rows()
    space = loaded(model)
    rows = dictionaries(table.assign(moment=date_of(table["moment"], "moment")))
    close([space["outputs"](row) for row in rows], model.outputs(model.preprocessing.transform(table)))
    assert [space["predict"](row) for row in rows] == model.predict(table).tolist()
    shares = [list(space["probabilities"](row).values()) for row in rows]
    close(shares, model.probabilities(table))


def test_cells_as_text_are_read_as_in_training():
    model = mixed_model()
    texts = new_rows().astype(object)
    texts["size"] = [" 1,234.5", "$3", "?", "", "7 %", *["4"] * 35]
    space = loaded(model)
    found = [space["features"](row) for row in dictionaries(texts)]
    close(found, model.preprocessing.transform(texts))


@pytest.mark.parametrize("cell", ["1999-12-31 23:00Z", "1999-12-31T23:00:00+00:00", "2000-01-01 01:00+02:00"])
def test_moments_in_any_spelling(cell):
    import datetime

    from osolgil.exports.python.runtime import seconds_of

    assert seconds_of(cell, "ISO8601") == 946681200.0
    assert seconds_of(datetime.date(1970, 1, 2), "ISO8601") == 86400.0
    assert seconds_of(3, "ISO8601") == 3.0
    for missing in (None, "", "?", "yesterday", float("nan"), pandas.NaT):
        assert np.isnan(seconds_of(missing, "ISO8601"))


def test_features_alone_pixels_and_float64():
    model = pixel_model()
    pixels = np.random.default_rng(0).integers(0, 256, (5, 9))
    close([loaded(model)["outputs"](row) for row in pixels.tolist()], expected(model, pixels))
    model, rows = network_model("tanh", "layer", precision="float64")
    features = model.preprocessing.transform(rows)
    outputs = loaded(model, "features")["outputs"]
    close([outputs(row) for row in features.astype(float).tolist()], expected(model, rows), 1e-12)


@pytest.mark.parametrize("link", ["identity", "log"])
def test_numbers_in_their_own_unit(link):
    given = {"task": "regression", "class_names": None, "target_mean": 3.0, "target_scale": 0.5, "link": link}
    model, rows = network_model("relu", **given)
    close([loaded(model)["predict"](row) for row in rows.tolist()], model.predict(rows))


def test_several_labels():
    model, rows = network_model("relu", task="multi-label", class_names=("a", "b", "c"))
    found = [list(loaded(model)["predict"](row).values()) for row in rows.tolist()]
    np.testing.assert_array_equal(found, model.predict(rows))


def test_it_needs_no_package_at_all(tmp_path):
    model, table = mixed_model(), new_rows().head(5)
    (tmp_path / "model_python.py").write_text(python_source(model), "utf-8")
    rows = json.dumps(
        dictionaries(table.assign(moment=table["moment"].dt.strftime("%Y-%m-%d %H:%M:%S+00:00")))
    )
    code = (
        "import json, sys, model_python as m; print(json.dumps([m.outputs(r) for r in json.load(sys.stdin)]))"
    )
    words = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{code}"]
    found = subprocess.run(words, input=rows, capture_output=True, text=True, check=True, env={**os.environ})
    close(json.loads(found.stdout), model.outputs(model.preprocessing.transform(table)))


def test_hostile_names_stay_text():
    name = '"""\nimport os\n\\"'
    model, rows = network_model("relu", target_name=name, class_names=(name, "'", "\\"))
    assert loaded(model)["predict"](rows[0].tolist()) in model.class_names
