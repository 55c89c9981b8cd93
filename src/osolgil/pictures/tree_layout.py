"""Where the members of a family tree stand: time runs down, each family keeps to its own columns while it lasts.

The oldest family stands in the middle; every later one takes the free columns nearest to its parents, so that
families which never meet in time may stand below each other. Within a family a child keeps to its parent's column
where nothing stands between them.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MOST_COLUMNS = 3
PER_COLUMN, PER_STACK = 9, 3
USUAL_COLUMNS = 9
COLUMN, ROW, NODE_WIDTH, NODE_HEIGHT = 134, 38, 118, 26
LEFT, TOP, YEAR_GAP = 60, 24, 16


@dataclass(frozen=True)
class Member:
    """One formula as the tree needs it."""

    name: str
    title: str
    year: int
    family: str
    parents: tuple[str, ...]


@dataclass(frozen=True)
class Lane:
    """The columns of a family, while it lasts."""

    family: str
    left: float
    right: float
    top: float


@dataclass(frozen=True)
class TreeLayout:
    """Centres of the members, tops and bottoms of years, the families' lanes, and the whole size."""

    centres: Mapping[str, tuple[float, float]]
    years: Sequence[tuple[int, float, float]]
    lanes: Sequence[Lane]
    width: float
    height: float


def place(members: Sequence[Member]) -> TreeLayout:
    """Place every member; the order of members of a year is that of the catalog.

    >>> found = place([Member("a", "A", 1847, "f", ()), Member("b", "B", 1951, "f", ("a",))])
    >>> found.centres["a"][0] == found.centres["b"][0], found.centres["a"][1] < found.centres["b"][1]
    (True, True)
    """
    families = list(dict.fromkeys(each.family for each in sorted(members, key=lambda each: each.year)))
    widths = {
        family: _columns([each.year for each in members if each.family == family]) for family in families
    }
    columns, rows, tops, height = _grid(members, widths)
    starts = _lane_starts(members, families, widths)
    first = min(starts.values())
    lefts = {family: LEFT + (start - first) * COLUMN for family, start in starts.items()}
    centres = {
        each.name: (
            float(lefts[each.family] + (columns[each.name] + 0.5) * COLUMN),
            tops[each.year][0] + (rows[each.name] + 0.5) * ROW,
        )
        for each in members
    }
    begun = {family: min(each.year for each in members if each.family == family) for family in families}
    lanes = [
        Lane(family, lefts[family], lefts[family] + widths[family] * COLUMN, tops[begun[family]][0])
        for family in families
    ]
    years = [(year, top, bottom) for year, (top, bottom) in tops.items()]
    return TreeLayout(centres, years, lanes, max(lane.right for lane in lanes) + 16, height + 8)


def _columns(years: Sequence[int]) -> int:
    """Columns of a family: enough that neither all its members nor those of one year stand in too high a pile."""
    pile = max(Counter(years).values())
    return min(MOST_COLUMNS, max(-(-len(years) // PER_COLUMN), -(-pile // PER_STACK)))


def _grid(
    members: Sequence[Member], widths: Mapping[str, int]
) -> tuple[dict[str, int], dict[str, int], dict[int, tuple[float, float]], float]:
    """Column within the family and row within the year of every member, and top and bottom of every year."""
    columns: dict[str, int] = {}
    rows: dict[str, int] = {}
    tops: dict[int, tuple[float, float]] = {}
    last_used: dict[tuple[str, int], int] = defaultdict(int)
    bottom_most: dict[tuple[str, int], str] = {}
    top = float(TOP)
    for clock, year in enumerate(sorted({each.year for each in members}), start=1):
        taken: set[tuple[str, int, int]] = set()
        for each in (member for member in members if member.year == year):
            lane = [(each.family, column) for column in range(widths[each.family])]
            under_parent = [place for place in lane if bottom_most.get(place) in each.parents]
            by_age = sorted(lane, key=lambda place: (last_used[place], place[1]))
            family, column, row = _first_free([*under_parent, *by_age], taken)
            columns[each.name], rows[each.name] = column, row
            taken.add((family, column, row))
            last_used[family, column] = clock
            bottom_most[family, column] = each.name
        count = 1 + max(row for _, _, row in taken)
        tops[year] = (top, top + count * ROW)
        top += count * ROW + YEAR_GAP
    return columns, rows, tops, top


def _first_free(wanted: Sequence[tuple[str, int]], taken: set[tuple[str, int, int]]) -> tuple[str, int, int]:
    """The first of the columns wanted that is free in this year's first row, else in its second …"""
    for row in itertools.count():
        for family, column in wanted:
            if (family, column, row) not in taken:
                return family, column, row
    raise AssertionError("rows never end")


def _lane_starts(
    members: Sequence[Member], families: Sequence[str], widths: Mapping[str, int]
) -> dict[str, int]:
    """The first column of every family, oldest family first: of the free places the one nearest to its parents."""
    family_of = {each.name: each.family for each in members}
    taken: set[tuple[int, int]] = set()
    starts: dict[str, int] = {}
    for family in families:
        own = [each for each in members if each.family == family]
        span = range(min(each.year for each in own), max(each.year for each in own) + 1)
        abroad = [family_of[p] for each in own for p in each.parents if family_of.get(p, family) in starts]
        middles = [starts[other] + widths[other] / 2 for other in abroad] or [USUAL_COLUMNS / 2]
        starts[family] = _nearest_free(middles, widths[family], span, taken)
        taken |= {(starts[family] + column, year) for column in range(widths[family]) for year in span}
    return starts


def _nearest_free(middles: Sequence[float], width: int, span: range, taken: set[tuple[int, int]]) -> int:
    """Within the usual columns where one is free there, else beyond them on either side."""
    for beyond in itertools.count():
        free = [
            start
            for start in range(-beyond, USUAL_COLUMNS - width + 1 + beyond)
            if not any((start + column, year) in taken for column in range(width) for year in span)
        ]
        if free:
            return min(
                free, key=lambda start: (sum(abs(start + width / 2 - each) for each in middles), start)
            )
    raise AssertionError("columns never end")
