"""Tables for readers: rows and columns with keys, cells that know where their numbers come from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rulka_analysis.experiments.comparison import Comparison, window_end
from rulka_analysis.logs.clocks import Clock, check_clock, checkpoints
from rulka_analysis.logs.events.file_findings import printable
from rulka_analysis.metrics.series import EVERY, UNITS, Line, Measure, Series, direction
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.quantities import NOT_IN_THESE_LOGS, Quantity, Sentence, format_number
from rulka_analysis.values.sentences import listed

if TYPE_CHECKING:
    from rulka_analysis.experiments.definition import Definition
    from rulka_analysis.experiments.experiment import Experiment
    from rulka_analysis.logs.runs import Run
    from rulka_analysis.verdicts.evaluate import Conclusion

Cell = str | Quantity | Sentence


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose cells can be quoted by row and column key.

    Parameters
    ----------
    columns : mapping of str to str
        Column titles by key; the first column names the rows.
    rows : mapping of str to sequence of cells
        Cells by row key, as many as there are columns.
    caption : str or Sentence
        What the table shows.

    Raises
    ------
    ValueError
        If a row has another number of cells than there are columns.

    Examples
    --------
    >>> table = Table({"run": "Run", "best": "Best"}, {"uni_5": ["uni_5", Quantity(24.56, "s")]})
    >>> table.cell("uni_5", "best").text
    '24.56 s'
    """

    columns: Mapping[str, str]
    rows: Mapping[str, Sequence[Cell]]
    caption: str | Sentence = ""
    notes: Sequence[str | Sentence] = field(default_factory=tuple)

    def __post_init__(self) -> None:
        for key, cells in self.rows.items():
            if len(cells) != len(self.columns):
                raise ValueError(
                    f"row {key!r} has {len(cells)} cells for {len(self.columns)} columns"
                )

    def cell(self, row: str, column: str) -> Cell:
        """Return the cell at a row and column key.

        Raises
        ------
        KeyError
            If there is no such row or column.
        """
        return self.rows[row][list(self.columns).index(column)]


def summary(
    comparison: Comparison, lines: Sequence[Line] = (), clock: Clock | None = None
) -> Table:
    """Return a comparison's numbers: a row a metric, a column a run, and how they differ.

    Candidates are held against the baseline by their difference; a metric that scales with a
    setting by its ratio. A metric that no run of these logs has is named in a note.

    Parameters
    ----------
    comparison : Comparison
        The runs.
    lines : sequence of Line
        What to show; the experiment's own lines by default.
    clock : {"minutes", "frames", "updates"}, optional
        The clock whose common window ends the comparison; by default the one each metric is
        compared on (`Comparison.deciding_clock`).
    """
    baseline = comparison.baseline
    columns = {"metric": "Metric", **{run: run for run in comparison.runs}}
    columns |= {_against(run, baseline): _against(run, baseline) for run in comparison.candidates}
    rows: dict[str, list[Cell]] = {}
    absent: dict[str, None] = {}
    rounded: set[str] = set()
    for line in lines or comparison.lines:
        measure = comparison.measure(line.metric, line.map, as_logged=line.as_logged)
        on = check_clock(clock) if clock else comparison.deciding_clock(measure)
        values = _values(comparison, measure, line.at, on)
        if comparison.present and all(value.text == NOT_IN_THESE_LOGS for value in values.values()):
            absent[measure.title] = None
            continue
        cells: list[Cell] = [_named(comparison, measure, line.at, on), *values.values()]
        for run in comparison.candidates:
            against = _held_against(values[run], values[baseline], run, baseline, measure)
            if _differs_when_rounded(values[run], values[baseline], against):
                rounded.add("ratios" if measure.metric.scales_with else "differences")
            cells.append(against)
        rows[line.name] = cells
    notes = []
    if rounded:
        what = str(listed(sorted(rounded))).capitalize()
        notes.append(Sentence("{what} are taken before rounding.", {"what": what}))
    if absent:
        notes.append(Sentence("Not in these logs: {what}.", {"what": "; ".join(absent)}))
    return Table(columns, rows, f"{comparison.title}: how the runs stand.", notes)


def by_run(comparison: Comparison, lines: Sequence[Line], told: str) -> Table:
    """Return numbers of many runs: a row a run, a column a metric; `told` completes the caption."""
    columns = {"run": "Run"}
    cells: dict[str, list[Cell]] = {run: [run] for run in comparison.runs}
    for line in lines:
        measure = comparison.measure(line.metric, line.map, as_logged=line.as_logged)
        named = _named(comparison, measure, line.at, "minutes")
        unit = f" ({measure.unit})" if measure.unit else ""
        columns[line.name] = f"{named}{unit}"
        for run, value in _values(comparison, measure, line.at, "minutes").items():
            cells[run].append(value.shown_as(unit=""))
    return Table(columns, cells, f"{comparison.title}, {told}.")


def _against(run: str, baseline: str) -> str:
    return f"{run} against {baseline}"


def _named(
    comparison: Comparison, measure: Measure, at: str, clock: Clock, *, ends: str = ""
) -> Sentence:
    """Name a line of a summary: the metric, and which of its numbers."""
    fields: dict[str, Quantity | str] = {"title": measure.title}
    if at != "common end":
        which = {"last": "last value logged", "best": "best known"}[at]
        return Sentence("{title}, " + which + ends, fields)
    window = comparison.window(measure, clock)
    if not window.known:
        return Sentence("{title}" + ends, fields)
    fields["end"] = window_end(window)
    which = {
        "median_of_last_three": "median of the last three readings at {end}",
        "best": "best up to {end}",
    }.get(measure.metric.summary, "at {end}")
    return Sentence("{title}, " + which + ends, fields)


def _values(comparison: Comparison, measure: Measure, at: str, clock: Clock) -> dict[str, Quantity]:
    if at == "common end":
        return comparison.at_common_end(measure, clock)
    return comparison.last(measure) if at == "last" else comparison.best(measure)


def _held_against(
    value: Quantity, base: Quantity, run: str, baseline: str, measure: Measure
) -> Quantity:
    if measure.metric.scales_with:
        return value.over(base, how=f"{run} over {baseline}")
    unit = "points" if measure.unit == "%" else measure.unit
    return value.minus(base, how=f"{run} minus {baseline}", unit=unit)


def _differs_when_rounded(value: Quantity, base: Quantity, against: Quantity) -> bool:
    """Tell whether a difference or ratio is another one than that of the numbers as shown."""
    if not against.known:
        return False
    shown, other = (round(q.number, q.digits) for q in (value, base))
    if against.unit != "times":
        made = shown - other
    elif other:
        made = shown / other
    else:
        return True
    return format_number(made, against.digits) != format_number(against.number, against.digits)


def runs(
    experiment: Experiment, names: Sequence[str], found: Sequence[Finding] | None = None
) -> Table:
    """Return what is known of runs: settings, duration and clocks.

    Parameters
    ----------
    experiment : Experiment
        Says what was set.
    names : sequence of str
        The runs, in this order.
    found : sequence of Finding, optional
        What `health.experiment_findings` returns: they are counted, run by run. Without them
        nothing is said of findings.
    """
    settings = experiment.definition.settings
    columns = {"run": "Run", "description": "What it is"}
    # Units stand once, in the heading.
    columns |= {
        name: f"{setting.title} ({setting.unit})" if setting.unit else setting.title
        for name, setting in settings.items()
    }
    columns |= {"duration": "Duration", "frames": "Frames played"}
    if found is not None:
        columns["findings"] = "Log findings"
    rows: dict[str, list[Cell]] = {}
    for name in names:
        declared = experiment.definition.runs[name]
        numbers = experiment.settings(name)
        cells: list[Cell] = [name, declared.description]
        for setting in settings:
            number = numbers.get(setting)
            text = experiment.setting_text(name, setting)
            cells.append(number.shown_as(unit="") if number is not None else text)
        run = experiment.run(name)
        if run is None:
            reason = f"no run {name} in these logs"
            cells += [Quantity.unknown(reason, "min"), Quantity.unknown(reason)]
        else:
            how = "from its start to its last event, without pauses"
            if _published_duration(run):
                how = "as published; of a segment that goes on, the length was not published"
            cells.append(Quantity(run.duration, "min", 0, how=how))
            cells.append(_frames_played(run))
            if len(run.folders) > 1:
                cells[0] = _with_segments(run)
        if found is not None:
            own = [finding for finding in found if finding.run == name]
            cells.append("–" if run is None else _count_findings(own))
        rows[name] = cells
    present = [run for run in map(experiment.run, names) if run is not None]
    notes = [*_on_durations(present)]
    return Table(columns, rows, "The runs, their settings and how long they lasted.", notes)


def _published_duration(run: Run) -> bool:
    return run.provenance is not None and run.provenance.duration_minutes is not None


def _with_segments(run: Run) -> Sentence:
    """Name a run with its segments, and what is known of them beyond its stated duration."""
    names = ", ".join(run.folders[1:])
    fields: dict[str, Quantity | str] = {"run": run.name, "segments": names}
    beyond: dict[float, tuple[str, int]] = {}
    for tag in run.tags:
        minutes = run.scalars(tag).minutes.to_numpy()
        for index in (minutes > run.duration * (1 + 1e-9)).nonzero()[0]:
            beyond.setdefault(float(minutes[index]), (tag, int(index)))
    if not beyond:
        return Sentence("{run} (with {segments})", fields)
    last = max(beyond)
    event = run.evidence(*beyond[last])
    fields |= {
        "folder": event.file.rpartition("/")[0],
        "count": Quantity(float(len(beyond)), "", 0, how="counted: after the stated duration"),
        "last": Quantity(last, "min", 1, (event,), "minutes of training"),
    }
    goes_on = "which goes on" if len(run.folders) == 2 else "of which {folder} goes on"
    known = "{count} point of it is known, at {last}"
    if len(beyond) > 1:
        known = "{count} points of it are known, the last at {last}"
    return Sentence(f"{{run}} (with {{segments}}, {goes_on}: {known})", fields)


def _on_durations(present: Sequence[Run]) -> Iterator[Sentence]:
    """Say why published durations, the ends of their curves and typed durations differ."""
    apart = [
        run.provenance.resolution_minutes
        for run in present
        if run.provenance is not None and _published_duration(run)
    ]
    known = [minutes for minutes in apart if minutes]
    if not known:
        return
    resolution = Quantity(max(known), "min", 0, how="stated beside the logs")
    yield Sentence(
        "Durations are as published, from a run's start. Its curves are known every {resolution}; "
        "each ends with its last point, so a common window may be shorter than any run. The "
        "author counted from the first aggregate write, about one write interval after the start: "
        "by that much the durations once typed on the page are shorter.",
        {"resolution": resolution},
    )


def window(comparison: Comparison, metric: str, map: str | None = None) -> Sentence:
    """Return a sentence on the common window: how far all compared runs are known."""
    measure = comparison.measure(metric, map)
    absent = [f"{run} is not in these logs" for run in comparison.absent]
    found = comparison.window(measure, "minutes")
    if not found.known or len(found.ends) < 2:
        reason = "; ".join(absent) or f"{measure.title} is not known of both"
        return Sentence("There is no common window: {reason}.", {"reason": reason})
    fields: dict[str, Quantity | str] = {
        "end": window_end(found),
        "run": found.limited_by,
        "title": measure.title,
    }
    text = "By minutes the runs are compared up to {end}, where the data of {run} end ({title})."
    on_frames = comparison.window(measure, "frames")
    lacking = [run for run in found.ends if run not in on_frames.ends]
    interpolated = " (interpolated)" if comparison.frames_interpolated else ""
    if not on_frames.known or len(on_frames.ends) < 2:
        if not lacking:
            return Sentence(text, fields)
        fields["lacking"] = str(listed(lacking))
        have = "has" if len(lacking) == 1 else "have"
        text += f" By frames they cannot be compared: {{lacking}} {have} no such clock."
        return Sentence(text, fields)
    fields["frames"] = window_end(on_frames)
    if lacking:
        fields["there"] = str(listed([*on_frames.ends]))
        text += f" By frames{interpolated} only {{there}} can be compared, up to {{frames}}."
    else:
        text += f" By frames{interpolated} up to {{frames}}."
    return Sentence(text, fields)


def _frames_played(run: Run) -> Quantity:
    """Return the highest step of a run, within its duration."""
    if "frames" not in run.clocks:
        return Quantity.unknown("the log has no clock of frames", label="not known")
    highest: tuple[int, str, int] | None = None
    for tag in run.tags:
        events = run.scalars(tag)
        inside = events[events.minutes <= run.duration * (1 + 1e-9)]
        if len(inside):
            index = int(inside.step.idxmax())
            highest = max(highest or (-1, "", 0), (int(inside.step.max()), tag, index))
    if highest is None:
        return Quantity.unknown("the log has no event within its duration", label="not known")
    step, tag, index = highest
    how = "highest step logged within the duration"
    if run.frames_interpolated:
        how += "; frames are interpolated"
    return Quantity(float(step), "", 0, (run.evidence(tag, index),), how)


def _count_findings(findings: Sequence[Finding]) -> str:
    if not findings:
        return "none"
    counts = {s: sum(f.severity == s for f in findings) for s in ("error", "warning", "note")}
    return ", ".join(f"{n} {s}{'s' if n > 1 else ''}" for s, n in counts.items() if n)


def findings(
    found: Sequence[Finding],
    *,
    none: str = "No damage, restart or overlap was found in these logs, and no logged setting "
    "differs from the definition.",
    kinds: bool = False,
) -> Table | Sentence:
    """Return findings as a table, or a sentence that says there are none.

    Findings of one kind whose words are the same but for run and numbers share a row.

    Parameters
    ----------
    found : sequence of Finding
        In the order to show them.
    none : str
        What to say when there is none.
    kinds : bool
        Also name the kind of each finding, beside its severity.
    """
    if not found:
        return Sentence("{none}", {"none": none})
    columns = {"severity": "Severity", "run": "Run", "what": "What", "remedy": "What to do"}
    if kinds:
        columns = {"kind": "Kind", "run": "Run", "what": "What, why it matters and what to do"}
    rows: dict[str, list[Cell]] = {}
    for number, together in enumerate(_alike(found), start=1):
        one = together[0]
        run = ", ".join(dict.fromkeys(finding.run or "–" for finding in together))
        what = f"{_told_together(together)} {one.why}".strip()
        rows[str(number)] = (
            # As words a kind can be broken where a column is narrow.
            [f"{one.severity}: {one.kind.replace('_', ' ')}", run, f"{what} {one.remedy}".strip()]
            if kinds
            else [one.severity, run, what, one.remedy]
        )
    return Table(columns, rows, "What was noticed about these logs.")


_NUMBER = re.compile(r"(?<![\w.])[-−]?\d(?:[\d,]*\d)?(?:\.\d+)?(?!\w)")
_CLAUSE = re.compile(r"[,;:] ")


def _alike(found: Sequence[Finding]) -> list[list[Finding]]:
    """Group findings whose words are the same but for run and numbers; the first says where."""
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for one in found:
        words = [_NUMBER.sub("#", _without_run(t, one)) for t in (one.message, one.why, one.remedy)]
        groups.setdefault((one.severity, one.kind, *words), []).append(one)
    return list(groups.values())


def _without_run(text: str, one: Finding) -> str:
    # uni_1 is no part of uni_11.
    name = rf"(?<!\w){re.escape(printable(one.run))}(?!\w)" if one.run else "(?!)"
    return re.sub(name, "\0", text)


def _told_together(together: Sequence[Finding]) -> str:
    """Tell the first finding in full, and of the others what differs."""
    first, *others = together
    said = [first.message]
    ours = _CLAUSE.split(_without_run(first.message, first).rstrip("."))
    for one in others:
        theirs = _CLAUSE.split(_without_run(one.message, one).rstrip("."))
        differing = [b for a, b in zip(ours, theirs, strict=False) if a != b]
        if len(ours) != len(theirs) or any("\0" in clause for clause in differing):
            said.append(one.message)
        else:
            said.append(f"{printable(one.run or '')}: {', '.join(differing) or 'the same'}.")
    return " ".join(said)


def findings_counted(found: Sequence[Finding], runs: int) -> Sentence:
    """Return a sentence on how many findings of which severity there are.

    Parameters
    ----------
    found : sequence of Finding
    runs : int
        How many runs were looked at.
    """
    fields: dict[str, Quantity | str] = {"runs": Quantity(runs, "", 0, how="runs in these logs")}
    counted = []
    for severity in ("error", "warning", "note"):
        number = sum(finding.severity == severity for finding in found)
        fields[severity] = Quantity(number, "", 0, how=f"counted: findings that are {severity}s")
        counted.append(f"{{{severity}}} {severity}{'' if number == 1 else 's'}")
    where = "run" if runs == 1 else "runs"
    return Sentence(f"{counted[0]}, {counted[1]} and {counted[2]} in {{runs}} {where}.", fields)


def times_to_targets(
    comparison: Comparison, metric: str, map: str, clock: Clock = "minutes"
) -> Table | Sentence:
    """Return when each run first reached each declared target, and how the candidates compare.

    A run that did not reach a target is censored at its own end: the cell says until when it is
    known not to have reached it, and no difference is made of it. A note says so where a time lies
    after the common window.
    """
    measure = comparison.measure(metric, map)
    tag = comparison.map_tag(map) or map
    if tag not in comparison.targets:
        return Sentence(f"No targets are declared for {measure.map_title}.")
    columns = {"target": "Target", **{run: run for run in comparison.runs}}
    for run in comparison.candidates:
        several = f" of {run}" if len(comparison.candidates) > 1 else ""
        columns[f"{run} ratio"] = f"Ratio{several}"
    rows: dict[str, list[Cell]] = {}
    window = comparison.window(measure, clock)
    beyond = False
    for target in comparison.targets[tag]:
        times = comparison.time_to_target(measure, target, clock)
        beyond |= any(
            time.known and time.number > window.end * (1 + 1e-9) for time in times.values()
        )
        base = times[comparison.baseline]
        cells: list[Cell] = [
            Quantity(target, measure.unit, 1, how="target declared by the experiment"),
            *times.values(),
        ]
        for run in comparison.candidates:
            both = times[run].known and base.known
            ratio = times[run].over(base, how=f"{run} over {comparison.baseline}", digits=1)
            cells.append(ratio if both else "–")
        rows[f"{target:g}"] = cells
    interpolated = clock == "frames" and comparison.frames_interpolated
    on = f"{clock} (interpolated)" if interpolated else clock
    notes = []
    if window.known and beyond:
        told = (
            "The common window ends at {end}. Times to a target are known up to each run's own end."
        )
        notes.append(Sentence(told, {"end": window_end(window)}))
    return Table(columns, rows, f"{measure.title}: {on} until a target was first reached.", notes)


def curve(
    comparison: Comparison, measure: Measure, clock: Clock, every: float | None = None
) -> Table:
    """Return the numbers a figure draws: a row a checkpoint, a column a run."""
    window = comparison.window(measure, clock)
    positions = checkpoints(window, every or 2 * EVERY[clock])
    columns = {"checkpoint": clock.capitalize()}
    cells: dict[str, list[Quantity]] = {}
    for name, series in comparison.series(measure).items():
        columns[name] = name
        if isinstance(series, Series):
            decided = series.at(clock, positions)
            cells[name] = [series.median_quantity(indices, _how(measure)) for indices in decided]
        else:
            cells[name] = [series] * len(positions)
    rows: dict[str, list[Cell]] = {
        f"{position:g}": [
            Quantity(float(position), UNITS[clock], 0, how="a checkpoint of the common window"),
            *(cells[name][row] for name in cells),
        ]
        for row, position in enumerate(positions)
    }
    return Table(columns, rows, f"{measure.title}, by {clock}.")


def _how(measure: Measure) -> str:
    return {
        "best": "best so far",
        "median_of_last_three": "median of the last three readings",
    }.get(measure.metric.summary, "last value logged")


def relation(comparison: Comparison, line: Line, candidate: str) -> Sentence:
    """Return a sentence on how a candidate compares with the baseline on one metric.

    It claims no more than its numbers: which one is lower or higher, by how much, where. Below the
    reading error no difference is claimed.
    """
    measure = comparison.measure(line.metric, line.map, as_logged=line.as_logged)
    clock = comparison.deciding_clock(measure)
    values = _values(comparison, measure, line.at, clock)
    base, value = values[comparison.baseline], values[candidate]
    difference = value.minus(base, how=f"{candidate} minus {comparison.baseline}")
    named = _named(comparison, measure, line.at, clock, ends=": ")
    fields: dict[str, Quantity | str] = {
        **named.values,
        "candidate": candidate,
        "baseline": comparison.baseline,
        "value": value,
        "base": base,
    }
    if not difference.known:
        # Which number is unknown, and why; the sentence claims nothing.
        reason = value.missing if not value.known else base.missing
        return Sentence("{title}: not known, {reason}.", {**fields, "reason": reason})
    word = direction(difference)
    if word == "the same":
        told = "within the reading error of" if difference.reading_error else "the same as"
        text = "{candidate} {value}, {told} {baseline} ({base})."
        return Sentence(named.template + text, {**fields, "told": told})
    if value.number > 0 and base.number > 0 and measure.metric.scales_with:
        fields["by"] = value.over(base, how=f"{candidate} over {comparison.baseline}")
        text = "{candidate} {value}, {by} that of {baseline} ({base})."
        return Sentence(named.template + text, fields)
    magnitude = difference.size()
    if measure.unit == "%":
        magnitude = magnitude.shown_as(unit="points")
    if measure.unit == "s" and measure.metric.better == "lower":
        word_shown = "slower" if word == "higher" else "faster"
    else:
        word_shown = word
    text = "{candidate} {value}, {by} {direction} than {baseline} ({base})."
    return Sentence(named.template + text, {**fields, "by": magnitude, "direction": word_shown})


# A verdict is told by word and sign, never by colour alone.
_SIGNS = {"supported": "✓", "contradicted": "✗", "cannot tell": "?", "no data": "∅"}


def verdict_in_words(conclusion: Conclusion) -> str:
    """Return a verdict as it is shown, such as ``✗ Contradicted: no difference, fragile``."""
    verdict = conclusion.verdict
    way = f": {conclusion.way}" if conclusion.way else ""
    fragile = ", fragile" if conclusion.fragile else ""
    return f"{_SIGNS[verdict]} {verdict[:1].upper()}{verdict[1:]}{way}{fragile}"


def conclusions(found: Sequence[Conclusion]) -> Table:
    """Return conclusions as a table: verdict, what the logs say, and what was typed."""
    columns = {"verdict": "Verdict", "sentence": "What the logs say", "typed": "As typed"}
    rows: dict[str, list[Cell]] = {
        one.name: [
            verdict_in_words(one),
            one.sentence,
            one.typed or "–",
        ]
        for one in found
    }
    return Table(columns, rows, "Conclusions, with the verdicts of the logs in use.")


def deciding(conclusion: Conclusion) -> Table:
    """Return the numbers a conclusion rests on: a row a clock.

    Of a claim on targets they are the times to the hardest that can be decided. A claim that says
    by how much has two columns more: what was claimed and what was found.
    """
    of_targets = any(row.target is not None for row in conclusion.deciding)
    with_size = any(row.claimed is not None for row in conclusion.deciding)
    columns = {
        "clock": "Clock",
        "holds": "The claim",
        "share": "True for targets" if of_targets else "True at checkpoints",
        "end": "Hardest target" if of_targets else "At",
        "candidate": "Reached by candidate at" if of_targets else "Candidate",
        "baseline": "Reached by baseline at" if of_targets else "Baseline",
        "difference": "Difference",
        "margin": "Margin",
    }
    if with_size:
        columns |= {"claimed": "Claimed at least", "found": "Found in the direction claimed"}
    rows: dict[str, list[Cell]] = {}
    for row in conclusion.deciding:
        clock = f"{row.clock} (interpolated)" if row.interpolated else row.clock
        holds = {True: "holds", False: "does not hold", None: "cannot be told"}[row.holds]
        rows[row.clock] = [
            clock.capitalize(),
            holds if row.votes else f"{holds}; does not vote",
            row.share,
            row.end if row.target is None else row.target,
            row.candidate,
            row.baseline,
            row.difference if row.difference.known or not of_targets else "–",
            row.margin,
            *(row.claimed or "–", row.found or "–")[: 2 * with_size],
        ]
    return Table(columns, rows)


def contradicted_tags(contradicted: Mapping[tuple[str, str], Finding]) -> Sentence:
    """Return a sentence on the tags that do not hold what their names say.

    Parameters
    ----------
    contradicted : mapping of (run, tag) to Finding
        See `health.contradicted`.
    """
    runs: dict[str, list[str]] = {}
    for run, tag in contradicted:
        runs.setdefault(tag, []).append(run)
    if not runs:
        return Sentence(
            "No tag was found that does not hold what its name says: a conclusion may rest on any."
        )
    told, fields = [], dict[str, Quantity | str]()
    for number, (tag, names) in enumerate(sorted(runs.items())):
        fields[f"tag{number}"], fields[f"runs{number}"] = tag, ", ".join(names)
        told.append(f"{{tag{number}}} (in {{runs{number}}})")
    listed = " and ".join([", ".join(told[:-1]), told[-1]] if told[1:] else told)
    one = len(told) == 1
    says = "does not hold what its name says" if one else "do not hold what their names say"
    most = max(runs, key=lambda tag: len(runs[tag]))
    fields["example"] = contradicted[runs[most][0], most].message
    text = f"{listed} {says}; no conclusion rests on {'it' if one else 'them'}. {{example}}"
    return Sentence(text, fields)


def margins(definition: Definition) -> Table:
    """Return from which difference on a difference matters, and why, as declared."""
    columns = {"metric": "Metric", "map": "Map", "margin": "Margin", "reason": "Why"}
    rows: dict[str, list[Cell]] = {}
    for metric, by_map in definition.margins.items():
        for map, margin in by_map.items():
            size = margin.size if margin.size is not None else margin.percent
            unit = "%" if margin.size is None else ""
            whole = size is not None and float(size).is_integer()
            shown = Quantity(size, unit, 0 if whole else 2, how="declared by the experiment")
            text = "{size}, or one reading if that is more" if margin.one_reading else "{size}"
            title = definition.maps.get(map, map) if map else "–"
            rows[f"{metric}.{map}" if map else metric] = [
                metric.replace("_", " "),
                title,
                Sentence(text, {"size": shown}),
                margin.reason,
            ]
    return Table(columns, rows, "From which difference on a difference matters, as declared.")
