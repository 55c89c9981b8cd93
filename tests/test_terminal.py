"""The board fits its terminal whatever it shows, in both languages; logs get few lines; Ctrl-C resumes."""

import dataclasses
import io
import json
import shutil
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.live import Live

from osolgil.messages import catalog
from osolgil.race.progress import EntrantProgress, Progress
from osolgil.terminal.board import board
from osolgil.terminal.drawing import sparkline
from osolgil.terminal.watching import LiveBoard, PlainLines

FLOATS = st.floats(allow_nan=True, allow_infinity=True)
ENTRANTS = st.builds(
    EntrantProgress,
    name=st.text(min_size=1, max_size=30),
    title=st.text(st.characters(blacklist_categories=("Cc", "Cs", "Zl", "Zp")), max_size=40),
    learning_rate=st.none() | st.floats(1e-9, 1e9),
    score=st.none() | st.floats(-1, 1),
    curve=st.lists(FLOATS, max_size=40).map(tuple),
    running=st.integers(0, 999),
    diverged=st.integers(0, 99),
    reason=st.sampled_from(["", "0.001: after epoch 4 its loss is above that of 0.0316", "x" * 300]),
)
PROGRESS = st.builds(
    Progress,
    stage=st.sampled_from(["compile", "tune", "widen", "confirm", "test", "train"]),
    entrants=st.lists(ENTRANTS, max_size=30).map(tuple),
    epochs_done=st.integers(0, 10**6),
    epochs_total=st.integers(0, 10**6),
    elapsed=st.floats(0, 1e6),
    remaining=st.none() | st.floats(0, 1e6),
    score_name=st.sampled_from(["accuracy", "r2"]),
)


def _drawn(progress, language, width, height):
    file = io.StringIO()
    console = Console(file=file, width=width, height=height, markup=False, emoji=False, highlight=False)
    console.print(board(progress, language, width, height, reason="y" * 200))
    return file.getvalue().splitlines()


@given(PROGRESS, st.sampled_from(["en", "ko"]), st.integers(80, 200), st.integers(12, 60))
def test_the_board_fits(progress, language, width, height):
    lines = _drawn(progress, language, width, height)
    assert len(lines) < height
    assert max(cell_len(line) for line in lines) <= width


@given(st.lists(FLOATS, max_size=100), st.integers(1, 30))
def test_a_sparkline_is_no_wider_than_asked(values, width):
    assert len(sparkline(values, width)) <= width


def _progress(stage, done, total=1000):
    leader = EntrantProgress("adam", "Adam", 0.01, 0.971, (2.0, 1.0, 0.5), running=3, eliminated=6)
    return Progress(stage, (leader, EntrantProgress("sgd", "SGD")), done, total, done / 100, 3.0, "accuracy")


def test_columns_stay_under_their_titles_in_korean():
    lines = _drawn(_progress("tune", 400), "ko", 80, 24)
    header = next(line for line in lines if "최적화기" in line)
    row = next(line for line in lines if "Adam" in line)
    assert cell_len(header[: header.index("최적화기")]) == cell_len(row[: row.index("Adam")])


def test_what_was_tuned_stays_in_parentheses_until_fresh_seeds_are_measured():
    console = Console(
        file=io.StringIO(), width=80, height=24, force_terminal=True, _environ={}, no_color=True
    )
    with Live(console=console, auto_refresh=False) as live:
        observe = LiveBoard(live, "en")
        tuned = EntrantProgress("sgd", "SGD", 0.3, 0.93, (2.0, 1.0))
        observe(dataclasses.replace(_progress("tune", 600), entrants=(tuned,)))
        assert _row(live, "SGD")[:5] == ["1", "SGD", "0.3", "93.0", "%"]
        observe(_progress("confirm", 700))
        assert _row(live, "SGD")[:5] == ["-", "SGD", "0.3", "(93.0", "%)"]
        assert _row(live, "Adam")[:5] == ["1", "Adam", "0.01", "97.1", "%"]


def _row(live, name):
    file = io.StringIO()
    Console(file=file, width=80, height=24).print(live.renderable)
    return next(line for line in file.getvalue().splitlines() if name in line).split()


def test_a_log_gets_a_line_per_stage_and_tenth(capsys):
    observe = PlainLines("en")
    for done in range(700):
        observe(_progress("tune", done))
    for done in range(700, 1001):
        observe(_progress("confirm", done))
    lines = capsys.readouterr().out.splitlines()
    assert 10 <= len(lines) <= 14
    assert all("Adam leads" in line for line in lines)


def test_every_key_of_the_terminal_is_in_both_languages_with_the_same_values():
    import string

    for key, texts in catalog().items():
        if key.startswith("terminal."):
            fields = [
                {field for _, field, _, _ in string.Formatter().parse(texts[language]) if field}
                for language in ("en", "ko")
            ]
            assert fields[0] == fields[1], key


@pytest.mark.long
@pytest.mark.skipif(shutil.which("stty") is None, reason="needs a terminal")
def test_a_terminal_shows_the_board_and_ctrl_c_can_be_gone_on_with(tmp_path):
    import pexpect

    words = ["-m", "osolgil.cli", "race", "digits", "--epochs", "40", "--seeds", "8", "--out", "out"]

    def race(out, *more):
        words = ["race", "digits", "--epochs", "40", "--seeds", "8", "--out", str(tmp_path / out), *more]
        subprocess.run([sys.executable, "-m", "osolgil.cli", *words, "--quiet"], check=True)
        facts = json.loads((tmp_path / out / "verdict.json").read_text("utf-8"))
        return {name: fact for name, fact in facts.items() if name != "seconds"}

    child = pexpect.spawn(
        sys.executable, words, cwd=str(tmp_path), encoding="utf-8", dimensions=(30, 120), timeout=90
    )
    child.expect("Tuning")
    child.expect("Adam")
    child.sendintr()
    child.expect("Stopped; go on with: osolgil race digits --epochs 40 --seeds 8 --out out --resume")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130
    assert json.loads((tmp_path / "out" / "plan.json").read_text("utf-8"))["data"]["name"] == "digits"
    assert not (tmp_path / "out" / "verdict.json").exists()
    assert race("out", "--resume") == race("never-stopped")
