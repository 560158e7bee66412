"""A comparison in numbers, ready to be printed or written as JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rulka_analysis.cli.declared import settings_of
from rulka_analysis.cli.selection import Subject, Tagged
from rulka_analysis.experiments.comparison import Comparison
from rulka_analysis.experiments.experiment import Experiment
from rulka_analysis.logs.clocks import Clock, Window
from rulka_analysis.logs.runs import Logs, Run
from rulka_analysis.metrics import summaries
from rulka_analysis.metrics.catalogue import load_catalogue
from rulka_analysis.metrics.series import Measure, Series, position_of
from rulka_analysis.values.errors import UnknownMetricError, unknown
from rulka_analysis.values.quantities import Quantity

# Of a program whose tags are not in the catalogue, so many are compared unless others are named.
TAGS_UNASKED = 20


@dataclass(frozen=True)
class RunValues:
    """What one run has of one measure.

    Parameters
    ----------
    best : Quantity
        The best of the whole run; unknown for a metric that does not rate.
    reached : mapping of clock to Quantity
        Where the best was first reached.
    smallest, largest, last : Quantity
        Over the whole run.
    at_end : mapping of clock to Quantity
        Where the common window ends.
    difference, ratio : mapping of clock to Quantity
        There, to the baseline; empty for the baseline itself.
    """

    best: Quantity
    reached: Mapping[Clock, Quantity]
    smallest: Quantity
    largest: Quantity
    last: Quantity
    at_end: Mapping[Clock, Quantity]
    difference: Mapping[Clock, Quantity]
    ratio: Mapping[Clock, Quantity]


@dataclass(frozen=True)
class Block:
    """One measure of all compared runs.

    Parameters
    ----------
    measure : Measure
    as_logged : bool
        The value was not divided by the setting it grows with.
    windows : mapping of clock to Window
        The common windows that are known.
    runs : mapping of str to RunValues
    remarks : tuple of str
        What a reader must know of these numbers.
    """

    measure: Measure
    as_logged: bool
    windows: Mapping[Clock, Window]
    runs: Mapping[str, RunValues]
    remarks: tuple[str, ...]

    @property
    def is_uncatalogued(self) -> bool:
        """Whether the catalogue knows nothing of it."""
        return not self.measure.metric.group

    @property
    def known(self) -> bool:
        """Whether any run has a value."""
        return any(values.last.known or values.smallest.known for values in self.runs.values())

    @property
    def title(self) -> str:
        """What it is called, with the unit and which direction is better."""
        title = self.measure.title + (", as logged" if self.as_logged else "")
        if self.is_uncatalogued:  # a tag is spelt as it is
            title = self.measure.metric.name
        # "per transition" says it already.
        unit = f" ({self.measure.unit})" if self.measure.unit and not self.measure.per else ""
        better = self.measure.metric.better
        return f"{title}{unit}" + (f", {better} is better" if better != "neither" else "")


@dataclass(frozen=True)
class Targets:
    """When each run first reached each declared target of a map, on one clock."""

    measure: Measure
    clock: Clock
    targets: tuple[float, ...]
    runs: Mapping[str, tuple[Quantity, ...]]


@dataclass
class Report:
    """A comparison with everything that is printed of it.

    Parameters
    ----------
    comparison : Comparison
    tagged : Tagged
        What the present runs logged.
    experiment : Experiment or None
        Where settings, maps and targets come from that the logs do not hold.
    clock : {"minutes", "frames", "updates"}
        The clock of checkpoints, targets and figures.
    clocks : tuple of clock
        Those by which the runs are compared.
    subjects : list of Subject
        What is compared.
    absent : list of str
        Titles of metrics that belong here and that no run has.
    left_out : int
        How many tags were not asked for and are not shown.
    problems, remarks : list of str
    """

    comparison: Comparison
    tagged: Tagged
    experiment: Experiment | None
    clock: Clock
    clocks: tuple[Clock, ...] = ()
    subjects: list[Subject] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    left_out: int = 0
    problems: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def measures(self) -> list[tuple[Subject, bool]]:
        """What is compared; True for the value as logged of a metric that is also divided."""
        found = []
        for subject in self.subjects:
            metric = self.tagged.catalogue[subject.metric]
            found.append((subject, False))
            if metric.scales_with and metric.per_unit is not None:
                found.append((subject, True))
        return found

    def blocks(self) -> Iterator[Block]:
        """Yield the numbers of each measure."""
        for subject, as_logged in self.measures:
            yield _block(self, subject, as_logged)

    def targets(self) -> Iterator[Targets]:
        """Yield when runs reached declared targets, for each map and clock."""
        if self.experiment is None:
            return
        definition = self.experiment.definition
        shown = {subject for subject, _ in self.measures}
        for name, by_map in definition.metrics.items():
            for map in by_map:
                measure = self.comparison.measure(name, map)
                targets = self.comparison.targets.get(map, ())
                if (
                    not targets
                    or not measure.is_best
                    or Subject(measure.metric.name, map) not in shown
                ):
                    continue
                for clock in self.clocks:
                    times = [self.comparison.time_to_target(measure, t, clock) for t in targets]
                    runs = {run: tuple(t[run] for t in times) for run in self.comparison.runs}
                    yield Targets(measure, clock, tuple(targets), runs)


def make_report(
    logs: Logs,
    runs: Mapping[str, Run | None],
    baseline: str,
    experiment: Experiment | None,
    *,
    name: str = "",
    title: str = "",
    metrics: Sequence[str] = (),
    maps: Sequence[str] = (),
    clock: Clock = "minutes",
) -> Report:
    """Compare runs on what was asked for, or on what is important and there.

    Parameters
    ----------
    logs : Logs
    runs : mapping of str to (Run or None)
        The compared runs, baseline first; None for one that the logs do not hold.
    baseline : str
    experiment : Experiment or None
        Gives settings, maps and targets that the logs do not hold.
    name, title : str
        Of the comparison.
    metrics : sequence of str
        Names of metrics, tags, or patterns of either.
    maps : sequence of str
        Only these maps, by tag or title.
    clock : {"minutes", "frames", "updates"}
        A clock by which to compare, besides minutes and frames.
    """
    catalogue = load_catalogue()
    tagged = Tagged([run for run in runs.values() if run is not None], catalogue)
    definition = experiment.definition if experiment else None
    # Settings, maps and targets of the definition hold for its runs only.
    map_titles = dict(definition.maps) if definition else {}
    map_titles |= {map: map for map in tagged.maps if map not in map_titles}
    comparison = Comparison(
        name=name,
        title=title or f"Comparison of {len(runs)} run{'s' if len(runs) > 1 else ''}",
        runs=runs,
        baseline=baseline,
        settings={n: settings_of(n, run, catalogue, experiment) for n, run in runs.items()},
        catalogue=tagged.catalogue,
        measures=definition.metrics if definition else {},
        maps=map_titles,
        targets=definition.targets if definition else {},
        run_order=_run_order(experiment, runs),
    )
    report = Report(comparison, tagged, experiment, clock)
    _choose_clocks(report)
    _choose_subjects(report, metrics, maps)
    return report


def _run_order(experiment: Experiment | None, runs: Mapping[str, Run | None]) -> tuple[str, ...]:
    declared = tuple(experiment.definition.runs) if experiment else ()
    return (*declared, *(name for name in runs if name not in declared))


def _wanted_clocks(clock: Clock) -> list[Clock]:
    usual: list[Clock] = ["minutes", "frames"]
    return [clock, *(other for other in usual if other != clock)]


def _choose_clocks(report: Report) -> None:
    comparison = report.comparison
    wanted = _wanted_clocks(report.clock)
    report.clocks = tuple(clock for clock in wanted if comparison.has_clock(clock))
    for clock in wanted:
        lacking = [n for n, run in comparison.present.items() if clock not in run.clocks]
        if lacking:
            others = len(lacking) < len(comparison.present) - 1
            report.remarks.append(
                f"Not compared by {clock}: {', '.join(lacking)} has no such clock in these logs"
                + (f"; leave it out to compare the others by {clock}." if others else ".")
            )
    if "frames" in report.clocks and comparison.frames_interpolated:
        report.remarks.append("Frames are interpolated between few known points.")


def _choose_subjects(report: Report, metrics: Sequence[str], maps: Sequence[str]) -> None:
    tagged, comparison = report.tagged, report.comparison
    if metrics:
        _choose_named(report, metrics)
    else:
        _choose_important(report)
    if maps:
        known = list(comparison.maps)
        wanted = set()
        for map in maps:
            tag = comparison.map_tag(map)
            if tag not in known:
                report.problems.append(unknown("map", map, known, "in these runs"))
            wanted.add(tag)
        report.subjects = [s for s in report.subjects if s.map is None or s.map in wanted]
    order = list(comparison.maps)
    by_metric = list(dict.fromkeys(subject.metric for subject in report.subjects))
    report.subjects.sort(
        key=lambda s: (by_metric.index(s.metric), order.index(s.map) if s.map in order else -1)
    )
    for tag, metric in tagged.older_names.items():
        if any(tag in tagged.subjects.get(subject, ()) for subject in report.subjects):
            report.remarks.append(
                f"The tag {tag} is taken for an older name of the metric {metric}; "
                "of another program it may mean something else."
            )


def _choose_named(report: Report, metrics: Sequence[str]) -> None:
    definition = report.experiment.definition if report.experiment else None
    declared = definition.metrics if definition else {}
    for word in metrics:
        problems: list[str] = []
        if word in declared:
            stands_for = {
                Subject(report.comparison.measure(word, map).metric.name, map)
                for map in declared[word]
            }
            found = [s for s in report.tagged.subjects if s in stands_for]
        else:
            found, problems = report.tagged.find([word])
        if not found and not problems:
            report.absent.append(_plain_title(report, word))
        report.subjects += [s for s in found if s not in report.subjects]
        report.problems += problems


def _choose_important(report: Report) -> None:
    tagged = report.tagged
    important = {
        metric.name
        for metric in load_catalogue()
        if (metric.important and metric.summary != "clock") or metric.summary == "rate"
    }
    report.subjects = [s for s in tagged.subjects if s.metric in important]
    if tagged.of_this_program:
        there = {subject.metric for subject in report.subjects}
        report.absent += [
            _plain_title(report, metric.name)
            for metric in load_catalogue()
            if metric.name in important - there and metric.summary != "rate"
        ]
    if tagged.of_this_program and report.subjects:
        return
    others = [s for s in tagged.subjects if s not in report.subjects]
    # Those that most runs share can be compared most widely; a stable sort keeps their order.
    others.sort(key=lambda s: -max(tagged.tags[tag] for tag in tagged.subjects[s]))
    report.subjects += others[:TAGS_UNASKED]
    report.left_out = len(others[TAGS_UNASKED:])


def _plain_title(report: Report, metric: str) -> str:
    try:
        title = report.tagged.catalogue[metric].title
    except UnknownMetricError:
        return metric
    return re.sub(r"( (on|of))? \{[a-z_]+\}", "", title)


def _block(report: Report, subject: Subject, as_logged: bool) -> Block:
    comparison = report.comparison
    measure = comparison.measure(subject.metric, subject.map, as_logged=as_logged)
    series = comparison.series(measure)
    windows = {
        clock: window
        for clock in report.clocks
        if (window := comparison.window(measure, clock)).known
    }
    at_end = {clock: comparison.at_common_end(measure, clock) for clock in windows}
    # Where a run reached its best is no comparison: it is told on every clock that a run has.
    has = {clock for run in comparison.present.values() for clock in run.clocks}
    reached_on = [clock for clock in _wanted_clocks(report.clock) if clock in has]
    runs = {}
    for name, found in series.items():
        ends = {clock: values[name] for clock, values in at_end.items()}
        difference, ratio = {}, {}
        if name != comparison.baseline:
            for clock, value in ends.items():
                base = at_end[clock][comparison.baseline]
                difference[clock], ratio[clock] = _against(value, base, name, comparison)
        runs[name] = _run_values(found, measure, reached_on, ends, difference, ratio)
    return Block(measure, as_logged, windows, runs, tuple(_remarks(comparison, measure, as_logged)))


def _run_values(
    series: Series | Quantity,
    measure: Measure,
    clocks: Sequence[Clock],
    at_end: Mapping[Clock, Quantity],
    difference: Mapping[Clock, Quantity],
    ratio: Mapping[Clock, Quantity],
) -> RunValues:
    if isinstance(series, Quantity):
        return RunValues(series, {}, series, series, series, at_end, difference, ratio)
    last = series.quantity(summaries.last_index(series.values), "last value logged")
    if measure.metric.summary == "finish_rate":
        none = Quantity.unknown("a share of races so far has no best", label="–")
        return RunValues(none, {}, none, none, last, at_end, difference, ratio)
    low, high = _extremes(series)
    smallest = series.quantity(low, "smallest value logged")
    largest = series.quantity(high, "largest value logged")
    better = measure.metric.better
    index = {"lower": low, "higher": high}.get(better)
    best = {"lower": smallest, "higher": largest}.get(
        better, Quantity.unknown("neither direction is better", measure.unit, label="–")
    )
    reached = {
        clock: position_of(series, index, clock, "first reached")
        for clock in clocks
        if index is not None
    }
    return RunValues(best, reached, smallest, largest, last, at_end, difference, ratio)


def _extremes(series: Series) -> tuple[int | None, int | None]:
    values = series.values
    if not np.isfinite(values).any():
        return None, None
    finite = np.isfinite(values)
    low = int(np.argmin(np.where(finite, values, np.inf)))
    high = int(np.argmax(np.where(finite, values, -np.inf)))
    return low, high


def _against(
    value: Quantity, base: Quantity, name: str, comparison: Comparison
) -> tuple[Quantity, Quantity]:
    unit = "points" if value.unit == "%" else value.unit
    difference = value.minus(base, how=f"{name} minus {comparison.baseline}", unit=unit)
    if value.known and base.known and not (value.number > 0 and base.number > 0):
        reason = "a ratio says nothing where a value is not above zero"
        return difference, Quantity.unknown(reason, "times", label="–")
    return difference, value.over(base, how=f"{name} over {comparison.baseline}")


def _remarks(comparison: Comparison, measure: Measure, as_logged: bool) -> Iterator[str]:
    metric = measure.metric
    for setting in metric.scales_with if as_logged or metric.per_unit is None else ():
        values = {
            found.number if found is not None and found.known else None
            for name in comparison.present
            for found in [comparison.settings[name].get(setting)]
        }
        words = setting.replace("_", " ")
        if None in values:
            yield f"Grows with the {words}, which is not known of every run: not comparable."
        elif len(values) > 1:
            yield f"Grows with the {words}, which differs between the runs: not comparable."


def as_data(report: Report, every: float | None) -> dict[str, Any]:
    """Return a report as plain data for JSON; checkpoints stand `every` so many units apart."""
    comparison = report.comparison
    return {
        "name": comparison.name or None,
        "title": comparison.title,
        "baseline": comparison.baseline,
        "experiment": report.experiment.name if report.experiment else None,
        "clocks": list(report.clocks),
        "runs": {name: _run_data(report, name) for name in comparison.runs},
        "metrics": [_block_data(report, block, every) for block in report.blocks()],
        "targets": [
            {
                "metric": targets.measure.metric.name,
                "map": targets.measure.map,
                "clock": targets.clock,
                "unit": targets.measure.unit,
                "targets": list(targets.targets),
                "runs": {n: [q.as_dict() for q in times] for n, times in targets.runs.items()},
            }
            for targets in report.targets()
        ],
        "not_in_these_logs": report.absent,
        "tags_left_out": report.left_out,
        "remarks": report.remarks,
        "findings": [finding.as_dict() for finding in comparison.findings],
    }


def _run_data(report: Report, name: str) -> dict[str, Any]:
    run = report.comparison.runs[name]
    settings = {n: q.as_dict() for n, q in report.comparison.settings[name].items()}
    if run is None:
        return {"in_these_logs": False, "settings": settings}
    return {
        "in_these_logs": True,
        "duration_minutes": run.duration,
        "clocks": list(run.clocks),
        "settings": settings,
    }


def _block_data(report: Report, block: Block, every: float | None) -> dict[str, Any]:
    measure = block.measure
    data: dict[str, Any] = {
        "metric": measure.metric.name,
        "map": measure.map,
        "title": block.title,
        "unit": measure.unit,
        "better": measure.metric.better,
        "divided_by": measure.per,
        "remarks": list(block.remarks),
        "windows": {
            clock: {"end": w.end, "ended_by": w.limited_by, "known_until": dict(w.ends)}
            for clock, w in block.windows.items()
        },
        "runs": {name: _values_data(values) for name, values in block.runs.items()},
    }
    if every is not None:
        table = report.comparison.compare(
            measure.name, measure.map, report.clock, every, as_logged=block.as_logged
        )
        table = table.drop(columns=["metric", "map", "unit"])
        data["checkpoints"] = table.astype(object).to_dict(orient="records")
    return data


def _values_data(values: RunValues) -> dict[str, Any]:
    def by_clock(quantities: Mapping[Clock, Quantity]) -> dict[str, Any]:
        return {clock: quantity.as_dict() for clock, quantity in quantities.items()}

    return {
        "best": values.best.as_dict(),
        "first_reached": by_clock(values.reached),
        "smallest": values.smallest.as_dict(),
        "largest": values.largest.as_dict(),
        "last": values.last.as_dict(),
        "at_common_end": by_clock(values.at_end),
        "difference": by_clock(values.difference),
        "ratio": by_clock(values.ratio),
    }


def draw(report: Report, subject: Subject, as_logged: bool) -> tuple[str | None, str]:
    """Return one measure's figure as SVG, on a light ground, and the name it is known by.

    None, with the reason in place of the name, where it cannot be drawn.
    """
    from rulka_analysis.pages import figures

    measure = report.comparison.measure(subject.metric, subject.map, as_logged=as_logged)
    figure = figures.curves(
        report.comparison, subject.metric, subject.map, report.clock, as_logged=as_logged
    )
    if not isinstance(figure, figures.Figure):
        return None, str(figure)
    return figure.light, measure.title
