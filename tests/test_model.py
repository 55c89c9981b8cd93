"""A saved model is the trained model to the bit, predicts raw rows, and says in a sentence what is wrong."""

import contextlib
import json
import shutil

import numpy as np
import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

import osolgil
from osolgil.data import read_rows
from osolgil.errors import OsolgilError, OutputError
from osolgil.model import Model
from osolgil.training import train


@pytest.fixture(scope="module")
def table():
    """Mixed columns with a rule a network can learn; categories, blanks and text among them."""
    random = np.random.default_rng(0)
    rows = 240
    size, colour = random.normal(10, 3, rows), random.choice(["red", "green", "blue"], rows)
    kind = np.where((size > 10) ^ (colour == "red"), "yes", "no")
    frame = pandas.DataFrame({"size": size.round(2), "colour": colour, "kind": kind})
    frame.loc[::17, "size"] = np.nan
    return frame


@pytest.fixture(scope="module", params=["none", "layer", "batch"])
def trained(request, table, tmp_path_factory):
    place = tmp_path_factory.mktemp("table") / "rows.csv"
    table.to_csv(place, index=False)
    asked = {} if request.param == "none" else {"normalization": request.param}
    out = place.parent / "out"
    return train(str(place), target="kind", epochs=8, hidden=(8, 8), residual=True, out=out, **asked)


def test_what_is_read_back_is_what_was_saved_to_the_bit(trained, table):
    saved = trained.model
    for path in (trained.folder, trained.folder / "model.json", str(trained.folder / "model.safetensors")):
        found = Model.load(path)
        assert found.parameters.tobytes() == saved.parameters.tobytes()
        assert found.running.tobytes() == saved.running.tobytes()
        assert found.network == saved.network
        assert (found.class_names, found.target_name, found.task) == (("no", "yes"), "kind", "classification")
        np.testing.assert_array_equal(found.probabilities(table), saved.probabilities(table))


def test_tensors_are_named_by_layer(trained):
    from safetensors.numpy import load_file

    tensors = load_file(trained.folder / "model.safetensors")
    widths = trained.model.network.widths
    for place in range(len(widths) - 1):
        assert tensors[f"layer{place}.weight"].shape == (widths[place], widths[place + 1])
    assert ("layer0.running_mean" in tensors) == (trained.model.network.normalization == "batch")


def test_outputs_are_what_numpy_computes(tmp_path):
    """An oracle of its own: the forward pass written in NumPy for relu without normalisation."""
    model = train("iris", epochs=3, hidden=(8, 6)).model
    inputs = osolgil.load("iris").test.inputs
    values = inputs.astype(np.float64)
    layers = model.network.unpack(model.parameters)
    for place, layer in enumerate(layers):
        values = values @ layer["weight"] + layer["bias"]
        if place < len(layers) - 1:
            values = np.maximum(values, 0)
    np.testing.assert_allclose(model.outputs(inputs), values, rtol=1e-5, atol=1e-5)


def test_regression_answers_in_the_targets_own_unit():
    from sklearn.datasets import load_diabetes

    rows = load_diabetes()
    trained = train("diabetes", epochs=30)
    inputs = osolgil.load("diabetes").test.inputs
    answers = trained.model.answers(trained.model.outputs(inputs))
    assert rows.target.min() - 100 < answers.mean() < rows.target.max()
    assert abs(answers.mean() - rows.target.mean()) < 50
    with pytest.raises(OsolgilError, match="no class probabilities"):
        trained.model.probabilities(inputs)


def test_rows_of_a_file_and_of_a_frame_give_the_same_answers(trained, table, tmp_path):
    place = tmp_path / "new.csv"
    table.drop(columns="kind").to_csv(place, index=False)
    inputs, _ = read_rows(place, trained.model.preprocessing)
    np.testing.assert_array_equal(
        trained.model.answers(trained.model.outputs(inputs)), trained.model.predict(table)
    )


def test_categories_never_seen_and_missing_cells_are_answered(trained):
    odd = pandas.DataFrame({"colour": ["violet", None, "red"], "size": [np.nan, 1e30, -5.0]})
    answers = trained.model.predict(odd)
    assert set(answers) <= {"no", "yes"}
    assert np.isfinite(trained.model.probabilities(odd)).all()


def test_a_missing_column_is_named(trained, table):
    with pytest.raises(OsolgilError, match="no column 'colour'"):
        trained.model.predict(table.drop(columns="colour"))


@pytest.mark.parametrize("name", ["model.json", "model.safetensors"])
def test_a_damaged_or_missing_file_is_one_sentence(trained, tmp_path, name):
    folder = shutil.copytree(trained.folder, tmp_path / "copy")
    whole = (folder / name).read_bytes()
    for content in (b"", whole[: len(whole) // 2], b"\x80\x04pickle", b"[]", b"{}", b"null", whole + b"x"):
        (folder / name).write_bytes(content)
        with pytest.raises(OutputError) as caught:
            Model.load(folder)
        assert "\n" not in str(caught.value)
    (folder / name).unlink()
    with pytest.raises(OutputError):
        Model.load(folder)
    with pytest.raises(OutputError, match="no model at"):
        Model.load(tmp_path / "nowhere")
    (tmp_path / "rows.csv").write_text("a,b")
    with pytest.raises(OutputError, match="no model at"):
        Model.load(tmp_path / "rows.csv")


FIELDS = ("network", "precision", "task", "class_names", "target_mean", "preprocessing", "made_by")
FOREIGN = st.none() | st.text(max_size=5) | st.integers() | st.lists(st.integers(), max_size=3) | st.just({})


@given(field=st.sampled_from(FIELDS), value=FOREIGN)
def test_any_foreign_value_in_the_json_is_an_output_error_or_harmless(
    trained, tmp_path_factory, field, value
):
    folder = tmp_path_factory.mktemp("foreign")
    shutil.copy(trained.folder / "model.safetensors", folder)
    facts = json.loads((trained.folder / "model.json").read_text("utf-8"))
    facts[field] = value
    (folder / "model.json").write_text(json.dumps(facts), "utf-8")
    with contextlib.suppress(OutputError):
        Model.load(folder)


def test_a_full_disk_is_one_sentence_and_leaves_nothing_half_written(trained, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("osolgil.files.os.replace", full)
    with pytest.raises(OutputError, match="no space left on device"):
        trained.model.save(tmp_path)
    assert list(tmp_path.iterdir()) == []
