"""Measurements against JAX, against gradients row by row, and against what they are made of."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from osolgil.diagnosis.measurement import curvature, effective_rank, evenly, lanczos, measure
from osolgil.diagnosis.prediction import Inputs, predict
from osolgil.engines.cpu.fleet import Fleet, RunSetting, Task
from osolgil.engines.cpu.kernels import layout
from osolgil.network import Network

ROWS = 40
PLAIN = Network((6, 9, 8, 8, 3), ("tanh", "relu", "tanh", "identity"))
RESIDUAL = Network((6, 8, 8, 8, 3), ("tanh", "tanh", "tanh", "identity"), residual=True)
NORMAL = Network((6, 8, 8, 3), ("tanh", "tanh", "identity"), "layer")


def task(rows=ROWS, precision="float32"):
    random = np.random.default_rng(3)
    inputs = random.normal(size=(rows, 6)).astype(precision)
    targets = np.eye(3)[random.integers(0, 3, rows)].astype(precision)
    return Task(inputs, targets, np.arange(rows), np.arange(rows), "softmax_cross_entropy")


def losses(network, layers, shifts, inputs, targets):
    """Loss of each row of a network written in JAX; `shifts` are added to pre-activations to differentiate there."""
    functions = {"tanh": jnp.tanh, "relu": jax.nn.relu, "identity": lambda x: x}
    value, values = inputs, []
    for index, layer in enumerate(layers):
        pre = value @ layer["weight"] + layer["bias"] + shifts[index]
        hidden = index < len(layers) - 1
        if network.normalization and hidden:
            centred = pre - pre.mean(-1, keepdims=True)
            pre = centred / jnp.sqrt(centred.var(-1, keepdims=True) + layout.EPSILON)
            pre = pre * layer["gain"] + layer["shift"]
        following = functions[network.activations[index]](pre)
        skip = network.residual and hidden and index > 0 and following.shape == value.shape
        value = following + value if skip else following
        values.append(value)
    return -(targets * jax.nn.log_softmax(value)).sum(-1), values


@pytest.mark.parametrize("network", [PLAIN, RESIDUAL, NORMAL], ids=["plain", "residual", "normalised"])
def test_signals_and_gradients_are_what_jax_computes(network):
    given, theta = task(), network.initial(1)
    found = measure(network, theta, network.initial_running(), given, given.training)
    with jax.enable_x64(True):
        layers = [{k: jnp.array(v, float) for k, v in layer.items()} for layer in network.unpack(theta)]
        zeros = [jnp.zeros((ROWS, width)) for width in network.widths[1:]]
        total = lambda layers, shifts: losses(network, layers, shifts, given.inputs, given.targets)[0].sum()  # noqa: E731
        slopes = jax.grad(total, 1)(layers, zeros)
        weights = jax.grad(total, 0)(layers, zeros)
        row_losses, values = losses(network, layers, zeros, given.inputs, given.targets)
        weights = [{name: np.asarray(values) for name, values in layer.items()} for layer in weights]
        slopes, row_losses = [np.asarray(slope) for slope in slopes], np.asarray(row_losses)
    assert found.loss == pytest.approx(float(row_losses.mean()), rel=1e-5)
    for index, value in enumerate(values):
        value = np.asarray(value)
        assert found.signal[index] == pytest.approx(float((value**2).mean()), rel=1e-4)
        assert found.signal_mean[index] == pytest.approx(float(value.mean()), rel=1e-3, abs=1e-5)
        cosines = value @ value.T
        pairs = (cosines.sum() - np.trace(cosines)) / ((ROWS - 1) * np.trace(cosines))
        assert found.similarity[index] == pytest.approx(float(pairs), rel=1e-3, abs=1e-5)
        delta = slopes[index]
        assert found.gradient[index] == pytest.approx(float(np.sqrt((delta**2).mean())), rel=1e-4)
        norm = np.sqrt(sum(float((weights[index][k] ** 2).sum()) for k in ("weight", "bias"))) / ROWS
        assert found.weight_gradient[index] == pytest.approx(norm, rel=1e-4)


def test_noise_scale_is_that_of_gradients_row_by_row():
    given, theta = task(), PLAIN.initial(2)
    found = measure(PLAIN, theta, PLAIN.initial_running(), given, given.training)
    with jax.enable_x64(True):
        layers = [{k: jnp.array(v, float) for k, v in layer.items()} for layer in PLAIN.unpack(theta)]

        def loss(layers, x, y):
            zeros = [jnp.zeros(width) for width in PLAIN.widths[1:]]
            return losses(PLAIN, layers, zeros, x[None], y[None])[0][0]

        each = jax.vmap(jax.grad(loss), (None, 0, 0))(layers, given.inputs, given.targets)
        rows = np.concatenate([np.asarray(leaf).reshape(ROWS, -1) for leaf in jax.tree.leaves(each)], axis=1)
    noise = float(rows.var(0, ddof=1).sum())
    square = float((rows.mean(0) ** 2).sum()) - noise / ROWS
    assert found.gradient_noise == pytest.approx(noise, rel=1e-4)
    assert found.noise_scale == pytest.approx(noise / square, rel=1e-3)


def test_curvature_is_the_largest_eigenvalue_of_the_hessian():
    network = Network((6, 5, 3), ("tanh", "identity"))
    given, theta = task(), network.initial(2)
    with jax.enable_x64(True):

        def loss(flat):
            hidden = jnp.tanh(given.inputs @ flat[:30].reshape(6, 5) + flat[30:35])
            outputs = hidden @ flat[35:50].reshape(5, 3) + flat[50:]
            return -(given.targets * jax.nn.log_softmax(outputs)).sum(-1).mean()

        exact = float(np.linalg.eigvalsh(np.asarray(jax.hessian(loss)(jnp.array(theta))))[-1])
    found = curvature(network, theta, network.initial_running(), given, given.training)
    assert found == pytest.approx(exact, rel=0.02)


def test_lanczos_finds_the_largest_eigenvalue():
    random = np.random.default_rng(0)
    matrix = random.normal(size=(40, 40))
    matrix = matrix + matrix.T
    assert lanczos(lambda v: matrix @ v, 40, 40) == pytest.approx(np.linalg.eigvalsh(matrix)[-1], rel=1e-10)
    assert lanczos(lambda v: 0.0 * v, 40, 5) == 0.0


def test_effective_rank_counts_directions():
    random = np.random.default_rng(0)
    one = np.outer(random.normal(size=50), random.normal(size=9)) + 3.0
    assert effective_rank(one) == pytest.approx(1.0, rel=1e-9)
    assert effective_rank(random.normal(size=(4000, 5))) == pytest.approx(5.0, rel=0.02)
    assert np.isnan(effective_rank(np.ones((5, 3))))
    assert np.isnan(effective_rank(np.array([[1.0, np.inf], [2.0, 3.0]])))  # what exponential layers come to


def test_rows_are_spread_evenly():
    assert evenly(np.arange(10), 20).tolist() == list(range(10))
    assert evenly(np.arange(100), 3).tolist() == [0, 49, 99]


def trained(workers, recorded=True, network=NORMAL, runs=5):
    settings = [RunSetting("sgd", {"learning_rate": 0.1}, seed, 16) for seed in range(runs)]
    fleet = Fleet.create(network, task(precision="float32"), settings, 4, "float32", recorded)
    fleet.advance(["sgd"] * runs, 4, workers=workers)
    return fleet


def test_a_record_is_the_same_whatever_the_threads_and_changes_no_run():
    one, three, bare = trained(1), trained(3), trained(2, recorded=False)
    np.testing.assert_array_equal(one.arrays["records"], three.arrays["records"])
    np.testing.assert_array_equal(one.arrays["thetas"], bare.arrays["thetas"])
    np.testing.assert_array_equal(one.arrays["histories"], bare.arrays["histories"])
    assert bare.arrays["records"].shape[2] == 0
    assert np.isfinite(one.arrays["records"]).all()


def test_a_team_of_threads_records_what_one_thread_does():
    wide = Network((6, 400, 400, 3), ("tanh", "tanh", "identity"))
    random = np.random.default_rng(0)
    rows = 300
    given = Task(
        random.normal(size=(rows, 6)).astype(np.float32), np.eye(3, dtype=np.float32)[random.integers(0, 3, rows)],
        np.arange(rows), np.arange(40), "softmax_cross_entropy",
    )  # fmt: skip
    fleets = []
    for workers in (1, 4):
        fleet = Fleet.create(wide, given, [RunSetting("sgd", {"learning_rate": 0.1}, 0, 256)], 1)
        fleet.advance(["sgd"], 1, workers=workers)
        fleets.append(fleet)
    np.testing.assert_array_equal(fleets[0].arrays["records"], fleets[1].arrays["records"])


def test_a_step_of_gradient_descent_is_the_rate_times_the_gradient():
    rows = ROWS
    fleet = Fleet.create(
        PLAIN, task(precision="float32"), [RunSetting("sgd", {"learning_rate": 0.1}, 0, rows)], 1
    )
    theta = fleet.arrays["thetas"][0].copy()
    fleet.advance(["sgd"], 1, workers=1)
    record = fleet.arrays["records"][0, 0]
    moved = PLAIN.unpack(fleet.arrays["thetas"][0] - theta)
    for index, layer in enumerate(moved):
        assert record[index, layout.UPDATE_NORM] == pytest.approx(np.linalg.norm(layer["weight"]), rel=1e-3)
        both = np.hypot(np.linalg.norm(layer["weight"]), np.linalg.norm(layer["bias"]))
        assert record[index, layout.GRADIENT] == pytest.approx(both / 0.1, rel=1e-3)
        before = np.linalg.norm(PLAIN.unpack(theta)[index]["weight"])
        assert record[index, layout.WEIGHT_NORM] == pytest.approx(before, rel=1e-4)


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "gelu"])
def test_the_engine_shows_what_is_predicted(activation):
    width, depth = 256, 12
    network = Network(
        (50, *[width] * depth, 10), (*[activation] * depth, "identity"), initial_scale="glorot_normal"
    )
    random = np.random.default_rng(1)
    inputs = random.normal(size=(64, 50))
    inputs *= np.sqrt(50) / np.linalg.norm(inputs, axis=1, keepdims=True)
    targets = np.eye(10)[random.integers(0, 10, 64)]
    given = Task(
        inputs.astype(np.float32),
        targets.astype(np.float32),
        np.arange(64),
        np.arange(64),
        "softmax_cross_entropy",
    )
    expected = predict(network, Inputs.of(inputs, "softmax_cross_entropy"))
    low, high = expected.band(3.0)
    inside = []
    for seed in range(4):
        found = measure(network, network.initial(seed), network.initial_running(), given, given.training)
        inside.append((found.log10_gradient >= low - 0.01) & (found.log10_gradient <= high + 0.01))
        np.testing.assert_allclose(found.signal[:-1], expected.signal[:-1], rtol=0.35)
    assert np.mean(inside) > 0.9
