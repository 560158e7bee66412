"""One call that publishes a comparison: runs, numbers, answers and figures, for pages to quote."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rulka_analysis.health import comparison_findings
from rulka_analysis.pages import blocks, figures, tables
from rulka_analysis.pages.results import publish
from rulka_analysis.pages.tables.verdict import named_answers

if TYPE_CHECKING:
    from rulka_analysis.experiments.comparison import Comparison
    from rulka_analysis.verdicts.loaded import LoadedExperiment


def publish_comparison(experiment: LoadedExperiment, name: str) -> None:
    """Publish everything a page may quote of a comparison.

    Under ``<comparison>.``: ``heading``, ``questions``, ``figures`` and ``sooner``, its page;
    ``runs``, ``findings``, ``window``, ``summary``, ``answers``; of each outcome its figure, by
    every further clock (``<outcome>_<clock>``), its targets (``<outcome>_targets``); what is only
    shown. Each answer under ``answer.<comparison>.``.

    Parameters
    ----------
    experiment : LoadedExperiment
        The experiment.
    name : str
        One of its comparisons.
    """
    for key, value in parts(experiment, name):
        publish(key, value)


def parts(experiment: LoadedExperiment, name: str) -> Iterator[tuple[str, Any]]:
    """Yield what is published of a comparison, by name."""
    comparison = experiment.comparison(name)
    found = experiment.answers(name)
    noticed = [finding for run in comparison.present.values() for finding in run.findings]
    noticed += comparison_findings(comparison)
    yield f"{name}.heading", blocks.compared_heading(experiment, name)
    yield f"{name}.questions", blocks.compared_answers(experiment, name)
    yield f"{name}.figures", blocks.compared_figures(experiment, name)
    yield f"{name}.sooner", blocks.sooner(experiment, name)
    yield f"{name}.runs", tables.runs(experiment, list(comparison.runs))
    yield f"{name}.findings", tables.findings(tuple(dict.fromkeys(noticed)))
    for first in list(experiment.definition.asked)[:1]:
        yield f"{name}.window", tables.window(comparison, first)
    yield f"{name}.summary", tables.summary(comparison)
    yield f"{name}.answers", tables.answers(found)
    for key, answer in named_answers(found).items():
        yield f"answer.{key}", answer
    yield from _figures(comparison, name)


def _figures(comparison: Comparison, name: str) -> Iterator[tuple[str, Any]]:
    for line in comparison.lines:
        measure = comparison.measure(line.metric, line.variant, as_logged=line.as_logged)
        first = comparison.deciding_clock(measure)
        for clock in dict.fromkeys([first, *measure.metric.deciding_clocks]):
            key = line.name if clock == first else f"{line.name}_{clock}"
            drawn = figures.curves(
                comparison, line.metric, line.variant, clock, as_logged=line.as_logged
            )
            yield f"{name}.{key}", drawn
        if comparison.targets(line.metric):
            yield f"{name}.{line.name}_targets", tables.times_to_targets(comparison, line.metric)
