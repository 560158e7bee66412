"""What an experiment cannot separate: runs that differ in several settings at once.

Where a candidate differs from its baseline in two settings, what either did alone cannot be told.
The runs that would settle it are those with one value of each from the two: the missing corners of
the square. What they would cost is estimated from how long the two runs are compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from rulka_analysis.experiments.experiment import Experiment
from rulka_analysis.values.quantities import Quantity, Sentence, made
from rulka_analysis.values.sentences import joined, listed
from rulka_analysis.values.tables import Cell, Table
from rulka_analysis.verdicts.intervals import RUNS_NEEDED
from rulka_analysis.verdicts.tried import comparable, setting_values

Value = Quantity | str


@dataclass(frozen=True, slots=True)
class MissingRun:
    """Settings nobody tried, that would tell the effects of two settings apart.

    Parameters
    ----------
    settings : mapping of str to (Quantity or str)
        All its settings; those in which the compared runs differ have the value of one of them.
    hours : Quantity
        What one run costs, estimated; unknown where the compared runs are not in these logs.
    """

    settings: Mapping[str, Value]
    hours: Quantity


@dataclass(frozen=True, slots=True)
class Inseparable:
    """Two compared runs that differ in more than one setting.

    Parameters
    ----------
    comparison : str
        The comparison they belong to.
    baseline, candidate : str
        The two runs.
    settings : mapping of str to (Quantity or str, Quantity or str)
        What differs: the baseline's and the candidate's value.
    unrecorded : mapping of str to tuple of str
        By run, the settings that were not recorded of it: they may differ, too.
    missing : tuple of MissingRun
        The runs that would settle it.
    existing : tuple of str
        Runs that have such settings already.
    """

    comparison: str
    baseline: str
    candidate: str
    settings: Mapping[str, tuple[Value, Value]]
    unrecorded: Mapping[str, tuple[str, ...]]
    missing: tuple[MissingRun, ...]
    existing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Separation:
    """What cannot be separated, in words and as a table of the runs that would settle it."""

    pairs: tuple[Inseparable, ...]
    sentence: Sentence
    runs: Table


def inseparable(experiment: Experiment) -> tuple[Inseparable, ...]:
    """Return the compared runs that differ in more than one setting.

    A setting that was not recorded of one of them counts as one that may differ.
    """
    values = _values(experiment)
    found = []
    for name in experiment.definition.comparisons:
        comparison = experiment.comparison(name)
        base = values[comparison.baseline]
        for candidate in [group.runs[0] for group in comparison.candidate_groups]:
            own = values[candidate]
            sides = {comparison.baseline: base, candidate: own}
            unrecorded = {
                run: lacking
                for run, side in sides.items()
                if (lacking := tuple(setting for setting in side if side[setting] is None))
            }
            same = {s: v for s, v in base.items() if v is not None and _equal(v, own[s])}
            differ = {
                setting: (before, after)
                for setting, before in base.items()
                if before is not None
                and (after := own[setting]) is not None
                and setting not in same
            }
            if len(base) - len(same) < 2:
                continue
            mixtures = [] if unrecorded else [{**same, **corner} for corner in _corners(differ)]
            there = [_tried(mixture, values, experiment) for mixture in mixtures]
            hours = _hours(experiment, comparison.baseline, candidate)
            missing = [
                MissingRun(mixture, hours)
                for mixture, runs in zip(mixtures, there, strict=True)
                if not runs
            ]
            existing = tuple(run for runs in there for run in runs)
            pair = (name, comparison.baseline, candidate, differ, unrecorded)
            found.append(Inseparable(*pair, tuple(missing), existing))
    return tuple(found)


def _values(experiment: Experiment) -> dict[str, dict[str, Value | None]]:
    """Return the settings of every run that is in a group, replicate ones left out."""
    settings = experiment.definition.settings
    return {
        run: {
            name: value
            for name, value in setting_values(experiment, run).items()
            if not settings[name].replicate
        }
        for group in experiment.groups
        for run in group.runs
    }


def _equal(one: Value | None, other: Value | None) -> bool:
    return one is not None and comparable(one) == comparable(other)


def _corners(differ: Mapping[str, tuple[Value, Value]]) -> Iterator[dict[str, Value]]:
    """Return every mixture of the two runs' settings but the two runs themselves."""
    for chosen in product((0, 1), repeat=len(differ)):
        if len(set(chosen)) > 1:
            yield {
                name: pair[which]
                for (name, pair), which in zip(differ.items(), chosen, strict=True)
            }


def _tried(
    settings: Mapping[str, Value],
    values: Mapping[str, Mapping[str, Value | None]],
    experiment: Experiment,
) -> list[str]:
    """Return the runs of these logs that have these settings."""
    return [
        run
        for run, own in values.items()
        if experiment.run(run) is not None
        and all(_equal(value, own[name]) for name, value in settings.items())
    ]


def _hours(experiment: Experiment, baseline: str, candidate: str) -> Quantity:
    """Return how long the shorter of two compared runs lasted: a further run needs no more."""
    durations = {}
    for name in (baseline, candidate):
        run = experiment.run(name)
        if run is None:
            return Quantity.unknown(f"no run {name} in these logs", "h")
        durations[name] = run.duration
    shorter = min(durations, key=lambda name: durations[name])
    how = (
        f"estimated: as long as {shorter}, the shorter of {baseline} and {candidate}, lasted; "
        "more does not compare with it"
    )
    lasted = Quantity(durations[shorter], "min", 0, how=f"how long {shorter} lasted")
    hour = Quantity(60.0, "min", 0, how="minutes of an hour")
    return Quantity(durations[shorter] / 60, "h", 2, how=how, made=made("ratio", lasted, hour))


def separation(experiment: Experiment) -> Separation:
    """Return what the experiment cannot separate, with the runs that would settle it.

    Parameters
    ----------
    experiment : Experiment
        Its declared comparisons are looked at, with settings as logged, else as declared.
    """
    pairs = inseparable(experiment)
    titles = {n: s.title.lower() for n, s in experiment.definition.settings.items()}
    if not pairs:
        said = Sentence("No two compared runs differ in more than one setting.")
    else:
        told = [_pair(pair, titles) for pair in pairs]
        said = joined([*told, *_cost(pairs, experiment)])
    return Separation(pairs, said, _runs_table(experiment, pairs))


def _pair(pair: Inseparable, titles: Mapping[str, str]) -> Sentence:
    runs: dict[str, Value] = {"candidate": pair.candidate, "baseline": pair.baseline}
    said = []
    if pair.settings:
        differ = [
            Sentence(
                "{title} ({before} and {after})",
                {"title": titles[name], "before": before, "after": after},
            )
            for name, (before, after) in pair.settings.items()
        ]
        parts = [Sentence("{baseline} and {candidate} differ in", runs), listed(differ)]
        if len(differ) > 1:
            parts[-1] = joined([parts[-1], Sentence(": what each did alone cannot be told.")], "")
        else:
            parts[-1] = joined([parts[-1], Sentence(".")], "")
        said.append(joined(parts))
    for run, lacking in pair.unrecorded.items():
        other = pair.baseline if run == pair.candidate else pair.candidate
        told = (
            "Not recorded of {run}, which is compared with {other}: {settings}. So what each did "
            "cannot be told, nor which runs would settle it."
        )
        names = str(listed([titles[name] for name in lacking]))
        said.append(Sentence(told, {"run": run, "other": other, "settings": names}))
    if pair.existing:
        told = "Runs that mix their settings are there: {runs}."
        said.append(Sentence(told, {"runs": str(listed(pair.existing))}))
    return joined(said)


def _cost(pairs: Sequence[Inseparable], experiment: Experiment) -> Iterator[Sentence]:
    """Say what the missing runs would cost, and what intervals would on top."""
    open_pairs = [pair for pair in pairs if pair.missing]
    # What two pairs lack is made once.
    missing = {_key(run.settings): run for pair in open_pairs for run in pair.missing}
    if not missing:
        return
    count = Quantity(float(len(missing)), "", 0, how="mixtures of settings that nobody tried")
    hours = [run.hours for run in missing.values()]
    if not all(quantity.known for quantity in hours):
        told = "Runs that would settle it: {count}; what they would cost is not known."
        yield Sentence(told, {"count": count})
        return
    values = _values(experiment)
    repeated: dict[str, list[Quantity]] = {}
    for pair in open_pairs:
        for run in (pair.baseline, pair.candidate):
            own = {name: value for name, value in values[run].items() if value is not None}
            made = len(_tried(own, values, experiment))
            repeated.setdefault(run, [pair.missing[0].hours] * max(0, RUNS_NEEDED - made))
    again = [quantity for several in repeated.values() for quantity in several]
    yield Sentence(
        "Runs that would settle it: {count}, about {total}; an estimate, each as long as the "
        "shorter run of its pair lasted. With {often} runs of each setting, those that are there "
        "repeated as well, answers would carry intervals: about {all}.",
        {
            "count": count,
            "total": _total(hours, "these runs added up").shown_as(digits=1),
            "often": Quantity(float(RUNS_NEEDED), "", 0, how="so many runs give an interval"),
            "all": _total(
                hours * RUNS_NEEDED + again, "these runs and replicates added up"
            ).shown_as(digits=1),
        },
    )


def _key(settings: Mapping[str, Value]) -> tuple[tuple[str, float | str | None], ...]:
    return tuple((name, comparable(value)) for name, value in sorted(settings.items()))


def _total(hours: Sequence[Quantity], how: str) -> Quantity:
    ways = "; ".join(dict.fromkeys(quantity.how for quantity in hours))
    total = sum(quantity.number for quantity in hours)
    return Quantity(total, "h", 2, how=f"{how} ({ways})", made=made("sum", *hours))


def _runs_table(experiment: Experiment, pairs: Sequence[Inseparable]) -> Table:
    settings = experiment.definition.settings
    shown = [name for name in settings if any(name in pair.settings for pair in pairs)]
    columns = {"settles": "Would settle"}
    for name in shown:
        unit = f" ({settings[name].unit})" if settings[name].unit else ""
        columns[name] = f"{settings[name].title}{unit}"
    columns |= {"once": "Hours, one run", "replicates": "Hours with replicates"}
    rows: dict[str, list[Cell]] = {}
    for pair in pairs:
        for number, run in enumerate(pair.missing, start=1):
            cells: list[Cell] = [f"{pair.candidate} against {pair.baseline}"]
            for name in shown:
                value = run.settings[name]
                cells.append(value.shown_as(unit="") if isinstance(value, Quantity) else value)
            cells.append(run.hours.shown_as(unit=""))
            replicates = run.hours
            if run.hours.known:
                replicates = _total([run.hours] * RUNS_NEEDED, "replicates of one setting")
            cells.append(replicates.shown_as(unit=""))
            rows[f"{pair.candidate} against {pair.baseline} {number}"] = cells
    return Table(columns, rows, "Runs that would tell the settings apart, and what they cost.")
