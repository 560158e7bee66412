"""What the logs in use show of each metric of the catalogue.

The metrics reference says of every metric what it is; this module says what is there: in which runs
and under which tags, how far its values range, the last one, and for the important metrics how it
went. Tags that the catalogue does not know are shown as well.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rulka_analysis.experiments.comparison import Comparison
from rulka_analysis.logs.events.file_findings import printable
from rulka_analysis.logs.runs import Logs, Run, natural_order
from rulka_analysis.metrics import summaries
from rulka_analysis.metrics.catalogue import CATALOGUE_FILE, Catalogue, Metric, load_catalogue
from rulka_analysis.metrics.series import STATUS, shown_values
from rulka_analysis.pages.figures import COLOURS, Figure, curves
from rulka_analysis.pages.tables import Cell, Table
from rulka_analysis.values import questions
from rulka_analysis.values.errors import listing
from rulka_analysis.values.quantities import Quantity, Sentence

# A row a run up to here, a row a tag up to there, one row for all tags beyond: a page of tables
# that nobody reads helps nobody. Important metrics get more room.
ROWS_A_RUN, ROWS_A_RUN_IMPORTANT = 8, 24
ROWS_A_TAG = 12
# Names beyond this are counted and not listed; `rulka-analysis tags` lists them all.
LISTED_TAGS = 200
# Inches; of a figure that shows no more than how a curve goes.
TREND_HEIGHT = 2.7
MOST_LINES = len(COLOURS["light"])

Part = Table | Figure | Sentence


@dataclass(frozen=True)
class Observed:
    """The events of one tag in one run, as shown.

    Parameters
    ----------
    run : Run
        The run.
    tag : str
        The tag.
    events : DataFrame
        As `Run.scalars` returns them.
    values : array of shape (n,)
        In the unit shown; NaN for races that were not finished and for what is not finite.
    unfinished : int
        Races that logged the cutoff.
    digits : int or None
        Decimals shown; None for as many as show four figures of the number.
    factor : float
        Shown value = logged value × this.
    """

    run: Run
    tag: str
    events: pd.DataFrame
    values: NDArray[np.float64]
    unfinished: int
    digits: int | None
    factor: float

    @property
    def finite(self) -> NDArray[np.int64]:
        return np.flatnonzero(np.isfinite(self.values))

    @property
    def left_out(self) -> int:
        """Values that are NaN or infinite."""
        return len(self.values) - len(self.finite) - self.unfinished

    @property
    def lowest(self) -> int:
        return int(np.nanargmin(self.values))

    @property
    def highest(self) -> int:
        return int(np.nanargmax(self.values))

    @property
    def last(self) -> int:
        return int(self.finite[-1])

    def quantity(self, value: float, at: Sequence[int], how: str) -> Quantity:
        """Return a number that rests on the events at some positions."""
        error = max(float(self.events.reading_error.iloc[i]) for i in at) * abs(self.factor)
        evidence = tuple(self.run.evidence_of(self.tag, self.events.iloc[i]) for i in at)
        digits = _decimals(value) if self.digits is None else self.digits
        return Quantity(value, "", digits, evidence, how, error)

    def at(self, index: int, how: str) -> Quantity:
        return self.quantity(float(self.values[index]), (index,), how)

    def unknown(self) -> Quantity:
        """Return the reason why there is no value at all."""
        if self.unfinished:
            return Quantity.unknown(
                f"none of {self.unfinished:,} races of {self.run.name} was finished",
                label="none finished",
            )
        return Quantity.unknown(
            f"none of {len(self.values):,} values of {self.run.name} is a number",
            label="no number",
        )


class Reference:
    """What logs show of each metric of the catalogue.

    Parameters
    ----------
    logs : Logs
        The logs.
    catalogue : Catalogue, optional
        What tags mean; the package's own by default.
    """

    def __init__(self, logs: Logs, catalogue: Catalogue | None = None) -> None:
        questions.note_file(CATALOGUE_FILE)
        self.catalogue = load_catalogue() if catalogue is None else catalogue
        self.runs = list(logs)
        self._tags: dict[str, dict[str, list[Run]]] = {}
        self._uncatalogued: dict[str, list[Run]] = {}
        self._older: set[str] = set()
        self._parts: dict[str, dict[str, Part]] = {}
        for run in self.runs:
            for tag in run.tags:
                match = self.catalogue.match(tag)
                if match is None:
                    self._uncatalogued.setdefault(tag, []).append(run)
                    continue
                self._tags.setdefault(match.metric.name, {}).setdefault(tag, []).append(run)
                if match.alias:
                    self._older.add(tag)

    @property
    def present(self) -> list[Metric]:
        """The metrics that at least one run holds, in the order of the catalogue."""
        return [metric for metric in self.catalogue if metric.name in self._tags]

    def tags(self, metric: Metric) -> dict[str, list[Run]]:
        """Return the tags under which the runs hold a metric, and which runs.

        Today's names stand before older ones.
        """
        found = self._tags.get(metric.name, {})
        order = sorted(found, key=lambda tag: (tag in self._older, natural_order(tag)))
        return {tag: found[tag] for tag in order}

    def presence(self) -> Table:
        """Return, for every metric of the catalogue, where it is and what is published of it."""
        columns = {"metric": "Metric", "presence": "In these logs", "parts": "Published as"}
        rows: dict[str, list[Cell]] = {
            metric.name: [
                metric.name,
                self._presence(metric),
                ", ".join(self.parts(metric)) or "–",
            ]
            for metric in self.catalogue
        }
        return Table(columns, rows, "The metrics of the catalogue in these logs.")

    def parts(self, metric: Metric) -> dict[str, Part]:
        """Return what is to be shown of a metric, by the name it is published under.

        Nothing for a metric that is not in these logs.
        """
        if metric.name not in self._parts:
            self._parts[metric.name] = dict(self._made(metric))
        return self._parts[metric.name]

    def uncatalogued(self) -> Table | Sentence:
        """Return the tags that the catalogue does not know, with their values as logged."""
        if not self._uncatalogued:
            return Sentence("Every tag in these logs is in the catalogue.")
        tags = sorted(self._uncatalogued, key=natural_order)
        rows: dict[str, list[Cell]] = {}
        for number, tag in enumerate(tags[:LISTED_TAGS], start=1):
            found = [_observed(run, tag) for run in self._uncatalogued[tag]]
            runs = self._names(self._uncatalogued[tag])
            rows[str(number)] = [printable(tag), runs, *_over_runs(found)]
        columns = {"tag": "Tag", "runs": "Runs", "range": "Range", "last": "Last"}
        notes = [*_not_listed(tags)]
        return Table(columns, rows, "Tags that the catalogue does not know, as logged.", notes)

    def _made(self, metric: Metric) -> Iterator[tuple[str, Part]]:
        tags = self.tags(metric)
        if not tags:
            return
        found = {tag: [_observed(run, tag, metric) for run in runs] for tag, runs in tags.items()}
        rows = sum(map(len, found.values()))
        if rows <= (ROWS_A_RUN_IMPORTANT if metric.important else ROWS_A_RUN):
            names = _unique(_key(self.catalogue, tag) for tag in tags)
            for name, tag in zip(names, tags, strict=True):
                yield f"{metric.name}.{name}", self._a_row_a_run(metric, tag, found[tag])
        elif len(tags) <= ROWS_A_TAG:
            yield f"{metric.name}.values", self._a_row_a_tag(metric, found)
        else:
            yield f"{metric.name}.values", self._one_row(metric, found)
            yield f"{metric.name}.tags", self._list_of_tags(tags)
        yield from self._trends(metric)

    def _a_row_a_run(self, metric: Metric, tag: str, found: Sequence[Observed]) -> Table:
        columns = {"run": "Run", **_columns(metric)}
        statistic = _STATISTICS.get(metric.summary)
        if statistic is not None:
            columns["summary"] = statistic[0]
        rows: dict[str, list[Cell]] = {}
        for one in found:
            rows[one.run.name] = [one.run.name, *_range_and_last(one)]
            if statistic is not None:
                rows[one.run.name].append(statistic[1](one))
        return Table(columns, rows, printable(tag), [*self._notes(metric, tag, found)])

    def _a_row_a_tag(self, metric: Metric, found: Mapping[str, Sequence[Observed]]) -> Table:
        columns = {"tag": "Tag", "runs": "Runs", **_columns(metric)}
        rows: dict[str, list[Cell]] = {
            str(number): [
                printable(tag),
                self._names([one.run for one in several]),
                *_over_runs(several),
            ]
            for number, (tag, several) in enumerate(found.items(), start=1)
        }
        notes = _left_out([one for several in found.values() for one in several], metric)
        return Table(columns, rows, "Over all runs, tag by tag.", [*notes])

    def _one_row(self, metric: Metric, found: Mapping[str, Sequence[Observed]]) -> Table:
        everything = [one for several in found.values() for one in several]
        runs = {one.run.name: one.run for one in everything}
        cells: list[Cell] = [
            _count(len(found), "tags of this metric in these logs"),
            self._names(list(runs.values())),
            *_over_runs(everything),
        ]
        columns = {"tags": "Tags", "runs": "Runs", **_columns(metric)}
        notes = _left_out(everything, metric)
        return Table(columns, {"all": cells}, "Over all tags and runs.", [*notes])

    def _list_of_tags(self, tags: Mapping[str, Sequence[Run]]) -> Table:
        rows: dict[str, list[Cell]] = {
            str(number): [printable(tag), self._names(tags[tag])]
            for number, tag in enumerate(list(tags)[:LISTED_TAGS], start=1)
        }
        notes = [*_not_listed(list(tags))]
        return Table({"tag": "Tag", "runs": "Runs"}, rows, "The tags and their runs.", notes)

    def _presence(self, metric: Metric) -> Sentence:
        tags = self.tags(metric)
        if not tags:
            return Sentence("Not in these logs.")
        holding = {run.name for runs in tags.values() for run in runs}
        older = [tag for tag in tags if tag in self._older]
        values: dict[str, Quantity | str] = {
            "runs": _count(len(holding), "runs that hold one of its tags"),
            "all": _count(len(self.runs), "runs in the log directory"),
            "tags": _count(len(tags), "tags that its pattern or an older name matches"),
        }
        plural = "tags" if len(tags) > 1 else "tag"
        if len(holding) == len(self.runs):
            text = f"In all {{all}} runs, under {{tags}} {plural}."
        else:
            text = f"In {{runs}} of {{all}} runs, under {{tags}} {plural}. Not in {{absent}}."
            values["absent"] = listing(run.name for run in self.runs if run.name not in holding)
        if older:
            text += " Older names: {older}. A short one may come from another program."
            values["older"] = printable(listing(older))
        return Sentence(text, values)

    def _names(self, runs: Sequence[Run]) -> str:
        return "all" if len(runs) == len(self.runs) else listing(run.name for run in runs)

    def _notes(self, metric: Metric, tag: str, found: Sequence[Observed]) -> Iterator[Sentence]:
        absent = {run.name: run for run in self.runs}
        for one in found:
            del absent[one.run.name]
        if absent:
            yield Sentence("Not in {runs}.", {"runs": listing(absent)})
        if any(one.run.records_only(tag) for one in found):
            yield Sentence("Only new bests are known here: the range is that of the bests.")
        yield from _left_out(found, metric)

    def _trends(self, metric: Metric) -> Iterator[tuple[str, Figure | Sentence]]:
        """Draw an important metric on each map, by minutes, all runs that hold it.

        Not drawn: metrics that have a tag for each of something other than a map.
        """
        varied = {placeholder.name for placeholder in metric.placeholders}
        if not metric.important or varied - {"map", "status"}:
            return
        maps: dict[str | None, set[str]] = {}
        for tag, runs in self.tags(metric).items():
            match = self.catalogue.match(tag)
            assert match is not None
            if match.placeholders.get("status", STATUS) == STATUS:
                names = {run.name for run in runs}
                maps.setdefault(match.placeholders.get("map"), set()).update(names)
        keys = _unique("trend" if map is None else f"trend.{_plain(map)}" for map in maps)
        for key, (map, names) in zip(keys, maps.items(), strict=True):
            yield f"{metric.name}.{key}", self._trend(metric, map, names)

    def _trend(self, metric: Metric, map: str | None, names: set[str]) -> Figure | Sentence:
        if len(names) > MOST_LINES:
            return Sentence(
                "{runs} runs are too many to tell apart in one figure; compare some of them.",
                {"runs": _count(len(names), "runs that hold the metric")},
            )
        holding = {run.name: run for run in self.runs if run.name in names}
        settings = {name: self._settings(metric, run) for name, run in holding.items()}
        comparison = Comparison(
            name="all_runs",
            title="All runs",
            runs=holding,
            baseline=next(iter(holding)),
            settings=settings,
            catalogue=self.catalogue,
            measures={},
            maps={},
            targets={},
            run_order=[run.name for run in self.runs],
        )
        # Divided by what it grows with only where every run's log says what that was.
        divisible = bool(metric.scales_with) and all(
            metric.scales_with[0] in known for known in settings.values()
        )
        measure = comparison.measure(metric.name, map, as_logged=not divisible)
        end = comparison.window(measure).end
        every = max(5.0, 5 * math.ceil(end / 15)) if math.isfinite(end) else None
        return curves(
            comparison,
            metric.name,
            map,
            as_logged=not divisible,
            height=TREND_HEIGHT,
            every=every,
        )

    def _settings(self, metric: Metric, run: Run) -> dict[str, Quantity]:
        """Return the settings that a metric scales with, as the run's own log has them."""
        found: dict[str, Quantity] = {}
        logged = self.catalogue.settings()
        for name in metric.scales_with:
            if name not in logged:
                continue
            tags = self.catalogue.tags_for(logged[name].name, run.tags)
            events = run.scalars(tags[0]) if tags else None
            if events is not None and len(events):
                last = len(events) - 1
                evidence = (run.evidence(tags[0], last),)
                value = float(events.value.iloc[last])
                found[name] = Quantity(value, "", logged[name].digits, evidence, "as logged")
        return found


def _observed(run: Run, tag: str, metric: Metric | None = None) -> Observed:
    """Read one tag of one run; without a metric, as logged."""
    events = run.scalars(tag)
    values = events.value.to_numpy(dtype=np.float64)
    if metric is None:
        values = np.where(np.isfinite(values), values, np.nan)
        return Observed(run, tag, events, values, 0, None, 1.0)
    values, late = shown_values(values, metric, metric.display_factor)
    values = np.where(np.isfinite(values), values, np.nan)
    count = int(late.sum())
    return Observed(run, tag, events, values, count, metric.digits, metric.display_factor)


def _decimals(value: float) -> int:
    """Return how many decimals show four figures of a number; none for a whole one.

    Examples
    --------
    >>> _decimals(0.01234), _decimals(-96.6), _decimals(1e6), _decimals(0.0)
    (5, 2, 0, 0)
    """
    if value == int(value):
        return 0
    return min(12, max(0, 3 - math.floor(math.log10(abs(value)))))


def _columns(metric: Metric) -> dict[str, str]:
    # Units stand once, in the heading.
    unit = f" ({metric.display_unit})" if metric.display_unit else ""
    return {"range": f"Range{unit}", "last": f"Last{unit}"}


def _range_and_last(one: Observed) -> tuple[Cell, Cell]:
    if not len(one.finite):
        return one.unknown(), one.unknown()
    count = len(one.finite)
    what = "new bests" if one.run.records_only(one.tag) else "values"
    last = one.at(one.last, "last value logged")
    if count == 1:
        return _range(one.at(one.last, "the only value logged")), last
    low, high = one.lowest, one.highest
    if one.values[low] == one.values[high]:
        return _range(one.at(one.last, f"the same in all {count:,} {what} logged")), last
    return _range(
        one.at(low, f"lowest of {count:,} {what} logged"),
        one.at(high, f"highest of {count:,} {what} logged"),
    ), last


def _over_runs(found: Sequence[Observed]) -> tuple[Cell, Cell]:
    """Return the range and the last values of several runs or tags."""
    known = [one for one in found if len(one.finite)]
    if not known:
        return found[0].unknown(), found[0].unknown()
    if len(known) == 1:
        return _range_and_last(known[0])
    count = sum(len(one.finite) for one in known)
    low = min(known, key=lambda one: float(one.values[one.lowest]))
    high = max(known, key=lambda one: float(one.values[one.highest]))
    first = min(known, key=lambda one: float(one.values[one.last]))
    final = max(known, key=lambda one: float(one.values[one.last]))
    where = f"{len(known):,} curves"
    return (
        _range(
            low.at(low.lowest, f"lowest of {count:,} values in {where}"),
            high.at(high.highest, f"highest of {count:,} values in {where}"),
        ),
        _range(
            first.at(first.last, f"lowest of the last values of {where}"),
            final.at(final.last, f"highest of the last values of {where}"),
        ),
    )


def _range(low: Quantity, high: Quantity | None = None) -> Sentence:
    if high is None or low.number == high.number:
        return Sentence("{low}", {"low": low})
    return Sentence("{low} to {high}", {"low": low, "high": high})


def _median_of_last_three(one: Observed) -> Quantity:
    at = summaries.last_three(one.values)
    if not at:
        return one.unknown()
    value = summaries.median_of_last_three(one.values)
    return one.quantity(value, at, "median of the last three values logged")


def _finish_rate(one: Observed) -> Quantity:
    if not len(one.finite):
        return one.unknown()
    finished, rates = summaries.finish_rate_so_far(one.values / one.factor)
    count, races = finished[one.last], len(one.finite)
    how = f"{count:,} of {races:,} races finished; the first and the last of them"
    ends = sorted({int(one.finite[0]), one.last})
    return one.quantity(float(rates[one.last]) * one.factor, ends, how)


_STATISTICS = {
    "median_of_last_three": ("Median of last three", _median_of_last_three),
    "finish_rate": ("Finish rate", _finish_rate),
}


def _left_out(found: Sequence[Observed], metric: Metric) -> Iterator[Sentence]:
    """Say what is in neither range nor last value."""
    unfinished = sum(one.unfinished for one in found)
    if unfinished:
        yield Sentence(
            "{unfinished} of {values} logged values are the cutoff of a race that was not "
            "finished: they are in neither range nor last value.",
            {
                "unfinished": _count(unfinished, f"at or above {metric.cutoff_seconds:g} s"),
                "values": _count(sum(len(one.values) for one in found), "values logged"),
            },
        )
    broken = sum(one.left_out for one in found)
    if broken:
        yield Sentence(
            "{broken} logged values are not numbers (NaN or infinite) and are left out.",
            {"broken": _count(broken, "NaN or infinite, in all runs shown")},
        )


def _not_listed(tags: Sequence[str]) -> Iterator[Sentence]:
    left = len(tags) - LISTED_TAGS
    if left > 0:
        yield Sentence(
            "{left} more tags are not listed here; the command rulka-analysis tags lists all.",
            {"left": _count(left, "tags beyond those listed")},
        )


def _count(number: int, how: str) -> Quantity:
    return Quantity(float(number), "", 0, how=f"counted: {how}")


def _key(catalogue: Catalogue, tag: str) -> str:
    """Return the last part of the name under which a tag's values are published."""
    match = catalogue.match(tag)
    assert match is not None
    parts = [_plain(text) for text in match.placeholders.values()]
    return "_".join(part for part in parts if part) or "values"


def _plain(text: str) -> str:
    """Return what of a text may stand in the name of a result.

    Examples
    --------
    >>> _plain("A01 (v2)"), _plain("карта")
    ('A01-v2', 'other')
    """
    return re.sub(r"[^A-Za-z0-9_]+", "-", text).strip("-") or "other"


def _unique(names: Iterable[str]) -> list[str]:
    """Number names that occur more than once.

    Examples
    --------
    >>> _unique(["values", "other", "values", "values-2"])
    ['values', 'other', 'values-2', 'values-2-2']
    """
    taken: list[str] = []
    for name in names:
        free, number = name, 1
        while free in taken:
            number += 1
            free = f"{name}-{number}"
        taken.append(free)
    return taken
