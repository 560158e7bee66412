"""Small multiples: every metric that runs have in common, a small figure each, read at a glance.

Of hundreds of runs as of two: values are put into bins first, and of many groups their middle half
is drawn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.experiments.groups import Group
from rulka_analysis.logs.clocks import MINUTES
from rulka_analysis.logs.run import Run
from rulka_analysis.metrics.catalogue import Catalogue, Match
from rulka_analysis.pages.charts import Chart, Drawn, picture
from rulka_analysis.pages.drawing import roles, scaled_clock
from rulka_analysis.pages.explore.view import View
from rulka_analysis.pages.observed import Observed, observed, over_runs
from rulka_analysis.pages.palette import Role
from rulka_analysis.pages.results import Figures, Panel
from rulka_analysis.values.quantities import Quantity, Sentence
from rulka_analysis.values.tables import Cell, Table
from rulka_analysis.values.text import amount, natural_order, printable
from rulka_analysis.verdicts.words import filled

Floats = NDArray[np.float64]

# So many stand open, and so many are drawn at all; the metrics reference has every tag.
OPEN, MOST = 9, 40
# A metric that fewer of the runs have is not in common.
ENOUGH = 2 / 3
# Groups that are drawn as lines; of more, their middle half.
_MOST_LINES = 30
_BINS = 60
_WIDTH, _HEIGHT = 296, 168
_NEVER: tuple[Role, ...] = ("winner",)
_DRAWN_AS = {"baseline": "Blue, dashed", "third": "Dash and dot", "fourth": "Dotted"}


@dataclass(frozen=True, slots=True)
class Common:
    """A tag that most runs have, and what the catalogue says of it."""

    tag: str
    match: Match | None

    @property
    def title(self) -> str:
        if self.match is None:
            return printable(self.tag)
        return self.match.metric.heading(**self.match.placeholders)

    @property
    def prefix(self) -> str:
        """Under which heading it stands: the catalogue's group, else all but the last part."""
        if self.match is not None:
            return self.match.metric.group
        return printable(self.tag.rpartition("/")[0]) or "Other tags"


def common_tags(
    runs: Sequence[Run], catalogue: Catalogue, first: Sequence[str] = ()
) -> list[Common]:
    """Return the tags that most runs have, but for settings and clocks, the telling ones first.

    Parameters
    ----------
    runs : sequence of Run
    catalogue : Catalogue
    first : sequence of str
        Tags that stand before all others.
    """
    count: dict[str, int] = {}
    for run in runs:
        for tag in run.tags:
            count[tag] = count.get(tag, 0) + 1
    enough = min(ENOUGH * len(runs), max(count.values(), default=0))
    found = [
        Common(tag, match)
        for tag, there in count.items()
        if there >= enough
        and ((match := catalogue.match(tag)) is None or not _is_of_the_program(match))
    ]
    order = {tag: at for at, tag in enumerate(first)}

    def rank(one: Common) -> tuple[object, ...]:
        important = one.match is not None and one.match.metric.important
        return order.get(one.tag, len(order)), not important, natural_order(one.tag)

    return sorted(found, key=rank)


def _is_of_the_program(match: Match) -> bool:
    return match.metric.summary in ("setting", "clock") and not match.metric.schedule


def multiples(
    runs: Mapping[str, Run],
    groups: Sequence[Group],
    baseline: Group,
    catalogue: Catalogue,
    first: Sequence[str] = (),
) -> dict[str, Figures]:
    """Return figures of the metrics that runs have in common, by heading; the first under "".

    Parameters
    ----------
    runs : mapping of str to Run
    groups : sequence of Group
        How they belong together.
    baseline : Group
    catalogue : Catalogue
    first : sequence of str
        Tags that stand before all others.
    """
    common = common_tags(list(runs.values()), catalogue, first)
    whole = _Whole(runs, groups, baseline, catalogue)
    shown: dict[str, list[_Small]] = {}
    drawn = (small for one in common if (small := whole.small(one)) is not None)
    for number, small in enumerate(islice(drawn, MOST)):
        shown.setdefault("" if number < OPEN else small.of.prefix, []).append(small)
    return {heading: whole.figures(several) for heading, several in shown.items()}


@dataclass(frozen=True, slots=True)
class _Small:
    of: Common
    panel: Panel
    row: list[Cell]


class _Whole:
    """What all small figures share: the runs, how groups are drawn, the clock."""

    def __init__(
        self,
        runs: Mapping[str, Run],
        groups: Sequence[Group],
        baseline: Group,
        catalogue: Catalogue,
    ) -> None:
        self.runs = runs
        self.groups = [group for group in groups if any(run in runs for run in group.runs)]
        self.baseline = baseline
        self.catalogue = catalogue
        self.roles = roles(self.groups, baseline)
        timed = all(MINUTES in run.clocks for run in runs.values())
        self.clock = MINUTES if timed else catalogue.domain.conventions.steps

    def small(self, one: Common) -> _Small | None:
        """Return a metric's small figure; None where nothing changes."""
        metric = one.match.metric if one.match else None
        words = self.catalogue.domain.words
        found = {
            name: observed(run, one.tag, words, metric)
            for name, run in self.runs.items()
            if one.tag in run.tags
        }
        chart = self._chart(one, found)
        if chart is None:
            return None
        drawn = picture(chart, _WIDTH, _HEIGHT)
        runs = amount(len(found), "run")
        said = f"Small line chart of {one.title} by {self.clock.name}, {runs}."
        view = View(one.tag, self.clock.key, groups=tuple(found)[:_MOST_LINES])
        reached, last = over_runs([*found.values()])
        told = filled(
            "Ends at {last}.", {"last": last if isinstance(last, Sentence) else str(last)}
        )
        panel = Panel(one.title, drawn, drawn, said, (view.fragment, ""), told)
        return _Small(one, panel, [one.title, str(len(found)), reached, last])

    def figures(self, several: Sequence[_Small]) -> Figures:
        columns = {"metric": "Metric", "runs": "Runs", "range": "Range", "last": "Last"}
        rows = {small.of.tag: small.row for small in several}
        table = Table(columns, rows, "Over all runs, as shown.")
        panels = [small.panel for small in several]
        return Figures("", {"all": panels}, self._caption(), table)

    def _caption(self) -> Sentence:
        by = f"By {self.clock.name}, the median in each of {_BINS} parts of the axis."
        if len(self.groups) > _MOST_LINES:
            return Sentence(by + " The middle half of all groups, and the median.")
        if len(self.groups) < 2:
            return Sentence(by)
        told, fields = by, dict[str, Quantity | str]()
        for group, role in zip(self.groups, self.roles, strict=True):
            if role in _DRAWN_AS:
                told += f" {_DRAWN_AS[role]}: {{{role}}}."
                fields[role] = printable(group.label)
        grey = " Grey: the others." if "other" in self.roles else ""
        return Sentence(told + grey, fields)

    def _chart(self, one: Common, found: Mapping[str, Observed]) -> Chart | None:
        read = {name: places for name, o in found.items() if len((places := self._read(o))[0])}
        values = np.concatenate([y for _, y in read.values()]) if read else np.empty(0)
        if not len(values) or not np.ptp(values) > 1e-9 * np.abs(values).max():
            return None  # What stays as it is needs no figure.
        end = max(float(x.max()) for x, _ in read.values()) or 1.0
        axis = scaled_clock(self.clock, end)
        at = end * np.arange(1, _BINS + 1) / _BINS / axis.scale
        binned = {name: _binned(x, y, end) for name, (x, y) in read.items()}
        lines = [*self._lines(at, binned)]
        better = one.match.metric.better if one.match else "neither"
        unit = one.match.metric.display_unit if one.match else ""
        told = [unit, f"{better} is better" if better != "neither" else ""]
        return Chart(
            title=one.title,
            lines=tuple(line for line in lines if line.known),
            clock=axis,
            behind=" · ".join(part for part in told if part),
            upwards=better == "higher",
            named=_NEVER,
        )

    def _read(self, one: Observed) -> tuple[Floats, Floats]:
        events = one.events
        where = events.minutes if self.clock is MINUTES else events.steps.astype(np.float64)
        known = np.isfinite(where) & np.isfinite(one.values)
        return where[known], one.values[known]

    def _lines(self, at: Floats, binned: Mapping[str, Floats]) -> Iterator[Drawn]:
        if len(self.groups) > _MOST_LINES:
            with np.errstate(all="ignore"):
                low, middle, high = _quartiles(np.array([*binned.values()]))
            yield Drawn("", "baseline", at, middle, low=low, high=high)
            return
        for group, role in zip(self.groups, self.roles, strict=True):
            own = [binned[run] for run in group.runs if run in binned]
            if own:
                mean = np.mean(own, axis=0)
                members = tuple((at, y) for y in own) if len(own) > 1 else ()
                yield Drawn(group.label, role, at, mean, members=members)


def _binned(x: Floats, y: Floats, end: float) -> Floats:
    """Return the median in each bin; between readings as it was, after the last one nothing."""
    places = np.clip((_BINS * x / end).astype(int), 0, _BINS - 1)
    order = np.argsort(places, kind="stable")
    bins, begin = np.unique(places[order], return_index=True)
    medians = [float(np.median(part)) for part in np.split(y[order], begin[1:])]
    found = np.full(_BINS, np.nan)
    inside = np.arange(bins[0], bins[-1] + 1)
    found[inside] = np.interp(inside, bins, medians)
    return found


def _quartiles(values: Floats) -> tuple[Floats, Floats, Floats]:
    """Return quartiles of columns; NaN where there is nothing.

    Examples
    --------
    >>> [float(row[0]) for row in _quartiles(np.array([[1.0], [2.0], [3.0]]))]
    [1.5, 2.0, 2.5]
    """
    known = np.isfinite(values).any(axis=0)
    found = np.full((3, values.shape[1]), np.nan)
    found[:, known] = np.nanquantile(values[:, known], (0.25, 0.5, 0.75), axis=0)
    low, middle, high = found
    return low, middle, high
