"""Views of the Explore page as static figures: drawn of its own scripts, and put into words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rulka_analysis.pages.explore.data import (
    Explore,
    ExploreGroup,
    ExploreMetric,
    index_script,
    metric_scripts,
)
from rulka_analysis.pages.explore.decoding import KeptSeries, read_index, read_series
from rulka_analysis.pages.explore.still import draw_view
from rulka_analysis.pages.explore.view import View
from rulka_analysis.pages.figures import Figure
from rulka_analysis.pages.results import encode
from rulka_analysis.values.quantities import Sentence
from tests.pages.explore.planted import CLOCKS, GROUPS, HOSTILE, made, series


def index_of(data: Explore) -> dict[str, Any]:
    return read_index(index_script(data, [(f"{i}?1", None) for i, _ in enumerate(data.metrics)]))


def drawn(view: View, data: Explore | None = None, link: str = "") -> Figure | Sentence:
    shown = data or made(events=120)

    def read(name: str) -> Mapping[int, KeptSeries]:
        return read_series(metric_scripts(shown, shown.metrics[int(name)])[0])

    return draw_view(view, index_of(shown), read, link)


def figure(view: View, data: Explore | None = None) -> Figure:
    found = drawn(view, data)
    assert isinstance(found, Figure)
    return found


@pytest.mark.parametrize(("tag", "events"), [("times", 300), ("odd", 300), ("long", 6000)])
def test_what_was_written_is_read_back(tag: str, events: int) -> None:
    data = made(events=300, many=6000)
    metric = next(metric for metric in data.metrics if metric.tag == tag)
    short, _ = metric_scripts(data, metric)
    for number, logged in enumerate(series(tag, events)):
        kept = read_series(short)[number]
        assert kept.events == events
        at = np.searchsorted(logged.steps, kept.steps)
        assert np.array_equal(logged.steps[at], kept.steps)
        assert np.array_equal(logged.values[at], kept.values, equal_nan=True)
        assert np.array_equal(logged.file_of[at], kept.file_of)
        assert kept.files == logged.files
        for clock, places, end in zip(CLOCKS, kept.places, kept.ends, strict=True):
            known = logged.positions.get(clock.key)
            if known is None:
                assert np.isnan(places).all()
                assert end is None
            else:
                # Of long series places are rounded to what can be seen; steps never.
                coarse = clock.key != "steps" and tag == "long"
                near = known[-1] / 2000 if coarse else 1e-9
                assert places == pytest.approx(known[at], abs=near)
                assert end == logged.ends[clock.key]
        assert len(kept.buckets) == (0 if len(kept.values) == events else len(kept.counts))


def test_words_state_what_is_to_be_seen_and_the_numbers_are_those_of_the_log() -> None:
    shown = figure(View("below", "steps", True, groups=("512 · 512×",)))
    logged = next(one for one in series("below", 120) if one.run == "run_7")
    end = f"{int(logged.positions['steps'][-1]):,} steps"
    best = f"{logged.values.max():.4g}"
    assert re.fullmatch(
        r"Line chart of Below zero by steps, 1 line\. 512 · 512× \(run_7\) rises from \S+ at \S+ "
        rf"steps to {re.escape(best)}; its data end at {end}\.",
        shown.alt,
    )
    assert list(shown.table.rows.values()) == [["512 · 512×", "run_7", best, end]]
    assert (
        encode("view", shown).data["view"][0]
        == "#x=steps&m=below&y=best&g=512%20%C2%B7%20512%C3%97"
    )


def test_replicates_are_a_mean_and_a_band_that_is_explained() -> None:
    shown = figure(View("times"))
    assert (
        "the band reaches from the lowest to the highest"
        in encode("v", shown).data["caption"]["parts"][0]
    )
    assert "Tries that were not finished are left out." in str(shown.caption)
    assert ["2,048 · 160×", "3 runs"] in [row[:2] for row in shown.table.rows.values()]
    alone = figure(View("times", groups=("no steps",)))
    assert "band" not in str(alone.caption)


def test_members_and_the_cursor_are_shown() -> None:
    shown = figure(View("times", members=("seed_2",), groups=("seed_1",), cursor=4.0))
    assert [row[1] for row in shown.table.rows.values()] == ["3 runs", "seed_2"]
    assert list(shown.table.columns.values())[-1] == "At 4 min"


def test_a_clock_that_a_run_lacks_is_exchanged_as_on_the_page() -> None:
    assert "by minutes" in str(figure(View("times", "steps")).caption)
    assert "by steps" in str(figure(View("times", "steps", groups=("run_7",))).caption)


@pytest.mark.parametrize(
    ("view", "said"),
    [
        (View("nobody logs this"), "nobody logs this: not in these logs."),
        (View("times", groups=("nobody",)), "Time on one: nothing of what is asked for"),
    ],
)
def test_what_is_not_there_is_said(view: View, said: str) -> None:
    found = drawn(view)
    assert isinstance(found, Sentence)
    assert str(found).startswith(said)


@pytest.mark.parametrize(
    "view",
    [
        View("odd"),
        View("times", best=False, log=True, unfinished=True),
        View("below", log=True),
        View("long", best=False, smooth=5, zoom=(10, 20)),
        View(f"tag {HOSTILE}"),
    ],
)
def test_every_kind_of_view_is_drawn_and_names_are_text(view: View) -> None:
    shown = figure(view, made(events=120, many=2000))
    assert shown.phone is not None
    for picture in (shown.picture, shown.phone):
        assert "<img" not in picture.svg
    assert shown.alt.isprintable()
    assert shown == figure(view, made(events=120, many=2000))


def test_hundreds_of_lines_are_named_as_far_as_there_is_room() -> None:
    few = made(events=20)
    runs = [f"run_{i}" for i in range(60)]

    def read() -> list[Any]:
        return [replace(series("below", 20)[0], run=run) for run in runs]

    groups = tuple(ExploreGroup(run, (run,)) for run in runs)
    many = Explore("many", groups, few.clocks, (ExploreMetric("below", "below", read),))
    shown = figure(View("below"), many)
    assert shown.alt.endswith("48 more lines are drawn.")
    assert len(shown.table.rows) == 60


def test_labels_of_one_name_are_told_apart_as_on_the_page() -> None:
    from rulka_analysis.pages.explore.still import labels_of

    index = {"groups": [["a", "", [0]], ["b", "", [1]], ["a", "", [2]]]}
    assert labels_of(index) == ("a", "b", "a~2")
    assert len(labels_of(index_of(made()))) == len(GROUPS)
