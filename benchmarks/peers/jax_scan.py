"""JAX + optax: a whole epoch in one jitted scan, arguments donated, optionally vmapped over runs."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from benchmarks.problem import LEARNING_RATE, ROWS, Network, Problem, Weights

OPTIMIZER = optax.adam(LEARNING_RATE)


def loss(parameters: list[tuple[jax.Array, jax.Array]], inputs: jax.Array, labels: jax.Array) -> jax.Array:
    """Mean cross-entropy of one mini-batch."""
    signal = inputs
    for matrix, bias in parameters[:-1]:
        signal = jax.nn.relu(signal @ matrix + bias)
    matrix, bias = parameters[-1]
    return optax.softmax_cross_entropy_with_integer_labels(signal @ matrix + bias, labels).mean()


def epoch(parameters: Any, state: Any, order: jax.Array, inputs: jax.Array, labels: jax.Array) -> Any:
    """One epoch of one run; `order` (steps, batch) is this epoch's permutation."""

    def step(carry: Any, rows: jax.Array) -> tuple[Any, None]:
        parameters, state = carry
        gathered = inputs.at[rows].get(mode="promise_in_bounds")
        chosen = labels.at[rows].get(mode="promise_in_bounds")
        gradients = jax.grad(loss)(parameters, gathered, chosen)
        updates, state = OPTIMIZER.update(gradients, state, parameters)
        return (optax.apply_updates(parameters, updates), state), None

    return jax.lax.scan(step, (parameters, state), order)[0]


def epoch_gathered_ahead(
    parameters: Any, state: Any, order: jax.Array, inputs: jax.Array, labels: jax.Array
) -> Any:
    """The same, with all rows of the epoch gathered before the scan instead of within it."""

    def step(carry: Any, batch: tuple[jax.Array, jax.Array]) -> tuple[Any, None]:
        parameters, state = carry
        gradients = jax.grad(loss)(parameters, *batch)
        updates, state = OPTIMIZER.update(gradients, state, parameters)
        return (optax.apply_updates(parameters, updates), state), None

    ordered = (
        inputs.at[order].get(mode="promise_in_bounds"),
        labels.at[order].get(mode="promise_in_bounds"),
    )
    return jax.lax.scan(step, (parameters, state), ordered)[0]


class Vmapped:
    """Many runs in one program. With `runs=None` there is no runs axis at all."""

    def __init__(self, problem: Problem, *, runs: int | None, gather: str) -> None:
        self.network, self.runs = problem.network, runs
        self.inputs = jnp.asarray(problem.inputs)
        self.labels = jnp.asarray(problem.labels.astype(np.int32))
        self.random = np.random.default_rng(0)
        weights = [problem.initial_weights(seed) for seed in range(runs or 1)]
        function = epoch if gather == "step" else epoch_gathered_ahead
        start = OPTIMIZER.init
        if runs is None:
            self.parameters = jax.tree.map(jnp.asarray, weights[0])
        else:
            self.parameters = jax.tree.map(lambda *leaves: jnp.stack(leaves), *weights)
            function, start = jax.vmap(function, in_axes=(0, 0, 0, None, None)), jax.vmap(start)
        self.state = start(self.parameters)
        self.epoch = jax.jit(function, donate_argnums=(0, 1))

    @staticmethod
    def variants(network: Network, mode: str, cores: int) -> list[dict[str, Any]]:
        counts = (2, 4, 8) if sum(network.widths) > 1500 else (8, 32, 64)
        return [{"runs": runs, "gather": "step"} for runs in counts]

    def order(self) -> np.ndarray:
        """NumPy's permutation is faster on a CPU than jax.random's, which sorts."""
        shape = (self.network.steps_per_epoch, self.network.batch)
        orders = [self.random.permutation(ROWS).astype(np.int32) for _ in range(self.runs or 1)]
        return np.stack(orders).reshape(*(() if self.runs is None else (self.runs,)), *shape)

    def advance(self) -> int:
        self.parameters, self.state = self.epoch(
            self.parameters, self.state, self.order(), self.inputs, self.labels
        )
        jax.block_until_ready(self.parameters)
        return self.network.steps_per_epoch * (self.runs or 1)

    def weights(self) -> Weights:
        first = self.parameters if self.runs is None else jax.tree.map(lambda leaf: leaf[0], self.parameters)
        return [(np.asarray(matrix), np.asarray(bias)) for matrix, bias in first]


class Scan(Vmapped):
    """One run; in a process per core also small stacks of runs, whichever is faster."""

    @staticmethod
    def variants(network: Network, mode: str, cores: int) -> list[dict[str, Any]]:
        single: list[dict[str, Any]] = [{"runs": None, "gather": gather} for gather in ("step", "epoch")]
        return single + (Vmapped.variants(network, mode, cores)[:2] if mode == "many" else [])
