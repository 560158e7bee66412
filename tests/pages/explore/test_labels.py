"""Names that are long, as settings are: read whole wherever there is room for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from rulka_analysis.pages.explore.page import write_explore
from tests.browsing import TABLE, Opened
from tests.pages.explore.planted import made

LONG = "512 · 512× · 256 Hock, 256 A01"
TOO_LONG = "a setting " * 20


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("labels")
    data = made()
    first, second, third, *others = data.groups
    named = (
        first,
        second,
        replace(third, label=LONG),
        *(replace(g, label=TOO_LONG) for g in others),
    )
    write_explore(folder, replace(data, groups=named))
    return folder.joinpath("index.html").as_uri()


@pytest.fixture(params=[1280, 390])
def opened(request: pytest.FixtureRequest, browser: Any, address: str) -> Iterator[Opened]:
    page = Opened(browser, address, viewport={"width": request.param, "height": 900})
    yield page.open()
    page.close()


def is_whole(element: Any) -> bool:
    return bool(element.evaluate("one => one.scrollWidth <= one.clientWidth || !one.clientWidth"))


def test_a_long_name_is_read_whole_in_the_list_and_in_the_table(opened: Opened) -> None:
    for place in (".explore-runs .explore-name", f"{TABLE} th"):
        name = opened.page.locator(place, has_text=LONG)
        assert name.count() == 1
        assert is_whole(name)
        cut = opened.page.locator(f'{place}[title="{TOO_LONG}"]')
        assert "…" in cut.inner_text()
        assert is_whole(cut)
    for file in opened.page.locator(f"{TABLE} .explore-file").all():
        assert is_whole(file)
    # Nothing that the last view said is left in the labels of cards.
    opened.page.locator(".explore-chart").focus()
    opened.page.keyboard.press("Home")
    opened.page.locator(".explore-runs input").first.uncheck()
    opened.settle()
    labels = opened.page.locator(f"{TABLE} >> nth=0 >> td").evaluate_all(
        "cells => cells.map((cell) => cell.dataset.label)"
    )
    assert labels[:2] == ["Run", "Value"]
    width = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    assert opened.page.evaluate(width)


def test_the_chart_gives_names_the_room_they_need(browser: Any, address: str) -> None:
    page = Opened(browser, address).open()
    texts = page.page.locator(".explore-labels text")

    def widths() -> tuple[float, list[str]]:
        return page.page.locator(".u-over").bounding_box()["width"], texts.all_text_contents()

    crowded, names = widths()
    assert LONG in names
    assert any("…" in name for name in names), "the chart keeps most of the width"
    for group in ("2", "3"):
        page.page.locator(f".explore-runs > li >> nth={group} >> input").uncheck()
    page.settle()
    roomy, names = widths()
    assert roomy > crowded + 20
    assert not any("…" in name for name in names)
    page.close()
