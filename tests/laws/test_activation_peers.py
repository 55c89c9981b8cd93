"""Activations beside those of JAX, PyTorch and Keras, with the defaults a row says are the same."""

import os

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from osolgil.formulas import catalog

os.environ.setdefault("KERAS_BACKEND", "torch")
ROWS = catalog.elementwise_activations()
POINTS = np.concatenate([np.linspace(-8.123, 8.0, 241), [-60.0, -25.5, 25.5, 60.0]])

JAX = {
    "arctan": jnp.arctan,
    "erf": jax.lax.erf,
    "exponential": jnp.exp,
    "gelu": lambda x: jax.nn.gelu(x, approximate=False),
    "gelu_tanh": jax.nn.gelu,
    "relu_squared": lambda x: jax.nn.relu(x) ** 2,
    "sine": jnp.sin,
    "softsign": jax.nn.soft_sign,
    "step": lambda x: jnp.heaviside(x, 1.0),
    "hard_swish": jax.nn.hard_silu,
}


def torch_functions():
    import torch
    import torch.nn.functional as F

    return {
        "arctan": torch.atan,
        "celu": F.celu,
        "elu": F.elu,
        "erf": torch.erf,
        "exponential": torch.exp,
        "gelu": F.gelu,
        "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
        "hard_shrink": F.hardshrink,
        "hard_sigmoid": F.hardsigmoid,
        "hard_swish": F.hardswish,
        "hard_tanh": F.hardtanh,
        "identity": torch.nn.Identity(),
        "leaky_relu": F.leaky_relu,
        "log_sigmoid": F.logsigmoid,
        "mish": F.mish,
        "prelu": lambda x: F.prelu(x, torch.tensor(0.25, dtype=x.dtype)),
        "relu": F.relu,
        "relu6": F.relu6,
        "rrelu": lambda x: F.rrelu(x, training=False),
        "selu": F.selu,
        "sigmoid": torch.sigmoid,
        "silu": F.silu,
        "sine": torch.sin,
        "soft_shrink": F.softshrink,
        "softplus": lambda x: F.softplus(x, threshold=40.0),
        "softsign": F.softsign,
        "step": lambda x: torch.heaviside(x, torch.tensor(1.0, dtype=x.dtype)),
        "tanh": torch.tanh,
        "tanhshrink": F.tanhshrink,
        "threshold": lambda x: F.threshold(x, 1.0, 0.0),
    }


def keras_functions():
    from keras import activations, ops

    names = {
        "exponential": "exponential", "hard_swish": "hard_silu", "identity": "linear", "tanhshrink": "tanh_shrink",
    }  # fmt: skip
    special = {
        "arctan": ops.arctan,
        "erf": ops.erf,
        "gelu_tanh": lambda x: activations.gelu(x, approximate=True),
        "leaky_relu": lambda x: activations.leaky_relu(x, negative_slope=0.01),
        "prelu": lambda x: activations.leaky_relu(x, negative_slope=0.25),
        "sine": ops.sin,
        "threshold": lambda x: activations.threshold(x, 1.0, 0.0),
    }
    return {
        name: special.get(name) or getattr(activations, names.get(name, name))
        for name, row in ROWS.items()
        if said_the_same(row, "keras") or name in special
    }


def said_the_same(row, library):
    return row.peers[library].startswith("same")


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if said_the_same(row, "optax")])
def test_value_and_slope_are_those_of_jax(name):
    peer = JAX.get(name) or getattr(jax.nn, name)
    with jax.enable_x64(True):
        values, slopes = np.asarray(peer(POINTS)), np.asarray(jax.vmap(jax.grad(peer))(POINTS))
    np.testing.assert_allclose(ROWS[name](POINTS), values, rtol=1e-11, atol=1e-13)
    if name != "step":  # JAX gives heaviside no derivative but 0 or nan by version
        np.testing.assert_allclose(ROWS[name].slope(POINTS), slopes, rtol=1e-11, atol=1e-13)


@pytest.mark.peer
@pytest.mark.parametrize("name", ROWS)
def test_value_and_slope_are_those_of_pytorch(name):
    import torch

    functions = torch_functions()
    if name not in functions:
        assert not said_the_same(ROWS[name], "pytorch")
        pytest.skip("PyTorch does not name it")
    x = torch.tensor(POINTS, requires_grad=True)
    value = functions[name](x)
    np.testing.assert_allclose(ROWS[name](POINTS), value.detach().numpy(), rtol=1e-11, atol=1e-13)
    if name != "step":
        value.sum().backward()
        relative = 1e-7 if name == "hard_sigmoid" else 1e-11  # PyTorch holds 1/6 in float32
        np.testing.assert_allclose(ROWS[name].slope(POINTS), x.grad.numpy(), rtol=relative, atol=1e-13)


@pytest.mark.peer
@pytest.mark.parametrize("name", ROWS)
def test_value_is_that_of_keras(name):
    import keras

    functions = keras_functions()
    if name not in functions:
        assert not said_the_same(ROWS[name], "keras")
        pytest.skip("Keras does not name it")
    values = functions[name](keras.ops.convert_to_tensor(POINTS, dtype="float64")).detach().numpy()
    np.testing.assert_allclose(ROWS[name](POINTS), values, rtol=1e-6, atol=1e-7)
