"""Laws of every initial scale: what a network draws, and what PyTorch and JAX draw."""

import jax
import numpy as np
import pytest
import scipy.stats

from osolgil.engines.cpu import calibration
from osolgil.engines.cpu.fleet import outputs
from osolgil.errors import SettingsError
from osolgil.formulas import catalog
from osolgil.initialization import critical_variances, orthonormal
from osolgil.network import Network

ROWS = list(catalog.initial_scales().values())
RANDOM = [row for row in ROWS if row.distribution != "identity" and row.name != "zeros"]
ENTRYWISE = [row for row in RANDOM if row.distribution in ("normal", "uniform", "truncated")]
FANS = (300, 500)
WEIGHTS = FANS[0] * FANS[1]
CUT = 0.87962566103423978
SHAPES = {
    "normal": (scipy.stats.norm(), 3.0),
    "uniform": (scipy.stats.uniform(-np.sqrt(3), 2 * np.sqrt(3)), 1.8),
    "truncated": (scipy.stats.truncnorm(-2, 2, scale=1 / CUT), float(scipy.stats.truncnorm.moment(4, -2, 2)) / CUT**4),
}  # fmt: skip

every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
every_random_row = pytest.mark.parametrize("row", RANDOM, ids=lambda row: row.name)
every_entrywise_row = pytest.mark.parametrize("row", ENTRYWISE, ids=lambda row: row.name)


def deviation(row, fans=FANS, activation="relu"):
    """The standard deviation the row's formula says."""
    extra = critical_variances(catalog.activation(activation))[:1] if row.bias == "critical" else ()
    return row(*map(float, fans), *extra)


def drawn(row, seed=0, fans=FANS):
    """The first weights (inputs, outputs) of a network."""
    network = Network((*fans, 3), ("relu", "identity"), initial_scale=row.text)
    return network.unpack(network.initial(seed, "float64"))[0]["weight"]


@every_entrywise_row
def test_a_network_draws_the_distribution_the_row_names(row):
    """Mean, variance and fourth moment within five standard errors, and the Kolmogorov-Smirnov distance."""
    if row.name == "zeros":
        return
    sample = drawn(row).ravel() / deviation(row)
    shape, fourth = SHAPES[row.distribution]
    assert abs(sample.mean()) < 5 / np.sqrt(WEIGHTS)
    assert abs((sample**2).mean() - 1) < 5 * np.sqrt((fourth - 1) / WEIGHTS)
    assert abs((sample**4).mean() - fourth) < 5 * np.sqrt(100 / WEIGHTS)
    assert scipy.stats.kstest(sample, shape.cdf).pvalue > 1e-4
    if row.distribution != "normal":
        assert np.abs(sample).max() <= shape.support()[1] * (1 + 1e-12)


@every_random_row
@pytest.mark.parametrize("fans", [(40, 70), (70, 40), (50, 50)])
def test_mean_square_of_the_weights_is_the_formula_s(row, fans):
    """Over 200 draws of each shape, within five standard errors."""
    squares = [float((drawn(row, seed, fans) ** 2).mean()) for seed in range(200)]
    error = np.std(squares) / np.sqrt(len(squares)) + 1e-12 * deviation(row, fans) ** 2
    assert abs(np.mean(squares) - deviation(row, fans) ** 2) < 5 * error


@every_random_row
def test_a_seed_decides_the_weights_and_layers_differ(row):
    assert (drawn(row) == drawn(row)).all()
    assert abs(np.corrcoef(drawn(row).ravel(), drawn(row, seed=1).ravel())[0, 1]) < 0.03
    square = Network((50, 50, 50), ("relu", "identity"), initial_scale=row.name)
    first, second = (layer["weight"].ravel() for layer in square.unpack(square.initial(0)))
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.1


@every_row
def test_a_layer_s_weights_depend_on_no_other_layer(row):
    deep, shallow = (
        Network((9, 8, *more, 3), ("relu",) * (1 + len(more)) + ("identity",), initial_scale=row.name)
        for more in ((7, 6), ())
    )
    first = [network.unpack(network.initial(4))[0]["weight"] for network in (deep, shallow)]
    np.testing.assert_array_equal(*first)


@every_row
def test_biases_start_at_zero_where_the_row_says_so_and_gains_at_one(row):
    network = Network((40, 50, 3), ("relu", "identity"), "layer", initial_scale=row.name)
    for layer in network.unpack(network.initial(0)):
        if row.bias == "uniform":
            reach = np.sqrt(3) * deviation(row, layer["weight"].shape)
            assert 0 < np.abs(layer["bias"]).max() <= reach
        else:
            assert (layer["bias"] == 0).all()
        assert (layer.get("gain", np.ones(1)) == 1).all()
        assert (layer.get("shift", np.zeros(1)) == 0).all()


@every_row
def test_float32_weights_are_the_float64_ones_rounded(row):
    network = Network((6, 5, 3), ("relu", "identity"), initial_scale=row.name)
    np.testing.assert_array_equal(
        network.initial(3, "float32"), network.initial(3, "float64").astype("float32")
    )


JAX = [row for row in ROWS if row.peers["optax"].startswith("same") and row.distribution != "orthogonal"]


@pytest.mark.parametrize("row", JAX, ids=lambda row: row.name)
def test_weights_are_distributed_as_jax_draws_them(row):
    if row.name.startswith("variance_scaling"):
        mode = {"truncated": "truncated_normal"}.get(row.distribution, row.distribution)
        draw = jax.nn.initializers.variance_scaling(1.0, "fan_in", mode)
    elif row.name in ("normal", "zeros"):
        draw = jax.nn.initializers.normal() if row.name == "normal" else jax.nn.initializers.zeros
    else:
        draw = getattr(jax.nn.initializers, row.name.replace("truncated", "normal"))()
    with jax.enable_x64(True):
        theirs = np.asarray(draw(jax.random.key(1), FANS, "float64")).ravel()
    ours = drawn(row).ravel()
    if row.name == "zeros":
        assert not theirs.any()
        assert not ours.any()
        return
    assert scipy.stats.ks_2samp(ours, theirs).pvalue > 1e-4


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_variance_scaling_has_the_modes_of_jax(share):
    mode = {0.0: "fan_in", 0.5: "fan_avg", 1.0: "fan_out"}[share]
    row = catalog.initial_scale(f"variance_scaling_truncated(scale=2.5, fan_out_share={share})")
    draw = jax.nn.initializers.variance_scaling(2.5, mode, "truncated_normal")
    with jax.enable_x64(True):
        theirs = np.asarray(draw(jax.random.key(1), FANS, "float64"))
    assert scipy.stats.ks_2samp(drawn(row).ravel(), theirs.ravel()).pvalue > 1e-4


@pytest.mark.peer
@pytest.mark.parametrize(
    "row", [r for r in ROWS if r.peers["pytorch"].startswith("same")], ids=lambda r: r.name
)
def test_weights_are_distributed_as_pytorch_draws_them(row):
    import torch

    torch.manual_seed(0)
    linear = torch.nn.Linear(*FANS, dtype=torch.float64)  # its weight is (outputs, inputs)
    options = {"nonlinearity": "linear"} if row.name.startswith("lecun") else {}
    name = row.peers["pytorch"].partition("(")[2].partition(")")[0].partition(",")[0]
    if row.name.startswith("he"):
        options = {"nonlinearity": "relu"}
    if row.name != "pytorch_default":
        getattr(torch.nn.init, name)(linear.weight, **options)
    theirs, ours = linear.weight.detach().numpy().T, drawn(row)
    if row.distribution == "identity" or row.name == "zeros":
        np.testing.assert_array_equal(ours, theirs)
        return
    assert scipy.stats.ks_2samp(ours.ravel(), theirs.ravel()).pvalue > 1e-4
    if row.name == "pytorch_default":
        bias = Network((*FANS, 3), ("relu", "identity"), initial_scale=row.name)
        bias = bias.unpack(bias.initial(0, "float64"))[0]["bias"]
        assert scipy.stats.ks_2samp(bias, linear.bias.detach().numpy()).pvalue > 1e-4


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (7, 7), (64, 20), (20, 64)])
def test_orthogonal_matrices_are_orthogonal(shape):
    for seed in range(5):
        matrix = orthonormal(*shape, np.random.default_rng(seed))
        product = matrix.T @ matrix if shape[0] >= shape[1] else matrix @ matrix.T
        np.testing.assert_allclose(product, np.eye(min(shape)), atol=1e-14)


def test_a_gain_is_the_length_of_every_column():
    matrix = drawn(catalog.initial_scale("orthogonal(gain=1.7)"), fans=(30, 20))
    np.testing.assert_allclose(np.linalg.svd(matrix)[1], 1.7, rtol=1e-13)


def test_rotations_are_drawn_evenly():
    """As SciPy's Haar distribution: moments of the entries and of the trace, and both signs of the determinant."""
    count, size = 4000, 3
    ours = np.array([orthonormal(size, size, np.random.default_rng(seed)) for seed in range(count)])
    theirs = scipy.stats.ortho_group(size).rvs(count, random_state=1)
    for part in (lambda q: q[:, 0, 0], lambda q: q[:, 2, 1], lambda q: q.trace(axis1=1, axis2=2)):
        assert scipy.stats.ks_2samp(part(ours), part(theirs)).pvalue > 1e-4
    assert abs((np.linalg.det(ours) > 0).mean() - 0.5) < 5 * 0.5 / np.sqrt(count)


def test_sparse_units_hear_so_many_inputs():
    weights = drawn(catalog.initial_scale("sparse(connections=12, deviation=0.5)"))
    assert ((weights != 0).sum(axis=0) == 12).all()
    heard = weights[weights != 0] / 0.5
    assert scipy.stats.kstest(heard, scipy.stats.norm().cdf).pvalue > 1e-4
    assert ((weights != 0).any(axis=1)).all()
    few = drawn(catalog.initial_scale("sparse(connections=12)"), fans=(4, 6))
    assert (few != 0).all()


def test_identity_hands_inputs_on():
    np.testing.assert_allclose(
        drawn(catalog.initial_scale("identity(gain=2)"), fans=(3, 5)), 2 * np.eye(3, 5)
    )


def test_critical_is_he_s_for_relu_and_lecun_s_for_tanh():
    for activation, variance in (("relu", 2.0), ("tanh", 1.0), ("identity", 1.0)):
        assert critical_variances(catalog.activation(activation))[0] == pytest.approx(variance, rel=1e-8)
    network = Network((400, 300, 2), ("relu", "identity"), initial_scale="critical")
    weight = network.unpack(network.initial(0, "float64"))[0]["weight"]
    assert (weight**2).mean() == pytest.approx(2 / 400, rel=0.03)


def test_critical_biases_have_the_variance_of_the_edge():
    found = [row for row in catalog.activations().values() if critical_bias(row) > 1e-3]
    for row in found:
        network = Network((30, 4000, 2), (row.text, "identity"), initial_scale="critical")
        bias = network.unpack(network.initial(0, "float64"))[0]["bias"]
        assert (bias**2).mean() == pytest.approx(critical_bias(row), rel=0.15)


@pytest.mark.parametrize("activation", ["maxout", "softmax", "step"])
def test_what_has_no_edge_of_chaos_is_told(activation):
    network = Network((4, 8, 2), (activation, "identity"), initial_scale="critical")
    with pytest.raises(SettingsError, match="has no edge of chaos"):
        network.initial(0)


def critical_bias(row):
    try:
        return critical_variances(row)[1]
    except SettingsError:
        return 0.0


def data_rows(width=12, rows=400, seed=3):
    return (2.0 + 3.0 * np.random.default_rng(seed).normal(size=(rows, width))).astype("float32")


@pytest.mark.parametrize(
    "network",
    [
        Network((12, 40, 30, 20, 3), ("relu", "tanh", "gelu", "identity"), initial_scale="lsuv"),
        Network((12, 20, 20, 20, 3), ("relu", "tanh", "gelu", "identity"), "layer", True, "lsuv"),
        Network((12, 20, 10, 3), ("prelu", "maxout", "identity"), initial_scale="lsuv"),
    ],
    ids=["plain", "normalised, residual", "learned and folded"],
)
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_lsuv_gives_every_layer_unit_variance(network, precision):
    """Measured layer by layer on the engine's outputs of the network cut off behind that layer."""
    rows = data_rows()
    theta = calibration.first_parameters(network, 5, precision, rows)
    for depth in range(network.depth):
        names = (*network.activations[:depth], "identity")
        units = network.unpack(theta)[depth]["weight"].shape[1]
        part = Network((*network.widths[: depth + 1], units), names, network.normalization, network.residual)
        values = outputs(part, theta[: part.size], part.initial_running(precision), rows[: calibration.ROWS])
        assert values.var() == pytest.approx(1.0, rel=1e-4)
    assert (theta == calibration.first_parameters(network, 5, precision, rows)).all()
    first = network.unpack(theta)[0]["weight"]
    product = first @ first.T
    np.testing.assert_allclose(product, np.eye(12) * product[0, 0], atol=1e-5)


def test_only_lsuv_looks_at_data():
    for row in ROWS:
        network = Network((12, 5, 3), ("relu", "identity"), initial_scale=row.name)
        theta = calibration.first_parameters(network, 1, "float32", data_rows())
        assert (theta == network.initial(1)).all() is np.bool_(not row.adapts_to_data)


def test_equal_weights_stay_equal():
    """Why chance is needed: from zeros a tanh network learns one unit many times over, a ReLU network nothing."""
    import osolgil

    inputs = np.random.default_rng(0).normal(size=(200, 2))
    labels = (inputs[:, 0] * inputs[:, 1] > 0).astype(int)
    chance = osolgil.train(
        inputs,
        labels,
        hidden=(16,),
        activation="tanh",
        epochs=60,
        learning_rate=0.03,
        initial_scale="glorot_normal",
    )
    zeros = osolgil.train(
        inputs, labels, hidden=(16,), activation="tanh", epochs=60, learning_rate=0.03, initial_scale="zeros"
    )
    layers = zeros.model.network.unpack(zeros.model.parameters)
    assert np.ptp(layers[0]["weight"], axis=1).max() == 0
    assert chance.scores["validation"] > zeros.scores["validation"] + 0.2


@every_row
def test_hyperparameters_have_limits(row):
    assert row.limits.keys() == row.settings.keys()
    with pytest.raises(SettingsError, match="has no hyperparameter"):
        catalog.initial_scale(f"{row.name}(gian=1)")


def test_senseless_scales_are_refused():
    with pytest.raises(SettingsError, match="Did you mean 'gain'"):
        catalog.initial_scale("orthogonal(gian=1)")
    with pytest.raises(SettingsError, match=r"gain of Orthogonal must lie in \(0, inf\), not be 0"):
        catalog.initial_scale("orthogonal(gain=0)")
    with pytest.raises(SettingsError, match="Did you mean 'orthogonal'"):
        Network((2, 2), ("identity",), initial_scale="ortogonal")
