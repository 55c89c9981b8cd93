"""The arithmetic and the pages of the benchmark tables, on numbers made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks import ratios, steps, table

PRODUCT = 2 * 2048**3


def make_results(osolgil: list[float], peer: list[float], sgemm: list[float]) -> dict[str, Any]:
    def cell(name: str, microseconds: list[float], **more: Any) -> dict[str, Any]:
        return {"peer": name, "network": "small", "mode": "many", "microseconds": microseconds, **more}

    judged = {
        "processes": 1,
        "threads": 2,
        "variant": {"runs": 8},
        "compile_seconds": 0.5,
        "loss_before": 2.0,
        "loss_after": 1.0,
        "guard_steps": 256,
        "guard": "passed",
    }
    return {
        "date": "2026-01-01 00:00 UTC",
        "machine": {
            "processor": "A",
            "cores": 2,
            "memory_gib": 8,
            "system": "Linux",
            "load_before": 0.0,
        },
        "openblas": {"kernels": ["SkylakeX"]},
        "versions": {"numpy": "2"},
        "settings": {"repeats": 3, "seconds": 2.0, "floating_point_operations": {"small": 1e7}},
        "cells": [
            cell("osolgil", osolgil, **judged),
            cell("jax", peer, **judged),
            cell("sklearn", [], skipped="not here"),
            cell("sgemm", sgemm),
        ],
    }


def test_ratios_are_taken_repeat_by_repeat() -> None:
    # A slow second repeat hits both alike: the ratio is 2 in each, whatever the medians do.
    assert ratios.paired_ratio([2.0, 20.0, 2.2], [1.0, 10.0, 1.1]) == ratios.Spread(2.0, 2.0, 2.0)


def test_ratio_of_unequal_repeats_is_refused() -> None:
    with pytest.raises(ValueError, match="paired"):
        ratios.paired_ratio([1.0, 2.0], [1.0])


def test_spread_is_median_least_and_greatest() -> None:
    assert ratios.spread([3.0, 1.0, 10.0]) == ratios.Spread(3.0, 1.0, 10.0)
    assert ratios.spread([1.0, 2.0, 3.0, 4.0]).median == 2.5
    with pytest.raises(ValueError, match="nothing"):
        ratios.spread([])


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0"), (0.05312, "0.0531"), (5.314, "5.31"), (9.996, "10.0"), (53.14, "53.1"), (99.96, "100"),
     (1234.5, "1,234")],
)  # fmt: skip
def test_three_figures(value: float, shown: str) -> None:
    assert ratios.figures(value) == shown


def test_spread_text_names_the_range_only_where_there_is_one() -> None:
    assert ratios.Spread(5.0, 4.0, 6.0).text("×") == "5× (4–6)"
    assert ratios.Spread(5.0, 5.0, 5.0).text() == "5"


def test_share_of_ceiling_and_what_exceeds_it() -> None:
    # sgemm at 100 GFLOP/s; 1e7 operations in 200 µs are 50 GFLOP/s, in 50 µs an impossible 200.
    results = make_results([200.0], [50.0], [PRODUCT / 1e5])
    assert ratios.ceiling(results["cells"], "small") == pytest.approx(100)
    assert ratios.share_of_ceiling(results, results["cells"][0]) == pytest.approx(0.5)
    assert [cell["peer"] for cell in ratios.above_ceiling(results)] == ["jax"]


def test_no_ceiling_no_share() -> None:
    results = make_results([200.0], [50.0], [])
    assert ratios.share_of_ceiling(results, results["cells"][0]) is None
    assert ratios.above_ceiling(results) == []


def test_a_loss_that_does_not_drop_fails() -> None:
    learned = {"loss_before": 2.0, "loss_after": 1.0}
    idle = {"loss_before": 2.0, "loss_after": 1.99}
    broken = {"loss_before": 2.0, "loss_after": float("nan")}
    for cell in (learned, idle, broken):
        steps.judge(cell)
    assert [cell["guard"] for cell in (learned, idle, broken)] == ["passed", "failed", "failed"]


def test_steps_page_shows_ratio_range_and_reason() -> None:
    page = table.steps_page(make_results([10.0, 10.0, 20.0], [20.0, 30.0, 40.0], [PRODUCT / 1e6]))
    assert "| JAX + optax scan | 30.0 (20.0–40.0); **2× (2–3)**; 33% |" in page
    assert "not here" in page


def test_whole_job_page_compares_with_a_second_start_that_had_the_same_optimizers() -> None:
    results = make_results([1.0], [1.0], [])
    job = {"hidden": [64], "epochs": 3, "batch": 64, "optimizers": ["adam", "lion"], "seeds": 5, "cores": 2}
    results["settings"] = job | {"repeats": 1, "learning_rates": {"adam": [0.1, 0.01]}}
    measured = {"test_accuracy": [0.975], "networks": [90], "optimizers": [2]}
    fewer = measured | {"optimizers": [1]}
    results["jobs"] = [
        {
            "job": "osolgil-warm",
            "title": "osolgil race",
            "beside": "osolgil-warm",
            "seconds": [4.0],
            **measured,
        },
        {"job": "optuna", "title": "Optuna", "beside": "osolgil-warm", "seconds": [20.0], **measured},
        {"job": "osolgil-fewer", "title": "fewer", "beside": "osolgil-fewer", "seconds": [2.0], **fewer},
        {"job": "halving", "title": "Halving", "beside": "osolgil-fewer", "seconds": [20.0], **fewer},
        {"job": "other", "title": "Other", "beside": "osolgil-warm", "skipped": "no library"},
    ]
    page = table.whole_job_page(results)
    assert "| Optuna | 20.0 | 5× | 0.975 | 2 | 90 |" in page
    assert "| Halving | 20.0 | 10.0× | 0.975 | 1 | 90 |" in page
    assert "not measured: no library" in page
