"""A model's preprocessing as C: numbers, categories and dates to features."""

from __future__ import annotations

import re
import textwrap

from osolgil.data.columns.category import CategoryColumn
from osolgil.data.columns.cells import MISSING
from osolgil.data.columns.date import DateColumn
from osolgil.data.columns.number import NumberColumn
from osolgil.data.preprocessing import Preprocessing
from osolgil.engines._binding import tree
from osolgil.exports import columns as raw
from osolgil.exports import steps
from osolgil.exports.c.formulas import function
from osolgil.exports.c.text import commented, numbers, quoted

_NUMBER = """static int number_features(double x, double center, double scale, double fill, int squash, int kept,
                           int marked, double *features) {
    const int missing = x != x;
    int found = 0;
    if (kept) {
        double z = standardised(missing ? fill : x, center, scale);
        features[found++] = (float)clipped(squash ? squashed(z) : z);
    }
    if (marked) features[found++] = missing;
    return found;
}
"""
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
    formulas = "\n\n".join(function(tree(f)) for f in (steps.standardised, steps.squashed, steps.clipped))
    if preprocessing.divisor is not None:
        body = f"""void model_features(const double *pixels, double *features) {{
    for (int i = 0; i < FEATURES; i++) features[i] = (float)clipped(pixels[i] / {preprocessing.divisor!r});
}}"""
        return f"{function(tree(steps.clipped))}\n\n{body}", [
            "model_features(pixels, features): of one picture, FEATURES pixels"
        ]
    if raw.is_matrix(preprocessing):
        names = ", ".join(map(commented, preprocessing.source_columns))
        said = (
            f"model_features(numbers, features): of one row, numbers in the order {names}; NAN where missing"
        )
        return f"{formulas}\n\n{_NUMBER}\n{_matrix(preprocessing)}", _wrapped(said)
    return _mixed(preprocessing, formulas)


def _wrapped(said: str) -> list[str]:
    return textwrap.wrap(said, 110, subsequent_indent="    ")


def _matrix(preprocessing: Preprocessing) -> str:
    found = raw.matrix_numbers(preprocessing)
    columns = [column for column in preprocessing.columns if isinstance(column, NumberColumn)]
    count = len(columns)
    flags = {
        "kept": [bool(column.scale) for column in columns], "squash": found["squash"],
        "marked": [column.marks_missing for column in columns], "places": found["places"],
    }  # fmt: skip
    tables = [
        f"static const double {name}_of[{count}] = {{\n{numbers(found[name])}\n}};"
        for name in ("center", "scale", "fill")
    ]
    tables += [
        f"static const int {name}_of[{count}] = {{{', '.join(str(int(value)) for value in values)}}};"
        for name, values in flags.items()
    ]
    return (
        "\n".join(tables)
        + f"""

void model_features(const double *numbers, double *features) {{
    for (int i = 0; i < {count}; i++)
        features += number_features(numbers[places_of[i]], center_of[i], scale_of[i], fill_of[i], squash_of[i],
                                    kept_of[i], marked_of[i], features);
}}"""
    )


def _mixed(preprocessing: Preprocessing, formulas: str) -> tuple[str, list[str]]:
    missing = ", ".join(map(quoted, sorted(MISSING)))
    blocks = [formulas, _NUMBER, f"static const char *const missing_texts[] = {{{missing}}};", _CATEGORY]
    if any(isinstance(column, DateColumn) for column in preprocessing.columns):
        blocks.append(function(tree(steps.date_parts)))
    lines, kinds = [], {"NUMBER": [], "TEXT": []}
    for column in preprocessing.columns:
        if isinstance(column, CategoryColumn):
            place = len(kinds["TEXT"])
            kinds["TEXT"].append(column.name)
            blocks.append(_levels(column, place))
            lines += _category(column, place)
            continue
        place = len(kinds["NUMBER"])
        kinds["NUMBER"].append(column.name)
        if isinstance(column, DateColumn):
            lines += _date(column, place)
        elif isinstance(column, NumberColumn):
            lines.append(_number(f"numbers[{place}]", column))
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


def _number(value: str, column: NumberColumn) -> str:
    flags = ", ".join(str(int(flag)) for flag in (column.squash, bool(column.scale), column.marks_missing))
    return (
        f"features += number_features({value}, {column.center!r}, {column.scale or 1.0!r}, {column.fill!r}, {flags}, "
        "features);"
    )


def _date(column: DateColumn, place: int) -> list[str]:
    lines = [
        f"double parts{place}[4];",
        f"date_parts(numbers[{place}], parts{place});",
    ]
    for part in column.parts:
        name = part.name.removeprefix(f"{column.name} ")
        value = f"parts{place}[{raw.PARTS.index(name)}]" if name in raw.PARTS else f"numbers[{place}]"
        lines.append(_number(value, part))
    return lines
