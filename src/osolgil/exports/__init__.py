"""Models that travel: a trained model as an ONNX graph, a PyTorch module, a Python file or a C file.

>>> import osolgil, tempfile
>>> trained = osolgil.train("iris", epochs=1, hidden=(4,))
>>> [path.name for path in export(trained, "c", out=f"{tempfile.mkdtemp()}/iris.c")]
['iris.c']
"""

from osolgil.exports.writing import KINDS, export

__all__ = ["KINDS", "export"]
