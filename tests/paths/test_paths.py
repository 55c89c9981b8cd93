"""Paths over surfaces against optax's own steps, and what they say of Nesterov, effective steps and noise."""

import json

import jax
import numpy as np
import optax
import pytest
from hypothesis import given
from hypothesis import strategies as st

from osolgil.engines import accelerator
from osolgil.errors import SettingsError
from osolgil.formulas import catalog
from osolgil.lookup.curves import curve
from osolgil.paths import path
from osolgil.problems import SAMPLES, SurfaceProblem

ALL = list(catalog.optimizers().values())
OPTAX = {
    "gradient_descent": lambda rate: optax.sgd(rate),
    "momentum": lambda rate: optax.sgd(rate, momentum=0.9),
    "nesterov": lambda rate: optax.sgd(rate, momentum=0.9, nesterov=True),
    "adagrad": lambda rate: optax.adagrad(rate, initial_accumulator_value=0.0, eps=0.0),
    "rmsprop": lambda rate: optax.rmsprop(rate, decay=0.99, eps=1e-8, eps_in_sqrt=False),
    "adam": lambda rate: optax.adam(rate),
}


@pytest.mark.parametrize("name", OPTAX)
@pytest.mark.parametrize(("surface", "rate"), [("rosenbrock", 5e-4), ("himmelblau", 3e-3), ("ackley", 0.005)])
def test_a_path_is_optax_on_the_surface_that_jax_differentiates(name, surface, rate):
    row = catalog.surface(surface)
    given = {"epsilon": 0.0} if name == "adagrad" else {}
    found = path(surface, [name], steps=200, learning_rate=rate, hyperparameters=given).walks[0]
    with jax.enable_x64(True):
        slope = jax.grad(lambda p: accelerator.traced(row.formula)(p[0], p[1]))
        transformation = OPTAX[name](rate)

        def step(carry, _):
            point, state = carry
            updates, state = transformation.update(slope(point), state, point)
            point = optax.apply_updates(point, updates)
            return (point, state), point

        start = jax.numpy.asarray(row.start)
        wanted = np.asarray(jax.lax.scan(step, (start, transformation.init(start)), length=200)[1])
    np.testing.assert_allclose(found.points[1:], wanted, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("row", ALL, ids=lambda row: row.name)
def test_every_optimizer_walks_down_the_ravine(row):
    heights = curve(row).series[row.title]  # log₁₀, with the rate that a path takes by itself
    assert np.isfinite(heights).all()
    assert heights[-1] < heights[0]


def test_the_vectors_of_one_step_add_up_to_both_steps():
    """Momentum from the catalog lands where its vectors point; Nesterov's form looks ahead by ρ v from there."""
    found = path("ravine", ["momentum", "nesterov"], steps=20, learning_rate=0.1)
    facts = found.one_step
    theta, carried = np.array(facts["theta"]), np.array(facts["carried"])
    momentum = next(walk for walk in found.walks if walk.optimizer == "momentum")
    np.testing.assert_allclose(momentum.points[facts["step"]], theta, rtol=1e-12)
    np.testing.assert_allclose(momentum.points[facts["step"] + 1], facts["momentum_end"], rtol=1e-12)
    spot, velocity = theta + carried, carried / facts["momentum"]
    slope = np.array(catalog.surface("ravine").slope(*spot))
    ahead, _ = catalog.optimizer("nesterov")(spot, slope, velocity, 0.1, facts["momentum"])
    end = np.array(facts["nesterov_end"])
    np.testing.assert_allclose(ahead, end + facts["momentum"] * (end - theta), rtol=1e-12)


def test_effective_steps_are_the_learning_rate_over_the_root_of_h():
    found = {
        walk.optimizer: walk
        for walk in path("beale", ["adagrad", "rmsprop"], steps=30, learning_rate=0.1).walks
    }
    squares = np.cumsum(found["adagrad"].gradients ** 2, axis=0)
    np.testing.assert_allclose(found["adagrad"].effective_steps, 0.1 / (np.sqrt(squares) + 1e-10), rtol=1e-5)
    forgotten, h = [], 0.0
    for gradient in found["rmsprop"].gradients:
        h = 0.99 * h + 0.01 * gradient**2
        forgotten.append(0.1 / (np.sqrt(h) + 1e-8))
    np.testing.assert_allclose(found["rmsprop"].effective_steps, forgotten, rtol=1e-5)


def test_all_samples_together_are_gradient_descent_and_one_has_the_stated_noise():
    problem = SurfaceProblem.of("noisy_quadratic", SAMPLES)
    np.testing.assert_allclose(problem.measured([1.0, 2.0], 0), problem.gradient([1.0, 2.0]), atol=1e-14)
    single = SurfaceProblem.of("noisy_quadratic", 1)
    off = np.array([single.measured([1.0, 2.0], k) - single.gradient([1.0, 2.0]) for k in range(SAMPLES)])
    np.testing.assert_allclose(off.mean(0), 0.0, atol=1e-13)
    np.testing.assert_allclose(off.std(0), [1.0, np.sqrt(0.05)], rtol=1e-12)


def test_smaller_batches_wander_more():
    found = path("noisy_quadratic", ["sgd"], steps=200, learning_rate=0.2, batch_sizes=(None, 16, 1))
    spread = [walk.points[50:, 0].std() for walk in found.walks]
    assert spread[0] < spread[1] < spread[2]


def test_all_walk_at_once_and_stay_json():
    found = path("bowl", ["all"], steps=4, learning_rate=0.01)
    assert {walk.optimizer for walk in found.walks} == set(catalog.optimizers())
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["surface"] == "bowl"


def test_a_walk_that_diverges_says_so_and_stays_json():
    found = path("rosenbrock", ["gradient_descent"], steps=50, learning_rate=10.0).walks[0]
    assert found.diverged
    json.dumps(found.to_dict(), allow_nan=False)


@given(st.floats(-1.5, 1.5), st.floats(-1.5, 1.5))
def test_without_noise_the_batch_changes_nothing(x, y):
    problem = SurfaceProblem.of("rosenbrock", 8, noise=0.0)
    np.testing.assert_array_equal(problem.measured([x, y], 3), problem.gradient([x, y]))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"surface": "rosenbrok"}, "Did you mean 'rosenbrock'"),
        ({"optimizers": ["adaam"]}, "Did you mean 'adam'"),
        ({"optimizers": []}, "at least one optimizer"),
        ({"steps": 0}, "steps, not 0"),
        ({"learning_rate": -1.0}, "positive finite"),
        ({"start": (1.0,)}, "two finite numbers"),
        ({"start": (1.0, np.nan)}, "two finite numbers"),
        ({"batch_sizes": (4,)}, "seen exactly"),
        ({"batch_sizes": (0,), "noise": 1.0}, "1 to 256"),
        ({"noise": -1.0}, "from 0 up"),
        ({"hyperparameters": {"speed": 1.0}}, "no hyperparameter 'speed'"),
    ],
)
def test_mistakes_are_told(given, words):
    with pytest.raises(SettingsError, match=words):
        path(**{"surface": "rosenbrock", "optimizers": ["adam"], "steps": 5, **given})
