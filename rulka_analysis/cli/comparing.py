"""A comparison in numbers, ready to be printed or written as JSON."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from rulka_analysis.cli.blocks import Block, RunValues, make_block
from rulka_analysis.cli.declared import settings_of
from rulka_analysis.cli.selection import Tagged
from rulka_analysis.experiments.comparison import Comparison
from rulka_analysis.experiments.experiment import Experiment
from rulka_analysis.experiments.groups import Group, group_of
from rulka_analysis.health import comparison_findings, marks, sort
from rulka_analysis.logs.clocks import MINUTES, Clock
from rulka_analysis.logs.runs import Run
from rulka_analysis.metrics.catalogue import Catalogue
from rulka_analysis.metrics.measure import Measure
from rulka_analysis.metrics.single_tags import Subject
from rulka_analysis.project import load_catalogue
from rulka_analysis.values.errors import UnknownMetricError, unknown
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.quantities import Quantity

# Of a program whose tags are not in the catalogue, so many are compared unless others are named.
TAGS_UNASKED = 20


@dataclass(frozen=True)
class Targets:
    """When each run first reached each declared target of a variant, on one clock."""

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
        Where settings, variants and targets come from that the logs do not hold.
    clock : Clock
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

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What health says of the compared runs: of each by itself, and of all side by side."""
        comparison = self.comparison
        own = [marks.marks_of(comparison, name) for name in comparison.present]
        found = [finding for one in own if one for finding in one.findings]
        return sort([*found, *comparison_findings(comparison)])

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
            yield make_block(
                self.comparison,
                subject,
                as_logged,
                clocks=self.clocks,
                wanted=_wanted_clocks(self),
            )

    def targets(self) -> Iterator[Targets]:
        """Yield when runs reached declared targets, for each variant and clock."""
        if self.experiment is None:
            return
        shown = {subject for subject, _ in self.measures}
        for name in self.experiment.definition.asked:
            measure = self.comparison.measure(name)
            targets = self.comparison.targets(name)
            if not targets or Subject(measure.metric.name, measure.variant) not in shown:
                continue
            for clock in self.clocks:
                times = [self.comparison.time_to_target(measure, t, clock) for t in targets]
                runs = {run: tuple(t[run] for t in times) for run in self.comparison.runs}
                yield Targets(measure, clock, targets, runs)


def make_report(
    runs: Mapping[str, Run | None],
    baseline: str,
    experiment: Experiment | None,
    *,
    name: str = "",
    title: str = "",
    metrics: Sequence[str] = (),
    variants: Sequence[str] = (),
    clock: str | Clock = MINUTES,
    catalogue: Catalogue | None = None,
) -> Report:
    """Compare runs on what was asked for, or on what is important and there.

    A run that the logs do not hold is None; the experiment gives settings, variants and targets
    that they do not hold.
    """
    catalogue = catalogue or (experiment.catalogue if experiment else load_catalogue())
    tagged = Tagged([run for run in runs.values() if run is not None], catalogue)
    definition = experiment.definition if experiment else None
    # Settings, variants and targets of the definition hold for its runs only.
    titles = dict(definition.variant_titles) if definition else {}
    titles |= {variant: variant for variant in tagged.variants if variant not in titles}
    comparison = Comparison(
        name=name,
        title=title or f"Comparison of {len(runs)} run{'s' if len(runs) > 1 else ''}",
        runs=runs,
        baseline=baseline,
        settings={n: settings_of(n, run, catalogue, experiment) for n, run in runs.items()},
        catalogue=tagged.catalogue,
        variant_titles=titles,
        definition=definition,
        groups=_groups(experiment, runs, baseline),
        run_order=_run_order(experiment, runs),
    )
    report = Report(comparison, tagged, experiment, comparison.clock(clock))
    _choose_clocks(report)
    _choose_subjects(report, metrics, variants)
    return report


def _groups(
    experiment: Experiment | None, runs: Mapping[str, Run | None], baseline: str
) -> tuple[Group, ...]:
    """Return the groups of some runs, baseline first, as far as they are compared here."""
    known = experiment.groups if experiment is not None else ()
    found: dict[str, Group] = {}
    for run in (baseline, *runs):
        group = group_of(run, known) or Group(run, (run,))
        members = tuple(member for member in group.runs if member in runs)
        found.setdefault(group.label, Group(group.label, members, group.settings))
    return tuple(found.values())


def _run_order(experiment: Experiment | None, runs: Mapping[str, Run | None]) -> tuple[str, ...]:
    declared = tuple(experiment.definition.runs) if experiment else ()
    return (*declared, *(name for name in runs if name not in declared))


def _wanted_clocks(report: Report) -> list[Clock]:
    usual = (MINUTES, report.comparison.catalogue.domain.conventions.steps)
    return [report.clock, *(other for other in usual if other != report.clock)]


def _choose_clocks(report: Report) -> None:
    comparison = report.comparison
    wanted = _wanted_clocks(report)
    report.clocks = tuple(clock for clock in wanted if comparison.has_clock(clock))
    for clock in wanted:
        lacking = [n for n, run in comparison.present.items() if clock not in run.clocks]
        if lacking:
            others = len(lacking) < len(comparison.present) - 1
            report.remarks.append(
                f"Not compared by {clock}: {', '.join(lacking)} has no such clock in these logs"
                + (f"; leave it out to compare the others by {clock}." if others else ".")
            )
    steps = comparison.catalogue.domain.conventions.steps
    if steps in report.clocks and comparison.steps_interpolated:
        what = steps.name.capitalize()
        report.remarks.append(f"{what} are interpolated between few known points.")


def _choose_subjects(report: Report, metrics: Sequence[str], variants: Sequence[str]) -> None:
    tagged, comparison = report.tagged, report.comparison
    if metrics:
        _choose_named(report, metrics)
    else:
        _choose_important(report)
    own = comparison.catalogue.domain.variant
    order = list(comparison.variant_titles)
    if variants and own is not None:
        wanted = set()
        for variant in variants:
            tag = comparison.variant_tag(variant)
            if tag not in order:
                report.problems.append(unknown(own.name, variant, order, "in these runs"))
            wanted.add(tag)
        report.subjects = [s for s in report.subjects if s.variant is None or s.variant in wanted]
    by_metric = list(dict.fromkeys(subject.metric for subject in report.subjects))
    place = {variant: number for number, variant in enumerate(order)}
    report.subjects.sort(key=lambda s: (by_metric.index(s.metric), place.get(s.variant or "", -1)))
    for tag, metric in tagged.older_names.items():
        if any(tag in tagged.subjects.get(subject, ()) for subject in report.subjects):
            report.remarks.append(
                f"The tag {tag} is taken for an older name of the metric {metric}; "
                "of another program it may mean something else."
            )


def _choose_named(report: Report, metrics: Sequence[str]) -> None:
    definition = report.experiment.definition if report.experiment else None
    declared = definition.outcomes if definition else {}
    for word in metrics:
        problems: list[str] = []
        if word in declared:
            measure = report.comparison.measure(word)
            outcome = Subject(measure.metric.name, measure.variant)
            found = [s for s in report.tagged.subjects if s == outcome]
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
        for metric in report.tagged.catalogue
        if (metric.important and metric.summary != "clock") or metric.summary == "rate"
    }
    report.subjects = [s for s in tagged.subjects if s.metric in important]
    if tagged.of_this_program:
        there = {subject.metric for subject in report.subjects}
        report.absent += [
            _plain_title(report, metric.name)
            for metric in report.tagged.catalogue
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


def as_data(report: Report, every: float | None) -> dict[str, Any]:
    """Return a report as plain data for JSON; checkpoints stand `every` so many units apart."""
    comparison = report.comparison
    return {
        "name": comparison.name or None,
        "title": comparison.title,
        "baseline": comparison.baseline,
        "experiment": report.experiment.name if report.experiment else None,
        "clocks": [clock.name for clock in report.clocks],
        "runs": {name: _run_data(report, name) for name in comparison.runs},
        "metrics": [_block_data(report, block, every) for block in report.blocks()],
        "targets": [
            {
                "metric": targets.measure.metric.name,
                **_variant_data(comparison, targets.measure),
                "clock": targets.clock.name,
                "unit": targets.measure.unit,
                "targets": list(targets.targets),
                "runs": {n: [q.as_dict() for q in times] for n, times in targets.runs.items()},
            }
            for targets in report.targets()
        ],
        "not_in_these_logs": report.absent,
        "tags_left_out": report.left_out,
        "remarks": report.remarks,
        "findings": [finding.as_dict() for finding in report.findings],
    }


def _run_data(report: Report, name: str) -> dict[str, Any]:
    run = report.comparison.runs[name]
    settings = {n: q.as_dict() for n, q in report.comparison.settings[name].items()}
    if run is None:
        return {"in_these_logs": False, "settings": settings}
    return {
        "in_these_logs": True,
        "duration_minutes": None if math.isnan(run.duration) else run.duration,
        "clocks": [clock.name for clock in run.clocks],
        "settings": settings,
    }


def _block_data(report: Report, block: Block, every: float | None) -> dict[str, Any]:
    measure = block.measure
    data: dict[str, Any] = {
        "metric": measure.metric.name,
        **_variant_data(report.comparison, measure),
        "title": block.title,
        "unit": measure.unit,
        "better": measure.metric.better,
        "divided_by": measure.per,
        "remarks": list(block.remarks),
        "windows": {
            clock.name: {"end": w.end, "ended_by": w.limited_by, "known_until": dict(w.ends)}
            for clock, w in block.windows.items()
        },
        "runs": {name: _values_data(values) for name, values in block.runs.items()},
    }
    if every is not None:
        table = report.comparison.compare(
            measure.name, measure.variant, report.clock, every, as_logged=block.as_logged
        )
        table = table.drop(columns=["metric", "unit", *_variant_data(report.comparison, measure)])
        data["checkpoints"] = table.astype(object).to_dict(orient="records")
    return data


def _variant_data(comparison: Comparison, measure: Measure) -> dict[str, str | None]:
    own = comparison.catalogue.domain.variant
    return {own.name: measure.variant} if own else {}


def _values_data(values: RunValues) -> dict[str, Any]:
    def by_clock(quantities: Mapping[Clock, Quantity]) -> dict[str, Any]:
        return {clock.name: quantity.as_dict() for clock, quantity in quantities.items()}

    return {
        "best": values.best.as_dict(),
        "first_reached": by_clock(values.reached),
        "smallest": values.smallest.as_dict(),
        "largest": values.largest.as_dict(),
        "last": values.last.as_dict(),
        "at_common_end": by_clock(values.at_end),
        "difference": by_clock(values.difference),
        "ratio": by_clock(values.ratio),
        "contradicted_by": values.contradicted.code if values.contradicted else None,
    }


def draw(report: Report, subject: Subject, as_logged: bool) -> tuple[str | None, str]:
    """Return one measure's figure as SVG, for both themes, and the name it is known by.

    None, with the reason in place of the name, where it cannot be drawn.
    """
    from rulka_analysis.pages import figures

    measure = report.comparison.measure(subject.metric, subject.variant, as_logged=as_logged)
    figure = figures.curves(
        report.comparison, subject.metric, subject.variant, report.clock, as_logged=as_logged
    )
    if not isinstance(figure, figures.Figure):
        return None, str(figure)
    return figure.picture.svg, measure.title
