"""The learning-rate schedule in a recipe: a table of factors, made by the catalog's own formulas in NumPy."""

from __future__ import annotations

from collections.abc import Iterator

from osolgil.formulas.scheduling import Part, Piece, Product
from osolgil.report.recipe.plan import Plan, indented, source, words_of

_FOLLOWING = '''def following(step, total, parts):
    """Schedules one after another, each for its share of the steps; the last takes what is left."""
    values, begun = np.ones_like(step), 0
    for share, part in parts:
        length = total - begun if share is None else min(round(share * total), total - begun)
        if length > 0:
            now = step >= begun
            values[now] = part(np.minimum(step[now] - begun, float(length)), length)
        begun += length
    return values'''


def factors(plan: Plan) -> list[str]:
    """Code that makes FACTORS, the factor on the learning rate at every step; nothing where it is constant."""
    if not plan.scheduled:
        return []
    pieces = {piece.row.name: piece.row for piece in _pieces(plan.course.part) if not piece.row.state}
    texts = [source(row.formula) for row in pieces.values()]
    batches = "1" if plan.batch_size is None else "math.ceil(TRAINING_ROWS / BATCH_SIZE)"
    body = []
    if words := words_of(texts):
        body += [f"from numpy import {', '.join(words)}", ""]
    for text in texts:
        body += [*text.splitlines(), ""]
    if any(not isinstance(part, Piece | Product) for part in _parts(plan.course.part)):
        body += [*_FOLLOWING.splitlines(), ""]
    body += [
        "step = np.arange(float(total_steps))",
        f"return {_code(plan.course.part, 'step', 'total_steps')}",
    ]
    lines = [
        "def factors(total_steps):",
        f'    """Factors on the learning rate at every step: {plan.course}."""',
        *indented(body),
        "",
        "",
        f"TRAINING_ROWS = {plan.training_rows}",
        f"FACTORS = factors(EPOCHS * {batches})",
    ]
    return ["\n".join(lines)]


def _code(part: Part, step: str, total: str) -> str:
    if isinstance(part, Piece):
        if part.row.state:
            return "1.0"
        given = "".join(f", {name}={value!r}" for name, value in part.values.items())
        return f"{part.row.formula.__name__}({step}, {total}{given})"
    if isinstance(part, Product):
        return " * ".join(_code(inner, step, total) for inner in part.parts)
    shares = [inner.share if isinstance(inner, Piece) else None for inner in part.parts]
    inside = [
        f"({share!r}, lambda step, total: {_code(inner, 'step', 'total')})"
        for share, inner in zip(shares, part.parts, strict=True)
    ]
    return f"following({step}, {total}, [{', '.join(inside)}])"


def _parts(part: Part) -> Iterator[Part]:
    yield part
    if not isinstance(part, Piece):
        for inner in part.parts:
            yield from _parts(inner)


def _pieces(part: Part) -> Iterator[Piece]:
    return (inner for inner in _parts(part) if isinstance(inner, Piece))
