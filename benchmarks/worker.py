"""One peer in a process of its own: prepares, is judged, then trains for as long as it is told to.

Spoken over standard input and output, a JSON object a line. The first line out is the preparation; each line
in, `{"seconds": s, "start": t}`, asks to train from monotonic time t for s seconds and is answered with the
steps × runs done and the seconds taken. What libraries print goes to standard error instead.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
import warnings
from typing import Any, TextIO

CONSIDER_SECONDS = 0.3
REWARM_SECONDS = 0.3
LONGEST_EPOCH_SECONDS = 20.0


def main() -> None:
    began = time.monotonic()
    arguments = _arguments()
    if arguments.core is not None:
        os.sched_setaffinity(0, {arguments.core})
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    try:
        trainer, prepared = _prepare(arguments, began)
    except Exception as problem:  # a peer that cannot run here is a result, with its reason
        reason = str(problem).strip().partition("\n")[0]
        _say(out, {"skipped": f"{type(problem).__name__}: {reason}"})
        return
    _say(out, prepared)
    for line in sys.stdin:
        _say(out, _measure(trainer, **json.loads(line), epoch_seconds=prepared["epoch_seconds"]))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer")
    parser.add_argument("network")
    parser.add_argument("mode", choices=("one", "many"))
    parser.add_argument("cores", type=int)
    parser.add_argument("--core", type=int, help="confine the process to this core")
    return parser.parse_args()


def _prepare(arguments: argparse.Namespace, began: float) -> tuple[Any, dict[str, Any]]:
    """Import, compile each variant, keep the fastest, and have the judge look at what it trained."""
    from benchmarks.peers import PEERS
    from benchmarks.problem import NETWORKS, make_problem

    problem = make_problem(NETWORKS[arguments.network])
    trainer_class = PEERS[arguments.peer].load()
    prepared: dict[str, Any] = {"start_seconds": time.monotonic() - began, "considered": []}
    best = math.inf
    failure: Exception | None = None
    for variant in trainer_class.variants(problem.network, arguments.mode, arguments.cores):
        try:
            considered = _consider(trainer_class, problem, variant)
        except Exception as problem_met:
            failure = problem_met
            continue
        prepared["considered"].append(considered)
        if considered["microseconds"] < best:
            best = considered["microseconds"]
            prepared |= {key: considered[key] for key in ("variant", "compile_seconds", "epoch_seconds")}
        if considered["epoch_seconds"] > LONGEST_EPOCH_SECONDS:
            break
    if failure is not None and not prepared["considered"]:
        raise failure
    trainer = trainer_class(problem, **prepared["variant"])
    return trainer, prepared | _judge(trainer, problem)


def _consider(trainer_class: Any, problem: Any, variant: dict[str, Any]) -> dict[str, Any]:
    """Seconds to compile (first epoch less a later one) and µs per step and run of one variant."""
    began = time.perf_counter()
    trainer = trainer_class(problem, **variant)
    trainer.advance()
    first = time.perf_counter() - began
    steps, epochs, began = 0, 0, time.perf_counter()
    while time.perf_counter() - began < CONSIDER_SECONDS:
        steps += trainer.advance()
        epochs += 1
    seconds = time.perf_counter() - began
    return {
        "variant": variant,
        "compile_seconds": max(0.0, first - seconds / epochs),
        "epoch_seconds": seconds / epochs,
        "microseconds": 1e6 * seconds / steps,
    }


def _judge(trainer: Any, problem: Any) -> dict[str, Any]:
    """Losses, by one NumPy function for all, before and after GUARD_STEPS steps from the same weights."""
    from benchmarks.problem import GUARD_STEPS

    before = trainer.weights()
    if not before:
        trainer.advance()
        return {}
    loss_before = problem.loss(before)
    one_epoch = getattr(trainer, "advance_one_epoch", trainer.advance)
    done = 0
    while done < GUARD_STEPS:
        done += one_epoch() // (getattr(trainer, "runs", None) or 1)
    loss_after = problem.loss(trainer.weights())
    return {"loss_before": loss_before, "loss_after": loss_after, "guard_steps": done}


def _measure(trainer: Any, seconds: float, start: float, epoch_seconds: float) -> dict[str, Any]:
    """Whole epochs from `start` until `seconds` have passed; both the work and the time are exact."""
    if epoch_seconds < REWARM_SECONDS:
        trainer.advance()
    time.sleep(max(0.0, start - time.monotonic()))
    began, steps = time.monotonic(), 0
    while time.monotonic() - began < seconds:
        steps += trainer.advance()
    return {"steps": steps, "seconds": time.monotonic() - began, "late": began - start}


def _say(out: TextIO, words: dict[str, Any]) -> None:
    out.write(json.dumps(words) + "\n")
    out.flush()


if __name__ == "__main__":
    main()
