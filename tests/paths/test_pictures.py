"""Pictures of paths: contour lines where the height is theirs, every walk drawn, pages without anything outside."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from osolgil.formulas import catalog
from osolgil.paths import path
from osolgil.pictures import ground
from osolgil.pictures.path_figures import figures, svg
from osolgil.pictures.path_page import write_path


@pytest.mark.parametrize("name", ["rosenbrock", "himmelblau", "rastrigin", "saddle"])
def test_contour_lines_lie_at_their_height(name):
    row = catalog.surface(name)
    x, y, z = ground.heights(row.formula, row.window, 201)
    level = float(np.quantile(z, 0.3))
    segments = np.array(ground.contour(x, y, z, level))
    assert len(segments) > 20
    spread = float(np.quantile(z, 0.31) - np.quantile(z, 0.29))
    off = np.abs(row(segments[:, 0], segments[:, 1]) - level)
    assert np.median(off) < spread


def test_a_circle_is_closed_and_as_long_as_it_is():
    side = np.linspace(-1.5, 1.5, 151)
    z = side[None, :] ** 2 + side[:, None] ** 2
    segments = np.array(ground.contour(side, side, z, 1.00037))
    length = np.hypot(segments[:, 2] - segments[:, 0], segments[:, 3] - segments[:, 1]).sum()
    assert length == pytest.approx(2 * np.pi * np.sqrt(1.00037), rel=1e-3)
    ends = np.concatenate([segments[:, :2], segments[:, 2:]]).round(9)
    assert all(count == 2 for count in np.unique(ends, axis=0, return_counts=True)[1])


@pytest.fixture(scope="module")
def paths():
    return path("beale", ["momentum", "nesterov", "adagrad", "adam"], steps=40)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_figure_is_there(paths, language):
    found = figures(paths, language)
    assert found.keys() == {"path", "heights", "one_step", "effective"}
    assert {walk.name for walk in paths.walks} <= {trace.get("name") for trace in found["path"]["data"]}


def test_the_svg_is_well_formed_and_shows_every_walk(paths):
    tree = ElementTree.fromstring(svg(paths))
    lines = tree.findall(".//{http://www.w3.org/2000/svg}polyline")
    assert [line[0].text for line in lines] == [walk.name for walk in paths.walks]


def test_the_page_needs_nothing_beside_it(paths, tmp_path):
    files = write_path(tmp_path / "out", paths)
    text = files["html"].read_text("utf-8")
    outside = re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)  # Plotly's own text names addresses
    assert not re.search(r"https?:", outside)
    assert "Paths over Beale" in text
    assert "Beale 위의 경로" in text
