"""Training in blocks: as good as in memory, the same to the bit after a kill and on any threads, and bounded."""

import json
import multiprocessing

import numpy as np
import pandas
import pytest

import osolgil
from osolgil.data.columns.number import NumberColumn
from osolgil.data.preprocessing import fit_array, fit_table
from osolgil.engines.cpu.kernels import layout
from osolgil.errors import DataError, SettingsError
from osolgil.formulas import scheduling
from osolgil.race.settings import RaceSettings
from osolgil.streaming.holdout import Split
from osolgil.streaming.memory import shares_of
from osolgil.streaming.preparation import prepare
from osolgil.streaming.sources import ArrayRows, ParquetRows
from osolgil.streaming.statistics import Moments, preprocessing_of, survey
from streaming.streams import RANDOM, SETTINGS, X, Y, rows, trained


@pytest.fixture(scope="module")
def usual():
    return trained()


def test_it_learns_as_well_as_in_memory(usual):
    model, history, facts = usual
    whole = osolgil.train(X, Y, optimizer="adam", learning_rate=0.01, **SETTINGS)
    assert facts["streaming"]["blocks"] > 5
    assert abs(facts["scores"]["test"]["score"] - whole.scores["test"]) < 0.05
    assert facts["scores"]["test"]["score"] > 0.85
    assert len(history["step"]) == SETTINGS["epochs"]
    assert model.predict(X[:3]).shape == (3,)


def test_blocks_make_as_many_steps_as_an_epoch_in_memory(usual):
    _, history, facts = usual
    per_epoch = -(-facts["data"]["rows"]["train"] // SETTINGS["batch_size"])
    np.testing.assert_array_equal(history["step"], per_epoch * np.arange(1, 5))


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_same_bits_whatever_the_threads(usual, jobs):
    model, _, _ = trained(workers=jobs)
    assert model.parameters.tobytes() == usual[0].parameters.tobytes()
    other, _, _ = trained(seed=1)
    assert other.parameters.tobytes() != usual[0].parameters.tobytes()


def test_sources_of_the_same_rows_give_the_same_bits(usual, tmp_path):
    np.save(tmp_path / "x.npy", X)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    assert trained(rows(mapped))[0].parameters.tobytes() == usual[0].parameters.tobytes()
    names = [f"x{place + 1}" for place in range(5)]
    pandas.DataFrame(X, columns=names).assign(target=Y).to_parquet(tmp_path / "x.parquet")
    parquet = trained(ParquetRows(tmp_path / "x.parquet", "target"))[0]
    assert parquet.parameters.tobytes() == usual[0].parameters.tobytes()
    batches = ((X[start : start + 1000], Y[start : start + 1000]) for start in range(0, 6000, 1000))
    assert trained(batches)[0].parameters.tobytes() == usual[0].parameters.tobytes()


def test_the_scores_are_those_of_the_rows_held_out(usual):
    """Found again by the hash alone, and answered by the saved model."""
    model, history, facts = usual
    shares = shares_of(2**30, 5, 26, 32)
    _, validates, tests = Split.of(6000, None, shares.held_out, 0).parts(0, 6000)
    assert facts["data"]["rows"] == {
        "train": 6000 - validates.sum() - tests.sum(), "validation": validates.sum(), "test": tests.sum(),
    }  # fmt: skip
    for name, mask in (("validation", validates), ("test", tests)):
        found = model.predict(X[mask])
        score = 1.0 - ((found - Y[mask]) ** 2).sum() / ((Y[mask] - Y[mask].mean()) ** 2).sum()
        assert facts["scores"][name]["score"] == pytest.approx(score, abs=1e-5)
    assert history["validation_score"][-1] == facts["scores"]["validation"]["score"]


def test_every_training_row_is_seen_once_an_epoch(tmp_path):
    """The rows are numbered, and what the blocks of an epoch hold is looked at as it is handed to the engine."""
    from osolgil.engines.cpu.fleet import RunSetting
    from osolgil.race.checkpoint import Checkpoint
    from osolgil.streaming.course import Course

    numbers = np.arange(3000.0).reshape(-1, 1) / 3000.0
    source = ArrayRows(numbers, numbers[:, 0], None, "numbers")
    split, shares = Split.of(3000, None, 500, 0), shares_of(2**30, 1, 18, 32)
    shares = type(shares)(512, 128, shares.read, shares.sample, 500)
    prepared = prepare(source, tmp_path, split, shares, "regression", None, lambda: None)
    settings = RaceSettings(epochs=2, hidden=(2,), batch_size=32).completed("regression", 3000)
    run = RunSetting("sgd", {"learning_rate": 0.01}, 0, 32)
    course = Course(prepared, settings.network(1, 1), settings, run, shares, Checkpoint(None))
    seen = []
    for epoch in range(2):
        orders = []
        for chunks in course._order(epoch):
            course._load(0, chunks)
            orders.append(course._buffers[0][1][: sum(count for _, count in chunks), 0].copy())
        seen.append(np.concatenate(orders))
        assert all(len(part) % 32 == 0 for part in orders[:-1])
    trains = split.parts(0, 3000)[0]
    mean, scale = prepared.facts["target_mean"], prepared.facts["target_scale"]
    for values in seen:
        found = np.sort(values * scale + mean)
        np.testing.assert_allclose(found, numbers[trains, 0], atol=1e-6)
    assert not np.array_equal(*seen)


@pytest.mark.parametrize("schedule", ["cosine", "linear_warmup(0.5)+cosine"])
def test_schedules_go_on_over_all_blocks(schedule, monkeypatch):
    """The learning rate of a block's last step is the schedule's of that step of the whole course."""
    total = 4 * -(-trained_rows() // 32)
    factors = scheduling.parse(schedule).factors(total)
    import osolgil.streaming.course as course

    recorded = []
    original = course.Course._advance

    def look(self, buffer, number, *more):
        original(self, buffer, number, *more)
        step = int(self.fleet.arrays["runs"][0, layout.STEP])
        recorded.append((step, float(self.fleet.arrays["hypers"][0, 0])))

    monkeypatch.setattr(course.Course, "_advance", look)
    trained(schedule=schedule)
    for step, rate in recorded:
        assert rate == pytest.approx(0.01 * factors[step - 1], rel=1e-12)
    assert recorded[-1][0] == total


def trained_rows():
    shares = shares_of(2**30, 5, 26, 32)
    return int(Split.of(6000, None, shares.held_out, 0).parts(0, 6000)[0].sum())


def test_a_plateau_is_watched_at_the_end_of_epochs_only(monkeypatch):
    import osolgil.streaming.course as course

    original, changed = course.Course._advance, []

    def look(self, *more):
        before = self.fleet.arrays["penalties"][0, layout.PLATEAU :].copy()
        original(self, *more)
        changed.append(not np.array_equal(before, self.fleet.arrays["penalties"][0, layout.PLATEAU :]))

    monkeypatch.setattr(course.Course, "_advance", look)
    _, _, facts = trained(schedule="reduce_on_plateau(patience=1)", epochs=3)
    blocks = facts["streaming"]["blocks"]
    assert changed == ([False] * (blocks - 1) + [True]) * 3


@pytest.mark.parametrize("optimizer", ["lookahead(adam)", "swa(sgd)"])
def test_wrapped_optimizers_keep_their_state_between_blocks(optimizer):
    _, _, facts = trained(optimizer=optimizer, rate=0.005)
    assert facts["scores"]["test"]["score"] > 0.3


def table(count=4000):
    random = np.random.default_rng(2)
    frame = pandas.DataFrame(
        {
            "size": random.normal(10, 3, count),
            "colour": random.choice(["red", "green", "blue"], count),
            "day": pandas.Timestamp("2020-01-01")
            + pandas.to_timedelta(random.integers(0, 900, count), unit="D"),
            "income": np.exp(random.normal(0, 3, count)),
        }
    )
    frame["kind"] = np.where((frame["size"] > 10) ^ (frame["colour"] == "red"), "yes", "no")
    frame.loc[::17, "size"] = np.nan
    frame.loc[::19, "colour"] = None
    frame.loc[::23, "kind"] = None
    return frame


def test_tables_of_every_kind_of_column(tmp_path):
    table().to_parquet(tmp_path / "t.parquet")
    model, _, facts = trained(ParquetRows(tmp_path / "t.parquet", "kind"), epochs=15)
    assert model.class_names == ("no", "yes")
    assert facts["scores"]["test"]["score"] > 0.9
    assert any("Rows left out because their target" in note["text"] for note in facts["data"]["notes"])
    again = model.predict(table().drop(columns="kind"))
    known = table()["kind"].notna()
    assert (again[known] == table()["kind"][known]).mean() > 0.9


def test_classes_that_are_numbers_and_counts(tmp_path):
    model, _, _ = trained(rows(X, (X[:, 0] > 3).astype(int) + 2 * (X[:, 1] > 3)))
    assert model.class_names == ("0", "1", "2", "3")
    counts = RANDOM.poisson(np.exp(X[:, 0] / 3))
    model, _, facts = trained(rows(X, counts), loss="poisson", task="regression")
    assert model.link == "log"
    assert facts["scores"]["test"]["score"] > 0.2
    with pytest.raises(DataError, match="some row"):
        trained(rows(X, counts - 5.0), loss="poisson", task="regression")


def test_moments_are_those_of_all_rows_at_once():
    values = np.where(RANDOM.random((1000, 4)) < 0.2, np.nan, RANDOM.normal(1e6, 1.0, (1000, 4)))
    values[:, 3] = np.nan
    moments = Moments.of(4)
    for start in range(0, 1000, 77):
        moments.add(values[start : start + 77])
    known = values[:, :3]
    np.testing.assert_allclose(moments.mean[:3], np.nanmean(known, 0), rtol=1e-14)
    np.testing.assert_allclose(
        moments.squares[:3], np.nanvar(known, 0) * (~np.isnan(known)).sum(0), rtol=1e-7
    )
    np.testing.assert_array_equal(moments.low[:3], np.nanmin(known, 0))
    np.testing.assert_array_equal(moments.high[:3], np.nanmax(known, 0))
    assert moments.count[3] == 0
    assert moments.missing[3] == 1000


@pytest.mark.parametrize("kind", ["array", "table"])
def test_preprocessing_is_what_memory_would_have_fitted(tmp_path, kind):
    """With a sample of all training rows nothing but rounding may differ; with a small one means stay exact."""
    frame = table()
    if kind == "array":
        source, values = rows(), X
    else:
        frame.to_parquet(tmp_path / "t.parquet")
        source = ParquetRows(tmp_path / "t.parquet", "kind")
        values = frame.drop(columns="kind")
    split = Split.of(source.rows, None, 10**6, 0)
    trains = split.parts(0, source.rows)[0]
    if kind == "table":
        trains &= frame["kind"].notna().to_numpy()
    fitted, _ = fit_array(values[trains], source.columns) if kind == "array" else fit_table(values[trains])
    for sample in (10**9, 500):
        found = preprocessing_of(survey(source, split, 700, sample), source)
        for column, wanted in zip(found.columns, fitted.columns, strict=True):
            if sample == 10**9 and not isinstance(wanted, NumberColumn):
                assert column == wanted
            if isinstance(wanted, NumberColumn) and not wanted.squash:
                assert (column.squash, column.marks_missing) == (wanted.squash, wanted.marks_missing)
                tolerance = (
                    1e-12 if sample == 10**9 else 0.01
                )  # the fill of missing cells is the sample's median
                assert column.center == pytest.approx(wanted.center, rel=tolerance)
                assert column.scale == pytest.approx(wanted.scale, rel=tolerance)


def test_rows_held_out_are_a_matter_of_numbers_and_seed():
    first = np.concatenate(
        [
            part
            for start in range(0, 1000, 100)
            for part in Split.of(1000, 0.3, 10**6, 5).parts(start, 100)[2:]
        ]
    )
    np.testing.assert_array_equal(first, Split.of(1000, 0.3, 10**6, 5).parts(0, 1000)[2])
    assert not np.array_equal(first, Split.of(1000, 0.3, 10**6, 6).parts(0, 1000)[2])
    assert abs(first.mean() - 0.3) < 0.05
    large = Split.of(10**8, None, 1000, 0)
    assert large.test * 10**8 == pytest.approx(1000)


BAD = {
    "infinite": (np.where(X[7, 2] == X, np.inf, X), Y, {}, "Column 'x3' is infinite in row 8"),
    "constant": (np.ones((500, 2)), Y[:500], {}, "No feature is left"),
    "one class": (X, np.full(6000, "a"), {}, "same class"),
    "text": (X, np.array(["a", "b"] * 3000), {"task": "regression"}, "regression needs numbers"),
    "constant target": (X, np.ones(6000), {"task": "regression"}, "nothing to learn"),
    "many classes": (X, Y, {"task": "classification"}, "more than 1000 classes"),
    "no answers": (X, np.full(6000, np.nan), {}, "missing in every row"),
    "task": (X, Y, {"task": "regresion"}, "Did you mean 'regression'"),
    "too few": (X[:4], Y[:4], {}, "more rows"),
    "all rows at once": (X, Y, {"optimizer": "gradient_descent"}, "choose sgd"),
    "diverged": (X, Y, {"optimizer": "sgd", "rate": 1e6}, "diverged"),
    "test file": (X, Y, {"test": "rows.csv"}, "share of themselves"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_data_and_settings_are_one_sentence_and_leave_nothing(name, tmp_path):
    inputs, targets, asked, words = BAD[name]
    with pytest.raises((DataError, SettingsError), match=words):
        trained(rows(inputs, targets), folder=tmp_path, **asked)
    assert list(tmp_path.iterdir()) == []


def test_train_chooses_streaming_by_itself(tmp_path, monkeypatch, usual):
    monkeypatch.setattr("osolgil.streaming.memory.LEAST", 100_000)
    monkeypatch.setattr("osolgil.streaming.memory.FIXED", 50_000)
    np.save(tmp_path / "x.npy", np.column_stack([X, Y]))
    out = tmp_path / "out"
    found = osolgil.train(tmp_path / "x.npy", memory=200_000, learning_rate=0.01, out=out, **SETTINGS)
    assert found.facts["streaming"]["blocks"] > 1
    assert {path.name for path in out.iterdir()} == {
        "model.json", "model.safetensors", "history.parquet", "training.json",
    }  # fmt: skip
    facts = json.loads((out / "training.json").read_text("utf-8"))
    assert facts["memory"]["bound"] == 200_000
    assert osolgil.Model.load(out).parameters.tobytes() == found.model.parameters.tobytes()
    small = osolgil.train(tmp_path / "x.npy", learning_rate=0.01, **SETTINGS)
    assert "streaming" not in small.facts
    assert small.model.preprocessing.source_columns == found.model.preprocessing.source_columns
    batches = ((X[start : start + 1500], Y[start : start + 1500]) for start in range(0, 6000, 1500))
    assert "streaming" in osolgil.train(batches, **SETTINGS).facts
    with pytest.raises(SettingsError, match="fit into memory"):
        osolgil.train(tmp_path / "x.npy", out=tmp_path / "other", resume=True)


def _peak(place, pipe):
    import resource

    osolgil.train("iris", epochs=1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    osolgil.train(place, memory="512MiB", epochs=1, hidden=(16,), batch_size=256)
    pipe.send((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)


@pytest.mark.long
def test_memory_stays_within_the_bound(tmp_path):
    """600 MiB of numbers, of which a process that has trained before takes less than a bound without its fixed part."""
    place = tmp_path / "x.npy"
    array = np.lib.format.open_memmap(place, "w+", np.float32, (3_000_000, 51))
    random = np.random.default_rng(0)
    for start in range(0, 3_000_000, 250_000):
        array[start : start + 250_000] = random.standard_normal((250_000, 51), np.float32)
    array.flush()
    del array
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_peak, args=(place, theirs))
    process.start()
    process.join()
    from osolgil.streaming.memory import FIXED

    assert ours.recv() < 512 * 2**20 - FIXED + 100 * 2**20
