"""What an exported C file answers, as text: outputs of the networks, probabilities, and predictions."""

from __future__ import annotations

from osolgil.answering import names as names_of
from osolgil.exports.c.text import numbers, quoted
from osolgil.exports.formulas import Names
from osolgil.exports.plan import Curves, Plan
from osolgil.model import Model

_BENT = """/* What the curves of all classes make of their probabilities. */
static void bend(double *probabilities) {{
    double bent[OUTPUTS], total = 0.0;
    for (int j = 0; j < OUTPUTS; j++) {{
        bent[j] = first_of[j];
        for (int i = piece_ends_of[j]; i < piece_ends_of[j + 1]; i++)
            bent[j] += risen(probabilities[j], curve[i][0], curve[i][1], curve[i][2]);
        total += bent[j];
    }}
    for (int j = 0; j < OUTPUTS; j++) {result};
}}
"""
_SORTED = """    for (int t = 0; t < {targets}; t++) {{
        double sorted[GROUPS];
        for (int g = 0; g < GROUPS; g++) {{
            int place = g;
            for (; place > 0 && sorted[place - 1] > values[g * {targets} + t]; place--) sorted[place] = sorted[place - 1];
            sorted[place] = values[g * {targets} + t];
        }}
        for (int g = 0; g < GROUPS; g++) predictions[t * GROUPS + g] = sorted[order[g]];
    }}
"""  # noqa: E501


def outputs(plan: Plan, names: Names) -> str:
    """The function to the outputs: of one network, or of every group's mean answer side by side."""
    head = "void model_outputs(const double *features, double *outputs)"
    if len(plan.networks) == 1:
        return _function(head, ["network(0, features, outputs);"])
    if plan.mean is None:
        call = "network(member, features, outputs + member * OUTPUTS)"
        return _function(head, [f"for (int member = 0; member < NETWORKS; member++) {call};"])
    means = [f"mean{place}" for place in range(len(plan.mean.parts))]
    before, more = [], ""
    if plan.mean.statistic is not None:
        before = ["double found[2];", f"{names.of(plan.mean.statistic)}(z, OUTPUTS, found);"]
        more = ", found[0], found[1]"
    parts = [
        f"{mean}[j] += {names.of(part)}(z[j]{more}) / {plan.members};"
        for mean, part in zip(means, plan.mean.parts, strict=True)
    ]
    found = f"{names.of(plan.mean.output)}({', '.join(f'{mean}[j]' for mean in means)})"
    first = "0" if plan.groups == 1 else f"group * {plan.members}"
    lines = [
        f"double z[OUTPUTS], {', '.join(f'{mean}[OUTPUTS] = {{0.0}}' for mean in means)};",
        f"for (int member = {first}; member < {first} + {plan.members}; member++) {{",
        "    network(member, features, z);",
        *(f"    {line}" for line in before),
        *(f"    for (int j = 0; j < OUTPUTS; j++) {line}" for line in parts),
        "}",
        f"for (int j = 0; j < OUTPUTS; j++) outputs[j] = {found};",
    ]
    if plan.groups > 1:
        loop = "for (int group = 0; group < GROUPS; group++, outputs += OUTPUTS) {"
        lines = [loop, *(f"    {line}" for line in lines), "}"]
    return _function(head, lines)


def answers(model: Model, plan: Plan) -> tuple[str, list[str]]:
    """The functions from outputs to answers, and what is said about them."""
    if model.class_names is None:
        return _numbers(model, plan)
    labels = model.task == "multi-label"
    listed = ", ".join(map(quoted, model.class_names))
    blocks = [f"const char *const model_names[OUTPUTS] = {{{listed}}};"]
    blocks += [] if plan.curves is None else [_curves(plan.curves)]
    z = "outputs[j]" if plan.factor is None else f"{plan.factor!r} * outputs[j]"
    if labels:
        lines = [f"for (int j = 0; j < OUTPUTS; j++) probabilities[j] = 1.0 / (1.0 + exp(-({z})));"]
    else:
        lines = [
            f"double largest = {z.replace('[j]', '[0]')}, total = 0.0;",
            f"for (int j = 1; j < OUTPUTS; j++) largest = larger(largest, {z});",
            f"for (int j = 0; j < OUTPUTS; j++) total += probabilities[j] = exp({z} - largest);",
            "for (int j = 0; j < OUTPUTS; j++) probabilities[j] /= total;",
        ]
    lines += [] if plan.curves is None else ["bend(probabilities);"]
    blocks.append(_function("void model_probabilities(const double *outputs, double *probabilities)", lines))
    said = ["model_probabilities(outputs, probabilities): of each of model_names"]
    if not labels:
        scores = "outputs" if plan.curves is None else "scores"
        bent = ["double scores[OUTPUTS];", "model_probabilities(outputs, scores);"]
        lines = [
            *([] if plan.curves is None else bent),
            "int best = 0;",
            f"for (int j = 1; j < OUTPUTS; j++) best = {scores}[j] > {scores}[best] ? j : best;",
            "return best;",
        ]
        blocks.append(_function("int model_class(const double *outputs)", lines))
        said.append("model_class(outputs): the place in model_names of the most probable one")
    return "\n\n".join(blocks), said


def _function(head: str, lines: list[str]) -> str:
    return "\n".join([f"{head} {{", *(f"    {line}" for line in lines), "}"])


def _curves(curves: Curves) -> str:
    """The curves' first values and pieces as tables, and the function that bends probabilities by them."""
    rows = ",\n".join(f"{{{numbers(row)}}}" for row in curves.pieces) or "{0.0, 1.0, 0.0}"
    ends = ", ".join(map(str, curves.ends.tolist()))
    result = "probabilities[j] = total > 0.0 ? bent[j] / total : probabilities[j]"
    if not curves.shared:
        result = "probabilities[j] = bent[j]"
    body = _BENT.format(result=result)
    if not curves.shared:
        body = body.replace(", total = 0.0", "").replace("        total += bent[j];\n", "")
    return f"""static const double first_of[OUTPUTS] = {{{numbers(curves.first)}}};
static const int piece_ends_of[OUTPUTS + 1] = {{{ends}}};
static const double curve[{max(len(curves.pieces), 1)}][3] = {{
{rows}
}};

{body}"""


def _numbers(model: Model, plan: Plan) -> tuple[str, list[str]]:
    """The function to one number, or to all of them in the order of model_names."""
    if plan.flat:
        text = _function(
            "double model_prediction(const double *outputs)", [f"return {plan.number('outputs[0]')};"]
        )
        return text, ["model_prediction(outputs): the target in its own unit"]
    names, targets = names_of(model.targets, model.quantiles), len(model.targets)
    count = plan.groups * targets
    into = "values" if plan.order else "predictions"
    lines = [f"    double values[{count}];"] if plan.order else []
    if plan.order:
        lines.append(f"    static const int order[GROUPS] = {{{', '.join(map(str, plan.order))}}};")
    for place in range(count):
        lines.append(f"    {into}[{place}] = {plan.number(f'outputs[{place}]', place % targets)};")
    lines += [_SORTED.format(targets=targets).rstrip("\n")] if plan.order else []
    head = "void model_predictions(const double *outputs, double *predictions) {"
    text = "\n".join([head, *lines, "}"])
    listed = ", ".join(map(quoted, names))
    said = f"model_predictions(outputs, predictions): each of the {count} model_names in its own unit"
    return f"const char *const model_names[{count}] = {{{listed}}};\n\n{text}", [said]
