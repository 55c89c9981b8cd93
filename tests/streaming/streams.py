"""What the tests of streaming train: a table of numbers, and a network on it."""

import numpy as np

from osolgil.race.settings import RaceSettings
from osolgil.streaming import train_streamed
from osolgil.streaming.sources import ArrayRows

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(3.0, 2.0, (6000, 5)).astype(np.float32)
Y = X[:, 0] * X[:, 1] + np.sin(X[:, 2])
SETTINGS = {"epochs": 4, "hidden": (8,), "batch_size": 32}


def rows(inputs=X, targets=Y):
    return ArrayRows(inputs, targets, None, "data")


def trained(source=None, *, optimizer="adam", rate=0.01, memory=2**30, block_rows=512, **more):
    settings = {
        **SETTINGS,
        **{name: more.pop(name) for name in [*more] if name in RaceSettings.__dataclass_fields__},
    }
    return train_streamed(
        source or rows(), RaceSettings(**settings), optimizer, {"learning_rate": rate}, memory, block_rows=block_rows,
        **more,
    )  # fmt: skip
