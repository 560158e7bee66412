"""What figures are drawn on: both themes in one file, and nothing that a policy blocks."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from rulka_analysis.logs.clocks import MINUTES
from rulka_analysis.pages.charts import Chart, Drawn, picture, scale_of
from rulka_analysis.pages.palette import COLOURS, LOOKS, Role
from rulka_analysis.pages.sheets import PHONE, WIDE, spread
from tests import browsing
from tests.drawn_texts import assert_readable

MINUTES_OF = np.arange(0.0, 60.0)


def chart(groups: int = 5, *, upwards: bool = False, name: str = "512 · 512×") -> Chart:
    sign = -1 if upwards else 1
    roles = ["winner", "baseline", "third", *["other"] * groups]
    lines = tuple(
        Drawn(
            f"{name} · {n}", roles[n], MINUTES_OF, sign * (24.5 + n / 20 + 90 / (1 + MINUTES_OF)),
            f"{24.5 + n / 20:.2f}", "60", low=MINUTES_OF - 1, high=MINUTES_OF + 1,
        )
        for n in range(groups)
    )  # fmt: skip
    return Chart(
        "Best time on a long map", lines, MINUTES, "lower is better", stepped=True,
        upwards=upwards, value_head="s", until_head="min",
    )  # fmt: skip


@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize("groups", [1, 2, 8, 20])
@pytest.mark.parametrize("name", ["8", "512 · 512×", "a very long name of a group of runs"])
def test_what_is_written_can_be_read(width: int, groups: int, name: str) -> None:
    assert_readable(picture(chart(groups, name=name), width))


def test_a_file_knows_both_themes_and_has_no_style_of_an_element() -> None:
    svg = picture(chart(), WIDE).svg
    assert " style=" not in svg
    light, dark = re.findall(r"svg \{ (--.*?) (?:font-family|\})", svg)
    for said, theme in ((light, 0), (dark, 1)):
        for name, shown in re.findall(r"--(\w+): (#\w+);", said):
            assert COLOURS[name][theme] == shown
    assert "@media (prefers-color-scheme: dark)" in svg
    used = set(re.findall(r"var\(--(\w+)\)", svg))
    assert used <= set(re.findall(r"--(\w+):", light)) == set(re.findall(r"--(\w+):", dark))
    assert not re.search("#[0-9a-f]{6}", svg.replace(light, "").replace(dark, "").split("<rect")[0])


def test_the_same_chart_gives_the_same_bytes() -> None:
    assert picture(chart(), WIDE) == picture(chart(), WIDE)


@given(
    st.lists(st.floats(0, 200), min_size=1, max_size=11).map(sorted),
)
@settings(max_examples=50, deadline=None)
def test_labels_keep_apart_in_order_and_within_bounds(wanted: list[float]) -> None:
    placed = spread(wanted, 17, 10, 190)
    assert all(b - a >= 17 - 1e-6 for a, b in itertools.pairwise(placed))
    assert placed[0] >= 10 - 1e-6
    assert placed[-1] <= 190 + 1e-6
    if all(b - a >= 17 for a, b in itertools.pairwise(wanted)):
        assert placed == pytest.approx(np.clip(wanted, 10, 190), abs=180)


def test_an_axis_that_does_not_begin_at_nothing_says_so() -> None:
    def scale(*values: float, **own: Any) -> Any:
        y = np.array(values)
        line = Drawn("a", "winner", np.arange(len(y), dtype=float), y)
        return scale_of(Chart("t", (line,), MINUTES, **own))

    assert scale(60.0, 58.7, 58.5, cut=False).said == "axis from 58.4"
    assert scale(1.0, 0.5, 0.2, cut=False).said == ""
    assert scale(-5.0, -4.5, -4.8, cut=False).said.startswith("axis up to −4")
    late = [300.0, 60.0, 59.5, 59.2, 59.0, 58.9]
    assert scale(*late).said.startswith("axis 58")
    assert scale(*(-value for value in late), upwards=True).beyond
    assert scale(*late, cut=False).beyond == 0


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "values",
    [(5.0,), (0.0, 0.0), (-3.0,), (24.58, 24.580000000000002), (1e-320,), (1e30, 5e30)],
    ids=str,
)
@pytest.mark.parametrize("log", [False, True])
def test_what_hardly_differs_has_an_axis(values: tuple[float, ...], log: bool) -> None:
    y = np.array(values)
    line = Drawn("a", "winner", np.arange(len(y), dtype=float), y)
    one = Chart("t", (line,), MINUTES, value_head="s", log=log)
    scale = scale_of(one)
    assert scale.low < scale.high
    assert picture(one, WIDE).width == WIDE


def test_every_look_is_drawn() -> None:
    svg = picture(chart(6), WIDE).svg
    roles: tuple[Role, ...] = ("winner", "baseline", "third", "other")
    for role in roles:
        assert f"stroke: var(--{LOOKS[role].colour.replace('third', 'text')})" in svg


TOGGLED = """
<!doctype html><html data-theme="light"><meta http-equiv="Content-Security-Policy"
content="default-src 'self' file: data:; style-src 'sha256-{hash}'">
<style>{style}</style><img src="figure.svg" width="464" height="252">
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with browsing.started_browser() as started:
        yield started


def test_a_figure_follows_the_theme_that_is_chosen(tmp_path: Path, browser: Any) -> None:
    style = "html{color-scheme:light}html[data-theme=dark]{color-scheme:dark}body{margin:0}"
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    (tmp_path / "figure.svg").write_text(picture(chart(), WIDE).svg, encoding="utf-8")
    page_file = tmp_path / "page.html"
    page_file.write_text(TOGGLED.format(hash=digest, style=style), encoding="utf-8")
    page = browser.new_page()
    page.goto(page_file.as_uri())
    page.wait_for_function("document.querySelector('img').complete")

    def ground() -> list[int]:
        shot = Image.open(BytesIO(page.locator("img").screenshot())).convert("RGB")
        return list(shot.getpixel((460, 250)))

    assert ground() == [255, 255, 255]
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert ground() == [0x14, 0x18, 0x1E]
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    assert ground() == [255, 255, 255]
    page.close()
