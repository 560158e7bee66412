"""Numbers in a browser: buttons that open the one popover of a page, with what its file says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browsing import find_barriers
from tests.site_of_project import PAGE

OPEN = ".rulka-evidence:popover-open"
CELL = "td button.rulka-number:visible"


@pytest.fixture
def page(browser: Any, bundled_pages: Path) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    opened.goto((bundled_pages / PAGE).as_uri())
    yield opened
    context.close()


def name_of_focus(page: Any) -> str:
    name: str = page.evaluate("document.activeElement.getAttribute('aria-label')")
    return name


def pressed(page: Any, button: Any) -> Any:
    """Press a number and return the popover, filled."""
    button.click()
    told = page.locator(OPEN)
    told.locator("dl").first.wait_for()
    return told


def test_a_number_opens_with_the_keyboard_and_gives_the_focus_back(page: Any) -> None:
    button = page.locator(CELL).first
    text = button.inner_text()
    assert button.get_attribute("aria-label").startswith(f"{text}, ")
    button.focus()
    page.keyboard.press("Enter")
    told = page.locator(OPEN)
    told.locator("dl").first.wait_for()
    assert told.locator("strong").inner_text() == text
    assert find_barriers(page, ".rulka-evidence") == []
    page.keyboard.press("Escape")
    told.wait_for(state="detached")
    page.wait_for_function("document.activeElement.matches('button.rulka-number')")
    assert name_of_focus(page) == button.get_attribute("aria-label")


def test_the_page_has_one_popover_and_loads_one_file_when_it_is_first_asked(page: Any) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    numbers = page.locator(CELL)
    for place in (0, 5, 9):
        pressed(page, numbers.nth(place))
        page.keyboard.press("Escape")
    assert page.locator(".rulka-evidence").count() == 1
    # Figures are loaded when they come into sight.
    scripts = [url for url in asked if ".js" in url]
    assert len(scripts) == 1
    assert ".evidence.js" in scripts[0]


def test_a_table_has_one_tab_stop_among_its_numbers_and_arrows_move(page: Any) -> None:
    stops = page.evaluate(
        """() => [...document.querySelectorAll("article table")].map((table) =>
        [...table.querySelectorAll("button.rulka-number")].filter((b) => b.tabIndex === 0).length)
        """
    )
    assert set(stops) <= {0, 1}
    assert 1 in stops
    first = page.locator(CELL).first
    first.focus()
    before = name_of_focus(page)
    page.keyboard.press("ArrowDown")
    below = name_of_focus(page)
    assert below != before
    page.keyboard.press("ArrowUp")
    assert name_of_focus(page) == before
    page.keyboard.press("ArrowRight")
    assert name_of_focus(page) not in (before, below)


def test_inputs_of_a_derived_number_replace_the_content_with_a_way_back(page: Any) -> None:
    for button in page.locator(CELL).all():
        if button.get_attribute("tabindex") == "0":
            told = pressed(page, button)
            if told.locator("dd button.rulka-number").count():
                break
            page.keyboard.press("Escape")
    else:
        page.goto(page.url)
        place = page.evaluate(
            """() => new Promise((done) => {
            window.rulkaEvidence = (data) => done(data.entries.findIndex((entry) =>
                entry.operation === "difference" && entry.notebook !== undefined));
            const script = document.createElement("script");
            script.src = document.querySelector("a[data-script]").dataset.script;
            document.head.append(script); })"""
        )
        found = page.locator(f'button[data-entry="{place}"]').first
        found.evaluate(
            "(e) => { for (let f = e; f; f = f.parentElement)"
            " if (f.tagName === 'DETAILS') f.open = true; }"
        )
        told = pressed(page, found)
    own = told.locator("strong").inner_text()
    inner = told.locator("dd button.rulka-number").first
    text = inner.inner_text()
    inner.click()
    assert told.locator("strong").inner_text() == text
    told.locator("button.rulka-back").click()
    assert told.locator("strong").inner_text() == own


def test_without_a_script_numbers_are_text(browser: Any, bundled_pages: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((bundled_pages / PAGE).as_uri())
    assert page.locator("article button.rulka-number").count() == 0
    assert page.locator("article span.rulka-number").count() > 100
    page.locator("p.rulka-evidence-link a").click()
    assert re.search("Evidence: ", page.title())
    assert page.locator("tbody tr").count() > 100
    context.close()


def test_neither_buttons_nor_the_link_are_printed(page: Any) -> None:
    pressed(page, page.locator(CELL).first)
    page.emulate_media(media="print")
    assert not page.locator(".rulka-evidence").is_visible()
    assert not page.locator(".rulka-evidence-link").is_visible()
