"""Recipes against our engine: from the same weights and on the same batches to the same weights."""

import os

import numba
import numpy as np
import pytest

from osolgil.engines.cpu.fleet import Fleet, RunSetting, Task
from osolgil.engines.cpu.kernels import layout
from osolgil.formulas import catalog
from osolgil.race.settings import LECTURE_OPTIMIZERS
from osolgil.report import recipes
from osolgil.report.recipe import staged
from report import factory

EPOCHS, ROWS, BATCH = 3, 53, 16
HIDDEN = (7, 7)
WEIGHTS = np.random.default_rng(8).uniform(0.0, 2.0, ROWS)
# KATE, ACProp and AdaShift divide by single gradients: large steps would magnify what Keras rounds to float32.
RATES = {
    "adadelta": 0.5, "adagrad": 0.05, "gradient_descent": 0.1, "kate": 1e-5, "acprop": 1e-4,
}  # fmt: skip
# the parameter-free start so small that three epochs would show nothing
EARLIER = {
    "prodigy": {"learning_rate": 1.0, "first_distance": 0.01},
    "d_adaptation": {"learning_rate": 1.0, "first_distance": 0.01},
    "mechanic": {"learning_rate": 1.0, "first_scale": 0.01},
    "dog": {"learning_rate": 1.0, "first_distance": 0.01},
    "dowg": {"learning_rate": 1.0, "epsilon": 0.01},
    "lars": {"learning_rate": 0.5, "trust": 0.1},
    "soap": {"interval": 3.0},
}
CLOSE = {"rtol": 1e-7, "atol": 1e-9}
# Keras on PyTorch computes parts of a float64 network (dense layers, the loss) in float32.
CLOSE_IN_KERAS = {"rtol": 1e-5, "atol": 2e-6}

NETWORKS = {
    "plain": {"activation": "tanh"},
    "layer normalisation": {"activation": "gelu", "normalization": "layer", "residual": True},
    "batch normalisation": {"activation": "silu", "normalization": "batch"},
    "penalties": {"activation": "elu", "l1": 1e-3, "l2": 1e-2, "weight_decay": 0.02, "clip_norm": 0.3},
    "binary cross-entropy": {"activation": "softplus", "loss": "binary_cross_entropy"},
    "regression": {"activation": "selu", "task": "regression"},
    "schedule": {
        "activation": "tanh",
        "weight_decay": 0.02,
        "schedule": "linear_warmup(0.3)+cosine(0.1)*step",
    },
    "label smoothing": {"activation": "tanh", "loss": "softmax_cross_entropy(label_smoothing=0.2)"},
    "weights": {"activation": "tanh", "weights": "income"},
    "weighted numbers": {
        "activation": "tanh",
        "task": "regression",
        "loss": "huber(delta=0.3)",
        "weights": "income",
    },
    "counts": {"activation": "tanh", "task": "regression", "loss": "tweedie(power=1.3)"},
    "rows of outputs": {"activation": "tanh", "loss": "cosine"},
    "labels": {"activation": "tanh", "loss": "focal(gamma=1.5)", "task": "multi-label"},
}
LOSSES = list(NETWORKS)[7:]
CASES = [(name, "plain") for name in catalog.optimizers()]
CASES += [
    (name, case)
    for name in ("momentum", "adam", "nadam", "polyak", "muon")
    for case in NETWORKS
    if case != "plain" and case not in LOSSES
]
CASES += [("adam", case) for case in LOSSES]
CASES += [(name, "schedule") for name in ("sgd", "nesterov", "adadelta", "adamw")]

PROBING = [name for name in catalog.optimizers() if staged.probes(catalog.optimizer(name))]
WRAPPED = [
    "lookahead(adam, period=3)", "schedule_free(sgd)", "clip_norm(cautious(lamb))", "swa(grokfast(nadam), start=0.3)",
    "decoupled_decay(momentum(momentum=0.5))", "adaptive_clip(polyak)",
]  # fmt: skip
CASES = [(name, case) for name, case in CASES if name not in PROBING]
CASES += [(name, case) for name in WRAPPED for case in ("plain", "schedule")]
TWICE = [
    ("sam(momentum)", "penalties"),
    ("ema(asam(adam))", "batch normalisation"),
    ("sam(lamb)", "schedule"),
]

every_case = pytest.mark.parametrize(("optimizer", "case"), CASES)
# JAX compiles each for seconds: the lecture's at every run, the others in continuous integration.
every_case_of_jax = pytest.mark.parametrize(
    ("optimizer", "case"),
    [
        pytest.param(name, case, marks=() if quick else pytest.mark.long)
        for name, case in CASES
        for quick in [(name in LECTURE_OPTIMIZERS and case not in LOSSES) or case == "weighted numbers"]
    ],
)


@pytest.fixture(autouse=True)
def signs_of_the_engine(monkeypatch):
    """Recipes that draw random signs draw the engine's."""
    from osolgil.engines.cpu.kernels import random

    mixed = random.mixed.py_func

    def signs(time, size):
        with np.errstate(over="ignore"):  # random bits wrap around
            key = mixed(mixed(np.uint64(11) + np.uint64(991)) + np.uint64(time - 1))
            bits = np.array([int(mixed(key + np.uint64(place)) >> np.uint64(63)) for place in range(size)])
        return np.where(bits == 1, 1.0, -1.0)

    monkeypatch.setattr(staged, "_SIGNS", "")
    monkeypatch.setitem(
        __builtins__ if isinstance(__builtins__, dict) else vars(__builtins__), "signs", signs
    )


def facts_of(optimizer, case):
    settings = {
        "precision": "float64",
        "hidden": HIDDEN,
        "batch_size": BATCH,
        "epochs": EPOCHS,
        **NETWORKS[case],
    }
    values = {"learning_rate": RATES.get(optimizer, 0.01), **EARLIER.get(optimizer, {})}
    facts = factory.verdict((optimizer,), hyperparameters=values, features=5, **settings)
    facts["data"]["rows"]["train"] = ROWS
    return facts


def data_of(facts):
    random = np.random.default_rng(5)
    inputs = random.normal(size=(ROWS, 5))
    if facts["data"]["task"] == "multi-label":
        return inputs, (inputs[:, :3] + random.normal(size=(ROWS, 3)) > 0.5).astype(float)
    if facts["data"]["task"] == "regression":
        positive = catalog.loss(facts["settings"]["loss"]).link == "log"
        return inputs, np.sin(inputs[:, 0]) + 0.1 * inputs[:, 1] + 2.0 * positive
    return inputs, random.integers(0, 3, ROWS)


def prepared(names, facts, targets):
    """Targets as the recipe wants them, with weights where rows have some."""
    return names["prepared"](targets, WEIGHTS) if facts["data"]["weights"] else names["prepared"](targets)


def our_weights(facts, evaluated=False):
    """Our engine's parameters after all epochs, and the order of rows in each."""
    settings, row = facts["settings"], facts["leaderboard"][0]
    inputs, targets = data_of(facts)
    kind = facts["data"]["task"]
    wide = np.eye(3)[targets] if kind == "classification" else targets.reshape(ROWS, -1)
    weights = WEIGHTS if facts["data"]["weights"] else None
    rows = np.arange(ROWS)
    task = Task(inputs, np.ascontiguousarray(wide), rows, rows, settings["loss"], weights, kind)
    run = RunSetting(
        row["optimizer"], row["hyperparameters"], 11, BATCH, settings["l1"], settings["l2"], settings["weight_decay"],
        settings["clip_norm"], schedule=settings["schedule"],
    )  # fmt: skip
    fleet = Fleet.create(factory.network_of(facts), task, [run], EPOCHS, "float64")
    fleet.advance([row["optimizer"]], EPOCHS, workers=1)
    assert fleet.arrays["runs"][0, layout.STATUS] == layout.FINISHED
    return fleet.evaluated[0] if evaluated else fleet.arrays["thetas"][0]


def batches(facts):
    """The rows of every batch, as our engine shuffles them."""
    from osolgil.engines.cpu.kernels import random

    shuffle = numba.njit(random.shuffle.py_func)

    size = ROWS if catalog.optimizer(facts["leaderboard"][0]["optimizer"]).full_batch else BATCH
    order = np.zeros(ROWS, np.int64)
    for epoch in range(EPOCHS):
        shuffle(order, np.arange(ROWS), 11, epoch)
        for start in range(0, ROWS, size):
            yield order[start : start + size].copy()


def namespace_of(facts, file):
    names = {"__name__": "recipe"}
    exec(compile(recipes(facts)[file], file, "exec"), names)
    return names


def first_layers(facts):
    network = factory.network_of(facts)
    return network.unpack(network.initial(11, "float64"))


def assert_alike(facts, layers, tolerance=CLOSE, evaluated=False):
    expected = factory.network_of(facts).unpack(our_weights(facts, evaluated))
    for ours, theirs, first in zip(expected, layers, first_layers(facts), strict=True):
        assert ours.keys() == theirs.keys()
        for name, values in ours.items():
            if name == "bias" and "gain" in ours and facts["settings"]["normalization"] == "batch":
                continue  # batch normalisation takes it out again: its gradient is nothing but rounding
            np.testing.assert_allclose(np.asarray(theirs[name]), values, **tolerance)
        assert np.abs(ours["weight"] - first["weight"]).max() > 1e-4


@every_case_of_jax
def test_optax(optimizer, case):
    import jax

    facts = facts_of(optimizer, case)
    before = jax.config.jax_enable_x64
    try:
        names = namespace_of(facts, "recipe_optax.py")
        inputs, targets = data_of(facts)
        inputs, targets = jax.numpy.asarray(inputs), prepared(names, facts, targets)
        parameters = [{k: jax.numpy.array(v) for k, v in layer.items()} for layer in first_layers(facts)]
        assert jax.tree.map(np.shape, names["initial_parameters"]()) == jax.tree.map(np.shape, parameters)
        running, state = names["initial_running"](), names["optimizer"].init(parameters)
        for rows in batches(facts):
            parameters, running, state, _ = names["training_step"](
                parameters, running, state, inputs[rows], targets[rows], jax.random.key(0)
            )
    finally:
        jax.config.update("jax_enable_x64", before)
    assert_alike(facts, parameters)


@pytest.mark.peer
@pytest.mark.parametrize(("optimizer", "case"), [*CASES, *TWICE])
def test_pytorch(optimizer, case):
    import torch

    facts = facts_of(optimizer, case)
    before = torch.get_default_dtype()
    try:
        names = namespace_of(facts, "recipe_pytorch.py")
        inputs, targets = data_of(facts)
        inputs, targets = torch.as_tensor(inputs), prepared(names, facts, targets)
        network = names["make_network"]()
        places = pytorch_places(network)
        with torch.no_grad():
            for layer, place in zip(first_layers(facts), places, strict=True):
                for name, values in layer.items():
                    place[name].copy_(torch.as_tensor(values.T))
        optimizer_of_recipe = names["make_optimizer"](network)
        for rows in batches(facts):
            names["training_step"](network, optimizer_of_recipe, inputs[rows], targets[rows])
        trained = [{k: v.detach().numpy().T.copy() for k, v in place.items()} for place in places]
        if hasattr(optimizer_of_recipe, "keep"):
            optimizer_of_recipe.keep()
    finally:
        torch.set_default_dtype(before)
    assert_alike(facts, trained)
    kept = [{k: v.detach().numpy().T for k, v in place.items()} for place in places]
    assert_alike(facts, kept, evaluated=True)


@pytest.mark.peer
def test_pytorch_measures_curvature_along_the_engines_signs():
    test_pytorch("sophia(interval=4)", "plain")


@pytest.mark.peer
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")
@every_case
def test_keras(optimizer, case):
    os.environ["KERAS_BACKEND"] = "torch"
    import keras

    facts = facts_of(optimizer, case)
    before, policy = keras.config.floatx(), keras.config.dtype_policy()
    try:
        names = namespace_of(facts, "recipe_keras.py")
        inputs, targets = data_of(facts)
        targets = prepared(names, facts, targets)
        model = names["make_model"]()
        places = keras_places(model)
        for layer, place in zip(first_layers(facts), places, strict=True):
            for name, values in layer.items():
                place[name].assign(values)
        for rows in batches(facts):
            model.train_on_batch(inputs[rows], targets[rows])
    finally:
        keras.config.set_floatx(before)
        keras.config.set_dtype_policy(policy)
    layers = [{k: keras.ops.convert_to_numpy(v) for k, v in place.items()} for place in places]
    assert_alike(facts, layers, CLOSE_IN_KERAS)


def pytorch_places(network):
    """The tensors of every layer by our names."""
    places = []
    for module in network:
        linear = getattr(module, "linear", module)
        place = {"weight": linear.weight, "bias": linear.bias}
        normalization = getattr(module, "normalization", None)
        if normalization is not None:
            place |= {"gain": normalization.weight, "shift": normalization.bias}
        places.append(place)
    return places


def keras_places(model):
    """The variables of every layer by our names."""
    places = []
    for layer in model.layers:
        if hasattr(layer, "kernel"):
            places.append({"weight": layer.kernel, "bias": layer.bias})
        elif hasattr(layer, "gamma"):
            places[-1] |= {"gain": layer.gamma, "shift": layer.beta}
    return places
