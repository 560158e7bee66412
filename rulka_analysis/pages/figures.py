"""Figures for readers: one metric a figure, runs as lines, for both themes, with computed words.

A figure carries its caption, an alternative text that states what it shows, and the numbers it
draws; all three are computed from the data.
"""

from __future__ import annotations

import io
import math
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.experiments.comparison import Comparison, window_end
from rulka_analysis.logs.clocks import Clock, Window, check_clock
from rulka_analysis.metrics.series import Measure, Series, position_text
from rulka_analysis.pages.tables import Table, curve
from rulka_analysis.values.quantities import Quantity, Sentence

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Theme = Literal["light", "dark"]

# Wide enough for a page, small enough that its text is still readable on a phone.
WIDTH, HEIGHT = 5.8, 3.5
# What stands around the axes keeps its size in a lower figure. Inches: below the axes, above them;
# above the axes to the notes, to the name of the window; between the names of two runs.
BELOW, ABOVE = 0.4725, 0.63
NOTES, WINDOW_NAME, BETWEEN_NAMES = 0.2038, 0.0527, 0.1798
# A mark for each event, up to here; beyond, marks would hide the line.
MOST_MARKS = 150

# Okabe and Ito's colours for all kinds of colour vision, shaded so that each keeps a contrast of at
# least 3:1 on its theme's ground. https://jfly.uni-koeln.de/color/
COLOURS: dict[Theme, tuple[str, ...]] = {
    "light": (
        "#0072b2", "#c44e00", "#00805a", "#a8487f", "#8a6d00", "#7a4b2a", "#5b4b9a", "#555555"
    ),
    "dark": (
        "#5db8f0", "#ff9a4d", "#35c99a", "#e893c0", "#e8d44a", "#d3a57c", "#b9a8ff", "#c8c8c8"
    ),
}  # fmt: skip
# Told apart without colour as well.
DASHES: tuple[tuple[float, tuple[float, ...]] | str, ...] = (
    "-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)),
    (0, (8, 2)), (0, (3, 1, 1, 1)), (0, (1, 3)), (0, (4, 4)),
)  # fmt: skip
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
GROUND: dict[Theme, dict[str, str]] = {
    "light": {"ink": "#24292f", "faint": "#6b7280", "grid": "#e3e6ea", "beyond": "#f1f2f4"},
    "dark": {"ink": "#e6e6e6", "faint": "#a8adb5", "grid": "#3a3f47", "beyond": "#23272e"},
}

AXES: dict[Clock, str] = {
    "minutes": "Minutes of training",
    "frames": "Frames played (millions)",
    "updates": "Gradient updates (thousands)",
}
SCALE: dict[Clock, float] = {"minutes": 1.0, "frames": 1e6, "updates": 1e3}


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure for both themes, with the words and numbers that go with it.

    Parameters
    ----------
    light, dark : str
        The figure as SVG.
    width, height : int
        Its size in CSS pixels.
    caption : Sentence
        What it shows and what it says.
    alt : str
        Alternative text: what is to be seen, for those who do not see it.
    table : Table
        The numbers it draws.
    """

    light: str
    dark: str
    width: int
    height: int
    caption: Sentence
    alt: str
    table: Table


def curves(
    comparison: Comparison,
    metric: str,
    map: str | None = None,
    clock: str = "minutes",
    *,
    as_logged: bool = False,
    height: float = HEIGHT,
    every: float | None = None,
) -> Figure | Sentence:
    """Draw one metric of all compared runs on one clock.

    Where nothing of it can be drawn (not in these logs, or a run has no such clock) a sentence
    says so instead.

    Parameters
    ----------
    comparison : Comparison
        The runs.
    metric, map, as_logged
        What to draw; see `Comparison.measure`.
    clock : {"minutes", "frames", "updates"}
        The horizontal axis.
    height : float
        Of the figure, in inches.
    every : float, optional
        Distance between the checkpoints of the table behind the figure, in units of the clock.
    """
    chosen = check_clock(clock)
    measure = comparison.measure(metric, map, as_logged=as_logged)
    if not comparison.known_series(measure):
        return Sentence("{title}: not in these logs.", {"title": measure.title})
    known = comparison.on_clock(measure, chosen)
    lacking = [name for name in comparison.known_series(measure) if name not in known]
    if lacking and len(known) < 2:
        reason = " cannot be compared by {clock}: {runs} without that clock in these logs."
        fields = {"title": measure.title, "clock": chosen, "runs": ", ".join(lacking)}
        return Sentence("{title}" + reason, fields)
    window = comparison.window(measure, chosen)
    plan = _Plan.of(comparison, measure, chosen, window, known, height)
    light = _svg(plan.draw, height)
    return Figure(
        light=light,
        dark=_in_the_dark(light),
        width=round(WIDTH * 96),
        height=round(height * 96),
        caption=_caption(comparison, measure, chosen, window, plan),
        alt=_alternative_text(comparison, measure, chosen, window, plan),
        table=curve(comparison, measure, chosen, every),
    )


@dataclass(frozen=True)
class _Line:
    """What is drawn of one run, in units of the axes."""

    name: str
    style: int
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    error: NDArray[np.float64]
    known_until: float
    capped: bool
    lone_x: NDArray[np.float64]
    lone_y: NDArray[np.float64]


@dataclass(frozen=True)
class _Plan:
    measure: Measure
    clock: Clock
    window: Window
    interpolated: bool
    lines: tuple[_Line, ...]
    top: float | None
    above: int
    axes_height: float

    @classmethod
    def of(
        cls,
        comparison: Comparison,
        measure: Measure,
        clock: Clock,
        window: Window,
        known: dict[str, Series],
        height: float,
    ) -> _Plan:
        order = comparison.run_order
        lines = tuple(
            _line(name, order.index(name) if name in order else len(order), series, clock)
            for name, series in known.items()
        )
        top, above = _cut(lines, window.end / SCALE[clock], best=measure.is_best)
        interpolated = clock == "frames" and comparison.frames_interpolated
        axes_height = height - BELOW - ABOVE
        return cls(measure, clock, window, interpolated, lines, top, above, axes_height)

    def draw(self, axes: Axes) -> None:
        ink = GROUND["light"]
        for line in self.lines:
            self._draw_line(axes, line)
        if self.top is not None:
            bottom = min(float(np.nanmin(line.y)) for line in self.lines if len(line.y))
            axes.set_ylim(bottom - 0.06 * (self.top - bottom), self.top)
        axes.set_xlim(left=0)
        self._mark_window(axes)
        axes.set_xlabel(AXES[self.clock] + (", interpolated" if self.interpolated else ""))
        unit = f" ({self.measure.unit})" if self.measure.unit else ""
        axes.set_title(_printable(self.measure.title) + unit, loc="left", pad=31)
        notes = []
        better = self.measure.metric.better
        if better != "neither":
            notes.append(f"{better} is better")
        if self.top is not None and self.above:
            values = "value is" if self.above == 1 else "values are"
            notes.append(f"axis cut at {self.top:g}, {self.above} earlier {values} higher")
        at = 1 + NOTES / self.axes_height
        axes.text(
            0, at, "; ".join(notes), transform=axes.transAxes, fontsize=8.5, color=ink["faint"]
        )
        self._label(axes)

    def _draw_line(self, axes: Axes, line: _Line) -> None:
        colours = COLOURS["light"]
        look: dict[str, Any] = {
            "color": colours[line.style % len(colours)],
            "linestyle": DASHES[line.style % len(DASHES)],
            "linewidth": 1.7,
        }
        marker = MARKERS[line.style % len(MARKERS)]
        if self.measure.is_best:
            # A best holds until a better one comes; it ends where knowledge of the run ends.
            x = np.append(line.x, line.known_until)
            y = np.append(line.y, line.y[-1]) if len(line.y) else line.y
            if len(line.y):
                axes.step(x, y, where="post", **look)
                axes.plot(line.x, line.y, marker, ms=3.2, color=look["color"])
        else:
            marked = marker if len(line.y) <= MOST_MARKS else None
            axes.plot(line.x, line.y, marker=marked, ms=2.6, **look)
        if (line.error > 0).any():
            axes.errorbar(
                line.x, line.y, yerr=line.error, fmt="none", ecolor=look["color"], elinewidth=0.8
            )
        if line.capped and len(line.y):
            at = line.known_until if self.measure.is_best else line.x[-1]
            axes.plot([at], [line.y[-1]], "|", ms=11, mew=1.7, color=look["color"])
        if len(line.lone_x):
            # After the curve is no longer known, a reading stands alone: no line leads to it.
            axes.plot(line.lone_x, line.lone_y, marker, ms=5, mfc="none", color=look["color"])

    def _mark_window(self, axes: Axes) -> None:
        if not self.window.known:
            return
        end = self.window.end / SCALE[self.clock]
        above = 1 + WINDOW_NAME / self.axes_height
        ink = GROUND["light"]
        right = axes.get_xlim()[1]
        axes.set_xlim(0, max(right, end * 1.02))
        axes.axvspan(end, axes.get_xlim()[1], color=ink["beyond"], zorder=0, lw=0)
        axes.axvline(end, color=ink["faint"], lw=1, ls=(0, (2, 2)), zorder=1)
        axes.text(
            end, above, "common window ends ", transform=axes.get_xaxis_transform(),
            fontsize=8.5, color=ink["faint"], ha="right",
        )  # fmt: skip

    def _label(self, axes: Axes) -> None:
        """Name the runs beside the plot, each at the height of its last value."""
        bottom, top = axes.get_ylim()
        colours = COLOURS["light"]
        wanted = [
            (float(np.clip((line.y[-1] - bottom) / (top - bottom), 0.03, 0.97)), line)
            for line in self.lines
            if len(line.y)
        ]
        for height, line in _spread(wanted, BETWEEN_NAMES / self.axes_height):
            marker = MARKERS[line.style % len(MARKERS)]
            colour = colours[line.style % len(colours)]
            axes.plot(
                [1.025], [height], marker, ms=4, color=colour, transform=axes.transAxes,
                clip_on=False,
            )  # fmt: skip
            axes.text(
                1.045, height, _printable(line.name), transform=axes.transAxes, color=colour,
                va="center", fontsize=9.5, fontweight="bold",
            )  # fmt: skip


def _line(name: str, style: int, series: Series, clock: Clock) -> _Line:
    scale = SCALE[clock]
    x = series.clock(clock)
    order = np.argsort(x, kind="stable")
    x, y = x[order], series.values[order]
    error = series.events.reading_error.to_numpy(dtype=np.float64)[order] * series.factor
    until = series.run.known_until(series.tag, clock)
    if series.measure.is_best:
        from rulka_analysis.metrics.summaries import best_so_far

        at = np.unique(best_so_far(y))
        at = at[at >= 0]
        x, y, error = x[at], y[at], error[at]
    usable = np.isfinite(x) & np.isfinite(y)
    x, y, error = x[usable], y[usable], error[usable]
    inside = x <= until * (1 + 1e-9)
    return _Line(
        name, style, x[inside] / scale, y[inside], error[inside], until / scale,
        series.run.tag_provenance(series.tag) is not None, x[~inside] / scale, y[~inside],
    )  # fmt: skip


def _cut(lines: Sequence[_Line], end: float, *, best: bool) -> tuple[float | None, int]:
    """Return where to cut the axis so that the start does not squash what matters.

    What matters is where the runs stand at the end of the common window, and the way there in its
    second half, save that of the slowest among many. The axis shows two and a half times that span;
    it is cut only where that leaves out something.
    """
    drawn = [line for line in lines if len(line.y)]
    if not drawn:
        return None, 0
    late = []
    for line in drawn:
        in_second_half = line.y[(line.x >= end / 2) & (line.x <= end)]
        before = line.y[line.x < end / 2]
        if best and len(before):  # the best of the first half still holds in the second
            in_second_half = np.append(in_second_half, before[-1])
        late.append(in_second_half if len(in_second_half) else line.y[-1:])
    highest = sorted(float(values.max()) for values in late)
    at_the_end = max(float(values[-1] if not best else values.min()) for values in late)
    low = min(float(values.min()) for values in late)
    high = max(highest[math.ceil(0.75 * len(highest)) - 1 if len(highest) > 3 else -1], at_the_end)
    span = high - low or 0.05 * abs(high) or 1.0
    top = high + 1.5 * span
    above = sum(int((line.y > top).sum()) for line in drawn)
    if not above:
        return None, 0
    # Two figures of the span: 27.1 and not 27.1234.
    top = round(top, -math.floor(math.log10(span)))
    return top, sum(int((line.y > top).sum()) for line in drawn)


def _spread(wanted: list[tuple[float, _Line]], gap: float) -> list[tuple[float, _Line]]:
    """Move label heights apart so that no two are closer than `gap`, from the bottom up."""
    placed: list[tuple[float, _Line]] = []
    for height, line in sorted(wanted, key=lambda pair: pair[0]):
        lowest = placed[-1][0] + gap if placed else height
        placed.append((max(height, lowest), line))
    over = placed[-1][0] - 0.97 if placed else 0.0
    return [(height - over, line) for height, line in placed] if over > 0 else placed


def _printable(text: str) -> str:
    """Return a name from a log without what XML cannot hold; names are untrusted text."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _svg(draw: Callable[[Axes], None], height: float) -> str:
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure as Canvas

    with matplotlib.rc_context(style()), warnings.catch_warnings():
        # A name in a script the font lacks is drawn as boxes; caption, words and table carry it.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure = Canvas(figsize=(WIDTH, height))
        FigureCanvasSVG(figure)
        bottom, tall = BELOW / height, (height - BELOW - ABOVE) / height
        axes = figure.add_axes((0.105, bottom, 0.765, tall))
        draw(axes)
        stream = io.StringIO()
        # No date, no creator: the same data give the same bytes.
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    return stream.getvalue()


def _in_the_dark(svg: str) -> str:
    """Return a figure in the colours of the dark theme.

    Every colour drawn is one of ours, and the themes differ in nothing else: exchanging colours
    takes no time, drawing again takes as long as the first time.
    """
    exchange = dict(zip(COLOURS["light"], COLOURS["dark"], strict=True))
    exchange |= {GROUND["light"][name]: GROUND["dark"][name] for name in GROUND["light"]}
    return re.sub(r"#[0-9a-f]{6}\b", lambda found: exchange.get(found[0], found[0]), svg)


def style() -> Any:
    """Return Matplotlib's settings for our figures, so that Jupyter and the build agree."""
    import matplotlib

    ink = GROUND["light"]
    return {
        **dict(matplotlib.rcParamsDefault),
        "svg.hashsalt": "rulka",
        "savefig.facecolor": "none",
        "figure.facecolor": "none",
        "axes.facecolor": "none",
        "axes.edgecolor": ink["faint"],
        "axes.labelcolor": ink["ink"],
        "axes.titlecolor": ink["ink"],
        "axes.titlesize": 11,
        "axes.titleweight": "bold",
        "axes.labelsize": 9.5,
        "axes.grid": True,
        "axes.axisbelow": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "grid.color": ink["grid"],
        "grid.linewidth": 0.8,
        "text.color": ink["ink"],
        "text.parse_math": False,
        "xtick.color": ink["faint"],
        "ytick.color": ink["faint"],
        "xtick.labelcolor": ink["ink"],
        "ytick.labelcolor": ink["ink"],
        "xtick.labelsize": 9,
        "ytick.labelsize": 9,
        "font.size": 10,
        "axes.formatter.useoffset": False,
    }


def _caption(
    comparison: Comparison, measure: Measure, clock: Clock, window: Window, plan: _Plan
) -> Sentence:
    values = comparison.at_common_end(measure, clock)
    fields: dict[str, Quantity | str] = {
        "title": measure.title,
        "how": _shown_how(measure),
        "clock": f"{clock} (interpolated)" if plan.interpolated else clock,
    }
    template = "{title}, {how}, by {clock}."
    if window.known:
        fields["end"] = window_end(window)
        fields["limit"] = window.limited_by
        stated = []
        for number, line in enumerate(plan.lines):
            if values[line.name].known:
                fields[f"run{number}"] = line.name
                fields[f"value{number}"] = values[line.name]
                stated.append(f"{{run{number}}} {{value{number}}}")
        if stated:
            template += " At {end}, where the data of {limit} end: " + ", ".join(stated) + "."
    for number, (name, why) in enumerate(_not_drawn(comparison, measure, clock, plan)):
        fields[f"absent{number}"] = f"{name}: {why}"
        template += f" {{absent{number}}}."
    if any(len(line.lone_x) for line in plan.lines):
        template += " Hollow marks are single values; between them and the curve nothing is known."
    return Sentence(template, fields)


def _not_drawn(
    comparison: Comparison, measure: Measure, clock: Clock, plan: _Plan
) -> list[tuple[str, str]]:
    """Return the runs of which nothing is drawn, and why."""
    found = []
    lines = dict(_names(plan))
    for name, series in comparison.series(measure).items():
        if not isinstance(series, Series):
            found.append((name, series.missing))
        elif name not in lines:
            found.append((name, f"no clock of {clock} in these logs"))
        elif not len(lines[name].y):
            found.append((name, "no value to draw"))
    return found


def _shown_how(measure: Measure) -> str:
    if measure.is_best:
        return "best so far"
    if measure.metric.summary == "median_of_last_three":
        return "single readings (numbers: median of the last three)"
    return f"divided by {measure.per.replace('_', ' ')}" if measure.per else "as logged"


def _names(plan: _Plan) -> list[tuple[str, _Line]]:
    return [(line.name, line) for line in plan.lines]


def _alternative_text(
    comparison: Comparison, measure: Measure, clock: Clock, window: Window, plan: _Plan
) -> str:
    """State what is to be seen: how each run goes, and how they stand where all are known."""
    by = f"{clock} (interpolated)" if plan.interpolated else clock
    said = [f"Line chart of {measure.title} by {by}, {len(plan.lines)} runs."]
    for line in plan.lines:
        if not len(line.y):
            continue
        first, last = float(line.y[0]), float(line.y[-1])
        start = position_text(line.x[0] * SCALE[clock], clock)
        until = position_text(line.known_until * SCALE[clock], clock)
        if first == last:
            said.append(f"{line.name} is {_shown(last, measure)} from {start} to {until}.")
            continue
        word = "falls" if last < first else "rises"
        said.append(
            f"{line.name} {word} from {_shown(first, measure)} at {start} to "
            f"{_shown(last, measure)}; its data end at {until}."
        )
    values = {n: q for n, q in comparison.at_common_end(measure, clock).items() if q.known}
    base = values.get(comparison.baseline)
    if base is not None and window.known:
        for name, value in values.items():
            if name == comparison.baseline:
                continue
            difference = value.minus(base)
            if abs(difference.number) <= difference.reading_error:
                told = f"level with {comparison.baseline}"
            else:
                word = "higher" if difference.number > 0 else "lower"
                size = difference.size().shown_as(
                    unit="points" if measure.unit == "%" else measure.unit
                )
                told = f"{size.text} {word} than {comparison.baseline}"
            said.append(f"At {position_text(window.end, clock)} {name} is {told}.")
    said += [f"{name}: {why}." for name, why in _not_drawn(comparison, measure, clock, plan)]
    return " ".join(said)


def _shown(value: float, measure: Measure) -> str:
    return Quantity(value, measure.unit, measure.digits).text
