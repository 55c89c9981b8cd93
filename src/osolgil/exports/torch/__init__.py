"""A model as a plain `torch.nn.Module`: its source text, its weights, and the module itself.

The source stands on its own: it needs PyTorch and safetensors, not osolgil, and goes on training where osolgil
stopped. Weights are those of `model.safetensors` under PyTorch's names.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from osolgil.engines.cpu.kernels import layout
from osolgil.errors import MissingLibraryError
from osolgil.exports import columns as raw
from osolgil.exports.formulas import Names
from osolgil.exports.plan import Layer, plan_of
from osolgil.exports.python import preprocessing_text
from osolgil.exports.python.formulas import bare_text
from osolgil.exports.torch.answers import answers, ensemble, formula_text, name_of
from osolgil.files import write_bytes, write_text
from osolgil.model import Model

__all__ = ["torch_module", "torch_source", "torch_weights", "write_torch"]
_ABOUT = '''"""A network trained by osolgil {version}, as a plain PyTorch module: it predicts {target}.

    module = load("{weights}")
    outputs = module({given})
    answers = {answers}
"""

'''
_LOAD = '''def load(path):
    """The module with its weights, ready to predict; nothing in the file is executed."""
    from safetensors.torch import load_file

    module = {module}()
    module.load_state_dict(load_file(path))
    return module.eval()'''
_PREPARE = '''def prepare(rows):
    """Raw rows, dictionaries by column or cells in the order of COLUMN_NAMES, as the module's inputs."""
    return torch.tensor([features(row) for row in rows], dtype={dtype})'''


def torch_source(model: Model, inputs: str = "raw", weights: str = "model_torch.safetensors") -> str:
    """The text of the file; with inputs "features" it holds the network alone, without preprocessing."""
    from osolgil import __version__

    plan, names = plan_of(model), Names()
    modules = [_network(plan.networks[0], names), *ensemble(plan, names)]
    dtype = f"torch.{model.parameters.dtype.name}"
    raw_rows = inputs == "raw"
    about = _ABOUT.format(
        version=__version__, target=json.dumps(model.target_name)[1:-1], weights=weights,
        given="prepare(rows)" if raw_rows else "features",
        answers="prediction(outputs)" if model.class_names is None else "probabilities(outputs)",
    )  # fmt: skip
    prepared = []
    if raw_rows:
        raw.check(model.preprocessing, "a PyTorch file")
        prepared = [preprocessing_text(model.preprocessing), _PREPARE.format(dtype=dtype)]
    blocks = [
        *prepared,
        "import torch",
        _words_text(),
        *map(formula_text, names.trees.values()),
        *(module.replace("DTYPE", dtype) for module in modules),
        _LOAD.format(module=name_of(plan)),
        answers(model, plan),
    ]
    return about + "\n\n\n".join(block.strip("\n") for block in blocks) + "\n"


def _words_text() -> str:
    """The words' text, read from their file: importing it would need PyTorch."""
    path = Path(__file__).with_name("words.py")
    return bare_text(path.read_text("utf-8"))


def torch_weights(model: Model) -> dict[str, np.ndarray]:
    """The module's state by name."""
    networks, found = plan_of(model).networks, {}
    for number, layers in enumerate(networks):
        whose = f"networks.{number}." if len(networks) > 1 else ""
        found |= {f"{whose}{name}": values for name, values in _state(layers).items()}
    precision = model.parameters.dtype
    return {
        name: np.ascontiguousarray(values, None if values.dtype == np.int64 else precision)
        for name, values in found.items()
    }


def _state(layers: Sequence[Layer]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for place, layer in enumerate(layers):
        found[f"linear{place}.weight"] = layer.weight.T
        found[f"linear{place}.bias"] = layer.bias
        if layer.normalization:
            found[f"normalization{place}.weight"] = layer.gain
            found[f"normalization{place}.bias"] = layer.shift
        if layer.moments:
            mean, variance = layer.moments
            found[f"normalization{place}.running_mean"] = mean
            found[f"normalization{place}.running_var"] = variance
            found[f"normalization{place}.num_batches_tracked"] = np.zeros((), np.int64)
        if layer.learned is not None:
            found[f"learned{place}"] = layer.learned
    return found


def torch_module(model: Model) -> Any:
    """The module in memory, with its weights, ready to predict from prepared features.

    >>> import osolgil
    >>> model = osolgil.train("iris", epochs=1, hidden=(4,)).model
    >>> torch_module(model)  # doctest: +SKIP
    Network(
      (linear0): Linear(in_features=4, out_features=4, bias=True)
      (linear1): Linear(in_features=4, out_features=3, bias=True)
    )
    """
    try:
        import torch  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise MissingLibraryError("PyTorch is not installed; run: pip install torch") from error
    space: dict[str, Any] = {"__name__": "osolgil_export"}
    exec(compile(torch_source(model, "features"), "<exported by osolgil>", "exec"), space)
    module = space[name_of(plan_of(model))]()
    state = {name: torch.from_numpy(values.copy()) for name, values in torch_weights(model).items()}
    module.load_state_dict(state)
    return module.eval()


def write_torch(model: Model, path: Path, inputs: str) -> list[Path]:
    """Write the source and, beside it, its weights."""
    from safetensors.numpy import save

    weights = path.with_suffix(".safetensors")
    content = save(torch_weights(model))
    write_bytes(weights, content)
    write_text(path, torch_source(model, inputs, weights.name))
    return [path, weights]


def _network(layers: Sequence[Layer], names: Names) -> str:
    made, forward = [], []
    for place, layer in enumerate(layers):
        inputs, units = layer.weight.shape
        made.append(f"self.linear{place} = torch.nn.Linear({inputs}, {units}, dtype=DTYPE)")
        forward.append(f"z = self.linear{place}(values)")
        if layer.normalization:
            options = f"eps={layout.EPSILON!r}, dtype=DTYPE"
            kind, more = (
                ("LayerNorm", "") if layer.normalization == "layer" else ("BatchNorm1d", ", momentum=0.1")
            )
            made.append(f"self.normalization{place} = torch.nn.{kind}({units}, {options}{more})")
            forward.append(f"z = self.normalization{place}(z)")
        if layer.learned is not None:
            made.append(
                f"self.learned{place} = torch.nn.Parameter(torch.zeros({layer.outputs}, dtype=DTYPE))"
            )
        forward += _activated(layer, place, names)
        forward.append("values = values + passed" if layer.residual else "values = passed")
    return "\n".join(
        [
            "class Network(torch.nn.Module):",
            "    def __init__(self):",
            "        super().__init__()",
            *(f"        {line}" for line in made),
            "",
            "    def forward(self, values):",
            *(f"        {line}" for line in forward),
            "        return values",
        ]
    )


def _activated(layer: Layer, place: int, names: Names) -> list[str]:
    row = layer.activation
    name = names.of(row.formula)
    if row.statistic is not None:
        return [f"passed = {name}(z, *{names.of(row.statistic)}(z))"]
    if row.learned is not None:
        return [f"passed = {name}(z, {row.learned}=self.learned{place})"]
    if row.kind != "pieces":
        return [f"passed = {name}(z)"]
    lines = [f"passed = z[..., 0::{row.pieces}]"]
    lines += [f"passed = {name}(passed, z[..., {piece}::{row.pieces}])" for piece in range(1, row.pieces)]
    return lines
