"""A model's preprocessing as C: numbers, categories and dates to features."""

from __future__ import annotations

import re
import textwrap

import numpy as np

from osolgil.data.columns.category import CategoryColumn
from osolgil.data.columns.cells import MISSING
from osolgil.data.columns.date import DateColumn
from osolgil.data.preprocessing import Preprocessing
from osolgil.engines._binding import tree
from osolgil.exports import columns as raw
from osolgil.exports import steps
from osolgil.exports.c.formulas import function
from osolgil.exports.c.text import commented, numbers, quoted

_NUMBER = """/* Features of the number in place n: scaled, by pieces and by waves; and its mark of a missing cell. */
static int number_features(double x, int n, double *features) {{
    const int missing = x != x;
    const double filled = missing ? fill_of[n] : x, scaled = standardised(filled, center_of[n], scale_of[n]);
    const double z = clipped(squash_of[n] ? squashed(scaled) : scaled);
    int count = 0;
    if (kept_of[n]) features[count++] = (float)z;
{coded}    if (marked_of[n]) features[count++] = missing;
    return count;
}}
"""
_CODED = """    for (int i = {name}_ends[n]; i < {name}_ends[n + 1]; i++)
        features[count++] = (float){call};
"""
_CODES = {
    "piece": "piece(filled, pieces[i][0], pieces[i][1], pieces[i][2], pieces[i][3], pieces[i][4])",
    "wave": "wave(z, waves[i][0], waves[i][1])",
}
_CATEGORY = """static int is_missing(const char *text) {
    char folded[8];
    size_t length = strlen(text);
    if (length >= sizeof folded) return 0;
    for (size_t i = 0; i <= length; i++) folded[i] = text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i];
    for (size_t i = 0; i < sizeof missing_texts / sizeof *missing_texts; i++)
        if (strcmp(folded, missing_texts[i]) == 0) return 1;
    return 0;
}

/* The place of a text among sorted levels: its feature, or `missing`, or -1 where it is unknown. */
static int level_of(const char *text, const char *const *levels, const int *places, int count, int missing) {
    if (text == NULL || is_missing(text)) return missing;
    int low = 0, high = count - 1;
    while (low <= high) {
        int middle = (low + high) / 2, order = strcmp(text, levels[middle]);
        if (order == 0) return places[middle];
        if (order < 0) high = middle - 1; else low = middle + 1;
    }
    return -1;
}
"""


def source(preprocessing: Preprocessing) -> tuple[str, list[str]]:
    """The text, and what is said about its functions. Raises SettingsError for columns C cannot carry."""
    raw.check(preprocessing, "C")
    if preprocessing.divisor is not None:
        value = "pixels[i]" if preprocessing.bare else f"clipped(pixels[i] / {preprocessing.divisor!r})"
        body = f"""void model_features(const double *pixels, double *features) {{
    for (int i = 0; i < FEATURES; i++) features[i] = (float){value};
}}"""
        return f"{function(tree(steps.clipped))}\n\n{body}", [
            "model_features(pixels, features): of one picture, FEATURES pixels"
        ]
    blocks = _numbers(raw.Numbers.of(preprocessing))
    return (_matrix if raw.is_matrix(preprocessing) else _mixed)(preprocessing, blocks)


def _wrapped(said: str) -> list[str]:
    return textwrap.wrap(said, 110, subsequent_indent="    ")


def _numbers(table: raw.Numbers) -> list[str]:
    """What is known of every number as tables, and the function that makes features of one; nothing without any."""
    if not len(table):
        return []
    formulas, tables, coded = [steps.standardised, steps.squashed, steps.clipped], [], ""
    for name in ("center", "scale", "fill"):
        tables.append(_table(f"{name}_of", getattr(table, name)))
    for name in ("squash", "kept", "marked"):
        tables.append(_whole(f"{name}_of", getattr(table, name)))
    for name, rows, ends in (
        ("piece", table.pieces, table.piece_ends),
        ("wave", table.waves, table.wave_ends),
    ):
        if len(rows):
            formulas.append(getattr(steps, name))
            tables += [_whole(f"{name}_ends", ends), _table(f"{name}s", rows)]
            coded += _CODED.format(name=name, call=_CODES[name])
    return [
        *(function(tree(formula)) for formula in formulas),
        "\n".join(tables),
        _NUMBER.format(coded=coded),
    ]


def _table(name: str, values: np.ndarray) -> str:
    if values.ndim == 1:
        return f"static const double {name}[{len(values)}] = {{\n{numbers(values)}\n}};"
    rows = ",\n".join(f"{{{numbers(row)}}}" for row in values)
    return f"static const double {name}[{len(values)}][{values.shape[1]}] = {{\n{rows}\n}};"


def _whole(name: str, values: np.ndarray) -> str:
    return f"static const int {name}[{len(values)}] = {{{', '.join(str(int(value)) for value in values)}}};"


def _matrix(preprocessing: Preprocessing, blocks: list[str]) -> tuple[str, list[str]]:
    names = ", ".join(map(commented, preprocessing.source_columns))
    said = f"model_features(numbers, features): of one row, numbers in the order {names}; NAN where missing"
    body = f"""{_whole("places_of", raw.source_places(preprocessing))}

void model_features(const double *numbers, double *features) {{
    for (int i = 0; i < {len(preprocessing.columns)}; i++)
        features += number_features(numbers[places_of[i]], i, features);
}}"""
    return "\n\n".join(block.strip("\n") for block in [*blocks, body]), _wrapped(said)


def _mixed(preprocessing: Preprocessing, blocks: list[str]) -> tuple[str, list[str]]:
    missing = ", ".join(map(quoted, sorted(MISSING)))
    if any(isinstance(column, CategoryColumn) for column in preprocessing.columns):
        blocks += [f"static const char *const missing_texts[] = {{{missing}}};", _CATEGORY]
    if any(isinstance(column, DateColumn) for column in preprocessing.columns):
        blocks.append(function(tree(steps.date_parts)))
    lines, kinds, count = [], {"NUMBER": [], "TEXT": []}, 0
    for column in preprocessing.columns:
        if isinstance(column, CategoryColumn):
            place = len(kinds["TEXT"])
            kinds["TEXT"].append(column.name)
            blocks.append(_levels(column, place))
            lines += _category(column, place)
            continue
        place = len(kinds["NUMBER"])
        kinds["NUMBER"].append(column.name)
        values = [f"numbers[{place}]"]
        if isinstance(column, DateColumn):
            found, values = _date(column, place)
            lines += found
        lines += [
            f"features += number_features({value}, {count + n}, features);" for n, value in enumerate(values)
        ]
        count += len(values)
    enums = [_enum(kind, names) for kind, names in kinds.items() if names]
    head = "void model_features(const double *numbers, const char *const *texts, double *features) {"
    body = "\n".join([head, *(f"    {line}" for line in lines), "}"])
    said = (
        "model_features(numbers, texts, features): of one row, numbers[NUMBER_…] (NAN where missing, dates as seconds "
        "since 1970-01-01 in UTC) and texts[TEXT_…] (NULL where missing, in UTF-8, without white space around them)"
    )
    return "\n\n".join(block.strip("\n") for block in [*enums, *blocks, body]), _wrapped(said)


def _enum(kind: str, names: list[str]) -> str:
    """A constant per column, with its whole name beside it."""
    lines, taken = [], set()
    for name in names:
        word = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_") or "column"
        while word in taken:
            word += "_"
        taken.add(word)
        lines.append(f"    {kind}_{word}, /* {commented(name)} */")
    return "\n".join(["enum {", *lines, "};"])


def _levels(column: CategoryColumn, place: int) -> str:
    known = sorted(raw.positions(column).items(), key=lambda pair: pair[0].encode())
    texts = ",\n    ".join(quoted(text) for text, _ in known)
    places = ", ".join(str(position) for _, position in known)
    return f"""static const char *const levels{place}[] = {{
    {texts}
}};
static const int places{place}[] = {{{places}}};"""


def _category(column: CategoryColumn, place: int) -> list[str]:
    width = len(column.feature_names)
    count, missing = len(raw.positions(column)), width - 1 if column.marks_missing else -1
    return [
        f"const int level{place} = level_of(texts[{place}], levels{place}, places{place}, {count}, {missing});",
        f"for (int i = 0; i < {width}; i++) *features++ = i == level{place};",
    ]


def _date(column: DateColumn, place: int) -> tuple[list[str], list[str]]:
    """How the parts of a date come about, and the value of every one that is kept."""
    lines = [f"double parts{place}[4];", f"date_parts(numbers[{place}], parts{place});"]
    names = [part.name.removeprefix(f"{column.name} ") for part in column.parts]
    values = [
        f"parts{place}[{raw.PARTS.index(name)}]" if name in raw.PARTS else f"numbers[{place}]"
        for name in names
    ]
    return lines, values
