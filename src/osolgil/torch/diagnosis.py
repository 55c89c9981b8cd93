"""`osolgil.torch.diagnose`: what one batch says of any module."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from osolgil.diagnosis.explanation import DEPTH_SCALES
from osolgil.messages import known_language, message
from osolgil.torch.looking import Layer, Look, look
from osolgil.torch.theory import Theory, theory_of

_FLAT_OF_TWO_SIDES = ("Tanh", "Sigmoid", "Hardtanh", "Hardsigmoid", "Softsign")
_EXCESS, _FEWEST_ROWS = 0.25, 8


@dataclass(frozen=True)
class Found:
    """One finding: a cause ("vanishing", "exploding", "dying", "saturation", "inputs", "unused"), where, numbers."""

    cause: str
    certainty: str
    layer: str | None
    evidence: dict[str, float]


@dataclass(frozen=True, eq=False)
class ModuleDiagnosis:
    """What one batch showed: layers in forward order, and findings, the root first.

    theory: prediction for modules that are a plain chain of linear layers and activations, else None; without it
    a change of gradients is judged by six depth scales alone, as the assumption says. language: of what it says of
    itself, "en" or "ko".
    """

    look: Look
    findings: tuple[Found, ...]
    theory: Theory | None
    language: str = "en"

    @property
    def layers(self) -> list[Layer]:
        """Every call of every layer, in forward order."""
        return self.look.layers

    @property
    def cause(self) -> str:
        """The root cause, or "healthy"."""
        return self.findings[0].cause if self.findings else "healthy"

    def sentences(self, language: str | None = None) -> list[str]:
        """The diagnosis in plain sentences, by default in the language it was asked for."""
        language = known_language(language or self.language)
        said = [self._sentence(finding, language) for finding in self.findings]
        if not said:
            said = [message("module.healthy", language, layers=len(self.layers))]
        key = "module.no_theory" if self.theory is None else "module.theory"
        return [*said, message(key, language, rows=self.look.rows)]

    def _sentence(self, finding: Found, language: str) -> str:
        shown = {name: f"{value:.3g}" for name, value in finding.evidence.items()}
        values = {"layer": finding.layer, "certainty": message(f"certainty.{finding.certainty}", language)}
        key = (
            "module.infinite_inputs"
            if not self.look.finite and finding.cause == "infinite"
            else f"module.{finding.cause}"
        )
        return message(key, language, **values, **shown)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""

        def plain(value: Any) -> Any:
            return None if isinstance(value, float) and not math.isfinite(value) else value

        return {
            "cause": self.cause,
            "loss": plain(self.look.loss),
            "rows": self.look.rows,
            "layers": [{k: plain(v) for k, v in asdict(layer).items()} for layer in self.layers],
            "findings": [asdict(finding) for finding in self.findings],
            "predicted_log10_gradient": None if self.theory is None else self.theory.log10_gradient,
        }

    def __str__(self) -> str:
        return "\n".join(self.sentences())


def diagnose(module: Any, batch: Any, loss: Callable[..., Any], *, language: str = "en") -> ModuleDiagnosis:
    """Look once at any module on one batch, without changing its weights, buffers, gradients or random state.

    Convolutions, normalisation, attention, custom modules and shared parameters are seen as they are: every module
    without modules inside is a layer, once per call. The module runs in its own mode; for what training sees, call
    `module.train()` before.

    Args:
        module: any `torch.nn.Module`.
        batch: (inputs, targets); inputs may be a tensor, a tuple or a dictionary of arguments. Or inputs alone.
        loss: of outputs and targets (or of outputs alone), a mean over the batch.
        language: of the sentences, "en" or "ko".

    Raises:
        MissingLibraryError, SettingsError: one sentence on what is wrong and what to do.

        >>> import torch  # doctest: +SKIP
        >>> deep = torch.nn.Sequential(*[m for _ in range(20) for m in (torch.nn.Linear(32, 32), torch.nn.Sigmoid())])
        >>> diagnose(deep, torch.randn(64, 32), lambda outputs: outputs.pow(2).mean()).cause  # doctest: +SKIP
        'vanishing'
    """
    known_language(language)
    seen = look(module, batch, loss)
    theory = theory_of(module, seen, batch)
    found = [finding for rule in (_infinite, _inputs, _dying, _saturated) for finding in rule(seen)]
    return ModuleDiagnosis(seen, tuple(found + _gradients(seen, theory) + _unused(seen)), theory, language)


def _infinite(seen: Look) -> list[Found]:
    if not seen.finite:
        return [Found("infinite", "sure", None, {"loss": seen.loss})]
    broken = next((layer for layer in seen.layers if not math.isfinite(layer.signal)), None)
    if broken is None and math.isfinite(seen.loss):
        return []
    return [Found("infinite", "sure", broken.name if broken else None, {"loss": seen.loss})]


def _inputs(seen: Look) -> list[Found]:
    """The first layer's signal, beside that of the layers it feeds: far off where inputs were not scaled."""
    weighted = [layer for layer in seen.layers if layer.has_weights and layer.signal > 0.0]
    if len(weighted) < 2:
        return []
    spread = (
        weighted[0].signal - weighted[0].mean ** 2
    )  # a mean of all outputs comes from biases, not from inputs
    first = math.log10(spread) if spread > 0.0 else -math.inf
    away = abs(first) if math.isfinite(first) else math.inf
    return [Found("inputs", "likely", weighted[0].name, {"signal": weighted[0].signal})] if away > 3.0 else []


def _dying(seen: Look) -> list[Found]:
    """More units without slope than chance leaves among rows that are as alike as these."""
    excess = {
        layer.name: layer.dead - (layer.expected_dead or 0.0)
        for layer in seen.layers
        if layer.dead is not None and layer.kind not in _FLAT_OF_TWO_SIDES
    }
    worst = max(excess, key=lambda name: excess[name], default=None)
    if worst is None or excess[worst] <= _EXCESS or seen.rows < _FEWEST_ROWS:
        return []
    layer = next(layer for layer in seen.layers if layer.name == worst)
    evidence = {"dead": layer.dead or 0.0, "expected": layer.expected_dead or 0.0}
    return [Found("dying", "sure" if excess[worst] > 2.0 * _EXCESS else "likely", worst, evidence)]


def _saturated(seen: Look) -> list[Found]:
    bad = [
        layer
        for layer in seen.layers
        if layer.kind in _FLAT_OF_TWO_SIDES
        and layer.slope_flat is not None
        and layer.slope_flat > 2 * _EXCESS
    ]
    if not bad:
        return []
    worst = max(bad, key=lambda layer: layer.slope_flat or 0.0)
    return [Found("saturation", "likely", worst.name, {"saturated": worst.slope_flat or 0.0})]


def _gradients(seen: Look, theory: Theory | None) -> list[Found]:
    """Squared gradient norms from the last layer with weights back to the first, against six depth scales."""
    weighted = [layer for layer in seen.layers if layer.has_weights and not math.isnan(layer.norm)]
    if len(weighted) < 3:
        return []
    # the outputs' own layer is left out: its gradient is the loss's, of another size than those inside
    inner = weighted[:-1]
    last = inner[-1].norm
    if not last > 0.0:
        return [Found("vanishing", "sure", inner[-1].name, {"factor": 0.0})]
    changes = [2.0 * math.log(layer.norm / last) if layer.norm > 0.0 else -math.inf for layer in inner]
    bound = DEPTH_SCALES + (0.0 if theory is None else 1.96 * theory.log_deviation)
    found = []
    for cause, lost in (
        ("vanishing", [c < -bound for c in changes]),
        ("exploding", [c > bound for c in changes]),
    ):
        if any(lost):
            place = max(index for index, is_lost in enumerate(lost) if is_lost)
            factor = inner[0].norm / last
            found.append(Found(cause, "sure" if theory else "likely", inner[place].name, {"factor": factor}))
    return found


def _unused(seen: Look) -> list[Found]:
    if not seen.unused:
        return []
    return [Found("unused", "sure", seen.unused[0], {"count": float(len(seen.unused))})]
