"""What a race leaves on disk while it runs, so that it can be killed at any moment and go on.

A race is a fixed sequence of stages, each of which trains some runs to some epoch. A finished stage leaves its
histories and records, on which every later decision and answer rests; one snapshot holds the whole state of the
stage in progress. A race that goes on repeats its decisions, reads the stages it has, and trains what is missing:
since training is reproducible to the bit, so is the verdict. Finished stages are written, one after the other,
while the next ones train.
"""

from __future__ import annotations

import threading
import time
import zipfile
from pathlib import Path

import numpy as np

from osolgil.engines.cpu.fleet import Fleet
from osolgil.engines.cpu.kernels import layout
from osolgil.files import told_plainly, write_atomically

_SHARE = 0.05
_DECIDED = ("histories", "records", "runs")


class Checkpoint:
    """Stages of a race in a folder; without a folder it keeps nothing."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._saved, self._cost = time.perf_counter(), 0.05
        self._writing: threading.Thread | None = None
        self._failure: Exception | None = None
        if folder is not None:
            with told_plainly(folder):
                folder.mkdir(exist_ok=True)

    @property
    def due(self) -> bool:
        """True when a snapshot would cost less than a twentieth of the time since the last one."""
        return self.folder is not None and time.perf_counter() - self._saved > max(1.0, self._cost / _SHARE)

    def load(self, stage: int, fleet: Fleet) -> tuple[bool, bool]:
        """Fill a fleet with what is known of a stage; returns (is the stage finished, are its states known)."""
        if self.folder is None:
            return False, False
        self.settle()
        finished = _read(self._stage(stage))
        if finished is not None and not _fits(finished, fleet):
            finished = None
        snapshot = _read(self.folder / "snapshot.npz", stage)
        if snapshot is not None and not _fits(snapshot, fleet):
            snapshot = None
        if snapshot is not None and finished is not None:
            progress = (slice(None), layout.FIRST_EPOCH)
            if not np.array_equal(snapshot["runs"][progress], finished["runs"][progress]):
                snapshot = None  # taken on the way: the finished stage knows more
        fleet.arrays |= snapshot or finished or {}
        return finished is not None, snapshot is not None

    def save(self, stage: int, fleet: Fleet) -> None:
        """Write the whole state of a stage."""
        if self.folder is None:
            return
        self.settle()
        start = time.perf_counter()
        _write(self.folder / "snapshot.npz", {"stage": np.array([stage]), **fleet.arrays})
        self._saved = time.perf_counter()
        self._cost = self._saved - start

    def finish(self, stage: int, fleet: Fleet) -> None:
        """Write what later decisions need of a finished stage; its arrays must not change any more."""
        if self.folder is None:
            return
        self.settle()
        arrays = {name: fleet.arrays[name] for name in _DECIDED}
        self._writing = threading.Thread(target=self._finish, args=(self._stage(stage), arrays))
        self._writing.start()

    def _finish(self, path: Path, arrays: dict[str, np.ndarray]) -> None:
        try:
            _write(path, arrays)
        except Exception as error:
            self._failure = error

    def settle(self) -> None:
        """Wait until the last finished stage is written; raises what kept it from being."""
        if self._writing is not None:
            self._writing.join()
            self._writing = None
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    def remove(self) -> None:
        """Delete the checkpoint: the race is over."""
        self.settle()
        if self.folder is not None and self.folder.is_dir():
            for file in self.folder.iterdir():
                file.unlink(missing_ok=True)
            self.folder.rmdir()

    def _stage(self, stage: int) -> Path:
        assert self.folder is not None
        return self.folder / f"stage-{stage:03d}.npz"


def _write(path: Path, arrays: dict[str, np.ndarray]) -> None:
    def write(place: Path) -> None:
        with place.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]

    write_atomically(path, write)


def _read(path: Path, stage: int | None = None) -> dict[str, np.ndarray] | None:
    """The arrays of a file; None where there is none or it is damaged, since its stage can be trained again.

    With `stage`, only a snapshot of that stage is read.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            if stage is not None and int(archive["stage"][0]) != stage:
                return None
            return {name: archive[name] for name in archive.files if name != "stage"}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
        return None


def _fits(arrays: dict[str, np.ndarray], fleet: Fleet) -> bool:
    shapes = {name: values.shape for name, values in fleet.arrays.items()}
    return all(name in arrays for name in _DECIDED) and all(
        values.shape == shapes.get(name) for name, values in arrays.items()
    )
