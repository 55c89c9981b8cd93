"""The recipe for JAX and optax."""

from __future__ import annotations

from osolgil.report.recipe import activations, initial, losses, scoped
from osolgil.report.recipe.plan import (
    PIECE_ROWS,
    Plan,
    coefficient_lines,
    formula_texts,
    indented,
)
from osolgil.report.recipe.schedule import factors
from osolgil.report.recipe.words import pasted

_ACTIVATIONS = {
    "identity": "(lambda values: values)",
    "sigmoid": "jax.nn.sigmoid",
    "tanh": "jnp.tanh",
    "relu": "jax.nn.relu",
    "leaky_relu": "partial(jax.nn.leaky_relu, negative_slope=0.01)",
    "elu": "jax.nn.elu",
    "selu": "jax.nn.selu",
    "gelu": "partial(jax.nn.gelu, approximate=False)",
    "silu": "jax.nn.silu",
    "softplus": "jax.nn.softplus",
}
_ADAM = "optax.{}(LEARNING_RATE, b1=BETA1, b2=BETA2, eps=EPSILON{})"
_OPTIMIZERS = {
    "gradient_descent": "optax.sgd(LEARNING_RATE)",
    "sgd": "optax.sgd(LEARNING_RATE)",
    "momentum": "optax.sgd(LEARNING_RATE, momentum=MOMENTUM)",
    "nesterov": "optax.sgd(LEARNING_RATE, momentum=MOMENTUM, nesterov=True)",
    "adadelta": "optax.adadelta(LEARNING_RATE, rho=RHO, eps=EPSILON)",
    "rmsprop": "optax.rmsprop(LEARNING_RATE, decay=RHO, eps=EPSILON, eps_in_sqrt=False)",
    "adam": _ADAM.format("adam", ""),
    "adamax": _ADAM.format("adamax", ""),
    "adamw": _ADAM.format("adamw", ", weight_decay=WEIGHT_DECAY"),
}


def recipe(plan: Plan) -> str:
    """A whole Python file."""
    blocks = [
        plan.introduction("JAX and optax"),
        _imports(plan),
        "\n".join([*plan.constants(), _residual(plan), *_precision(plan)]),
        *factors(plan),
        *_activations(plan),
        *_schedule(plan),
        *_optimizer_class(plan),
        initial.scale_text(plan),
        _network(plan),
        _outputs(plan),
        _targets_and_loss(plan),
        _step(plan),
        losses.with_weights(
            plan, _TRAIN.replace("SIZE", "len(inputs)" if plan.batch_size is None else "BATCH_SIZE")
        ),
    ]
    return "\n\n\n".join(blocks) + "\n"


def _imports(plan: Plan) -> str:
    lines = ["import math", "import sys"]
    if activations.need_partial(plan, _ACTIVATIONS):
        lines.append("from functools import partial")
    return "\n".join(
        [*lines, "", "import jax", "import jax.numpy as jnp", "import numpy as np", "import optax"]
    )


def _residual(plan: Plan) -> str:
    widths = [plan.layers[0].inputs, *(layer.outputs for layer in plan.layers)]
    return f"WIDTHS = {widths}"


def _precision(plan: Plan) -> list[str]:
    return ['jax.config.update("jax_enable_x64", True)'] if plan.settings["precision"] == "float64" else []


def _activations(plan: Plan) -> list[str]:
    return [pasted([text], "jnp") for text in activations.sources(plan, _ACTIVATIONS)]


def _activation(name: str) -> str:
    return activations.call(name, _ACTIVATIONS)


def _library_optimizer(plan: Plan) -> str | None:
    """optax's own optimizer where it is the same; its momentum is not where the learning rate changes."""
    made = _OPTIMIZERS.get(plan.optimizer.name)
    if made is None or not plan.scheduled:
        return made
    return (
        None
        if plan.optimizer.name in ("momentum", "nesterov")
        else made.replace("LEARNING_RATE", "learning_rate")
    )


def _schedule(plan: Plan) -> list[str]:
    """The learning rate as a function of the step, and decay that follows it."""
    if not plan.scheduled:
        return []
    rate = "def learning_rate(count):\n    return LEARNING_RATE * jnp.asarray(FACTORS)[count]"
    return [rate, _DECAYED] if plan.settings["weight_decay"] else [rate]


_DECAYED = '''def decayed(inner):
    """Shrinks the weights by the learning rate of the step before the inner optimizer moves them."""

    def init(parameters):
        return jnp.zeros((), jnp.int32), inner.init(parameters)

    def update(gradients, state, parameters, **more):
        kept = 1.0 - learning_rate(state[0]) * DECOUPLED_WEIGHT_DECAY
        shrunk = [layer | {"weight": kept * layer["weight"]} for layer in parameters]
        updates, own = inner.update(gradients, state[1], shrunk, **more)
        moved = jax.tree.map(lambda update, new, old: update + (new - old), updates, shrunk, parameters)
        return moved, (state[0] + 1, own)

    return optax.GradientTransformationExtraArgs(init, update)'''


def _optimizer_class(plan: Plan) -> list[str]:
    """The catalog's own formula as a gradient transformation, where optax has none that is the same."""
    row = plan.optimizer
    if _library_optimizer(plan) is not None:
        return []
    if plan.moved_whole:
        return scoped.in_optax(plan)
    rate = "learning_rate(time - 1)" if plan.scheduled else "LEARNING_RATE"
    first = ", ".join(f"jnp.asarray({value!r})" for value in row.carried.values())
    lines = [
        "def own_optimizer():",
        f'    """{row.title}, as optax has none that is exactly the same."""',
        "",
        "    def init(parameters):",
        "        leaves = jax.tree.leaves(parameters)",
        f"        arrays = [[jnp.zeros_like(leaf) for _ in range({len(row.state)})] for leaf in leaves]",
        f"        return jnp.zeros((), jnp.int32), [{first}], arrays",
        "",
        "    def update(gradients, state, parameters):",
        "        time, carried, arrays = state[0] + 1, state[1], state[2]",
        *indented(coefficient_lines(row, "time", "carried", rate), 2),
        "        leaves, tree = jax.tree.flatten(parameters)",
        "        updates, kept = [], []",
        "        for leaf, gradient, own in zip(leaves, jax.tree.leaves(gradients), arrays):",
        f"            result = {row.formula.__name__}(leaf, gradient, *own, *scalars)",
        "            new, *own = result if isinstance(result, tuple) else (result,)",
        "            updates.append(new - leaf)",
        "            kept.append(own)",
        "        return jax.tree.unflatten(tree, updates), (time, carried, kept)",
        "",
        "    return optax.GradientTransformation(init, update)",
    ]
    return [pasted(formula_texts(row), "jnp"), "\n".join(lines)]


def _first_layers(plan: Plan) -> list[str]:
    if not initial.is_plain(plan):
        return [
            "    random = np.random.default_rng(seed)",
            "    for inputs, outputs in zip(WIDTHS, WIDTHS[1:]):",
            "        last = len(layers) == len(WIDTHS) - 2",
            "        weight, bias = first_weights(inputs, outputs, random, last)",
            '        layers.append({"weight": jnp.asarray(weight, float), "bias": jnp.asarray(bias, float)})',
        ]
    draw = "deviation * jax.random.normal(key, (inputs, outputs))"
    if not initial.is_normal(plan):
        draw = "math.sqrt(3.0) * deviation * jax.random.uniform(key, (inputs, outputs), minval=-1.0)"
    return [
        "    keys = jax.random.split(jax.random.key(seed), len(WIDTHS) - 1)",
        "    for key, inputs, outputs in zip(keys, WIDTHS, WIDTHS[1:]):",
        f"        deviation = {initial.deviation(plan)}",
        f'        layers.append({{"weight": {draw}, "bias": jnp.zeros(outputs)}})',
    ]


def _network(plan: Plan) -> str:
    made = _library_optimizer(plan) or "own_optimizer()"
    if plan.scheduled and plan.settings["weight_decay"]:
        made = f"decayed({made})"
    lines = ["def initial_parameters(seed=SEED):", "    layers = []", *_first_layers(plan)]
    if plan.normalization:
        lines += [
            "    for layer in layers[:-1]:",
            '        layer["gain"] = jnp.ones_like(layer["bias"])',
            '        layer["shift"] = jnp.zeros_like(layer["bias"])',
        ]
    lines += ["    return layers", "", "", "def initial_running():"]
    if plan.normalization == "batch":
        lines.append('    """Running averages of batch normalisation: mean 0, variance 1."""')
        lines.append("    return [(jnp.zeros(width), jnp.ones(width)) for width in WIDTHS[1:-1]]")
    else:
        lines.append('    """Nothing runs along: only batch normalisation keeps averages."""')
        lines.append("    return []")
    lines += ["", "", f"optimizer = {made}"]
    return "\n".join(lines)


def _outputs(plan: Plan) -> str:
    hidden = ['values = inputs @ layer["weight"] + layer["bias"]']
    if plan.normalization == "layer":
        hidden += [
            "mean, variance = values.mean(1, keepdims=True), values.var(1, keepdims=True)",
            "values = (values - mean) / jnp.sqrt(variance + 1e-5)",
        ]
    if plan.normalization == "batch":
        hidden += [
            "if training:",
            "    mean, variance, count = values.mean(0), values.var(0), len(values)",
            "    unbiased = variance * count / max(count - 1, 1)",
            "    old_mean, old_variance = running[place]",
            "    kept.append((0.9 * old_mean + 0.1 * mean, 0.9 * old_variance + 0.1 * unbiased))",
            "else:",
            "    mean, variance = running[place]",
            "values = (values - mean) / jnp.sqrt(variance + 1e-5)",
        ]
    if plan.normalization:
        hidden.append('values = layer["gain"] * values + layer["shift"]')
    hidden.append("values = activation(values)")
    if plan.settings["dropout"]:
        hidden += [
            "if training:",
            "    held = jax.random.bernoulli(jax.random.fold_in(key, place), 1.0 - DROPOUT, values.shape)",
            "    values = jnp.where(held, values / (1.0 - DROPOUT), 0.0)",
        ]
    if any(layer.residual for layer in plan.hidden):
        hidden.append("inputs = inputs + values if place > 0 and inputs.shape == values.shape else values")
    else:
        hidden.append("inputs = values")
    lines = [
        f"activation = {_activation(plan.activation)}",
        f"output_activation = {_activation(plan.output_activation)}",
        "",
        "",
        "def network(parameters, running, inputs, key, training):",
        '    """Outputs (rows, outputs), and the running averages after this batch."""',
        "    kept = []",
        "    for place, layer in enumerate(parameters[:-1]):",
        *indented(hidden, 2),
        "    last = parameters[-1]",
        '    return output_activation(inputs @ last["weight"] + last["bias"]), kept',
    ]
    return "\n".join(lines)


def _targets_and_loss(plan: Plan) -> str:
    number = plan.layers[-1].outputs
    if not losses.is_native(plan):
        return losses.targets_and_loss(plan, "jnp") + losses.summed(plan)
    if plan.loss.name == "softmax_cross_entropy":
        targets = "jnp.asarray(targets, jnp.int32)"
        loss = "optax.softmax_cross_entropy_with_integer_labels(outputs, targets).sum()"
    elif plan.loss.name == "binary_cross_entropy":
        whole = "jnp.asarray(targets, jnp.int32)"
        targets = (
            f"jax.nn.one_hot({whole}, {number})" if number > 1 else "jnp.asarray(targets, float)[:, None]"
        )
        loss = "optax.sigmoid_binary_cross_entropy(outputs, targets).sum()"
    else:
        targets = f"jnp.reshape(jnp.asarray(targets, float), (-1, {number}))"
        loss = "((outputs - targets) ** 2).sum()"
    lines = [
        "def prepared(targets):",
        f"    return {targets}",
        "",
        "",
        "def summed_loss(outputs, targets):",
    ]
    return "\n".join([*lines, f"    return {loss}"])


def _step(plan: Plan) -> str:
    settings = plan.settings
    lines = ["def batch_loss(parameters, running, inputs, targets, key):"]
    if plan.in_pieces:
        lines += [
            f"    # osolgil normalises a batch of more than {PIECE_ROWS} rows in pieces",
            "    total = 0.0",
            f"    for start in range(0, len(inputs), {PIECE_ROWS}):",
            f"        piece = slice(start, start + {PIECE_ROWS})",
            "        outputs, running = network(parameters, running, inputs[piece], key, True)",
            "        total = total + summed_loss(outputs, targets[piece])",
            "    return total / len(inputs), running",
        ]
    else:
        lines += [
            "    outputs, running = network(parameters, running, inputs, key, True)",
            "    return summed_loss(outputs, targets) / len(inputs), running",
        ]
    lines += [
        "",
        "",
        "@jax.jit",
        "def training_step(parameters, running, state, inputs, targets, key):",
        "    measure = jax.value_and_grad(batch_loss, has_aux=True)",
        "    (loss, running), gradients = measure(parameters, running, inputs, targets, key)",
    ]
    if settings["l1"] or settings["l2"]:
        terms = ['L2 * layer["weight"]'] * bool(settings["l2"]) + ['L1 * jnp.sign(layer["weight"])'] * bool(
            settings["l1"]
        )
        lines += [
            "    for layer, gradient in zip(parameters, gradients):",
            f'        gradient["weight"] += {" + ".join(terms)}',
        ]
    if settings["clip_norm"]:
        lines += [
            "    norm = jnp.sqrt(sum(jnp.sum(gradient**2) for gradient in jax.tree.leaves(gradients)))",
            "    factor = jnp.where(norm > CLIP_NORM, CLIP_NORM / norm, 1.0)",
            "    gradients = jax.tree.map(lambda gradient: gradient * factor, gradients)",
        ]
    if settings["weight_decay"] and not plan.scheduled:
        lines += [
            "    kept = 1.0 - LEARNING_RATE * DECOUPLED_WEIGHT_DECAY",
            '    parameters = [layer | {"weight": kept * layer["weight"]} for layer in parameters]',
        ]
    loss = ", value=loss" * plan.optimizer.needs_loss
    lines += [
        f"    updates, state = optimizer.update(gradients, state, parameters{loss})",
        "    return optax.apply_updates(parameters, updates), running, state, loss",
    ]
    return "\n".join(lines)


_TRAIN = """def train(inputs, targets, seed=SEED):
    inputs, targets = jnp.asarray(inputs, float), prepared(targets)
    parameters, running = initial_parameters(seed), initial_running()
    state = optimizer.init(parameters)
    random, key = np.random.default_rng(seed), jax.random.key(seed)
    for epoch in range(EPOCHS):
        order, total = random.permutation(len(inputs)), 0.0
        for start in range(0, len(inputs), SIZE):
            rows = order[start : start + SIZE]
            key, own = jax.random.split(key)
            parameters, running, state, loss = training_step(
                parameters, running, state, inputs[rows], targets[rows], own
            )
            total += float(loss) * len(rows)
        print(f"epoch {epoch + 1}: training loss {total / len(inputs):.4f}")
    return parameters, running


if __name__ == "__main__":
    with np.load(sys.argv[1] if len(sys.argv) > 1 else "train.npz") as file:
        trained, averages = train(file["inputs"], file["targets"])
    names = {f"{name}{place}": value for place, layer in enumerate(trained) for name, value in layer.items()}
    np.savez("model.npz", **names)"""
