"""How values went, small enough to stand in a line of text."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.pages.observed import Observed
from rulka_analysis.values.tables import Cell

# Readings of a line: more are not told apart in so little room.
POINTS = 30
# Runs that are drawn by themselves; of more, how their middle half goes.
MOST_LINES = 12
# Values that reach farther, as a factor, are drawn by their logarithm.
WIDE_RANGE = 20
WIDTH, HEIGHT = 120, 28

Line = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Trend:
    """Lines in a box of ``WIDTH`` by ``HEIGHT``, and what they say.

    Parameters
    ----------
    lines : sequence of lines
        Each a sequence of points, in pixels from the top left corner.
    said : str
        What is to be seen, for those who do not see it.
    last : Quantity, Sentence or str
        What stands beside the lines: the last values.
    """

    lines: tuple[Line, ...]
    said: str
    last: Cell


def trend_of(found: Sequence[Observed], last: Cell) -> Trend:
    """Return how the values of one tag went in each run, or in the middle half of many."""
    read = [one for one in map(_readings, found) if len(one[0])]
    if not read:
        return Trend((), "No value to draw.", last)
    start, end = (f(f(x) for x, _ in read) for f in (min, max))
    curves = [medians_by_part(x, y, start, end) for x, y in read]
    said = _said([y[np.isfinite(y)] for y in curves])
    if len(curves) > MOST_LINES:
        with np.errstate(all="ignore"):
            known = np.isfinite(curves).any(axis=0)
            several = np.full((3, POINTS), np.nan)
            columns = np.asarray(curves)[:, known]
            several[:, known] = np.nanquantile(columns, (0.25, 0.5, 0.75), axis=0)
        curves = list(several)
    low, high = (f(float(f(y[np.isfinite(y)])) for y in curves) for f in (min, max))
    if 0 < low * WIDE_RANGE < high:
        # One run would flatten all others.
        curves = [np.log(y) for y in curves]
        low, high = float(np.log(low)), float(np.log(high))
    return Trend(tuple(_line(y, low, high) for y in curves), said, last)


def _readings(one: Observed) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where the values of a run are, by minutes if it has them, and the values."""
    minutes = one.events.minutes
    where = minutes if np.isfinite(minutes).all() else one.events.steps.astype(np.float64)
    known = np.isfinite(one.values)
    return where[known], one.values[known]


def medians_by_part(
    x: NDArray[np.float64], y: NDArray[np.float64], start: float, end: float
) -> NDArray[np.float64]:
    """Return the median of the values in each part of the way; NaN where there is none."""
    width = (end - start) or 1.0
    places = np.minimum((POINTS * (x - start) / width).astype(int), POINTS - 1)
    order = np.lexsort((y, places))
    counts = np.bincount(places, minlength=POINTS)
    before = np.cumsum(counts) - counts
    there = counts > 0
    binned = np.full(POINTS, np.nan)
    # The middle value, or the two beside the middle.
    lower, upper = (y[order[(before + (counts - 1 + one) // 2)[there]]] for one in (0, 1))
    binned[there] = lower / 2 + upper / 2
    return binned


def _line(y: NDArray[np.float64], low: float, high: float) -> Line:
    scale = (HEIGHT - 4) / ((high - low) or 1.0)
    return tuple(
        (round(2 + (WIDTH - 4) * at / (POINTS - 1)), round(HEIGHT - 2 - scale * (y[at] - low)))
        for at in map(int, np.flatnonzero(np.isfinite(y)))
    )


def _said(curves: Sequence[NDArray[np.float64]]) -> str:
    """Say in how many runs the values rise and fall.

    Examples
    --------
    >>> _said([np.array([3.0, 1.0]), np.array([2.0, 1.0]), np.array([1.0, 1.0])])
    'Ends lower than it began in 2 of 3 runs, level in 1.'
    """
    words = {"lower": 0, "higher": 0, "level": 0}
    for y in curves:
        change = float(y[-1] - y[0])
        words["level" if not change else "lower" if change < 0 else "higher"] += 1
    told = [(word, count) for word, count in words.items() if count]
    runs = f"{len(curves)} run{'s' if len(curves) != 1 else ''}"
    leads = {word: f"{word} than it began" for word in ("lower", "higher")}
    first, *others = told
    said = f"Ends {leads.get(first[0], 'level')} in {first[1]} of {runs}"
    return said + "".join(f", {word} in {count}" for word, count in others) + "."


def as_svg(lines: Sequence[Sequence[Sequence[int]]], said: str) -> str:
    """Return lines as SVG for a line of text, in the colour of the text.

    Examples
    --------
    >>> as_svg([[(2, 2), (118, 26)]], "Falls.")  # doctest: +ELLIPSIS
    '<svg class="rulka-trend" ... aria-label="Falls."...<polyline points="2,2 118,26"/></g></svg>'
    """
    drawn = "".join(
        f'<polyline points="{" ".join(f"{int(x)},{int(y)}" for x, y in line)}"/>'
        if len(line) > 1
        else "".join(f'<circle cx="{int(x)}" cy="{int(y)}" r="1"/>' for x, y in line)
        for line in lines
    )
    return (
        f'<svg class="rulka-trend" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{html.escape(said, quote=True)}">'
        f'<g fill="none" stroke="currentColor" stroke-width="1.2">{drawn}</g></svg>'
    )
