"""Wrapped optimizers in recipes, and those that probe: every formula of a step in its order, all in NumPy.

What a recipe gets is `first_state(theta)`, `scalars(time, states)`, `passed(kind, …)` for the formulas before,
during and after the second measurement of a gradient, `moved(…)` for a step without one, and `evaluated(…)`.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence

from osolgil.formulas import stages, states
from osolgil.formulas.catalog import Formula, Optimizer, Wrapper
from osolgil.formulas.part import Part
from osolgil.formulas.stages import Fitted
from osolgil.formulas.states import Block
from osolgil.report.recipe.plan import Plan, indented, source

_SIGNS = '''def signs(time, size):
    """The random signs of a step."""
    return np.random.default_rng([SEED, time]).choice([-1.0, 1.0], size)'''
_PASSED = '''def scalars(time, states):
    """The numbers every formula of step `time` takes, and the state with what is carried on."""
    states, given = np.array(states), []
    rate = RATE
SIGNS    for coefficients, names, inputs, start, stop in PARTS:
        values = coefficients(float(time), *states[start:stop].tolist(), *inputs(rate))
        values = list(values) if isinstance(values, tuple) else [values]
        states[start:stop] = values[: stop - start]
        given.append(dict(zip(names, values[stop - start:])))
    return given, states


def passed(kind, theta, gradient, loss, given, states):
    """θ, the gradient (size,) and the state after the formulas of a kind: 1 probes, 2 resumes, 3 steps."""
    theta, gradient, states = np.array(theta), np.array(gradient), np.array(states)
    for of_kind, part, update, names, results, start, stop, shape, places in STAGES:
        if of_kind != kind or not (kind == 3 or given[part].get("probing", 1.0)):
            continue
        known = {name: states[place[0]:place[1]].reshape(place[2]).copy() for name, place in places.items()}
        known |= {**given[part], "loss": loss}
        values = [known[name] for name in names]
        here = [whole[start:stop].reshape(shape).copy() for whole in (theta, gradient)]
        values = update(*here, *values)
        for name, value in zip(results, values if isinstance(values, tuple) else (values,)):
            whole, first, last = {
                "theta": (theta, start, stop), "gradient": (gradient, start, stop)
            }.get(name) or (states, *places[name][:2])
            whole[first:last] = np.ravel(value)
    return theta, gradient, states


def moved(theta, gradient, loss, time, states):
    """θ (size,) and the state after step `time`, measured where the batch's loss is `loss`."""
    given, states = scalars(time, states)
    theta, _, states = passed(3, theta, gradient, loss, given, states)
    return theta, states


def evaluated(theta, states):
    """The weights that are evaluated and kept."""
    return KEPT'''


def applies(row: Optimizer) -> bool:
    """Whether a step has more than the optimizer's own update: other formulas, or random signs."""
    noisy = any(fitted.part.noise for fitted in stages.parts_of(row))
    return noisy or len(stages.stages_of(row)) > 1


def probes(row: Optimizer) -> bool:
    """Whether a step may measure the gradient a second time."""
    return any(stage.kind == stages.PROBE for stage in stages.stages_of(row))


def formulas_of(row: Optimizer) -> list[Formula]:
    """All formulas of a step, coefficients included, each once."""
    parts = [fitted.part for fitted in stages.parts_of(row)]
    found = [part.coefficients for part in parts] + [
        f for stage in stages.stages_of(row) for f in stage.updates
    ]
    return list(dict.fromkeys(formula for formula in found if formula is not None))


def texts(plan: Plan, blocks: Sequence[Block]) -> list[str]:
    """The formulas, the tables of parts and stages, the first state, and the step."""
    row = plan.optimizer
    rate = "LEARNING_RATE * FACTORS[min(time, len(FACTORS)) - 1]" if plan.scheduled else "LEARNING_RATE"
    size = sum(block.size for block in blocks)
    found = stages.evaluated_of(row)
    kept, drawn = "theta", _drawn(row, blocks, size)
    if found is not None:
        start = stages.starts_of(row, blocks)[found[0]]
        place = start + stages.parts_of(row)[found[0]].part.state.index(found[1]) * size
        kept = f"states[{place}:{place + size}]"
    return [
        *(source(formula) for formula in formulas_of(row)),
        _parts(plan, blocks),
        _stages(row, blocks),
        _first(row, blocks),
        *([_SIGNS] if drawn else []),
        _PASSED.replace("RATE", rate, 1).replace("KEPT", kept).replace("SIGNS", drawn),
    ]


def _drawn(row: Optimizer, blocks: Sequence[Block], size: int) -> str:
    """Code that fills the random signs in."""
    lines = []
    for fitted, begin in zip(stages.parts_of(row), stages.starts_of(row, blocks), strict=False):
        if fitted.part.noise:
            alike = [name for name in fitted.part.state if name not in fitted.part.shapes]
            start = begin + alike.index(fitted.part.noise) * size
            lines.append(f"    states[{start}:{start + size}] = signs(time, {size})\n")
    return "".join(lines)


def _parts(plan: Plan, blocks: Sequence[Block]) -> str:
    """Of every part: its coefficients, their names, what they take, and the place of what they carry on."""
    lines, end = ["PARTS = ["], stages.starts_of(plan.optimizer, blocks)[-1]
    for fitted in stages.parts_of(plan.optimizer):
        part, names = fitted.part, fitted.part.coefficient_names
        inputs = "".join(f"{_value(fitted, name, plan)}, " for name in part.inputs)
        taken = ", ".join(["t", *part.inputs])
        own = f"lambda {taken}: ({''.join(f'{name}, ' for name in names)})"
        coefficients = part.coefficients.__name__ if part.coefficients is not None else own
        stop = end + len(part.carried)
        lines.append(f"    ({coefficients}, {names!r}, lambda rate: ({inputs}), {end}, {stop}),")
        end = stop
    return "\n".join([*lines, "]"])


def _value(fitted: Fitted, name: str, plan: Plan) -> str:
    if name == "learning_rate":
        return "rate"
    if name == "total_steps":
        batches = 1 if plan.batch_size is None else -(-plan.training_rows // plan.batch_size)
        return f"EPOCHS * {batches}.0"
    return fitted.names.get(name, name).upper()


def _stages(row: Optimizer, blocks: Sequence[Block]) -> str:
    """Of every formula: its kind, part, arguments and results, its part of θ, and the places of its state."""
    lines, starts, size = ["STAGES = ["], stages.starts_of(row, blocks), sum(block.size for block in blocks)
    for stage in stages.stages_of(row):
        part, begin = stage.part, starts[stage.place]
        alike = [name for name in part.state if name not in part.shapes]
        for block in blocks if part.scope == "layer" else [Block(0, 1, size)]:
            formula = stage.formula if block.matrix or stage.vectors is None else stage.vectors
            shape = (block.rows, block.columns) if part.scope == "layer" else (block.size,)
            places: dict[str, tuple[int, int, tuple[int, ...]]] = {
                name: (begin + k * size + block.start, begin + k * size + block.stop, shape)
                for k, name in enumerate(alike)
            }
            if part.shapes:
                for place in states.places(part, blocks):
                    if place.block == block:
                        places[place.state] = (
                            begin + place.start,
                            begin + place.start + place.size,
                            place.shape,
                        )
            names = tuple(inspect.signature(formula).parameters)[2:]
            lines.append(
                f"    ({stage.kind}, {stage.place}, {formula.__name__}, {names!r}, {stage.results(formula)!r}, "
                f"{block.start}, {block.stop}, {shape!r}, {places!r}),"
            )
    return "\n".join([*lines, "]"])


def _first(row: Optimizer, blocks: Sequence[Block]) -> str:
    """The first state, then what every part carries from step to step."""
    starts, size = stages.starts_of(row, blocks), sum(block.size for block in blocks)
    carried = [value for fitted in stages.parts_of(row) for value in fitted.part.carried.values()]
    lines = [f"states = np.zeros({starts[-1] + len(carried)}, theta.dtype)"]
    for fitted, begin in zip(stages.parts_of(row), starts, strict=False):
        if isinstance(fitted.part, Wrapper):
            places = [(begin + k * size, size, name) for k, name in enumerate(fitted.part.state)]
            lines += [
                f"states[{start}:{start + length}] = theta"
                for start, length, name in places
                if fitted.part.initial.get(name) == "theta"
            ]
        else:
            lines += first_lines(fitted.part, blocks, begin)
    if carried:
        lines.append(f"states[{starts[-1]}:] = {carried!r}")
    return "\n".join(["def first_state(theta):", *indented([*lines, "return states"])])


def first_lines(row: Part, blocks: Sequence[Block], begin: int = 0) -> list[str]:
    """Code that fills an optimizer's own first state in, where it is not 0."""
    lines = []
    for place in states.places(row, blocks):
        value = row.initial.get(place.state, 0.0)
        part = f"states[{begin + place.start}:{begin + place.start + place.size}]"
        if value == "theta":
            lines.append(f"{part} = theta[{place.block.start}:{place.block.stop}]")
        elif value == "identity":
            lines.append(f"{part} = np.eye({place.shape[0]}).ravel()")
        elif isinstance(value, str):
            lines.append(f"{part} = {value.upper()}")
        elif value != 0.0:
            lines.append(f"{part} = {value!r}")
    return lines
