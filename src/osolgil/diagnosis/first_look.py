"""What a diagnosis compiles the first time, on two cores: the kernels that train, and those that only look."""

from __future__ import annotations

from osolgil.diagnosis.examination import Case
from osolgil.diagnosis.measurement import curvature, measure
from osolgil.engines.cpu.compiling import compile_kernels, smallest_fleet

# optimizers and activations that may be tried
_REMEDIES = (("adam", "sgd"), ("relu", "leaky_relu", "elu", "tanh"))


def compile_diagnosis(case: Case, repair: bool) -> float:
    """Compile or load everything that examining a case needs, and trying remedies; returns the seconds it took."""
    optimizers, activations = _REMEDIES if repair else ((), ())
    names = [case.run.optimizer, *optimizers]
    precision = case.task.inputs.dtype.name
    return compile_kernels(
        case.network, case.task, precision, names, activations, "osolgil.diagnosis.first_look:look"
    )


def look(precision: str) -> None:
    """Measure the smallest network there is, which compiles what measures."""
    fleet = smallest_fleet(precision)
    theta, running = fleet.arrays["thetas"][0], fleet.arrays["runnings"][0]
    measure(fleet.network, theta, running, fleet.task, fleet.task.training)
    curvature(fleet.network, theta, running, fleet.task, fleet.task.training, steps=1)
