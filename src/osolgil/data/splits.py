"""Which rows train, which choose the setting, and which are touched once at the end."""

from __future__ import annotations

import numpy as np

SMALL = 10_000
TEST_SHARE = 0.2


def validation_share(rows: int, official_test: bool) -> float:
    """The share of the non-test rows that validates.

    1/4 when fewer than 10,000 rows are split by us (so 60/20/20 in all), else 1/6 (MNIST's 10,000 of 60,000).

    >>> validation_share(1000, official_test=False)
    0.25
    """
    return 1 / 4 if rows < SMALL and not official_test else 1 / 6


def split_rows(
    labels: np.ndarray | None,
    rows: int,
    seed: int,
    test_share: float = TEST_SHARE,
    official_test: bool = False,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row numbers of (train, validation, test), each in the order of the file.

    labels: class numbers for a split that keeps the share of every class and gives each at least one row in
    every part; None for a plain random split. With an official test set the third part is empty.

    >>> [len(part) for part in split_rows(None, 100, seed=0)]
    [60, 20, 20]
    """
    generator = np.random.default_rng(seed)
    share = 0.0 if official_test else test_share
    inner = validation_share(rows, official_test)
    classes = [] if labels is None else np.flatnonzero(np.bincount(labels))
    groups = [np.arange(rows)] if labels is None else [np.flatnonzero(labels == k) for k in classes]
    parts: tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]] = ([], [], [])
    for group in groups:
        shuffled = generator.permutation(group)
        tested, validated = _sizes(len(group), share, inner)
        parts[2].append(shuffled[:tested])
        parts[1].append(shuffled[tested : tested + validated])
        parts[0].append(shuffled[tested + validated :])
    train, validation, test = (np.sort(np.concatenate(part)) for part in parts)
    return train, validation, test


def _sizes(rows: int, test_share: float, inner_share: float) -> tuple[int, int]:
    """How many of a group's rows test and validate, leaving at least one to train."""
    tested = 0 if test_share == 0 else min(max(1, round(rows * test_share)), rows - 2)
    validated = min(max(1, round((rows - tested) * inner_share)), rows - tested - 1)
    return tested, validated


def first_rows(rows: int, validation_rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The published split: the first rows validate, the rest train in their order, the test set is apart."""
    return np.arange(validation_rows, rows), np.arange(validation_rows), np.arange(0)
