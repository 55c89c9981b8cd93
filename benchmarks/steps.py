"""µs per training step and run of osolgil and its peers, measured side by side.

Every cell (peer, network, mode) is a crew of processes that prepares once (import, compile, choose its
fastest set-up, be judged on a loss that must drop) and then takes turns with all the others, round after
round, so that whatever else the machine does hits all alike.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.crew import Crew
from benchmarks.peers import PEERS
from benchmarks.problem import ACTIVATIONS, GUARD_STEPS, LEARNING_RATE, NETWORKS, ROWS
from benchmarks.ratios import above_ceiling

MODES = ("many", "one")
DROP = 0.85
"""The judged loss must fall below this share of what it was."""


def main() -> None:
    arguments = _arguments()
    results: dict[str, Any] = {"format": 1, **machine.describe(arguments.pinned_kernels)}
    results |= {"settings": _settings(arguments), "cells": []}
    for network in arguments.networks:
        for mode in arguments.modes:
            results["cells"] += measure_together(network, mode, arguments)
            arguments.out.parent.mkdir(parents=True, exist_ok=True)
            arguments.out.write_text(json.dumps(results, indent=1) + "\n")
    for cell in above_ceiling(results):
        print(f"SUSPECT: {cell['peer']} on {cell['network']} ({cell['mode']}) is faster than sgemm allows")
    failed = [cell for cell in results["cells"] if cell.get("guard") == "failed"]
    for cell in failed:
        print(f"FAILED: {cell['peer']} did not learn {cell['network']} ({cell['mode']})")
    raise SystemExit(1 if failed else 0)


def _arguments() -> argparse.Namespace:
    def names(text: str) -> list[str]:
        return text.split(",")

    activations = [f"small-{name}" for name in ACTIVATIONS]
    parser = argparse.ArgumentParser(description="Time training steps beside peers, as ratios.")
    parser.add_argument("--networks", type=names, default=["tiny", "small", "deep", "big", *activations])
    parser.add_argument("--peers", type=names, default=list(PEERS))
    parser.add_argument("--modes", type=names, default=list(MODES))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each repeat")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/steps.json"))
    parser.add_argument("--pinned-kernels", action="store_true", help="keep OPENBLAS_CORETYPE of the shell")
    parser.add_argument("--log", type=Path, default=Path(tempfile.gettempdir()) / "osolgil-benchmark.log")
    return parser.parse_args()


def _settings(arguments: argparse.Namespace) -> dict[str, Any]:
    return {
        "repeats": arguments.repeats,
        "seconds": arguments.seconds,
        "rows": ROWS,
        "learning_rate": LEARNING_RATE,
        "guard_steps": GUARD_STEPS,
        "must_drop_below": DROP,
        "floating_point_operations": {
            name: NETWORKS[name].floating_point_operations for name in arguments.networks
        },
    }


def measure_together(network: str, mode: str, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """All peers of one network and mode: prepare one after another, then take turns."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        crews: list[Crew] = []
        ready: list[Crew] = []
        try:
            for peer in _taking_part(arguments.peers, network, mode):
                pins = arguments.pinned_kernels
                crews.append(Crew(peer, network, mode, Path(scratch), arguments.log, pinned_kernels=pins))
                if crews[-1].prepare():
                    judge(crews[-1].cell)
                    ready.append(crews[-1])
                _report(crews[-1].cell)
            for _ in range(arguments.repeats):
                for crew in ready:
                    crew.measure(arguments.seconds)
        finally:
            for crew in crews:
                crew.close()
    for crew in ready:
        shown = " ".join(f"{value:.4g}" for value in crew.cell["microseconds"])
        print(f"{network:6} {mode:5} {crew.cell['peer']:24} µs {shown}", flush=True)
    return [crew.cell for crew in crews]


def _taking_part(peers: list[str], network: str, mode: str) -> list[str]:
    """Networks that only compare activations are osolgil's alone."""
    able = [peer for peer in peers if getattr(PEERS[peer], mode)]
    return [peer for peer in able if peer == "osolgil"] if NETWORKS[network].activation != "relu" else able


def judge(cell: dict[str, Any]) -> None:
    """Mark the cell by whether its loss dropped; a peer without weights (sgemm) is not judged."""
    if "loss_after" in cell:
        cell["guard"] = "passed" if cell["loss_after"] < DROP * cell["loss_before"] else "failed"


def _report(cell: dict[str, Any]) -> None:
    head = f"{cell['network']:6} {cell['mode']:5} {cell['peer']:24}"
    if "skipped" in cell:
        print(f"{head} skipped: {cell['skipped']}", flush=True)
        return
    loss = f"loss {cell['loss_before']:.3f} → {cell['loss_after']:.3f}" if "loss_after" in cell else ""
    print(f"{head} compile {cell['compile_seconds']:.1f} s  {cell['variant']}  {loss}", flush=True)


if __name__ == "__main__":
    main()
