"""The leaderboard as text, a row per entrant: what the terminal and a notebook show."""

from __future__ import annotations

from typing import Any

from osolgil.messages import message
from osolgil.report.sentences import difference_text, rate_text, score_text, standing_of, within_reach

NUMBERS = ("rate", "accuracy", "r2", "d2", "interval", "behind")
"""Columns that are aligned to the right."""


def columns(facts: dict[str, Any]) -> tuple[str, ...]:
    """Names of the columns after the rank."""
    return ("optimizer", "rate", facts["data"]["score"], "interval", "behind", "standing")


def header(facts: dict[str, Any], language: str) -> list[str]:
    """Their titles."""
    return [message(f"terminal.column_{name}", language) for name in columns(facts)]


def rows(facts: dict[str, Any], language: str) -> list[list[str]]:
    """Rank, optimizer, learning rate, score, interval, distance from the best, and how it stands."""
    score_name = facts["data"]["score"]

    def shown(value: float | None) -> str:
        return "-" if value is None else score_text(value, score_name, language)

    def between(bounds: list[float] | None) -> str:
        low, high = within_reach(bounds or (None, None), score_name)
        return "-" if low is None or high is None else f"{shown(low)} – {shown(high)}"

    lines = []
    for row in facts["leaderboard"]:
        rate = row["hyperparameters"].get("learning_rate") if row["hyperparameters"] else None
        difference = row["difference"]
        lines.append([
            str(row["rank"]),
            row["title"],
            "-" if rate is None else rate_text(rate),
            shown(row["mean"]),
            between(row["interval"]),
            "-" if difference is None else difference_text(difference["mean"], score_name, language),
            message(f"terminal.standing_{standing_of(facts, row).replace('-', '_')}", language),
        ])  # fmt: skip
    return lines
