"""Figures that stand together, as a page shows them: a switch without a script, files, links."""

from __future__ import annotations

import html
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
from bs4 import BeautifulSoup
from docutils import nodes

from rulka_analysis.pages.results import Figures, Panel, encode, pictures
from rulka_analysis.pages.sheets import PHONE, WIDE, Picture
from rulka_analysis.pages.sphinx import rendering
from rulka_analysis.pages.sphinx.markup import pass_over
from rulka_analysis.values.quantities import Sentence
from rulka_analysis.values.tables import Table
from tests import browsing
from tests.site_of_project import PROJECT

# What is registered with Sphinx to write each node.
WRITTEN: dict[type, Any] = {}
rendering.add_nodes(SimpleNamespace(add_node=lambda node, html, **_: WRITTEN.update({node: html})))


def panel(name: str, shade: str) -> Panel:
    def drawn(width: int) -> Picture:
        svg = '<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="99"><rect fill="{1}"/>'
        return Picture(svg.format(width, shade) + "</svg>", width, 99)

    alt, view = f'seen "{name}"', ("#x=minutes&m=loss", "")
    return Panel(name, drawn(WIDE), drawn(PHONE), alt, view, Sentence(f"Of {name}."))


def shown(*choices: str) -> tuple[BeautifulSoup, dict[str, Any]]:
    """Return what a page shows, and the data of it."""
    two = [panel("<b>one</b>", "red"), panel("two", "green")]
    table = Table({"a": "A"}, {"r": ["1"]})
    value = Figures("Best so far", dict.fromkeys(choices, two), Sentence("Said."), table, "lower")
    data = encode("x", value).data
    builder = SimpleNamespace(
        imgpath="../_images",
        env=SimpleNamespace(found_docs={"docs/explore"}),
        current_docname="docs/page",
        get_relative_uri=lambda here, there: "explore.html",
    )
    writer: Any = SimpleNamespace(body=[], builder=builder)

    def write(node: nodes.Node) -> None:
        visit, depart = WRITTEN.get(type(node), (pass_over, pass_over))
        if isinstance(node, nodes.Text):
            writer.body.append(html.escape(node.astext()))
        with suppress(nodes.SkipNode):
            visit(writer, node)
            for child in node.children:
                write(child)
            depart(writer, node)

    write(rendering.figures_node(data, "small/x", "notebooks/small/x"))
    return BeautifulSoup("".join(writer.body), "html.parser"), data


def test_every_drawing_has_its_file_and_a_phone_its_own() -> None:
    page, data = shown("Minutes")
    files = {rendering.figure_file(svg) for svg in pictures(data)}
    images = page.select("picture > img")
    assert [image["alt"] for image in images] == ['seen "<b>one</b>"', 'seen "two"']
    assert {image["width"] for image in images} == {str(WIDE)}
    named = {str(image["src"]).rpartition("/")[2] for image in images}
    named |= {str(s["srcset"]).rpartition("/")[2] for s in page.select("source")}
    assert named == files
    assert all(source["media"] == "(max-width: 540px)" for source in page.select("source"))
    assert page.select("b") == []


def test_each_leads_to_its_view_and_all_to_the_notebook() -> None:
    page, _ = shown("Minutes")
    links = [str(link["href"]) for link in page.select("figcaption .rulka-explore-link")]
    assert links == ["explore.html#x=minutes&m=loss"] * 2
    assert "Of two." in page.get_text()
    assert "Notebook" in page.select("figcaption")[-1].get_text()


def test_one_choice_has_no_switch() -> None:
    page, _ = shown("Minutes")
    assert page.select("input") == []
    assert len(shown("Minutes", "Frames")[0].select("input[type=radio]")) == 2


@pytest.mark.parametrize("width", [1280, 390])
def test_the_switch_needs_no_script(tmp_path: Any, width: int) -> None:
    page_file = tmp_path / "docs" / "page.html"
    page_file.parent.mkdir()
    (tmp_path / "_images").mkdir()
    soup, data = shown("Minutes", "Frames")
    for svg in pictures(data):
        (tmp_path / "_images" / rendering.figure_file(svg)).write_text(svg, encoding="utf-8")
    style = (PROJECT / "rulka_analysis/pages/static/rulka.css").read_text("utf-8")
    page_file.write_text(f"<!doctype html><style>{style}</style>{soup}", encoding="utf-8")
    with browsing.started_browser() as browser:
        context = browser.new_context(
            java_script_enabled=False, viewport={"width": width, "height": 800}
        )
        page = context.new_page()
        page.goto(page_file.as_uri())
        choices = page.locator(".rulka-choice")
        assert [choices.nth(n).is_visible() for n in range(2)] == [True, False]
        page.locator("label", has_text="Frames").click()
        assert [choices.nth(n).is_visible() for n in range(2)] == [False, True]
        page.keyboard.press("ArrowLeft")
        assert [choices.nth(n).is_visible() for n in range(2)] == [True, False]
        first, second = (page.locator(".rulka-panel:visible").nth(n).bounding_box() for n in (0, 1))
        assert (first["y"] == second["y"]) == (width > 540)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        context.close()
