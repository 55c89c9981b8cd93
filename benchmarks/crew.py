"""The worker processes of one cell of the table: one that uses all cores, or one on each core."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.peers import PEERS

ROOT = Path(__file__).resolve().parent.parent
HEAD_START_SECONDS = 0.35
"""Between the order to train and its start: time to touch the data again and to meet at the barrier."""


class Crew:
    """Processes of one peer, network and mode; they wait, asleep, between measurements."""

    def __init__(
        self, peer: str, network: str, mode: str, scratch: Path, log: Path, *, pinned_kernels: bool = False
    ) -> None:
        self.cell: dict[str, Any] = {"peer": peer, "network": network, "mode": mode, "microseconds": []}
        cores = machine.cores()
        count = PEERS[peer].processes(mode, cores)
        threads = PEERS[peer].threads(mode, cores)
        self.cell |= {"processes": count, "threads": threads}
        base = machine.environment(threads, pinned_kernels=pinned_kernels)
        environment = _environment(peer, base, scratch)
        self.log = log.open("a")
        command = [sys.executable, "-m", "benchmarks.worker", peer, network, mode, str(cores)]
        # JAX sizes its thread pool by the cores it may use, so single-threaded means confined to a core.
        confined = "jax" in peer and threads == 1
        available = sorted(os.sched_getaffinity(0))
        self.processes = [
            subprocess.Popen(
                command + (["--core", str(available[position])] if confined else []),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self.log,
                text=True,
                env=environment,
                cwd=ROOT,
            )
            for position in range(count)
        ]

    def prepare(self) -> bool:
        """Wait for all processes to compile and be judged; False where the peer cannot run here."""
        prepared = [self._hear(process) for process in self.processes]
        skipped = [answer["skipped"] for answer in prepared if "skipped" in answer]
        self.cell |= {"skipped": skipped[0]} if skipped else prepared[0]
        return not skipped

    def measure(self, seconds: float) -> float:
        """µs per step and run: the rates of all processes, working at the same time, added up."""
        start = time.monotonic() + HEAD_START_SECONDS
        for process in self.processes:
            assert process.stdin is not None
            process.stdin.write(json.dumps({"seconds": seconds, "start": start}) + "\n")
            process.stdin.flush()
        answers = [self._hear(process) for process in self.processes]
        if "skipped" in answers[0]:
            raise RuntimeError(f"{self.cell['peer']} stopped while training: {answers[0]['skipped']}")
        microseconds = 1e6 / sum(answer["steps"] / answer["seconds"] for answer in answers)
        self.cell["microseconds"].append(microseconds)
        return microseconds

    def close(self) -> None:
        for process in self.processes:
            if process.stdin is not None:
                process.stdin.close()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.log.close()

    @staticmethod
    def _hear(process: subprocess.Popen[str]) -> dict[str, Any]:
        assert process.stdout is not None
        line = process.stdout.readline()
        return json.loads(line) if line else {"skipped": f"the process ended with status {process.wait()}"}


def _environment(peer: str, environment: dict[str, str], scratch: Path) -> dict[str, str]:
    """Nothing compiled before is found again, by another set-up neither, so that compile seconds are true."""
    environment["TORCHINDUCTOR_FORCE_DISABLE_CACHES"] = "1"
    environment["TORCHINDUCTOR_CACHE_DIR"] = str(scratch / f"{peer}-inductor")
    environment["XDG_CACHE_HOME"] = str(scratch / "cache")
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "src")])
    return environment
