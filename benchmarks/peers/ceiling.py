"""The machine's ceiling: a float32 matrix product of order 2048 by NumPy's own BLAS."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.problem import Network, Problem, Weights

ORDER = 2048
FLOATING_POINT_OPERATIONS = 2 * ORDER**3


class Product:
    """One product counts as one step. It trains nothing, so it has no weights to judge."""

    def __init__(self, problem: Problem) -> None:
        random = np.random.default_rng(0)
        self.first, self.second = random.standard_normal((2, ORDER, ORDER), dtype=np.float32)
        self.product = np.empty_like(self.first)

    @staticmethod
    def variants(network: Network, mode: str, cores: int) -> list[dict[str, Any]]:
        return [{}]

    def advance(self) -> int:
        np.matmul(self.first, self.second, out=self.product)
        return 1

    def weights(self) -> Weights:
        return []
