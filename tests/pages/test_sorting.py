"""Tables sorted by their headings, in a browser, and how headings and signs are rendered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rulka_analysis.pages.results import encode
from rulka_analysis.pages.sphinx.rendering import answer_sign, table_node
from rulka_analysis.pages.tables import signed_difference
from rulka_analysis.values.quantities import Quantity
from rulka_analysis.values.tables import Table
from tests.site_of_project import PROJECT

STATIC = PROJECT / "rulka_analysis" / "pages" / "static"
ROWS = (
    ("uni_10", "1,234.5", "−5.85 ▲"),
    ("uni_9", "", "baseline"),
    ("uni_2", "20", "+0.01 ="),
    ("uni_1", "not known", "+14.18 ▼"),
)
PAGE = """<!doctype html><html lang="en" data-theme="light"><meta charset="utf-8">
<title>Tables</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'self' file:">
<link rel="stylesheet" href="{static}/look.css"><link rel="stylesheet" href="{static}/tables.css">
<script defer src="{static}/tables.js"></script><main><h1>Tables</h1>
<div class="pst-scrollable-table-container"><table class="rulka-table sortable"><thead><tr>
<th class="head"><p>Run</p></th><th><p>Value <span class="rulka-unit">s</span></p></th>
<th class="head"><p>Difference</p></th></tr></thead><tbody>{rows}</tbody></table></div>
<div class="pst-scrollable-table-container" id="wide"><table class="rulka-table"><caption>Wide
<a class="headerlink" href="#wide">#</a></caption><tbody><tr>{wide}</tr></tbody></table></div>
</main></html>"""


@pytest.fixture
def page(browser: Any, tmp_path: Path) -> Iterator[Any]:
    rows = "".join(
        f"<tr><th class='stub'><p>{name}</p></th><td>{value}<span popover>9</span></td>"
        f"<td>{difference}</td></tr>"
        for name, value, difference in ROWS
    )
    file = tmp_path / "page.html"
    wide = f"<td>{'x' * 400}</td>" * 9
    html = PAGE.format(static=STATIC.as_uri(), rows=rows, wide=wide)
    file.write_text(html, encoding="utf-8")
    opened = browser.new_page()
    complaints: list[str] = []
    opened.on("console", lambda told: complaints.append(told.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.goto(file.as_uri())
    yield opened
    opened.close()
    assert complaints == []


def names(page: Any) -> list[str]:
    return [cell.strip() for cell in page.locator("tbody th").all_inner_texts()]


def press(page: Any, heading: str) -> str | None:
    page.get_by_role("button", name=heading).click()
    said: str | None = page.get_by_role("columnheader", name=heading).get_attribute("aria-sort")
    return said


def test_names_are_sorted_as_people_count(page: Any) -> None:
    assert press(page, "Run") == "ascending"
    assert names(page) == ["uni_1", "uni_2", "uni_9", "uni_10"]
    assert press(page, "Run") == "descending"
    assert names(page) == ["uni_10", "uni_9", "uni_2", "uni_1"]
    # The third time as it was written.
    assert press(page, "Run") is None
    assert names(page) == [name for name, _, _ in ROWS]


def test_numbers_are_sorted_by_value_and_what_has_none_stands_last(page: Any) -> None:
    press(page, "Value")
    assert names(page)[:2] == ["uni_2", "uni_10"]
    press(page, "Value")
    assert names(page)[:2] == ["uni_10", "uni_2"]
    assert press(page, "Difference") == "ascending"
    assert names(page) == ["uni_10", "uni_2", "uni_1", "uni_9"]
    assert page.locator("[aria-sort]").count() == 1


def test_headings_are_one_tab_stop_and_arrows_move_along_them(page: Any) -> None:
    page.keyboard.press("Tab")
    seen = []
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "Home", "End", "ArrowLeft"):
        page.keyboard.press(key)
        seen.append(page.evaluate("document.activeElement.innerText.split('\\n')[0].trim()"))
    assert seen == ["Value", "Difference", "Difference", "Run", "Difference", "Value"]
    page.keyboard.press("Enter")
    assert names(page)[0] == "uni_2"
    assert page.locator("thead button[tabindex='0']").count() == 1


@pytest.mark.parametrize("width", [1280, 390])
def test_a_wide_table_scrolls_by_itself_and_by_keyboard(page: Any, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.reload()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    wide = page.get_by_role("group", name="Wide", exact=True)
    wide.focus()
    scrolled = "(box) => { window.moved = new Promise((tell) => { box.onscroll = tell; }); }"
    page.locator("#wide").evaluate(scrolled)
    page.keyboard.press("ArrowRight")
    assert page.evaluate("moved.then(() => document.getElementById('wide').scrollLeft)") > 0
    # What fits needs no stop for the keyboard.
    assert page.locator("[role=group]").count() == 1


def test_units_stand_below_headings_and_signs_say_their_words() -> None:
    table = Table(
        {"run": "Run", "best": "Best (s)", "difference": "Against baseline (s)"},
        {
            name: [
                name,
                Quantity(value, "", 2),
                signed_difference(Quantity(by), better="lower", margin=1),
            ]
            for name, value, by in (("a", 1.0, 2.0), ("b", 2.0, -2.0), ("c", 3.0, 0.5))
        },
    )
    node = table_node(encode("table", table).data, "small/table", "notebooks/small/table")
    assert "sortable" in node["classes"]
    heads = [entry for entry in node.findall() if entry.tagname == "entry"][:3]
    assert [one.astext() for one in heads] == ["Run", "Best s", "Against baseline s"]
    assert [one["classes"] for one in heads] == [[], *[["rulka-cell-number"]] * 2]
    assert [sign.astext() for sign in node.findall(answer_sign)] == ["▼", "▲", "="]


def test_a_table_that_is_seen_at_a_glance_is_not_sorted() -> None:
    table = Table({"run": "Run"}, {"a": ["a"], "b": ["b"]})
    node = table_node(encode("table", table).data, "small/table", "notebooks/small/table")
    assert "sortable" not in node["classes"]
