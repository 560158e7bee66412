"""The Explore page of the built site, from a folder and from a server, and the links to it."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
from bs4 import BeautifulSoup

from rulka_analysis.logs.runs import Logs
from rulka_analysis.pages.explore.view import view_of
from tests import browsing
from tests.browsing import AXE, Opened
from tests.site_of_project import PAGE

EXPLORE = "docs/explore.html"
TIMES = "Race/explo_race_time_trained_hock"
VIEW = f"#x=minutes&m={TIMES.replace('/', '%2F')}&y=raw"


@pytest.fixture(scope="module")
def address(bundled_pages: Path) -> Iterator[str]:
    with browsing.served(bundled_pages, policy="") as started:
        yield started


@pytest.fixture(params=["folder", "server"])
def opened(
    request: pytest.FixtureRequest, browser: Any, bundled_pages: Path, address: str
) -> Iterator[Opened]:
    base = address if request.param == "server" else bundled_pages.as_uri()
    page = Opened(browser, f"{base}/{EXPLORE}", base, offline=request.param == "folder")
    yield page.open()
    page.close()


def test_it_shows_the_logs_and_loads_nothing_else(opened: Opened, bundled: Logs) -> None:
    assert opened.page.inner_text(".explore-title") == "Robust greedy race time on A01"
    assert opened.rows()[0][:2] == ["512 · 512×", "uni_7"]
    assert opened.rows()[1][4] == "baseline"
    opened.open(VIEW)
    rows = opened.csv()
    for run in bundled:
        if TIMES in run.tags:
            events = run.scalars(TIMES)
            finished = events[events.value < 300]
            logged = [float(row["logged"]) for row in rows if row["run"] == run.name]
            assert np.array_equal(logged, finished.value)
            steps = [int(row["step"]) for row in rows if row["run"] == run.name]
            assert steps == finished.step.tolist()


def test_it_is_in_the_top_bar_with_no_bars_at_its_sides(opened: Opened) -> None:
    page = opened.page
    assert page.locator("header .nav-item.current").first.inner_text().strip() == "Explore"
    assert page.locator(".bd-sidebar-primary:visible, .bd-sidebar-secondary:visible").count() == 0
    assert page.locator("h1").inner_text().startswith("Explore")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    # The chart is what comes first.
    assert page.locator(".u-over").bounding_box()["y"] < 300
    assert page.is_visible(".rulka-banner")


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_axe_finds_nothing(
    browser: Any, bundled_pages: Path, width: int, scheme: str
) -> None:
    base = bundled_pages.as_uri()
    size = {"width": width, "height": 844}
    page = Opened(browser, f"{base}/{EXPLORE}", base, viewport=size, color_scheme=scheme).open(VIEW)
    assert page.page.evaluate("document.documentElement.scrollWidth") <= width
    assert browsing.find_barriers(page.page, "article") == []
    page.metric("loss")
    page.page.click(".explore-checkpoints summary")
    page.settle()
    assert browsing.find_barriers(page.page, "article") == []
    page.close()


def test_axe_is_what_was_published() -> None:
    told = tomllib.loads((AXE / "vendor.toml").read_text(encoding="utf-8"))
    assert told["licence"] == "MPL-2.0"
    for name, digest in told["sha256"].items():
        assert hashlib.sha256((AXE / name).read_bytes()).hexdigest() == digest, name


def test_it_is_used_by_keyboard_alone(opened: Opened) -> None:
    page = opened.page
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "explore-metric":
            break
    page.keyboard.type("hock")
    page.keyboard.press("Enter")
    opened.settle()
    assert "Hock" in page.inner_text(".explore-title")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.classList.contains('explore-chart')"):
            break
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    opened.settle()
    assert opened.live()
    assert "c=" in opened.link()


def test_without_a_script_and_on_paper_there_are_figures(browser: Any, bundled_pages: Path) -> None:
    base = bundled_pages.as_uri()
    page = Opened(browser, f"{base}/{EXPLORE}", base, java_script_enabled=False)
    page.page.goto(page.address)
    images = page.page.locator(".explore-static img:visible")
    assert images.count() >= 2
    for image in images.all():
        image.scroll_into_view_if_needed()
        assert "its data end at" in str(image.get_attribute("alt"))
        page.page.wait_for_function("image => image.naturalWidth > 100", arg=image.element_handle())
    page.context.close()

    page = Opened(browser, f"{base}/{EXPLORE}", base).open(VIEW)
    page.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.page.emulate_media(media="print")
    assert page.page.is_visible(".explore-print svg")
    assert page.page.is_hidden(".explore-static")
    page.close()


def runs_drawn(figure: Any) -> set[str]:
    alt = str(figure.select_one("img")["alt"])
    return set(re.findall(r"\b(uni_\d+)\)? (?:falls|rises|is \d)", alt))


def test_every_figure_leads_to_the_same_runs_of_the_same_metric(
    browser: Any, bundled_pages: Path
) -> None:
    index_file = bundled_pages / "_static" / "explore" / "data" / "index.js"
    text = index_file.read_text(encoding="ascii")
    index = json.loads(text[text.index("(") + 1 : text.rindex(")")])
    titles = {metric["tag"]: metric["title"] for metric in index["metrics"]}
    compared = f"{PAGE.removesuffix('.html')}/larger_batch.html"
    soup = BeautifulSoup((bundled_pages / compared).read_text(encoding="utf-8"), "html.parser")
    figures = soup.select("figure.rulka-figure")
    assert len(figures) >= 5
    for figure in figures:
        link = figure.select_one("a.rulka-explore-link")
        assert link["href"].startswith("../../explore.html#x=")
        view = view_of(link["href"])
        assert view is not None
        assert view.tag in titles
        assert runs_drawn(figure) <= set(view.groups or ())
        logged = "per transition" in str(figure.select_one("img")["alt"])
        assert link.get_text() == ("Explore (as logged)" if logged else "Explore")
    soup = BeautifulSoup((bundled_pages / PAGE).read_text(encoding="utf-8"), "html.parser")
    links = soup.select("section.rulka-figures a.rulka-explore-link")
    assert len(links) >= 8
    for link in links:
        assert link["href"].startswith("../explore.html#x=")
        view = view_of(link["href"])
        assert view is not None
        assert view.tag in titles
        assert view.groups
        assert set(view.groups) <= set(index["runs"])
        # What is drawn per transition is logged as a sum; all else is found under its title.
        said = f"{link.get_text()} {link.get('aria-label')}"
        if "per transition" in said:
            assert link.get_text() == "Explore (as logged)"
        else:
            assert titles[view.tag].lower() in said.lower()
    base = bundled_pages.as_uri()
    page = Opened(browser, f"{base}/{PAGE}", base)
    page.page.goto(page.address)
    link = page.page.locator("a.rulka-explore-link:visible").first
    wanted = view_of(unquote(str(link.get_attribute("href"))))
    assert wanted is not None
    link.click()
    page.page.wait_for_selector(".explore[data-shown]")
    page.settle()
    shown = [row[1] for row in page.rows()]
    assert sorted(shown) == sorted(wanted.groups or ())
    assert page.page.inner_text(".explore-title").lower() == titles[wanted.tag].lower()
    page.close()


def test_a_figure_without_a_view_says_so(bundled_pages: Path) -> None:
    without = []
    for path in bundled_pages.rglob("*.html"):
        soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for figure in soup.select("figure.rulka-figure"):
            # On the Explore page figures stand where the views themselves do not.
            if figure.select_one("a.rulka-explore-link") or figure.find_parent(class_="explore"):
                continue
            without.append(path.relative_to(bundled_pages).as_posix())
            assert "the Explore page has no view of it" in figure.get_text(), path
    assert "docs/guides/reader.html" in without


def test_its_files_belong_to_the_site(bundled_pages: Path) -> None:
    folder = bundled_pages / "_static" / "explore"
    page = (bundled_pages / EXPLORE).read_text(encoding="utf-8")
    soup = BeautifulSoup(page, "html.parser")
    loaded = [script["src"] for script in soup.select("article script[src]")]
    assert loaded[-1] == "../_static/explore/data/index.js"
    for name in loaded:
        assert (bundled_pages / "docs" / name).resolve().is_file()
    styles = [link["href"] for link in soup.select("link[href*='_static/explore/']")]
    assert len(styles) == 2
    assert all("?v=" in style for style in styles)
    assert (folder / "uplot" / "LICENSE").is_file()
    other = BeautifulSoup((bundled_pages / PAGE).read_text(encoding="utf-8"), "html.parser")
    assert not other.select("link[href*='_static/explore/']")
