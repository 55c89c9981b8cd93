"""Wrappers of other libraries on the problem: each function gives the course of the weights from hyperparameters.

A course of twice the width holds the trained and then the evaluated weights.
"""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from laws.oracles import problem

Values = dict[str, float]
Course = Callable[[Values], np.ndarray]


def follow(move: Callable[[Any, Any, float, Callable[[Any], Any]], tuple[Any, Any]]) -> np.ndarray:
    """Courses of what `move(parts, slopes, loss, measure)` returns: trained and evaluated weights."""
    number, evaluated = itertools.count(), []

    def step(parts, slopes, loss):
        rows = problem.rows_of(next(number))
        trained, kept = move(parts, slopes, loss, lambda other: problem.loss_and_gradient(other, rows)[1])
        evaluated.append(problem.joined([np.array(part, float) for part in kept]))
        return trained

    return np.concatenate([problem.follow(step), np.array(evaluated)], axis=1)


def transposed(parts: Any) -> list[Any]:
    """Weights as (outputs, inputs)."""
    return [part.T for part in parts]


# optax


def _adam(optax: Any, v: Values) -> Any:
    return optax.adam(v["learning_rate"], b1=v["beta1"], b2=v["beta2"], eps=v["epsilon"])


def _optax(make: Callable[[Any, Values], Any], turn: Callable[[Any], Any] = list) -> Course:
    """The course of a transformation; `turn` turns the weights as it expects them, and back."""

    def course(values: Values) -> np.ndarray:
        import jax
        import optax
        import optax.contrib

        with jax.enable_x64(True):
            transformation = optax.with_extra_args_support(make(optax, values))
            state = transformation.init([jax.numpy.asarray(part) for part in turn(problem.start())])
            update = jax.jit(transformation.update)

            def move(parts, slopes, loss):
                nonlocal state
                parts, slopes = ([jax.numpy.asarray(p) for p in turn(group)] for group in (parts, slopes))
                updates, state = update(slopes, state, parts)
                return turn(optax.apply_updates(parts, updates))

            return problem.follow(move)

    return course


def optax_clipped(name: str) -> Course:
    return _optax(lambda optax, v: optax.chain(getattr(optax, name)(v["limit"]), _adam(optax, v)))


def _by_layer(optax: Any, v: Values) -> Any:
    """Every weight and bias in a group of its own, of which the norm is the global one."""
    places = range(len(problem.SHAPES))
    clips = {place: optax.clip_by_global_norm(v["limit"]) for place in places}
    return optax.chain(optax.partition(clips, list(places)), _adam(optax, v))


optax_clipped_by_layer = _optax(_by_layer)
optax_agc = _optax(
    lambda optax, v: optax.chain(
        optax.adaptive_grad_clip(v["limit"], v["adaptive_clip_epsilon"]), _adam(optax, v)
    )
)
optax_centralised = _optax(lambda optax, v: optax.chain(optax.centralize(), _adam(optax, v)), transposed)
optax_decayed = _optax(
    lambda optax, v: optax.adamw(
        v["learning_rate"], b1=v["beta1"], b2=v["beta2"], eps=v["epsilon"], weight_decay=v["decay"]
    )
)


def _optax_lookahead(make: Callable[[Any, Values], Any]) -> Course:
    def course(values: Values) -> np.ndarray:
        import jax
        import optax

        with jax.enable_x64(True):
            transformation = optax.lookahead(make(optax, values), int(values["period"]), values["share"])
            pair = optax.LookaheadParams.init_synced([jax.numpy.asarray(part) for part in problem.start()])
            state = transformation.init(pair)
            update = jax.jit(transformation.update)

            def move(parts, slopes, loss, measure):
                nonlocal state, pair
                updates, state = update([jax.numpy.asarray(slope) for slope in slopes], state, pair)
                pair = optax.apply_updates(pair, updates)
                return pair.fast, pair.slow

            return follow(move)

    return course


optax_lookahead = _optax_lookahead(_adam)
optax_wrapped_thrice = _optax_lookahead(
    lambda optax, v: optax.chain(
        optax.clip_by_global_norm(v["limit"]),
        optax.adamw(
            v["learning_rate"], b1=v["beta1"], b2=v["beta2"], eps=v["epsilon"], weight_decay=v["decay"]
        ),
    )
)


def optax_ema(values: Values) -> np.ndarray:
    import jax
    import optax

    with jax.enable_x64(True):
        transformation = _adam(optax, values)
        state = transformation.init([jax.numpy.asarray(part) for part in problem.start()])
        average: Any = None

        def move(parts, slopes, loss, measure):
            nonlocal state, average
            parts, slopes = ([jax.numpy.asarray(p) for p in group] for group in (parts, slopes))
            updates, state = transformation.update(slopes, state, parts)
            parts = optax.apply_updates(parts, updates)
            share = 1.0 - values["memory"]
            average = parts if average is None else optax.incremental_update(parts, average, share)
            return parts, average

        return follow(move)


def optax_schedule_free(base: str) -> Course:
    def course(values: Values) -> np.ndarray:
        import jax
        import optax
        from optax import contrib

        with jax.enable_x64(True):
            rate = values["learning_rate"]
            inner = optax.sgd(rate) if base == "sgd" else _adam(optax, values)
            transformation = contrib.schedule_free(
                inner, rate, b1=values["interpolation"], weight_lr_power=values["power"]
            )
            parts = [jax.numpy.asarray(part) for part in problem.start()]
            state = transformation.init(parts)

            def move(parts, slopes, loss, measure):
                nonlocal state
                parts, slopes = ([jax.numpy.asarray(p) for p in group] for group in (parts, slopes))
                updates, state = transformation.update(slopes, state, parts)
                parts = optax.apply_updates(parts, updates)
                return parts, contrib.schedule_free_eval_params(state, parts)

            return follow(move)

    return course


def optax_sam(values: Values) -> np.ndarray:
    import jax
    import optax
    from optax import contrib

    with jax.enable_x64(True):
        transformation = contrib.sam(
            optax.sgd(values["learning_rate"], momentum=values["momentum"]),
            optax.chain(contrib.normalize(), optax.sgd(values["radius"])),
            opaque_mode=True,
        )
        state = transformation.init([jax.numpy.asarray(part) for part in problem.start()])

        def move(parts, slopes, loss, measure):
            nonlocal state
            parts, slopes = ([jax.numpy.asarray(p) for p in group] for group in (parts, slopes))

            def gradient(other, _):
                return [jax.numpy.asarray(slope) for slope in measure([np.asarray(p) for p in other])]

            with jax.disable_jit():
                updates, state = transformation.update(slopes, state, parts, grad_fn=gradient)
            parts = optax.apply_updates(parts, updates)
            return parts, parts

        return follow(move)


# derived


def derived_normalised(values: Values) -> np.ndarray:
    """Momentum along the directions of all layers' gradients so far: θ_n = θ_0 - γ Σ_i Σ_k≤i ρ^(i-k) ĝ_k."""
    first, directions = problem.start(), []

    def move(parts, slopes, loss):
        directions.append([slope / max(np.sqrt((slope**2).sum()), values["epsilon"]) for slope in slopes])
        weights = [
            sum(values["momentum"] ** age for age in range(len(directions) - place))
            for place in range(len(directions))
        ]
        return [
            start - values["learning_rate"] * sum(w * d[k] for w, d in zip(weights, directions, strict=True))
            for k, start in enumerate(first)
        ]

    return problem.follow(move)


def derived_asam(values: Values) -> np.ndarray:
    """The point a gradient is measured at, written out element by element; momentum as the sum of all of them."""
    first, climbed = problem.start(), []

    def move(parts, slopes, loss, measure):
        scaled = [
            abs(w) * g for w, g in zip(np.nditer(problem.joined(parts)), problem.joined(slopes), strict=True)
        ]
        length = sum(float(value) ** 2 for value in scaled) ** 0.5
        point = [w + values["radius"] * w**2 * g / length for w, g in zip(parts, slopes, strict=True)]
        climbed.append(measure(point))
        ages = range(len(climbed) - 1, -1, -1)
        weights = [sum(values["momentum"] ** k for k in range(age + 1)) for age in ages]
        trained = [
            start - values["learning_rate"] * sum(w * g[k] for w, g in zip(weights, climbed, strict=True))
            for k, start in enumerate(first)
        ]
        return trained, trained

    return follow(move)


def signs_of(steps: Iterator[int], values: Values, random: Any) -> np.ndarray | None:
    """The signs of a step in which curvature is measured."""
    if next(steps) % int(values["interval"]):
        return None
    return random.choice([-1.0, 1.0], sum(problem.SIZES))


def derived_sophia(values: Values) -> np.ndarray:
    """Algorithm 3 as sums over all of history; Algorithm 1's product H u as a difference of two gradients."""
    steps, random, gradients, estimates = itertools.count(), np.random.default_rng(0), [], []

    def move(parts, slopes, loss, measure):
        theta, gradient = problem.joined(parts), problem.joined(slopes)
        signs = signs_of(steps, values, random)
        if signs is not None:
            other = problem.joined(measure(problem.parted(theta + values["reach"] * signs)))
            estimates.append(signs * (other - gradient) / values["reach"])
        gradients.append(gradient)
        mean, curvature = (
            sum((1 - share) * share**age * value for age, value in enumerate(reversed(history)))
            for share, history in ((values["beta1"], gradients), (values["beta2"], estimates))
        )
        step = np.clip(mean / np.maximum(values["scale"] * curvature, values["epsilon"]), -1, 1)
        rate = values["learning_rate"]
        trained = problem.parted(theta - rate * values["weight_decay"] * theta - rate * step)
        return trained, trained

    return follow(move)
