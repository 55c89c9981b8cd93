"""Laws of every initial scale: what a network draws, and what PyTorch and JAX draw."""

import jax
import numpy as np
import pytest
import scipy.stats

from osolgil.formulas import catalog
from osolgil.network import Network

ROWS = list(catalog.initial_scales().values())
FANS = (300, 500)
WEIGHTS = FANS[0] * FANS[1]
PYTORCH = {
    "glorot_uniform": ("xavier_uniform_", {}),
    "glorot_normal": ("xavier_normal_", {}),
    "he_uniform": ("kaiming_uniform_", {"nonlinearity": "relu"}),
    "he_normal": ("kaiming_normal_", {"nonlinearity": "relu"}),
    "lecun_uniform": ("kaiming_uniform_", {"nonlinearity": "linear"}),
    "lecun_normal": ("kaiming_normal_", {"nonlinearity": "linear"}),
}

every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


def drawn(row, seed=0):
    """The first weights of a network, standardised by the scale they should have."""
    network = Network((*FANS, 3), ("relu", "identity"), initial_scale=row.name)
    weight = network.unpack(network.initial(seed, "float64"))[0]["weight"]
    return weight.ravel() / row(*FANS)


@every_row
def test_a_network_draws_the_distribution_the_row_names(row):
    """Mean, variance and kurtosis within five standard errors, and the Kolmogorov-Smirnov distance."""
    sample = drawn(row)
    normal = row.distribution == "normal"
    kurtosis = 3.0 if normal else 1.8
    assert abs(sample.mean()) < 5 / np.sqrt(WEIGHTS)
    assert abs((sample**2).mean() - 1) < 5 * np.sqrt((kurtosis - 1) / WEIGHTS)
    assert abs((sample**4).mean() - kurtosis) < 5 * np.sqrt(100 / WEIGHTS)
    shape = scipy.stats.norm() if normal else scipy.stats.uniform(-np.sqrt(3), 2 * np.sqrt(3))
    assert scipy.stats.kstest(sample, shape.cdf).pvalue > 1e-4
    if not normal:
        assert np.abs(sample).max() <= np.sqrt(3)


@every_row
def test_a_seed_decides_the_weights_and_layers_differ(row):
    assert (drawn(row) == drawn(row)).all()
    assert abs(np.corrcoef(drawn(row), drawn(row, seed=1))[0, 1]) < 0.02
    square = Network((50, 50, 50), ("relu", "identity"), initial_scale=row.name)
    first, second = (layer["weight"].ravel() for layer in square.unpack(square.initial(0)))
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.1


@every_row
def test_biases_start_at_zero_and_gains_at_one(row):
    network = Network((4, 5, 3), ("relu", "identity"), "layer", initial_scale=row.name)
    for layer in network.unpack(network.initial(0)):
        assert (layer["bias"] == 0).all()
        assert (layer.get("gain", np.ones(1)) == 1).all()
        assert (layer.get("shift", np.zeros(1)) == 0).all()


@every_row
def test_float32_weights_are_the_float64_ones_rounded(row):
    network = Network((6, 5, 3), ("relu", "identity"), initial_scale=row.name)
    np.testing.assert_array_equal(
        network.initial(3, "float32"), network.initial(3, "float64").astype("float32")
    )


@every_row
def test_scale_is_the_one_jax_draws_with(row):
    """Cut normals included: JAX widens them so that the variance is the same."""
    with jax.enable_x64(True):
        weights = np.asarray(getattr(jax.nn.initializers, row.name)()(jax.random.key(1), FANS, "float64"))
    assert weights.std() == pytest.approx(row(*FANS), rel=0.01)
    if row.distribution == "uniform":
        assert np.abs(weights).max() == pytest.approx(np.sqrt(3) * row(*FANS), rel=1e-3)


@pytest.mark.peer
@every_row
def test_scale_is_the_one_pytorch_draws_with(row):
    import torch

    name, options = PYTORCH[row.name]
    torch.manual_seed(0)
    weights = torch.empty(FANS[1], FANS[0], dtype=torch.float64)  # PyTorch's order: outputs, inputs
    getattr(torch.nn.init, name)(weights, **options)
    assert float(weights.std()) == pytest.approx(row(*FANS), rel=0.01)
    if row.distribution == "uniform":
        assert float(weights.abs().max()) == pytest.approx(np.sqrt(3) * row(*FANS), rel=1e-3)


def test_every_row_has_a_pytorch_formula():
    assert PYTORCH.keys() == {row.name for row in ROWS}
