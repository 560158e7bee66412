"""Findings about logs: what is damaged, what contradicts itself, what would mislead a comparison.

`run_findings` looks at one run, `comparison_findings` at runs side by side, `experiment_findings`
at all of an experiment: what, where, why it matters and what to do. `contradicted` says which
series no verdict may rest on.

An *error* means that the log or a tag is wrong; a *warning*, that a comparison may mislead; a
*note* is worth knowing. A complete log of a run that was never resumed, whose tags agree with one
another, has no finding of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rulka_analysis.experiments.comparison import Comparison
from rulka_analysis.experiments.experiment import Experiment
from rulka_analysis.health.comparability import copies, durations_apart, growing_with_settings
from rulka_analysis.health.readings import Pair, Readings, Settings, several
from rulka_analysis.health.series_shapes import series_findings
from rulka_analysis.health.settings import (
    changed_together,
    changing_settings,
    logged_settings,
    schedules_apart,
    unrecorded,
)
from rulka_analysis.health.watch_rules import watch_findings
from rulka_analysis.health.writing import writing_findings
from rulka_analysis.logs.runs import Run
from rulka_analysis.metrics.catalogue import Catalogue
from rulka_analysis.metrics.domain import VariantError
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.text import natural_order

__all__ = ["comparison_findings", "contradicted", "experiment_findings", "run_findings", "sort"]

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
    return sort(_of_run(Readings(run, catalogue, _titles(catalogue, titles)), settings or {}))


def comparison_findings(comparison: Comparison) -> tuple[Finding, ...]:
    """Return what shows only where runs stand side by side.

    What concerns one run alone is left to `run_findings`.

    Parameters
    ----------
    comparison : Comparison
        Candidates and a baseline; runs that the logs do not hold are passed over.
    """
    catalogue, titles = comparison.catalogue, comparison.variant_titles
    logs = {name: Readings(run, catalogue, titles) for name, run in comparison.present.items()}
    values = {name: _numbers(comparison, logs[name]) for name in logs}
    found = [*copies(list(logs.values())), *_side_by_side(comparison, logs, values)]
    return sort(found)


def experiment_findings(experiment: Experiment) -> tuple[Finding, ...]:
    """Return all findings on an experiment's runs and comparisons, each once.

    Parameters
    ----------
    experiment : Experiment
        A definition, tied to logs; settings are held against it.
    """
    present = {name: run for name, run in experiment.runs.items() if run is not None}
    catalogue, titles = experiment.catalogue, experiment.definition.variant_titles
    logs = {name: Readings(run, catalogue, titles) for name, run in present.items()}
    found = list(experiment.logs.findings)
    if experiment.absent:
        found.append(_absent(experiment.absent))
    values: dict[str, Settings] = {}
    for name, log in logs.items():
        known = {s: q.number for s, q in experiment.settings(name).items() if q.known}
        own = _of_run(log, known)
        declared = [f for f in experiment.findings([name]) if f not in own]
        # A setting that changes within a run cannot be what was declared: that is one finding.
        changing = {f.tag for f in own if f.kind == "setting_changes"}
        found += own
        found += [f for f in declared if f.kind != "setting_differs" or f.tag not in changing]
        texts = {
            s: v for s, v in experiment.definition.runs[name].settings.items() if isinstance(v, str)
        }
        values[name] = {**logged_settings(log), **known, **texts}
        settings = experiment.definition.settings
        lacking = [one.title for s, one in settings.items() if s not in values[name]]
        if lacking:
            found.append(unrecorded(log, lacking))
    found += copies(list(logs.values()))
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


def _of_run(log: Readings, settings: Mapping[str, float]) -> list[Finding]:
    return [
        *log.run.findings,
        *(found for rule in log.catalogue.domain.rules_of_run for found in rule(log)),
        *series_findings(log),
        *writing_findings(log),
        *changing_settings(log),
        *watch_findings(log, settings),
    ]


def _titles(
    catalogue: Catalogue, titles: Mapping[str, Mapping[str, str]]
) -> Mapping[str, str] | None:
    variant = catalogue.domain.variant
    for name in titles:
        if variant is None or name != variant.plural:
            raise VariantError(f"no variants {name!r} in the domain {catalogue.domain.name!r}")
    return titles.get(variant.plural) if variant else None


def _numbers(comparison: Comparison, log: Readings) -> Settings:
    declared = comparison.settings[log.name]
    known = {name: quantity.number for name, quantity in declared.items() if quantity.known}
    return {**logged_settings(log), **known}


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
        for finding in (changed_together(pair), durations_apart(pair)):
            if finding is not None:
                yield finding
        yield from schedules_apart(pair)
        yield from growing_with_settings(pair)


def _absent(runs: Sequence[str]) -> Finding:
    return Finding(
        "run_missing",
        "note",
        f"Not in these logs, but in the definition: {several(runs, 8)}.",
        why="Comparisons with them stay empty.",
        remedy="Put their folders into the log directory, or take them out of the definition.",
    )
