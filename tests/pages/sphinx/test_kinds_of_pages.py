"""Every kind of page in a browser: how tall it is, what axe finds, whether keys reach all of it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.browsing import Opened, find_barriers
from tests.site_of_project import FURTHER, PAGE

LANDING, METRICS = "index.html", "docs/tensorboard_metrics.html"
HEALTH, BUILD = "docs/guides/log_health.html", "docs/about_this_build.html"
KINDS = (
    LANDING,
    PAGE,
    f"{FURTHER}/answers.html",
    "docs/explore.html",
    METRICS,
    "docs/guides/index.html",
    HEALTH,
    BUILD,
    "docs/api/index.html",
    "notebooks/log_health/findings.html",
    "search.html",
)
# CSS pixels at 1280, folds closed.
TALLEST = {LANDING: 1_400, METRICS: 8_000, HEALTH: 8_000, BUILD: 1_200}


def opened(browser: Any, pages: Path, name: str, **settings: Any) -> Opened:
    made = Opened(browser, (pages / name).as_uri(), pages.as_uri(), **settings)
    made.page.goto(made.address)
    return made


@pytest.mark.parametrize("name", TALLEST)
def test_a_page_is_no_taller_than_its_budget(browser: Any, bundled_pages: Path, name: str) -> None:
    page = opened(browser, bundled_pages, name)
    assert page.page.evaluate("document.documentElement.scrollHeight") <= TALLEST[name]
    page.close()


# Colours are the theme's, whatever the width: dark ones on a phone are asked less often.
@pytest.mark.parametrize(
    ("width", "theme"),
    [
        (1280, "light"),
        (1280, "dark"),
        (390, "light"),
        pytest.param(390, "dark", marks=pytest.mark.long),
    ],
)
@pytest.mark.parametrize("name", KINDS)
def test_axe_finds_nothing_and_no_page_scrolls_sideways(
    browser: Any, bundled_pages: Path, name: str, width: int, theme: str
) -> None:
    shape = {"viewport": {"width": width, "height": 844}, "color_scheme": theme}
    page = opened(browser, bundled_pages, name, **shape)
    assert page.page.evaluate("document.documentElement.scrollWidth") <= width
    assert find_barriers(page.page, "html") == []
    page.close()


def test_the_landing_page_is_walked_by_keys(browser: Any, bundled_pages: Path) -> None:
    page = opened(browser, bundled_pages, LANDING)
    seen = []
    for _ in range(40):
        page.page.keyboard.press("Tab")
        seen.append(page.page.evaluate("document.activeElement.innerText?.trim() ?? ''"))
    places = ["Experiments", "Explore", "Metrics", "Guides", "Reference"]
    at = [seen.index(place) for place in places]
    assert at == sorted(at)
    # The card is one stop, and its name is the answer.
    card = page.page.locator(".rulka-landing-card").first
    assert card.locator("a, button").count() == 1
    assert card.locator("a").inner_text() in seen
    page.close()


def test_a_card_leads_to_its_experiment_wherever_it_is_pressed(
    browser: Any, bundled_pages: Path
) -> None:
    page = opened(browser, bundled_pages, LANDING)
    page.page.locator(".rulka-landing-card").first.click(position={"x": 20, "y": 20})
    page.page.wait_for_url(f"**/{PAGE}")
    page.close()


def test_metrics_are_found_by_name_and_by_tag(browser: Any, bundled_pages: Path) -> None:
    page = opened(browser, bundled_pages, METRICS)
    field = page.page.get_by_label("Find by name or tag")
    shown = page.page.locator(".rulka-metric:visible")
    everything = page.page.locator(".rulka-metric").count()
    # Those of these logs come first; the others are in one line a group.
    before = shown.count()
    assert 0 < before < everything
    field.fill("training/loss")
    assert {"metric-loss"} <= set(shown.evaluate_all("found => found.map((one) => one.id)"))
    assert shown.count() < everything
    # What these logs do not hold is found, too.
    field.fill("epsilon")
    assert shown.count() > 0
    field.fill("no such thing")
    assert shown.count() == 0
    field.fill("")
    assert shown.count() == before
    page.close()


def test_an_address_opens_the_entry_that_it_names(browser: Any, bundled_pages: Path) -> None:
    page = opened(browser, bundled_pages, METRICS)
    page.page.goto(f"{page.address}#metric-loss")
    page.page.get_by_text("Divide by the batch size before comparing runs").wait_for()
    page.close()


def test_findings_are_sorted_by_run(browser: Any, bundled_pages: Path) -> None:
    page = opened(browser, bundled_pages, HEALTH)
    page.page.get_by_text("The same, run by run, with what to do").click()
    table = page.page.locator("table#log-health-by-run")
    table.get_by_role("button", name="Run", exact=True).click()
    runs = table.locator("tbody td:nth-child(2)").all_inner_texts()
    assert runs == sorted(runs, key=lambda run: [int(part) for part in re.findall(r"\d+", run)])
    page.close()


def test_search_knows_pages_by_what_they_say(bundled_pages: Path) -> None:
    index = (bundled_pages / "searchindex.js").read_text(encoding="utf-8")
    found = json.loads(index[index.index("(") + 1 : index.rindex(")")])
    assert "batch" in found["terms"]
    # What stands only where a number comes from.
    assert not [word for word in found["terms"] if "946684800" in word]
