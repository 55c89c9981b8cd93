"""The family tree as SVG: members as labels in lanes, lines from parents to children, colours by family."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from osolgil.pictures.tree_layout import NODE_HEIGHT, NODE_WIDTH, Lane, Member, TreeLayout, place

HUES = (152, 22, 220, 330, 48, 190, 268, 95, 0, 170, 300, 240)
_LETTER = 6.3

STYLE = """
.tree text { font: 12px system-ui, -apple-system, "Segoe UI", "Apple SD Gothic Neo", "Malgun Gothic", sans-serif; }
.tree .year { fill: var(--tree-soft); text-anchor: end; font-size: 12px; font-variant-numeric: tabular-nums; }
.tree .lane-name { text-anchor: middle; font-weight: 600; font-size: 11px; paint-order: stroke;
  stroke: var(--tree-ground); stroke-width: 4px; fill: hsl(var(--hue) 45% var(--tree-light)); }
.tree .band { fill: var(--tree-ink); fill-opacity: 0.035; }
.tree .edge { fill: none; stroke: hsl(var(--hue) 38% var(--tree-light)); stroke-width: 1.4; stroke-opacity: 0.42; }
.tree .node rect { fill: var(--tree-card); stroke: hsl(var(--hue) 45% var(--tree-light)); stroke-width: 1.3; }
.tree .node .side { fill: hsl(var(--hue) 45% var(--tree-light)); stroke: none; }
.tree .node text { fill: var(--tree-ink); text-anchor: middle; }
"""
THEMES = """
.tree { --tree-ink: #1d2329; --tree-soft: #6b7480; --tree-card: #ffffff; --tree-paper: #fbfaf7; --tree-light: 36%;
  --tree-ground: #fdfcfa; }
@media (prefers-color-scheme: dark) {
  .tree { --tree-ink: #e7eaed; --tree-soft: #98a3ae; --tree-card: #1b2126; --tree-paper: #14181c; --tree-light: 64%;
    --tree-ground: #191f24; }
}
"""


def tree_svg(
    members: Sequence[Member], title: str, alone: bool = True, names: dict[str, str] | None = None
) -> str:
    """The tree of these members. `alone`: with its own style and ground, for a file of its own.

    names: what a family is called on the picture, by family; by default its own name with spaces.
    """
    layout = place(members)
    hues = {lane.family: HUES[number % len(HUES)] for number, lane in enumerate(layout.lanes)}
    parts = [_style(layout)] if alone else []
    parts += _years(layout)
    known = {each.name: each for each in members}
    for each in members:
        parts += [
            _edge(layout, known[parent], each, hues[each.family])
            for parent in each.parents
            if parent in known
        ]
    parts += [_name(lane, (names or {}).get(lane.family), hues[lane.family]) for lane in layout.lanes]
    parts += [_node(layout, each, hues[each.family]) for each in members]
    width, height = f"{layout.width:g}", f"{layout.height:g}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="tree" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" style="--natural:{width}px" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{''.join(parts)}</svg>\n"
    )


def _style(layout: TreeLayout) -> str:
    ground = f'<rect width="{layout.width:g}" height="{layout.height:g}" style="fill:var(--tree-paper)"/>'
    return f"<style>{THEMES}{STYLE}</style>{ground}"


def _name(lane: Lane, name: str | None, hue: int) -> str:
    label = escape(name or lane.family.replace("_", " "))
    middle = (lane.left + lane.right) / 2
    return f'<text class="lane-name" style="--hue:{hue}" x="{middle:g}" y="{lane.top + 2:g}">{label}</text>'


def _years(layout: TreeLayout) -> list[str]:
    parts = []
    for number, (year, top, bottom) in enumerate(layout.years):
        if number % 2 == 0:
            parts.append(
                f'<rect class="band" x="0" y="{top - 8:g}" width="{layout.width:g}" height="{bottom - top + 16:g}"/>'
            )
        parts.append(f'<text class="year" x="48" y="{(top + 24):g}">{year}</text>')
    return parts


def _edge(layout: TreeLayout, parent: Member, child: Member, hue: int) -> str:
    x1, y1 = layout.centres[parent.name]
    x2, y2 = layout.centres[child.name]
    half = NODE_HEIGHT / 2
    if x1 == x2 and any(x == x1 and min(y1, y2) < y < max(y1, y2) for x, y in layout.centres.values()):
        side = x1 + NODE_WIDTH / 2  # others stand between: round them, not through them
        line = f"M{side:g} {y1:g}C{side + 22:g} {y1 + 14:g} {side + 22:g} {y2 - 14:g} {side:g} {y2:g}"
    elif y2 > y1:
        start, end = y1 + half, y2 - half
        bend = max(12.0, min(70.0, 0.5 * (end - start)))
        line = f"M{x1:g} {start:g}C{x1:g} {start + bend:g} {x2:g} {end - bend:g} {x2:g} {end:g}"
    else:  # of the same year: round the side
        side = NODE_WIDTH / 2 * (1 if x2 >= x1 else -1)
        line = f"M{x1 + side:g} {y1:g}C{x1 + side * 1.5:g} {y1:g} {x2 - side * 1.5:g} {y2:g} {x2 - side:g} {y2:g}"
    return f'<path class="edge" style="--hue:{hue}" data-from="{parent.name}" data-to="{child.name}" d="{line}"/>'


def _node(layout: TreeLayout, each: Member, hue: int) -> str:
    x, y = layout.centres[each.name]
    left, top = x - NODE_WIDTH / 2, y - NODE_HEIGHT / 2
    most = int((NODE_WIDTH - 14) / _LETTER)
    label = each.title if len(each.title) <= most else each.title[: most - 1].rstrip() + "…"
    return (
        f'<g class="node" style="--hue:{hue}" data-name="{each.name}" tabindex="0" role="button" '
        f'aria-label="{escape(each.title)}, {each.year}"><title>{escape(each.title)}, {each.year}</title>'
        f'<rect x="{left:g}" y="{top:g}" width="{NODE_WIDTH}" height="{NODE_HEIGHT}" rx="7"/>'
        f'<rect class="side" x="{left:g}" y="{top + 5:g}" width="3.5" height="{NODE_HEIGHT - 10}" rx="1.75"/>'
        f'<text x="{x + 1:g}" y="{y + 4.2:g}">{escape(label)}</text></g>'
    )
