"""Optimizers of a layer or the network in recipes: their formulas in NumPy, between a library's two steps.

No library hands its optimizers whole layers laid out as ours, so the parameters are joined to one flat vector
as the engine lays them out (each weight as (inputs, outputs), then bias, gain and shift), moved by the catalog's
formula, and parted again.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable

from osolgil.formulas import _array_words, states
from osolgil.formulas._vocabulary import ARRAY_WORDS
from osolgil.formulas.catalog import Formula, Optimizer
from osolgil.network import Network
from osolgil.report.recipe import staged
from osolgil.report.recipe.plan import Plan, coefficient_lines, indented, source, words_of

_FROM_NUMPY = ("sum", "trace", "transpose")

_MOVED = '''def moved(theta, gradient, loss, time, states):
    """θ (size,) and the optimizer's state after step `time`, measured where the batch's loss is `loss`."""
    theta, states = np.array(theta), np.array(states)
    SCALARS
    given = {"loss": loss, **dict(zip(NAMES, scalars))}
    for update, names, start, stop, shape, places in BLOCKS:
        kept = {name: states[place[0]:place[1]].reshape(place[2]).copy() for name, place in places.items()}
        values = [kept[name] if name in kept else given[name] for name in names]
        results = update(theta[start:stop].reshape(shape), gradient[start:stop].reshape(shape), *values)
        new, *others = results if isinstance(results, tuple) else (results,)
        for name, value in zip(kept, others):
            states[places[name][0]:places[name][1]] = np.ravel(value)
        theta[start:stop] = np.ravel(new)
    return theta, states'''


def core(plan: Plan) -> str:
    """The formulas, their words, the network's blocks, the first state and the step, all in NumPy."""
    row, blocks = plan.optimizer, network_of(plan).blocks
    if staged.applies(row):
        formulas = staged.formulas_of(row)
        words = _words(formulas, words_of(map(source, formulas)))
        penalties = [_penalty(plan)] if row.needs_loss else []
        return _joined([words, *staged.texts(plan, blocks), *penalties])
    formulas = [formula for formula in (row.coefficients, *row.updates) if formula is not None]
    texts = [source(formula) for formula in formulas]
    rate = "LEARNING_RATE * FACTORS[min(time, len(FACTORS)) - 1]" if plan.scheduled else "LEARNING_RATE"
    scalars = "\n    ".join(coefficient_lines(row, "float(time)", "carried", rate))
    parts = [
        _words(row.updates, words_of(texts)),
        *texts,
        f"NAMES = {row.coefficient_names!r}",
        _blocks(row, blocks),
        _first_state(row, blocks),
        *([_penalty(plan)] if row.needs_loss else []),
        _MOVED.replace("SCALARS", scalars),
    ]
    return _joined(parts)


def _joined(parts: list[str]) -> str:
    return re.sub(r"(?<![\w.])sum\(", "array_sum(", "\n\n\n".join(parts))  # Python's own sum stays


def network_of(plan: Plan) -> Network:
    """The plan's network, for the places of its parameters."""
    widths = (plan.layers[0].inputs, *(layer.outputs for layer in plan.layers))
    activations = (*[plan.activation] * len(plan.hidden), plan.output_activation)
    return Network(widths, activations, plan.settings["normalization"], plan.settings["residual"])


def _words(formulas: Iterable[Formula], scalar_words: list[str]) -> str:
    """NumPy's own words, and the sources of those it does not have, with the words these are made of."""
    waiting = [name for formula in formulas for name in formula.__code__.co_names if name in ARRAY_WORDS]
    needed: set[str] = set()
    while waiting:
        word = waiting.pop()
        if word not in needed:
            needed.add(word)
            code = getattr(getattr(_array_words, word), "__code__", None)
            if word not in _FROM_NUMPY and code is not None:
                waiting += [name for name in code.co_names if name in ARRAY_WORDS]
    imported = sorted({*scalar_words, *(needed & {*_FROM_NUMPY})})
    imported = ["sum as array_sum" if word == "sum" else word for word in imported]
    own = [inspect.getsource(getattr(_array_words, word)) for word in sorted(needed - {*_FROM_NUMPY})]
    head = [f"from numpy import {', '.join(imported)}"] if imported else []
    return "\n\n\n".join([*head, *(text.strip() for text in own)])


def _blocks(row: Optimizer, blocks: tuple[states.Block, ...]) -> str:
    """What is moved at once: the update, its arguments, its part of θ, its shape, the places of its state."""
    places: dict[states.Block, dict[str, tuple[int, int, tuple[int, ...]]]] = {
        block: {} for block in states.blocks_of(row, blocks)
    }
    for place in states.places(row, blocks):
        size = place.size
        places[place.block][place.state] = (place.start, place.start + size, place.shape)
    lines = ["BLOCKS = ["]
    for block, own in places.items():
        update = states.update_of(row, block)
        shape = (block.rows, block.columns) if row.scope == "layer" else (block.size,)
        names = tuple(inspect.signature(update).parameters)[2:]
        lines.append(f"    ({update.__name__}, {names!r}, {block.start}, {block.stop}, {shape!r}, {own!r}),")
    return "\n".join([*lines, "]"])


def _first_state(row: Optimizer, blocks: tuple[states.Block, ...]) -> str:
    lines = [f"states = np.zeros({states.count(row, blocks)}, theta.dtype)", *staged.first_lines(row, blocks)]
    return "\n".join(["def first_state(theta):", *indented([*lines, "return states"])])


def _penalty(plan: Plan) -> str:
    """What the penalties add to the loss."""
    terms = []
    if plan.settings["l1"]:
        terms.append("L1 * np.sum(np.abs(weight))")
    if plan.settings["l2"]:
        terms.append("0.5 * L2 * np.sum(weight**2)")
    places = [(block.start, block.stop) for block in network_of(plan).blocks if block.matrix]
    lines = ["def penalty(theta):", f"    weights = [theta[start:stop] for start, stop in {places!r}]"]
    total = " + ".join(terms) or "0.0"
    return "\n".join([*lines, f"    return float(np.sum([{total} for weight in weights]))"])


def _given_loss(row: Optimizer) -> str:
    return "float(self.loss) + penalty(theta)" if row.needs_loss else "0.0"


def in_pytorch(plan: Plan) -> list[str]:
    """A torch.optim.Optimizer; `loss` must be set before a step that needs it."""
    row = plan.optimizer
    lines = [
        "class Optimizer(torch.optim.Optimizer):",
        f'    """{row.title}, which moves whole layers: as osolgil computes it, in NumPy."""',
        "",
        "    def __init__(self, parameters):",
        '        super().__init__(parameters, {"lr": LEARNING_RATE})',
        '        parts = self.param_groups[0]["params"]',
        "        theta = np.concatenate([part.numpy(force=True).T.ravel() for part in parts])",
        "        self.time, self.states, self.loss = 0, first_state(theta), 0.0",
        "",
        "    @torch.no_grad()",
        "    def step(self, closure=None):",
        "        self.time += 1",
        '        parts = self.param_groups[0]["params"]',
        "        theta = np.concatenate([part.numpy(force=True).T.ravel() for part in parts])",
        "        gradient = np.concatenate([part.grad.numpy(force=True).T.ravel() for part in parts])",
        f"        theta, self.states = moved(theta, gradient, {_given_loss(row)}, self.time, self.states)",
        "        for part in parts:",
        "            own, theta = np.split(theta, [part.numel()])",
        "            part.copy_(torch.as_tensor(own.reshape(tuple(part.shape)[::-1]).T))",
    ]
    if staged.applies(row):
        lines = _staged_pytorch(row)
    return [core(plan), "\n".join(lines)]


def _staged_pytorch(row: Optimizer) -> list[str]:
    """The same, which may measure a second gradient: `begin`, then `run(1)`, that gradient, `run(2)`, and `step`."""
    return [
        "class Optimizer(torch.optim.Optimizer):",
        f'    """{row.title}: as osolgil computes it, in NumPy."""',
        "",
        "    def __init__(self, parameters):",
        '        super().__init__(parameters, {"lr": LEARNING_RATE})',
        '        self.states = first_state(self.joined(self.param_groups[0]["params"]))',
        "        self.time, self.loss, self.given = 0, 0.0, None",
        "",
        "    def joined(self, parts):",
        "        return np.concatenate([part.numpy(force=True).T.ravel() for part in parts])",
        "",
        "    def write(self, parts, values):",
        "        for part in parts:",
        "            own, values = np.split(values, [part.numel()])",
        "            part.copy_(torch.as_tensor(own.reshape(tuple(part.shape)[::-1]).T))",
        "",
        "    def begin(self):",
        '        """The numbers of the step that comes; returns whether it measures a second gradient."""',
        "        self.time += 1",
        "        self.given, self.states = scalars(self.time, self.states)",
        '        return any(kind == 1 and self.given[part].get("probing", 1.0) for kind, part, *_ in STAGES)',
        "",
        "    @torch.no_grad()",
        "    def run(self, kind):",
        '        parts = self.param_groups[0]["params"]',
        "        slopes = [part.grad for part in parts]",
        "        theta, gradient = self.joined(parts), self.joined(slopes)",
        f"        loss = {_given_loss(row)}",
        "        theta, gradient, self.states = passed(kind, theta, gradient, loss, self.given, self.states)",
        "        self.write(parts, theta)",
        "        self.write(slopes, gradient)",
        "",
        "    def step(self, closure=None):",
        "        if self.given is None:",
        "            self.begin()",
        "        self.run(3)",
        "        self.given = None",
        "",
        "    @torch.no_grad()",
        "    def keep(self):",
        '        """Put the weights that are evaluated in the place of those that were trained."""',
        '        parts = self.param_groups[0]["params"]',
        "        self.write(parts, evaluated(self.joined(parts), self.states))",
    ]


def in_optax(plan: Plan) -> list[str]:
    """A gradient transformation that calls NumPy from the compiled step."""
    row = plan.optimizer
    loss = "value + penalty(theta)" if row.needs_loss else "0.0"
    lines = [
        "def joined(layers):",
        '    names = ("weight", "bias", "gain", "shift")',
        "    return jnp.concatenate([layer[name].ravel() for layer in layers for name in names if name in layer])",
        "",
        "",
        "def own_optimizer():",
        f'    """{row.title}, which moves whole layers: as osolgil computes it, in NumPy."""',
        "",
        "    def on_host(theta, gradient, value, time, states):",
        "        theta, gradient, states = np.asarray(theta), np.asarray(gradient), np.asarray(states)",
        f"        return moved(theta, gradient, {loss}, int(time), states)",
        "",
        "    def init(parameters):",
        "        states = first_state(np.asarray(joined(parameters)))",
        "        return jnp.zeros((), jnp.int32), jnp.asarray(states)",
        "",
        "    def update(gradients, state, parameters, *, value=0.0):",
        "        time, states, theta = state[0] + 1, state[1], joined(parameters)",
        "        shapes = [jax.ShapeDtypeStruct(array.shape, array.dtype) for array in (theta, states)]",
        "        new, states = jax.pure_callback(on_host, shapes, theta, joined(gradients), value, time, states)",
        "        change, updates = new - theta, []",
        "        for layer in parameters:",
        "            own = {}",
        '            for name in ("weight", "bias", "gain", "shift"):',
        "                if name in layer:",
        "                    part, change = change[: layer[name].size], change[layer[name].size :]",
        "                    own[name] = part.reshape(layer[name].shape)",
        "            updates.append(own)",
        "        return updates, (time, states)",
        "",
        "    return optax.GradientTransformationExtraArgs(init, update)",
    ]
    return [core(plan), "\n".join(lines)]


def in_keras(plan: Plan) -> list[str]:
    """A Keras optimizer that moves all variables at once; the model runs step by step."""
    row = plan.optimizer
    lines = [
        "class Optimizer(keras.optimizers.Optimizer):",
        f'    """{row.title}, which moves whole layers: as osolgil computes it, in NumPy, step by step."""',
        "",
        "    states, loss = None, 0.0",
        "",
        "    def build(self, variables):",
        "        super().build(variables)",
        "        if self.states is None:",
        "            parts = [ops.convert_to_numpy(part).ravel() for part in variables]",
        "            self.states = first_state(np.concatenate(parts))",
        "",
        "    def _backend_update_step(self, gradients, variables, learning_rate):",
        "        theta = np.concatenate([ops.convert_to_numpy(part).ravel() for part in variables])",
        "        gradient = np.concatenate([ops.convert_to_numpy(part).ravel() for part in gradients])",
        "        time = int(ops.convert_to_numpy(self.iterations)) + 1",
        f"        theta, self.states = moved(theta, gradient, {_given_loss(row)}, time, self.states)",
        "        for variable in variables:",
        "            size = int(np.prod(variable.shape))",
        "            variable.assign(theta[:size].reshape(variable.shape))",
        "            theta = theta[size:]",
    ]
    return [core(plan), "\n".join(lines)]
