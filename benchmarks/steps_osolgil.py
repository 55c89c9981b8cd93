"""osolgil in the step benchmark."""

from __future__ import annotations

from typing import Any

from benchmarks.problem import Network, Problem, Weights


class Osolgil:
    """Many runs of one program, or a single run, on all cores."""

    def __init__(self, problem: Problem, *, runs: int) -> None:
        raise NotImplementedError("osolgil.training is not there yet")

    @staticmethod
    def variants(network: Network, mode: str, cores: int) -> list[dict[str, Any]]:
        return [{"runs": 1 if mode == "one" else 16 * cores}]

    def advance(self) -> int:
        raise NotImplementedError

    def weights(self) -> Weights:
        raise NotImplementedError
