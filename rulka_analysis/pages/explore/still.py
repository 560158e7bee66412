"""A view of the Explore page as a static figure: for print, and where no script runs.

It is drawn of the very scripts that the page shows, so the two cannot say different things.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.logs.clocks import Clock
from rulka_analysis.pages.charts import Chart, Drawn, picture
from rulka_analysis.pages.explore.decoding import KeptSeries
from rulka_analysis.pages.explore.lines import DrawnLine, LineLook, extent_of, line_of, mean_of
from rulka_analysis.pages.explore.view import View
from rulka_analysis.pages.palette import Role
from rulka_analysis.pages.results import Figure
from rulka_analysis.pages.sheets import PHONE, WIDE
from rulka_analysis.values.quantities import Sentence, format_number
from rulka_analysis.values.tables import Table
from rulka_analysis.values.text import amount, printable

# As many lines are put into words.
MOST_TOLD = 12
# Groups without a role, by their place: as the page colours the first ones, and others grey.
_OF_PLACE: tuple[Role, ...] = ("winner", "baseline", "fourth", "other")


@dataclass(frozen=True)
class _Shown:
    """A line with the words that go with it."""

    label: str
    run: str
    role: Role
    line: DrawnLine
    of: int = 1

    @property
    def finite(self) -> NDArray[np.float64]:
        """Its values but those that are no number."""
        return self.line.y[np.isfinite(self.line.y)]

    @property
    def last(self) -> float:
        return float(self.finite[-1])


def labels_of(index: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what links call the groups: labels, with a number where one stands again."""
    seen: dict[str, int] = {}
    found = []
    for label, _, _ in index["groups"]:
        seen[label] = seen.get(label, 0) + 1
        found.append(label if seen[label] == 1 else f"{label}~{seen[label]}")
    return tuple(found)


def draw_view(
    view: View,
    index: Mapping[str, Any],
    read: Callable[[str], Mapping[int, KeptSeries]],
    link: str = "",
) -> Figure | Sentence:
    """Draw what a view shows; where there is nothing of it, a sentence says so.

    `link` is the view as it was written.
    """
    place = next((m for m, one in enumerate(index["metrics"]) if one["tag"] == view.tag), None)
    if place is None:
        return Sentence("{tag}: not in these logs.", {"tag": printable(view.tag)})
    metric = index["metrics"][place]
    title = _capital(metric["title"])
    series = read(metric["file"].partition("?")[0])
    chosen = _chosen(view, index)
    runs = {run for group in chosen for run in index["groups"][group][2]} & series.keys()
    runs |= {index["runs"].index(name) for name in view.members if name in index["runs"]}
    clock = _usable_clock(view.clock, index, [series[run] for run in runs if run in series])
    best = metric["best"] if view.best is None else view.best and metric["better"] != "neither"
    low, high = extent_of(list(series.values()), clock)
    width = 0.0 if best else view.smooth / 100 * (high - low)
    look = LineLook(metric, clock, best, width, view.unfinished)
    shown = [one for one in _lines(view, chosen, index, series, look) if len(one.finite)]
    if not shown:
        return Sentence("{title}: nothing of what is asked for is in these logs.", {"title": title})
    sheet = _Sheet(view, metric, index["clocks"][clock], look, shown)
    chart = sheet.chart(title)
    return Figure(
        picture=picture(chart, WIDE),
        phone=picture(chart, PHONE),
        caption=sheet.caption(title, index["episodes"]),
        alt=sheet.alternative_text(title),
        table=sheet.table(),
        view=(link or view.fragment, ""),
    )


def _chosen(view: View, index: Mapping[str, Any]) -> list[int]:
    """Return the places of the groups shown: a group goes by its label, or by one of its runs."""
    labels = labels_of(index)
    if view.groups is None:
        return list(range(len(labels)))
    found = set()
    for name in view.groups:
        if name in labels:
            found.add(labels.index(name))
        elif name in index["runs"]:
            run = index["runs"].index(name)
            found |= {g for g, group in enumerate(index["groups"]) if run in group[2]}
    return sorted(found)


def _usable_clock(key: str, index: Mapping[str, Any], series: Sequence[KeptSeries]) -> int:
    """Return the clock asked for; the first that all have, where some run lacks it."""
    order = sorted(range(len(index["clocks"])), key=lambda c: index["clocks"][c]["key"] != key)
    usable = [c for c in order if all(not np.isnan(one.places[c]).all() for one in series)]
    return (usable or order)[0]


def _lines(
    view: View,
    chosen: Sequence[int],
    index: Mapping[str, Any],
    series: Mapping[int, KeptSeries],
    look: LineLook,
) -> list[_Shown]:
    found = []
    for place, (label, role, runs) in enumerate(index["groups"]):
        its_role: Role = role or _OF_PLACE[min(place, len(_OF_PLACE) - 1)]
        there = [
            (run, series[run], line)
            for run in runs
            if run in series and (line := line_of(series[run], look)) is not None
        ]
        if place in chosen and len(runs) == 1:
            found += [_Shown(label, index["runs"][run], its_role, line) for run, _, line in there]
        elif place in chosen and (mean := mean_of([(s, li) for _, s, li in there], look)):
            line, number = mean
            found.append(_Shown(label, f"{number} runs", its_role, line, number))
        if len(runs) > 1:
            found += [
                _Shown(label, index["runs"][run], "other", line)
                for run, _, line in there
                if index["runs"][run] in view.members
            ]
    return found


@dataclass(frozen=True)
class _Sheet:
    """Everything that is drawn and said of a view."""

    view: View
    metric: Mapping[str, Any]
    clock: Mapping[str, Any]
    look: LineLook
    shown: Sequence[_Shown]

    def chart(self, title: str) -> Chart:
        reached = max(max(float(one.line.x[-1]), one.line.end) for one in self.shown)
        scale = next((size for size in (1e6, 1e3) if reached >= 2 * size), 1.0)
        key, name, unit = (self.clock[field] for field in ("key", "name", "unit"))
        zoom = self.view.zoom
        return Chart(
            title=printable(title),
            lines=tuple(self._line(one, scale) for one in self.shown),
            clock=Clock(key, name, unit, 1.0, scale=scale),
            stepped=self.look.best,
            upwards=self.metric["better"] == "higher",
            value_head=self.metric["unit"] or "value",
            log=self._logarithmic,
            span=None if zoom is None else (zoom[0] / scale, zoom[1] / scale),
            cursor=None if self.view.cursor is None else self.view.cursor / scale,
            cut=self._cuts,
        )

    def _line(self, one: _Shown, scale: float) -> Drawn:
        line = one.line
        x, y, low, high = line.x, line.y, line.low, line.high
        if self.look.best:
            # A best holds until a better one comes; it ends where knowledge of the run ends.
            x = np.append(x, line.end)
            y, low, high = (_held(values) for values in (y, low, high))
        members = () if line.faint is None else ((line.faint[0] / scale, line.faint[1]),)
        label = one.run if one.role == "other" and one.run in self.view.members else one.label
        return Drawn(
            label, one.role, x / scale, y, self._number(one.last), members=members, low=low,
            high=high,
        )  # fmt: skip

    @property
    def _logarithmic(self) -> bool:
        return self.view.log and not any((one.line.y <= 0).any() for one in self.shown)

    @property
    def _cuts(self) -> bool:
        """Whether the axis may be cut: a start far above the rest would squash it."""
        limited = self.metric["cutoff"] is not None and self.metric["better"] == "lower"
        return limited and not self.view.unfinished

    def _number(self, value: float) -> str:
        digits = self.metric["digits"]
        if not math.isfinite(value):
            return "no number"
        return format_number(value, digits) if digits >= 0 else f"{value:.4g}"

    def _value(self, value: float) -> str:
        return f"{self._number(value)} {self.metric['unit']}".strip()

    def _place(self, place: float) -> str:
        return f"{format_number(place, self.clock['digits'])} {self.clock['unit']}"

    def caption(self, title: str, episodes: str) -> Sentence:
        how = "best so far" if self.look.best else "as logged"
        if self.look.width:
            how = f"mean of the last {self._place(self.look.width)}"
        text = f"{title}, {how}, by {self.clock['name']}."
        if any(one.of > 1 for one in self.shown):
            text += " A group of several runs is their mean; the band reaches from the lowest to"
            text += " the highest of them."
        unfinished = sum(one.line.unfinished for one in self.shown)
        if unfinished and not self.view.unfinished:
            text += f" {episodes.capitalize()} that were not finished are left out."
        return Sentence("{text}", {"text": printable(text)})

    def alternative_text(self, title: str) -> str:
        """State what is to be seen: how each line goes."""
        said = [
            f"Line chart of {title} by {self.clock['name']}, {amount(len(self.shown), 'line')}."
        ]
        for one in sorted(self.shown, key=lambda one: one.role == "other")[:MOST_TOLD]:
            first, last = float(one.finite[0]), one.last
            name = f"{one.label} ({one.run})" if one.label != one.run else one.run
            start, end = self._place(float(one.line.x[0])), self._place(one.line.end)
            if first == last:
                said.append(f"{name} is {self._value(last)} from {start} to {end}.")
            else:
                word = "falls" if last < first else "rises"
                said.append(
                    f"{name} {word} from {self._value(first)} at {start} to {self._value(last)}; "
                    f"its data end at {end}."
                )
        if len(self.shown) > MOST_TOLD:
            said.append(f"{len(self.shown) - MOST_TOLD:,} more lines are drawn.")
        return printable(" ".join(said))

    def table(self) -> Table:
        columns = {"group": "Group", "run": "Run", "last": "At its end", "until": "Data end at"}
        if self.view.cursor is not None:
            columns["cursor"] = f"At {self._place(self.view.cursor)}"
        rows = {}
        for number, one in enumerate(self.shown):
            cells = [one.label, one.run, self._value(one.last), self._place(one.line.end)]
            if self.view.cursor is not None:
                at = int(np.searchsorted(one.line.x, self.view.cursor, side="right")) - 1
                known = at >= 0 and self.view.cursor <= one.line.end
                cells.append(self._value(float(one.line.y[at])) if known else "not known")
            rows[str(number)] = [printable(cell) for cell in cells]
        return Table(columns, rows, f"{_capital(self.metric['title'])}, line by line.")


def _held(values: NDArray[np.float64] | None) -> Any:
    """Return values with the last one once more, where they end."""
    return None if values is None else np.append(values, values[-1:])


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
