"""How much sooner the winner reaches each target than the baseline."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rulka_analysis.experiments.definition import Margin
from rulka_analysis.experiments.groups import Group
from rulka_analysis.logs.clocks import Clock
from rulka_analysis.metrics.measure import Measure
from rulka_analysis.metrics.series import position_text
from rulka_analysis.pages.blocks.rows import Dot, DotPlot, Row, Said, draw
from rulka_analysis.pages.blocks.subject import (
    Subject,
    compared_subjects,
    missing,
    subject_of,
    view_of_groups,
)
from rulka_analysis.pages.charts import unit_of
from rulka_analysis.pages.palette import LOOKS
from rulka_analysis.pages.results import Figures, Panel
from rulka_analysis.values.quantities import Quantity, Sentence, format_number, made
from rulka_analysis.values.sentences import joined, listed
from rulka_analysis.values.tables import Cell, Table
from rulka_analysis.verdicts.loaded import LoadedExperiment


@dataclass(frozen=True)
class _Time:
    """When a group reached a target, or until when it had not."""

    value: Quantity
    at: float
    reached: bool
    until: Quantity | None = None

    @property
    def known(self) -> bool:
        return math.isfinite(self.at)


@dataclass(frozen=True)
class _Pair:
    target: str
    baseline: _Time
    candidate: _Time
    ratio: Quantity
    sign: str

    @property
    def times(self) -> tuple[_Time, _Time]:
        return self.baseline, self.candidate

    @property
    def said(self) -> str:
        if not self.ratio.known:
            return "neither" if self.baseline.known and self.candidate.known else "no data"
        bound = ""
        if not self.candidate.reached:
            bound = "≥ "
        elif not self.baseline.reached:
            bound = "≤ "
        return f"{self.sign}{bound}{format_number(self.ratio.number, 2)}×"


def sooner(experiment: LoadedExperiment, comparison: str = "") -> Figures | Sentence:
    """Draw when the winner and the baseline first reached each target, and the ratio of the two.

    Without a winner, or where the baseline is it, the group that comes closest stands beside the
    baseline. Of several runs of a group their median counts: not reached if half of them did not.

    Parameters
    ----------
    experiment : LoadedExperiment
        The experiment.
    comparison : str
        A comparison that it declares: its candidates beside its baseline, instead of the winner.

    Returns
    -------
    Figures or Sentence
        A figure an objective with targets. A sentence where there is nothing to hold side by side.

    Examples
    --------
    >>> import rulka_analysis as ra
    >>> shown = sooner(ra.load_experiment("batch_size_and_running_speed"))
    >>> print(shown.choices["minutes"][0].alt.partition(" 68 s")[0].partition("70 s: ")[2])
    25 against 40, 0.62 times.
    """
    subjects = [subject_of(experiment)]
    if comparison:
        subjects = list(compared_subjects(experiment, comparison))
    every = [
        (subject, subject.candidate, outcome, pairs)
        for subject in subjects
        if subject.candidate is not None
        for outcome in subject.outcomes
        if (pairs := _pairs(subject, subject.candidate, outcome))
    ]
    if not any(subject.candidate for subject in subjects):
        return Sentence("There is no setting to hold against the baseline.")
    if not every:
        return Sentence("No targets are declared, or no run has values of them.")
    first = subjects[0]
    # One scale for all of them.
    times = [time for *_, pairs in every for pair in pairs for time in pair.times if time.known]
    reach = max(time.at for time in times)
    rows: dict[str, list[Cell]] = {}
    panels = []
    for subject, candidate, outcome, pairs in every:
        panels.append(_panel(subject, candidate, outcome, pairs, reach))
        for number, pair in enumerate(pairs):
            values = [pair.baseline.value, pair.candidate.value, pair.ratio]
            title = subject.measure(outcome).title
            rows[f"{outcome}.{candidate.label}.{number}"] = [
                title, candidate.beside(first.baseline), pair.target, *values
            ]  # fmt: skip
    labels = dict.fromkeys(candidate.beside(first.baseline) for _, candidate, *_ in every)
    fields = {"candidates": str(listed(list(labels))), "baseline": first.baseline.label}
    parts = [
        Sentence("{candidates} against {baseline}: the ratio of the two times.", fields),
        Sentence("Open dots: not reached where data end.")
        if not all(time.reached for time in times)
        else Sentence(""),
        missing(first),
    ]
    columns = {
        "outcome": "Outcome", "setting": "Setting", "target": "Target",
        "baseline": f"{first.baseline.label}, first", "candidate": "The setting, first",
        "ratio": "Ratio",
    }  # fmt: skip
    return Figures(
        title="",
        choices={first.clocks[0].name: panels},
        caption=joined([part for part in parts if str(part)]),
        table=Table(columns, rows, "When targets were first reached."),
    )


def _pairs(subject: Subject, candidate: Group, outcome: str) -> list[_Pair]:
    """Return the targets of an outcome; none where one of the two has no values of it."""
    measure, clock = subject.measure(outcome), subject.clocks[0]
    declared = subject.experiment.definition.pace.allowed
    margin = declared if declared.declared else Margin(percent=10)
    series = subject.shown.on_clock(measure, clock)
    reading = max((one.reading(clock) for one in series.values()), default=0.0)
    found = []
    targets = subject.shown.targets(outcome)
    digits = next((n for n in range(6) if all(round(t, n) == t for t in targets)), measure.digits)
    for target in targets:
        times = subject.shown.time_to_target(measure, target, clock)
        base, other = (
            _time(subject, measure, clock, group, times) for group in (subject.baseline, candidate)
        )
        ratio, sign = Quantity.unknown("neither reached it", "times", label="–"), ""
        if base.known and other.known and (base.reached or other.reached):
            ratio = _ratio(other, base)
            ahead = base.at - other.at
            # Of one that had not reached it where its data end, it is not known to be sooner.
            if other.reached and ahead > margin.of(base.at, reading):
                sign = "▲ "
            elif base.reached and -ahead > margin.of(base.at, reading):
                sign = "▼ "
        label = f"{format_number(target, digits)} {measure.unit}".strip()
        found.append(_Pair(label, base, other, ratio, sign))
    return found if any(all(time.known for time in pair.times) for pair in found) else []


def _time(
    subject: Subject,
    measure: Measure,
    clock: Clock,
    group: Group,
    times: dict[str, Quantity],
) -> _Time:
    """Return when half of a group's runs had reached a target."""
    known = subject.shown.on_clock(measure, clock)
    runs = [run for run in group.runs if run in known]
    if not runs:
        return _Time(Quantity.unknown("no such run in these logs", clock.unit), math.nan, False)
    ends = {run: known[run].run.known_until(known[run].tag, clock) for run in runs}
    reached = sorted((run for run in runs if times[run].known), key=lambda run: times[run].number)
    if 2 * len(reached) > len(runs):
        # Those that did not come last, however long they take.
        middle = reached[(len(runs) - 1) // 2 : len(runs) // 2 + 1]
        value = times[middle[0]]
        if len(runs) > 1:
            value = Quantity(
                float(np.mean([times[run].number for run in middle])),
                clock.unit,
                value.digits,
                tuple(event for run in middle for event in times[run].evidence),
                f"median of {len(runs)} runs, {value.how}",
                made=made("mean", *(times[run] for run in middle)),
            )
        return _Time(value, value.number, True)
    first = min((run for run in runs if run not in reached), key=lambda run: ends[run])
    by = made("end", run=first, tag=known[first].tag, clock=clock.key)
    digits = clock.digits(ends[first])
    how = f"the end of the data of {first}"
    until = Quantity(ends[first], clock.unit, digits, how=how, made=by)
    unknown = times[next(run for run in runs if run not in reached)]
    return _Time(unknown, ends[first], False, until)


def _ratio(candidate: _Time, baseline: _Time) -> Quantity:
    if candidate.reached and baseline.reached:
        return candidate.value.over(baseline.value, how="ratio of the times")
    side = "at least" if baseline.reached else "at most"
    reached = baseline.value if baseline.reached else candidate.value
    how = f"{side}: one of the two had not reached it where its data end"
    own, base = (time.value if time.reached else time.until for time in (candidate, baseline))
    assert own is not None
    assert base is not None
    by = made("ratio", own, base)
    return Quantity(candidate.at / baseline.at, "times", 2, reached.evidence, how, made=by)


def _panel(
    subject: Subject, candidate: Group, outcome: str, pairs: list[_Pair], reach: float
) -> Panel:
    measure, clock = subject.measure(outcome), subject.clocks[0]
    own, base = (LOOKS[subject.role(group)].colour for group in (candidate, subject.baseline))
    if subject.role(candidate) == "other":
        own = LOOKS["third"].colour
    rows = []
    for pair in pairs:
        dots = [
            Dot(time.at / clock.scale, colour, hollow=not time.reached)
            for time, colour in ((pair.baseline, base), (pair.candidate, own))
            if time.known
        ]
        colour = {"▲": "better", "▼": "worse"}.get(pair.sign[:1], "muted")
        rows.append(Row(pair.target, tuple(dots), (Said(pair.said, colour, bold=True),)))
    until = f"{clock.name} until first reached"
    own_name = candidate.beside(subject.baseline)
    legend = [(f"{subject.baseline.label} (baseline)", base, False), (own_name, own, False)]
    if not all(pair.baseline.reached and pair.candidate.reached for pair in pairs):
        legend.append(("not reached", "muted", True))
    plot = DotPlot(
        title=measure.title,
        behind=until,
        rows=tuple(rows),
        unit=unit_of(clock),
        heads=("Target", "Ratio"),
        legend=tuple(legend),
        reach=reach / clock.scale,
    )
    picture, phone = draw(plot)
    return Panel(
        name=measure.title,
        picture=picture,
        phone=phone,
        alt=_alternative_text(subject, candidate, measure, clock, pairs),
        view=view_of_groups(subject.shown, measure, clock, (subject.baseline, candidate)),
    )


def _alternative_text(
    subject: Subject, candidate: Group, measure: Measure, clock: Clock, pairs: list[_Pair]
) -> str:
    said = [
        f"Dots of the {clock.name} until targets were first reached, {measure.title}: "
        f"{candidate.label} against {subject.baseline.label}."
    ]
    for pair in pairs:
        times = " against ".join(_in_words(time, clock) for time in (pair.candidate, pair.baseline))
        ratio = pair.said.lstrip("▲▼ ").replace("×", " times")
        ratio = ratio.replace("≥ ", "at least ").replace("≤ ", "at most ")
        said.append(f"{pair.target}: {times}, {ratio}.")
    return " ".join(said)


def _in_words(time: _Time, clock: Clock) -> str:
    if not time.known:
        return "no data"
    place = position_text(time.at, clock)
    return place.removesuffix(f" {clock.unit}") if time.reached else f"not by {place}"
