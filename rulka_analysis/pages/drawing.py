"""How a figure is drawn: runs as lines on the axes of one metric and one clock, as SVG."""

from __future__ import annotations

import io
import math
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.experiments.comparison import Comparison
from rulka_analysis.logs.clocks import Clock, Window
from rulka_analysis.metrics.series import Measure, Series
from rulka_analysis.metrics.summaries import best_so_far
from rulka_analysis.values.text import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Theme = Literal["light", "dark"]

# Wide enough for a page, small enough that its text is still readable on a phone.
WIDTH, HEIGHT = 5.8, 3.5
# What stands around the axes keeps its size in a lower figure. Inches: below the axes, above them;
# above the axes to the notes, to the name of the window; between the names of two runs.
BELOW, ABOVE = 0.4725, 0.63
NOTES, WINDOW_NAME, BETWEEN_NAMES = 0.2038, 0.0527, 0.1798
# Longer names find no room at a line's end.
LONGEST_LABEL = 14
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


@dataclass(frozen=True)
class Curve:
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
    label: str = ""


@dataclass(frozen=True)
class Plan:
    """Everything that is drawn; `draw` puts it on axes, in the colours of the light theme."""

    measure: Measure
    clock: Clock
    window: Window
    interpolated: bool
    lines: tuple[Curve, ...]
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
    ) -> Plan:
        order = comparison.run_order
        lines = tuple(
            replace(
                _curve(name, order.index(name) if name in order else len(order), series, clock),
                label=_label_of(comparison, name),
            )
            for name, series in known.items()
        )
        top, above = _cut(lines, window.end / clock.scale, best=measure.is_best)
        interpolated = clock.key == "steps" and comparison.steps_interpolated
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
        axes.set_xlabel(self.clock.axis + (", interpolated" if self.interpolated else ""))
        unit = f" ({self.measure.unit})" if self.measure.unit else ""
        axes.set_title(printable(self.measure.title) + unit, loc="left", pad=31)
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

    def _draw_line(self, axes: Axes, line: Curve) -> None:
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
        end = self.window.end / self.clock.scale
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
                1.045, height, printable(line.label), transform=axes.transAxes, color=colour,
                va="center", fontsize=9.5, fontweight="bold",
            )  # fmt: skip


def _label_of(comparison: Comparison, run: str) -> str:
    """Return what stands at the end of a run's line: its settings, where there is room for them.

    Of several runs of one group each is called by its own name; the caption has both.
    """
    label = comparison.label(run)
    alone = all(len(group.runs) == 1 for group in comparison.groups if run in group.runs)
    return label if alone and len(label) <= LONGEST_LABEL else run


def _curve(name: str, style: int, series: Series, clock: Clock) -> Curve:
    scale = clock.scale
    x = series.clock(clock)
    order = np.argsort(x, kind="stable")
    x, y = x[order], series.values[order]
    error = series.events.reading_errors[order] * series.factor
    until = series.run.known_until(series.tag, clock)
    if series.measure.is_best:
        at = np.unique(best_so_far(y))
        at = at[at >= 0]
        x, y, error = x[at], y[at], error[at]
    usable = np.isfinite(x) & np.isfinite(y)
    x, y, error = x[usable], y[usable], error[usable]
    inside = x <= until * (1 + 1e-9)
    return Curve(
        name, style, x[inside] / scale, y[inside], error[inside], until / scale,
        series.run.tag_provenance(series.tag) is not None, x[~inside] / scale, y[~inside],
    )  # fmt: skip


def _cut(lines: Sequence[Curve], end: float, *, best: bool) -> tuple[float | None, int]:
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


def _spread(wanted: list[tuple[float, Curve]], gap: float) -> list[tuple[float, Curve]]:
    """Move label heights apart so that no two are closer than `gap`, from the bottom up."""
    placed: list[tuple[float, Curve]] = []
    for height, line in sorted(wanted, key=lambda pair: pair[0]):
        lowest = placed[-1][0] + gap if placed else height
        placed.append((max(height, lowest), line))
    over = placed[-1][0] - 0.97 if placed else 0.0
    return [(height - over, line) for height, line in placed] if over > 0 else placed


def as_svg(draw: Callable[[Axes], None], height: float) -> str:
    """Return what a function draws on axes as SVG: the same bytes each time."""
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


def in_the_dark(svg: str) -> str:
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
