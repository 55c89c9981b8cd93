"""The reference site's pages: one per row, from the row alone, with links that lead somewhere."""

import re

import pytest
from tools.reference import generated

from osolgil.equations import blocks, written
from osolgil.lookup import KINDS, rows_of


@pytest.fixture(scope="module")
def pages():
    return dict(generated())


@pytest.mark.long
@pytest.mark.parametrize("kind", [kind for kind in KINDS if rows_of(kind)])
def test_every_row_has_its_page_with_what_the_source_says(pages, kind):
    overview = pages[f"{kind}/index.md"]
    for name, row in rows_of(kind).items():
        text = pages[f"{kind}/{name}.md"]
        assert f"({name}.md)" in overview
        assert f":{row.location[1]}</code>" in text
        for block in blocks(row):
            for line in block.lines:
                assert written(line, "mathml") in text


@pytest.mark.long
def test_links_between_pages_lead_somewhere(pages):
    for path, text in pages.items():
        folder = path.rpartition("/")[0]
        for target in re.findall(r"\]\(([\w/.-]+)\)", text):
            if not path.startswith("exactness/"):
                assert f"{folder}/{target}" in pages, f"{path} leads to {target}"
        for target in re.findall(r'href="(\w+)\.html"', text):
            assert f"{folder}/{target}.md" in pages, f"{path} leads to {target}.html"


def test_estimators_have_pages_with_every_setting():
    import inspect

    from tools.interface import pages

    import osolgil

    for path, text in pages():
        name = path.removeprefix("estimators/").removesuffix(".md")
        for argument in inspect.signature(getattr(osolgil, name)).parameters:
            assert re.search(rf"`[^`]*\b{argument}\b[^`]*`:|\b{argument}\b", text), (
                f"{path} says nothing of {argument}"
            )
        assert text.count("```") % 2 == 0
