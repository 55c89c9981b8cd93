"""The recipe for Keras 3, on any of its backends."""

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
    "identity": "keras.activations.linear",
    "sigmoid": "ops.sigmoid",
    "tanh": "ops.tanh",
    "relu": "ops.relu",
    "leaky_relu": "partial(ops.leaky_relu, negative_slope=0.01)",
    "elu": "ops.elu",
    "selu": "ops.selu",
    "gelu": "partial(ops.gelu, approximate=False)",
    "silu": "ops.silu",
    "softplus": "ops.softplus",
}
_SGD = "keras.optimizers.SGD(LEARNING_RATE{}{{}})"
_OPTIMIZERS = {
    "gradient_descent": _SGD.format(""),
    "sgd": _SGD.format(""),
    "momentum": _SGD.format(", momentum=MOMENTUM"),
    "nesterov": _SGD.format(", momentum=MOMENTUM, nesterov=True"),
    "adadelta": "keras.optimizers.Adadelta(LEARNING_RATE, rho=RHO, epsilon=EPSILON{})",
}


def recipe(plan: Plan) -> str:
    """A whole Python file."""
    blocks = [
        plan.introduction("Keras", _notes(plan)),
        _imports(plan),
        "\n".join([*plan.constants(), *_precision(plan)]),
        *factors(plan),
        *_activations(plan),
        *_optimizer_class(plan),
        initial.scale_text(plan),
        _network(plan),
        _optimizer(plan),
        _targets_and_loss(plan),
        losses.with_weights(
            plan, _TRAIN.replace("SIZE", "len(inputs)" if plan.batch_size is None else "BATCH_SIZE")
        ),
    ]
    return "\n\n\n".join(blocks) + "\n"


def _notes(plan: Plan) -> list[str]:
    notes = []
    if plan.normalization == "batch":
        notes = ["", "Keras keeps the biased variance of a batch for evaluation, osolgil the unbiased one."]
    if plan.in_pieces:
        notes.append(f"Keras normalises a whole batch at once, osolgil in pieces of {PIECE_ROWS} rows.")
    return notes


def _imports(plan: Plan) -> str:
    lines = ["import math", "import sys"]
    if activations.need_partial(plan, _ACTIVATIONS):
        lines.append("from functools import partial")
    return "\n".join([*lines, "", "import keras", "import numpy as np", "from keras import ops"])


def _precision(plan: Plan) -> list[str]:
    if plan.settings["precision"] != "float64":
        return []
    return ['keras.config.set_floatx("float64")', 'keras.config.set_dtype_policy("float64")']


def _activations(plan: Plan) -> list[str]:
    return [pasted([text], "ops") for text in activations.sources(plan, _ACTIVATIONS)]


def _activation(name: str) -> str:
    return activations.call(name, _ACTIVATIONS)


def _network(plan: Plan) -> str:
    settings = plan.settings
    penalty = ", kernel_regularizer=keras.regularizers.L1L2({})"
    penalties = ["l1=L1"] * bool(settings["l1"]) + ["l2=L2 / 2.0"] * bool(settings["l2"])
    more = penalty.format(", ".join(penalties)) if penalties else ""
    lines = [*_dense(plan, more), "", "", "def make_network(seed=SEED):"]
    lines.append(f"    values = inputs = keras.Input(({plan.layers[0].inputs},))")
    for place, layer in enumerate(plan.hidden):
        lines += indented(_hidden(plan, place, layer.inputs, layer.outputs, layer.residual))
    last = plan.layers[-1]
    seed = f"1000 * seed + {len(plan.hidden)}"
    place = "" if initial.is_plain(plan) else ", last=True"
    lines.append(f"    outputs = dense({last.inputs}, {last.outputs}, {seed}{place})(values)")
    lines.append(f"    outputs = keras.layers.Activation({_activation(plan.output_activation)})(outputs)")
    return "\n".join([*lines, "    return keras.Model(inputs, outputs)"])


def _dense(plan: Plan, more: str) -> list[str]:
    """A function that makes a layer of weights with its first values."""
    if not initial.is_plain(plan):
        return [
            "def dense(inputs, outputs, seed, last=False):",
            "    weights, biases = first_weights(inputs, outputs, np.random.default_rng(seed), last)",
            "",
            "    def initial(shape, dtype=None):",
            "        return ops.convert_to_tensor(weights if len(shape) == 2 else biases, dtype)",
            "",
            f"    return keras.layers.Dense(outputs, kernel_initializer=initial, bias_initializer=initial{more})",
        ]
    lines = ["def dense(inputs, outputs, seed):", f"    deviation = {initial.deviation(plan)}"]
    if initial.is_normal(plan):
        lines.append("    initial = keras.initializers.RandomNormal(0.0, deviation, seed=seed)")
    else:
        lines.append("    reach = math.sqrt(3.0) * deviation")
        lines.append("    initial = keras.initializers.RandomUniform(-reach, reach, seed=seed)")
    return [*lines, f"    return keras.layers.Dense(outputs, kernel_initializer=initial{more})"]


def _hidden(plan: Plan, place: int, inputs: int, outputs: int, residual: bool) -> list[str]:
    lines = [f"output = dense({inputs}, {outputs}, 1000 * seed + {place})(values)"]
    if plan.normalization == "layer":
        lines.append("output = keras.layers.LayerNormalization(epsilon=1e-5)(output)")
    if plan.normalization == "batch":
        lines.append("output = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(output)")
    lines.append(f"output = keras.layers.Activation({_activation(plan.activation)})(output)")
    if plan.settings["dropout"]:
        lines.append(f"output = keras.layers.Dropout(DROPOUT, seed=1000 * seed + {500 + place})(output)")
    lines.append("values = values + output" if residual else "values = output")
    return lines


def _optimizer_class(plan: Plan) -> list[str]:
    """The catalog's own formula as an optimizer, where Keras has none that is the same."""
    row = plan.optimizer
    if row.name in _OPTIMIZERS:
        return []
    if plan.moved_whole:
        return scoped.in_keras(plan)
    states = [f"state[{place}]" for place in range(len(row.state))]
    first = list(row.carried.values())
    step = [
        "place = self._get_variable_index(variable)",
        "state, carried = self.arrays[place], self.scalars[place]",
        "time = ops.cast(self.iterations + 1, variable.dtype)",
        *coefficient_lines(
            row,
            "time",
            "new_carried" if row.carried else "carried",
            "ops.cast(learning_rate, variable.dtype)",
        ),
        f"result = {row.formula.__name__}({', '.join(['variable', 'gradient', *states, '*scalars'])})",
        "new, *kept = result if isinstance(result, tuple) else (result,)",
        "kept = [ops.copy(value) for value in kept]  # one state may be handed on as another",
        "self.assign(variable, new)",
        "for old, value in zip(state, kept):",
        "    self.assign(old, value)",
    ]
    if row.carried:
        step.insert(3, "new_carried = list(carried)")
        step += ["for old, value in zip(carried, new_carried):", "    self.assign(old, value)"]
    lines = [
        "class Optimizer(keras.optimizers.Optimizer):",
        f'    """{row.title}, as keras.optimizers has none that is exactly the same."""',
        "",
        "    def build(self, variables):",
        "        if self.built:",
        "            return",
        "        super().build(variables)",
        f"        names = {tuple(row.state)!r}",
        "        self.arrays = [",
        "            [self.add_variable_from_reference(variable, name) for name in names]",
        "            for variable in variables",
        "        ]",
        "        self.scalars = [",
        f"            [self.add_variable((), keras.initializers.Constant(value)) for value in {first!r}]",
        "            for variable in variables",
        "        ]",
        "",
        "    def update_step(self, gradient, variable, learning_rate):",
        *indented(step, 2),
    ]
    return [pasted(formula_texts(row), "ops"), "\n".join(lines)]


def _optimizer(plan: Plan) -> str:
    settings = plan.settings
    rate = "Schedule()" if plan.scheduled else "LEARNING_RATE"
    more = ", global_clipnorm=CLIP_NORM" * bool(settings["clip_norm"])
    more += ", weight_decay=DECOUPLED_WEIGHT_DECAY" * bool(settings["weight_decay"])
    made = _OPTIMIZERS.get(plan.optimizer.name, "Optimizer(LEARNING_RATE{})").format(more)
    made = made.replace("LEARNING_RATE", rate)
    lines = [_SCHEDULE, "", ""] if plan.scheduled else []
    lines += ["def make_optimizer():", f"    optimizer = {made}"]
    if settings["weight_decay"]:
        lines.append('    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])')
    return "\n".join([*lines, "    return optimizer"])


def _own_loss(plan: Plan) -> str:
    lines = ["", "", "", "def loss(targets, outputs):"]
    if plan.weights:
        lines.append("    return losses_of_rows(outputs, targets[:, :-1]) * targets[:, -1]")
    else:
        lines.append("    return losses_of_rows(outputs, targets)")
    return losses.targets_and_loss(plan, "ops") + "\n".join([*lines, "", "", *_make_model(plan, "loss")])


def _make_model(plan: Plan, loss: str) -> list[str]:
    return [
        "def make_model(seed=SEED):", "    model = make_network(seed)", *_compilation(plan, loss),
        "    return model",
    ]  # fmt: skip


_SCHEDULE = '''class Schedule(keras.optimizers.schedules.LearningRateSchedule):
    """The learning rate at every step."""

    def __call__(self, step):
        last = len(FACTORS) - 1
        return LEARNING_RATE * ops.take(ops.convert_to_tensor(FACTORS), ops.minimum(ops.cast(step, "int32"), last))

    def get_config(self):
        return {}'''


def _targets_and_loss(plan: Plan) -> str:
    number = plan.layers[-1].outputs
    if not losses.is_native(plan):
        return _own_loss(plan)
    if plan.loss.name == "softmax_cross_entropy":
        targets = "np.asarray(targets, np.int64)"
        loss = "keras.losses.SparseCategoricalCrossentropy(from_logits=True)"
    elif plan.loss.name == "binary_cross_entropy":
        targets = (
            "np.reshape(targets, (-1, 1))"
            if number == 1
            else f"np.eye({number})[np.asarray(targets, np.int64)]"
        )
        targets += ".astype(keras.config.floatx())"
        loss = "summed_cross_entropy"
    else:
        targets = f"np.reshape(targets, (-1, {number})).astype(keras.config.floatx())"
        loss = "summed_squared_error"
    surprise = "ops.binary_crossentropy(targets, outputs, from_logits=True)"
    helpers = {
        "summed_cross_entropy": f"ops.sum({surprise}, axis=-1)",
        "summed_squared_error": "ops.sum((outputs - targets) ** 2, axis=-1)",
    }
    lines = ["def prepared(targets):", f"    return {targets}", "", ""]
    if loss in helpers:
        lines += [f"def {loss}(targets, outputs):", f"    return {helpers[loss]}", "", ""]
    return "\n".join([*lines, *_make_model(plan, loss)])


def _compilation(plan: Plan, loss: str) -> list[str]:
    """An optimizer of whole layers runs step by step, and may ask for the batch's loss."""
    if not plan.moved_whole:
        return [f"    model.compile(optimizer=make_optimizer(), loss={loss})"]
    lines = ["    optimizer = make_optimizer()"]
    if plan.optimizer.needs_loss:
        lines += [
            f"    measure = {loss}", "", "    def measured(targets, outputs):",
            "        values = measure(targets, outputs)",
            "        optimizer.loss = float(ops.convert_to_numpy(ops.mean(values)))",
            "        return values", "",
        ]  # fmt: skip
        loss = "measured"
    return [*lines, f"    model.compile(optimizer=optimizer, loss={loss}, run_eagerly=True)"]


_TRAIN = """def train(inputs, targets, seed=SEED):
    keras.utils.set_random_seed(seed)
    model = make_model(seed)
    inputs = np.asarray(inputs, keras.config.floatx())
    model.fit(inputs, prepared(targets), batch_size=SIZE, epochs=EPOCHS, shuffle=True, verbose=2)
    return model


if __name__ == "__main__":
    with np.load(sys.argv[1] if len(sys.argv) > 1 else "train.npz") as file:
        trained = train(file["inputs"], file["targets"])
    trained.save_weights("model.weights.h5")"""
