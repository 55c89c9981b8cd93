"""The message catalog: both languages of every key say the same with the same placeholders."""

import copy
import json
import pickle
import re
import string
import tomllib
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osolgil.errors import SettingsError
from osolgil.messages import LANGUAGES, Message, catalog, known_language, message

# Particles whose form depends on the last sound of what stands before them, which a Latin name does not show.
UNSURE_PARTICLES = re.compile(r"\}\s?(은|는|이|가|을|를|과|와|으로|로|이나|나)(\s|,|\.|$)")


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("key", catalog())
def test_every_key_has_both_languages_with_the_same_placeholders(key):
    texts = catalog()[key]
    assert set(texts) == set(LANGUAGES)
    assert placeholders(texts["en"]) == placeholders(texts["ko"])
    assert all(text and (text == text.strip() or key == "word.and") for text in texts.values())


@pytest.mark.parametrize("key", catalog())
def test_no_korean_particle_depends_on_the_sound_of_a_name(key):
    assert not UNSURE_PARTICLES.search(catalog()[key]["ko"])


@pytest.mark.parametrize("key", [key for key in catalog() if key.startswith("verdict.")])
def test_korean_is_korean(key):
    assert re.search("[가-힣]", catalog()[key]["ko"])
    assert not re.search("[가-힣]", catalog()[key]["en"])


@given(st.text().filter(lambda text: text not in LANGUAGES))
def test_an_unknown_language_is_told_in_one_sentence(language):
    with pytest.raises(SettingsError, match="choose en or ko"):
        message("verdict.all_diverged", language)
    with pytest.raises(SettingsError):
        known_language(language)


def test_braces_in_a_value_stay_as_they_are():
    assert message("word.share", name="{x}", share="1 %") == "{x} (1 %)"


@pytest.mark.parametrize(
    "kept", [lambda note: pickle.loads(pickle.dumps(note)), copy.deepcopy, lambda note: note]
)
def test_a_message_kept_is_told_the_same_in_every_language(kept):
    note = kept(Message("note.missing", names=["나이", "{age}"]))
    stored = json.loads(json.dumps(note.facts()))
    assert note == stored["text"]
    for language in LANGUAGES:
        assert note.text(language) == message(stored["key"], language, **stored["values"])
    assert "'나이', '{age}'" in note.text("ko")


def test_tables_read_one_by_one_are_the_whole_file():
    whole = tomllib.loads(resources.files("osolgil").joinpath("messages.toml").read_text("utf-8"))
    assert dict(catalog()) == {
        f"{table}.{name}": row for table, rows in whole.items() for name, row in rows.items()
    }
