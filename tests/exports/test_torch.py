"""The exported PyTorch module answers what the model answers, alone in a process without osolgil."""

import json
import subprocess
import sys

import numpy as np
import pytest

from exports.cases import (
    ANSWERS,
    ENSEMBLES,
    EVERY,
    answering,
    answers_of,
    close,
    crossed,
    ensemble,
    expected,
    mixed_model,
    network_model,
    new_rows,
    several,
)
from osolgil.exports import export
from osolgil.exports.torch import torch_module, torch_source, torch_weights

pytestmark = pytest.mark.peer


@pytest.mark.parametrize(("activation", "normalization", "residual"), crossed(EVERY))
def test_every_network(activation, normalization, residual):
    import torch

    model, rows = network_model(activation, normalization, residual)
    module = torch_module(model)
    with torch.no_grad():
        found = module(torch.from_numpy(model.preprocessing.transform(rows))).numpy()
    close(found, expected(model, rows))


@pytest.mark.parametrize(
    ("made", "name"),
    [(made, name) for made, names in ((ensemble, ENSEMBLES), (answering, ANSWERS)) for name in names],
)
def test_means_and_answers_of_every_kind(made, name, tmp_path):
    import torch

    model, rows = made(name)
    source, weights = export(model, "torch", tmp_path)
    space = {}
    exec(compile(source.read_text("utf-8"), str(source), "exec"), space)
    with torch.no_grad():
        outputs = space["load"](weights)(space["prepare"](rows.tolist()))
    answers = space["prediction" if model.task == "regression" else "probabilities"](outputs)
    close(outputs.numpy(), expected(model, rows))
    close(answers.numpy(), answers_of(model, rows))


@pytest.mark.parametrize("many", [False, True])
def test_it_goes_on_training(many):
    import torch

    model, rows = network_model("prelu", "batch", residual=True)
    model = several(model) if many else model
    module = torch_module(model).train()
    optimizer = torch.optim.Adam(module.parameters(), lr=0.01)
    inputs, targets = torch.from_numpy(model.preprocessing.transform(rows)), torch.arange(40) % 3
    losses = []
    for _ in range(60):
        loss = torch.nn.functional.cross_entropy(module(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.7 * losses[0]
    assert all(parameter.grad is not None for parameter in module.parameters())


def test_float64_keeps_its_digits():
    import torch

    model, rows = network_model("gelu", "layer", precision="float64")
    features = torch.from_numpy(model.preprocessing.transform(rows).astype(np.float64))
    with torch.no_grad():
        close(torch_module(model)(features).numpy(), expected(model, rows), 1e-12)


@pytest.mark.parametrize("encoding", ["plain", "piecewise", "periodic"])
def test_the_files_stand_alone(encoding, tmp_path):
    """In a process that cannot import osolgil, from raw rows."""
    model, table = several(mixed_model(encoding)), new_rows().head(6)
    _, weights = export(model, "torch", tmp_path / "mine.py")
    assert weights == tmp_path / "mine.safetensors"
    table["moment"] = table["moment"].dt.strftime("%Y-%m-%d %H:%M:%S+00:00")
    rows = json.dumps(table.astype(object).where(table.notna(), None).to_dict("records"))
    code = f"""
import json, sys
sys.modules["osolgil"] = None
sys.path.insert(0, {str(tmp_path)!r})
import mine, torch
with torch.no_grad():
    print(json.dumps(mine.load({str(weights)!r})(mine.prepare(json.load(sys.stdin))).tolist()))
"""
    found = subprocess.run(
        [sys.executable, "-c", code], input=rows, capture_output=True, text=True, check=True
    )
    close(json.loads(found.stdout), model.outputs(model.preprocessing.transform(new_rows().head(6))))


def test_source_and_weights_need_no_torch(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    model, _ = network_model("prelu", "batch")
    assert "class Network(torch.nn.Module)" in torch_source(model)
    assert torch_weights(model)["linear0.weight"].shape == (8, 5)
