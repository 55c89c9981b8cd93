"""Every loss that PyTorch or Keras has too: value and gradient, with the same hyperparameters."""

import os

import numpy as np
import pytest
import scipy.special

from laws.loss_cases import SET_ROWS, batch, numpy_loss

pytestmark = pytest.mark.peer


def torch_losses():
    import torch
    from torch.nn import functional

    def classes(y):
        return y.argmax(-1)

    def summed(function):
        return lambda z, y, **settings: function(z, y, reduction="none", **settings).sum(-1)

    return {
        "softmax_cross_entropy": lambda z, y, label_smoothing: functional.cross_entropy(
            z, classes(y), reduction="none", label_smoothing=label_smoothing
        ),
        "kl_divergence": lambda z, y, label_smoothing: functional.kl_div(
            functional.log_softmax(z, -1),
            y + label_smoothing * (1 / y.shape[-1] - y),
            reduction="none",
        ).sum(-1),
        "cosine": lambda z, y: functional.cosine_embedding_loss(z, y, torch.ones(len(z)), reduction="none"),
        "binary_cross_entropy": summed(functional.binary_cross_entropy_with_logits),
        "squared_error": summed(functional.mse_loss),
        "absolute_error": summed(functional.l1_loss),
        "huber": summed(functional.huber_loss),
        "smooth_l1": summed(functional.smooth_l1_loss),
        "poisson": lambda z, y: (
            functional.poisson_nll_loss(z, y, log_input=True, reduction="none") + torch.xlogy(y, y) - y
        ).sum(-1),
    }


def keras_losses():
    from keras import losses, ops

    def summed(loss):
        return lambda z, y: loss(reduction=None)(y, z) * z.shape[-1]

    def classes(loss, **fixed):
        return lambda z, y, **settings: loss(from_logits=True, reduction=None, **fixed, **settings)(y, z)

    return {
        "softmax_cross_entropy": classes(losses.CategoricalCrossentropy),
        "softmax_focal": lambda z, y, gamma: losses.CategoricalFocalCrossentropy(
            alpha=1.0, gamma=gamma, from_logits=True, reduction=None
        )(y, z),
        "kl_divergence": lambda z, y, label_smoothing: losses.KLDivergence(reduction=None)(
            y + label_smoothing * (1 / y.shape[-1] - y), ops.softmax(z)
        ),
        "cosine": lambda z, y: 1.0 + losses.CosineSimilarity(reduction=None)(y, z),
        "binary_cross_entropy": lambda z, y: (
            losses.BinaryCrossentropy(from_logits=True, reduction=None)(y, z) * z.shape[-1]
        ),
        "focal": lambda z, y, gamma: (
            losses.BinaryFocalCrossentropy(gamma=gamma, from_logits=True, reduction=None)(y, z) * z.shape[-1]
        ),
        "hinge": summed(losses.Hinge),
        "squared_hinge": summed(losses.SquaredHinge),
        "squared_error": summed(losses.MeanSquaredError),
        "absolute_error": summed(losses.MeanAbsoluteError),
        "huber": lambda z, y, delta: losses.Huber(delta, reduction=None)(y, z) * z.shape[-1],
        "log_cosh": summed(losses.LogCosh),
        "poisson": lambda z, y: (
            np.from_dlpack(losses.Poisson(reduction=None)(y, ops.exp(z))) * z.shape[-1]
            + scipy.special.xlogy(y, y).sum(-1)
            - y.sum(-1)
        ),
    }


PEERS = {"pytorch": torch_losses, "keras": keras_losses}


@pytest.mark.parametrize("row", SET_ROWS, ids=lambda row: row.text)
def test_pytorch_computes_the_same(row):
    import torch

    theirs = torch_losses().get(row.name)
    if theirs is None:
        assert row.peers["pytorch"].startswith(("none", "torchvision"))
        pytest.skip("PyTorch has none")
    outputs, targets = batch(row)
    z = torch.tensor(outputs, requires_grad=True)
    values = theirs(z, torch.tensor(targets), **row.settings)
    values.sum().backward()
    losses, slopes = numpy_loss(row, outputs, targets)
    tolerance = (
        1e-7 if row.name in ("cosine", "poisson") else 1e-12
    )  # their own 1e-8 beside lengths and counts
    np.testing.assert_allclose(losses.sum(-1), values.detach().numpy(), rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(slopes, z.grad.numpy(), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("row", SET_ROWS, ids=lambda row: row.text)
def test_keras_computes_the_same(row):
    """In float32, in which Keras computes its losses."""
    os.environ["KERAS_BACKEND"] = "torch"
    theirs = keras_losses().get(row.name)
    if theirs is None:
        assert row.peers["keras"].startswith("none")
        pytest.skip("Keras has none")
    outputs, targets = batch(row, size=1.5)
    values = np.from_dlpack(theirs(outputs.astype("float32"), targets.astype("float32"), **row.settings))
    np.testing.assert_allclose(numpy_loss(row, outputs, targets)[0].sum(-1), values, rtol=3e-5, atol=1e-5)
