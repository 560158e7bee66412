"""Rows of dots on a scale: a label, a line with dots, and what is said of it at the right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rulka_analysis.pages.charts import nice, tick_text
from rulka_analysis.pages.sheets import (
    LABEL,
    PHONE,
    SMALL,
    WIDE,
    Picture,
    Sheet,
    fitted,
    title_height,
    width_of,
)

Key = tuple[str, str, bool]

_LABEL_SHARE = 0.3
# Dots with less room than this stand below the words of their row.
_ROOM = 170


@dataclass(frozen=True, slots=True)
class Dot:
    """A value on the scale.

    Parameters
    ----------
    at : float
    colour : str
        Its name.
    hollow : bool
        It is not known to be there: only that it is no nearer.
    """

    at: float
    colour: str
    hollow: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """A word at the right of a row.

    Parameters
    ----------
    words : str
    colour : str
        Its name.
    bold : bool
    """

    words: str
    colour: str = "muted"
    bold: bool = False


@dataclass(frozen=True)
class Row:
    """A row.

    Parameters
    ----------
    label : str
    dots : tuple of Dot
        Drawn in this order; two at one place as a dot in a ring.
    said : tuple of Said
        One below the other.
    """

    label: str
    dots: tuple[Dot, ...]
    said: tuple[Said, ...]


@dataclass(frozen=True)
class DotPlot:
    """Rows of dots on one scale.

    Parameters
    ----------
    title, behind : str
        What stands above; in a lighter way behind it.
    rows : tuple of Row
    unit : str
        Behind the last place of a scale from nothing.
    heads : pair of str
        Above the labels and above what is said.
    legend : tuple of (str, str, bool)
        What dots of a colour are: words, the colour, and whether they are hollow.
    reach : float
        How far the scale goes at least.
    band : float
        Around nothing, what is ignored; 0 for none.
    band_said : str
        What stands above it.
    zero : str
        The colour of the line at nothing, which is in the middle: places are differences. Empty for
        a scale from nothing.
    """

    title: str
    behind: str
    rows: tuple[Row, ...]
    unit: str
    heads: tuple[str, str] = ("", "")
    legend: tuple[Key, ...] = ()
    reach: float = 0.0
    band: float = 0.0
    band_said: str = ""
    zero: str = ""


def draw(plot: DotPlot) -> tuple[Picture, Picture]:
    """Return the pictures of a plot for a page and for a phone."""
    return picture(plot, WIDE), picture(plot, PHONE)


def picture(plot: DotPlot, width: int) -> Picture:
    """Draw a plot as wide as is said."""
    labels = max([width_of(row.label, LABEL) for row in plot.rows] + [width_of(plot.heads[0])])
    labels = min(labels, _LABEL_SHARE * width)
    words = [(said.words, said.bold) for row in plot.rows for said in row.said]
    beside = max([width_of(text, LABEL, bold=bold) for text, bold in words], default=0.0)
    beside = max(beside, width_of(plot.heads[1]))
    left, right = labels + 18, width - beside - 18
    stacked = right - left < _ROOM
    tall = 34 if any(len(row.said) > 1 for row in plot.rows) else 27
    if stacked:
        labels, left, right, tall = 0.0, 10.0, width - 10.0, 44
    above = any(plot.heads) or plot.band_said
    legend = _legend_rows(plot.legend, width)
    begun = title_height(plot.title, plot.behind, width) + (4 if legend else 0) + 18 * len(legend)
    top = begun + (26 if above else 8)
    sheet = Sheet(width, top + tall * len(plot.rows) + 26)
    sheet.title(plot.title, plot.behind)
    for number, keys in enumerate(reversed(legend)):
        _draw_legend(sheet, keys, begun - 8 - 18 * number)
    head = begun + 12
    bottom = top + tall * len(plot.rows)
    low, high = _range(plot)
    ticks = _fitting(low, high, right - left)

    def x(place: float) -> float:
        return left + (place - low) / (high - low) * (right - left)

    middles = [top + n * tall + (30 if stacked else tall / 2) for n in range(len(plot.rows))]
    # Words are not written on the scale.
    for begin, end in [(y - 11, y + 11) for y in middles] if stacked else [(top, bottom)]:
        if plot.band:
            sheet.box(x(max(-plot.band, low)), begin, x(min(plot.band, high)), end, "band")
        for tick in ticks:
            sheet.line([(x(tick), begin), (x(tick), end)], "grid", below=True)
        if plot.zero:
            sheet.line([(x(0), begin), (x(0), end)], plot.zero, 2)
    for tick in ticks:
        _place(sheet, plot, tick, ticks, x(tick), bottom + 14)
    sheet.text(labels, head, plot.heads[0], anchor="start" if stacked else "end")
    sheet.text(width, head, plot.heads[1], anchor="end")
    if plot.band_said:
        middle = min(max(x(0), left + width_of(plot.band_said) / 2), right)
        sheet.text(middle, head, plot.band_said, anchor="middle")
    for row, y in zip(plot.rows, middles, strict=True):
        zero = x(0) if plot.zero else None
        _draw_dots(sheet, row, [x(dot.at) for dot in row.dots], y, zero)
        if stacked:
            _draw_words_above(sheet, row, y - 20)
        else:
            _draw_words_beside(sheet, row, labels, y)
    return sheet.picture()


def _draw_words_beside(sheet: Sheet, row: Row, labels: float, y: float) -> None:
    label = fitted(row.label, labels + 1, LABEL)
    sheet.text(labels, y, label, colour="text", size=LABEL, anchor="end")
    for place, said in enumerate(row.said):
        down = (place - (len(row.said) - 1) / 2) * 15
        sheet.text(
            sheet.width, y + down, said.words, colour=said.colour, size=LABEL, bold=said.bold,
            anchor="end",
        )  # fmt: skip


def _draw_words_above(sheet: Sheet, row: Row, y: float) -> None:
    end = float(sheet.width)
    for said in reversed(row.said):
        sheet.text(end, y, said.words, colour=said.colour, size=LABEL, bold=said.bold, anchor="end")
        end -= width_of(said.words, LABEL, bold=said.bold) + 10
    sheet.text(0, y, fitted(row.label, end, LABEL), colour="text", size=LABEL)


def _draw_dots(
    sheet: Sheet, row: Row, places: Sequence[float], y: float, zero: float | None
) -> None:
    ends = [*places, *([zero] if zero is not None else [])]
    if len(ends) > 1:
        sheet.line(
            [(min(ends), y), (max(ends), y)],
            "bar" if zero is None else "other",
            3 if zero is None else 1.5,
        )
    together = len(places) == 2 and abs(places[0] - places[1]) < 1
    for number, (dot, place) in enumerate(zip(row.dots, places, strict=True)):
        if together and not number:
            sheet.dot(place, y, dot.colour, 7, hollow=True)
        else:
            sheet.dot(place, y, dot.colour, 3.5 if together else 6, hollow=dot.hollow)


def _legend_rows(legend: Sequence[Key], width: float) -> list[list[Key]]:
    """Return what stands in each line of a legend: as much as has room."""
    rows: list[list[Key]] = []
    room = 0.0
    for key in legend:
        wide = 34 + width_of(key[0], SMALL)
        if not rows or wide - 16 > room:
            rows.append([])
            room = width
        rows[-1].append(key)
        room -= wide
    return rows


def _draw_legend(sheet: Sheet, keys: Sequence[Key], y: float) -> None:
    x = 0.0
    for words, colour, hollow in keys:
        sheet.dot(x + 6, y, colour, 5, hollow=hollow)
        shown = fitted(words, sheet.width - x - 17, SMALL)
        sheet.text(x + 16, y, shown)
        x += 34 + width_of(shown, SMALL)


def _range(plot: DotPlot) -> tuple[float, float]:
    places = [dot.at for row in plot.rows for dot in row.dots]
    if not plot.zero:
        return 0.0, max([plot.reach, *places]) or 1.0
    reach = max([abs(place) for place in places] + [1.6 * plot.band, plot.reach, 1e-9]) * 1.1
    # From nothing both ways, so that a side is seen at once.
    return -reach, reach


def _fitting(low: float, high: float, room: float) -> tuple[float, ...]:
    """Return as many round places as can be named side by side."""
    for most in (5, 4, 3, 2, 1):
        ticks = nice(low, high, most)
        if len(ticks) > 1:
            step = ticks[1] - ticks[0]
            wide = max(width_of(f"{'+' * (tick > 0)}{tick_text(tick, step)}") for tick in ticks)
            if step / (high - low) * room > wide + 10:
                return ticks
    return (0.0,)


def _place(
    sheet: Sheet, plot: DotPlot, tick: float, ticks: Sequence[float], x: float, y: float
) -> None:
    step = ticks[1] - ticks[0] if len(ticks) > 1 else 1.0
    sign = "+" if plot.zero and tick > 0 else ""
    unit = f" {plot.unit}" if tick == ticks[-1] and plot.unit and not plot.zero else ""
    sheet.text(x, y, f"{sign}{tick_text(tick, step)}{unit}", anchor="middle")
