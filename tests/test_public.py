"""What `import osolgil` offers: sorted, importable, and free until it is used."""

import os
import subprocess
import sys
from types import ModuleType

import pytest

import osolgil


def test_all_is_sorted_and_true():
    assert list(osolgil.__all__) == sorted(osolgil.__all__)
    assert set(osolgil.__all__) <= set(dir(osolgil))
    for name in osolgil.__all__:
        assert callable(getattr(osolgil, name))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nonsense"):
        osolgil.nonsense  # noqa: B018


def test_race_is_called_and_imported_from_alike():
    import osolgil.race.settings as settings

    assert isinstance(osolgil.race, ModuleType)
    assert settings.RaceSettings is osolgil.RaceSettings
    with pytest.raises(osolgil.SettingsError, match="no setting 'epoch'"):
        osolgil.race("iris", epoch=3)


@pytest.mark.parametrize("words", [("-c", "import osolgil"), ("-m", "osolgil.cli", "--help")])
def test_a_start_is_quick(words):
    """Seconds of the processor, which do not count what else the machine does."""

    def seconds():
        start = os.times()
        subprocess.run([sys.executable, *words], check=True, capture_output=True)
        end = os.times()
        return end.children_user + end.children_system - start.children_user - start.children_system

    assert min(seconds() for _ in range(3)) < 0.3
