"""Many optax optimizers through the problem at once: compiling each alone would take most of the time."""

import functools
from typing import Any

import numpy as np

from laws.oracles import in_optax, problem
from laws.oracles.counterpart import in_optax as function
from laws.oracles.counterpart import odd
from osolgil.formulas import catalog


@functools.cache
def courses() -> dict[tuple[str, str], np.ndarray]:
    """The course (steps, size) of every row's counterpart in optax, at ("row", "odd") and ("row", "default")."""
    import jax
    import optax

    with jax.enable_x64(True):
        movers = _movers()
        theta = jax.numpy.asarray(problem.joined(problem.start()))
        points = dict.fromkeys(movers, theta)
        states = {key: mover.init(theta) for key, mover in movers.items()}

        @jax.jit
        def step(points: Any, states: Any, slopes: Any) -> Any:
            moved = {
                key: mover.update(slopes[key], states[key], points[key]) for key, mover in movers.items()
            }
            new = {key: optax.apply_updates(points[key], update) for key, (update, _) in moved.items()}
            return new, {key: state for key, (_, state) in moved.items()}

        followed: dict[tuple[str, str], list[np.ndarray]] = {key: [] for key in movers}
        for number in range(problem.STEPS):
            slopes = {key: _slope(key[0], np.asarray(point), number) for key, point in points.items()}
            points, states = step(points, states, slopes)
            for key, point in points.items():
                followed[key].append(np.asarray(point))
    return {key: np.array(course) for key, course in followed.items()}


def _movers() -> dict[tuple[str, str], Any]:
    movers = {}
    for name, counterpart in in_optax.ROWS.items():
        values = {**odd(catalog.optimizer(name)), **counterpart.ours}
        chosen = {"learning_rate": values["learning_rate"], **counterpart.options_for(values)}
        movers[name, "odd"] = function(counterpart.name)(**chosen)
        rate = catalog.optimizer(name).defaults["learning_rate"]
        movers[name, "default"] = function(counterpart.name)(learning_rate=rate, **counterpart.variant)
    return movers


def _slope(name: str, point: np.ndarray, number: int) -> np.ndarray:
    batch = None if catalog.optimizer(name).full_batch else problem.BATCH
    return problem.joined(problem.loss_and_gradient(problem.parted(point), problem.rows_of(number, batch))[1])
