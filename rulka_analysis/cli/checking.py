"""What ``rulka-analysis check`` looks at and prints: findings about logs, the gravest first."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from rulka_analysis.cli.output import Waiting, say
from rulka_analysis.experiments.experiment import Experiment
from rulka_analysis.health import experiment_findings, run_findings, sort
from rulka_analysis.logs.runs import Logs
from rulka_analysis.metrics.catalogue import Catalogue
from rulka_analysis.values.errors import listing
from rulka_analysis.values.findings import Finding

_HEADINGS = {
    "error": "Errors: the log or a tag is wrong, and no verdict may rest on it",
    "warning": "Warnings: a comparison may mislead",
    "note": "Notes: worth knowing",
}


@dataclass(frozen=True)
class Checked:
    """What was checked, and what was found.

    Parameters
    ----------
    runs : tuple of str
        The runs that were looked at.
    experiment : str or None
        The experiment whose definition and comparisons were looked at, too.
    findings : tuple of Finding
        By severity and run.
    """

    runs: tuple[str, ...]
    experiment: str | None
    findings: tuple[Finding, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many findings there are of each severity."""
        return {s: sum(f.severity == s for f in self.findings) for s in _HEADINGS}

    def as_data(self) -> dict[str, Any]:
        """Return everything as plain data for JSON."""
        return {
            "runs": list(self.runs),
            "experiment": self.experiment,
            "counts": self.counts,
            "findings": [finding.as_dict() for finding in self.findings],
        }


def check_runs(logs: Logs, names: Sequence[str], catalogue: Catalogue, *, every: bool) -> Checked:
    """Check runs one by one.

    Parameters
    ----------
    logs : Logs
    names : sequence of str
        The runs to check.
    catalogue : Catalogue
    every : bool
        Whether these are all runs: folders that are no run are then told of, too.
    """
    found = list(logs.findings) if every else []
    with Waiting("checking the logs") as reading:
        for name in reading.each(names):
            found += run_findings(logs[name], catalogue)
    return Checked(tuple(names), None, sort(found))


def check_experiment(experiment: Experiment, names: Collection[str]) -> Checked:
    """Check an experiment's runs, its definition and its comparisons.

    Parameters
    ----------
    experiment : Experiment
    names : collection of str
        Only findings about these runs; all of them when empty.
    """
    present = [name for name, run in experiment.runs.items() if run is not None]
    with Waiting("reading the logs") as reading:
        for name in reading.each(present):
            _ = experiment.logs[name].tags  # read here, where progress is shown
    found = experiment_findings(experiment)
    if names:
        present = [name for name in present if name in names]
        found = tuple(finding for finding in found if finding.run in names)
    return Checked(tuple(present), experiment.name, found)


def print_checked(checked: Checked) -> None:
    """Print what was checked and found, grouped by severity."""
    compared = f" and the comparisons of {checked.experiment}" if checked.experiment else ""
    say(f"Checked {listing(checked.runs)}{compared}.")
    for severity, heading in _HEADINGS.items():
        chosen = [finding for finding in checked.findings if finding.severity == severity]
        if not chosen:
            continue
        say()
        say(f"{heading} ({len(chosen)})", heading=True)
        for finding in chosen:
            say(f"- {finding.message}")
            for more in (finding.why, finding.remedy):
                if more:
                    say(f"  {more}")
    say()
    counts = [f"{n} {s}{'' if n == 1 else 's'}" for s, n in checked.counts.items() if n]
    say(f"{', '.join(counts)}." if counts else "Nothing was found.")
