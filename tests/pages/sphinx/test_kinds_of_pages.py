"""Every kind of page in a browser: how tall it is, what axe finds, whether keys reach all of it."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.browsing import Opened, find_barriers, served
from tests.site_of_project import FURTHER, PAGE

LANDING, METRICS = "index.html", "docs/tensorboard_metrics.html"
HEALTH, BUILD = "docs/guides/log_health.html", "docs/about_this_build.html"
# Long lists, all alike, which differ from others in their length alone.
LISTS = (PAGE.replace(".html", ".evidence.html"), "docs/api/verdicts.html", "genindex.html")
# What is read first, also on a phone.
READ = (
    LANDING,
    PAGE,
    f"{FURTHER}/smaller_batch.html",
    "docs/these_logs.html",
    METRICS,
    HEALTH,
)
KINDS = (
    *READ,
    f"{FURTHER}/follow_ups.html",
    f"{FURTHER}/answers.html",
    f"{FURTHER}/runs.html",
    f"{FURTHER}/claims.html",
    f"{FURTHER}/tools.html",
    f"{FURTHER}/notebooks.html",
    "notebooks/batch_size_and_running_speed/page.html",
    "docs/explore.html",
    "docs/guides/index.html",
    "docs/guides/own_logs.html",
    "docs/api/index.html",
    BUILD,
    "py-modindex.html",
    "search.html?q=batch",
    *LISTS,
)
# CSS pixels at 1280, folds closed.
TALLEST = {LANDING: 1_400, METRICS: 8_000, HEALTH: 8_000, BUILD: 1_200}


@pytest.fixture(scope="module")
def browser(browser: Any) -> Iterator[Any]:
    with SERVING:
        yield browser


def opened(browser: Any, pages: Path, name: str, **settings: Any) -> Opened:
    base = pages.as_uri() if "?" not in name else served_once(pages)
    made = Opened(browser, f"{base}/{name}", base, **settings)
    made.page.goto(made.address)
    return made


# What a search shows of the pages it found, it has to ask a server for.
SERVING = ExitStack()


@functools.cache
def served_once(pages: Path) -> str:
    return SERVING.enter_context(served(pages, policy=""))


@pytest.mark.parametrize("name", TALLEST)
def test_a_page_is_no_taller_than_its_budget(browser: Any, bundled_pages: Path, name: str) -> None:
    page = opened(browser, bundled_pages, name)
    assert page.page.evaluate("document.documentElement.scrollHeight") <= TALLEST[name]
    page.close()


# Of each list its first entries: axe takes half a minute for thousands that are all alike.
SHORTENED = """() => {
  const entries = ":is(section, dl, dt, dd, li, tr):nth-of-type(n + 9)";
  const beyond = [...document.querySelectorAll(entries)];
  beyond.forEach((one) => one.remove());
}"""


@pytest.mark.parametrize(
    ("name", "width"),
    [
        *((name, 1280) for name in KINDS),
        *((name, 390) for name in READ),
        *(pytest.param(name, 390, marks=pytest.mark.long) for name in KINDS if name not in READ),
    ],
)
def test_axe_finds_nothing_and_no_page_scrolls_sideways(
    browser: Any, bundled_pages: Path, name: str, width: int
) -> None:
    shape = {"viewport": {"width": width, "height": 844}, "color_scheme": "light"}
    page = opened(browser, bundled_pages, name, **shape)
    assert page.page.evaluate("document.documentElement.scrollWidth") <= width
    if name in LISTS or width == 390:
        page.page.evaluate(SHORTENED)
    assert find_barriers(page.page, "html") == []
    page.page.emulate_media(color_scheme="dark")
    page.settle()
    # Some colours fade into others.
    page.page.evaluate("Promise.all(document.getAnimations().map((one) => one.finished))")
    # Of the dark theme, colours alone are others.
    assert find_barriers(page.page, "html", "color-contrast") == []
    page.close()


# What the keyboard stops at; of radio buttons the one that is chosen, of what is folded the fold.
STOPS = """() => [
  ...document.querySelectorAll("a[href], button, input, select, summary, [tabindex]")]
  .filter((one) => one.tabIndex >= 0 && !one.disabled
    && one.checkVisibility({visibilityProperty: true}) && !(one.type === "radio" && !one.checked
      && document.querySelector(`input[name="${one.name}"]:checked`))
    && !one.closest("details:not([open]) > :not(summary), [inert], dialog:not([open])"))
  .filter((one) => !one.dataset.walked).map((one) => one.outerHTML.slice(0, 200))"""
WALKED = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return "out";
  const again = Boolean(at.dataset.walked);
  at.dataset.walked = "1";
  const seen = [at, ...at.querySelectorAll("*")].flatMap((one) =>
    ["", "::before", "::after"].map((part) => getComputedStyle(one, part || null)));
  const ringed = seen.some((style) => style.outlineStyle !== "none" || style.boxShadow !== "none");
  return again ? "again" : ringed ? "" : `no ring: ${at.outerHTML.slice(0, 200)}`;
}"""


@pytest.mark.parametrize("width", [1280, pytest.param(390, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", [name for name in KINDS if name not in LISTS])
def test_keys_reach_all_of_a_page_and_it_shows_where_they_are(
    browser: Any, bundled_pages: Path, name: str, width: int
) -> None:
    page = opened(browser, bundled_pages, name, viewport={"width": width, "height": 844})
    page.settle()
    told = set()
    for _ in range(600):
        page.page.keyboard.press("Tab")
        said = page.page.evaluate(WALKED)
        if said in ("out", "again"):
            break
        told.add(said)
    assert told == {""}
    assert page.page.evaluate(STOPS) == []
    page.close()


# A4 less its margins, in CSS pixels.
SHEET = 718
CUT = """() => [...document.querySelectorAll("article *")].filter((one) => {
  if (!one.checkVisibility() || one.closest("svg, details:not([open])")) return false;
  const style = getComputedStyle(one);
  if (style.position === "absolute" || style.display.startsWith("inline")) return false;
  const hides = style.overflowX !== "visible" && one.scrollWidth > one.clientWidth + 1;
  return hides || one.getBoundingClientRect().right > document.documentElement.clientWidth + 1;
}).map((one) => one.outerHTML.slice(0, 200))"""


AROUND = """() => {
  const found = [];
  const first = document.querySelector("article") || document.querySelector(".bd-content");
  for (let at = first?.parentElement; at && at !== document.body; at = at.parentElement) {
    const style = getComputedStyle(at);
    found.push({name: at.className, shown: style.display, over: style.overflow});
  }
  return found;
}"""


@pytest.mark.parametrize("name", KINDS)
def test_on_paper_nothing_is_cut(browser: Any, bundled_pages: Path, name: str) -> None:
    page = opened(browser, bundled_pages, name, viewport={"width": SHEET, "height": 1016})
    page.page.emulate_media(media="print")
    assert page.page.evaluate(CUT) == []
    # What is no block of its own, or clips, may end before its last sheet does.
    around = page.page.evaluate(AROUND)
    assert [one for one in around if one["shown"] != "block" or one["over"] != "visible"] == []
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


def found_by(browser: Any, pages: Path, words: str) -> list[str]:
    page = opened(browser, pages, f"search.html?q={words}")
    page.page.wait_for_selector("#search-results > p.search-summary")
    # It counts while it looks.
    page.page.wait_for_function(
        "!document.querySelector('#search-progress')?.textContent.includes('Preparing')"
    )
    found = page.page.locator("#search-results li a").evaluate_all(
        "links => links.map((one) => one.getAttribute('href').split(/[?#]/)[0])"
    )
    page.close()
    return list(dict.fromkeys(found))


def test_search_finds_pages_by_what_they_say_and_not_by_where_numbers_come_from(
    browser: Any, bundled_pages: Path
) -> None:
    # The declared title, the computed heading, a metric, a guide.
    assert PAGE in found_by(browser, bundled_pages, "running+speed")
    assert PAGE in found_by(browser, bundled_pages, "reached+targets+half+time")
    assert METRICS in found_by(browser, bundled_pages, "gradient+norm")
    assert "docs/guides/seeds.html" in found_by(browser, bundled_pages, "seeds")
    # What stands only where a number comes from: the name of its file.
    assert found_by(browser, bundled_pages, "946684800") == []
