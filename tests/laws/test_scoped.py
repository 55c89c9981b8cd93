"""Laws of optimizers that move a layer or the network: engines, threads, state, extreme gradients.

Their oracles (`laws/oracles/scoped.py`) are met in `test_oracles.py`, with everybody else's.
"""

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laws.compiled import CompiledSteps, FormulaSteps
from laws.oracles import problem, scoped
from osolgil.engines import accelerator
from osolgil.formulas import catalog, states
from osolgil.formulas.states import Block
from osolgil.network import Network

ROWS = [row for row in catalog.optimizers().values() if row.scope != "element"]
ORACLES = list(scoped.oracles())

every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
networks = st.builds(
    lambda widths, normalization: Network(tuple(widths), ("relu",) * (len(widths) - 1), normalization),
    st.lists(st.integers(1, 9), min_size=2, max_size=5),
    st.sampled_from([None, "layer", "batch"]),
)


@functools.cache
def met(name: str) -> list[tuple[np.ndarray, float]]:
    """Gradients and losses that our formula meets on its course."""
    batch = scoped.how(name).get("batch", problem.BATCH)
    points = [problem.joined(problem.start()), *scoped.our_course(name)[:-1]]
    measured = [
        problem.loss_and_gradient(problem.parted(point), problem.rows_of(step, batch))
        for step, point in enumerate(points)
    ]
    return [(problem.joined(slopes), loss) for loss, slopes in measured]


def steps_of(row, kind, precision=None, **options):
    arguments = {"precision": precision} if precision else {}
    start = problem.joined(problem.start())
    return kind(row, start, blocks=scoped.NETWORK.blocks, **arguments, **options, **scoped.ODD[row.name])


def test_every_row_has_an_oracle():
    assert {row.name for row in ROWS} == {o.subject for o in ORACLES if o.agrees and o.tolerance <= 1e-10}
    assert all(oracle.steps >= 200 for oracle in ORACLES)


@every_row
def test_odd_hyperparameters_are_odd(row):
    odd = scoped.ODD[row.name]
    assert odd.keys() == row.defaults.keys()
    assert sum(odd[name] == value for name, value in row.defaults.items()) <= (row.name == "lbfgs")


@every_row
def test_the_compiled_update_is_the_formula(row):
    formula, compiled = steps_of(row, FormulaSteps), steps_of(row, CompiledSteps)
    courses = [(formula.step(slope, loss), compiled.step(slope, loss)) for slope, loss in met(row.name)]
    ours, theirs = (np.array(course) for course in zip(*courses, strict=True))
    assert problem.difference(ours, theirs) <= 1e-11


@pytest.mark.long
@every_row
def test_jax_traces_the_formula(row):
    import jax

    with jax.enable_x64(True):
        plain = steps_of(row, FormulaSteps)
        traced = steps_of(row, FormulaSteps, bound=lambda formula: _in_jax(accelerator.traced(formula)))
        for slope, loss in met(row.name)[:4]:
            np.testing.assert_allclose(
                traced.step(slope, loss), plain.step(slope, loss), rtol=1e-11, atol=1e-13
            )


def _in_jax(formula):
    import jax

    def run(*arguments):
        return jax.tree.map(np.asarray, formula(*map(jax.numpy.asarray, arguments)))

    return run


@every_row
def test_any_team_of_threads_computes_the_same_bits(row):
    teams = [steps_of(row, CompiledSteps, team=team) for team in (1, 2, 5)]
    for slope, loss in met(row.name)[:20]:
        one, *others = (steps.step(slope, loss) for steps in teams)
        for other in others:
            np.testing.assert_array_equal(one, other)


@pytest.mark.long
@every_row
def test_float32_follows_float64(row):
    double, single = steps_of(row, FormulaSteps), steps_of(row, CompiledSteps, "float32")
    for slope, loss in met(row.name)[:40]:
        one, other = single.step(slope, loss), double.step(slope, loss)
    np.testing.assert_allclose(one, other, rtol=2e-3, atol=2e-3)


@every_row
@pytest.mark.parametrize("kind", [FormulaSteps, CompiledSteps])
def test_nothing_moves_where_the_gradient_has_always_been_zero(row, kind):
    values = {**scoped.ODD[row.name]} | ({"weight_decay": 0.0} if "weight_decay" in row.defaults else {})
    if "lowest_loss" in row.defaults:
        values["lowest_loss"] = 0.0
    theta = problem.joined(problem.start())
    steps = kind(row, theta, blocks=scoped.NETWORK.blocks, **values)
    with np.errstate(all="ignore"):
        for _ in range(3):
            moved = steps.step(np.zeros_like(theta), 0.0)
    expected = theta / np.sqrt(1 + values["learning_rate"] ** 2) ** 3 if row.name == "fromage" else theta
    np.testing.assert_allclose(moved, expected, rtol=1e-12)


@pytest.mark.long
@every_row
@pytest.mark.parametrize("extreme", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_seen_in_the_parameters(row, extreme):
    """A compiled function cannot raise: a broken gradient must reach θ, or leave θ alone, and never hang."""
    theta = problem.joined(problem.start())
    steps = CompiledSteps(row, theta, "float32", blocks=scoped.NETWORK.blocks)
    slope = problem.joined(problem.loss_and_gradient(problem.start(), problem.rows_of(0))[1])
    slope[3] = extreme
    moved = steps.step(slope, 0.5)
    assert np.isnan(moved[3]) or np.isinf(moved[3]) or moved[3] == np.float32(theta[3])


@pytest.mark.long
@every_row
@pytest.mark.parametrize("size", [1e-45, 1e-30, 1e15])
def test_any_size_of_gradient_is_survived_in_float32(row, size):
    theta = problem.joined(problem.start())
    steps = CompiledSteps(row, theta, "float32", blocks=scoped.NETWORK.blocks)
    slope = problem.joined(problem.loss_and_gradient(problem.start(), problem.rows_of(0))[1])
    for _ in range(3):
        moved = steps.step(slope * size, 0.5)
    assert np.isfinite(moved).all()


@given(network=networks)
def test_blocks_are_the_whole_of_the_parameters(network):
    stop = 0
    for block in network.blocks:
        assert block.start == stop
        stop = block.stop
    assert stop == network.size
    theta = np.arange(network.size, dtype=float)
    views = [layer[name] for layer in network.unpack(theta) for name in layer]
    by_start = sorted(views, key=lambda view: view.flat[0])
    for block, view in zip(network.blocks, by_start, strict=True):
        np.testing.assert_array_equal(theta[block.start : block.stop], view.ravel())
        assert block.matrix == (view.ndim == 2)
        assert not block.matrix or (block.rows, block.columns) == view.shape


@settings(max_examples=25)
@given(network=networks)
def test_places_of_the_state_are_apart_and_within(network):
    for row in catalog.optimizers().values():
        taken = np.zeros(states.count(row, network.blocks), int)
        for place in states.places(row, network.blocks):
            place.view(taken)[...] += 1
        assert taken.max(initial=0) <= 1
        apart = states.count(row, network.blocks) - taken.sum()
        assert apart >= 0
        assert row.vectors is not None or row.hooks or apart == 0


def test_first_values_are_what_the_row_says():
    row, theta = catalog.optimizer("prodigy"), np.array([1.0, 2.0])
    blocks = [Block(0, 1, 2)]
    first = states.first(row, blocks, theta, row.hyperparameters(first_distance=0.5))
    values = {place.state: place.view(first) for place in states.places(row, blocks)}
    np.testing.assert_array_equal(values["start"], theta)
    assert values["distance"] == 0.5
    assert values["mean"].sum() == values["numerator"] == 0.0
