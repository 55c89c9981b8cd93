"""A model as an ONNX graph, which any runtime of ONNX runs without osolgil.

>>> import osolgil
>>> model = osolgil.train("iris", epochs=1, hidden=(4,)).model
>>> graph = onnx_model(model).graph
>>> [given.name for given in graph.input], [answer.name for answer in graph.output]
(['inputs'], ['outputs', 'label', 'probabilities'])
"""

from __future__ import annotations

import json
from typing import Any

from osolgil.exports.onnx import network, preprocessing
from osolgil.exports.onnx.answers import answers
from osolgil.exports.onnx.graph import Graph
from osolgil.exports.plan import plan_of
from osolgil.model import Model

__all__ = ["onnx_model"]
_ABOUT = """A deep feedforward network trained by osolgil {version}, with its preprocessing: it predicts '{target}'.
An input per raw column, each (rows, 1): numbers in double, NaN where a cell is missing; categories as strings, whose
white space is cut off, "" where missing; dates in double as seconds since 1970-01-01 in UTC, NaN where missing. Where
all columns are numbers they are one input (rows, columns) in the order of the schema, which stands in the metadata.
The network computes in float32; a value beyond 10 standard deviations is cut off there. Of several networks the mean
answer is given, taken in float64."""


def onnx_model(model: Model, inputs: str = "raw") -> Any:
    """The model as an `onnx.ModelProto`; with inputs "features" the network alone, which takes prepared features.

    Raises MissingLibraryError without the onnx package, SettingsError for columns a graph cannot carry.
    """
    from osolgil import __version__

    graph, plan = Graph(), plan_of(model)
    if inputs == "raw":
        features = preprocessing.features(graph, model.preprocessing)
    else:
        features = graph.input("features", "float", [None, model.network.widths[0]])
    answers(graph, model, plan, network.outputs(graph, plan, features))
    about = _ABOUT.format(version=__version__, target=model.target_name)
    properties = {"schema": json.dumps(model.schema, ensure_ascii=False), "osolgil": __version__}
    if inputs != "raw":
        properties["features"] = json.dumps(model.preprocessing.feature_names, ensure_ascii=False)
    return graph.model(about, properties)
