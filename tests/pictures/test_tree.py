"""The family tree: nobody stands on another, time runs down, everyone is drawn and can be chosen."""

import re
import shutil
import subprocess
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osolgil.errors import SettingsError
from osolgil.lookup import KINDS, rows_of
from osolgil.pictures.tree_layout import NODE_HEIGHT, NODE_WIDTH, Member, place
from osolgil.pictures.tree_page import members, page, tree_facts, write_tree
from osolgil.pictures.tree_svg import tree_svg

DRAWN = [kind for kind in KINDS if rows_of(kind)]
SVG = "{http://www.w3.org/2000/svg}"


@st.composite
def families(draw):
    """Up to 60 members of a few families, each descending from earlier ones."""
    count = draw(st.integers(1, 60))
    years = sorted(draw(st.lists(st.integers(1847, 2026), min_size=count, max_size=count)))
    found = []
    for number, year in enumerate(years):
        parents = draw(st.lists(st.sampled_from(found), max_size=3, unique=True)) if found else []
        family = draw(st.sampled_from(["a", "b", "c", "d", "e"]))
        found.append(
            Member(f"m{number}", f"Member {number}", year, family, tuple(each.name for each in parents))
        )
    return found


@settings(max_examples=25)
@given(families())
def test_nobody_stands_on_another_and_time_runs_down(found):
    layout = place(found)
    assert layout.centres.keys() == {each.name for each in found}
    spots = sorted(layout.centres.values())
    for one, (x1, y1) in enumerate(spots):
        assert NODE_WIDTH / 2 < x1 < layout.width - NODE_WIDTH / 2
        assert NODE_HEIGHT / 2 < y1 < layout.height - NODE_HEIGHT / 2
        for x2, y2 in spots[one + 1 :]:
            assert abs(x1 - x2) >= NODE_WIDTH or abs(y1 - y2) >= NODE_HEIGHT
    by_name = {each.name: each for each in found}
    for each in found:
        for other in (by_name[name] for name in each.parents):
            if other.year < each.year:
                assert layout.centres[other.name][1] < layout.centres[each.name][1]
    lanes = {lane.family: (lane.left, lane.right) for lane in layout.lanes}
    for each in found:
        left, right = lanes[each.family]
        assert left < layout.centres[each.name][0] < right


@pytest.mark.parametrize("kind", DRAWN)
def test_the_svg_draws_every_member_and_every_descent(kind):
    found = members(kind)
    tree = ElementTree.fromstring(tree_svg(found, "Tree & family"))
    assert [node.get("data-name") for node in tree.iter(f"{SVG}g")] == [each.name for each in found]
    drawn = {(line.get("data-from"), line.get("data-to")) for line in tree.iter(f"{SVG}path")}
    assert drawn == {(parent, each.name) for each in found for parent in each.parents}


@pytest.mark.parametrize("kind", DRAWN)
def test_the_page_has_a_card_for_everyone_and_needs_nothing_outside(kind, tmp_path):
    files = write_tree(tmp_path, kind, "ko")
    text = files["html"].read_text("utf-8")
    for name in rows_of(kind):
        assert f'id="card-{name}"' in text
    assert not re.search(r'(src|href)="(https?:)?//', text)
    assert '<html lang="ko">' in text
    assert text.count("<math") >= len(rows_of(kind))


def test_the_lectures_descent_is_in_the_data():
    parents = {each["name"]: set(each["parents"]) for each in tree_facts("optimizers")["members"]}
    assert parents["adam"] == {"momentum", "rmsprop"}
    assert parents["nesterov"] == {"momentum"}
    assert tree_facts("optimizers")["members"][0]["name"] == "gradient_descent"


def test_an_unknown_kind_is_told():
    with pytest.raises(SettingsError, match="no kind 'cats'"):
        tree_facts("cats")


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium")
def test_a_browser_shows_the_card_of_the_one_in_the_address(tmp_path):
    (tmp_path / "tree.html").write_text(page("optimizers"), "utf-8")
    done = subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--dump-dom",
         "--virtual-time-budget=3000", (tmp_path / "tree.html").as_uri() + "#adam"],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert "CONSOLE" not in done.stderr
    shown = re.findall(r'<article id="card-(\w+)"(?![^>]*hidden)', done.stdout)
    assert shown == ["adam"]
    kin = re.findall(r'class="node kin(?: self)?"[^>]*data-name="(\w+)"', done.stdout)
    assert {"gradient_descent", "sgd", "momentum", "rmsprop", "adagrad", "adam", "nadam"} <= set(kin)
    assert "adadelta" not in kin
