"""The board fits its terminal whatever it shows, in both languages; logs get few lines; Ctrl-C resumes."""

import dataclasses
import io
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from osolgil.messages import Message, catalog, message
from osolgil.race.progress import EntrantProgress, Progress
from osolgil.terminal import closing
from osolgil.terminal.board import board
from osolgil.terminal.drawing import sparkline
from osolgil.terminal.screen import Screen
from osolgil.terminal.watching import LiveBoard, PlainLines
from report import factory

FLOATS = st.floats(allow_nan=True, allow_infinity=True)


def worse_than(rate: str) -> Message:
    return Message("stopped.worse", epoch=4, rate=rate, chance="p < 1e-6")


ENTRANTS = st.builds(
    EntrantProgress,
    name=st.text(min_size=1, max_size=30),
    title=st.text(st.characters(blacklist_categories=("Cc", "Cs", "Zl", "Zp")), max_size=40),
    learning_rate=st.none() | st.floats(1e-9, 1e9),
    score=st.none() | st.floats(-1, 1),
    curve=st.lists(FLOATS, max_size=40).map(tuple),
    running=st.integers(0, 999),
    diverged=st.integers(0, 99),
    stopped=st.floats(1e-9, 1e9),
    reason=st.none() | st.sampled_from(["1", "x" * 300]).map(worse_than),
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


@pytest.mark.parametrize(("language", "width"), [("en", 80), ("en", 200), ("ko", 72), ("en", 0)])
def test_the_final_table_cuts_no_number(language, width):
    file = io.StringIO()
    options = {"width": width or 80, "_environ": {}} if width else {"_environ": {}}
    console = Console(file=file, force_terminal=width > 0, color_system=None, **options)
    rows = [
        {
            "rank": rank, "title": "Optimistic gradient descent", "mean": 0.9712, "interval": [0.9631, 0.9793],
            "hyperparameters": {"learning_rate": 0.00316}, "difference": {"mean": -0.0123}, "standing": "under-tuned",
        }
        for rank in range(1, 13)
    ]  # fmt: skip
    facts = {"data": {"score": "accuracy"}, "leaderboard": rows}
    console.print(closing._table(facts, language, width), crop=width > 0, no_wrap=True)
    lines = file.getvalue().splitlines()
    assert len(lines) == 13
    assert max(cell_len(line) for line in lines) <= (width or 200)
    for rank, line in enumerate(lines[1:], start=1):
        assert re.match(rf" *{rank} Optimistic", line)
        percent = "%" if language == "ko" else " %"
        for number in ("0.00316", f"97.1{percent}", f"96.3{percent} – 97.9{percent}", "-1.2"):
            assert number in line
        assert line.rstrip().endswith(("under-tuned", "튜닝 부족"))


def _progress(stage, done, total=1000):
    leader = EntrantProgress("adam", "Adam", 0.01, 0.971, (2.0, 1.0, 0.5), running=3, eliminated=6)
    return Progress(stage, (leader, EntrantProgress("sgd", "SGD")), done, total, done / 100, 3.0, "accuracy")


def test_columns_stay_under_their_titles_in_korean():
    lines = _drawn(_progress("tune", 400), "ko", 80, 24)
    header = next(line for line in lines if "최적화기" in line)
    row = next(line for line in lines if "Adam" in line)
    assert cell_len(header[: header.index("최적화기")]) == cell_len(row[: row.index("Adam")])


def test_what_was_tuned_stays_in_parentheses_until_fresh_seeds_are_measured():
    screen = _Screen(80, 24)
    observe = LiveBoard(screen, "en")
    tuned = EntrantProgress("sgd", "SGD", 0.3, 0.93, (2.0, 1.0))
    observe(dataclasses.replace(_progress("tune", 600), entrants=(tuned,)))
    assert screen.row("SGD")[:5] == ["1", "SGD", "0.3", "93.0", "%"]
    observe(_progress("confirm", 700))
    assert screen.row("SGD")[:5] == ["-", "SGD", "0.3", "(93.0", "%)"]
    assert screen.row("Adam")[:5] == ["1", "Adam", "0.01", "97.1", "%"]


class _Screen(Screen):
    """A screen without colours whose last block can be read."""

    def __init__(self, width, height):
        super().__init__(Console(file=io.StringIO(), width=width, height=height, _environ={}))

    def row(self, name):
        return next(line for line in self._lines if name in line).split()


@given(st.lists(st.lists(st.text("ab", min_size=1, max_size=9), min_size=1, max_size=12), max_size=6))
def test_what_is_drawn_in_place_is_what_a_terminal_then_shows(blocks):
    screen = _Screen(20, 8)
    with screen:
        for block in blocks:
            screen.draw("\n".join(block))
            assert _shown(screen.console.file.getvalue()) == block[:7]
    assert _shown(screen.console.file.getvalue()) == []


def _shown(text):
    """The lines a terminal shows after this text: a terminal of the few controls that are used."""
    lines, row = [], 0
    for token in re.findall(r"\x1b\[\??\d*[A-Za-z]|\n|[^\x1b\n]+", text):
        if token.endswith("F"):
            row -= int(token[2:-1])
        elif token == "\x1b[J":
            del lines[row:]
        elif token == "\n":
            row += 1
        elif not token.startswith("\x1b"):
            lines[row : row + 1] = [token]
    return lines


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
@pytest.mark.filterwarnings("ignore:os.fork:RuntimeWarning")  # of JAX, where another test has loaded it
@pytest.mark.skipif(shutil.which("stty") is None, reason="needs a terminal")
def test_a_terminal_shows_the_board_and_ctrl_c_can_be_gone_on_with(tmp_path):
    import pexpect

    words = ["-m", "osolgil.cli", "race", "digits", "--epochs", "120", "--seeds", "8", "--out", "out"]

    def race(out, *more):
        words = ["race", "digits", "--epochs", "120", "--seeds", "8", "--out", str(tmp_path / out), *more]
        subprocess.run([sys.executable, "-m", "osolgil.cli", *words, "--quiet"], check=True)
        facts = json.loads((tmp_path / out / "verdict.json").read_text("utf-8"))
        return {name: fact for name, fact in facts.items() if name != "seconds"}

    child = pexpect.spawn(
        sys.executable, words, cwd=str(tmp_path), encoding="utf-8", dimensions=(30, 120), timeout=90
    )
    child.expect("Tuning")
    child.expect("Adam")
    child.sendintr()
    child.expect("Stopped; go on with: osolgil race digits --epochs 120 --seeds 8 --out out --resume")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130
    assert json.loads((tmp_path / "out" / "plan.json").read_text("utf-8"))["data"]["name"] == "digits"
    assert not (tmp_path / "out" / "verdict.json").exists()
    assert race("out", "--resume") == race("never-stopped")


@pytest.mark.parametrize(("language", "told"), [("en", "may leak the answer"), ("ko", "정답이 새는")])
def test_what_to_know_of_the_data_stands_below_the_verdict(language, told, capsys):
    closing.show_verdict(factory.verdict(), ["A sentence."], Path("folder"), language)
    shown = capsys.readouterr().out
    assert told in shown
    assert message("note.text_number", language, names=["TotalCharges"]) not in shown
