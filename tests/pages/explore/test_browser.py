"""The Explore page as people use it: from a folder and from a server, with nothing but itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rulka_analysis.pages.explore.data import index_script, metric_scripts
from rulka_analysis.pages.explore.decoding import read_index, read_series
from rulka_analysis.pages.explore.lines import DrawnLine, LineLook, extent_of, line_of, mean_of
from rulka_analysis.pages.explore.page import write_explore
from rulka_analysis.pages.explore.view import View, view_of
from tests import browsing
from tests.browsing import TABLE, Opened
from tests.pages.explore.planted import CLOCKS, CUTOFF, GROUPS, HOSTILE, RUNS, made, one, series

LONG = 6000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # A name as people give them, which addresses must escape.
    place = tmp_path_factory.mktemp("explore") / "my runs #1 ä%20"
    write_explore(place, made(many=LONG))
    return place


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[str]:
    with browsing.served(folder) as address:
        yield f"{address}/index.html"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with browsing.started_browser() as started:
        yield started


@pytest.fixture(params=["folder", "server"])
def opened(request: pytest.FixtureRequest, browser: Any, folder: Path, served: str) -> Any:
    page = Opened(browser, folder.joinpath("index.html").as_uri())
    if request.param == "server":
        page.address = served
    yield page.open()
    page.close()


@pytest.fixture
def local(browser: Any, folder: Path) -> Any:
    page = Opened(browser, folder.joinpath("index.html").as_uri(), offline=True)
    yield page.open()
    page.close()


def events_of(rows: list[dict[str, str]], run: str) -> list[dict[str, str]]:
    # A name that a spreadsheet would run is kept from that by an apostrophe; none here begins so.
    return [row for row in rows if row["run"] == run and row["shown"] != "mean of 3 runs"]


def test_the_page_opens_with_the_view_it_was_given_and_loads_that_metric_only(opened: Any) -> None:
    assert opened.page.inner_text(".explore-title") == "Time on one"
    asked = [address for address in opened.asked if "/data/" in address]
    assert sorted(re.sub(r"\?.*", "", a).rsplit("/", 1)[1] for a in asked) == ["0.js", "index.js"]
    rows = opened.rows()
    assert [row[0] for row in rows][:2] == ["512 · 512×", "2,048 · 160×"]
    assert rows[1][1] == "3 runs"
    assert rows[1][4] == "baseline"
    assert (
        opened.page.evaluate("getComputedStyle(document.querySelector('.explore-static')).display")
        == "none"
    )
    opened.metric("odd")
    opened.shown(2)
    assert len([a for a in opened.asked if "/data/" in a]) == 3


def test_values_steps_and_files_are_those_of_the_log(opened: Any) -> None:
    opened.metric("odd")
    opened.page.click(".explore-group >> text=3 runs")
    for box in opened.page.locator(".explore-members input").all():
        box.check()
    opened.settle()
    rows = opened.csv()
    for logged in series("odd", 300):
        there = events_of(rows, logged.run)
        assert len(there) == len(logged.values)
        got = [float(row["logged"].replace("Infinity", "inf")) for row in there]
        assert np.array_equal(got, logged.values, equal_nan=True)
        assert [int(row["step"]) for row in there] == logged.steps.tolist()
        assert [float(row["minutes"]) for row in there] == logged.positions["minutes"].tolist()
        assert [row["file"] for row in there] == [logged.files[i] for i in logged.file_of]
    assert "18 values are no finite number (6 NaN, 12 infinite)" in opened.page.inner_text(
        ".explore-texts"
    )


def test_extremes_and_last_values_of_a_long_series_are_exact_with_their_events(local: Any) -> None:
    local.metric("long")
    local.choose("Raw")
    local.page.click(".explore-group >> text=3 runs")
    for box in local.page.locator(".explore-members input").all():
        box.check()
    local.settle()
    rows = local.csv()
    for logged in series("long", LONG):
        there = events_of(rows, logged.run)
        assert 400 <= len(there) < LONG
        by_step = dict(zip(logged.steps.tolist(), logged.values.tolist(), strict=True))
        got = {int(row["step"]): float(row["logged"]) for row in there}
        assert got.items() <= by_step.items()
        for wanted in (logged.values.argmin(), logged.values.argmax(), -1):
            assert got[int(logged.steps[wanted])] == logged.values[wanted]
    assert "Zoom in for every event" in local.page.inner_text(".explore-texts")


def test_a_zoomed_range_has_every_event(local: Any) -> None:
    local.open("#x=minutes&m=long&y=raw&d=seed_1,seed_2,seed_3&z=100,140")
    local.page.wait_for_function(
        "!document.querySelector('.explore-texts').innerText.includes('bucket')"
    )
    local.settle()
    rows = local.csv()
    for logged in series("long", LONG):
        at = logged.positions["minutes"]
        inside = (at >= 100) & (at <= 140)
        there = events_of(rows, logged.run)
        assert [float(r["logged"]) for r in there] == logged.values[inside].tolist()
        assert [int(r["step"]) for r in there] == logged.steps[inside].tolist()


@pytest.mark.parametrize("tag", ["times", "long"])
def test_the_best_so_far_is_that_of_the_log(local: Any, tag: str) -> None:
    local.open(f"#x=steps&m={tag}&y=best&g={'512 · 512×'}&c=1")
    logged = one(tag, "run_7", LONG if tag == "long" else 300)
    records, best = [], np.inf
    for i, value in enumerate(logged.values):
        if value < best and (tag != "times" or value < CUTOFF):
            best = value
            records.append(i)
    rows = local.csv()
    assert [float(row["logged"]) for row in rows] == logged.values[records].tolist()
    assert [int(row["step"]) for row in rows] == logged.steps[records].tolist()


def test_the_table_follows_the_cursor_and_names_the_event(local: Any) -> None:
    logged = one("long", "run_7", LONG)
    at = int(logged.values.argmax())
    place = logged.positions["minutes"][at]
    local.open(f"#x=minutes&m=long&y=raw&c={place}")
    row = next(row for row in local.rows() if row[1] == "run_7")
    assert row[2] == f"{logged.values[at]:.3f}"
    assert row[5] == f"{logged.steps[at]:,}"
    title = local.page.get_attribute(f"{TABLE} >> nth=0 >> td >> nth=-1", "title")
    assert title == logged.files[logged.file_of[at]]
    assert str(float(logged.values[at])) in str(
        local.page.get_attribute(f"{TABLE} >> nth=0 >> td[title^=logged]", "title")
    )
    # The mouse moves it, too.
    box = local.page.locator(".u-over").bounding_box()
    before = local.rows()
    local.page.mouse.move(box["x"] + 100, box["y"] + 50)
    local.settle()
    assert local.rows() != before
    assert "Value at" in local.page.inner_text(".explore-now thead")


def test_replicates_are_a_mean_and_a_band_that_others_do_not_move(local: Any) -> None:
    local.open("#x=steps&m=below&y=raw&h=no%20steps")
    rows = local.csv()
    mean = [row for row in rows if row["shown"] == "mean of 3 runs"]
    members = [one("below", run, 300) for run in GROUPS[1].runs]
    for row in mean[:: len(mean) // 20]:
        place = float(row["steps"])
        values = [m.values[np.flatnonzero(m.positions["steps"] <= place)[-1]] for m in members]
        assert float(row["value"]) == pytest.approx(np.mean(values), rel=1e-12)
        assert (float(row["lowest"]), float(row["highest"])) == (min(values), max(values))
    assert float(mean[-1]["steps"]) <= min(m.positions["steps"][-1] for m in members)
    assert "the band reaches from the lowest to the highest" in local.page.inner_text(
        ".explore-texts"
    )
    local.open("#x=steps&m=below&y=raw&g=" + "2%2C048%20%C2%B7%20160%C3%97")
    assert [row for row in local.csv() if row["shown"] == "mean of 3 runs"] == mean
    # Smoothing looks at the clock's whole extent, not at what is shown.
    views = [
        "#x=minutes&m=below&y=raw&s=5",
        "#x=minutes&m=below&y=raw&s=5&h=512%20%C2%B7%20512%C3%97",
    ]
    smoothed = [
        [row for row in local.open(view).csv() if row["run"] == "stepless"] for view in views
    ]
    assert smoothed[0] == smoothed[1] != []


def test_smoothing_is_a_mean_over_time(local: Any) -> None:
    local.open("#x=minutes&m=below&y=raw&s=10&g=no%20steps")
    logged = one("below", "stepless", 300)
    longest = max(one("below", run, 300).positions["minutes"][-1] for run in RUNS)
    width, at = 0.1 * longest, logged.positions["minutes"]
    rows = local.csv()
    assert rows[0]["shown"].startswith("mean of the last")
    for i in (0, 50, 299):
        inside = (at <= at[i]) & (at > at[i] - width)
        assert float(rows[i]["value"]) == pytest.approx(logged.values[inside].mean(), rel=1e-9)


def test_smoothing_of_a_long_series_is_of_all_its_events(local: Any) -> None:
    local.open("#x=minutes&m=long&y=raw&s=10&g=no%20steps")
    logged = one("long", "stepless", LONG)
    longest = max(one("long", run, LONG).positions["minutes"][-1] for run in RUNS)
    at = logged.positions["minutes"]
    last = local.csv()[-1]
    inside = at > at[-1] - 0.1 * longest
    # The bucket that the window begins in counts whole.
    assert float(last["value"]) == pytest.approx(logged.values[inside].mean(), rel=0.02)


def test_every_control_changes_the_view_and_its_link_shows_the_same(opened: Any) -> None:
    page = opened.page
    views = {}

    def seen(what: str) -> None:
        opened.settle()
        views[what] = (opened.link(), opened.rows(), page.inner_text(".explore-texts"))

    seen("start")
    page.click("text=Winner and baseline")
    seen("pair")
    page.click(".explore-links >> text=None")
    seen("none")
    assert page.is_visible(".explore-empty")
    page.click(".explore-links >> text=All")
    page.locator(".explore-runs > li >> nth=2 >> input").uncheck()
    seen("one hidden")
    page.click(".explore-group >> text=3 runs")
    page.locator(".explore-members input").nth(1).check()
    seen("member")
    opened.choose("Raw")
    seen("raw")
    page.locator("#explore-smooth").fill("5")
    seen("smooth")
    opened.choose("Log")
    seen("log")
    page.click("text=Leave out unfinished tries")
    seen("unfinished")
    page.locator(".explore-runs > li", has_text="no steps").locator("input").uncheck()
    opened.settle()
    opened.choose("Updates")
    seen("updates")
    page.locator(".explore-chart").focus()
    for key in ("ArrowLeft", "ArrowLeft", "+"):
        page.keyboard.press(key)
    seen("zoom")
    assert len({repr(view) for view in views.values()}) == len(views)
    assert re.search(r"x=updates&m=times&y=raw&g=.*&d=seed_2&s=5&l=1&u=1&z=", views["zoom"][0])
    for what, (link, rows, texts) in views.items():
        opened.open(link)
        assert opened.rows() == rows, what
        assert page.inner_text(".explore-texts") == texts, what
        assert opened.link() in (link, ""), what


def test_a_link_written_here_is_the_one_that_the_page_writes(local: Any) -> None:
    view = View(
        "times", "minutes", True, ("512 · 512×", HOSTILE), ("seed_2",), zoom=(2.5, 10), cursor=4
    )
    local.open(view.fragment)
    assert local.link() == view.fragment
    assert local.rows()[0][0] == "512 · 512×"
    assert view_of(local.link()) == view


def test_a_link_may_name_a_group_by_one_of_its_runs(local: Any) -> None:
    local.open("#x=minutes&m=times&g=run_7,seed_2,nobody")
    assert [row[0] for row in local.rows()] == ["512 · 512×", "2,048 · 160×"]
    # Labels are what the page writes itself.
    assert local.link() == View("times", best=True, groups=("512 · 512×", "2,048 · 160×")).fragment


@pytest.mark.parametrize(
    "view",
    [
        View("times", best=True),
        View("times", best=False),
        View("times", best=False, unfinished=True, smooth=5),
        View("below", "steps", False, smooth=10, groups=("512 · 512×", "2,048 · 160×")),
        View("below", "updates", True, groups=("2,048 · 160×",)),
        View("long", best=False, smooth=5),
        View("long", best=True),
        View("odd", best=False),
    ],
)
def test_a_static_figure_draws_the_lines_that_the_page_draws(local: Any, view: View) -> None:
    shown = local.open(view.fragment).csv()
    drawn = lines_drawn(view)
    assert {row["run"] for row in shown} == drawn.keys()
    clock = next(clock.name for clock in CLOCKS if clock.key == view.clock)
    for run, line in drawn.items():
        rows = [row for row in shown if row["run"] == run]
        places = [float(row[clock]) for row in rows]
        values = [float(row["value"].replace("Infinity", "inf") or "nan") for row in rows]
        assert places == pytest.approx(line.x.tolist(), rel=1e-12)
        assert values == pytest.approx(line.y.tolist(), rel=1e-9, nan_ok=True)


def lines_drawn(view: View) -> dict[str, DrawnLine]:
    """Return the lines of the groups that a view shows, by what the page calls their runs."""
    data = made(many=LONG)
    place = next(i for i, metric in enumerate(data.metrics) if metric.tag == view.tag)
    index = read_index(index_script(data, [(str(i), None) for i, _ in enumerate(data.metrics)]))
    found = read_series(metric_scripts(data, data.metrics[place])[0])
    clock = [clock.key for clock in CLOCKS].index(view.clock)
    low, high = extent_of(list(found.values()), clock)
    width = view.smooth / 100 * (high - low)
    look = LineLook(index["metrics"][place], clock, bool(view.best), width, view.unfinished)
    lines = {}
    for group in GROUPS:
        if view.groups is not None and group.label not in view.groups:
            continue
        members = [(found[i], line_of(found[i], look)) for i in map(RUNS.index, group.runs)]
        there = [(kept, line) for kept, line in members if line is not None]
        if len(group.runs) > 1:
            mean = mean_of(there, look)
            assert mean is not None
            lines[""] = mean[0]
        elif there:
            lines[group.runs[0]] = there[0][1]
    return lines


def test_a_clock_that_a_run_lacks_says_so_and_comes_back_without_it(local: Any) -> None:
    steps = local.page.locator(".explore-segments input[value='1']").first
    assert steps.is_disabled()
    note = str(steps.get_attribute("aria-describedby"))
    said = local.page.inner_text(f"#{note}")
    assert "Steps: stepless counts no steps. Leave it out to use steps." in said
    local.page.locator(".explore-runs > li", has_text="no steps").locator("input").uncheck()
    assert steps.is_enabled()
    # A link to a clock that cannot be drawn shows another one, and says why.
    local.open("#x=steps&m=times")
    assert "x=minutes" in local.link()
    assert "counts no steps" in local.page.inner_text(".explore-texts")


def test_choices_that_make_no_sense_are_off_with_the_reason(local: Any) -> None:
    local.metric("odd")
    assert "neither direction is better" in local.page.inner_text(".explore-panel")
    assert local.page.locator("input[value=best]").is_disabled()
    local.metric("below zero")
    assert local.page.locator("input[value=log]").is_disabled()
    assert "values of zero or less" in local.page.inner_text(".explore-panel")
    assert local.page.is_hidden("text=Leave out unfinished")
    local.metric("time on")
    assert local.page.locator("#explore-smooth").is_disabled()


def test_metrics_are_found_by_typing_with_the_keyboard_alone(local: Any) -> None:
    page = local.page
    page.locator("#explore-metric").focus()
    page.keyboard.press("ArrowDown")
    assert page.get_attribute("#explore-metric", "aria-expanded") == "true"
    headings = page.locator(".explore-heading").all_inner_texts()
    assert headings == ["Outcome", "Training", "Other tags"]
    page.keyboard.press("Escape")
    assert page.is_hidden("#explore-options")
    page.keyboard.type("zero")
    page.keyboard.press("Enter")
    local.shown(3)
    assert page.inner_text(".explore-title") == "Below zero"
    assert page.input_value("#explore-metric") == "Below zero"
    page.fill("#explore-metric", "no such thing")
    assert page.is_visible("text=No metric is called so.")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.input_value("#explore-metric") == "Below zero"


def test_the_cursor_is_moved_by_keys_and_spoken(local: Any) -> None:
    page = local.page
    page.locator(".explore-chart").focus()
    page.keyboard.press("Home")
    local.settle()
    assert local.live().startswith("0 min.")
    page.keyboard.press("ArrowRight")
    first = local.live()
    assert "512 · 512×" in first
    page.keyboard.press("ArrowRight")
    assert local.live() != first
    page.keyboard.press("ArrowLeft")
    assert local.live() == first
    page.keyboard.press("End")
    page.keyboard.press("+")
    local.settle()
    assert "z=" in local.link()
    assert "Zoomed" in local.live()
    page.keyboard.press("-")
    page.keyboard.press("Escape")
    local.settle()
    assert "z=" not in local.link()


def test_a_stretch_is_zoomed_by_dragging_and_reset_by_a_double_click(local: Any) -> None:
    page = local.page
    box = page.locator(".u-over").bounding_box()
    page.mouse.move(box["x"] + 100, box["y"] + 80)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 90, steps=4)
    page.mouse.up()
    local.settle()
    low, high = map(float, re.search(r"z=([^&]+)", local.link())[1].split(","))
    assert 0 < low < high
    assert page.is_visible("text=Reset zoom")
    page.mouse.dblclick(box["x"] + 200, box["y"] + 80)
    local.settle()
    assert "z=" not in local.link()


def test_names_from_logs_are_text(local: Any) -> None:
    assert local.page.locator(f"{TABLE} th[title]").nth(2).get_attribute("title") == HOSTILE
    local.metric("other onerror")
    local.shown(4)
    assert local.page.inner_text(".explore-title") == f"tag {HOSTILE}"
    assert local.page.locator("img").count() == 0
    assert {row["run"] for row in local.csv()} >= {HOSTILE}
    svg = local.download("SVG").decode("utf-8")
    assert "<img" not in svg


def test_a_name_that_a_spreadsheet_would_run_is_kept_from_it(local: Any) -> None:
    local.page.evaluate("void (rulkaExplore.given.index.groups[0][0] = '=1+1')")
    local.page.click(".explore-links >> text=All")
    local.settle()
    assert local.csv()[0]["group"] == "'=1+1"


def test_pictures_are_of_the_view(local: Any) -> None:
    from xml.etree import ElementTree

    svg = ElementTree.fromstring(local.download("SVG"))
    texts = [text.text for text in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert texts[0] == "Time on one"
    assert "512 · 512×" in texts
    paths = [
        p for p in svg.iter("{http://www.w3.org/2000/svg}path") if p.get("stroke") == "#00735a"
    ]
    assert len(paths) == 1
    # Long remarks are broken into lines that fit.
    local.metric("long")
    svg = ElementTree.fromstring(local.download("SVG"))
    texts = [text.text or "" for text in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert max(map(len, texts)) < 170
    assert local.download("PNG").startswith(b"\x89PNG")


def test_the_link_is_copied(opened: Any) -> None:
    opened.context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened.page.click("text=Copy link")
    opened.page.wait_for_selector("text=Copied")
    copied = opened.page.evaluate("navigator.clipboard.readText()")
    assert copied == opened.page.evaluate("location.href")
    assert "m=times" in copied


@pytest.mark.parametrize("width", [390, 768, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_in_both_themes(browser: Any, folder: Path, width: int, scheme: str) -> None:
    page = Opened(
        browser,
        folder.joinpath("index.html").as_uri(),
        viewport={"width": width, "height": 844},
        color_scheme=scheme,
    ).open()
    assert page.page.evaluate("document.documentElement.scrollWidth") <= width
    ground = "rgb(255, 255, 255)" if scheme == "light" else "rgb(20, 24, 30)"
    colour = "getComputedStyle(document.querySelector('.explore')).backgroundColor"
    assert page.page.evaluate(colour) == ground
    # A theme that was chosen wins over that of the system.
    page.page.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert page.page.evaluate(colour) == "rgb(20, 24, 30)"
    page.close()


def test_on_paper_there_is_the_view_in_light_colours(local: Any) -> None:
    local.page.evaluate("document.documentElement.dataset.theme = 'dark'")
    local.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    local.page.emulate_media(media="print", color_scheme="dark")
    look = "getComputedStyle(document.querySelector('.explore'))"
    assert local.page.evaluate(f"{look}.backgroundColor") == "rgb(255, 255, 255)"
    assert local.page.evaluate(f"{look}.color") == "rgb(27, 32, 39)"
    assert local.page.is_visible(".explore-print svg")
    assert local.page.is_hidden(".explore-chart")
    assert local.page.is_hidden(".explore-panel")
    local.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert local.page.locator(".explore-print svg").count() == 0


def test_without_a_script_there_are_the_static_figures(browser: Any, tmp_path: Path) -> None:
    write_explore(tmp_path, made(), fallback="<p>The static figure.</p>")
    page = Opened(browser, tmp_path.joinpath("index.html").as_uri(), java_script_enabled=False)
    page.page.goto(page.address)
    assert page.page.is_visible("text=The static figure.")
    page.context.close()


def test_a_file_that_is_gone_is_said(browser: Any, tmp_path: Path) -> None:
    write_explore(tmp_path, made())
    (tmp_path / "explore" / "data" / "2.js").unlink()
    page = Opened(browser, tmp_path.joinpath("index.html").as_uri()).open()
    page.metric("odd")
    assert "data/2.js beside this page could not be read" in page.page.inner_text(".explore-status")
    page.metric("below zero")
    page.shown(3)
    assert page.page.inner_text(".explore-status") == ""
    page.context.close()


def test_the_curves_are_a_table_for_who_has_no_chart(local: Any) -> None:
    local.page.click("text=The curves as a table")
    local.settle()
    table = local.page.locator(".explore-checkpoints table")
    assert table.locator("thead th").count() == 9
    assert table.locator("tbody tr").count() == len(GROUPS)
    assert "Time on one, s" in table.locator("caption").inner_text()


def test_the_column_of_files_is_one_tab_stop(local: Any) -> None:
    cells = local.page.locator(".explore-now .explore-file")
    assert local.page.locator(".explore-now .explore-file[tabindex='0']").count() == 1
    cells.first.focus()
    assert cells.first.inner_text() == str(cells.first.get_attribute("title"))
    for _ in range(len(GROUPS) - 1):
        local.page.keyboard.press("ArrowDown")
    assert cells.last.evaluate("cell => cell === document.activeElement")


def test_a_link_is_followed_while_the_page_still_writes_its_own(local: Any) -> None:
    # What is written a moment after a change must not overwrite where somebody goes meanwhile.
    for delay in (0, 60, 120, 140, 145, 149, 150, 151, 155):
        local.open("#m=times")
        local.page.evaluate(
            """async (delay) => {
                document.querySelector(".explore-links button").click();
                await new Promise((done) => setTimeout(done, delay));
                location.hash = "#m=odd";
                const until = performance.now() + 12;
                while (performance.now() < until);
            }""",
            delay,
        )
        local.shown(2)
