"""Turn a formula over whole arrays into plain loops, which compile fast and run without hidden copies.

Arithmetic between arrays becomes one loop per line of the formula; a word over whole arrays becomes a call of
its loop in `kernels/arrays.py`. Arrays are flat; their rows and columns are known by name.

>>> formula = ast.parse('''def descent(theta, gradient, rate):
...     return theta - rate * gradient / norm(gradient)''').body[0]
>>> shapes = {"theta": ("n", "m"), "gradient": ("n", "m"), "rate": None}
>>> print(procedure(formula, shapes, ["theta"], "n, m"))
def descent(theta_place, gradient_place, rate, n, m):
    theta = theta_place
    gradient = gradient_place
    _1 = norm(gradient)
    for _i in range(n * m):
        theta[_i] = theta[_i] - rate * gradient[_i] / _1
<BLANKLINE>
"""

import ast
from collections.abc import Mapping, Sequence

from osolgil.engines._binding import BindingError
from osolgil.formulas._vocabulary import ARRAY_WORDS

Shape = tuple[str, str]
_SAME_SHAPE = {"sum", "norm", "dot"}
_UNSUPPORTED = "as a formula over whole arrays may hold assignments, `for … in range(…)`, `if` and one return"


def procedure(
    tree: ast.FunctionDef,
    shapes: Mapping[str, Shape | None],
    results: Sequence[str],
    sizes: str,
) -> str:
    """A function of flat arrays, numbers and sizes that writes what the formula returns to `results`.

    `shapes` gives every argument's rows and columns as names of sizes, None for a number; an argument whose
    rows are "" is a number kept in an array of one element, so that it can be a result.
    """
    return _Loops(tree, shapes, results, sizes).text()


class _Loops:
    def __init__(
        self,
        tree: ast.FunctionDef,
        shapes: Mapping[str, Shape | None],
        results: Sequence[str],
        sizes: str,
    ) -> None:
        self.tree, self.results, self.sizes = tree, results, sizes
        self.given = dict(shapes)
        self.shapes: dict[str, Shape | None] = {
            name: None if shape == ("", "") else shape for name, shape in shapes.items()
        }
        self.counts: set[str] = set()
        self.moved: set[str] = set()
        self.lines: list[str] = []
        self.depth, self.temporaries = 1, 0

    def text(self) -> str:
        names = [argument.arg for argument in self.tree.args.args]
        heads = [name if self.given[name] is None else f"{name}_place" for name in names]
        for name in names:
            if self.given[name] is not None:
                self.write(f"{name} = {name}_place" + ("[0]" if self.given[name] == ("", "") else ""))
        for statement in self.tree.body:
            self.statement(statement)
        head = f"def {self.tree.name}({', '.join(heads)}, {self.sizes}):"
        return "\n".join([head, *self.lines]) + "\n"

    def write(self, line: str) -> None:
        self.lines.append("    " * self.depth + line)

    def refuse(self, node: ast.AST) -> BindingError:
        return BindingError(
            f"formula '{self.tree.name}' has '{ast.unparse(node)}', which engine 'CPU' cannot run, {_UNSUPPORTED}"
        )

    # statements

    def statement(self, node: ast.stmt) -> None:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            self.assign(node.targets[0].id, node.value)
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple):
            self.several(node, node.targets, node.value.elts)
        elif isinstance(node, ast.For) and isinstance(node.target, ast.Name):
            self.counts.add(node.target.id)
            self.block(f"for {node.target.id} in {self.count(node.iter)}:", node.body)
        elif isinstance(node, ast.If) and not node.orelse:
            condition, shape = self.prepared(node.test)
            if shape is not None:
                raise self.refuse(node.test)
            self.block(f"if {ast.unparse(condition)}:", node.body)
        elif isinstance(node, ast.Return) and node.value is not None:
            self.finish(node.value)
        else:
            raise self.refuse(node)

    def block(self, head: str, body: Sequence[ast.stmt]) -> None:
        before = dict(self.shapes)
        self.write(head)
        self.depth += 1
        for statement in body:
            self.statement(statement)
        self.depth -= 1
        for name, shape in before.items():
            if self.shapes[name] != shape:
                raise BindingError(f"formula '{self.tree.name}' changes the shape of '{name}' in a block")

    def several(self, node: ast.stmt, targets: Sequence[ast.expr], values: Sequence[ast.expr]) -> None:
        """a, b = x, y where no value reads what another one of the line sets."""
        names = targets[0].elts if len(targets) == 1 and isinstance(targets[0], ast.Tuple) else []
        if len(names) != len(values) or not all(isinstance(name, ast.Name) for name in names):
            raise self.refuse(node)
        for place, (name, value) in enumerate(zip(names, values, strict=True)):
            if any(ast.unparse(name) in _names(later) for later in values[place + 1 :]):
                raise self.refuse(node)
            self.assign(ast.unparse(name), value)

    def assign(self, name: str, value: ast.expr) -> None:
        if isinstance(value, ast.Call) and _word_of(value) in ARRAY_WORDS:
            call, self.shapes[name] = self.word(value, _word_of(value))
            self.write(f"{name} = {call}")
            self.moved.add(name)
            return
        node, shape = self.prepared(value)
        if shape is None:
            self.write(f"{name} = {ast.unparse(node)}")
        else:
            if self.shapes.get(name) != shape:
                self.write(f"{name} = np.empty({_size(shape)}, F)")
                self.moved.add(name)
            self.loop(name, node, shape)
        self.shapes[name] = shape

    def finish(self, value: ast.expr) -> None:
        """Write every returned value to its place; one that others still read is kept aside till the end."""
        values = list(value.elts) if isinstance(value, ast.Tuple) else [value]
        if len(values) != len(self.results):
            raise BindingError(
                f"formula '{self.tree.name}' returns {len(values)} values; it must return "
                f"{', '.join(self.results)}"
            )
        last = []
        for place, (name, node) in enumerate(zip(self.results, values, strict=True)):
            read_later = any(name in _names(later) for later in values[place + 1 :])
            if isinstance(node, ast.Name) and node.id == name:
                source = name
            elif read_later or _word_of(node) in ARRAY_WORDS:
                source = self.temporary()
                self.assign(source, node)
            else:
                source = name
                self.assign(name, node)
            last.append((name, source))
        for name, source in last:
            self.put(name, source)

    def put(self, name: str, source: str) -> None:
        shape = self.given[name]
        if shape == ("", ""):
            self.write(f"{name}_place[0] = {source}")
        elif shape is not None and (source != name or name in self.moved):
            if self.shapes[source] != shape:
                raise BindingError(f"formula '{self.tree.name}' returns '{name}' in another shape")
            self.write(f"{name}_place[:] = {source}")

    # expressions

    def prepared(self, node: ast.expr) -> tuple[ast.expr, Shape | None]:
        """The expression with every call of a whole-array word computed beforehand, and its shape."""
        if isinstance(node, ast.Constant):
            return _number(node), None
        if isinstance(node, ast.Name):
            if node.id not in self.shapes:
                raise self.refuse(node)
            return node, self.shapes[node.id]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return self.called(node)
        if isinstance(node, ast.BinOp):
            (left, one), (right, other) = self.prepared(node.left), self.prepared(node.right)
            return ast.BinOp(left, node.op, right), self.common(node, one, other)
        if isinstance(node, ast.UnaryOp):
            operand, shape = self.prepared(node.operand)
            return ast.UnaryOp(node.op, operand), shape
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            (left, one), (right, other) = self.prepared(node.left), self.prepared(node.comparators[0])
            return ast.Compare(left, node.ops, [right]), self.common(node, one, other)
        raise self.refuse(node)

    def called(self, node: ast.Call) -> tuple[ast.expr, Shape | None]:
        word = _word_of(node)
        if word not in ARRAY_WORDS:
            arguments = [self.prepared(argument) for argument in node.args]
            shape = self.common(node, *(shape for _, shape in arguments))
            return ast.Call(node.func, [argument for argument, _ in arguments], []), shape
        call, shape = self.word(node, word)
        if word in ("rows", "columns"):
            return ast.parse(call, mode="eval").body, None
        name = self.temporary()
        self.write(f"{name} = {call}")
        self.shapes[name] = shape
        return ast.Name(name, ast.Load()), shape

    def word(self, node: ast.Call, word: str) -> tuple[str, Shape | None]:
        """The call of a whole-array word's loop, and the shape of what it gives."""
        arrays = node.args[:1] if word == "member" else node.args
        given = [
            self.array(argument, number=word == "pushed" and k == 1) for k, argument in enumerate(arrays)
        ]
        x, (rows, columns) = given[0]
        if word == "member":
            return f"member({x}, {ast.unparse(node.args[1])}, {columns})", ("1", columns)
        if word in _SAME_SHAPE:
            if len({shape for _, shape in given}) > 1:
                raise self.refuse(node)
            return f"{word}({', '.join(name for name, _ in given)})", None
        if word in ("rows", "columns"):
            return f"F({rows if word == 'rows' else columns})", None
        if word in ("identity", "orthonormal"):
            return f"{word}({x}, {rows})", (rows, rows)
        if word == "matmul":
            y, (steps, wide) = given[1]
            if steps != columns:
                raise self.refuse(node)
            return f"matmul(product, {x}, {y}, {rows}, {columns}, {wide})", (rows, wide)
        if word == "triangular_quotient":
            y, shape = given[1]
            if shape != (columns, columns):
                raise self.refuse(node)
            return f"{word}({x}, {y}, {rows}, {columns})", (rows, columns)
        if word == "shaped_like":
            _, (to_rows, to_columns) = given[1]
            return f"shaped_like({x}, {rows}, {columns}, {to_rows}, {to_columns})", (to_rows, to_columns)
        if word == "pushed":
            return f"pushed({x}, {given[1][0]})", (rows, columns)
        return f"{word}({x}, {rows}, {columns})", self.result(word, rows, columns)

    def result(self, word: str, rows: str, columns: str) -> Shape | None:
        if word == "trace":
            return None
        if word == "longest_row":
            return "1", columns
        if word == "upper_triangle":
            return rows, columns
        if word == "wide":
            small, large = f"small{self.temporaries}", f"large{self.temporaries}"
            self.write(f"{small}, {large} = min({rows}, {columns}), max({rows}, {columns})")
            return small, large
        shapes = {"transpose": (columns, rows), "row": (rows, "1"), "column": ("1", columns)}
        return shapes[word.partition("_")[0]]

    def array(self, node: ast.expr, number: bool = False) -> tuple[str, Shape]:
        """An argument of a whole-array word by its name, computed beforehand where it is no name."""
        prepared, shape = self.prepared(node)
        if shape is None:
            if not number:
                raise self.refuse(node)
            name, shape = self.temporary(), ("1", "1")
            self.write(f"{name} = np.full(1, F({ast.unparse(prepared)}))")
            return name, shape
        if isinstance(prepared, ast.Name):
            return prepared.id, shape
        name = self.temporary()
        self.write(f"{name} = np.empty({_size(shape)}, F)")
        self.loop(name, prepared, shape)
        self.shapes[name] = shape
        return name, shape

    def loop(self, target: str, node: ast.expr, shape: Shape) -> None:
        """target ← node, element by element."""
        used = {name: self.shapes[name] for name in _names(node) if self.shapes.get(name) is not None}
        if set(used.values()) == {shape}:
            self.write(f"for _i in range({_size(shape)}):")
            text = ast.unparse(ast.fix_missing_locations(_Index(dict.fromkeys(used, "_i")).visit(node)))
            self.write(f"    {target}[_i] = {text}")
            return
        rows, columns = shape
        place = {
            shape: f"_i * {columns} + _j",
            (rows, "1"): "_i",
            ("1", columns): "_j",
            ("1", "1"): "0",
        }
        indices = {name: place[own] for name, own in used.items() if own is not None}
        text = ast.unparse(ast.fix_missing_locations(_Index(indices).visit(node)))
        self.write(f"for _i in range({rows}):")
        self.write(f"    for _j in range({columns}):")
        self.write(f"        {target}[{place[shape]}] = {text}")

    def common(self, node: ast.expr, *shapes: Shape | None) -> Shape | None:
        """The shape that numbers, rows, columns and matrices have together."""
        arrays = [shape for shape in shapes if shape is not None]
        if not arrays:
            return None
        sides = []
        for side in zip(*arrays, strict=True):
            longer = set(side) - {"1"}
            if len(longer) > 1:
                raise self.refuse(node)
            sides.append(longer.pop() if longer else "1")
        return sides[0], sides[1]

    def count(self, node: ast.expr) -> str:
        """`range(…)` over whole numbers."""
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range"):
            raise self.refuse(node)
        return ast.unparse(node)

    def temporary(self) -> str:
        self.temporaries += 1
        return f"_{self.temporaries}"


class _Index(ast.NodeTransformer):
    def __init__(self, indices: Mapping[str, str]) -> None:
        self.indices = indices

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self.indices:
            return node
        index = ast.parse(self.indices[node.id], mode="eval").body
        return ast.Subscript(ast.Name(node.id, ast.Load()), index, ast.Load())


def _word_of(node: ast.expr) -> str:
    return node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""


def _names(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def _number(node: ast.Constant) -> ast.expr:
    """Every number takes the precision of the run."""
    return ast.Call(ast.Name("F", ast.Load()), [node], [])


def _size(shape: Shape) -> str:
    rows, columns = shape
    return columns if rows == "1" else rows if columns == "1" else f"{rows} * {columns}"
