"""What figures draw of a comparison: its groups on one clock, as lines."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.experiments.comparison import Comparison
from rulka_analysis.experiments.group_curves import POINTS, GroupCurve, group_curves
from rulka_analysis.experiments.groups import Group
from rulka_analysis.logs.clocks import Clock
from rulka_analysis.metrics.measure import Measure
from rulka_analysis.metrics.series import Series
from rulka_analysis.metrics.summaries import best_so_far
from rulka_analysis.pages.charts import Drawn, Points
from rulka_analysis.pages.palette import MOST_COLOURED, Role
from rulka_analysis.values.quantities import MANY, Quantity, average, format_number

Floats = NDArray[np.float64]

# As many single readings are drawn as they are; of more, the lowest and highest side by side.
_MOST_READINGS = 2 * POINTS


@dataclass(frozen=True, eq=False)
class GroupLine:
    """A group as it is drawn, and what is known of it.

    Parameters
    ----------
    group : Group
    drawn : Drawn
        In units of the axes.
    runs, lacking : tuple of str
        Members that are drawn, and those without such a series on this clock.
    until : float
        Up to where on the clock it is drawn.
    ends : bool
        What is known of it ends there: the first of its runs does.
    value : Quantity
        Its value there, or where the comparison ends.
    axis : Clock
        The clock with the scale of the axes.
    """

    group: Group
    drawn: Drawn
    runs: tuple[str, ...]
    lacking: tuple[str, ...]
    until: float
    ends: bool
    value: Quantity
    axis: Clock

    @property
    def first(self) -> float:
        """The first value drawn."""
        known = self.drawn.y[np.isfinite(self.drawn.y)]
        return float(known[0])


def roles(groups: Sequence[Group], baseline: Group, winner: Group | None = None) -> list[Role]:
    """Return how groups are drawn: no more than three in colour, and none by chance.

    Examples
    --------
    >>> a, b, c, d = (Group(name, (name,)) for name in "abcd")
    >>> roles([a, b, c], a), roles([a, b, c, d], a, c)
    (['baseline', 'third', 'fourth'], ['baseline', 'other', 'winner', 'other'])
    """
    known: dict[str, Role] = {baseline.label: "baseline"}
    if winner is not None:
        known[winner.label] = "winner"
    rest = [group.label for group in groups if group.label not in known]
    shown = sum(group.label in known for group in groups)
    if len(rest) <= MOST_COLOURED - shown:
        own: tuple[Role, ...] = ("third", "fourth", "other")
        known |= dict(zip(rest, own, strict=False))
    return [known.get(group.label, "other") for group in groups]


def group_lines(
    comparison: Comparison,
    measure: Measure,
    clock: Clock,
    *,
    winner: Group | None = None,
    end: float = math.inf,
) -> list[GroupLine]:
    """Return the groups of a comparison as lines on a clock, those without a value left out.

    Each is drawn to its own end, unless one is given.
    """
    found = []
    known = comparison.on_clock(measure, clock)
    points = max((len(series.values) for series in known.values()), default=1)
    every = group_curves(comparison, measure, clock, points=min(points, POINTS))
    curves = {curve.group.label: curve for curve in every}
    axis = scaled_clock(clock, max((min(float(c.positions[-1]), end) for c in every), default=0.0))
    looks = roles(comparison.groups, comparison.baseline_group, winner)
    for group, role in zip(comparison.groups, looks, strict=True):
        curve = curves.get(group.label)
        if curve is None:
            continue
        own_end = float(curve.positions[-1])
        until = min(own_end, end)
        value = _value_at(known, curve, clock, until)
        drawn = _drawn(known, curve, axis, role, until, value, among=len(every))
        if not value.known and drawn.known and end > own_end:
            # A pause of one of its runs may hide the end: what is said stands where it is drawn.
            until = drawn.end[0] * axis.scale
            value = _value_at(known, curve, clock, until)
            drawn = _drawn(known, curve, axis, role, until, value, among=len(every))
        drawn = replace(drawn, label=group.beside(comparison.baseline_group))
        if drawn.known:
            ends = own_end <= end
            found.append(
                GroupLine(group, drawn, curve.runs, curve.lacking, until, ends, value, axis)
            )
    return found


def scaled_clock(clock: Clock, reached: float) -> Clock:
    """Return a clock with a scale that suits how far it reaches."""
    if clock.scale == 1:
        return clock
    return replace(clock, scale=next((s for s in (1e6, 1e3) if reached >= 2 * s), 1.0))


def place_text(place: float, clock: Clock) -> str:
    """Return a place on a clock in the unit of its axis, without it.

    Examples
    --------
    >>> from rulka_analysis.logs.clocks import MINUTES, STEPS
    >>> place_text(160.0, MINUTES), place_text(2_192_167.0, STEPS)
    ('160', '2,192')
    """
    shown = place / clock.scale
    size = abs(shown)
    digits = 0 if size >= 100 or math.isclose(shown, round(shown), abs_tol=0.005) else 1
    digits = max(digits, clock.digits(place))
    if clock.scale > 1 and size < 10:
        digits = 2
    return format_number(shown, digits)


def _value_at(
    known: Mapping[str, Series], curve: GroupCurve, clock: Clock, place: float
) -> Quantity:
    """Return a group's value at a place: the mean of its runs, resting on their events."""
    series = [known[run] for run in curve.runs]
    measure = series[0].measure
    return average({one.run.name: one.at_one(clock, place, measure.how()) for one in series})


def _drawn(
    known: Mapping[str, Series],
    curve: GroupCurve,
    axis: Clock,
    role: Role,
    until: float,
    value: Quantity,
    *,
    among: int,
) -> Drawn:
    # With the scale of an axis it is no clock of a run.
    clock = next(own for own in next(iter(known.values())).run.clocks if own.key == axis.key)
    measure = next(iter(known.values())).measure
    members: tuple[Points, ...] = ()
    low = high = lone = None
    if curve.is_band:
        inside = curve.positions <= until
        x, y = curve.positions[inside], curve.mean[inside]
        low, high = curve.low[inside], curve.high[inside]
        if len(curve.runs) <= MANY:
            members = tuple((x / axis.scale, run) for run in curve.values[:, inside])
    else:
        series = known[curve.runs[0]]
        places, values = _readings(series, clock)
        x, y = _line_of_one(series, clock, places, values, until)
        raw = measure.metric.summary in ("median_of_last_three", "trailing_mean")
        if raw and among <= MANY:
            members = (_thinned(places[places <= until] / axis.scale, values[places <= until]),)
        after = (places > until) & (places > series.run.known_until(series.tag, clock))
        if after.any() and until >= curve.positions[-1]:
            lone = (places[after] / axis.scale, values[after])
    shown = format_number(value.number, measure.digits) if value.known else ""
    return Drawn(
        curve.group.label, role, x / axis.scale, y, shown, place_text(until, axis), members, low,
        high, lone,
    )  # fmt: skip


def _readings(series: Series, clock: Clock) -> Points:
    places = series.clock(clock)
    order = np.argsort(places, kind="stable")
    places, values = places[order], series.values[order]
    known = np.isfinite(places) & np.isfinite(values)
    return places[known], values[known]


def _line_of_one(
    series: Series, clock: Clock, places: Floats, values: Floats, until: float
) -> Points:
    """Return the line of one run: exact where it has few values, else at even places."""
    inside = places <= until * (1 + 1e-9)
    places, values = places[inside], values[inside]
    if series.measure.is_best:
        records = np.unique(best_so_far(-values if series.measure.orientation > 0 else values))
        records = records[records >= 0]
        # A best holds until a better one comes; it ends where knowledge of the run ends.
        last = values[records[-1:]]
        return np.append(places[records], [until] * len(last)), np.append(values[records], last)
    at = np.unique(places) if len(places) <= POINTS else until * np.arange(1, POINTS + 1) / POINTS
    return at, series.standing(clock, at)[0]


def _thinned(x: Floats, y: Floats) -> Points:
    """Return a line with the same look of no more points than can be seen.

    Examples
    --------
    >>> x = np.arange(10_000.0)
    >>> thin, values = _thinned(x, np.sin(x))
    >>> len(thin) <= 480, bool(values.max() == np.sin(x).max())
    (True, True)
    """
    if len(x) <= _MOST_READINGS:
        return x, y
    edges = np.unique(np.linspace(0, len(x), POINTS + 1).astype(int))
    kept = set()
    for begin, end in pairwise(edges.tolist()):
        part = y[begin:end]
        kept |= {begin + int(part.argmin()), begin + int(part.argmax())}
    at = np.array(sorted(kept))
    return x[at], y[at]


def not_drawn(
    comparison: Comparison, measure: Measure, clock: Clock, lines: Sequence[GroupLine]
) -> Iterator[tuple[str, str]]:
    """Yield the runs of which nothing is drawn, and why."""
    drawn = {run for line in lines for run in line.runs}
    for name, series in comparison.series(measure).items():
        if not isinstance(series, Series):
            yield name, series.missing
        elif not series.is_on(clock):
            yield name, f"no clock of {clock} in these logs"
        elif name not in drawn:
            yield name, "no value to draw"
