"""Score the rules on broken and healthy networks: `python -m benchmarks.diagnosis_suite [networks per kind]`.

Odd seeds are the half that thresholds were set on, even seeds the half that is scored. Writes a confusion table to
benchmarks/results/diagnosis.md and a line per network to the terminal.
"""

from __future__ import annotations

import math
import sys
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.diagnosis_faults import FAULTS, Patient, patients
from osolgil.diagnosis.examination import SEEDS, Case, Course, Examination, examine
from osolgil.diagnosis.explanation import Explanation, explain
from osolgil.diagnosis.reference import Reference
from osolgil.diagnosis.repair import repair

RESULTS = Path(__file__).parent / "results" / "diagnosis.md"
SCORED, TUNED = 0, 1
INCURABLE = ("labels", "overfitting")  # shuffled targets, and rows taken away


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


def course_of(case: Case) -> Course:
    fleet = case.train([replace(case.run, seed=case.run.seed + place) for place in range(SEEDS)], 2)
    return Course.of(fleet, range(SEEDS))


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


def cured(patient: Patient, twin: Course, found: Examination, said: Explanation) -> bool | None:
    """Whether repair brings the validation score to within noise of the healthy twin's; None for healthy ones."""
    if patient.fault is None:
        return None
    best = repair(patient.case, found.course, said, 2).best
    score = found.course.score if best is None else best.course.score
    noise = math.sqrt(2.0) * Reference.of(patient.twin.task).noise + float(twin.scores.std())
    return score >= twin.score - 2.0 * noise


def answers(kind: str | None, count: int) -> list[Answer]:
    found: list[Answer] = []
    seed = 0
    while len(found) < count and seed < 6 * count:
        seed += 1
        patient = patients(kind, seed)
        twin = course_of(patient.twin)
        if not usable(patient, twin):
            continue
        lost = 0.0
        if kind is not None:
            lost = harmed(patient, twin, course_of(patient.case))
            if lost < 0.2:
                continue
        found_here = examine(patient.case, 2)
        said = explain(found_here)
        causes = tuple(finding.cause for finding in said.findings)
        found.append(
            Answer(
                kind,
                said.cause,
                seed % 2,
                lost,
                patient.about,
                said.shortfall,
                causes,
                cured(patient, twin, found_here, said),
            )
        )
        mark = "ok " if said.cause == (kind or "healthy") else "BAD"
        line = (
            f"{mark} {kind or 'healthy':18s} {seed:3d} -> {said.cause:18s} {lost:5.2f} {said.shortfall:5.2f}"
        )
        print(
            line, found[-1].cured, patient.about, [(f.cause, f.certainty) for f in said.findings], flush=True
        )
    return found


def table(found: list[Answer]) -> str:
    """Rows: the true fault; columns: what was named."""
    names = ["healthy", *FAULTS, "unclear"]
    counts = Counter((answer.fault or "healthy", answer.named) for answer in found)
    used = [name for name in names if any(counts[row, name] for row in names)]
    lines = ["| fault | n | " + " | ".join(used) + " |", "|---|---|" + "---|" * len(used)]
    for row in names[:-1]:
        total = sum(counts[row, name] for name in names)
        if total:
            cells = " | ".join(str(counts[row, name] or "") for name in used)
            lines.append(f"| {row} | {total} | {cells} |")
    return "\n".join(lines)


def rates(found: list[Answer]) -> str:
    broken = [answer for answer in found if answer.fault]
    well = [answer for answer in found if not answer.fault]
    right = sum(answer.named == answer.fault for answer in broken)
    blamed = sum(answer.named not in ("healthy", "unclear") for answer in well)
    return (
        f"{right} of {len(broken)} broken networks named correctly ({right / max(len(broken), 1):.1%}); "
        f"{blamed} of {len(well)} healthy ones blamed ({blamed / max(len(well), 1):.1%})."
    )


def repaired(found: list[Answer]) -> str:
    """Share of broken networks that repair cured, by fault."""
    lines = ["| fault | repaired to within noise of the healthy twin |", "|---|---|"]
    for fault in FAULTS:
        chosen = [answer.cured for answer in found if answer.fault == fault]
        if chosen:
            lines.append(f"| {fault} | {sum(map(bool, chosen))} of {len(chosen)} |")
    broken = [answer.cured for answer in found if answer.fault]
    curable = [answer.cured for answer in found if answer.fault and answer.fault not in INCURABLE]
    for name, chosen in (("all", broken), ("all whose data still hold what is missing", curable)):
        share = f"{sum(map(bool, chosen)) / max(len(chosen), 1):.1%}"
        lines.append(f"| {name} | {sum(map(bool, chosen))} of {len(chosen)} ({share}) |")
    return "\n".join(lines)


def main(count: int) -> None:
    start = time.perf_counter()
    found = answers(None, 7 * count)
    for kind in FAULTS:
        found += answers(kind, count)
    parts = [
        "# Diagnosis: broken and healthy networks",
        "",
        "Generated by `python -m benchmarks.diagnosis_suite`.",
        "",
        "Shuffled targets (labels) and rows taken away (overfitting) cannot be put back by changing a network; repair",
        "beside a twin on the same spoilt data is in [another table](diagnosis_same_data.md).",
        "",
    ]
    for half, title in ((SCORED, "Scored half"), (TUNED, "Half that thresholds were set on")):
        chosen = [answer for answer in found if answer.half == half]
        parts += [f"## {title}", "", rates(chosen), "", table(chosen), "", repaired(chosen), ""]
    RESULTS.write_text("\n".join(parts), "utf-8")
    print("\n".join(parts))
    print(f"{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    np.seterr(all="ignore")
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 18)
