"""The mean-field prediction of a module, where it is a chain that the theory knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from osolgil.diagnosis.prediction import Inputs, LayerScale, predict
from osolgil.network import Network
from osolgil.torch.looking import Look, torch_or_sentence

_ACTIVATIONS = {
    "Identity": "identity", "Sigmoid": "sigmoid", "Tanh": "tanh", "ReLU": "relu", "LeakyReLU": "leaky_relu",
    "ELU": "elu", "SELU": "selu", "GELU": "gelu", "SiLU": "silu", "Softplus": "softplus",
}  # fmt: skip


@dataclass(frozen=True)
class Theory:
    """log10 of each linear layer's gradient relative to the last; deviation of the natural log of its square."""

    log10_gradient: list[float]
    log_deviation: float


def theory_of(module: Any, seen: Look, batch: Any) -> Theory | None:
    """The prediction for a `Sequential` of linear layers and activations of the catalog, for its weights."""
    torch = torch_or_sentence()
    parts = list(module) if isinstance(module, torch.nn.Sequential) else []
    inputs: Any = batch[0] if isinstance(batch, (tuple, list)) and len(batch) == 2 else batch
    if not parts or not isinstance(inputs, torch.Tensor) or inputs.dim() != 2:
        return None
    widths: list[int] = []
    activations: list[str] = []
    scales: list[LayerScale] = []
    for part in parts:
        kind = type(part).__name__
        if isinstance(part, torch.nn.Linear):
            if not widths:
                widths.append(part.in_features)
            if len(activations) < len(widths) - 1:
                activations.append("identity")
            widths.append(part.out_features)
            scales.append(_scale(part))
        elif kind in _ACTIVATIONS and len(activations) == len(widths) - 2:
            activations.append(_ACTIVATIONS[kind])
        elif not (kind == "Flatten" or (isinstance(part, torch.nn.Dropout) and not part.training)):
            return None
    if len(widths) < 3:
        return None
    activations += ["identity"] * (len(widths) - 1 - len(activations))
    network = Network(tuple(widths), tuple(activations))
    x = inputs.detach().double().cpu().numpy()
    predicted = predict(network, Inputs.of(x, "squared_error"), scales=scales)
    return Theory(
        predicted.log10_gradient.tolist(), float(2.0 * np.log(10.0) * np.nanmax(predicted.deviation))
    )


def _scale(part: Any) -> LayerScale:
    weight = part.weight.detach().double()
    if part.bias is None:
        return LayerScale(float(weight.pow(2).mean()))
    bias = part.bias.detach().double()
    return LayerScale(float(weight.pow(2).mean()), float(bias.mean()), float(bias.var(unbiased=False)))
