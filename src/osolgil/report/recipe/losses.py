"""A recipe's loss: a library's own where it is the same, else the catalog's formula, which the library differentiates."""  # noqa: E501

from __future__ import annotations

from typing import Literal

from osolgil.report.recipe.plan import Plan, source
from osolgil.report.recipe.words import pasted

Library = Literal["torch", "ops", "jnp"]
_NATIVE = ("softmax_cross_entropy", "binary_cross_entropy", "squared_error")
_CONVERTED = {
    "torch": "torch.as_tensor({}, dtype=torch.get_default_dtype())",
    "ops": "{}.astype(keras.config.floatx())",
    "jnp": "jnp.asarray({}, float)",
}


def is_native(plan: Plan) -> bool:
    """Whether every library has the loss, and rows neither have weights nor several labels."""
    return (
        plan.loss.name in _NATIVE and not plan.loss.given and not plan.weights and plan.task != "multi-label"
    )


def targets_and_loss(plan: Plan, library: Library) -> str:
    """`prepared` targets (rows, outputs), their rows' weights in one more column, and `losses_of_rows`."""
    row, number = plan.loss, plan.layers[-1].outputs
    wide = f"np.reshape(targets, (-1, {number}))"
    if plan.classify:
        wide = f"np.eye({number})[np.asarray(targets, np.int64)]"
    if plan.weights:
        wide = f"np.column_stack([{wide}, weights])"
    lines = [f"def prepared(targets{', weights' if plan.weights else ''}):"]
    lines += [f"    wide = {wide}", f"    return {_CONVERTED[library].format('wide')}", "", ""]
    formulas = [source(row.formula)] + ([source(row.statistic)] if row.statistic else [])
    lines += [pasted(formulas, library), "", "", "def losses_of_rows(outputs, targets):"]
    lines.append('    """The loss of every row, as osolgil\'s formula has it."""')
    numbers = list(row.statistic_names)
    if row.statistic:
        lines.append(f"    {', '.join(numbers)} = {row.statistic.__name__}(outputs, targets)")
    more = "".join(f", {name}[:, None]" for name in numbers)
    more += "".join(f", {name}={value!r}" for name, value in row.given.items())
    total = "ops.sum({}, -1)" if library == "ops" else "{}.sum(-1)"
    lines.append(f"    values = {row.formula.__name__}(outputs, targets{more})")
    lines.append(f"    return {total.format('values')}")
    return "\n".join(lines)


def summed(plan: Plan) -> str:
    """`summed_loss(outputs, targets)`: the sum of the rows' losses, each times its weight."""
    lines = ["", "", "", "def summed_loss(outputs, targets):"]
    if plan.weights:
        lines.append("    return (losses_of_rows(outputs, targets[:, :-1]) * targets[:, -1]).sum()")
    else:
        lines.append("    return losses_of_rows(outputs, targets).sum()")
    return "\n".join(lines)


def with_weights(plan: Plan, text: str) -> str:
    """The text of `train` that reads the rows' weights too, where there are any."""
    if not plan.weights:
        return text
    text = text.replace("def train(inputs, targets, ", "def train(inputs, targets, weights, ")
    text = text.replace("prepared(targets)", "prepared(targets, weights)")
    return text.replace('file["targets"]', 'file["targets"], file["weights"]')
