"""Small drawings made of letters: curves, bars, lengths of time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

_BLOCKS, _PLAIN_BLOCKS = "▁▂▃▄▅▆▇█", "_.-=*#"


def sparkline(values: Sequence[float], width: int, unicode: bool = True) -> str:
    """A curve in at most `width` letters, lowest value lowest; values that are not finite are left out.

    >>> sparkline([4, 2, 1, 1], 8), sparkline([3.0, float("inf"), 3.0], 8), sparkline([], 8)
    ('█▃▁▁', '▁▁', '')
    """
    blocks = _BLOCKS if unicode else _PLAIN_BLOCKS
    curve = _shortened([value for value in values if math.isfinite(value)], width)
    if not curve:
        return ""
    low, high = min(curve), max(curve)
    # Halves first: the difference of two large floats may be infinite.
    heights = [(v / 2 - low / 2) / ((high / 2 - low / 2) or 1.0) for v in curve]
    return "".join(blocks[min(int(height * len(blocks)), len(blocks) - 1)] for height in heights)


def _shortened(curve: list[float], width: int) -> list[float]:
    """At most `width` values: means of equal parts."""
    if len(curve) <= width:
        return curve
    edges = [round(place * len(curve) / width) for place in range(width + 1)]
    parts = [curve[a:b] for a, b in pairwise(edges)]
    return [sum(value / len(part) for value in part) for part in parts]


def bar(share: float, width: int, unicode: bool = True) -> str:
    """How much is done.

    >>> bar(0.5, 6), bar(2.0, 4, unicode=False)
    ('███░░░', '####')
    """
    full, empty = ("█", "░") if unicode else ("#", ".")
    done = round(min(max(share, 0.0), 1.0) * width)
    return full * done + empty * (width - done)


def duration(seconds: float) -> str:
    """A length of time to be read at a glance.

    >>> duration(0.4), duration(75), duration(3700)
    ('0 s', '1:15', '1:01:40')
    """
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"
