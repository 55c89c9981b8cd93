"""A model as one C file that needs a C compiler and its mathematics, nothing else.

>>> import osolgil
>>> text = c_source(osolgil.train("iris", epochs=1, hidden=(4,)).model)
>>> "void model_outputs(const double *features, double *outputs)" in text
True
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from osolgil.engines._binding import tree
from osolgil.engines.cpu.kernels import layout
from osolgil.exports import steps
from osolgil.exports.c import preprocessing
from osolgil.exports.c.answers import answers, outputs
from osolgil.exports.c.formulas import function, helpers
from osolgil.exports.c.text import commented, numbers
from osolgil.exports.formulas import Names
from osolgil.exports.plan import Layer, Plan, plan_of
from osolgil.model import Model

__all__ = ["c_source"]
_ABOUT = """/* A network trained by osolgil {version}, as plain C99: it predicts {target}.

   Compile it with:  cc -O2 -c model.c   (and link with -lm), or include it.

{functions}
*/

#include <math.h>
#include <stddef.h>
#include <string.h>
"""
_LINEAR = """static void linear(const double *values, int inputs, int units, const REAL *weight, const REAL *bias, double *z) {
    for (int j = 0; j < units; j++) z[j] = bias[j];
    for (int i = 0; i < inputs; i++) {
        const double value = values[i];
        if (value == 0.0) continue; /* most features of categories and bins */
        const REAL *row = weight + (size_t)i * units;
        for (int j = 0; j < units; j++) z[j] += value * row[j];
    }
}
"""  # noqa: E501
_NORMALIZE = """static void normalize(double *z, int units, const REAL *gain, const REAL *shift) {
    double mean = 0.0, variance = 0.0;
    for (int j = 0; j < units; j++) mean += z[j];
    mean /= units;
    for (int j = 0; j < units; j++) variance += (z[j] - mean) * (z[j] - mean);
    const double factor = 1.0 / sqrt(variance / units + EPSILON);
    for (int j = 0; j < units; j++) z[j] = (z[j] - mean) * factor * gain[j] + shift[j];
}
"""


def c_source(model: Model, inputs: str = "raw") -> str:
    """The text of the file; with inputs "features" it holds the network alone, without preprocessing."""
    from osolgil import __version__

    plan, names = plan_of(model), Names()
    networks = [[layer.folded() for layer in layers] for layers in plan.networks]
    layers = networks[0]
    network, answering = _network(layers, names), outputs(plan, names)
    real, longest = "double" if model.parameters.dtype == np.float64 else "float", _longest(layers)
    before, functions = ("", []) if inputs != "raw" else preprocessing.source(model.preprocessing)
    said, more = answers(model, plan)
    listed = [*functions, "model_outputs(features, outputs): what the network answers", *more]
    about = _ABOUT.format(
        version=__version__,
        target=commented(model.target_name),
        functions="\n".join(f"   {line}" for line in listed),
    )
    sizes = f"#define FEATURES {model.network.widths[0]}\n#define OUTPUTS {model.network.widths[-1]}\n"
    sizes += f"#define GROUPS {plan.groups}\n" if plan.order else ""
    sizes += f"#define NETWORKS {len(networks)}\n#define LONGEST {longest}\n"
    sizes += f"#define EPSILON {layout.EPSILON!r}\ntypedef {real} REAL;\n"
    normalize = [_NORMALIZE] if any(layer.gain is not None for layer in layers) else []
    texts = _formula_texts(layers, plan, names)
    calling = "\n\n".join([*texts, before, answering, said])
    blocks = [
        about + sizes, helpers(calling), *texts, before, *_weights(networks), _LINEAR, *normalize, network, answering,
        said,
    ]  # fmt: skip
    return "\n\n".join(block.strip("\n") for block in blocks if block) + "\n"


def _longest(layers: Sequence[Layer]) -> int:
    return max(max(layer.weight.shape) for layer in layers)


def _formula_texts(layers: Sequence[Layer], plan: Plan, names: Names) -> list[str]:
    found = {}
    for layer in layers:
        row = layer.activation
        if row.statistic is not None:
            name = names.of(row.statistic)
            found[name] = function(names.trees[name], row=True)
        name = names.of(row.formula)
        found[name] = function(names.trees[name], learned=row.learned)
    if plan.mean is not None:
        if plan.mean.statistic is not None:
            name = names.of(plan.mean.statistic)
            found[name] = function(names.trees[name], row=True)
        for formula in (*plan.mean.parts, plan.mean.output):
            name = names.of(formula)
            found[name] = function(names.trees[name])
    curves = [] if plan.curves is None else [function(tree(steps.risen))]
    return [*found.values(), *(function(tree(formula)) for formula, _ in plan.answer), *curves]


def _weights(networks: Sequence[Sequence[Layer]]) -> list[str]:
    """A table per parameter of a layer, a row per network."""
    texts = []
    for place, layers in enumerate(zip(*networks, strict=True)):
        for name in ("weight", "bias", "gain", "shift", "learned"):
            values = [getattr(layer, name) for layer in layers]
            if values[0] is not None:
                rows = ",\n".join(f"{{\n{numbers(row.ravel(), single=True)}\n}}" for row in values)
                size = f"[NETWORKS][{values[0].size}]"
                texts.append(f"static const REAL {name}{place}{size} = {{{rows}}};")
    return texts


def _network(layers: Sequence[Layer], names: Names) -> str:
    lines = [
        "static void network(int member, const double *features, double *outputs) {",
        "    double values[LONGEST], z[LONGEST];",
        "    for (int i = 0; i < FEATURES; i++) values[i] = features[i];",
    ]
    for place, layer in enumerate(layers):
        inputs, units = layer.weight.shape
        given = f"weight{place}[member], bias{place}[member]"
        lines.append(f"    linear(values, {inputs}, {units}, {given}, z);")
        if layer.gain is not None:
            lines.append(f"    normalize(z, {units}, gain{place}[member], shift{place}[member]);")
        before, found = _activated(layer, place, names)
        lines += [f"    {line}" for line in before]
        kept = "+=" if layer.residual else "="
        lines.append(f"    for (int j = 0; j < {layer.outputs}; j++) values[j] {kept} {found};")
    return "\n".join([*lines, "    for (int j = 0; j < OUTPUTS; j++) outputs[j] = values[j];", "}"])


def _activated(layer: Layer, place: int, names: Names) -> tuple[list[str], str]:
    """What is computed before, and the value of output j."""
    row = layer.activation
    name = names.of(row.formula)
    if row.statistic is not None:
        statistic = names.of(row.statistic)
        before = [f"double found{place}[2];", f"{statistic}(z, {layer.outputs}, found{place});"]
        return before, f"{name}(z[j], found{place}[0], found{place}[1])"
    if row.learned is not None:
        return [], f"{name}(z[j], learned{place}[member][j])"
    if row.kind != "pieces":
        return [], f"{name}(z[j])"
    folded = f"z[{row.pieces} * j]"
    for piece in range(1, row.pieces):
        folded = f"{name}({folded}, z[{row.pieces} * j + {piece}])"
    return [], folded
