"""`osolgil export`: files where they are expected, and one sentence for whatever cannot be."""

import dataclasses
import sys

import numpy as np
import pandas
import pytest

import osolgil
from exports.cases import ensemble, network_model
from osolgil.answering import Target
from osolgil.cli import main
from osolgil.data.columns.category import CategoryColumn
from osolgil.data.columns.date import DateColumn
from osolgil.data.columns.number import NumberColumn
from osolgil.data.preprocessing import Preprocessing, fit_table
from osolgil.errors import MissingLibraryError, OutputError, SettingsError
from osolgil.exports import KINDS, export
from osolgil.files import claim_folder
from osolgil.network import Network


@pytest.fixture
def folder(tmp_path):
    network_model("relu")[0].save(tmp_path)
    return tmp_path


@pytest.fixture
def many(tmp_path):
    """A folder with three networks whose answers have limits."""
    ensemble("limits")[0].save(tmp_path)
    return tmp_path


@pytest.mark.parametrize("which", ["folder", "many"])
@pytest.mark.parametrize("to", KINDS)
def test_the_command_writes_beside_the_model(which, to, capsys, request):
    pytest.importorskip("onnx")
    folder = request.getfixturevalue(which)
    assert main(["export", str(folder), "--to", to]) == 0
    written = folder / KINDS[to][0]
    assert str(written) in capsys.readouterr().out
    assert written.stat().st_size > 500
    claim_folder(folder, resume=False)  # the folder still holds nothing but our own


def test_the_schema_names_the_limits(many):
    answer = osolgil.Model.load(many).schema["answer"]
    assert answer["limits"] == [2.6, 3.2]
    assert "limits" not in network_model("relu")[0].schema["answer"]


def test_where_it_is_written(folder, tmp_path):
    model = osolgil.Model.load(folder)
    place = tmp_path / "elsewhere"
    place.mkdir()
    assert export(folder, "c", place) == [place / "model.c"]
    assert model.export("python", place / "mine.py") == [place / "mine.py"]
    assert export(folder / "model.json", "c") == [folder / "model.c"]
    assert osolgil.export(osolgil.train("iris", epochs=1), "c", place / "iris.c") == [place / "iris.c"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"to": "onx", "out": "."}, "Did you mean 'onnx'"),
        ({"to": "c", "out": ".", "inputs": "feature"}, "Did you mean 'features'"),
        ({"to": "c"}, "no folder of its own"),
        ({"to": "c", "out": "model.py"}, "ends in .c"),
    ],
)
def test_what_cannot_be_is_one_sentence(given, words):
    with pytest.raises(SettingsError, match=words):
        export(network_model("relu")[0], **given)


def test_other_mistakes(tmp_path, folder):
    with pytest.raises(SettingsError, match="Only a trained model"):
        export(3, "c")
    with pytest.raises(OutputError, match="no model at"):
        export(tmp_path / "nowhere", "c")
    with pytest.raises(OutputError, match="make it first"):
        export(folder, "c", tmp_path / "nowhere" / "model.c")


@pytest.mark.parametrize("to", KINDS)
def test_free_text_is_refused_with_the_way_out(tmp_path, to):
    pytest.importorskip("onnx")
    random = np.random.default_rng(0)
    letters = np.array(list("abcdefghij klmnop"))
    table = pandas.DataFrame(
        {"said": ["".join(random.choice(letters, 30)) for _ in range(60)], "x": np.arange(60) % 7}
    )
    preprocessing, _ = fit_table(table)
    assert preprocessing.columns[0].kind == "text"
    network = Network((len(preprocessing.feature_names), 4, 2), ("relu", "identity"))
    model = osolgil.Model(
        network, network.initial(0), network.initial_running(), "classification", ("a", "b"), "t", 0.0, 1.0,
        preprocessing,
    )  # fmt: skip
    with pytest.raises(SettingsError, match="--inputs features"):
        export(model, to, tmp_path)
    assert export(model, to, tmp_path, inputs="features")


@pytest.mark.parametrize(("to", "library", "words"), [("onnx", "onnx", r"osolgil\[onnx\]")])
def test_a_missing_library_names_the_command(monkeypatch, tmp_path, to, library, words):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingLibraryError, match=words):
        export(network_model("relu")[0], to, tmp_path)


KNOWN = {
    osolgil.Model: "network parameters running task class_names target_name target_mean target_scale preprocessing "
    "made_by link others target_limits other_targets quantiles calibration",
    Target: "name mean scale limits",
    Network: "widths activations normalization residual initial_scale",
    Preprocessing: "source_columns columns divisor image_shape target_name",
    NumberColumn: "name center scale fill squash marks_missing decimal edges frequencies phases",
    CategoryColumn: "name levels rare marks_missing",
    DateColumn: "name format parts",
}


@pytest.mark.parametrize("kind", KNOWN, ids=lambda kind: kind.__name__)
def test_exports_know_every_field_of_a_model(kind):
    """Another field may change what a model answers: teach `exports` what it means, or to refuse it, then name it."""
    assert [field.name for field in dataclasses.fields(kind)] == KNOWN[kind].split()
