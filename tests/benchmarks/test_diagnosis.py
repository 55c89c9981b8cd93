"""What the benchmarks of the diagnosis count, and what they keep of measured gradients."""

import numpy as np
from benchmarks.diagnosis_slopes import Runs
from benchmarks.diagnosis_suite import Answer, rates, repaired

from osolgil.engines.cpu.fleet import Task
from osolgil.network import Network


def answer(fault, named, cured):
    return Answer(fault, named, 0, 1.0, "", 0.5, (), cured, cured)


def test_a_lack_of_rows_is_counted_apart_and_with_all():
    found = [
        answer("vanishing", "vanishing", True), answer("labels", "labels", False), answer("noise", "inputs", True),
        answer("few_rows", "overfitting", False), answer(None, "healthy", None), answer(None, "vanishing", None),
    ]  # fmt: skip
    assert rates(found) == (
        "2 of 3 (66.7%) broken networks named correctly, 3 of 4 (75.0%) with few_rows; "
        "1 of 2 (50.0%) healthy ones blamed."
    )
    lines = repaired(found).splitlines()
    assert "| all a change of the network can cure | 2 of 2 (100.0%) | 2 of 2 (100.0%) |" in lines
    assert "| all but few_rows | 2 of 3 (66.7%) | 2 of 3 (66.7%) |" in lines
    assert "| all | 2 of 4 (50.0%) | 2 of 4 (50.0%) |" in lines


def test_measured_gradients_are_kept_and_not_measured_again(tmp_path):
    network = Network((4, 8, 8, 3), ("tanh", "tanh", "identity"))
    random = np.random.default_rng(0)
    inputs = random.normal(size=(20, 4)).astype(np.float32)
    targets = np.eye(3, dtype=np.float32)[random.integers(0, 3, 20)]
    task = Task(inputs, targets, np.arange(12), np.arange(12, 20), "softmax_cross_entropy")
    first = Runs(tmp_path / "runs.jsonl")
    first.measure(2, {"tanh": network}, range(2), task, task.training)
    again = Runs(tmp_path / "runs.jsonl")
    again.measure(2, {"tanh": network}, range(3), task, task.training)
    np.testing.assert_allclose(again.of("tanh", 2, range(2)), first.of("tanh", 2, range(2)), atol=1e-6)
    assert len((tmp_path / "runs.jsonl").read_text().splitlines()) == 3
    assert np.ptp(again.of("tanh", 2, range(3))[:, 0]) > 0.0  # each seed has weights of its own
