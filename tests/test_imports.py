"""The shape of the package: which module may import which, how long a file is, what a start costs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src"
FILES = sorted((SOURCE / "osolgil").rglob("*.py"))
LEAVES = ("errors", "messages", "files", "records", "sealing", "spelling", "notebooks")
# From the ground up: a module imports from its own layer and those below. The longest fitting name counts.
LAYERS = (
    ("engines.cpu.kernels",),
    ("formulas",),
    ("mean_field",),
    ("engines",),
    ("equations", "problems", "paths", "lookup"),
    ("network",),
    # an engine's highest floor: it runs whole networks
    ("engines.cpu.fleet", "engines.cpu.compiling", "engines.cpu.calibration", "engines.cpu.workspace"),
    ("model", "schema", "exports"),
    # a race writes its report; the report names the race's settings and the diagnosis' remedies
    ("race", "training", "streaming", "diagnosis", "report", "landscape", "perceptron"),
    ("pictures", "torch", "estimators"),
    ("terminal", "command_line", "cli"),
)
NO_FRIENDS = {"data": tuple(name for layer in LAYERS for name in layer)}
HEAVY = {"numba", "pandas", "sklearn", "skrub", "plotly", "pyarrow", "jax", "torch"}


def name_of(path: Path) -> str:
    """The module's name below osolgil: "engines.cpu.fleet"; "" for osolgil itself."""
    parts = path.relative_to(SOURCE / "osolgil").with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


NAMES = {name_of(path) for path in FILES}


def imported_by(path: Path) -> set[str]:
    """Modules of osolgil that a file imports anywhere, late imports included."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                found.add(submodule if submodule.removeprefix("osolgil.") in NAMES else str(node.module))
    return {
        name.removeprefix("osolgil").removeprefix(".") for name in found if name.split(".")[0] == "osolgil"
    }


def is_within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def layer(name: str) -> int | None:
    """The layer a module stands in, or None where it is free to be anywhere."""
    fitting = [
        (len(part), level) for level, parts in enumerate(LAYERS) for part in parts if is_within(name, part)
    ]
    return max(fitting)[1] if fitting else None


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_imports_point_one_way(path):
    name, below = name_of(path), imported_by(path)
    if name.split(".")[0] in LEAVES:
        assert {other.split(".")[0] for other in below} <= set(LEAVES)
    own = layer(name)
    for other in below:
        level = layer(other)
        if own is not None and level is not None:
            assert level <= own, f"{name} imports {other}, which stands above it"
        forbidden = NO_FRIENDS.get(name.split(".")[0], ())
        assert not any(is_within(other, part) for part in forbidden), f"{name} imports {other}"


def test_network_imports_nothing_of_the_engine_but_the_layout():
    of_engines = {
        name for name in imported_by(SOURCE / "osolgil" / "network.py") if is_within(name, "engines")
    }
    assert of_engines <= {"engines.cpu.kernels.layout"}


def test_the_layout_is_numbers_only():
    assert not imported_by(SOURCE / "osolgil" / "engines" / "cpu" / "kernels" / "layout.py")


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_no_file_is_longer_than_400_lines(path):
    assert len(path.read_text("utf-8").splitlines()) <= 400


@pytest.mark.parametrize("module", ["osolgil", "osolgil.cli", "osolgil.formulas.catalog", "osolgil.network"])
def test_a_start_pays_for_no_heavy_library(module):
    if module.removeprefix("osolgil.") not in {*NAMES, "osolgil"}:
        pytest.skip(f"{module} is not written yet")
    code = f"import sys, {module}; print(*{{name.split('.')[0] for name in sys.modules}})"
    output = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert not HEAVY & set(output.stdout.split())


def test_a_fit_takes_no_more_memory_for_libraries_than_it_needs():
    code = (
        "import sys, numpy, osolgil; rows = numpy.eye(8); "
        "osolgil.DeepRegressor(hidden=(2,), epochs=1).fit(rows, rows[:, 0]).predict(rows); "
        "osolgil.DeepClassifier(hidden=(2,), epochs=1).fit(rows, [0, 1] * 4).predict_proba(rows); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    needless = {"rich", "sklearn.metrics", "sklearn.preprocessing", "typer"}
    assert not needless & set(done.stdout.split())


def test_a_name_of_the_layout_means_one_column():
    tree = ast.parse((SOURCE / "osolgil" / "engines" / "cpu" / "kernels" / "layout.py").read_text("utf-8"))
    names = [
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    assert len(names) == len(set(names))
