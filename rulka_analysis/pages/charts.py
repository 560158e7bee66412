"""Groups as lines on axes of one metric and one clock, named at their ends.

Everything is data: what is drawn follows from a `Chart` and the size of the picture alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.logs.clocks import Clock
from rulka_analysis.pages.palette import LOOKS, Role
from rulka_analysis.pages.sheets import (
    LABEL,
    PHONE,
    SMALL,
    WIDE,
    Picture,
    Sheet,
    fitted,
    line_style,
    spread,
    width_of,
)
from rulka_analysis.values.quantities import format_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
Points = tuple[Floats, Floats]

# A chart that stands alone has the room of two.
ALONE = 800
# Of a picture; its labels' column may be as wide. A row of labels takes as much.
HEIGHTS = {WIDE: 252, PHONE: 270, ALONE: 270}
_BESIDE = {WIDE: 196, PHONE: 178, ALONE: 330}
_ROW = 17
_GAP = 9
# From the plot to the labels' column.
_LEADER = {WIDE: 22, PHONE: 16, ALONE: 22}
# What is higher than the axis is seen to go on.
_OVER = 3
# Drawn first, and so on.
_ORDER: tuple[Role, ...] = ("other", "fourth", "third", "baseline", "winner")


@dataclass(frozen=True, eq=False)
class Drawn:
    """A group, or a run, as a line.

    Parameters
    ----------
    label : str
        What it is called.
    role : {"winner", "baseline", "third", "fourth", "other"}
        How it is drawn.
    x, y : arrays of shape (n,)
        Places on the clock and values, in units of the axes; NaN where there is none.
    value, until : str
        What is said beside its end: the value there, and where that is.
    members : tuple of pair of arrays
        The runs that it is the mean of, thin.
    low, high : arrays of shape (n,), or None
        The band.
    lone : pair of arrays or None
        Single values after the end, to which no line leads.
    """

    label: str
    role: Role
    x: Floats
    y: Floats
    value: str = ""
    until: str = ""
    members: tuple[Points, ...] = ()
    low: Floats | None = None
    high: Floats | None = None
    lone: Points | None = None

    @property
    def known(self) -> bool:
        return bool(np.isfinite(self.y).any())

    @property
    def end(self) -> tuple[float, float]:
        """The last point."""
        at = int(np.flatnonzero(np.isfinite(self.y))[-1])
        return float(self.x[at]), float(self.y[at])


@dataclass(frozen=True, eq=False)
class Chart:
    """What is drawn; see `picture`.

    Parameters
    ----------
    title, behind : str
        What stands above; in a lighter way behind it.
    lines : tuple of Drawn
        Those without a value are left out.
    clock : Clock
        What `x` is counted on, divided by its scale.
    stepped : bool
        A value holds until the next.
    upwards : bool
        Higher is better.
    value_head, until_head : str
        Above the values and places beside the ends of the lines; without, there is no such column.
    log : bool
        A logarithmic scale.
    span : pair of float or None
        Which stretch of the clock.
    cursor : float or None
        A place that is marked.
    named : tuple of str
        Roles of the lines that are named; all by default.
    cut : bool
        The axis may leave out values that would squash what matters.
    """

    title: str
    lines: tuple[Drawn, ...]
    clock: Clock
    behind: str = ""
    stepped: bool = False
    upwards: bool = False
    value_head: str = ""
    until_head: str = ""
    log: bool = False
    span: tuple[float, float] | None = None
    cursor: float | None = None
    named: tuple[Role, ...] = ()
    cut: bool = True


@dataclass(frozen=True)
class Scale:
    """An axis of values.

    Parameters
    ----------
    low, high : float
        Its ends.
    ticks : tuple of float
    step : float
        Of which its ends are multiples.
    beyond : int
        Values that it leaves out.
    """

    low: float
    high: float
    ticks: tuple[float, ...]
    step: float = 1.0
    beyond: int = 0

    @property
    def said(self) -> str:
        """Say that it is cut, if it is."""
        low, high = (tick_text(value, self.step) for value in (self.low, self.high))
        if self.beyond:
            return f"axis {low} to {high}"
        if self.low > 0:
            return f"axis from {low}"
        return f"axis up to {high}" if self.high < 0 else ""

    def label(self, tick: float) -> str:
        """Return what stands beside a tick: all with the same decimals."""
        return tick_text(tick, self.ticks[1] - self.ticks[0] if len(self.ticks) > 1 else 1.0)


def draw(chart: Chart, *, alone: bool = False) -> tuple[Picture, Picture]:
    """Return the pictures of a chart for a page and for a phone."""
    return picture(chart, ALONE if alone else WIDE), picture(chart, PHONE)


def picture(chart: Chart, width: int, height: int | None = None) -> Picture:
    """Draw a chart."""
    height = height or HEIGHTS.get(width, HEIGHTS[WIDE])
    lines = sorted((line for line in chart.lines if line.known), key=_rank)
    scale = scale_of(chart)
    sheet = Sheet(width, height)
    behind = " · ".join(part for part in (chart.behind, scale.said) if part)
    top = sheet.title(chart.title, behind) + (24 if chart.value_head else 10)
    bottom = height - 27
    beside = _Beside.of(chart, lines, width, int((bottom - top) // _ROW) + 1)
    left = max(width_of(scale.label(tick)) for tick in scale.ticks) + 8
    right = width - beside.width - (_LEADER.get(width, 22) if beside.width else 14)
    axes = sheet.plot(left, top - _OVER, right, bottom + _OVER)
    span = chart.span or _span(lines)
    axes.set_xlim(*span)
    _set_range(axes, scale, _OVER / (bottom - top), log=chart.log)
    for tick in scale.ticks:
        _, y = sheet.placed(axes, span[0], tick)
        sheet.line([(left, y), (right, y)], "grid", below=True)
        sheet.text(left - 8, y, scale.label(tick), anchor="end")
    _draw_places(sheet, axes, chart.clock, span, bottom)
    if chart.cursor is not None:
        x, _ = sheet.placed(axes, chart.cursor, scale.high)
        sheet.line([(x, top), (x, bottom)], "muted", 1, (2, 2))
    for line in lines:
        _draw_line(axes, line, chart)
    ends = {}
    for line in lines:
        x, y = sheet.placed(axes, *line.end)
        if left <= x <= right + 1:
            ends[id(line.y)] = (x, min(max(y, top - _OVER), bottom + _OVER))
            if top - _OVER <= y <= bottom + _OVER:
                sheet.dot(x, y, LOOKS[line.role].colour, 3 if line.role == "other" else 4.6)
        for lone in zip(*line.lone, strict=True) if line.lone else ():
            sheet.dot(*sheet.placed(axes, *lone), LOOKS[line.role].colour, 4, hollow=True)
    beside.draw(sheet, ends, right, (top, bottom))
    return sheet.picture()


def _rank(line: Drawn) -> int:
    return _ORDER.index(line.role)


def _draw_line(axes: Axes, line: Drawn, chart: Chart) -> None:
    look = LOOKS[line.role]
    step = "steps-post" if chart.stepped else "default"
    if line.low is not None and line.high is not None:
        axes.fill_between(
            line.x, line.low, line.high, step="post" if chart.stepped else None,
            alpha=0.18, lw=0, color=line_style(look.colour, 1)["color"],
        )  # fmt: skip
    for x, y in line.members:
        axes.plot(x, y, drawstyle=step, alpha=0.5, **line_style(look.colour, 1))
    axes.plot(line.x, line.y, drawstyle=step, **line_style(look.colour, look.width, look.dash))


def _draw_places(
    sheet: Sheet, axes: Axes, clock: Clock, span: tuple[float, float], bottom: float
) -> None:
    """Write places on the clock below the plot, the last one with its unit."""
    room, _ = sheet.placed(axes, span[1], 0)
    begin, _ = sheet.placed(axes, span[0], 0)
    for most in (4, 3, 2, 1):
        ticks = nice(*span, most)
        step = ticks[1] - ticks[0] if len(ticks) > 1 else 1.0
        words = [tick_text(tick, step) for tick in ticks]
        words[-1] += f" {unit_of(clock)}"
        places = [begin + (tick - span[0]) / (span[1] - span[0]) * (room - begin) for tick in ticks]
        halves = [width_of(word) / 2 for word in words]
        if all(
            places[n] + halves[n] + 8 <= places[n + 1] - halves[n + 1]
            for n in range(len(ticks) - 1)
        ):
            break
    else:  # None fits beside another: where the plot ends is what matters.
        words, places = words[-1:], places[-1:]
    for word, place in zip(words, places, strict=True):
        sheet.text(place, bottom + 16, word, anchor="middle")


def unit_of(clock: Clock) -> str:
    """Return the unit of an axis, whose places are divided by the clock's scale.

    Examples
    --------
    >>> from rulka_analysis.logs.clocks import MINUTES, STEPS
    >>> unit_of(MINUTES), unit_of(STEPS)
    ('min', 'k steps')
    """
    return f"{scaled_by(clock)} {clock.unit}".strip()


def scaled_by(clock: Clock) -> str:
    """Return the letter of what an axis of a clock is divided by."""
    return {1e3: "k", 1e6: "M", 1e9: "G"}.get(clock.scale, "")


@dataclass(frozen=True, eq=False)
class _Beside:
    """The labels beside a plot, in columns."""

    lines: tuple[Drawn, ...]
    more: int
    heads: tuple[str, str]
    widths: tuple[float, float, float]

    @property
    def width(self) -> float:
        shown = [width for width in self.widths if width]
        return sum(shown) + _GAP * (len(shown) - 1) if shown else 0.0

    @classmethod
    def of(cls, chart: Chart, lines: Sequence[Drawn], width: int, most: int) -> _Beside:
        better = -1 if chart.upwards else 1
        named = [line for line in lines if not chart.named or line.role in chart.named]
        if not named and not chart.value_head:
            return cls((), 0, ("", ""), (0.0, 0.0, 0.0))
        order = sorted(named, key=lambda line: (line.role == "other", better * line.end[1]))
        shown = order if len(order) <= most else order[: most - 1]
        numbers = [line.value for line in shown if chart.value_head]
        values = _widest(numbers, chart.value_head)
        ends = [line.until for line in shown if chart.until_head]
        until = _widest(ends, chart.until_head)
        taken = sum(column + _GAP for column in (values, until) if column)
        # Beside a small plot names have less room than the plot.
        room = _BESIDE.get(width, min(_BESIDE[WIDE], 0.45 * width)) - taken
        if _widest([line.label for line in shown], "") > room:
            apart = told_apart([line.label for line in shown])
            shown = [replace(line, label=label) for line, label in zip(shown, apart, strict=True)]
        names = _widest([line.label for line in shown], "")
        heads = (chart.value_head, chart.until_head)
        return cls(tuple(shown), len(order) - len(shown), heads, (min(names, room), values, until))

    def draw(
        self,
        sheet: Sheet,
        ends: Mapping[int, tuple[float, float]],
        right: float,
        within: tuple[float, float],
    ) -> None:
        there = [line for line in self.lines if id(line.y) in ends]
        lines = sorted(there, key=lambda line: ends[id(line.y)][1])
        places = spread([ends[id(line.y)][1] for line in lines], _ROW, *within)
        begin = sheet.width - self.width
        edges = [begin + self.widths[0]]
        for column in self.widths[1:]:
            edges.append(edges[-1] + (column + _GAP if column else 0))
        for head, edge in zip(self.heads, edges[1:], strict=True):
            if head:
                sheet.text(edge, within[0] - 14, head, anchor="end")
        for line, y in zip(lines, places, strict=True):
            x, at = ends[id(line.y)]
            points = [(x + 6, at), (right + 2, at), (begin - 5, y)]
            sheet.line(points, "other", 1, (1, 3), below=True)
            look = LOOKS[line.role]
            own: dict[str, Any] = (
                {"colour": look.colour, "bold": True} if line.role != "other" else {}
            )
            bold = bool(own)
            label = fitted(line.label, self.widths[0], LABEL, bold=bold)
            sheet.text(begin, y, label, size=LABEL, **own)
            columns = zip((line.value, line.until), edges[1:], self.widths[1:], strict=True)
            for words, edge, column in columns:
                if column:
                    sheet.text(edge, y, words, size=LABEL, anchor="end", **own)
        if self.more:
            sheet.text(sheet.width, within[1] + 16, f"and {self.more:,} more", anchor="end")


def told_apart(labels: Sequence[str]) -> list[str]:
    """Return labels without the words that all of them begin with.

    Examples
    --------
    >>> told_apart(["learning rate 0.1", "learning rate 0.02"]), told_apart(["a/b_1"])
    (['0.1', '0.02'], ['a/b_1'])
    """
    letters = [len({*found}) == 1 for found in zip(*labels, strict=False)]
    same = letters.index(False) if False in letters else 0
    begin = max(labels[0].rfind(mark, 0, same) for mark in " /") + 1 if len(labels) > 1 else 0
    return [label[begin:] for label in labels]


def _widest(words: Sequence[str], head: str) -> float:
    if not any(words):
        return 0.0
    return max(width_of(head, SMALL), *(width_of(one, LABEL, bold=True) for one in words))


# --- Axes -----------------------------------------------------------------------------------------


def _span(lines: Sequence[Drawn]) -> tuple[float, float]:
    ends = [line.end[0] for line in lines]
    ends += [float(line.lone[0].max()) for line in lines if line.lone]
    return 0.0, max(ends, default=1.0) or 1.0


def scale_of(chart: Chart) -> Scale:
    """Return the axis of a chart's values.

    It begins at nothing where that is near, leaves out what would squash the rest, and its ends are
    round.
    """
    lines = [line for line in chart.lines if line.known]
    low, high = _extent(lines, chart.span)
    far = _usual_end(lines, upwards=chart.upwards) if chart.cut and not chart.log else None
    if chart.log:
        positive = [v for line in lines for v in line.y[line.y > 0]]
        low, high = min(positive, default=1.0), max(positive, default=10.0)
        ratio = max(high / low, 1.05) ** 0.04
        return Scale(low / ratio, high * ratio, _decades(low / ratio, high * ratio))
    beyond = 0
    if far is not None:
        left_out = [line.y < far if chart.upwards else line.y > far for line in lines]
        beyond = int(sum(found.sum() for found in left_out))
        low, high = (max(low, far), high) if chart.upwards else (low, min(high, far))
    size = max(abs(low), abs(high))
    # What differs by rounding alone is one value.
    pad = 0.04 * (high - low) if high - low > 1e-9 * size else 0.05 * size
    pad = pad if pad > 1e-300 else 1.0
    bottom, top = low - pad, high + pad
    if low >= 0 and bottom < 0.3 * top:
        bottom = 0.0
    elif high <= 0 and top > 0.3 * bottom:
        top = 0.0
    ticks = nice(bottom, top, 4)
    fine = (ticks[1] - ticks[0]) / 5 if len(ticks) > 1 else pad
    bottom = math.floor(bottom / fine + 1e-9) * fine
    top = math.ceil(top / fine - 1e-9) * fine
    ticks = tuple(tick for tick in nice(bottom, top, 4) if bottom - 1e-9 <= tick <= top + 1e-9)
    return Scale(bottom, top, ticks, fine, beyond)


def _extent(lines: Sequence[Drawn], span: tuple[float, float] | None) -> tuple[float, float]:
    found = []
    for line in lines:
        own = [(line.x, line.y), *line.members]
        own += [(line.x, edge) for edge in (line.low, line.high) if edge is not None]
        own += [line.lone] if line.lone else []
        for x, y in own:
            inside = np.isfinite(y)
            if span is not None:
                inside &= (x >= span[0]) & (x <= span[1])
            found.append(y[inside])
    values = np.concatenate(found) if found else np.empty(0)
    return (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)


def _usual_end(lines: Sequence[Drawn], *, upwards: bool) -> float | None:
    """Return where to cut the axis so that the start does not squash what matters.

    What matters is where lines stand in the second half of their way, save the worst among many,
    and at their ends. The axis shows two and a half times that; it is cut only where that leaves
    out something.
    """
    sign = -1.0 if upwards else 1.0
    late, ends = [], []
    for line in lines:
        known = np.isfinite(line.y)
        x, y = line.x[known], sign * line.y[known]
        late.append(y[x >= x[-1] / 2])
        ends.append(float(y[-1]))
    if not late:
        return None
    highest = sorted(float(values.max()) for values in late)
    low = min(float(values.min()) for values in late)
    high = highest[math.ceil(0.75 * len(highest)) - 1 if len(highest) > 3 else -1]
    high = max(high, *ends)
    span = high - low or 0.05 * abs(high) or 1.0
    far = high + 1.5 * span
    if not any((sign * line.y > far).any() for line in lines):
        return None
    return sign * round(far, -math.floor(math.log10(span)))


def nice(low: float, high: float, most: int) -> tuple[float, ...]:
    """Return round places within a range, no more than about as many."""
    from matplotlib.ticker import MaxNLocator

    ticks = MaxNLocator(nbins=most, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    slack = 1e-9 * (high - low)
    return tuple(float(tick) for tick in ticks if low - slack <= tick <= high + slack)


def _decades(low: float, high: float) -> tuple[float, ...]:
    first, last = math.ceil(math.log10(low)), math.floor(math.log10(high))
    decades = [10.0**power for power in range(first, last + 1)]
    if len(decades) > 1:
        return tuple(decades[:: math.ceil(len(decades) / 6)])
    halves = [f * 10.0**p for p in range(first - 1, last + 1) for f in (1, 2, 5)]
    return tuple(value for value in halves if low <= value <= high) or (low, high)


def _set_range(axes: Axes, scale: Scale, over: float, *, log: bool) -> None:
    if log:
        axes.set_yscale("log")
        axes.set_axis_off()
        beyond = (scale.high / scale.low) ** over
        axes.set_ylim(scale.low / beyond, scale.high * beyond)
        return
    beyond = (scale.high - scale.low) * over
    axes.set_ylim(scale.low - beyond, scale.high + beyond)


def tick_text(value: float, step: float) -> str:
    """Return a number with the decimals that a step asks for.

    Examples
    --------
    >>> tick_text(24.5, 0.5), tick_text(-2000, 500), tick_text(0.0001, 0.0001)
    ('24.5', '−2,000', '0.0001')
    >>> tick_text(2.5e30, 5e29), tick_text(0, 5e29)
    ('2.5e+30', '0')
    """
    # A run that diverged has numbers that are as long as the axis.
    if value and (step > 1e12 or abs(step) < 1e-9):
        return f"{value:.3g}".replace("-", "−")
    digits = 0
    while digits < 9 and abs(round(step, digits) - step) > 1e-6 * abs(step):
        digits += 1
    return format_number(value, digits).replace("-", "−")
