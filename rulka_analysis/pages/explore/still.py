"""A view of the Explore page as a static figure: for print, and where no script runs.

It is drawn of the very scripts that the page shows, so the two cannot say different things.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.pages.drawing import COLOURS, GROUND, HEIGHT, WIDTH, as_svg, in_the_dark
from rulka_analysis.pages.explore.decoding import KeptSeries
from rulka_analysis.pages.explore.lines import DrawnLine, Reading, extent_of, line_of, mean_of
from rulka_analysis.pages.explore.view import View
from rulka_analysis.pages.figures import Figure
from rulka_analysis.values.quantities import Sentence, format_number
from rulka_analysis.values.tables import Table
from rulka_analysis.values.text import amount, printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Names beside the axes, a line each: as many as there is room for.
MOST_NAMES = 12
# Characters of a name and a value; the axes take this share of the figure's width.
_BESIDE = 33
_AXES_WIDTH = 0.5
_OF_ROLE: dict[str, tuple[str, Any, float]] = {
    "winner": (COLOURS["light"][2], "-", 2.4),
    "baseline": (COLOURS["light"][0], (0, (5, 2)), 2.4),
    "third": (GROUND["light"]["ink"], (0, (1.5, 1.5)), 2.0),
    "other": (GROUND["light"]["faint"], "-", 1.0),
}
_OF_PLACE: tuple[tuple[str, Any, float], ...] = tuple(
    (COLOURS["light"][colour], dash, 1.7)
    for colour, dash in zip(
        (2, 0, 1, 3, 4, 6),
        ("-", (0, (5, 2)), (0, (6, 2, 1.5, 2)), (0, (1.5, 1.5)), (0, (8, 2)), (0, (3, 1, 1, 1))),
        strict=True,
    )
)
# Groups with neither a role nor a place in the palette are grey, as on the page.
_OF_PLACE += (_OF_ROLE["other"],)


@dataclass(frozen=True)
class _Shown:
    """A line with the words that go with it."""

    label: str
    run: str
    look: tuple[str, Any, float]
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

    Parameters
    ----------
    view : View
    index : mapping
        What there is; see `decoding.read_index`.
    read : callable
        Returns the series of a metric by the name of its file.
    link : str
        The view as it was written; as it would be written by default.
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
    reading = Reading(metric, clock, best, width, view.unfinished)
    shown = [one for one in _lines(view, chosen, index, series, reading) if len(one.finite)]
    if not shown:
        return Sentence("{title}: nothing of what is asked for is in these logs.", {"title": title})
    sheet = _Sheet(view, metric, index["clocks"][clock], reading, shown)
    light = as_svg(sheet.draw, HEIGHT)
    return Figure(
        light=light,
        dark=in_the_dark(light),
        width=round(WIDTH * 96),
        height=round(HEIGHT * 96),
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
    reading: Reading,
) -> list[_Shown]:
    found = []
    for place, (label, role, runs) in enumerate(index["groups"]):
        look = _OF_ROLE[role] if role else _OF_PLACE[min(place, len(_OF_PLACE) - 1)]
        there = [
            (run, series[run], line)
            for run in runs
            if run in series and (line := line_of(series[run], reading)) is not None
        ]
        if place in chosen and len(runs) == 1:
            found += [_Shown(label, index["runs"][run], look, line) for run, _, line in there]
        elif place in chosen and (mean := mean_of([(s, li) for _, s, li in there], reading)):
            line, number = mean
            found.append(_Shown(label, f"{number} runs", look, line, number))
        if len(runs) > 1:
            thin = (look[0], look[1], 0.9)
            found += [
                _Shown(label, index["runs"][run], thin, line)
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
    reading: Reading
    shown: Sequence[_Shown]

    def draw(self, axes: Axes) -> None:
        box = axes.get_position()
        axes.set_position((box.x0, box.y0, _AXES_WIDTH, box.height))
        # The boldest last: it lies on top.
        for one in sorted(self.shown, key=lambda one: one.look[2]):
            self._draw_line(axes, one)
        left, right = self._across()
        axes.set_xlim(left, right)
        bottom, top = self._range(left, right)
        if self._logarithmic:
            axes.set_yscale("log")
        axes.set_ylim(bottom, top)
        axes.set_xlabel(_capital(self.clock["name"]))
        unit = f" ({self.metric['unit']})" if self.metric["unit"] else ""
        axes.set_title(printable(_capital(self.metric["title"])) + unit, loc="left", pad=16)
        if self.view.cursor is not None:
            axes.axvline(self.view.cursor, color=GROUND["light"]["faint"], lw=1, ls=(0, (2, 2)))
        self._name_lines(axes, bottom, top)

    def _draw_line(self, axes: Axes, one: _Shown) -> None:
        colour, dash, width = one.look
        line = one.line
        look: dict[str, Any] = {"color": colour, "linestyle": dash, "linewidth": width}
        if line.low is not None and line.high is not None:
            step: Literal["post"] | None = "post" if self.reading.best else None
            band: dict[str, Any] = {"color": colour, "alpha": 0.18, "linewidth": 0}
            axes.fill_between(line.x, line.low, line.high, step=step, **band)
        if line.faint is not None:
            axes.plot(*line.faint, color=colour, alpha=0.3, linewidth=0.7)
        if self.reading.best:
            # A best holds until a better one comes; it ends where knowledge of the run ends.
            x, y = np.append(line.x, line.end), np.append(line.y, line.y[-1])
            axes.step(x, y, where="post", **look)
            axes.plot([line.end], [line.y[-1]], "o", ms=4, color=colour)
        else:
            axes.plot(line.x, line.y, **look)

    def _across(self) -> tuple[float, float]:
        if self.view.zoom is not None:
            return self.view.zoom
        low = min(0.0, *(float(one.line.x[0]) for one in self.shown))
        high = max(max(float(one.line.x[-1]), one.line.end) for one in self.shown)
        return low, high if high > low else low + 1.0

    @property
    def _logarithmic(self) -> bool:
        return self.view.log and not any((one.line.y <= 0).any() for one in self.shown)

    @property
    def _cuts(self) -> bool:
        """Whether the axis may be cut: a start far above the rest would squash it."""
        limited = self.metric["cutoff"] is not None and self.metric["better"] == "lower"
        return limited and not self.view.unfinished

    def _range(self, left: float, right: float) -> tuple[float, float]:
        """Return the range of values shown, by the rule of the page (``static/view.js``)."""
        low, high, usual = math.inf, -math.inf, -math.inf
        for one in self.shown:
            line = one.line
            first = max(int(np.searchsorted(line.x, left, side="right")) - 1, 0)
            last = int(np.searchsorted(line.x, right, side="right"))
            x = line.x[first:last]
            for values in (line.y, line.low, line.high):
                if values is None:
                    continue
                y = values[first:last]
                y = y[np.isfinite(y) & ((y > 0) | (not self._logarithmic))]
                if len(y):
                    low, high = min(low, float(y.min())), max(high, float(y.max()))
            finite = np.isfinite(line.y[first:last])
            if self._cuts and finite.any():
                weights = np.ones(len(x))
                if self.reading.best:
                    until = np.minimum(np.append(x[1:], line.end), right)
                    weights = np.maximum(until - np.maximum(x, left), 0.0)
                share = 0.93 if self.reading.best else 0.98
                usual = max(usual, _weighted(line.y[first:last][finite], weights[finite], share))
        if not low <= high:
            return (1.0, 10.0) if self._logarithmic else (0.0, 1.0)
        if self._cuts and usual > low and high - low > 2 * (usual - low):
            high = usual
        if self._logarithmic:
            ratio = max(high / low, 1.05) ** 0.04
            return low / ratio, high * ratio
        pad = (high - low) * 0.05 or abs(high) * 0.05 or 1.0
        return (0.0 if low >= 0 > low - pad else low - pad), high + pad

    def _name_lines(self, axes: Axes, bottom: float, top: float) -> None:
        """Name the lines beside the axes, each at the height of its last value if there is room."""
        order = sorted(self.shown, key=lambda one: -one.look[2])
        named = order[: MOST_NAMES if len(order) <= MOST_NAMES else MOST_NAMES - 1]
        scale = np.log if self._logarithmic else np.asarray
        low, high = float(scale(bottom)), float(scale(top))
        wanted = sorted(
            (float(np.clip((float(scale(one.last)) - low) / (high - low), 0.02, 0.98)), number)
            for number, one in enumerate(named)
        )
        heights = _apart([height for height, _ in wanted], 0.078)
        for height, (_, number) in zip(heights, wanted, strict=True):
            one = named[number]
            axes.text(
                1.03, height, self._name(one),
                transform=axes.transAxes, color=one.look[0], va="center", fontsize=8,
                fontweight="bold" if one.look[2] > 2 else "normal",
            )  # fmt: skip
        if len(named) < len(order):
            axes.text(
                1.03, -0.1, f"and {len(order) - len(named):,} more", transform=axes.transAxes,
                color=GROUND["light"]["faint"], va="center", fontsize=8.5,
            )  # fmt: skip

    def _name(self, one: _Shown) -> str:
        value = self._value(one.last)
        return f"{shorten(printable(one.label), _BESIDE - len(value) - 2)}  {value}"

    def _value(self, value: float) -> str:
        if not math.isfinite(value):
            return "no number"
        digits = self.metric["digits"]
        shown = format_number(value, digits) if digits >= 0 else f"{value:.4g}"
        return f"{shown} {self.metric['unit']}".strip()

    def _place(self, place: float) -> str:
        return f"{format_number(place, self.clock['digits'])} {self.clock['unit']}"

    def caption(self, title: str, episodes: str) -> Sentence:
        how = "best so far" if self.reading.best else "as logged"
        if self.reading.width:
            how = f"mean of the last {self._place(self.reading.width)}"
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
        for one in sorted(self.shown, key=lambda one: -one.look[2])[:MOST_NAMES]:
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
        if len(self.shown) > MOST_NAMES:
            said.append(f"{len(self.shown) - MOST_NAMES:,} more lines are drawn.")
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


def _weighted(values: NDArray[np.float64], weights: NDArray[np.float64], share: float) -> float:
    """Return the value that a share of the weight lies at or below."""
    order = np.argsort(values, kind="stable")
    sums = np.cumsum(weights[order])
    at = min(int(np.searchsorted(sums, share * sums[-1])), len(values) - 1)
    return float(values[order][at])


def _apart(heights: Sequence[float], gap: float) -> list[float]:
    """Move heights, which ascend, apart so that no two are closer than a gap.

    Examples
    --------
    >>> [round(height, 2) for height in _apart([0.5, 0.51, 0.98], 0.1)]
    [0.5, 0.6, 0.98]
    """
    placed: list[float] = []
    for height in heights:
        placed.append(max(height, placed[-1] + gap) if placed else height)
    most = 0.98
    for number in range(len(placed) - 1, -1, -1):
        placed[number] = min(placed[number], most)
        most = placed[number] - gap
    return placed


def shorten(text: str, most: int) -> str:
    """Leave out the middle of a text that is too long: what tells apart stands at its ends.

    Examples
    --------
    >>> shorten("512 · 512× · 4 collectors", 17), shorten("seed 1", 17)
    ('512 · 51…llectors', 'seed 1')
    """
    if len(text) <= most:
        return text
    head = (most - 1) // 2
    return f"{text[:head]}…{text[len(text) - (most - 1 - head) :]}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
