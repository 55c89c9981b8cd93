"""What may cure each cause, most direct first: changes of a case, and the options that make them.

A remedy for a root undoes it (standardised inputs, usual weights); the others make the network bear it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from osolgil.diagnosis.examination import Case
from osolgil.formulas import catalog
from osolgil.mean_field import critical
from osolgil.network import Network


@dataclass(frozen=True)
class Remedy:
    """A change of a case. typed: whether the command line can ask for it."""

    name: str
    change: Callable[[Case], Case | None]
    typed: bool = True

    def options(self, changed: Case) -> str:
        """Options of `osolgil train` for a changed case, empty where there are none."""
        return options_of(changed) if self.typed and changed.start is None else ""


def hidden(network: Network, name: str, scale: str) -> Network:
    """The network with another activation in its hidden layers."""
    last = network.activations[-1]
    return replace(network, activations=(*[name] * (network.depth - 1), last), initial_scale=scale)


def _activation(name: str, scale: str) -> Callable[[Case], Case | None]:
    def change(case: Case) -> Case | None:
        if case.network.depth < 2 or set(case.network.activations[:-1]) == {name}:
            return None
        network = hidden(case.network, name, scale)
        return replace(case, network=network, start=None, standard_scale=scale)

    return change


def _usual_weights(case: Case) -> Case | None:
    network = replace(case.network, initial_scale=case.standard_scale)
    if case.start is None and network.initial_scale == case.network.initial_scale:
        return None
    return replace(case, network=network, start=None)


def _critical_weights(case: Case) -> Case | None:
    """Weights at the edge between order and chaos, where there is one without biases."""
    network = case.network
    if network.depth < 3 or network.normalization is not None or network.residual:
        return None
    names = {network.activations[0], network.activations[-1]}
    if any(critical(catalog.activation(name)) is None for name in names):
        return None
    return replace(case, network=replace(network, initial_scale="critical"), start=None)


def _normalized(residual: bool) -> Callable[[Case], Case | None]:
    def change(case: Case) -> Case | None:
        network = replace(case.network, normalization="layer", residual=residual or case.network.residual)
        return (
            None
            if network == case.network or network.depth < 2
            else replace(case, network=network, start=None)
        )

    return change


def _residual_relu(case: Case) -> Case | None:
    if case.network.depth < 3:
        return None
    network = replace(
        hidden(case.network, "relu", "he_normal"), normalization="layer", residual=True
    )  # fmt: skip
    return replace(case, network=network, start=None, standard_scale="he_normal")


def _standardised(case: Case) -> Case | None:
    inputs = case.task.inputs.astype(np.float64)
    middle, spread = inputs[case.task.training].mean(0), inputs[case.task.training].std(0)
    spread[spread <= 1e-9 * max(float(spread.max(initial=0.0)), 1e-300)] = 1.0
    scaled = np.ascontiguousarray((inputs - middle) / spread, case.task.inputs.dtype)
    return replace(case, task=replace(case.task, inputs=scaled))


def _rate(factor: float) -> Callable[[Case], Case | None]:
    return lambda case: replace(case, run=case.with_rate(factor))


def _optimizer(name: str, rate: float) -> Callable[[Case], Case | None]:
    def change(case: Case) -> Case | None:
        if case.run.optimizer == name:
            return None
        values = catalog.optimizer(name).hyperparameters(learning_rate=rate)
        return replace(case, run=replace(case.run, optimizer=name, hyperparameters=values))

    return change


def _run(**values: float) -> Callable[[Case], Case | None]:
    return lambda case: replace(case, run=replace(case.run, **values))  # type: ignore[arg-type]


def _batch(case: Case) -> Case | None:
    batch = min(case.run.batch_size * 16, max(len(case.task.training) // 4, 1))
    return replace(case, run=replace(case.run, batch_size=batch)) if batch > case.run.batch_size else None


def _identity_output(case: Case) -> Case | None:
    if case.network.activations[-1] == "identity":
        return None
    network = replace(case.network, activations=(*case.network.activations[:-1], "identity"))
    return replace(case, network=network)


def _smaller(case: Case) -> Case | None:
    widths = case.network.widths
    if case.network.depth < 2 or max(widths[1:-1]) < 16:
        return None
    smaller = (widths[0], *(max(width // 4, 8) for width in widths[1:-1]), widths[-1])
    return replace(case, network=replace(case.network, widths=smaller), start=None)


def _fewer_epochs(case: Case) -> Case | None:
    return replace(case, epochs=max(case.epochs // 4, 1)) if case.epochs >= 8 else None


def options_of(case: Case) -> str:
    """What to type after `osolgil train DATA` to train a case."""
    network, run = case.network, case.run
    parts = [f"--hidden {_widths(network.widths[1:-1])}"]
    if network.depth > 1:
        parts += [f"--activation {network.activations[0]}", f"--initial-scale {network.initial_scale}"]
    if network.normalization is not None:
        parts.append(f"--normalization {network.normalization}")
    parts += ["--residual"] if network.residual else []
    parts += [f"--optimizer {run.optimizer}", f"--learning-rate {case.rate:.4g}"]
    others = {k: v for k, v in run.hyperparameters.items() if k != "learning_rate"}
    defaults = catalog.optimizer(run.optimizer).defaults
    changed = ",".join(f"{name}={value:g}" for name, value in others.items() if value != defaults[name])
    parts += [f"--hyperparameters {changed}"] if changed else []
    parts += [f"--batch-size {run.batch_size}", f"--epochs {case.epochs}"]
    for name in ("dropout", "l1", "l2", "weight_decay", "clip_norm"):
        value = getattr(run, name)
        parts += [f"--{name.replace('_', '-')} {value:g}"] if value else []
    return " ".join(parts)


def _widths(widths: tuple[int, ...]) -> str:
    if len(widths) == 0:
        return "none"
    alike = len(set(widths)) == 1 and len(widths) > 1
    return f"{len(widths)}x{widths[0]}" if alike else ",".join(map(str, widths))


REMEDIES = {
    remedy.name: remedy
    for remedy in (
        Remedy("standardise", _standardised, typed=False),
        Remedy("usual_weights", _usual_weights),
        Remedy("critical_weights", _critical_weights),
        Remedy("relu", _activation("relu", "he_normal")),
        Remedy("leaky_relu", _activation("leaky_relu", "he_normal")),
        Remedy("elu", _activation("elu", "he_normal")),
        Remedy("tanh", _activation("tanh", "glorot_uniform")),
        Remedy("layer_normalization", _normalized(False)),
        Remedy("residual", _normalized(True)),
        Remedy("residual_relu", _residual_relu),
        Remedy("clip", _run(clip_norm=1.0)),
        Remedy("rate_tenth", _rate(0.1)),
        Remedy("rate_hundredth", _rate(0.01)),
        Remedy("rate_thousandth", _rate(0.001)),
        Remedy("rate_ten", _rate(10.0)),
        Remedy("rate_hundred", _rate(100.0)),
        Remedy("rate_thousand", _rate(1000.0)),
        Remedy("adam", _optimizer("adam", 0.002)),
        Remedy("batch", _batch),
        Remedy("identity_output", _identity_output, typed=False),
        Remedy("dropout", _run(dropout=0.3)),
        Remedy("penalty", _run(l2=0.01)),
        Remedy("smaller", _smaller),
        Remedy("fewer_epochs", _fewer_epochs),
    )
}

BY_CAUSE: dict[str, tuple[str, ...]] = {
    "labels": (),
    "loss": ("identity_output",),
    "plateau": ("usual_weights", "adam", "rate_ten", "layer_normalization"),
    "inputs": ("standardise",),
    "weights": ("usual_weights", "critical_weights", "layer_normalization"),
    "dying": ("usual_weights", "leaky_relu", "elu", "rate_tenth", "layer_normalization"),
    "saturation": ("usual_weights", "relu", "layer_normalization"),
    "exploding": (
        "layer_normalization",
        "usual_weights",
        "critical_weights",
        "residual",
        "clip",
        "rate_tenth",
    ),
    "vanishing": ("relu", "residual_relu", "residual", "elu", "critical_weights", "tanh"),
    "learning_rate_high": ("rate_tenth", "rate_hundredth", "rate_thousandth", "clip"),
    "noise": ("batch", "rate_tenth", "rate_hundredth"),
    "learning_rate_low": ("rate_ten", "rate_hundred", "rate_thousand", "adam"),
    "overfitting": ("dropout", "penalty", "smaller", "fewer_epochs"),
}


def remedies(cause: str) -> list[Remedy]:
    """Remedies of a cause, ranked."""
    return [REMEDIES[name] for name in BY_CAUSE.get(cause, ())]
