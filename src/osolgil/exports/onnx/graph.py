"""A graph under construction: symbols that stand for tensors, and write a node for whatever is done to them.

Formulas run on symbols as they do on numbers, so that an ONNX graph comes from the same text as everything else.

>>> graph = Graph()
>>> x = graph.input("x", "float", [None, 1])
>>> y = 2.0 * x + 1.0
>>> [node.op_type for node in graph.nodes]
['Mul', 'Add']
"""

from __future__ import annotations

from typing import Any

import numpy as np

from osolgil.errors import MissingLibraryError

OPSET, ML_OPSET, IR = 17, 3, 8
_NUMPY = {"float": np.float32, "double": np.float64, "int64": np.int64}


def library() -> Any:
    """The onnx package; MissingLibraryError where it is not installed."""
    try:
        import onnx
        import onnx.helper
        import onnx.numpy_helper
    except ImportError as error:
        raise MissingLibraryError("onnx is not installed; run: pip install 'osolgil[onnx]'") from error
    return onnx


class Graph:
    """Nodes, constants, inputs and outputs; every name is used once."""

    def __init__(self) -> None:
        self.onnx = library()
        self.nodes: list[Any] = []
        self.inputs: list[Any] = []
        self.outputs: list[Any] = []
        self.constants: dict[tuple[Any, ...], tuple[str, Any]] = {}
        self._taken: set[str] = set()

    def input(self, name: str, kind: str, shape: list[int | None]) -> Symbol:
        """A tensor that is given; None in its shape is any number of rows."""
        name = self.name(name)
        self.inputs.append(self._info(name, kind, shape))
        return Symbol(self, name, kind)

    def output(self, symbol: Symbol, name: str, shape: list[int | None]) -> None:
        """Give a tensor back under a name, or under the name with lines below where a column is called so."""
        name = self.name(name)
        self.nodes.append(self.onnx.helper.make_node("Identity", [symbol.name], [name]))
        self.outputs.append(self._info(name, symbol.kind, shape))

    def constant(self, values: Any, kind: str) -> Symbol:
        """Numbers or texts that are part of the graph; equal ones are kept once."""
        if kind == "string":
            array = np.array(values, dtype=object)
            key: tuple[Any, ...] = (kind, tuple(values))
        else:
            with np.errstate(over="ignore"):
                array = np.asarray(values, _NUMPY[kind])
            key = (kind, array.shape, array.tobytes())
        if key not in self.constants:
            name = self.name(f"constant_{len(self.constants)}")
            self.constants[key] = (name, self._tensor(array, name))
        return Symbol(self, self.constants[key][0], kind)

    def node(
        self, operator: str, *inputs: Symbol, kind: str = "", domain: str = "", **options: Any
    ) -> Symbol:
        """The result of an operator; `kind` where it is of another kind than its first input."""
        return self.nodes_of(operator, 1, *inputs, kind=kind, domain=domain, **options)[0]

    def nodes_of(
        self, operator: str, count: int, *inputs: Symbol, kind: str = "", domain: str = "", **options: Any
    ) -> list[Symbol]:
        """The results of an operator that has several."""
        names = [self.name(f"{operator.lower()}_{len(self.nodes)}_{place}") for place in range(count)]
        given = [symbol.name for symbol in inputs]
        self.nodes.append(self.onnx.helper.make_node(operator, given, names, domain=domain, **options))
        return [Symbol(self, name, kind or inputs[0].kind) for name in names]

    def model(self, documentation: str, properties: dict[str, str]) -> Any:
        """The whole graph, checked by onnx itself."""
        helper = self.onnx.helper
        constants = [tensor for _, tensor in self.constants.values()]
        graph = helper.make_graph(self.nodes, "osolgil", self.inputs, self.outputs, constants)
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", ML_OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR, producer_name="osolgil")
        model.doc_string = documentation
        helper.set_model_props(model, properties)
        self.onnx.checker.check_model(model, full_check=True)
        return model

    def name(self, wanted: str) -> str:
        """A name nobody else has."""
        while wanted in self._taken:
            wanted += "_"
        self._taken.add(wanted)
        return wanted

    def _info(self, name: str, kind: str, shape: list[int | None]) -> Any:
        sizes = ["rows" if size is None else size for size in shape]
        return self.onnx.helper.make_tensor_value_info(name, self._type(kind), sizes)

    def _type(self, kind: str) -> int:
        return getattr(self.onnx.TensorProto, kind.upper())

    def _tensor(self, array: np.ndarray, name: str) -> Any:
        if array.dtype == object:
            texts = [text.encode() for text in array]
            return self.onnx.helper.make_tensor(name, self._type("string"), array.shape, texts)
        return self.onnx.numpy_helper.from_array(array, name)


class Symbol:
    """A tensor of a graph, of one kind: float, double, int64, bool or string."""

    __array_ufunc__ = None  # NumPy's numbers leave arithmetic with symbols to the symbols
    __hash__ = object.__hash__

    def __init__(self, graph: Graph, name: str, kind: str) -> None:
        self.graph, self.name, self.kind = graph, name, kind
        self.compared = kind  # of a truth value: the kind of what was compared

    def like(self, other: Any) -> Symbol:
        """Another operand as a symbol of this one's kind."""
        return other if isinstance(other, Symbol) else self.graph.constant(other, self.kind)

    def cast(self, kind: str) -> Symbol:
        """The same numbers in another kind."""
        if kind == self.kind:
            return self
        return self.graph.node("Cast", self, kind=kind, to=getattr(self.graph.onnx.TensorProto, kind.upper()))

    def _with(self, operator: str, other: Any, kind: str = "", swapped: bool = False) -> Symbol:
        pair = (self.like(other), self) if swapped else (self, self.like(other))
        return self.graph.node(operator, *pair, kind=kind)

    def __add__(self, other: Any) -> Symbol:
        return self._with("Add", other)

    def __radd__(self, other: Any) -> Symbol:
        return self._with("Add", other, swapped=True)

    def __sub__(self, other: Any) -> Symbol:
        return self._with("Sub", other)

    def __rsub__(self, other: Any) -> Symbol:
        return self._with("Sub", other, swapped=True)

    def __mul__(self, other: Any) -> Symbol:
        return self._with("Mul", other)

    def __rmul__(self, other: Any) -> Symbol:
        return self._with("Mul", other, swapped=True)

    def __truediv__(self, other: Any) -> Symbol:
        return self._with("Div", other)

    def __rtruediv__(self, other: Any) -> Symbol:
        return self._with("Div", other, swapped=True)

    def __pow__(self, other: Any) -> Symbol:
        return self._with("Pow", other)

    def __rpow__(self, other: Any) -> Symbol:
        return self._with("Pow", other, swapped=True)

    def __neg__(self) -> Symbol:
        return self.graph.node("Neg", self)

    def __lt__(self, other: Any) -> Symbol:
        return self._compared("Less", other)

    def __le__(self, other: Any) -> Symbol:
        return self._compared("LessOrEqual", other)

    def __gt__(self, other: Any) -> Symbol:
        return self._compared("Greater", other)

    def __ge__(self, other: Any) -> Symbol:
        return self._compared("GreaterOrEqual", other)

    def __eq__(self, other: Any) -> Symbol:  # type: ignore[override]
        return self._compared("Equal", other)

    def __ne__(self, other: Any) -> Symbol:  # type: ignore[override]
        truth = self.graph.node("Not", self == other)
        truth.compared = self.kind
        return truth

    def _compared(self, operator: str, other: Any) -> Symbol:
        truth = self._with(operator, other, "bool")
        truth.compared = self.kind
        return truth
