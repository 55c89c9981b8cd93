"""The arithmetic of the tables: medians, spreads, ratios taken repeat by repeat, share of the ceiling."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Any

from benchmarks.peers.ceiling import FLOATING_POINT_OPERATIONS as PRODUCT_OPERATIONS


@dataclass(frozen=True)
class Spread:
    """Median of the repeats, with the least and the greatest."""

    median: float
    low: float
    high: float

    def text(self, unit: str = "") -> str:
        """Three figures and the range, "5.31 (5.20–5.55)", which is left out where it says nothing."""
        shown = [figures(value) for value in (self.median, self.low, self.high)]
        return f"{shown[0]}{unit}" if len(set(shown)) == 1 else f"{shown[0]}{unit} ({shown[1]}–{shown[2]})"


def figures(value: float) -> str:
    """Three significant figures without an exponent: 0.0531, 5.31, 1,234."""
    if value == 0:
        return "0"
    if abs(value) >= 99.95:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 9.995 else f"{value:.3g}"


def spread(values: list[float]) -> Spread:
    """Raises ValueError where nothing was measured."""
    if not values:
        raise ValueError("nothing was measured")
    return Spread(statistics.median(values), min(values), max(values))


def paired_ratio(values: list[float], base: list[float]) -> Spread:
    """Value ÷ base of each repeat, as repeats were interleaved: what slowed one slowed the other."""
    if len(values) != len(base):
        raise ValueError(f"{len(values)} repeats cannot be paired with {len(base)}")
    return spread([value / other for value, other in zip(values, base, strict=True)])


def gigaflops(operations: float, microseconds: float) -> float:
    return operations / microseconds / 1e3


def ceiling(cells: list[dict[str, Any]], network: str) -> float | None:
    """GFLOP/s of sgemm beside this network: the best of all repeats in both modes."""
    times = [
        value
        for cell in cells
        if cell["peer"] == "sgemm" and cell["network"] == network
        for value in cell["microseconds"]
    ]
    return gigaflops(PRODUCT_OPERATIONS, min(times)) if times else None


def share_of_ceiling(results: dict[str, Any], cell: dict[str, Any]) -> float | None:
    """Rate of the network's matrix products over sgemm's; None where sgemm was not measured."""
    top = ceiling(results["cells"], cell["network"])
    if top is None or not cell["microseconds"]:
        return None
    operations = results["settings"]["floating_point_operations"][cell["network"]]
    return gigaflops(operations, statistics.median(cell["microseconds"])) / top


def above_ceiling(results: dict[str, Any]) -> list[dict[str, Any]]:
    """Cells that cannot be true: either they skipped work, or sgemm was held back."""
    trained = [cell for cell in results["cells"] if cell["peer"] != "sgemm"]
    return [cell for cell in trained if (share_of_ceiling(results, cell) or 0) > 1]
