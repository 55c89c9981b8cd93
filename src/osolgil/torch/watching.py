"""A watcher for a training loop: losses, gradients, weights and updates of every layer, step by step."""

from __future__ import annotations

import math
from typing import Any

from osolgil.errors import SettingsError
from osolgil.messages import known_language, message
from osolgil.torch.looking import torch_or_sentence


class Watcher:
    """Records every `every`-th step; call `record(loss)` after the optimizer's step and before gradients are cleared.

    Nothing of the module is touched: gradients are read from `.grad`, updates are differences from the weights as
    they were at the record before the step, of which a copy is kept (as much memory as the parameters).
    language: of what it says, "en" or "ko".
    """

    def __init__(self, module: Any, every: int = 1, language: str = "en") -> None:
        if every < 1:
            raise SettingsError(f"A watcher records every 1st step or fewer, not every {every}th.")
        self.language = known_language(language)
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
        """What the record shows that is wrong, a sentence each; empty where nothing is."""
        return self._troubles(self.language)

    def sentences(self, language: str | None = None) -> list[str]:
        """What the record shows: troubles, or that there are none, by default in the watcher's language."""
        language = known_language(language or self.language)
        if not self.losses:
            return [message("watcher.nothing", language)]
        first, last = self.losses[0][1], self.losses[-1][1]
        values = {"steps": self.steps, "first": f"{first:.4g}", "last": f"{last:.4g}"}
        said = self._troubles(language) or [message("watcher.fine", language)]
        return [message("watcher.course", language, **values), *said]

    def __str__(self) -> str:
        return "\n".join(self.sentences())

    def _troubles(self, language: str) -> list[str]:
        said = []
        broken = next((step for step, loss in self.losses if not math.isfinite(loss)), None)
        if broken is not None:
            said.append(message("watcher.infinite", language, step=broken))
        still = [
            name
            for name, values in self.series("gradient_norm").items()
            if values and all(not value > 0.0 for value in values)
        ]
        if still:
            names = ", ".join(still[:3]) + (" …" if len(still) > 3 else "")
            said.append(message("watcher.unreached", language, names=names))
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


def watch(module: Any, every: int = 1, language: str = "en") -> Watcher:
    """A watcher for a training loop.

    Args:
        module: any `torch.nn.Module`. every: record every n-th step. language: of the sentences, "en" or "ko".

    >>> with osolgil.torch.watch(model) as watcher:  # doctest: +SKIP
    ...     for inputs, targets in batches:
    ...         optimizer.zero_grad()
    ...         loss = criterion(model(inputs), targets)
    ...         loss.backward()
    ...         optimizer.step()
    ...         watcher.record(loss)
    >>> print(watcher)  # doctest: +SKIP
    >>> watcher.series("update_ratio")  # doctest: +SKIP
    """
    return Watcher(module, every, language)
