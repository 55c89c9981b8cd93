"""Where the members of a family tree stand: time runs down, a lane per family, a row or more per year.

Lanes are ordered so that parents and children of different families stand near each other. Within a lane a child
keeps to its parent's column where nothing stands between them.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LANE_COLUMNS = 3
PER_COLUMN, PER_STACK = 9, 3
COLUMN, ROW, NODE_WIDTH, NODE_HEIGHT = 138, 40, 118, 26
LEFT, TOP, LANE_GAP, YEAR_GAP = 64, 58, 18, 8


@dataclass(frozen=True)
class Member:
    """One formula as the tree needs it."""

    name: str
    title: str
    year: int
    family: str
    parents: tuple[str, ...]


@dataclass(frozen=True)
class TreeLayout:
    """Centres of the members, tops and bottoms of years, left and right ends of lanes, and the whole size."""

    centres: Mapping[str, tuple[float, float]]
    years: Sequence[tuple[int, float, float]]
    lanes: Sequence[tuple[str, float, float]]
    width: float
    height: float


def place(members: Sequence[Member]) -> TreeLayout:
    """Place every member; the order of members of a year is that of the catalog.

    >>> found = place([Member("a", "A", 1847, "f", ()), Member("b", "B", 1951, "f", ("a",))])
    >>> found.centres["a"][0] == found.centres["b"][0], found.centres["a"][1] < found.centres["b"][1]
    (True, True)
    """
    lanes = _lane_order(members)
    widths = {family: _columns([each.year for each in members if each.family == family]) for family in lanes}
    columns, rows, tops, height = _grid(members, widths)
    starts, right = {}, float(LEFT)
    ends = []
    for family in lanes:
        starts[family] = right
        right += widths[family] * COLUMN
        ends.append((family, starts[family], right))
        right += LANE_GAP
    centres = {
        each.name: (
            starts[each.family] + (columns[each.name] + 0.5) * COLUMN,
            tops[each.year][0] + (rows[each.name] + 0.5) * ROW,
        )
        for each in members
    }
    years = [(year, top, bottom) for year, (top, bottom) in tops.items()]
    return TreeLayout(centres, years, ends, right + 4, height + 16)


def _columns(years: Sequence[int]) -> int:
    """Columns of a lane: enough that neither all its members nor those of one year stand in too high a pile."""
    pile = max(Counter(years).values())
    return min(LANE_COLUMNS, max(-(-len(years) // PER_COLUMN), -(-pile // PER_STACK)))


def _grid(
    members: Sequence[Member], widths: Mapping[str, int]
) -> tuple[dict[str, int], dict[str, int], dict[int, tuple[float, float]], float]:
    """Column within the lane and row within the year of every member, and top and bottom of every year."""
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


def _lane_order(members: Sequence[Member]) -> list[str]:
    """Families in an order that keeps lines between them short: swaps of two lanes as long as one helps."""
    family_of = {each.name: each.family for each in members}
    weights: dict[tuple[str, str], int] = defaultdict(int)
    for each in members:
        for parent in each.parents:
            if parent in family_of and family_of[parent] != each.family:
                weights[family_of[parent], each.family] += 1
    first: dict[str, int] = {}
    for each in members:
        first[each.family] = min(each.year, first.get(each.family, each.year))
    order = sorted(first, key=lambda family: (first[family], family))

    def length(lanes: list[str]) -> int:
        places = {family: number for number, family in enumerate(lanes)}
        return sum(count * abs(places[one] - places[other]) for (one, other), count in weights.items())

    best = length(order)
    improved = True
    while improved:
        improved = False
        for one, other in itertools.combinations(range(len(order)), 2):
            tried = order.copy()
            tried[one], tried[other] = tried[other], tried[one]
            if length(tried) < best:
                order, best, improved = tried, length(tried), True
    return order
