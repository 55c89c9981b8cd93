"""Score the rules on broken and healthy networks: `python -m benchmarks.diagnosis_suite [networks per kind]`.

Odd seeds are the half that thresholds were set on, even seeds the half that is scored. Writes a confusion table to
benchmarks/results/diagnosis.md and a line per network to the terminal.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.diagnosis_faults import FAULTS, Patient, patients
from osolgil.diagnosis.examination import SEEDS, Case, Course, Examination, examine
from osolgil.diagnosis.explanation import CAUSES, Explanation, explain
from osolgil.diagnosis.reference import Reference
from osolgil.diagnosis.repair import repair
from osolgil.engines.cpu.fleet import Fleet, Task

RESULTS = Path(__file__).parent / "results" / "diagnosis.md"
SCORED, TUNED = 0, 1
HEALTHY = "healthy"
INCURABLE = ("labels", "few_rows")  # shuffled targets, and rows taken away: faults of the data
BESIDE = ("few_rows",)  # a lack of data rather than a fault: counted apart
CAUSE = {"few_rows": "overfitting"}  # the cause to be named, where it is not called like the fault


@dataclass(frozen=True)
class Answer:
    """What was said of one network: its true fault, the cause named, and how both twins scored."""

    fault: str | None
    named: str
    half: int
    harm: float
    about: str
    shortfall: float
    findings: tuple[str, ...]
    cured: bool | None
    tested: bool | None

    @property
    def right(self) -> bool:
        """Whether the cause named is that of the fault."""
        return self.named == (CAUSE.get(self.fault, self.fault) if self.fault else "healthy")


def trained(case: Case) -> Fleet:
    return case.train([replace(case.run, seed=case.run.seed + place) for place in range(SEEDS)], 2)


def course_of(case: Case) -> Course:
    return Course.of(trained(case), range(SEEDS))


def harmed(patient: Patient, twin: Course, broken: Course) -> float:
    """By how much a fault harms, as a share of what can be learned; 0 where it does not count."""
    reference = Reference.of(patient.twin.task)
    reach = max(twin.score - reference.chance, 1e-9)
    lost = (twin.score - broken.score) / reach
    stuck = (
        broken.final_loss > 3.0 * max(twin.final_loss, 0.02 * reference.constant_loss)
        and patient.fault == "loss"
    )
    return 1.0 if stuck else lost


def usable(patient: Patient, twin: Course) -> bool:
    """Whether the healthy twin deserves its name: nearly as good as plain models."""
    reference = Reference.of(patient.twin.task)
    reach = reference.best - reference.chance
    return bool(twin.score > reference.best - 0.06 * reach - reference.noise and not twin.diverged.any())


def test_rows(case: Case) -> np.ndarray:
    return np.arange(int(case.task.validation.max()) + 1, len(case.task.inputs))


def test_scores(case: Case) -> np.ndarray:
    """Score (seeds,) on the test rows, which chose nothing; the lowest possible where a run diverged."""
    fleet = trained(case)
    scores, lowest = fleet.measure(test_rows(case), 2)[1], 0.0 if case.task.classify else -1.0
    usable = np.isfinite(fleet.arrays["thetas"]).all(1) & np.isfinite(scores)
    return np.maximum(np.where(usable, scores, lowest), lowest)


def within(task: Task, scores: np.ndarray, twin: np.ndarray) -> bool:
    """Whether a mean score on a task's validation rows is within noise of the healthy twin's."""
    noise = math.sqrt(2.0) * Reference.of(task).noise + float(twin.std())
    return bool(scores.mean() >= twin.mean() - 2.0 * noise)


def cured(patient: Patient, twin: Course, found: Examination, said: Explanation) -> tuple[bool, bool]:
    """Whether repair brings the score to within noise of the healthy twin's: on validation rows, and on test rows."""
    best = repair(patient.case, found.course, said, 2).best
    case, course = (patient.case, found.course) if best is None else (best.case, best.course)
    held = replace(patient.twin.task, validation=test_rows(patient.twin))
    tested = within(held, test_scores(case), test_scores(patient.twin))
    return within(patient.twin.task, course.scores, twin.scores), tested


def answer(kind: str | None, seed: int) -> Answer | None:
    """What is said of one network; None where its twin or its fault does not count."""
    patient = patients(kind, seed)
    twin = course_of(patient.twin)
    if not usable(patient, twin):
        return None
    lost = 0.0 if kind is None else harmed(patient, twin, course_of(patient.case))
    if kind is not None and lost < 0.2:
        return None
    found = examine(patient.case, 2)
    said = explain(found)
    healed = (None, None) if kind is None else cured(patient, twin, found, said)
    causes = tuple(finding.cause for finding in said.findings)
    return Answer(kind, said.cause, seed % 2, lost, patient.about, said.shortfall, causes, *healed)


def answers(kind: str | None, count: int, seeds: Iterable[int]) -> list[Answer]:
    """The first so many networks of a kind that count."""
    found: list[Answer] = []
    for seed in seeds:
        if len(found) < count and (made := answer(kind, seed)) is not None:
            found.append(made)
            mark = "ok " if made.right else "BAD"
            said = f"{kind or 'healthy':18s} {seed:3d} -> {made.named:18s} {made.harm:5.2f} {made.shortfall:5.2f}"
            print(mark, said, made.cured, made.tested, made.about, made.findings, flush=True)
    return found


def recorded(kinds: Sequence[str], count: int, records: Path | None) -> list[Answer]:
    """Answers for all kinds; those that a file of records has are taken from there, others are added to it."""
    lines = records.read_text("utf-8").splitlines() if records is not None and records.exists() else []
    known = {kind: [Answer(**one) for one in answers] for kind, answers in map(json.loads, lines)}
    for kind in kinds:
        if kind not in known:
            known[kind] = (
                answers(None, 7 * count, range(1, 42 * count + 1))
                if kind == HEALTHY
                else answers(kind, count, range(1, 6 * count + 1))
            )
            if records is not None:
                with records.open("a", encoding="utf-8") as file:
                    file.write(json.dumps([kind, [asdict(one) for one in known[kind]]]) + "\n")
    return [one for kind in kinds for one in known[kind]]


def table(found: list[Answer]) -> str:
    """Rows: the true fault; columns: what was named."""
    names, causes = ["healthy", *FAULTS], ["healthy", *CAUSES, "unclear"]
    counts = Counter((answer.fault or "healthy", answer.named) for answer in found)
    used = [name for name in causes if any(counts[row, name] for row in names)]
    lines = ["| fault | n | " + " | ".join(used) + " |", "|---|---|" + "---|" * len(used)]
    for row in names:
        total = sum(counts[row, name] for name in used)
        if total:
            cells = " | ".join(str(counts[row, name] or "") for name in used)
            lines.append(f"| {row} | {total} | {cells} |")
    return "\n".join(lines)


def rates(found: list[Answer]) -> str:
    broken = [answer for answer in found if answer.fault]
    counted = [answer for answer in broken if answer.fault not in BESIDE]
    well = [answer for answer in found if not answer.fault]
    blamed = [answer.named not in ("healthy", "unclear") for answer in well]
    right, too = (share([answer.right for answer in group], True) for group in (counted, broken))
    return (
        f"{right} broken networks named correctly, {too} with {', '.join(BESIDE)}; "
        f"{share(blamed, True)} healthy ones blamed."
    )


def repaired(found: list[Answer]) -> str:
    """Share of broken networks that repair cured, by fault."""
    groups = {fault: [answer for answer in found if answer.fault == fault] for fault in FAULTS}
    groups["all a change of the network can cure"] = [
        a for a in found if a.fault and a.fault not in INCURABLE
    ]
    groups[f"all but {', '.join(BESIDE)}"] = [a for a in found if a.fault and a.fault not in BESIDE]
    groups["all"] = [answer for answer in found if answer.fault]
    lines = [
        "| fault | repaired to within noise of the healthy twin | the same on test rows, which chose nothing |",
        "|---|---|---|",
    ]
    for name, group in groups.items():
        if group:
            cells = [share([bool(answer.cured) for answer in group], name.startswith("all"))]
            cells.append(share([bool(answer.tested) for answer in group], name.startswith("all")))
            lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def share(good: list[bool], percent: bool) -> str:
    counted = f"{sum(good)} of {len(good)}"
    return f"{counted} ({sum(good) / max(len(good), 1):.1%})" if percent else counted


ABOUT = """\
A fault is injected into a healthy network by a generator that knows nothing of the rules, and counts only where it
harms. Two are of the data: targets that were shuffled (labels), and rows that were taken away (few_rows, rightly named
overfitting). They are to be named, but no change of a network brings back what is missing: its twin on unspoilt data is
out of reach. Shuffled targets count as failures of repair all the same. Rows taken away are a lack of data rather than
a fault, and were added to see what is said of it; they are counted apart, and with all others in the last line. Repair
beside a twin on the same spoilt data is in [another table](diagnosis_same_data.md). All other kinds are faults of a
network or of its training. In overfitting, a share of the training targets is wrong for both twins: the healthy one is
narrow, bound and stops early, the broken one is wide, unbound and trained far too long."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=18, help="networks per kind of fault")
    parser.add_argument("--kinds", default="", help="only these, comma-separated, and no tables")
    parser.add_argument("--records", type=Path, help="file of answers, so that kinds may run side by side")
    asked = parser.parse_args()
    start, kinds = time.perf_counter(), asked.kinds.split(",") if asked.kinds else [HEALTHY, *FAULTS]
    found = recorded(kinds, asked.count, asked.records)
    if not asked.kinds:
        parts = [
            "# Diagnosis: broken and healthy networks", "", "Generated by `python -m benchmarks.diagnosis_suite`.", "",
            ABOUT, "",
        ]  # fmt: skip
        for half, title in ((SCORED, "Scored half"), (TUNED, "Half that thresholds were set on")):
            chosen = [answer for answer in found if answer.half == half]
            parts += [f"## {title}", "", rates(chosen), "", table(chosen), "", repaired(chosen), ""]
        RESULTS.write_text("\n".join(parts), "utf-8")
        print("\n".join(parts))
    print(f"{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    np.seterr(all="ignore")
    main()
