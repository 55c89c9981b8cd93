"""What a checkpoint gives back is what the race last knew, whatever was written when it was killed."""

import time
from pathlib import Path

import numpy as np
import pytest

from osolgil.engines.cpu.fleet import Fleet, RunSetting, Task
from osolgil.errors import OutputError
from osolgil.network import Network
from osolgil.race import checkpoint
from osolgil.race.checkpoint import Checkpoint

NETWORK = Network((2, 4, 2), ("relu", "identity"))


def fleet_after(epochs: int) -> Fleet:
    random = np.random.default_rng(0)
    inputs = random.normal(size=(40, 2)).astype(np.float32)
    targets = np.eye(2, dtype=np.float32)[(inputs[:, 0] > 0).astype(int)]
    task = Task(inputs, targets, np.arange(30), np.arange(30, 40), "softmax_cross_entropy")
    fleet = Fleet.create(NETWORK, task, [RunSetting("sgd", {}, seed, 8) for seed in range(3)], 4)
    if epochs:
        fleet.advance(["sgd"] * 3, epochs, workers=1)
    return fleet


def test_a_finished_stage_knows_more_than_a_snapshot_taken_on_the_way(tmp_path: Path) -> None:
    store = Checkpoint(tmp_path / "checkpoint")
    store.save(5, fleet_after(1))
    store.finish(5, fleet_after(3))
    fleet = fleet_after(0)
    assert store.load(5, fleet) == (True, False)
    np.testing.assert_array_equal(fleet.arrays["histories"], fleet_after(3).arrays["histories"])


def test_a_snapshot_taken_at_the_end_gives_the_states_too(tmp_path: Path) -> None:
    store = Checkpoint(tmp_path / "checkpoint")
    store.save(5, fleet_after(3))
    store.finish(5, fleet_after(3))
    fleet = fleet_after(0)
    assert store.load(5, fleet) == (True, True)
    np.testing.assert_array_equal(fleet.arrays["thetas"], fleet_after(3).arrays["thetas"])


def test_a_snapshot_of_an_unfinished_or_another_stage(tmp_path: Path) -> None:
    store = Checkpoint(tmp_path / "checkpoint")
    store.save(5, fleet_after(1))
    assert store.load(5, fleet_after(0)) == (False, True)
    assert store.load(6, fleet_after(0)) == (False, False)
    store.remove()
    assert not (tmp_path / "checkpoint").exists()


def test_stages_are_written_in_their_order_and_a_failure_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, written = Checkpoint(tmp_path / "checkpoint"), []
    slow = checkpoint._write

    def write(path: Path, arrays: dict[str, np.ndarray]) -> None:
        if path.stem == "stage-002":
            raise OutputError("The disk is full.")
        time.sleep(0.05)
        slow(path, arrays)
        written.append(path.stem)

    monkeypatch.setattr(checkpoint, "_write", write)
    fleet = fleet_after(1)
    store.finish(0, fleet)
    store.finish(1, fleet)
    assert written[:1] == ["stage-000"]
    assert store.load(1, fleet_after(0)) == (True, False)
    assert written == ["stage-000", "stage-001"]
    store.finish(2, fleet)
    with pytest.raises(OutputError, match="The disk is full"):
        store.finish(3, fleet)
    store.remove()
    assert not (tmp_path / "checkpoint").exists()
