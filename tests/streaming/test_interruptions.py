"""A streamed training that was interrupted, cut off or killed goes on to the same bits."""

import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

import osolgil
from osolgil.errors import OutputError
from osolgil.streaming import streamed
from streaming.streams import X, Y, rows, trained


@pytest.fixture(scope="module")
def usual():
    return trained()


class Cut(BaseException):
    """As a power cut: nothing is caught and nothing tidied up."""


def test_an_interrupted_training_goes_on_to_the_same_bits(tmp_path, monkeypatch, usual):
    import osolgil.streaming.course as course

    original, count = course.Course._advance, 0

    def cut(self, *more):
        nonlocal count
        count += 1
        if count == 14:
            raise Cut
        original(self, *more)

    monkeypatch.setattr(course.Course, "_advance", cut)
    monkeypatch.setattr("osolgil.race.checkpoint.Checkpoint.due", True)
    with pytest.raises(Cut):
        trained(folder=tmp_path)
    assert (tmp_path / "plan.json").exists()
    with pytest.raises(OutputError, match="another settings"):
        trained(folder=tmp_path, resume=True, epochs=5)
    with pytest.raises(OutputError, match="another data"):
        trained(rows(X + 1, Y + 1), folder=tmp_path, resume=True)
    asked = []
    monkeypatch.setattr(
        course.Course, "_advance", lambda self, *more: (asked.append(1), original(self, *more))
    )
    model, history, _ = trained(folder=tmp_path, resume=True)
    assert model.parameters.tobytes() == usual[0].parameters.tobytes()
    np.testing.assert_array_equal(history["validation_loss"], usual[1]["validation_loss"])
    assert len(asked) == 4 * usual[2]["streaming"]["blocks"] - 13
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_within_a_block_keeps_no_half_of_it(tmp_path, monkeypatch, usual):
    """As a second Ctrl-C has it: the state is under way when the interrupt arrives."""
    import osolgil.streaming.course as course

    original, count = course.Fleet.advance, 0

    def interrupted(self, *more, **named):
        nonlocal count
        count += len(self.arrays["histories"][0]) > 1
        original(self, *more, **named)
        if count == 14:
            count += 1
            self.arrays["thetas"] += 1.0
            raise KeyboardInterrupt

    monkeypatch.setattr(course.Fleet, "advance", interrupted)
    with pytest.raises(KeyboardInterrupt):
        trained(folder=tmp_path)
    model, _, _ = trained(folder=tmp_path, resume=True)
    assert model.parameters.tobytes() == usual[0].parameters.tobytes()


def test_batches_cut_off_while_they_were_written_down_are_asked_for_again(tmp_path):
    def batches(stop):
        for start in range(0, 6000, 1000):
            if start == stop:
                raise Cut
            yield X[start : start + 1000], Y[start : start + 1000]

    with pytest.raises(Cut):
        streamed(batches(3000), tmp_path, None)
    assert streamed(batches(None), tmp_path, None).rows == 6000


@pytest.mark.long
def test_a_killed_training_goes_on_to_the_same_bits(tmp_path):
    """The real thing: a process that is killed while it trains."""
    np.save(tmp_path / "x.npy", np.column_stack([X, Y]).repeat(50, 0))
    code = textwrap.dedent(
        """
        import sys, pathlib, osolgil, osolgil.streaming.memory as m
        m.LEAST, m.FIXED = 100_000, 50_000
        place = pathlib.Path(sys.argv[1])
        osolgil.train(place / "x.npy", memory=6_000_000, learning_rate=0.01, out=place / sys.argv[2], epochs=40,
                      hidden=(64, 64), batch_size=32, resume=sys.argv[3] == "resume")
        """
    )
    words = [sys.executable, "-c", code, str(tmp_path)]
    subprocess.run([*words, "whole", ""], check=True)
    process = subprocess.Popen([*words, "killed", ""])
    snapshot = tmp_path / "killed" / "checkpoint" / "snapshot.npz"
    while not snapshot.exists() and process.poll() is None:
        time.sleep(0.02)
    process.kill()
    process.wait()
    assert not (tmp_path / "killed" / "model.json").exists()
    subprocess.run([*words, "killed", "resume"], check=True)
    first, second = (osolgil.Model.load(tmp_path / name) for name in ("whole", "killed"))
    assert first.parameters.tobytes() == second.parameters.tobytes()
