"""What takes minutes: kills at random moments, an optimizer against itself, a published curve, real tables."""

import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from osolgil.data import load
from osolgil.engines.cpu.fleet import Fleet, RunSetting
from osolgil.engines.cpu.kernels import layout
from osolgil.race import Entrant, RaceSettings, race
from osolgil.race.facts import task_of

pytestmark = pytest.mark.long
RACE = [
    sys.executable, "-c", "from osolgil.cli import main; main()", "race", "breast_cancer", "--quiet",
    "--hidden", "64,64", "--epochs", "20", "--out",
]  # fmt: skip
DATA = os.environ.get("OSOLGIL_DATA")
needs_data = pytest.mark.skipif(not DATA, reason="OSOLGIL_DATA names no folder")


def facts_of(folder: Path) -> dict:
    facts = json.loads((folder / "verdict.json").read_text("utf-8"))
    del facts["seconds"]
    return facts


def test_twenty_kills_end_in_twenty_identical_verdicts(tmp_path: Path) -> None:
    for name in ("first", "whole"):  # the first may have to compile
        start = time.perf_counter()
        subprocess.run([*RACE, str(tmp_path / name)], check=True, capture_output=True)
        whole = time.perf_counter() - start
    chance, killed, trial = random.Random(7), 0, 0
    while killed < 20:
        trial += 1
        folder = tmp_path / f"killed-{trial}"
        process = subprocess.Popen([*RACE, str(folder)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.2, 0.9) * whole)
        process.send_signal(signal.SIGKILL)
        if process.wait() != -signal.SIGKILL:
            assert trial < 60, "most races end before they are killed"
            continue
        killed += 1
        again = ["--resume"] if (folder / "plan.json").exists() else []
        subprocess.run([*RACE, str(folder), *again], check=True, capture_output=True)
        assert facts_of(folder) == facts_of(tmp_path / "whole")
        ours, theirs = folder / "model.safetensors", tmp_path / "whole" / "model.safetensors"
        assert ours.read_bytes() == theirs.read_bytes()


def test_adam_against_itself_is_a_tie_in_at_least_95_of_100_races() -> None:
    winners = 0
    for trial in range(40):
        data = ("moons", "wine", "iris", "breast_cancer")[trial % 4]
        twins = [Entrant("adam", "adam"), Entrant("twin", "adam", {}, seed_offset=500_000)]
        verdict = race(data, optimizers=twins, hidden=(16,), epochs=10, seeds=3, learning_rates=5, seed=trial)
        winners += verdict.winner is not None
    assert winners <= 2


@needs_data
def test_the_published_fashion_mnist_curve_is_reproduced() -> None:
    """784-300-100-10, SGD 0.01, batch 32, 30 epochs (A. Géron, Hands-On Machine Learning, 2nd edition, chapter 10)."""
    with (Path(str(DATA)) / "fmnist_keras_300_100_curve.csv").open() as file:
        published = list(csv.DictReader(file))
    data = load("fashion-mnist")
    settings = RaceSettings(hidden=(300, 100), batch_size=32, epochs=30, initial_scale="glorot_uniform")
    settings = settings.completed(data.task, len(data.train))
    runs = [RunSetting("sgd", {"learning_rate": 0.01}, seed, 32) for seed in range(3)]
    fleet = Fleet.create(settings.network(784, 10), task_of(data, settings), runs, 30)
    fleet.advance(["sgd"] * 3, 30, workers=2)
    validation = fleet.arrays["histories"][:, -1, layout.VALIDATION_SCORE].mean()
    first = len(data.train) + len(data.validation)
    losses, scores = fleet.measure(np.arange(first, first + len(data.test)), 2)
    print(f"validation {validation:.4f}, test {scores.mean():.4f} {scores}, test loss {losses.mean():.4f}")
    assert len(published) == 30
    assert abs(validation - 0.8920) <= 0.005
    assert abs(scores.mean() - 0.8837) <= 0.005


@needs_data
@pytest.mark.parametrize("name", ["adult", "california-housing"])
def test_a_race_on_a_raw_table_beats_the_linear_model(name: str) -> None:
    verdict = race(name)
    test = verdict.facts["test"]
    print(name, verdict.recommended, test)
    assert test["winner"]["score"] > test["linear"]["score"] > test["baseline"]["score"] - 1e-9
