"""A network's first weights in a recipe: by a library's own function, or by NumPy as osolgil draws them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

from osolgil import initialization
from osolgil.formulas import catalog
from osolgil.report.recipe.plan import Plan, source

_WORDS = {"sqrt": "math.sqrt", "maximum": "max", "minimum": "min"}


def is_plain(plan: Plan) -> bool:
    """Whether every library can draw them itself: normal or uniform weights, and no biases."""
    row = plan.initial_scale
    return row.distribution in ("normal", "uniform") and row.bias == "zero"


def is_normal(plan: Plan) -> bool:
    """Whether plain weights are normal, not uniform."""
    return plan.initial_scale.distribution == "normal"


def scale_text(plan: Plan) -> str:
    """The formula of the deviation, and for what no library draws also `first_weights`, in NumPy."""
    text = source(plan.initial_scale.formula)
    text = re.sub(rf"\b({'|'.join(_WORDS)})\(", lambda word: _WORDS[word[1]] + "(", text)
    return text if is_plain(plan) else "\n\n\n".join([text, *_helpers(plan), _first_weights(plan)])


def deviation(plan: Plan) -> str:
    """The call that gives the deviation of a layer's weights."""
    row = plan.initial_scale
    more = "".join(f", {name}={value!r}" for name, value in row.given.items())
    variance = ", WEIGHT_VARIANCES[last]" if row.bias == "critical" else ""
    return f"{row.formula.__name__}(inputs, outputs{variance}{more})"


def _helpers(plan: Plan) -> list[str]:
    used: dict[str, Callable[..., Any]] = {
        "truncated": initialization.truncated_normal,
        "sparse": initialization.sparse_normal,
        "orthogonal": initialization.orthonormal,
    }
    function = used.get(plan.initial_scale.distribution)
    return [] if function is None else [_without_types(function)]


def _without_types(function: Callable[..., Any]) -> str:
    """A function's source, whose annotations a recipe has no use for."""
    text = source(function)
    body = text[text.index(":\n", text.index("->")) :]
    parameters = inspect.signature(function).parameters.values()
    names = [
        p.name if p.default is inspect.Parameter.empty else f"{p.name}={p.default!r}" for p in parameters
    ]
    return f"def {function.__name__}({', '.join(names)}){body}"


def _first_weights(plan: Plan) -> str:
    row = plan.initial_scale
    length = "deviation * math.sqrt(max(inputs, outputs))"
    draws = {
        "normal": "random.normal(0.0, deviation, (inputs, outputs))",
        "uniform": "random.uniform(-math.sqrt(3.0) * deviation, math.sqrt(3.0) * deviation, (inputs, outputs))",
        "truncated": f"deviation / {initialization.CUT_DEVIATION!r} * truncated_normal(random, (inputs, outputs))",
        "orthogonal": f"{length} * orthonormal(inputs, outputs, random)",
        "identity": f"{length} * np.eye(inputs, outputs)",
        "sparse": "sparse_normal(random, (inputs, outputs), heard, deviation * math.sqrt(inputs / heard))",
    }
    lines = ["def first_weights(inputs, outputs, random, last):"]
    lines.append(
        '    """Weights (inputs, outputs) and biases of a layer; `last` says that it is the last one."""'
    )
    lines.append(f"    deviation = {deviation(plan)}")
    if row.distribution == "sparse":
        lines.append(f"    heard = min({int(row.settings['connections'])}, inputs)")
    lines.append(f"    weights = {draws[row.distribution]}")
    biases = {
        "zero": "np.zeros(outputs)",
        "uniform": "random.uniform(-math.sqrt(3.0) * deviation, math.sqrt(3.0) * deviation, outputs)",
        "critical": "random.normal(0.0, math.sqrt(BIAS_VARIANCES[last]), outputs)",
    }
    lines.append(f"    return weights, {biases[row.bias]}")
    return "\n".join([*_variances(plan), *lines])


def _variances(plan: Plan) -> list[str]:
    if plan.initial_scale.bias != "critical":
        return []
    names = (plan.activation, plan.output_activation)
    pairs = [initialization.critical_variances(catalog.activation(name)) for name in names]
    weights, biases = zip(*pairs, strict=True)
    return [
        "# of hidden layers, and of the last: at the edge of chaos of their activation",
        f"WEIGHT_VARIANCES = {weights}",
        f"BIAS_VARIANCES = {biases}",
        "",
        "",
    ]
