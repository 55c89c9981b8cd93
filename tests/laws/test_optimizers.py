"""Laws of every optimizer: formula, compiled update, and the same optimizer in optax, PyTorch and Keras."""

import numpy as np
import pytest

from laws import peers
from laws.compiled import CompiledSteps, FormulaSteps
from osolgil.formulas import catalog
from osolgil.race.settings import LECTURE_OPTIMIZERS

# Keras's Nadam on PyTorch hands tensors to NumPy in an old way.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")

ROWS = [row for row in catalog.optimizers().values() if row.scope == "element"]
AGREEMENT = 1e-12
DISAGREEMENT = 1e-6
DECAYS = ("weight_decay", "decay")

# Compiling takes a second per row: the lecture's rows at every run, the others in continuous integration.
LECTURE = [row for row in ROWS if row.name in peers.PEERS]

every_row = pytest.mark.parametrize(
    "row",
    [pytest.param(row, marks=() if row in LECTURE else pytest.mark.long, id=row.name) for row in ROWS],
)
every_formula = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
every_lecture_row = pytest.mark.parametrize("row", LECTURE, ids=lambda row: row.name)
every_peer = pytest.mark.parametrize(
    ("row", "library"),
    [
        pytest.param(
            row, library, id=f"{row.name}-{library}", marks=pytest.mark.peer if library != "optax" else ()
        )
        for row in LECTURE
        for library in peers.LIBRARIES
    ],
)


def test_every_optimizer_of_the_lecture_has_every_oracle():
    assert {row.name for row in LECTURE} >= set(LECTURE_OPTIMIZERS)
    assert all(set(peers.PEERS[row.name]) == set(peers.LIBRARIES) for row in LECTURE)


@every_lecture_row
@pytest.mark.parametrize("library", peers.LIBRARIES)
def test_the_catalog_says_same_exactly_where_the_oracle_is_the_same(row, library):
    same = row.peers[library].startswith("same")
    assert same == (peers.PEERS[row.name][library].relation == "same"), row.peers[library]


@every_peer
@pytest.mark.parametrize("kind", ["formula", "compiled"])
def test_a_thousand_steps_agree_as_the_catalog_says(row, library, kind):
    peer = peers.PEERS[row.name][library]
    other = peers.theirs(library, peer.name, learning_rate=row.defaults["learning_rate"], **peer.options)
    difference = peers.difference(peers.ours(row, kind, **peer.ours), other)
    if peer.relation == "differs":
        assert difference > DISAGREEMENT
    else:
        assert difference <= AGREEMENT


@every_peer
def test_a_stated_difference_is_real(row, library):
    peer = peers.PEERS[row.name][library]
    if peer.relation != "same":
        other = peers.theirs(library, peer.name, learning_rate=row.defaults["learning_rate"])
        assert peers.difference(peers.ours(row, "formula"), other) > DISAGREEMENT


@every_row
def test_the_compiled_update_is_the_formula(row):
    assert peers.difference(peers.ours(row, "compiled"), peers.ours(row, "formula")) <= AGREEMENT


@every_row
def test_float32_follows_float64(row):
    theta, slopes = peers.gradients(steps=200)
    single, double = CompiledSteps(row, theta, "float32"), FormulaSteps(row, theta)
    for slope in slopes:
        one, other = single.step(slope), double.step(slope)
    np.testing.assert_allclose(one, other, rtol=2e-3, atol=2e-4)


@every_row
def test_the_compiled_update_is_cut_anywhere_without_a_trace(row):
    theta, slopes = peers.gradients(size=53, steps=20)
    whole = CompiledSteps(row, theta, "float32")
    parts = [CompiledSteps(row, theta[start : start + 7], "float32") for start in range(0, 53, 7)]
    for slope in slopes:
        expected = whole.step(slope)
        pieces = [
            part.step(slope[start : start + 7]) for part, start in zip(parts, range(0, 53, 7), strict=True)
        ]
    np.testing.assert_array_equal(np.concatenate(pieces), expected)


@every_row
def test_coefficients_are_the_scalars_the_update_names(row):
    steps, formula = CompiledSteps(row, [1.0]), FormulaSteps(row, [1.0])
    for _ in range(5):
        steps.step([0.5])
        formula.time += 1
        scalars = formula.scalars()
        assert len(scalars) == len(row.coefficient_names)
        np.testing.assert_allclose(steps.scalars[: len(scalars)], scalars, rtol=1e-13)
        assert np.isnan(steps.scalars[len(scalars) :]).all()


@every_formula
def test_nothing_moves_where_the_gradient_has_always_been_zero(row):
    theta, _ = peers.gradients()
    steps = FormulaSteps(row, theta)
    for _ in range(3):
        moved = steps.step(np.zeros_like(theta))
    decay = row.defaults["learning_rate"] * sum(row.defaults.get(name, 0.0) for name in DECAYS)
    np.testing.assert_allclose(moved, theta * (1 - decay) ** 3, rtol=1e-11 if decay else 0)


@every_formula
def test_the_first_move_goes_downhill(row):
    """Some optimizers wait for a few gradients; no more than three."""
    theta, slopes = peers.gradients()
    steps = FormulaSteps(row, theta, **{name: 0.0 for name in DECAYS if name in row.defaults})
    moved = theta
    for _ in range(4):
        if np.array_equal(moved, theta):
            moved = steps.step(slopes[0])
    np.testing.assert_array_equal(np.sign(moved - theta), -np.sign(slopes[0]))


@every_lecture_row
def test_a_division_by_zero_is_seen_in_the_parameters(row, capfd):
    """A compiled function cannot raise: what cannot be divided must reach θ and be seen there."""
    if "beta1" in row.defaults:
        moved = CompiledSteps(row, [1.0, 2.0], beta1=1.0, beta2=1.0).step([0.5, -1.0])
        assert not np.isfinite(moved).any()
    assert capfd.readouterr() == ("", "")


def weights_of_past_gradients(name, momentum, steps=5):
    """How much each of the first gradients has moved θ after some steps, in units of -γ."""
    row = catalog.optimizer(name)
    weights = []
    for position in range(steps):
        run = CompiledSteps(row, [0.0], learning_rate=1.0, momentum=momentum)
        moved = [run.step([float(step == position)]) for step in range(steps)]
        weights.append(-moved[-1][0])
    return np.array(weights)


@pytest.mark.parametrize("momentum", [0.3, 0.9, 0.99])
def test_both_readings_of_the_momentum_slide(momentum):
    """Usual: g_i moves θ by Σ ρ^k, k = 0…n-i. Literal: every term but the first is 1/ρ as large."""
    ages = np.arange(4, -1, -1)
    usual = np.array([sum(momentum**k for k in range(age + 1)) for age in ages])
    np.testing.assert_allclose(weights_of_past_gradients("momentum", momentum), usual, rtol=1e-14)
    literal = weights_of_past_gradients("momentum_literal", momentum)
    np.testing.assert_allclose(literal - 1, (usual - 1) / momentum, rtol=1e-13)


def test_nesterov_is_momentum_measured_ahead():
    """With φ = θ + ρ v, θ moves as Sutskever's eq. 3-4 say: v ← ρ v - γ ∇f(θ + ρ v), θ ← θ + v."""
    curvature, rate, momentum = np.array([1.0, 30.0]), 0.02, 0.9
    run = CompiledSteps(catalog.optimizer("nesterov"), [1.0, 1.0], learning_rate=rate, momentum=momentum)
    theta, velocity = np.ones(2), np.zeros(2)
    for _ in range(50):
        velocity = momentum * velocity - rate * curvature * (theta + momentum * velocity)
        theta = theta + velocity
        ahead = run.step(curvature * run.theta)
        np.testing.assert_allclose(ahead, theta + momentum * velocity, rtol=1e-10, atol=1e-14)


def test_adagrad_includes_the_gradient_of_the_step_itself():
    """Without g_n, as the slide sums, the first step would divide by zero; with it, it is -γ sign(g)."""
    run = CompiledSteps(catalog.optimizer("adagrad"), np.zeros(3), learning_rate=0.1)
    np.testing.assert_allclose(run.step([1e-3, -5.0, 1e4]), [-0.1, 0.1, -0.1], rtol=1e-6)
    second = run.step([1e-3, -5.0, 1e4])
    np.testing.assert_allclose(np.abs(second), 0.1 + 0.1 / np.sqrt(2), rtol=1e-6)
