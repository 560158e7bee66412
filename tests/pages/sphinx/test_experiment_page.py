"""The experiment's page as readers meet it: what it weighs, what it says first, where it leads."""

from __future__ import annotations

import gzip
import posixpath
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

from tests.browsing import find_barriers, started_browser
from tests.many_settings import BEST, write_experiment
from tests.site_of_project import FURTHER, PAGE, PROJECT, Site, copy_parts

NAME = "batch_size_and_running_speed"
MANY = "docs/experiments/many.html"
# Of the page as it was typed.
SECTIONS = (
    "Overview",
    "Results",
    "Run analysis",
    "Detailed comparisons",
    "Other metrics",
    "Configuration",
    "Hardware",
    "Conclusions",
    "Recommendations",
    "Tools",
)


# What no page of an experiment may weigh more than, folds closed, at 1280 px.
BUDGETS = {"height": 5000, "words": 700, "nodes": 3000, "kilobytes": 60, "stops": 80, "sheets": 6}
MEASURED = """() => {
  const article = document.querySelector("article");
  const stops = [...article.querySelectorAll("a[href], button, input, summary, [tabindex]")];
  return {
    height: document.documentElement.scrollHeight,
    nodes: document.querySelectorAll("*").length,
    words: article.innerText.split(/\\s+/).filter(Boolean).length,
    stops: stops.filter((one) => one.tabIndex >= 0 && one.checkVisibility()).length,
  };
}"""


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    with started_browser() as browser:
        context = browser.new_context(viewport={"width": 1280, "height": 720})
        yield context.new_page()
        context.close()


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site of one experiment of twenty settings, three runs each, made of the same sources."""
    folder = tmp_path_factory.mktemp("many") / "site"
    copy_parts(folder, "rulka_analysis", "data", "conf.py")
    write_experiment(folder)
    source = (PROJECT / "docs" / "experiments" / f"{NAME}.rst").read_text(encoding="utf-8")
    source = source.partition(".. toctree::")[0]
    notebook = (PROJECT / "notebooks" / NAME / "page.py").read_text(encoding="utf-8")
    toctree = ".. toctree::\n\n   docs/experiments/many\n   docs/guides/own_logs\n"
    files = {
        "index.rst": f"Many\n====\n\n{toctree}   notebooks/many/page\n",
        "docs/guides/own_logs.rst": "Own logs\n========\n\nBring them.\n",
        "docs/experiments/many.rst": source,
        "notebooks/many/page.py": notebook.replace(NAME, "many"),
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    site = Site(folder)
    site.build_well(folder / "logs")
    return site


def weigh(page: Any, path: Path) -> dict[str, float]:
    begun = time.monotonic()
    page.goto(path.as_uri())
    page.wait_for_function("document.documentElement.dataset.theme !== ''")
    # Pictures that are not yet in sight are loaded as readers come to them.
    page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
    seconds = time.monotonic() - begun
    measured: dict[str, float] = page.evaluate(MEASURED)
    measured["kilobytes"] = len(gzip.compress(path.read_bytes())) / 1024
    measured["sheets"] = len(re.findall(rb"/Type\s*/Page\b", page.pdf()))
    # The machine may be busy; what is meant is a second on two processors.
    assert seconds < 20
    return measured


def within(measured: dict[str, float]) -> bool:
    return all(measured[name] <= most for name, most in BUDGETS.items())


def test_the_page_weighs_no_more_than_it_may(page: Any, bundled_pages: Path) -> None:
    measured = weigh(page, bundled_pages / PAGE)
    assert within(measured), measured


def test_twenty_settings_weigh_no_more(page: Any, many: Site) -> None:
    measured = weigh(page, many.html / MANY)
    assert within(measured), measured


HERO_ENDS = "document.querySelector('.rulka-choice').getBoundingClientRect().bottom"


def first_screen(page: Any, path: Path) -> str:
    """Return what is to be read before anybody scrolls."""
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(path.as_uri())
    text: str = page.evaluate(
        """() => [...document.querySelectorAll("article p, article h1, article pre")]
            .filter((one) => one.getBoundingClientRect().bottom <= 720)
            .map((one) => one.innerText).join(" ")"""
    )
    return re.sub(r"\s+", " ", text)


def test_the_first_screen_says_what_to_set_what_it_gains_and_how_sure_that_is(
    page: Any, bundled_pages: Path, many: Site
) -> None:
    told = first_screen(page, bundled_pages / PAGE)
    for words in ("batch_size = 512 running_speed = 512", "From 40 min of training on"):
        assert words in told
    assert "0.51× 0.38 to 0.62" in told
    assert "One run a setting" in told
    assert "reached the Hock targets in half the time" in told
    assert page.locator(".rulka-copy").is_visible()
    # The picture of where data end is on it, too.
    assert page.evaluate(HERO_ENDS) <= 720
    told = first_screen(page, many.html / MANY)
    assert page.evaluate(HERO_ENDS) <= 720
    assert f"batch_size = {BEST}" in told
    assert "95 % interval" in told
    assert "Three runs a setting" in told


def test_the_settings_can_be_copied(page: Any, bundled_pages: Path) -> None:
    page.goto((bundled_pages / PAGE).as_uri())
    button = page.locator(".rulka-copy")
    button.click()
    page.wait_for_function("document.querySelector('.rulka-copy').textContent === 'Copied'")
    assert page.inner_text(".rulka-copy + [aria-live]") == "Copied"


def test_the_declared_title_stays_where_readers_look_for_it(bundled_pages: Path) -> None:
    soup = BeautifulSoup((bundled_pages / PAGE).read_text("utf-8"), "html.parser")
    title = "Batch size and running speed"
    assert soup.title.get_text().startswith(title)
    heading = soup.select_one("h1")
    assert heading.get_text().startswith("Batch size 512 and running speed 512×")
    assert heading.parent["id"] == "batch-size-and-running-speed"
    assert soup.select_one(".rulka-pages-title").get_text(strip=True) == title
    assert title in soup.select_one(".bd-breadcrumbs").get_text()
    index = (bundled_pages / "searchindex.js").read_text("utf-8")
    # Both are found.
    assert f'"{title}"' in index
    assert "reached the Hock targets in half the time" in index


def test_every_section_once_typed_is_one_click_away(bundled_pages: Path) -> None:
    soup = BeautifulSoup((bundled_pages / PAGE).read_text("utf-8"), "html.parser")
    links = {
        link.get_text(strip=True): str(link["href"]) for link in soup.select("article a[href]")
    }
    headings = {one.get_text(strip=True).rstrip("#") for one in soup.select("h2")}
    for section in SECTIONS:
        if section in headings:
            continue
        href, _, anchor = links[section].partition("#")
        path = posixpath.normpath(posixpath.join(posixpath.dirname(PAGE), href))
        page = BeautifulSoup((bundled_pages / path).read_text("utf-8"), "html.parser")
        place = page.find(id=anchor) if anchor else page
        assert place is not None, section
        assert section in place.select_one("h1, h2, h3").get_text(), section


def test_pages_follow_each_other_and_are_all_in_the_sidebar(bundled_pages: Path) -> None:
    further = {path.name for path in (bundled_pages / FURTHER).glob("*.html")}
    further = {name for name in further if not name.endswith(".evidence.html")}
    assert {"larger_batch.html", "answers.html", "runs.html", "claims.html"} <= further
    walked, path = [], PAGE
    while True:
        soup = BeautifulSoup((bundled_pages / path).read_text("utf-8"), "html.parser")
        listed = {posixpath.basename(str(a["href"])) for a in soup.select(".rulka-pages a")}
        assert further <= listed | {posixpath.basename(path)}, path
        following = soup.select_one("a.right-next")
        if following is None or not path.startswith("docs/experiments/"):
            break
        path = posixpath.normpath(posixpath.join(posixpath.dirname(path), str(following["href"])))
        if not path.startswith(FURTHER):
            break
        walked.append(posixpath.basename(path))
    assert set(walked) == further


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_on_its_pages_keeps_anybody_out(
    page: Any, bundled_pages: Path, scheme: str
) -> None:
    page.emulate_media(color_scheme=scheme)
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        for path in (PAGE, f"{FURTHER}/smaller_batch.html"):
            page.goto((bundled_pages / path).as_uri())
            page.wait_for_function(f"document.documentElement.dataset.theme === '{scheme}'")
            for part in ("main", "#pst-primary-sidebar"):
                assert find_barriers(page, part) == [], (path, width, part)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 720})


def test_answers_are_filtered_by_words(page: Any, bundled_pages: Path) -> None:
    page.goto((bundled_pages / FURTHER / "answers.html").as_uri())
    rows = page.locator("table.rulka-rows-answer tbody tr")
    every = rows.count()
    page.get_by_label("Find by words").first.fill("hock 64")
    shown = [row.inner_text() for row in rows.all() if row.is_visible()]
    assert 0 < len(shown) < every
    assert all("Hock" in row and "64" in row for row in shown)
