"""Findings about logs: what is damaged, what contradicts itself, what would mislead a comparison.

`run_findings` looks at one run, `logs_findings` at all of a log directory, `comparison_findings`
at runs side by side, `experiment_findings` at all of an experiment: what, where, why it matters and
what to do. `contradicted` says which series no verdict may rest on, `one_observation` which pairs
of runs.

An *error* means that the log or a tag is wrong; a *warning*, that a comparison may mislead; a
*note* is worth knowing. A complete log of a run that was never resumed, whose tags agree with one
another, has no finding of its own. What every rule means stands with `values.rules`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from rulka_analysis.experiments.comparison import Comparison
from rulka_analysis.experiments.experiment import Experiment
from rulka_analysis.health.comparability import durations_apart, growing_with_settings
from rulka_analysis.health.copies import KINDS, Fingerprint, copies, fingerprint, one_observation
from rulka_analysis.health.readings import Pair, Readings, Settings, readings_of, several
from rulka_analysis.health.series_shapes import series_findings
from rulka_analysis.health.settings import (
    find_changed_together,
    schedules_apart,
    setting_findings,
    unrecorded,
)
from rulka_analysis.health.watch_rules import (
    Points,
    Scaling,
    Watched,
    find_scaling,
    hold_watch_rules,
    scale_points,
)
from rulka_analysis.health.writing import writing_findings
from rulka_analysis.logs.runs import Logs, Run
from rulka_analysis.metrics.catalogue import Catalogue
from rulka_analysis.metrics.domain import VariantError
from rulka_analysis.metrics.settings import Setting, known_of, numbers_of
from rulka_analysis.values.errors import RulkaError
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.once import once_each
from rulka_analysis.values.quantities import Quantity
from rulka_analysis.values.text import natural_order, printable

__all__ = [
    "comparison_findings",
    "contradicted",
    "directory_findings",
    "experiment_findings",
    "logs_findings",
    "one_observation",
    "readings_findings",
    "run_findings",
    "sort",
]

_ORDER = {"error": 0, "warning": 1, "note": 2}


def run_findings(
    run: Run,
    catalogue: Catalogue,
    settings: Mapping[str, float] | None = None,
    **titles: Mapping[str, str],
) -> tuple[Finding, ...]:
    """Return what is to be known of one run, what reading it noticed included.

    Parameters
    ----------
    run : Run
        The run.
    catalogue : Catalogue
        What tags mean, and what to watch for.
    settings : mapping of str to float, optional
        Settings that the log does not hold; thresholds may scale with them.
    **titles : mapping of str to str
        The domain's variants as they stand in tags, and as readers know them, by what the domain
        calls several of them.

    Raises
    ------
    VariantError
        If the domain has no such variants.
    """
    given = {name: Setting(name, name, Quantity(value)) for name, value in (settings or {}).items()}
    return readings_findings(Readings(run, catalogue, _titles(catalogue, titles)), given)


def readings_findings(
    log: Readings, settings: Mapping[str, Setting] | None = None
) -> tuple[Finding, ...]:
    """Return what `run_findings` does, of a run whose tags are at hand."""
    found, watched = _of_run(log, {**log.settings, **(settings or {})})
    return sort([*found, *_given(watched, {})])


def logs_findings(
    logs: Logs,
    catalogue: Catalogue,
    names: Collection[str] | None = None,
    *,
    titles: Mapping[str, str] | None = None,
    opened: Callable[[Iterable[str]], Iterable[str]] = iter,
    each: Callable[[Run], object] = lambda run: None,
) -> tuple[Finding, ...]:
    """Return what is to be known of the runs of a log directory, whoever declares them.

    Parameters
    ----------
    logs : Logs
        The log directory.
    catalogue : Catalogue
        What tags mean, and what to watch for.
    names : collection of str, optional
        Only findings about these runs; all are looked at, because a log may stand under the name
        of any other. Without it, also what concerns no run.
    titles : mapping of str to str, optional
        Variants as they stand in tags, and as readers know them.
    opened : callable, optional
        Told the runs in turn, to show how far it has come.
    each : callable, optional
        Given each run while it is held in memory: one at a time is.
    """
    found = list(logs.findings) if names is None else []
    watched: list[Watched] = []
    points: list[Points] = []
    prints: list[Fingerprint] = []
    for name in opened(logs.runs):
        asked = names is None or name in names
        try:
            with logs.passing(name) as run:
                each(run)
                log = Readings(run, catalogue, titles)
                points.append(scale_points(log, known_of(log.settings)))
                prints.append(fingerprint(log))
                of_run, rules = _of_run(log, log.settings) if asked else ([], [])
        except RulkaError as error:
            # One run that cannot be read hides nothing of the others.
            if asked:
                found.append(_unreadable(name, error))
        else:
            found += of_run
            watched += rules
    found += _given(watched, find_scaling(points))

    @lru_cache(2)
    def opened_again(name: str) -> Readings:
        with logs.passing(name) as run:
            return Readings(run, catalogue, titles)

    for finding in copies(prints, opened_again):
        if names is None or not set(names).isdisjoint(finding.runs):
            found.append(finding)
    return sort(found)


def _unreadable(name: str, error: RulkaError) -> Finding:
    return Finding(
        "unreadable",
        "error",
        f"{printable(name)} cannot be read: {printable(str(error))}.",
        why="Nothing is known of this run.",
        remedy="Mend what is named there, or move the run out of the log directory.",
        run=name,
    )


def directory_findings(
    logs: Logs, catalogue: Catalogue, experiments: Iterable[Experiment] = ()
) -> tuple[Finding, ...]:
    """Return all findings on a log directory, and on experiments that some of its runs are of.

    Parameters
    ----------
    logs : Logs
        The log directory.
    catalogue : Catalogue
        What the tags of runs of no experiment mean.
    experiments : iterable of Experiment
        Definitions, tied to these logs.
    """
    declared: list[Finding] = []
    own: set[str] = set()
    titles: dict[str, str] = {}
    for experiment in experiments:
        declared += [f for f in experiment_findings(experiment) if f.kind not in KINDS]
        own |= set(experiment.definition.runs)
        titles |= experiment.definition.variant_titles
    every = logs_findings(logs, catalogue, titles=titles)
    return sort([*declared, *(f for f in every if f.run not in own or f.kind in KINDS)])


def comparison_findings(comparison: Comparison) -> tuple[Finding, ...]:
    """Return what shows only where runs stand side by side.

    What concerns one run alone is left to `run_findings`.

    Parameters
    ----------
    comparison : Comparison
        Candidates and a baseline; runs that the logs do not hold are passed over.
    """
    catalogue, titles = comparison.catalogue, comparison.variant_titles
    logs = {name: readings_of(run, catalogue, titles) for name, run in comparison.present.items()}
    values = {
        name: known_of(logs[name].settings)
        | {s: q.number for s, q in comparison.settings[name].items() if q.known}
        for name in logs
    }
    return sort([*_copies(logs), *_side_by_side(comparison, logs, values)])


def experiment_findings(experiment: Experiment) -> tuple[Finding, ...]:
    """Return all findings on an experiment's runs and comparisons, each once.

    Parameters
    ----------
    experiment : Experiment
        A definition, tied to logs; settings are held against it.
    """
    present = {name: run for name, run in experiment.runs.items() if run is not None}
    catalogue, titles = experiment.catalogue, experiment.definition.variant_titles
    logs = {name: readings_of(run, catalogue, titles) for name, run in present.items()}
    found = list(experiment.logs.findings)
    if experiment.absent:
        found.append(_absent(experiment.absent))
    values: dict[str, Settings] = {}
    settings_of = {name: experiment.all_settings(name) for name in logs}
    values |= {name: known_of(settings) for name, settings in settings_of.items()}
    watched: list[Watched] = []
    for name, log in logs.items():
        settings = settings_of[name]
        of_run, rules = _of_run(log, settings)
        found += of_run
        watched += rules
        lacking = [
            one.title
            for s, one in experiment.definition.settings.items()
            if not settings[s].sources
        ]
        if lacking:
            found.append(unrecorded(log, lacking))
    found += _given(watched, find_scaling(scale_points(logs[n], values[n]) for n in logs))
    found += _copies(logs)
    for name in experiment.definition.comparisons:
        comparison = experiment.comparison(name)
        found += _side_by_side(comparison, logs, values)
    return sort(found)


def contradicted(findings: Iterable[Finding]) -> dict[tuple[str, str], Finding]:
    """Return the series that no verdict may rest on, by run and tag, with the reason.

    Those are the tags of which an *error* says that they do not hold what they should.
    """
    found: dict[tuple[str, str], Finding] = {}
    for finding in findings:
        if finding.severity == "error" and finding.run and finding.tag:
            found.setdefault((finding.run, finding.tag), finding)
    return found


def sort(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings by severity and run, each once.

    Examples
    --------
    >>> found = [Finding("b", "note", "", run="uni_10"), Finding("a", "error", "", run="uni_9")]
    >>> [finding.run for finding in sort([*found, Finding("b", "note", "", run="uni_5"), *found])]
    ['uni_9', 'uni_5', 'uni_10']
    """
    return tuple(
        sorted(
            dict.fromkeys(findings),
            key=lambda f: (_ORDER[f.severity], natural_order(f.run or ""), f.kind, f.tag or ""),
        )
    )


def _of_run(log: Readings, settings: Mapping[str, Setting]) -> tuple[list[Finding], list[Watched]]:
    """Return what is found in a run, and what hangs on the runs beside it."""
    found = [*_whatever_was_set(log), *setting_findings(log, settings)]
    numbers = {n: q.number for n, q in numbers_of(settings).items() if q.known}
    return found, list(hold_watch_rules(log, numbers))


@once_each
def _whatever_was_set(log: Readings) -> tuple[Finding, ...]:
    """Return what is found in a run whatever was set in it."""
    return (
        *log.run.findings,
        *(found for rule in log.catalogue.domain.rules_of_run for found in rule(log)),
        *series_findings(log),
        *writing_findings(log),
    )


def _given(watched: Iterable[Watched], scaling: Scaling) -> list[Finding]:
    return [finding for one in watched if (finding := one.given(scaling)) is not None]


def _copies(logs: Mapping[str, Readings]) -> Iterator[Finding]:
    return copies([fingerprint(log) for log in logs.values()], logs.__getitem__)


def _titles(
    catalogue: Catalogue, titles: Mapping[str, Mapping[str, str]]
) -> Mapping[str, str] | None:
    variant = catalogue.domain.variant
    for name in titles:
        if variant is None or name != variant.plural:
            raise VariantError(f"no variants {name!r} in the domain {catalogue.domain.name!r}")
    return titles.get(variant.plural) if variant else None


def _side_by_side(
    comparison: Comparison, logs: Mapping[str, Readings], values: Mapping[str, Settings]
) -> Iterator[Finding]:
    if comparison.baseline not in logs:
        return
    for name in comparison.candidates:
        if name not in logs:
            continue
        pair = Pair(logs[name], logs[comparison.baseline], values)
        for rule in comparison.catalogue.domain.rules_of_pair:
            yield from rule(pair)
        for finding in (find_changed_together(pair), durations_apart(pair)):
            if finding is not None:
                yield finding
        yield from schedules_apart(pair)
        yield from growing_with_settings(pair)


def _absent(runs: Sequence[str]) -> Finding:
    return Finding(
        "run_missing",
        "note",
        f"The definition names runs that are not in these logs: {several(runs, 8)}.",
        why="Comparisons with them stay empty.",
        remedy="Put their folders into the log directory, or take them out of the definition.",
    )
