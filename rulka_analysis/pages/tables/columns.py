"""Whose numbers stand side by side: those of runs, and of many runs those of their groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rulka_analysis.experiments.comparison import Comparison
from rulka_analysis.values.quantities import MANY, Quantity, average


@dataclass(frozen=True, slots=True)
class Columns:
    """What has a column of its own in tables, and its place in sentences.

    Parameters
    ----------
    titles : dict of str to str
        What readers meet, by name: of a run, or the label of a group.
    runs : dict of str to tuple of str
        The runs behind each.
    baseline : str
    candidates : tuple of str
    """

    titles: Mapping[str, str]
    runs: Mapping[str, tuple[str, ...]]
    baseline: str
    candidates: tuple[str, ...]

    @property
    def are_groups(self) -> bool:
        """Whether they are groups, because runs are too many to be told one by one."""
        return sum(map(len, self.runs.values())) > MANY

    def values(self, by_run: Mapping[str, Quantity]) -> dict[str, Quantity]:
        """Return the value of each, given that of every run: of several runs the mean."""
        return {
            name: average({run: by_run[run] for run in runs}) for name, runs in self.runs.items()
        }


def columns_of(comparison: Comparison) -> Columns:
    """Return what of a comparison stands side by side."""
    if len(comparison.runs) <= MANY:
        titles = {run: comparison.shown(run) for run in comparison.runs}
        runs = {run: (run,) for run in comparison.runs}
        return Columns(titles, runs, comparison.baseline, comparison.candidates)
    groups = {group.label: group.runs for group in comparison.groups}
    candidates = tuple(group.label for group in comparison.candidate_groups)
    return Columns({n: n for n in groups}, groups, comparison.baseline_group.label, candidates)
