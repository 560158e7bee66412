"""What the Explore page shows of the logs in use: published by a notebook, like every block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rulka_analysis.experiments.experiment import Experiment
from rulka_analysis.logs.runs import Logs
from rulka_analysis.metrics.catalogue import Catalogue
from rulka_analysis.pages import results
from rulka_analysis.pages.answers import log_directory_answer
from rulka_analysis.pages.explore.data import (
    Explore,
    ExploreGroup,
    Role,
    index_script,
    metric_scripts,
)
from rulka_analysis.pages.explore.decoding import KeptSeries, read_index, read_series
from rulka_analysis.pages.explore.page import data_files
from rulka_analysis.pages.explore.reading import from_logs
from rulka_analysis.pages.explore.still import draw_view
from rulka_analysis.pages.explore.view import View
from rulka_analysis.pages.figures import Figure
from rulka_analysis.pages.kept import keep, read_kept
from rulka_analysis.project import load_catalogue, load_experiments
from rulka_analysis.values import questions
from rulka_analysis.values.quantities import Sentence
from rulka_analysis.values.tables import Cell, Table
from rulka_analysis.verdicts.recommendation import recommend

# Static figures on the page, where no script runs: what matters most, and no more than is read.
MOST_FIGURES = 4
_FIRST: tuple[Role, ...] = ("winner", "baseline", "")


@dataclass(frozen=True)
class Curves(results.Curves):
    """The curves of some runs, ready to be published.

    Parameters
    ----------
    data : Explore
        What the page shows.
    figures : tuple of View
        What stands in its place where no script runs.
    """

    data: Explore
    figures: tuple[View, ...]

    def figure(self, view: View | None = None) -> Figure | Sentence:
        """Draw a view as the page shows it; without one, the view that it opens with."""
        metrics = self.data.metrics
        if not metrics:
            return Sentence("These logs hold no value.", {})
        index = read_index(index_script(self.data, [(str(i), None) for i in range(len(metrics))]))

        def read(place: str) -> dict[int, KeptSeries]:
            return read_series(metric_scripts(self.data, metrics[int(place)])[0])

        return draw_view(view or self.figures[0], index, read)

    def metrics_table(self) -> Table:
        """Return a row a tag: what it is, and of how many runs it is."""
        rows: dict[str, list[Cell]] = {}
        for metric in self.data.metrics:
            better = "–" if metric.better == "neither" else metric.better
            rows[metric.tag] = [metric.title, metric.tag, metric.group or "other", better]
        columns = {"title": "Metric", "tag": "Tag", "group": "Group", "better": "Better"}
        return Table(columns, rows, "Every tag of the logs.")

    def groups_table(self) -> Table:
        """Return a row a group: what it is called, and its runs."""
        rows: dict[str, list[Cell]] = {
            str(number): [group.label, ", ".join(group.runs), group.role or "–"]
            for number, group in enumerate(self.data.groups)
        }
        columns = {"label": "Group", "runs": "Runs", "role": "Shown as"}
        return Table(columns, rows, "Every run of the logs, in the order shown.")

    def written(self) -> dict[str, Any]:
        """Keep the page's data as files, and return what names them, for a notebook's output."""
        return {
            "title": self.data.title,
            "metrics": len(self.data.metrics),
            "runs": len(self.data.runs),
            "figures": [view.fragment for view in self.figures],
            "files": [[name, keep(content)] for name, content in data_files(self.data)],
        }


@dataclass(frozen=True)
class KeptCurves:
    """Published curves, read back from their files when they are asked for."""

    files: Mapping[str, str]

    @cached_property
    def index(self) -> dict[str, Any]:
        return read_index(self.read("data/index.js"))

    def read(self, name: str) -> bytes:
        """Return one of the files."""
        return read_kept(self.files[name])

    def figure(self, view: View, link: str) -> Figure | Sentence:
        """Draw a view, as it was written in a link."""

        def read(name: str) -> dict[int, KeptSeries]:
            return read_series(self.read(name))

        return draw_view(view, self.index, read, link)


def curves(logs: Logs) -> Curves:
    """Return the curves of all runs of some logs, grouped and named as the experiments say.

    Parameters
    ----------
    logs : Logs
        Of any program: runs of no experiment are shown by their names.
    """
    catalogue = load_catalogue(logs=logs)
    questions.note("log_directory", "", log_directory_answer(logs))
    experiments = load_experiments(logs)
    if len({experiment.logs.conventions.steps.name for experiment in experiments}) == 1:
        # The same logs, with the name that all of them have for what the step counts.
        logs = experiments[0].logs
    groups = list(_each_run_once(experiments, logs))
    variants = {
        tag: title
        for experiment in experiments
        for tag, title in experiment.definition.variant_titles.items()
    }
    objectives = [tag for experiment in experiments for tag in _list_objectives(experiment)]
    data = from_logs(
        logs,
        catalogue,
        groups,
        title=_title(logs, experiments),
        start=objectives[0] if objectives else "",
        variants=variants,
    )
    return Curves(data, list_first_views(data, catalogue, objectives))


def explore_groups(experiment: Experiment, winner: Sequence[str] = ()) -> list[ExploreGroup]:
    """Return the groups of an experiment of which the logs hold a run, as the page shows them.

    Parameters
    ----------
    experiment : Experiment
    winner : sequence of str
        The runs of the setting that is recommended; empty where there is none.
    """
    baseline = experiment.group(experiment.definition.baseline)
    found = []
    for group in experiment.groups:
        runs = tuple(run for run in group.runs if experiment.run(run) is not None)
        role: Role = ""
        if set(winner) & set(runs):
            role = "winner"
        elif winner and group == baseline:
            # Without a winner every group has a colour of its own.
            role = "baseline"
        if runs:
            found.append(ExploreGroup(group.label, runs, role))
    return sorted(found, key=lambda group: _FIRST.index(group.role))


def _each_run_once(experiments: Iterable[Experiment], logs: Logs) -> Iterator[ExploreGroup]:
    """Yield groups: those of the experiments, then the runs of none."""
    seen: set[str] = set()
    for experiment in experiments:
        for group in explore_groups(experiment, _winner(experiment)):
            runs = tuple(name for name in group.runs if name not in seen)
            if runs:
                yield ExploreGroup(group.label, runs, group.role)
            seen |= set(runs)
    for name in logs.runs:
        if name not in seen:
            yield ExploreGroup(name, (name,))


def _winner(experiment: Experiment) -> tuple[str, ...]:
    if not experiment.definition.objectives:
        return ()
    winner = recommend(experiment).winner
    return winner.runs if winner is not None else ()


def _list_objectives(experiment: Experiment) -> Iterator[str]:
    """Yield the tags that decide what is recommended, the first one first."""
    every = experiment.all_runs()
    for objective in experiment.definition.objectives:
        known = list(every.known_series(every.measure(objective)).values())
        yield from (series.tag for series in known[:1])


def list_first_views(
    data: Explore, catalogue: Catalogue, objectives: Sequence[str] = ()
) -> tuple[View, ...]:
    """Return the views that stand for the page where no script runs."""
    tags = dict.fromkeys([data.start, *objectives, *_list_important(data, catalogue)])
    return tuple(View(tag) for tag in list(tags)[:MOST_FIGURES] if tag)


def _list_important(data: Explore, catalogue: Catalogue) -> list[str]:
    """Return the tags of metrics that matter, as the catalogue says."""
    found = []
    for metric in data.metrics:
        match = catalogue.match(metric.tag)
        if match is not None and match.metric.important:
            found.append(metric.tag)
    return found


def _title(logs: Logs, experiments: Sequence[Experiment]) -> str:
    if len(experiments) == 1:
        return experiments[0].title
    return "The bundled curves" if logs.bundled else logs.name
