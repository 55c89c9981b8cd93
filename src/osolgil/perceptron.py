"""Rosenblatt's perceptron: its rule, the bound on its mistakes, where it fails, and the hidden layer that helps.

The rule looks at one row at a time and changes the weights only on a mistake, y (w · x + b) ≤ 0: w ← w + y x and
b ← b + y. Novikoff showed that on data some line separates with margin γ, all rows within radius R of the origin,
it makes at most (R/γ)² mistakes in all, however often it goes through the data. R and γ are those of the rows
with a 1 appended, which stands for the bias.

F. Rosenblatt, The perceptron, Psychological Review 65, 1958; A. Novikoff, On convergence proofs for perceptrons,
1962; M. Minsky, S. Papert, Perceptrons, MIT Press 1969 (exclusive or).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from osolgil.errors import DataError, SettingsError
from osolgil.spelling import hint

CORNERS = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
EXCLUSIVE_OR = np.array([-1, 1, 1, -1])
MOST_EPOCHS = 100_000


@dataclass(frozen=True, eq=False)
class Separation:
    """The line that separates two classes with the widest margin, where there is one.

    weights (features + 1,): the unit vector, bias last, and `margin` γ, the least y (w · x) with it; both None
    where no line separates. `radius` is R, the largest norm of a row with its 1.
    """

    radius: float
    weights: np.ndarray | None
    margin: float | None

    @property
    def bound(self) -> float | None:
        """Novikoff's bound on the number of mistakes, (R/γ)²."""
        return None if self.margin is None else (self.radius / self.margin) ** 2


@dataclass(frozen=True, eq=False)
class Lesson:
    """What a perceptron went through.

    weights (mistakes + 1, features + 1): at first 0, then after every mistake, bias last. rows (mistakes,): where
    each was made. mistakes_per_epoch: how many in each pass; the last is 0 where it learned the data. cycle: where
    the weights after a pass equal those after an earlier one, (that pass, its distance): from there it goes round
    for ever. separation: whether any line would do.
    """

    inputs: np.ndarray
    labels: np.ndarray
    weights: np.ndarray
    rows: np.ndarray
    mistakes_per_epoch: list[int]
    cycle: tuple[int, int] | None
    separation: Separation

    @property
    def learned(self) -> bool:
        """Whether the last pass was without a mistake."""
        return self.mistakes_per_epoch[-1] == 0

    @property
    def mistakes(self) -> int:
        """Mistakes in all, each of which changed the weights."""
        return len(self.rows)

    @property
    def accuracy(self) -> float:
        """Share of rows that the last weights have right."""
        return float(np.mean(predict(self.weights[-1], self.inputs) == self.labels))

    def to_dict(self) -> dict[str, Any]:
        """Everything but the rows, ready for JSON."""
        return {
            "rows": len(self.labels),
            "features": self.inputs.shape[1],
            "learned": self.learned,
            "epochs": len(self.mistakes_per_epoch),
            "mistakes": self.mistakes,
            "mistakes_per_epoch": self.mistakes_per_epoch,
            "accuracy": self.accuracy,
            "weights": self.weights[-1].tolist(),
            "cycle": None if self.cycle is None else {"after_epoch": self.cycle[0], "length": self.cycle[1]},
            "separable": self.separation.margin is not None,
            "radius": self.separation.radius,
            "margin": self.separation.margin,
            "bound": self.separation.bound,
        }


def learn(inputs: Any, labels: Any, epochs: int = 1000) -> Lesson:
    """Teach a perceptron rows in their order until a pass is without a mistake, it goes round, or passes run out.

    inputs: (rows, features), finite. labels: (rows,) of -1 and 1. epochs: most passes over all rows.

    >>> lesson = learn([[0.0, 2.0], [1.0, -1.0]], [1, -1])
    >>> lesson.learned, lesson.mistakes <= lesson.separation.bound
    (True, True)
    >>> learn(CORNERS, EXCLUSIVE_OR).cycle
    (0, 1)
    """
    rows, signs = _checked(inputs, labels, epochs)
    extended = _extended(rows)
    weights, places = [np.zeros(extended.shape[1])], []
    counts, seen = [], {weights[0].tobytes(): 0}
    cycle = None
    for epoch in range(1, epochs + 1):
        before = len(places)
        for place, (row, sign) in enumerate(zip(extended, signs, strict=True)):
            if sign * (weights[-1] @ row) <= 0.0:
                weights.append(weights[-1] + sign * row)
                places.append(place)
        counts.append(len(places) - before)
        if counts[-1] == 0:
            break
        earlier = seen.setdefault(weights[-1].tobytes(), epoch)
        if earlier != epoch:
            cycle = (earlier, epoch - earlier)
            break
    separation = separate(rows, signs)
    return Lesson(rows, signs, np.array(weights), np.array(places, int), counts, cycle, separation)


def predict(weights: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    """The classes (rows,) of -1 and 1; on the line itself -1."""
    return np.where(_extended(np.asarray(inputs, float)) @ weights > 0.0, 1, -1)


def separate(inputs: Any, labels: Any) -> Separation:
    """The separating line of widest margin through the rows with a 1 appended, or the proof that there is none.

    The shortest w with y (w · x) ≥ 1 for all rows, by the least-distance programme of C. Lawson, R. Hanson,
    Solving Least Squares Problems, 1974, chapter 23: its residual is zero exactly where no such w exists.
    """
    from scipy.optimize import nnls

    rows, signs = _checked(inputs, labels, 1)
    extended = _extended(rows)
    radius = float(np.linalg.norm(extended, axis=1).max())
    faced = extended * signs[:, None] / radius
    system = np.vstack([faced.T, np.ones(len(faced))])
    wanted = np.append(np.zeros(faced.shape[1]), 1.0)
    found, length = nnls(system, wanted, maxiter=50 * system.shape[1])
    residual = system @ found - wanted
    if length < 1e-9 or residual[-1] >= 0.0:
        return Separation(radius, None, None)
    weights = -residual[:-1] / residual[-1]
    weights = weights / np.linalg.norm(weights)
    margin = float((extended * signs[:, None] @ weights).min())
    return Separation(radius, weights, margin) if margin > 0.0 else Separation(radius, None, None)


def exclusive_or(inputs: Any) -> np.ndarray:
    """Exclusive or of two inputs of -1 and 1, by a hidden layer of two perceptrons whose weights are set by hand.

    One says whether any input is 1, the other whether both are; the output says: any, and not both.

    >>> exclusive_or(CORNERS).tolist() == EXCLUSIVE_OR.tolist()
    True
    """
    either = predict(np.array([1.0, 1.0, 1.0]), inputs)
    both = predict(np.array([1.0, 1.0, -1.0]), inputs)
    return predict(np.array([1.0, -1.0, -1.0]), np.column_stack([either, both]))


def two_classes(data: Any, wanted: str | None = None) -> tuple[np.ndarray, np.ndarray, str]:
    """Training rows of a data set, their labels -1 and 1, and the class that is 1: `wanted`, or the last of two,
    or the first of several against the rest."""
    if data.class_names is None:
        raise DataError(f"A perceptron tells classes apart, but the target of {data.name} is a number.")
    names = [str(name) for name in data.class_names]
    chosen = wanted if wanted is not None else names[-1] if len(names) == 2 else names[0]
    if chosen not in names:
        raise SettingsError(
            f"{data.name} has no class '{chosen}'; it has {', '.join(names[:20])}.{hint(chosen, names)}"
        )
    labels = np.where(data.train.targets == names.index(chosen), 1, -1)
    return np.asarray(data.train.inputs, float), labels, chosen


def toy(seed: int = 0, rows: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Two clouds in the plane with a clear gap between them: inputs (rows, 2), labels of -1 and 1."""
    random = np.random.default_rng(seed)
    normal = np.array([0.8, 0.6])
    drawn = random.uniform(-1.0, 1.0, (4 * rows, 2))
    side = drawn @ normal - 0.15
    kept = np.flatnonzero(np.abs(side) > 0.12)[:rows]
    return drawn[kept], np.where(side[kept] > 0, 1, -1)


def _extended(inputs: np.ndarray) -> np.ndarray:
    return np.column_stack([inputs, np.ones(len(inputs))])


def _checked(inputs: Any, labels: Any, epochs: int) -> tuple[np.ndarray, np.ndarray]:
    rows, signs = np.asarray(inputs, float), np.asarray(labels)
    if rows.ndim != 2 or len(rows) != len(signs) or not len(rows):
        raise DataError("A perceptron takes inputs (rows, features) and as many labels, at least one.")
    if not np.all(np.isfinite(rows)):
        raise DataError("A perceptron takes finite inputs only.")
    if not np.all((signs == 1) | (signs == -1)):
        raise DataError("A perceptron's labels are -1 and 1.")
    if not 1 <= epochs <= MOST_EPOCHS:
        raise SettingsError(f"A perceptron takes 1 to {MOST_EPOCHS:,} epochs, not {epochs}.")
    return rows, signs.astype(int)
