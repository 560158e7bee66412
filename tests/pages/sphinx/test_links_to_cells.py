"""Every figure and every table of results leads to the cell of the notebook that published it."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path

from bs4 import BeautifulSoup, Tag

FIGURES = ".rulka-figures, figure.rulka-figure, .rulka-answer"
SHOWN = f"{FIGURES}, table.rulka-table, .rulka-landing"
LINK = "a[href*='#published-']"


@functools.cache
def soup_of(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def shown_on(page: BeautifulSoup) -> Iterator[Tag]:
    """Yield figures and tables, and of those within another one the outermost."""
    every = page.select(SHOWN)
    for shown in every:
        if not any(parent in every for parent in shown.parents if isinstance(parent, Tag)):
            yield shown


def link_of(shown: Tag) -> Tag | None:
    """Return the link within what is shown, or before the next that is."""
    within = shown.select_one(LINK)
    if within is not None:
        return within
    last = list(shown.descendants)[-1]
    for after in last.find_all_next():
        if after.name == "a" and "#published-" in str(after.get("href", "")):
            return after
        if after.name == "table" or "rulka-figure" in after.get("class", []):
            return None
    return None


def test_each_has_its_link_and_each_link_its_cell(bundled_pages: Path) -> None:
    pages = [page for page in bundled_pages.rglob("*.html") if ".evidence" not in page.name]
    found, links = 0, set()
    for page in pages:
        for shown in shown_on(soup_of(page)):
            # An answer, a claim or a card without a figure or a table shows nothing of its own.
            if not shown.select("table, img") and shown.name != "table":
                continue
            link = link_of(shown)
            assert link is not None, f"{page.relative_to(bundled_pages)}: {str(shown)[:300]}"
            links.add((page, str(link["href"])))
            found += 1
    # Landing page, experiment, comparisons, answers, health, metrics, Explore, this build.
    assert len({page for page, _ in links}) > 15
    assert found > 100
    targets = {
        ((page.parent / file).resolve() if file else page, anchor)
        for page, href in links
        for file, _, anchor in [href.partition("#")]
    }
    for target, anchor in targets:
        (place,) = soup_of(target).select(f"[id='{anchor}']")
        # A cell has an anchor for each of its results: the first is its own id.
        assert place.find_parent(class_="cell") or "cell" in place["class"], anchor
