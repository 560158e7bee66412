"""What the logs in use show of each metric of the catalogue.

The metrics reference says of every metric what it is; this module says what is there: in which runs
and under which tags, how far its values range, the last one, and for the important metrics how it
went. Tags that the catalogue does not know are shown as well.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from rulka_analysis.experiments.comparison import Comparison
from rulka_analysis.logs.clocks import MINUTES
from rulka_analysis.logs.runs import Logs, Run
from rulka_analysis.metrics.catalogue import Catalogue, Metric
from rulka_analysis.metrics.settings import numbers_of, read_settings
from rulka_analysis.pages.figures import curves
from rulka_analysis.pages.observed import (
    STATISTICS,
    Observed,
    columns_of,
    counted,
    left_out,
    observed,
    over_runs,
    range_and_last,
)
from rulka_analysis.pages.results import Figure
from rulka_analysis.pages.trends import Trend, trend_of
from rulka_analysis.project import load_catalogue
from rulka_analysis.values import questions
from rulka_analysis.values.errors import listing
from rulka_analysis.values.quantities import Quantity, Sentence
from rulka_analysis.values.tables import Cell, Table
from rulka_analysis.values.text import natural_order, printable

# A row a run up to here, a row a tag up to there, one row for all tags beyond: a page of tables
# that nobody reads helps nobody. Important metrics get more room.
ROWS_A_RUN, ROWS_A_RUN_IMPORTANT = 8, 24
ROWS_A_TAG = 12
# Names beyond this are counted and not listed; `rulka-analysis tags` lists them all.
LISTED_TAGS = 200
# CSS pixels; of a figure that shows no more than how a curve goes.
TREND_HEIGHT = 200
MOST_LINES = 8

Part = Table | Figure | Sentence | Trend


class Reference:
    """What logs show of each metric of the catalogue.

    Parameters
    ----------
    logs : Logs
        The logs.
    catalogue : Catalogue, optional
        What tags mean; that of their domain by default.
    """

    def __init__(self, logs: Logs, catalogue: Catalogue | None = None) -> None:
        self.catalogue = load_catalogue(logs=logs) if catalogue is None else catalogue
        self._words = self.catalogue.domain.words
        questions.note_file(self.catalogue.domain.catalogue_file)
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
            found = [observed(run, tag, self._words) for run in self._uncatalogued[tag]]
            runs = self._names(self._uncatalogued[tag])
            rows[str(number)] = [printable(tag), runs, *over_runs(found)]
        columns = {"tag": "Tag", "runs": "Runs", "range": "Range", "last": "Last"}
        notes = [*_not_listed(tags)]
        return Table(columns, rows, "Tags that the catalogue does not know, as logged.", notes)

    def _made(self, metric: Metric) -> Iterator[tuple[str, Part]]:
        tags = self.tags(metric)
        if not tags:
            return
        found = {
            tag: [observed(run, tag, self._words, metric) for run in runs]
            for tag, runs in tags.items()
        }
        yield f"{metric.name}.line", self._line(metric, found)
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

    def _line(self, metric: Metric, found: Mapping[str, Sequence[Observed]]) -> Trend:
        """Return how the first of a metric's tags went, and where it ended."""
        tag, several = next(iter(found.items()))
        match = self.catalogue.match(tag)
        assert match is not None
        usual = {placeholder.name: placeholder.usual for placeholder in metric.placeholders}
        own = [text for name, text in match.placeholders.items() if text != usual.get(name)]
        _, last = over_runs(several)
        return trend_of(several, _with_unit(last, metric.display_unit, ", ".join(own)))

    def _a_row_a_run(self, metric: Metric, tag: str, found: Sequence[Observed]) -> Table:
        columns = {"run": "Run", **columns_of(metric)}
        statistic = STATISTICS.get(metric.summary)
        if statistic is not None:
            columns["summary"] = statistic[0]
        rows: dict[str, list[Cell]] = {}
        for one in found:
            rows[one.run.name] = [one.run.name, *range_and_last(one)]
            if statistic is not None:
                rows[one.run.name].append(statistic[1](one))
        return Table(columns, rows, printable(tag), [*self._notes(metric, tag, found)])

    def _a_row_a_tag(self, metric: Metric, found: Mapping[str, Sequence[Observed]]) -> Table:
        columns = {"tag": "Tag", "runs": "Runs", **columns_of(metric)}
        rows: dict[str, list[Cell]] = {
            str(number): [
                printable(tag),
                self._names([one.run for one in several]),
                *over_runs(several),
            ]
            for number, (tag, several) in enumerate(found.items(), start=1)
        }
        notes = left_out([one for several in found.values() for one in several], metric)
        return Table(columns, rows, "Over all runs, tag by tag.", [*notes])

    def _one_row(self, metric: Metric, found: Mapping[str, Sequence[Observed]]) -> Table:
        everything = [one for several in found.values() for one in several]
        runs = {one.run.name: one.run for one in everything}
        cells: list[Cell] = [
            counted(len(found), "tags of this metric in these logs"),
            self._names(list(runs.values())),
            *over_runs(everything),
        ]
        columns = {"tags": "Tags", "runs": "Runs", **columns_of(metric)}
        notes = left_out(everything, metric)
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
            "runs": counted(len(holding), "runs that hold one of its tags"),
            "all": counted(len(self.runs), "runs in the log directory"),
            "tags": counted(len(tags), "tags that its pattern or an older name matches"),
        }
        plural = "tags" if len(tags) > 1 else "tag"
        if len(holding) == len(self.runs):
            every = "all {all} runs" if len(self.runs) > 1 else "{all} run"
            text = f"In {every}, under {{tags}} {plural}."
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
        yield from left_out(found, metric)

    def _trends(self, metric: Metric) -> Iterator[tuple[str, Figure | Sentence]]:
        """Draw an important metric, each variant by minutes, all runs that hold it.

        Not drawn: metrics that have a tag for each of something other than a variant.
        """
        # What a comparison fills in by itself is no reason for a figure of its own.
        varied = any(not p.varies and p.usual is None for p in metric.placeholders)
        if not metric.important or varied:
            return
        variants: dict[str | None, set[str]] = {}
        for tag, runs in self.tags(metric).items():
            match = self.catalogue.match(tag)
            assert match is not None
            if match.is_usual:
                variants.setdefault(match.variant, set()).update(run.name for run in runs)
        keys = _unique("trend" if one is None else f"trend.{_plain(one)}" for one in variants)
        for key, (variant, names) in zip(keys, variants.items(), strict=True):
            yield f"{metric.name}.{key}", self._trend(metric, variant, names)

    def _trend(self, metric: Metric, variant: str | None, names: set[str]) -> Figure | Sentence:
        if len(names) > MOST_LINES:
            return Sentence(
                "{runs} runs are too many to tell apart in one figure; compare some of them.",
                {"runs": counted(len(names), "runs that hold the metric")},
            )
        holding = {run.name: run for run in self.runs if run.name in names}
        settings = {
            name: numbers_of(read_settings(name, run, self.catalogue))
            for name, run in holding.items()
        }
        comparison = Comparison(
            name="all_runs",
            title="All runs",
            runs=holding,
            baseline=next(iter(holding)),
            settings=settings,
            catalogue=self.catalogue,
            variant_titles={},
            run_order=[run.name for run in self.runs],
        )
        # Divided by what it grows with only where every run's log says what that was.
        divisible = bool(metric.scales_with) and all(
            (own := known.get(metric.scales_with[0])) is not None and own.known
            for known in settings.values()
        )
        measure = comparison.measure(metric.name, variant, as_logged=not divisible)
        end = comparison.window(measure, MINUTES).end
        every = max(5.0, 5 * math.ceil(end / 15)) if math.isfinite(end) else None
        return curves(
            comparison,
            metric.name,
            variant,
            as_logged=not divisible,
            height=TREND_HEIGHT,
            every=every,
            whole=True,
        )


def _with_unit(last: Cell, unit: str, of: str) -> Cell:
    """Return the last values with their unit, and what they are of where a metric has several."""
    values: Mapping[str, Quantity | str]
    if isinstance(last, Sentence):
        text, values = last.template, last.values
    elif isinstance(last, Quantity) and last.known:
        text, values = "{last}", {"last": last}
    else:
        return last
    behind = f" {unit}" if unit else ""
    before = "{of}: " if of else ""
    return Sentence(f"{before}{text}{behind}", {**values, "of": printable(of)})


def _not_listed(tags: Sequence[str]) -> Iterator[Sentence]:
    left = len(tags) - LISTED_TAGS
    if left > 0:
        yield Sentence(
            "{left} more tags are not listed here; the command rulka-analysis tags lists all.",
            {"left": counted(left, "tags beyond those listed")},
        )


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
    >>> _plain("loss (v2)"), _plain("карта")
    ('loss-v2', 'other')
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
