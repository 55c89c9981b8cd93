"""A model as one Python file that needs nothing but Python 3.8 or later.

>>> import osolgil
>>> model = osolgil.train("iris", epochs=1, hidden=(4,)).model
>>> space = {}
>>> exec(python_source(model), space)
>>> space["predict"]([5.1, 3.5, 1.4, 0.2]) == model.predict([[5.1, 3.5, 1.4, 0.2]])[0]
True
"""

from __future__ import annotations

import ast
import base64
import inspect
import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from osolgil.data.columns import cells
from osolgil.data.columns.category import CategoryColumn
from osolgil.data.columns.date import DateColumn
from osolgil.data.columns.number import NumberColumn
from osolgil.data.preprocessing import Preprocessing
from osolgil.engines._binding import source
from osolgil.engines.cpu.kernels import layout
from osolgil.exports import columns as raw
from osolgil.exports import steps
from osolgil.exports.formulas import Names
from osolgil.exports.plan import Layer, Plan, plan_of
from osolgil.exports.python import runtime, words
from osolgil.exports.python.answers import answers_text, outputs_text, shown
from osolgil.exports.python.formulas import bare, scalar_text
from osolgil.model import Model

__all__ = ["preprocessing_text", "python_source"]
_IMPORTS = ("array", "base64", "datetime", "math", "numbers", "operator", "re", "sys")
_ABOUT = '''"""A network trained by osolgil {version}, as plain Python 3.8 or later: it predicts {target}.

predict(row), {more}outputs(row): of one row, {row}.
"""

'''


def python_source(model: Model, inputs: str = "raw") -> str:
    """The text of the file; with inputs "features" a row is prepared features."""
    from osolgil import __version__

    plan, names = plan_of(model), Names()
    network = _network_text(plan.networks[0], names)
    outputs = outputs_text(plan, names)
    about = _ABOUT.format(
        version=__version__,
        target=json.dumps(model.target_name)[1:-1],
        more="probabilities(row), " if model.class_names is not None else "",
        row="a dictionary by column, or the cells in the order of COLUMN_NAMES"
        if inputs == "raw"
        else "its features in the order of FEATURES",
    )
    blocks = [
        "\n".join(f"import {name}" for name in _IMPORTS),
        bare(words),
        *_steps_text(),
        bare(runtime),
        *map(scalar_text, names.trees.values()),
        _inputs_text(model.preprocessing, inputs),
        _weights_text(plan, "d" if model.parameters.dtype == np.float64 else "f"),
        network,
        outputs,
        answers_text(model, plan),
    ]
    return about + "\n\n\n".join(block.strip("\n") for block in blocks) + "\n"


def preprocessing_text(preprocessing: Preprocessing) -> str:
    """Everything that turns a raw row into features, for a file of another library."""
    blocks = ["\n".join(f"import {name}" for name in _IMPORTS), bare(words), *_steps_text(), bare(runtime)]
    return "\n\n\n".join([*(block.strip("\n") for block in blocks), _inputs_text(preprocessing, "raw")])


def _steps_text() -> list[str]:
    """The steps of preprocessing, and how cells are read."""
    formulas = (steps.standardised, steps.squashed, steps.clipped, steps.piece, steps.wave, steps.date_parts)
    constants = [
        f"MISSING = frozenset({sorted(cells.MISSING)!r})",
        *(f"{name} = re.compile({getattr(cells, name).pattern!r})" for name in ("_NUMBER", "_GROUPED")),
        f"_SIGNS = {cells._SIGNS!r}",
    ]
    reading = [_without_hints(function) for function in (cells.parse_number, cells.text_of)]
    return [*(source(formula) for formula in formulas), "\n".join(constants), *reading]


def _without_hints(function: Any) -> str:
    tree = ast.parse(inspect.getsource(function)).body[0]
    assert isinstance(tree, ast.FunctionDef)
    tree.body, tree.returns = tree.body[1:], None
    for argument in tree.args.args:
        argument.annotation = None
    return ast.unparse(tree)


def _inputs_text(preprocessing: Preprocessing, inputs: str) -> str:
    if inputs != "raw":
        return (
            f"FEATURES = {shown(list(preprocessing.feature_names))}\n\n\ndef features(row):\n    return row"
        )
    raw.check(preprocessing, "Python")
    names = f"COLUMN_NAMES = {shown(list(preprocessing.source_columns))}"
    described = f"COLUMNS = {shown(_columns(preprocessing))}"
    return f"{names}\n{described}\n\n\ndef features(row):\n    return features_of(row, COLUMNS)"


def _columns(preprocessing: Preprocessing) -> list[dict[str, Any]]:
    places = {name: place for place, name in enumerate(preprocessing.source_columns)}
    if preprocessing.divisor is not None:
        divisor = preprocessing.divisor
        return [{"kind": "pixel", "name": name, "place": p, "divisor": divisor} for name, p in places.items()]
    found = []
    for column in preprocessing.columns:
        facts = {"kind": column.kind, "name": column.name, "place": places[column.name]}
        if isinstance(column, CategoryColumn):
            width = len(column.feature_names)
            facts |= {"width": width, "places": raw.positions(column)}
            facts["missing"] = width - 1 if column.marks_missing else -1
        elif isinstance(column, DateColumn):
            facts["format"] = column.format
            facts["parts"] = [
                {**_number(part), "part": part.name.removeprefix(f"{column.name} ")} for part in column.parts
            ]
        elif isinstance(column, NumberColumn):
            facts |= {**_number(column), "decimal": column.decimal}
        found.append(facts)
    return found


def _number(number: NumberColumn) -> dict[str, Any]:
    kept = ("center", "scale", "fill", "squash", "marks_missing")
    facts = {name: getattr(number, name) for name in kept}
    return {**facts, "pieces": raw.pieces_of(number).tolist(), "waves": raw.waves_of(number).tolist()}


def _weights_text(plan: Plan, kind: str) -> str:
    made = []
    for layers in plan.networks:
        made += ["    [", *(f"        {_layer_text(layer.folded(), kind)}," for layer in layers), "    ],"]
    return "\n".join(["NETWORKS = [", *made, "]"])


def _layer_text(layer: Layer, kind: str) -> str:
    parts = {
        "weight": layer.weight.T, "bias": layer.bias, "gain": layer.gain, "shift": layer.shift,
        "learned": layer.learned,
    }  # fmt: skip
    packed = [f'{name}="{_packed(values, kind)}"' for name, values in parts.items() if values is not None]
    inputs, units = layer.weight.shape
    return f'layer_of({inputs}, {units}, "{kind}", {", ".join(packed)})'


def _packed(values: np.ndarray, kind: str) -> str:
    return base64.b64encode(np.ascontiguousarray(values, "<f8" if kind == "d" else "<f4").tobytes()).decode()


def _network_text(layers: Sequence[Layer], names: Names) -> str:
    lines = ["def network(values, layers):"]
    for place, layer in enumerate(layers):
        lines.append(f"    z = linear(values, layers[{place}], {layout.EPSILON!r})")
        lines.append(f"    passed = {_activated(layer, place, names)}")
        sum_of = "[x + y for x, y in zip(values, passed)]"
        lines.append(f"    values = {sum_of if layer.residual else 'passed'}")
    return "\n".join([*lines, "    return values"])


def _activated(layer: Layer, place: int, names: Names) -> str:
    row = layer.activation
    name = names.of(row.formula)
    if row.statistic is not None:
        return f"of_row({name}, {names.of(row.statistic)}, z)"
    if row.learned is not None:
        return f"[{name}(x, {row.learned}=p) for x, p in zip(z, layers[{place}][4])]"
    if row.kind != "pieces":
        return f"[{name}(x) for x in z]"
    folded = "z[i]"
    for piece in range(1, row.pieces):
        folded = f"{name}({folded}, z[i + {piece}])"
    return f"[{folded} for i in range(0, len(z), {row.pieces})]"
