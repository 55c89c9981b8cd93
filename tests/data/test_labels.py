"""Several labels per row, as arrays and as columns of a table; and targets of counts and amounts."""

import numpy as np
import pandas
import pytest

from osolgil.data import from_arrays, load
from osolgil.errors import DataError

RANDOM = np.random.default_rng(0)
INPUTS = RANDOM.normal(size=(80, 3))
LABELS = (INPUTS + 0.2 * RANDOM.normal(size=(80, 3)) > 0).astype(int)


def test_rows_of_zeros_and_ones_are_labels_unless_they_are_one_hot():
    data = from_arrays(INPUTS, LABELS)
    assert (data.task, data.class_names, data.outputs) == (
        "multi-label",
        ("label 1", "label 2", "label 3"),
        3,
    )
    assert data.train.targets.shape == (48, 3)
    assert data.train.targets.dtype == np.float32
    one_hot = np.eye(3)[np.arange(80) % 3]
    assert from_arrays(INPUTS, one_hot).task == "classification"
    assert from_arrays(INPUTS, one_hot, task="multi-label").task == "multi-label"
    named = from_arrays(INPUTS, pandas.DataFrame(LABELS, columns=["rain", "wind", "fog"]))
    assert named.class_names == ("rain", "wind", "fog")


@pytest.mark.parametrize("spelling", [{0: 0, 1: 1}, {0: "no", 1: "yes"}, {0: "False", 1: "True"}])
def test_columns_of_a_table_are_labels(spelling, tmp_path):
    table = pandas.DataFrame(INPUTS, columns=["a", "b", "c"])
    for place, name in enumerate(("rain", "wind", "fog")):
        table[name] = [spelling[value] for value in LABELS[:, place]]
    table.to_csv(tmp_path / "days.csv", index=False)
    for target in ("rain, wind,fog", ["rain", "wind", "fog"]):
        data = load(tmp_path / "days.csv", target=target)
        assert (data.task, data.class_names, data.feature_names) == (
            "multi-label", ("rain", "wind", "fog"), ("a", "b", "c"),
        )  # fmt: skip
        expected = from_arrays(INPUTS, LABELS)
        np.testing.assert_array_equal(data.train.targets, expected.train.targets)


def test_rows_with_a_missing_label_are_left_out(tmp_path):
    table = pandas.DataFrame({"a": INPUTS[:, 0], "x": LABELS[:, 0].astype(float), "z": LABELS[:, 1]})
    table.loc[3, "x"] = np.nan
    table.to_csv(tmp_path / "t.csv", index=False)
    data = load(tmp_path / "t.csv", target="x,z")
    assert sum(data.rows.values()) == 79


BAD = {
    "one value": (np.column_stack([LABELS, np.ones(80)]), {}, "label 'label 4' is the same in every row"),
    "no labels": (LABELS[:, 0], {"task": "multi-label"}, "Several labels need several columns"),
    "regression": (LABELS, {"task": "regression"}, "several labels per row, which is no regression"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_label_is_refused(case):
    targets, options, sentence = BAD[case]
    with pytest.raises(DataError, match=sentence):
        from_arrays(INPUTS, targets, **options)


def test_columns_that_are_no_labels_are_refused(tmp_path):
    pandas.DataFrame({"a": INPUTS[:, 0], "x": LABELS[:, 0], "z": np.arange(80)}).to_csv(
        tmp_path / "t.csv", index=False
    )
    with pytest.raises(DataError, match=r"label 'z' is '2\.0' in row 3"):
        load(tmp_path / "t.csv", target="x,z")
    with pytest.raises(DataError, match="no column 'y'"):
        load(tmp_path / "t.csv", target="x,y")


COUNTS = RANDOM.poisson(np.exp(INPUTS[:, 0] + 1)).astype(float)


def test_counts_are_divided_by_their_mean_and_nothing_is_subtracted():
    data = from_arrays(INPUTS, COUNTS, task="regression").with_logarithmic_outputs("poisson", positive=False)
    assert (data.target_mean, data.link) == (0.0, "log")
    assert data.train.targets.mean() == pytest.approx(1.0, rel=1e-5)
    np.testing.assert_allclose(data.test.targets[:, 0] * data.target_scale, data.test.original, rtol=1e-6)
    assert (data.train.targets[data.train.original == 0] == 0).all()


def test_targets_a_logarithm_cannot_have_are_refused():
    data = from_arrays(INPUTS, COUNTS, task="regression")
    with pytest.raises(DataError, match="gamma is for targets above 0, but 'target' is 0 in some row"):
        data.with_logarithmic_outputs("gamma", positive=True)
    data = from_arrays(INPUTS, INPUTS[:, 0])
    with pytest.raises(DataError, match=r"poisson is for targets of 0 or more, but 'target' is -"):
        data.with_logarithmic_outputs("poisson", positive=False)
