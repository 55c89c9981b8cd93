"""PyTorch, optax, Keras and pytorch_optimizer as givers of a factor per step, over a course of T steps."""

import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

T = 1000
Library = Literal["pytorch", "optax", "keras", "pytorch_optimizer", "independent"]


@dataclass(frozen=True)
class Oracle:
    """A library's course of what we write as `ours`; with `late` its changes come one step later than ours."""

    library: Library
    ours: str
    course: Callable[[], Any]
    late: bool = False

    @property
    def peer(self) -> bool:
        """Whether it needs what is installed in a step of its own."""
        return self.library not in ("optax", "independent")

    def factors(self) -> np.ndarray:
        """The factor at every step (T,)."""
        follow = {
            "pytorch": through_torch,
            "pytorch_optimizer": through_torch,
            "optax": through_optax,
            "keras": through_keras,
        }
        return follow.get(self.library, through_loop)(self.course())


def through_loop(factor: Callable[[int], float]) -> np.ndarray:
    return np.array([factor(step) for step in range(T)])


def through_torch(make: Callable[[Any], Any]) -> np.ndarray:
    import torch

    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # SequentialLR calls its schedulers in a way it warns of itself
            scheduler, rates = make(optimizer), []
            for _ in range(T):
                rates.append(optimizer.param_groups[0]["lr"])
                optimizer.step()
                scheduler.step()
    finally:
        torch.set_default_dtype(before)
    return np.array(rates)


def through_optax(schedule: Callable[[Any], Any]) -> np.ndarray:
    import jax

    with jax.enable_x64(True):
        steps = jax.numpy.arange(T, dtype=float)
        return np.asarray(jax.vmap(lambda step: jax.numpy.asarray(schedule(step)))(steps))


def through_keras(schedule: Callable[[int], Any]) -> np.ndarray:
    import keras

    return np.array([float(keras.ops.convert_to_numpy(schedule(step))) for step in range(T)])


def of_torch(name: str, **options: Any) -> Callable[[], Any]:
    def make() -> Callable[[Any], Any]:
        import torch

        return lambda optimizer: getattr(torch.optim.lr_scheduler, name)(optimizer, **options)

    return make


def after_one_another(*makers: Callable[[], Any], milestones: tuple[int, ...]) -> Callable[[], Any]:
    def make() -> Callable[[Any], Any]:
        import torch

        return lambda optimizer: torch.optim.lr_scheduler.SequentialLR(
            optimizer, [maker()(optimizer) for maker in makers], list(milestones)
        )

    return make


def of_optax(name: str, *values: Any, **options: Any) -> Callable[[], Any]:
    def make() -> Any:
        import jax
        import optax

        with jax.enable_x64(True):
            return getattr(optax, name)(*values, **options)

    return make


def joined(*makers: Callable[[], Any], boundaries: tuple[int, ...]) -> Callable[[], Any]:
    def make() -> Any:
        import optax

        return optax.join_schedules([maker() for maker in makers], list(boundaries))

    return make


def of_keras(name: str, *values: Any, **options: Any) -> Callable[[], Any]:
    def make() -> Any:
        os.environ["KERAS_BACKEND"] = "torch"
        import keras

        return getattr(keras.optimizers.schedules, name)(*values, **options)

    return make


def of_pytorch_optimizer(name: str, **options: Any) -> Callable[[], Any]:
    def make() -> Callable[[Any], Any]:
        from pytorch_optimizer import lr_scheduler

        return lambda optimizer: getattr(lr_scheduler, name)(optimizer, **options)

    return make


def rex() -> Callable[[Any], Any]:
    """REXScheduler sets the rate of the step before, so it is asked once before the first."""

    def make(optimizer: Any) -> Any:
        from pytorch_optimizer.lr_scheduler import REXScheduler

        scheduler = REXScheduler(optimizer, total_steps=T, max_lr=1.0, min_lr=0.07)
        scheduler.step_t = 0
        scheduler.step()
        return scheduler

    return make


def chained(optimizer: Any) -> Any:
    import torch

    return torch.optim.lr_scheduler.ChainedScheduler(
        [
            of_torch("StepLR", step_size=70, gamma=0.3)()(optimizer),
            of_torch("LinearLR", start_factor=0.02, total_iters=130)()(optimizer),
        ]
    )
