"""Data sets that need no network: five bundled with scikit-learn and seven drawn from a fixed seed."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np

from osolgil.data.source import Source, digest

ROWS = 1000


def load_builtin(name: str) -> Source:
    """The built-in set of this name; KeyError when there is none."""
    source = BUILTIN[name](name)
    source.task = "regression" if source.targets.dtype.kind == "f" else "classification"
    source.content = digest(source.inputs, source.targets)
    return source


def _digits(name: str) -> Source:
    """Handwritten digits of 8 × 8 pixels (E. Alpaydin, C. Kaynak, UCI 1998), as scikit-learn bundles them.

    Its file is read where it lies: to import scikit-learn takes longer than to train the first hundred networks.
    """
    package = importlib.util.find_spec("sklearn")
    place = Path(package.origin or "").parent / "datasets" / "data" / "digits.csv.gz" if package else Path()
    if not place.is_file():
        return _bundled(name)
    table = np.loadtxt(place, delimiter=",")
    names = tuple(f"pixel_{row}_{column}" for row in range(8) for column in range(8))
    source = Source(name, table[:, :-1], table[:, -1].astype(np.int64), column_names=names)
    source.class_names = tuple(str(digit) for digit in range(10))
    source.divisor, source.image_shape = 16.0, (8, 8)
    return source


def _bundled(name: str) -> Source:
    import sklearn.datasets

    bunch = getattr(sklearn.datasets, f"load_{name}")()
    classes = tuple(str(label) for label in bunch.target_names) if "target_names" in bunch else None
    names = tuple(str(column) for column in bunch.feature_names)
    source = Source(name, np.asarray(bunch.data), np.asarray(bunch.target), column_names=names)
    if name == "digits":
        source.divisor, source.image_shape = 16.0, (8, 8)
    if name == "diabetes":
        source.target_name = "progression"
    else:
        source.class_names = classes
    return source


def _plane(name: str, inputs: np.ndarray, labels: np.ndarray) -> Source:
    return Source(name, inputs, labels.astype(np.int64), column_names=("x", "y"), target_name="class")


def _moons(name: str) -> Source:
    """Two interleaved half circles with noise 0.2."""
    generator = np.random.default_rng(0)
    label = np.arange(ROWS) % 2
    angle = generator.uniform(0, np.pi, ROWS)
    upper = np.column_stack([np.cos(angle), np.sin(angle)])
    lower = np.column_stack([1 - np.cos(angle), 0.5 - np.sin(angle)])
    points = np.where(label[:, None] == 0, upper, lower)
    return _plane(name, points + generator.normal(0, 0.2, points.shape), label)


def _circles(name: str) -> Source:
    """A small circle inside a large one with noise 0.1."""
    generator = np.random.default_rng(1)
    label = np.arange(ROWS) % 2
    angle = generator.uniform(0, 2 * np.pi, ROWS)
    radius = np.where(label == 0, 1.0, 0.5)
    points = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    return _plane(name, points + generator.normal(0, 0.1, points.shape), label)


def _blobs(name: str) -> Source:
    """Four Gaussian clouds that overlap a little."""
    generator = np.random.default_rng(2)
    label = np.arange(ROWS) % 4
    centres = np.array([[-2.0, -2.0], [2.0, -2.0], [-2.0, 2.0], [2.0, 2.0]])
    return _plane(name, centres[label] + generator.normal(0, 1, (ROWS, 2)), label)


def _spirals(name: str) -> Source:
    """Two spiral arms of one and a half turns: hard for a shallow network."""
    generator = np.random.default_rng(3)
    label = np.arange(ROWS) % 2
    length = np.sqrt(generator.uniform(0.02, 1, ROWS))
    angle = 3 * np.pi * length + np.pi * label
    points = np.column_stack([length * np.cos(angle), length * np.sin(angle)])
    return _plane(name, points + generator.normal(0, 0.02, points.shape), label)


def _xor(name: str) -> Source:
    """The class says whether the signs of x and y differ: no straight line separates it."""
    generator = np.random.default_rng(4)
    points = generator.uniform(-1, 1, (ROWS, 2))
    return _plane(name, points + generator.normal(0, 0.02, points.shape), points[:, 0] * points[:, 1] < 0)


def _checkerboard(name: str) -> Source:
    """A four by four board of two classes."""
    generator = np.random.default_rng(5)
    points = generator.uniform(0, 4, (ROWS, 2))
    return _plane(name, points, np.floor(points).sum(axis=1) % 2)


def _sine(name: str) -> Source:
    """y = sin(3x) with noise 0.1, one feature."""
    generator = np.random.default_rng(6)
    x = generator.uniform(-2, 2, (ROWS, 1))
    y = np.sin(3 * x[:, 0]) + generator.normal(0, 0.1, ROWS)
    return Source(name, x, y, column_names=("x",), target_name="y")


def _friedman(name: str) -> Source:
    """Ten features of which five matter (Friedman 1991, "Multivariate adaptive regression splines")."""
    generator = np.random.default_rng(7)
    x = generator.uniform(0, 1, (ROWS, 10))
    y = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]
    names = tuple(f"x{column}" for column in range(1, 11))
    return Source(name, x, y + generator.normal(0, 1, ROWS), column_names=names, target_name="y")


BUILTIN: dict[str, Callable[[str], Source]] = {
    "digits": _digits,
    **dict.fromkeys(("breast_cancer", "wine", "iris", "diabetes"), _bundled),
    "moons": _moons,
    "circles": _circles,
    "blobs": _blobs,
    "spirals": _spirals,
    "xor": _xor,
    "checkerboard": _checkerboard,
    "sine": _sine,
    "friedman": _friedman,
}
