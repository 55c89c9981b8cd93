"""Libraries' optimizers on the problem: each driver returns the course of the parameters, in float64.

`through_optax` takes a gradient transformation, `through_torch` a function from the list of parameters to a
torch.optim.Optimizer (PyTorch's own or pytorch_optimizer's), `through_keras` a keras.optimizers.Optimizer.
"""

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from laws.oracles import problem


def through_optax(make: Callable[[], Any], **how: Any) -> np.ndarray:
    """The course of the transformation that `make` makes; the loss reaches those that ask for it."""
    import jax
    import optax

    with jax.enable_x64(True):
        transformation = optax.with_extra_args_support(make())
        state = transformation.init([jax.numpy.asarray(part) for part in problem.start(how.get("seed", 3))])
        update = jax.jit(transformation.update)

        def move(parts, slopes, loss):
            nonlocal state
            parts = [jax.numpy.asarray(part) for part in parts]
            slopes = [jax.numpy.asarray(slope) for slope in slopes]
            updates, state = update(slopes, state, parts, value=jax.numpy.asarray(loss))
            return optax.apply_updates(parts, updates)

        return problem.follow(move, **how)


@contextlib.contextmanager
def _float64() -> Iterator[Any]:
    """PyTorch in float64: some optimizers keep their scalars in the default type."""
    import torch

    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield torch
    finally:
        torch.set_default_dtype(before)


def through_torch(make: Callable[[list[Any]], Any], **how: Any) -> np.ndarray:
    """The course of the optimizer that `make` makes of the parameters; its closure returns the loss."""
    with _float64() as torch:
        parameters = [torch.nn.Parameter(torch.tensor(part)) for part in problem.start(how.get("seed", 3))]
        optimizer = make(parameters)

        def move(parts, slopes, loss):
            def closure():
                return torch.tensor(loss)

            for parameter, slope in zip(parameters, slopes, strict=True):
                parameter.grad = torch.tensor(slope)
            optimizer.step(closure)
            return [parameter.detach().numpy() for parameter in parameters]

        return problem.follow(move, **how)


def through_keras(make: Callable[[], Any], **how: Any) -> np.ndarray:
    """The course of the Keras optimizer that `make` makes, on the PyTorch backend."""
    os.environ["KERAS_BACKEND"] = "torch"
    import keras

    before = keras.config.floatx()
    keras.config.set_floatx("float64")
    try:
        variables = [keras.Variable(part, dtype="float64") for part in problem.start(how.get("seed", 3))]
        optimizer = make()

        def move(parts, slopes, loss):
            optimizer.apply(
                [keras.ops.convert_to_tensor(slope, dtype="float64") for slope in slopes], variables
            )
            return [variable.value.detach().numpy() for variable in variables]

        return problem.follow(move, **how)
    finally:
        keras.config.set_floatx(before)
