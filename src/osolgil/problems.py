"""Problems of two parameters: a surface of the catalog, seen exactly or through mini-batches.

>>> problem = SurfaceProblem.of("noisy_quadratic", batch_size=1)
>>> problem.value([0.0, 0.0])
0.0
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from osolgil.errors import SettingsError
from osolgil.formulas import catalog

SAMPLES = 256


@dataclass(frozen=True, eq=False)
class SurfaceProblem:
    """A surface whose gradient is measured on `batch_size` of its samples, or on all of them (None).

    A sample's gradient is the surface's plus the sample's own noise. The noises of all SAMPLES samples cancel
    exactly, so the full batch is gradient descent proper; a batch of B is off by the noise over √B or so.
    Batches go through all samples in a new order each epoch, as in training.
    """

    row: catalog.Surface
    batch_size: int | None = None
    noise: float | None = None
    seed: int = 0

    @classmethod
    def of(
        cls, surface: str, batch_size: int | None = None, noise: float | None = None, seed: int = 0
    ) -> SurfaceProblem:
        """The problem on the surface called so; `noise` is the standard deviation of one sample's gradient."""
        row = catalog.surface(surface)
        if batch_size is not None and not 1 <= batch_size <= SAMPLES:
            raise SettingsError(f"A batch on a surface holds 1 to {SAMPLES} samples, not {batch_size}.")
        if noise is not None and not 0 <= noise < np.inf:
            raise SettingsError(f"The noise must be a finite number from 0 up, not {noise}.")
        if batch_size is not None and row.noise is None and noise is None:
            noisy = ", ".join(name for name, each in catalog.surfaces().items() if each.noise is not None)
            raise SettingsError(
                f"{row.title} is seen exactly, so batches of it do not differ; give a noise, or take {noisy}."
            )
        return cls(row, batch_size, noise, seed)

    def value(self, point: Any) -> float:
        """The height at a point (x, y); where floats end it is infinite or not a number."""
        with np.errstate(all="ignore"):
            return float(self.row(*np.asarray(point, float)))

    def gradient(self, point: Any) -> np.ndarray:
        """The exact gradient (2,) at a point (x, y)."""
        with np.errstate(all="ignore"):
            return np.array([float(part) for part in self.row.slope(*np.asarray(point, float))])

    def measured(self, point: Any, step: int) -> np.ndarray:
        """The gradient (2,) as the batch of a step (from 0) shows it."""
        exact = self.gradient(point)
        if self.batch_size is None:
            return exact
        return exact + self._deviation(point) * self._batch(step).mean(0)

    def _deviation(self, point: Any) -> np.ndarray:
        if self.noise is not None or self.row.noise is None:
            return np.full(2, self.noise or 0.0)
        with np.errstate(all="ignore"):
            return np.array([float(part) for part in self.row.noise(*np.asarray(point, float))])

    @cached_property
    def _samples(self) -> np.ndarray:
        """Noises (SAMPLES, 2) of mean 0, variance 1 and no correlation, exactly but for rounding."""
        drawn = np.random.default_rng(self.seed).normal(size=(SAMPLES, 2))
        drawn -= drawn.mean(0)
        orthogonal, _ = np.linalg.qr(drawn)
        return orthogonal * np.sqrt(SAMPLES)

    def _batch(self, step: int) -> np.ndarray:
        size = self.batch_size or SAMPLES
        per_epoch = -(-SAMPLES // size)
        epoch, place = divmod(step, per_epoch)
        order = np.random.default_rng([self.seed, 1, epoch]).permutation(SAMPLES)
        return self._samples[order[place * size : (place + 1) * size]]
