"""Records of long measurements: nothing is measured twice, and nothing is lost where several processes measure."""

from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pandas
import pytest
from benchmarks.records import Record, add, differences, measure, read, scores, told
from hypothesis import given
from hypothesis import strategies as some
from scipy import stats

from benchmarks import records

RECORDS = [
    Record("wine", "osolgil", 1, 0.975, 0.7, "Python 3.12, osolgil 0.2"),
    Record("wine", "osolgil", 0, 1.0, 0.71, "Python 3.11, osolgil 0.1"),
    Record("adult", "a method, with: signs #", 12, 0.5, 20.0, "Python 3.12, osolgil 0.2"),
]


def test_what_is_on_record_is_not_measured_again(tmp_path):
    asked = []

    def score():
        asked.append(1)
        return 2 / 3

    for seed in (0, 0, 1):
        measure(tmp_path / "records.csv", "wine", "constant", seed, score)
    assert len(asked) == 2
    assert scores(read(tmp_path / "records.csv"), "wine", "constant") == {0: 0.666667, 1: 0.666667}


def test_a_file_is_the_same_whatever_the_order_of_measuring(tmp_path):
    for name, order in (("one.csv", RECORDS), ("two.csv", RECORDS[::-1])):
        for record in order:
            add(tmp_path / name, record)
    text = (tmp_path / "one.csv").read_text("utf-8")
    assert text == (tmp_path / "two.csv").read_text("utf-8")
    assert read(tmp_path / "one.csv") == sorted(RECORDS)
    assert text.count("osolgil 0.2") == 1
    assert text.endswith("\n")


def test_other_readers_of_csv_understand_a_file(tmp_path):
    add(tmp_path / "records.csv", *RECORDS)
    found = pandas.read_csv(tmp_path / "records.csv", skiprows=2)
    assert found["score"].tolist() == [0.5, 1.0, 0.975]
    assert found["method"].tolist() == ["a method, with: signs #", "osolgil", "osolgil"]


def test_a_record_replaces_that_of_the_same_table_method_and_seed(tmp_path):
    for score in (0.1, 0.2):
        add(tmp_path / "records.csv", Record("wine", "osolgil", 0, score, 1.0, "Python 3.11"))
    assert scores(read(tmp_path / "records.csv"), "wine", "osolgil") == {0: 0.2}


def _add_many(path, method):
    for seed in range(20):
        add(path, Record("wine", method, seed, 0.5, 1.0, "Python 3.11"))


def test_processes_lose_nothing_of_each_other(tmp_path):
    path = tmp_path / "records.csv"
    with ProcessPoolExecutor(2) as pool:
        for job in [pool.submit(_add_many, path, method) for method in ("first", "second")]:
            job.result()
    assert len(read(path)) == 40


@given(some.lists(some.integers(-1000, 1000), min_size=2, max_size=12, unique=True))
def test_differences_are_told_as_a_paired_test_says(thousandths):
    values = [value / 1000 for value in thousandths]
    zeros = dict.fromkeys(range(len(values) + 3), 0.0)
    found = differences(dict(enumerate(values)), zeros)
    error = stats.sem(values)
    assert found.tolist() == values
    assert told(found, 4).strip("*") == f"{np.mean(values):+.4f} ± {error:.4f}"
    statistic = abs(np.mean(values)) / error
    if abs(statistic - 2) > 1e-6:
        assert told(found).startswith("**") == (statistic > 2)


@pytest.mark.parametrize(("values", "text"), [([], "–"), ([-0.5], "-0.50")])
def test_too_few_differences_have_no_error(values, text):
    assert told(np.array(values)) == text


def test_published_records_are_as_they_would_be_written():
    for path in records.RESULTS.glob("*.csv"):
        assert path.read_text("utf-8") == records._text(read(path)), path
