"""Recipes: every one is whole Python that names what it must, and trains as our engine does."""

import ast
import math
import os
import subprocess
import sys

import numpy as np
import pytest

from osolgil.formulas import catalog, scheduling
from osolgil.report import recipes
from report import factory

FILES = ("recipe_pytorch.py", "recipe_keras.py", "recipe_optax.py")
WRITABLE = [
    name for name, row in catalog.elementwise_activations().items() if row.learned is None and not row.random
]
EVERYTHING = {
    "normalization": "batch", "residual": True, "dropout": 0.2, "l1": 1e-4, "l2": 1e-3, "weight_decay": 0.02,
    "clip_norm": 0.5, "activation": "gelu", "hidden": (16, 16, 16), "schedule": "cosine",
}  # fmt: skip


def texts(optimizer, **settings):
    return recipes(factory.verdict((optimizer,), **settings))


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize(
    "optimizer", [*catalog.optimizers(), "sam(ema(lamb))", "swa(clip_norm(adam), start=0.5)"]
)
def test_every_recipe_compiles_and_names_its_hyperparameters(optimizer, file):
    text = texts(optimizer)[file]
    tree = ast.parse(text)
    compile(text, file, "exec")
    row = catalog.optimizer(optimizer)
    assigned = {node.targets[0].id: node.value for node in tree.body if isinstance(node, ast.Assign)}
    used = {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    for name, value in row.hyperparameters(learning_rate=0.0031622776601683794).items():
        assert ast.literal_eval(assigned[name.upper()]) == value
        assert name.upper() in used
    assert row.title in ast.get_docstring(tree)
    assert {"EPOCHS", "BATCH_SIZE", "SEED"} <= set(assigned)
    assert ast.literal_eval(assigned["BATCH_SIZE"]) == (None if row.full_batch else 64)


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("activation", [*WRITABLE, "leaky_relu(0.2)", "snake(frequency=2)"])
def test_every_activation_is_written_out(activation, file):
    compile(texts("adam", activation=activation)[file], file, "exec")


@pytest.mark.parametrize("scale", catalog.initial_scales())
def test_every_initial_scale_is_written_out_and_draws(scale):
    """The formula by its name; and where no library draws the weights, NumPy draws them as osolgil does."""
    row = catalog.initial_scale(scale)
    for file, text in texts("adam", initial_scale=scale).items():
        compile(text, file, "exec")
        assert f"def {row.formula.__name__}(" in text
    names = {"__name__": "recipe"}
    exec(compile(text, file, "exec"), names)
    parameters = names["initial_parameters"](3)
    weight = np.asarray(parameters[0]["weight"], float)
    assert weight.shape == (12, 64)
    extra = names["WEIGHT_VARIANCES"][:1] if row.bias == "critical" else ()
    assert np.sqrt((weight**2).mean()) == pytest.approx(float(row(12.0, 64.0, *extra)), rel=0.15, abs=1e-12)
    if row.distribution == "orthogonal":
        np.testing.assert_allclose(weight @ weight.T, np.eye(12), atol=1e-6)
    assert (np.abs(parameters[0]["bias"]).max() > 0) == (row.bias == "uniform")


@pytest.mark.parametrize("activation", sorted(catalog.activations().keys() - set(WRITABLE)))
def test_no_recipe_where_an_activation_is_more_than_a_function_of_a_number(activation):
    assert texts("adam", activation=activation) == {}


def test_hyperparameters_of_an_activation_are_in_the_recipe():
    for text in texts("adam", activation="leaky_relu(0.2)").values():
        assert "partial(leaky_relu, negative_slope=0.2)" in text
        assert "def leaky_relu(" in text


@pytest.mark.parametrize("file", FILES)
def test_every_setting_is_in_the_recipe(file):
    text = texts("momentum", **EVERYTHING)[file]
    compile(text, file, "exec")
    for name in (
        "DROPOUT = 0.2",
        "L1 = 0.0001",
        "L2 = 0.001",
        "DECOUPLED_WEIGHT_DECAY = 0.02",
        "CLIP_NORM = 0.5",
    ):
        assert name in text
    assert "gelu" in text
    assert "1e-5" in text


@pytest.mark.parametrize("weights", [None, "income"])
@pytest.mark.parametrize("loss", catalog.losses())
def test_every_loss_has_its_targets(loss, weights):
    for task in catalog.loss(loss).tasks:
        for file, text in texts("adam", task=task, loss=loss, weights=weights).items():
            tree = compile(text, file, "exec", ast.PyCF_ONLY_AST)
            assert ("weights=data.train.weights" in ast.get_docstring(tree)) is bool(weights)
            assert ("with_logarithmic_outputs" in text) is (catalog.loss(loss).link == "log")


@pytest.mark.parametrize("file", FILES)
def test_a_schedule_stands_in_the_recipe_as_the_engine_follows_it(file):
    written = "(linear_warmup(0.1)+multi_step(0.5, 0.75, share=0.4)+cosine)*reduce_on_plateau(patience=2)"
    text = texts("adam", schedule=written, epochs=7)[file]
    assert "reduce_on_plateau(patience=2)" in text
    assert "validation rows" in ast.get_docstring(ast.parse(text))
    kept = [
        node
        for node in ast.parse(text).body
        if "factors" in ast.unparse(node) or "ROWS =" in ast.unparse(node)
    ]
    names = {"np": np, "math": math, "EPOCHS": 7, "BATCH_SIZE": 64}
    exec("\n".join(ast.unparse(node) for node in kept), names)
    np.testing.assert_array_equal(names["FACTORS"], scheduling.parse(written).factors(7 * 10))


def test_nothing_is_recommended_where_everything_diverged():
    assert recipes(factory.everything_diverged()) == {}


def test_a_name_from_outside_stays_text():
    name = 'bad """ name \\ \n import os'
    for text in recipes(factory.verdict(("adam",), name=name)).values():
        assert isinstance(ast.parse(text).body[0].value, ast.Constant)
        assert ast.get_docstring(ast.parse(text))


def test_recipes_are_still_a_function_after_the_first_call():
    assert texts("sgd").keys() == texts("sgd").keys() == set(FILES)


@pytest.mark.parametrize(
    "file", [pytest.param(file, marks=pytest.mark.peer if "optax" not in file else ()) for file in FILES]
)
def test_a_recipe_runs_as_it_is(file, tmp_path):
    random = np.random.default_rng(0)
    inputs = random.normal(size=(200, 12)).astype(np.float32)
    np.savez(
        tmp_path / "train.npz", inputs=inputs, targets=(inputs[:, 0] > 0).astype(int) + (inputs[:, 1] > 1)
    )
    (tmp_path / file).write_text(texts("nadam", epochs=2, **EVERYTHING)[file], "utf-8")
    finished = subprocess.run(
        [sys.executable, file],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=os.environ | {"KERAS_BACKEND": "torch"},
    )
    assert finished.returncode == 0, finished.stderr[-2000:]
    assert [place.name for place in tmp_path.glob("model*")]
