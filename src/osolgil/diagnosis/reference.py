"""What can be learned from the data without a network: a constant answer, a linear model, the nearest rows."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from osolgil.diagnosis import losses
from osolgil.engines.cpu.fleet import Task
from osolgil.engines.cpu.kernels import layout
from osolgil.formulas import catalog
from osolgil.formulas.explained import best_constant, explained
from osolgil.race.linear_models import minimize

_MOST_ROWS = 4000
_STEPS = 200
_NEIGHBOURS = 5
_FOLDS = 4


@dataclass(frozen=True)
class Reference:
    """Validation scores of plain models, and the training loss of a constant answer.

    chance: share of validation rows, or R² or D², that a constant answer gets. noise: standard error of a validation
    score near the best of them, from the number of validation rows alone. told: by how many standard errors plain
    models beat a constant answer on training rows that were held out from them in turn.
    """

    chance: float
    linear: float
    nearest: float
    constant_loss: float
    noise: float
    told: float = 0.0

    @property
    def best(self) -> float:
        """The best score without a network."""
        return max(self.chance, self.linear, self.nearest)

    @classmethod
    def of(cls, task: Task) -> Reference:
        """Plain models on a task; at most 4,000 rows train them."""
        from osolgil.diagnosis.measurement import evenly

        training, validation = evenly(task.training, _MOST_ROWS), evenly(task.validation, _MOST_ROWS)
        x, held = _scaled(task.inputs[training], task.inputs[validation])
        y, wanted = task.targets[training].astype(np.float64), task.targets[validation].astype(np.float64)
        chance, linear, nearest = _scores(task, x, y, held, wanted)
        best = min(max(linear, nearest, chance, 0.0), 1.0)
        return cls(
            chance, linear, nearest, constant_loss(task), _spread(best, len(wanted)), _told(task, training)
        )


def _scores(
    task: Task, x: np.ndarray, y: np.ndarray, held: np.ndarray, wanted: np.ndarray
) -> tuple[float, float, float]:
    """Scores of a constant answer, a linear model and the nearest rows on rows held out."""
    found = (_ridge(x, y, held), _nearest(x, y, held))
    if not task.classify:
        linear, nearest = (_share_explained(task, outputs, wanted) for outputs in found)
        return 0.0, linear, nearest
    labels = task.scoring == layout.LABELS
    constant = np.tile(y.mean(0), (len(wanted), 1))
    chance, linear, nearest = (_accuracy(outputs, wanted, labels) for outputs in (constant, *found))
    return chance, linear, nearest


def _told(task: Task, rows: np.ndarray) -> float:
    """Standard errors by which plain models beat a constant answer, each on a quarter of the rows in turn."""
    order = np.random.default_rng(0).permutation(rows)
    if len(order) < 2 * _FOLDS:
        return 0.0
    targets = task.targets[order].astype(np.float64)
    # of all rows: the most frequent class of three quarters is the rarer one in the fourth
    constant = np.tile(targets.mean(0), (len(order), 1))
    chance = _accuracy(constant, targets, task.scoring == layout.LABELS) if task.classify else 0.0
    total = np.zeros(2)
    for fold in range(_FOLDS):
        out = np.arange(len(order)) % _FOLDS == fold
        x, held = _scaled(task.inputs[order[~out]], task.inputs[order[out]])
        total += np.array(_scores(task, x, targets[~out], held, targets[out])[1:]) * int(out.sum())
    best = float(min(max(*(total / len(order)), chance, 0.0), 1.0))
    return (best - chance) / _spread(best, len(order))


def _spread(share: float, rows: int) -> float:
    """Standard error of a share of rows."""
    return math.sqrt(max(share * (1.0 - share), 1.0 / rows) / rows)


def constant_loss(task: Task) -> float:
    """Smallest mean training loss of an answer that is the same for every row; 4,000 rows tell it."""
    from osolgil.diagnosis.measurement import evenly

    rows = evenly(task.training, _MOST_ROWS)
    targets = task.targets[rows].astype(np.float64)
    weights = None if task.weights is None else task.weights[rows]

    def loss(answer: np.ndarray) -> tuple[float, np.ndarray]:
        answers = np.array(np.broadcast_to(answer, targets.shape))
        slopes = losses.slopes(task.loss, answers, targets)
        return losses.mean(task.loss, answers, targets, weights), np.average(slopes, axis=0, weights=weights)

    with np.errstate(all="ignore"):
        return loss(minimize(loss, np.zeros(targets.shape[1]), _STEPS))[0]


def _scaled(rows: np.ndarray, held: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    middle, spread = rows.mean(0, dtype=np.float64), rows.std(0, dtype=np.float64)
    spread[spread <= 1e-12 * np.abs(middle).max(initial=1e-300)] = np.inf
    return (rows - middle) / spread, (held - middle) / spread


def _ridge(x: np.ndarray, y: np.ndarray, held: np.ndarray) -> np.ndarray:
    """Least squares on targets, with a penalty of one row's weight."""
    middle = y.mean(0)
    gram = x.T @ x + len(x) ** 0.5 * np.eye(x.shape[1])
    return held @ np.linalg.solve(gram, x.T @ (y - middle)) + middle


def _nearest(x: np.ndarray, y: np.ndarray, held: np.ndarray) -> np.ndarray:
    """Mean target of the five nearest rows."""
    count = min(_NEIGHBOURS, len(x))
    answers = []
    for part in np.array_split(held, max(1, len(held) // 256)):
        distances = (x**2).sum(1) - 2.0 * part @ x.T
        answers.append(y[np.argpartition(distances, count - 1, axis=1)[:, :count]].mean(1))
    return np.concatenate(answers)


def _accuracy(outputs: np.ndarray, wanted: np.ndarray, labels: bool) -> float:
    """Share of right classes, or of right labels."""
    if labels or wanted.shape[1] == 1:
        return float(((outputs > 0.5) == (wanted > 0.5)).mean())
    return float((outputs.argmax(1) == wanted.argmax(1)).mean())


def _share_explained(task: Task, outputs: np.ndarray, wanted: np.ndarray) -> float:
    """R², or D² of answers that are shifted to where the loss wants them."""
    if task.score == "d2":
        row = catalog.loss(task.loss)
        shifted = outputs + best_constant(row, wanted - outputs)
        return max(explained(row, shifted, wanted), -1.0)
    total = float(((wanted - wanted.mean(0)) ** 2).sum()) or 1.0
    return max(1.0 - float(((outputs - wanted) ** 2).sum()) / total, -1.0)
