"""A watcher for a training loop: losses, gradients, weights and updates of every layer, step by step."""

from __future__ import annotations

import math
from typing import Any

from osolgil.errors import SettingsError
from osolgil.torch.looking import torch_or_sentence


class Watcher:
    """Records every `every`-th step; call `record(loss)` after the optimizer's step and before gradients are cleared.

    Nothing of the module is touched: gradients are read from `.grad`, updates are differences from the weights as
    they were at the record before the step, of which a copy is kept (as much memory as the parameters).
    """

    def __init__(self, module: Any, every: int = 1) -> None:
        if every < 1:
            raise SettingsError(f"A watcher records every 1st step or fewer, not every {every}th.")
        self.torch = torch_or_sentence()
        self.module, self.every, self.steps = module, every, 0
        self.names = [name for name, p in module.named_parameters() if p.requires_grad]
        self.losses: list[tuple[int, float]] = []
        self.rows: list[dict[str, Any]] = []
        self._before = self._copy() if every == 1 else {}

    def __enter__(self) -> Watcher:
        return self

    def __exit__(self, *_: object) -> None:
        self._before = {}

    def record(self, loss: Any) -> None:
        """Put one training step on record."""
        self.steps += 1
        recorded = (self.steps - 1) % self.every == 0
        if recorded:
            value = float(loss.detach()) if isinstance(loss, self.torch.Tensor) else float(loss)
            self.losses.append((self.steps, value))
            self.rows += self._look()
        if self.every == 1 or self.steps % self.every == 0:
            self._before = self._copy()

    def series(self, name: str) -> dict[str, list[float]]:
        """One quantity by parameter: "gradient_norm", "weight_norm" or "update_ratio", a number per record."""
        found: dict[str, list[float]] = {}
        for row in self.rows:
            found.setdefault(row["parameter"], []).append(row[name])
        return found

    @property
    def troubles(self) -> list[str]:
        """What the record shows, a sentence each: steps that were not finite, parameters that never move."""
        said = []
        broken = next((step for step, loss in self.losses if not math.isfinite(loss)), None)
        if broken is not None:
            said.append(f"The loss is not finite from step {broken} on.")
        still = [
            name
            for name, values in self.series("gradient_norm").items()
            if values and all(not value > 0.0 for value in values)
        ]
        if still:
            said.append(f"No gradient has reached {', '.join(still[:3])}{' …' if len(still) > 3 else ''}.")
        return said

    def _copy(self) -> dict[str, Any]:
        return {n: p.detach().clone() for n, p in self.module.named_parameters() if p.requires_grad}

    def _look(self) -> list[dict[str, Any]]:
        rows = []
        with self.torch.no_grad():
            for name, parameter in self.module.named_parameters():
                if not parameter.requires_grad:
                    continue
                size = float(parameter.double().norm())
                gradient = 0.0 if parameter.grad is None else float(parameter.grad.double().norm())
                before = self._before.get(name)
                moved = math.nan if before is None else float((parameter.double() - before.double()).norm())
                start = math.nan if before is None else float(before.double().norm())
                rows.append(
                    {
                        "step": self.steps, "parameter": name, "gradient_norm": gradient, "weight_norm": size,
                        "update_ratio": moved / start if start > 0.0 else math.nan,
                    }
                )  # fmt: skip
        return rows


def watch(module: Any, every: int = 1) -> Watcher:
    """A watcher for a training loop.

    >>> with osolgil.torch.watch(model) as watcher:  # doctest: +SKIP
    ...     for inputs, targets in batches:
    ...         optimizer.zero_grad()
    ...         loss = criterion(model(inputs), targets)
    ...         loss.backward()
    ...         optimizer.step()
    ...         watcher.record(loss)
    >>> watcher.series("update_ratio")  # doctest: +SKIP
    """
    return Watcher(module, every)
