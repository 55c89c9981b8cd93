"""A model's files: every format ever written loads, and what is damaged, exchanged or foreign is refused."""

import builtins
import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pandas
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from osolgil.errors import OutputError
from osolgil.model import FORMAT, Model

FROZEN = Path(__file__).parent / "models"
FOLDERS = sorted(path.parent for path in FROZEN.glob("*/*/model.json"))
PRESENT = FROZEN / f"format_{FORMAT}"
FILES = ("model.json", "model.safetensors")


def test_every_format_has_frozen_models():
    found = {path.name for path in FROZEN.iterdir()}
    assert found == {f"format_{number}" for number in range(1, FORMAT + 1)}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_model_of_any_format_answers_as_it_did_when_it_was_written(folder):
    model = Model.load(folder)
    expected = json.loads((folder / "expected.json").read_text("utf-8"))
    rows = pandas.read_csv(folder / "rows.csv")
    outputs = model.outputs(model.preprocessing.transform(rows))
    np.testing.assert_allclose(outputs, expected["outputs"], rtol=1e-5, atol=1e-5)
    answers = model.predict(rows).tolist()
    if model.task == "classification":
        assert answers == expected["answers"]
    else:
        np.testing.assert_allclose(answers, expected["answers"], rtol=1e-4)


@pytest.mark.parametrize("name", [path.name for path in PRESENT.iterdir()])
def test_a_model_saved_again_is_the_same_model(name, tmp_path):
    model = Model.load(PRESENT / name)
    model.save(tmp_path)
    again = Model.load(tmp_path)
    assert again.parameters.tobytes() == model.parameters.tobytes()
    assert again.running.tobytes() == model.running.tobytes()
    assert (again.network, again.schema) == (model.network, model.schema)


def test_the_schema_names_every_raw_column():
    facts = json.loads((PRESENT / "classes" / "model.json").read_text("utf-8"))
    inputs = {column["name"]: column for column in facts["schema"]["inputs"]}
    rows = pandas.read_csv(PRESENT / "classes" / "rows.csv")
    assert list(inputs) == list(rows.columns)
    assert inputs["colour"]["levels"] == ["green", "red", "파랑"]
    assert {name: column["kind"] for name, column in inputs.items()} == {
        "size": "number", "colour": "category", "day": "date", "income": "number",
    }  # fmt: skip
    assert facts["schema"]["answer"]["names"] == ["no", "yes"]


def copied(tmp_path_factory):
    return Path(shutil.copytree(PRESENT / "classes", tmp_path_factory.mktemp("model") / "copy"))


def refused_or_the_same(folder):
    """Whether the model is refused; if it is not, it must be the very same."""
    whole = Model.load(PRESENT / "classes")
    try:
        found = Model.load(folder)
    except OutputError as error:
        return is_one_sentence(str(error))
    assert found.parameters.tobytes() == whole.parameters.tobytes()
    assert found.running.tobytes() == whole.running.tobytes()
    assert (found.network, found.schema, found.preprocessing) == (
        whole.network, whole.schema, whole.preprocessing,
    )  # fmt: skip
    return False


def is_one_sentence(text):
    return "\n" not in text and len(text) < 600


@given(name=st.sampled_from(FILES), where=st.integers(0, 10**6), bits=st.integers(1, 255))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_flipped_byte_is_refused_or_says_the_same(tmp_path_factory, name, where, bits):
    folder = copied(tmp_path_factory)
    content = bytearray((folder / name).read_bytes())
    content[where % len(content)] ^= bits
    (folder / name).write_bytes(content)
    assert refused_or_the_same(folder) or name == "model.json"  # white space of JSON says nothing


@given(name=st.sampled_from(FILES), share=st.floats(0, 1, exclude_max=True), more=st.binary(max_size=20))
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_file_cut_off_or_followed_by_other_bytes_is_refused(tmp_path_factory, name, share, more):
    folder = copied(tmp_path_factory)
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: int(share * (len(content) - 1))] + more)
    assert refused_or_the_same(folder)


@given(name=st.sampled_from(FILES), content=st.binary(max_size=200))
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_other_content_is_refused(tmp_path_factory, name, content):
    folder = copied(tmp_path_factory)
    (folder / name).write_bytes(content)
    assert refused_or_the_same(folder)


@pytest.mark.parametrize("name", FILES)
def test_files_exchanged_for_those_of_another_training_are_refused(tmp_path, name):
    """The same network, so that every shape fits."""
    folder = Path(shutil.copytree(PRESENT / "classes", tmp_path / "copy"))
    model = Model.load(folder)
    model.parameters[...] += 1.0
    model.save(tmp_path)
    shutil.copy(tmp_path / name, folder / name)
    with pytest.raises(OutputError, match="belongs to another model"):
        Model.load(folder)


@given(st.data())
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_changed_value_in_the_json_is_refused(tmp_path_factory, data):
    folder = copied(tmp_path_factory)
    facts = json.loads((folder / "model.json").read_text("utf-8"))
    holder, key = data.draw(st.sampled_from(list(places_in(facts))))
    other = data.draw(st.none() | st.integers() | st.text(max_size=5) | st.just([]) | st.just({}))
    if type(holder[key]) is type(other) and holder[key] == other:
        return
    holder[key] = other
    (folder / "model.json").write_text(json.dumps(facts), "utf-8")
    assert refused_or_the_same(folder)


def places_in(facts):
    """Every holder and key of a value within nested dictionaries and lists."""
    pairs = facts.items() if isinstance(facts, dict) else enumerate(facts)
    for key, value in pairs:
        yield facts, key
        if isinstance(value, (dict, list)):
            yield from places_in(value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": FORMAT + 1}, "newer osolgil"),
        ({"format": "2"}, "no model of osolgil"),
        ({"format": True}, "no model of osolgil"),
        ({"format": 0}, "no model of osolgil"),
    ],
)
def test_a_foreign_format_is_told_apart_from_damage(tmp_path, change, words):
    folder = Path(shutil.copytree(PRESENT / "classes", tmp_path / "copy"))
    facts = json.loads((folder / "model.json").read_text("utf-8")) | change
    (folder / "model.json").write_text(json.dumps(facts), "utf-8")
    with pytest.raises(OutputError, match=words):
        Model.load(folder)


def test_a_network_far_larger_than_its_numbers_takes_no_memory(tmp_path):
    """Of format 1, which has no digest: sizes alone must tell."""
    folder = Path(shutil.copytree(FROZEN / "format_1" / "numbers", tmp_path / "copy"))
    facts = json.loads((folder / "model.json").read_text("utf-8"))
    facts["network"]["widths"][1] = 10**13
    (folder / "model.json").write_text(json.dumps(facts), "utf-8")
    with pytest.raises(OutputError, match="damaged"):
        Model.load(folder)
    (folder / "model.json").write_text("[" * 200_000, "utf-8")
    with pytest.raises(OutputError, match="no JSON"):
        Model.load(folder)


def test_loading_executes_nothing_of_the_files(tmp_path, monkeypatch):
    """Neither pickle nor `eval`; the text of an own formula is compiled only after it was read word by word."""
    folder = Path(shutil.copytree(FROZEN / "format_1" / "classes", tmp_path / "copy"))
    facts = json.loads((folder / "model.json").read_text("utf-8"))
    (name,) = facts["formulas"]
    marker = tmp_path / "ran"
    facts["formulas"][name]["source"] = (
        f"def bent(x, share=0.25):\n    return __import__('pathlib').Path({str(marker)!r}).touch()\n"
    )
    (folder / "model.json").write_text(json.dumps(facts), "utf-8")

    def forbidden(*_, **__):
        raise AssertionError("something was executed")

    monkeypatch.setattr(pickle, "loads", forbidden)
    monkeypatch.setattr(pickle, "load", forbidden)
    monkeypatch.setattr(builtins, "eval", forbidden)
    with pytest.raises(OutputError, match="damaged"):
        Model.load(folder)
    assert not marker.exists()
