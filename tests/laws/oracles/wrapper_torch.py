"""Wrappers of PyTorch, pytorch_optimizer and Keras on the problem, as in `wrapper_libraries.py`."""

import contextlib
import itertools
import os
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from laws.oracles import problem
from laws.oracles.wrapper_libraries import Course, Values, follow, signs_of, transposed


@contextlib.contextmanager
def _float64() -> Iterator[Any]:
    import torch

    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield torch
    finally:
        torch.set_default_dtype(before)


def _torch_adam(torch: Any, parameters: Any, v: Values) -> Any:
    return torch.optim.Adam(parameters, v["learning_rate"], (v["beta1"], v["beta2"]), v["epsilon"])


def _torch(
    change: Callable[[Any, list[Any], Values], None],
    turn: Callable[[Any], Any] = list,
    make: Callable[[Any, Any, Values], Any] = _torch_adam,
    evaluate: Callable[[Any, list[Any], Any], Any] = lambda torch, parameters, optimizer: parameters,
) -> Course:
    """The course of an optimizer before whose steps `change(torch, parameters, values)` touches the gradients."""

    def course(values: Values) -> np.ndarray:
        with _float64() as torch:
            parameters = [torch.nn.Parameter(torch.tensor(part.copy())) for part in turn(problem.start())]
            optimizer = make(torch, parameters, values)

            def move(parts, slopes, loss, measure):
                for parameter, slope in zip(parameters, turn(slopes), strict=True):
                    parameter.grad = torch.tensor(slope.copy())
                change(torch, parameters, values)

                def closure():
                    point = turn([parameter.detach().numpy().copy() for parameter in parameters])
                    for parameter, slope in zip(parameters, turn(measure(point)), strict=True):
                        parameter.grad = torch.tensor(slope.copy())
                    return torch.tensor(0.0)

                optimizer.step(closure) if hasattr(optimizer, "first_step") else optimizer.step()
                trained = turn([parameter.detach().numpy().copy() for parameter in parameters])
                kept = evaluate(torch, parameters, optimizer)
                return trained, turn([parameter.detach().numpy().copy() for parameter in kept])

            return follow(move)

    return course


def _nothing(torch: Any, parameters: list[Any], values: Values) -> None:
    pass


def torch_clipped(name: str) -> Course:
    def change(torch, parameters, values):
        getattr(torch.nn.utils, name)(parameters, values["limit"])

    return _torch(change)


def _agc(torch: Any, parameters: list[Any], values: Values) -> None:
    from pytorch_optimizer.optimizer.agc import agc

    for parameter in parameters:
        parameter.grad = agc(
            parameter.detach(), parameter.grad, values["adaptive_clip_epsilon"], values["limit"]
        )


def _centralise(torch: Any, parameters: list[Any], values: Values) -> None:
    from pytorch_optimizer.optimizer.gradient_centralization import centralize_gradient

    for parameter in parameters:
        centralize_gradient(parameter.grad)


def torch_grokfast(values: Values) -> np.ndarray:
    from pytorch_optimizer.optimizer.grokfast import gradfilter_ema

    kept: dict[str, Any] = {}

    def change(torch, parameters, values):
        module = torch.nn.ParameterList(parameters)
        gradfilter_ema(module, kept, alpha=values["memory"], lamb=values["strength"])

    return _torch(change)(values)


torch_agc = _torch(_agc, transposed)
torch_centralised = _torch(_centralise, transposed)
torch_decayed = _torch(
    _nothing,
    make=lambda torch, parameters, v: torch.optim.AdamW(
        parameters, v["learning_rate"], (v["beta1"], v["beta2"]), v["epsilon"], weight_decay=v["decay"]
    ),
)


def torch_cautious(values: Values) -> np.ndarray:
    """PyTorch's Adam, its step masked by pytorch_optimizer's `apply_cautious`."""
    with _float64() as torch:
        from pytorch_optimizer.base.optimizer import BaseOptimizer

        parameters = [torch.nn.Parameter(torch.tensor(part)) for part in problem.start()]
        optimizer = _torch_adam(torch, parameters, values)

        def move(parts, slopes, loss):
            before = [parameter.detach().clone() for parameter in parameters]
            for parameter, slope in zip(parameters, slopes, strict=True):
                parameter.grad = torch.tensor(slope)
            optimizer.step()
            with torch.no_grad():
                for parameter, first in zip(parameters, before, strict=True):
                    update = first - parameter
                    BaseOptimizer.apply_cautious(update, parameter.grad)
                    parameter.copy_(first - update)
            return [parameter.detach().numpy() for parameter in parameters]

        return problem.follow(move)


def torch_lookahead(values: Values) -> np.ndarray:
    def make(torch, parameters, v):
        from pytorch_optimizer import Lookahead

        return Lookahead(_torch_adam(torch, parameters, v), k=int(v["period"]), alpha=v["share"])

    def evaluate(torch, parameters, optimizer):
        return [optimizer.state[parameter]["slow_params"] for parameter in parameters]

    return _torch(_nothing, make=make, evaluate=evaluate)(values)


def _averaged(average: Callable[[Any, Values], dict[str, Any]], due: Callable[[int, Values], bool]) -> Course:
    """PyTorch's AveragedModel, updated after the steps that are due; before the first it is the model itself."""

    def course(values: Values) -> np.ndarray:
        averaged: Any = None
        steps = itertools.count(1)

        def evaluate(torch, parameters, optimizer):
            nonlocal averaged
            step = next(steps)
            if averaged is None:
                averaged = torch.optim.swa_utils.AveragedModel(
                    torch.nn.ParameterList(parameters), **average(torch, values)
                )
            if due(step, values):
                averaged.update_parameters(torch.nn.ParameterList(parameters))
            return list(averaged.module.parameters()) if averaged.n_averaged > 0 else parameters

        return _torch(_nothing, evaluate=evaluate)(values)

    return course


torch_ema = _averaged(
    lambda torch, v: {"multi_avg_fn": torch.optim.swa_utils.get_ema_multi_avg_fn(v["memory"])},
    lambda step, v: True,
)


def _due(step: int, values: Values) -> bool:
    first = int(values["start"] * problem.STEPS) + 1
    return step >= first and (step - first) % int(values["period"]) == 0


torch_swa = _averaged(lambda torch, v: {}, _due)


def torch_schedule_free(values: Values) -> np.ndarray:
    def make(torch, parameters, v):
        from pytorch_optimizer import ScheduleFreeSGD

        return ScheduleFreeSGD(
            parameters, lr=v["learning_rate"], momentum=v["interpolation"], weight_lr_power=v["power"]
        )

    def evaluate(torch, parameters, optimizer):
        optimizer.eval()
        kept = [parameter.detach().clone() for parameter in parameters]
        optimizer.train()
        return kept

    return _torch(_nothing, make=make, evaluate=evaluate)(values)


def torch_sam(*, adaptive: bool) -> Course:
    def make(torch, parameters, v):
        from pytorch_optimizer import SAM

        return SAM(
            parameters, torch.optim.SGD, rho=v["radius"], adaptive=adaptive, lr=v["learning_rate"],
            momentum=v["momentum"],
        )  # fmt: skip

    return _torch(_nothing, make=make)


# Keras


def keras_clipped(option: str) -> Course:
    return _keras(lambda values: {option: values["limit"]})


def _keras(options: Callable[[Values], dict[str, float]]) -> Course:
    """The course of Keras's SGD with some options."""

    def course(values: Values) -> np.ndarray:
        os.environ["KERAS_BACKEND"] = "torch"
        import keras

        before = keras.config.floatx()
        keras.config.set_floatx("float64")
        try:
            variables = [keras.Variable(part, dtype="float64") for part in problem.start()]
            optimizer = keras.optimizers.SGD(values["learning_rate"], **options(values))

            def move(parts, slopes, loss):
                slopes = [keras.ops.convert_to_tensor(slope, dtype="float64") for slope in slopes]
                optimizer.apply(slopes, variables)
                return [variable.value.detach().numpy() for variable in variables]

            return problem.follow(move)
        finally:
            keras.config.set_floatx(before)

    return course


keras_decayed = _keras(lambda values: {"weight_decay": values["decay"]})


def torch_sophia(values: Values) -> np.ndarray:
    """SophiaH given the same signs: ∂²L/∂θ² times them by automatic differentiation, its step scaled to ours."""
    with _float64() as torch:
        from pytorch_optimizer import SophiaH

        parameters = [torch.nn.Parameter(torch.tensor(part)) for part in problem.start()]
        optimizer = SophiaH(
            parameters, lr=values["learning_rate"] / values["scale"], betas=(values["beta1"], values["beta2"]),
            weight_decay=values["weight_decay"] * values["scale"], p=values["scale"],
            eps=values["epsilon"] / values["scale"], update_period=10**9,
        )  # fmt: skip
        steps, random, number = itertools.count(), np.random.default_rng(0), itertools.count()

        def move(parts, slopes, loss):
            rows = problem.rows_of(next(number))
            values_of = torch.tensor(problem.INPUTS[rows])
            for weight, bias in zip(parameters[::2], parameters[1::2], strict=True):
                values_of = torch.tanh(values_of @ weight + bias)
            error = values_of - torch.tensor(problem.TARGETS[rows])
            first = torch.autograd.grad(0.5 * (error**2).sum() / len(rows), parameters, create_graph=True)
            signs = signs_of(steps, values, random)
            estimate = None
            if signs is not None:
                along = [torch.tensor(part) for part in problem.parted(signs)]
                products = torch.autograd.grad(first, parameters, along)
                estimate = [u * product for u, product in zip(along, products, strict=True)]
            for parameter, slope in zip(parameters, first, strict=True):
                parameter.grad = slope.detach()
            optimizer.step(hessian=estimate)
            return [parameter.detach().numpy() for parameter in parameters]

        return problem.follow(move)
