"""What is in a log directory: its runs, and their tags."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import numpy as np

from rulka_analysis.cli.output import print_table, say
from rulka_analysis.health.marks import explain, of_run
from rulka_analysis.logs.clocks import Clock
from rulka_analysis.logs.runs import Run
from rulka_analysis.metrics.catalogue import Catalogue
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.text import amount, natural_order, percent


@dataclass(frozen=True)
class RunFacts:
    """What the list of runs says of one.

    `last_step` is None where the log has no clock of steps, `duration_minutes` NaN where nothing
    tells; `given_up` counts by tag what a resumed session repeated, and `attempts` are the earlier
    ones, where the run began anew.
    """

    name: str
    folders: tuple[str, ...]
    files: tuple[str, ...]
    events: int
    tags: int
    duration_minutes: float
    last_step: int | None
    clocks: tuple[Clock, ...]
    findings: tuple[Finding, ...]
    given_up: Mapping[str, int]
    share_given_up: float
    beside: tuple[str, ...]
    attempts: tuple[RunFacts, ...]

    def as_data(self) -> dict[str, Any]:
        """Return the facts as plain data for JSON."""
        return {
            "name": self.name,
            "folders": list(self.folders),
            "files": list(self.files),
            "events": self.events,
            "tags": self.tags,
            "duration_minutes": None
            if math.isnan(self.duration_minutes)
            else self.duration_minutes,
            "last_step": self.last_step,
            "clocks": [clock.name for clock in self.clocks],
            "given_up": {
                "events": sum(self.given_up.values()),
                "share": self.share_given_up,
                "by_tag": dict(self.given_up),
            },
            "beside": list(self.beside),
            "attempts": [attempt.as_data() for attempt in self.attempts],
            "findings": [finding.as_dict() for finding in self.findings],
        }


def about(findings: Iterable[Finding], run: str) -> list[Finding]:
    """Return the findings that are about a run, alone or beside others."""
    return [finding for finding in findings if run in (finding.run, *finding.runs)]


def run_facts(run: Run, findings: Sequence[Finding]) -> RunFacts:
    """Return what the list of runs says of a run, and what health found about it."""
    last_step = int(run.all_events.steps.max()) if run.count else -1
    return RunFacts(
        name=run.name,
        folders=run.folders,
        files=run.file_names,
        events=run.count,
        tags=len(run.tags),
        duration_minutes=run.duration,
        last_step=last_step if run.conventions.steps in run.clocks and last_step >= 0 else None,
        clocks=run.clocks,
        findings=tuple(findings),
        given_up=run.given_up,
        share_given_up=run.share_given_up,
        beside=run.beside,
        attempts=tuple(run_facts(earlier, earlier.findings) for earlier in run.earlier),
    )


def print_runs(runs: Sequence[RunFacts]) -> None:
    """Print runs as a table, each run's earlier attempts beneath it.

    What is given up has a column where there is any.
    """
    every = [facts for run in runs for facts in (run, *run.attempts)]
    gives_up = any(facts.given_up for facts in every)
    titles = ["Run", "Folders", "Files", "Events", "Tags", "Minutes", "Last step", "Clocks"]
    rows = [
        [
            run.name,
            _folders(run.folders),
            f"{len(run.files):,}",
            f"{run.events:,}",
            f"{run.tags:,}",
            minutes_text(run.duration_minutes),
            "not known" if run.last_step is None else f"{run.last_step:,}",
            ", ".join(clock.name for clock in run.clocks),
            *([_given_up(run)] if gives_up else []),
            findings_text(run.findings),
        ]
        for run in every
    ]
    more = ["Given up"] if gives_up else []
    print_table([*titles, *more, "Findings"], rows, numbers=range(2, 7))


def print_without_scalars(folders: Mapping[str, int]) -> None:
    """Name the folders whose event files hold no scalar."""
    if folders:
        told = (f"{name} ({amount(count, 'file')})" for name, count in folders.items())
        say()
        say(f"No scalars in: {', '.join(told)}")


def _given_up(run: RunFacts) -> str:
    if not run.given_up:
        return "none"
    return f"{sum(run.given_up.values()):,} ({percent(run.share_given_up)})"


def _folders(folders: Sequence[str]) -> str:
    """Count folders, and name those beyond the first, which is called like the run."""
    return " ".join([str(len(folders)), *(f"+{name.rpartition('/')[2]}" for name in folders[1:])])


def minutes_text(minutes: float) -> str:
    """Word a duration in minutes with as many decimals as it needs.

    Examples
    --------
    >>> minutes_text(165.0), minutes_text(8.25), minutes_text(0.0612), minutes_text(1234.56)
    ('165', '8.25', '0.061', '1,235')
    """
    if math.isnan(minutes):
        return "not known"
    if math.isclose(minutes, round(minutes), abs_tol=1e-9) or minutes >= 100:
        return f"{minutes:,.0f}"
    return f"{minutes:.3g}" if minutes >= 1 else f"{minutes:.2g}"


def findings_text(findings: Sequence[Finding]) -> str:
    """Count findings by severity.

    Examples
    --------
    >>> findings_text([])
    'none'
    """
    counts = Counter(finding.severity for finding in findings)
    told = [
        f"{counts[severity]} {severity}{'s' if counts[severity] > 1 else ''}"
        for severity in ("error", "warning", "note")
        if counts[severity]
    ]
    return ", ".join(told) or "none"


def print_findings(findings: Sequence[Finding]) -> None:
    """Print findings, the gravest first."""
    order = ("error", "warning", "note")
    for finding in sorted(findings, key=lambda finding: order.index(finding.severity)):
        known = finding.run is None or finding.run in finding.message
        of = "" if known else f"{finding.run}: "
        code = f" {finding.code}" if finding.code else ""
        told = [f"{finding.severity}{code}: {of}{finding.message}", finding.why, finding.remedy]
        say(" ".join(part for part in told if part))


@dataclass(frozen=True)
class TagFacts:
    """What the list of tags says of one tag of one run.

    `smallest` and `largest` are over finite values, NaN where there is none; `metric` is None for
    a tag that is not in the catalogue.
    """

    run: str
    tag: str
    metric: str | None
    events: int
    first_step: int
    last_step: int
    smallest: float
    largest: float
    last: float
    not_finite: int
    contradicted: Finding | None

    def as_data(self) -> dict[str, Any]:
        """Return the facts as plain data for JSON."""
        return {
            "run": self.run,
            "tag": self.tag,
            "metric": self.metric,
            "events": self.events,
            "first_step": self.first_step,
            "last_step": self.last_step,
            "min": self.smallest,
            "max": self.largest,
            "last": self.last,
            "not_finite": self.not_finite,
            "contradicted_by": self.contradicted.code if self.contradicted else None,
        }


def named(name: str | None, words: Sequence[str]) -> bool:
    """Tell whether a name is one of some words, or fits one that is a pattern.

    Examples
    --------
    >>> named("Training/loss", ["Training/*"]), named(None, ["*"])
    (True, False)
    """
    return name is not None and any(name == word or fnmatchcase(name, word) for word in words)


def tag_facts(
    run: Run, catalogue: Catalogue, wanted: Callable[[str, str | None], bool]
) -> list[TagFacts]:
    """Return what the list of tags says of a run's tags.

    `wanted` takes a tag and its metric's name, which is None for an uncatalogued one.
    """
    found = []
    own = of_run(run, catalogue)
    for tag in sorted(run.tags, key=natural_order):
        match = catalogue.match(tag)
        metric = match.metric.name if match else None
        if not wanted(tag, metric):
            continue
        events = run.events(tag)
        values = events.values
        finite = values[np.isfinite(values)]
        found.append(
            TagFacts(
                run=run.name,
                tag=tag,
                metric=metric,
                events=len(values),
                first_step=int(events.steps.min()),
                last_step=int(events.steps.max()),
                smallest=float(finite.min()) if len(finite) else math.nan,
                largest=float(finite.max()) if len(finite) else math.nan,
                last=float(values[-1]),
                not_finite=len(values) - len(finite),
                contradicted=own.contradicts(tag),
            )
        )
    return found


def print_tags(name: str, tags: Sequence[TagFacts]) -> None:
    """Print the tags of one run as a table under its name."""
    say(f"{name}: {len(tags):,} tag{'' if len(tags) == 1 else 's'}", heading=True)
    titles = ["Tag", "Metric", "Events", "First step", "Last step", "Min", "Max", "Last"]
    rows = [
        [
            f"{tag.tag} [{tag.contradicted.code}]" if tag.contradicted else tag.tag,
            tag.metric or "uncatalogued",
            f"{tag.events:,}",
            f"{tag.first_step:,}",
            f"{tag.last_step:,}",
            *(f"{value:.6g}" for value in (tag.smallest, tag.largest, tag.last)),
        ]
        for tag in tags
    ]
    if rows:
        print_table(titles, rows, numbers=range(2, 8))
    for tag in tags:
        if tag.not_finite:
            are = "is" if tag.not_finite == 1 else "are"
            told = f"{amount(tag.not_finite, 'value')} {are} not finite"
            say(f"{tag.tag}: {told}. Min and max leave that out.")
    for line in explain(tag.contradicted for tag in tags if tag.contradicted):
        say(line)
