"""What ``rulka-analysis check`` looks at and prints: findings about logs, the gravest first."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rulka_analysis.cli.output import Waiting, say
from rulka_analysis.experiments.experiment import Experiment
from rulka_analysis.health import directory_findings, logs_findings
from rulka_analysis.health.by_rule import OfRule, by_rule
from rulka_analysis.health.mutes import Muted, mute
from rulka_analysis.logs.runs import Logs
from rulka_analysis.metrics.catalogue import Catalogue
from rulka_analysis.values.errors import listing

_HEADINGS = {
    "error": "Errors: the log or a tag is wrong; no answer rests on it",
    "warning": "Warnings: a comparison may mislead",
    "note": "Notes: good to know",
}
# Of more runs than this, findings are summed up by rule.
MANY_RUNS = 12


@dataclass(frozen=True)
class Checked:
    """What was checked, and what was found.

    Parameters
    ----------
    runs : tuple of str
        The runs that were looked at.
    experiment : str or None
        The experiment whose definition and comparisons were looked at, too.
    findings : Muted
        By severity and run; those that are muted apart.
    """

    runs: tuple[str, ...]
    experiment: str | None
    findings: Muted

    @property
    def counts(self) -> dict[str, int]:
        """How many findings there are of each severity, muted ones left out."""
        return {s: sum(f.severity == s for f in self.findings.told) for s in _HEADINGS}

    @property
    def rules(self) -> list[OfRule]:
        """The findings summed by rule, the worst first."""
        return by_rule(self.findings.told)

    def fails(self, on: str) -> bool:
        """Tell whether something was found that is at least so severe."""
        severities = list(_HEADINGS)
        within = severities[: severities.index(on) + 1] if on in severities else []
        return any(self.counts[severity] for severity in within)

    def as_data(self) -> dict[str, Any]:
        """Return everything as plain data for JSON."""
        return {
            "runs": list(self.runs),
            "experiment": self.experiment,
            "counts": self.counts,
            "rules": [one.as_dict() for one in self.rules],
            "findings": [finding.as_dict() for finding in self.findings.told],
            "muted": [{**f.as_dict(), "reason": reason} for f, reason in self.findings.muted],
        }


def check_runs(
    logs: Logs,
    names: Sequence[str],
    catalogue: Catalogue,
    *,
    every: bool,
    mutes: Mapping[str, str],
) -> Checked:
    """Check runs one by one, and whether a log stands under several names.

    Where these are `every` run, folders that are no run are told of, too.
    """
    with Waiting("checking the logs") as reading:
        found = logs_findings(logs, catalogue, None if every else names, opened=reading.each)
    return Checked(tuple(names), None, mute(found, mutes))


def check_experiment(
    experiment: Experiment, names: Collection[str], mutes: Mapping[str, str]
) -> Checked:
    """Check an experiment's runs, its definition and its comparisons, and the runs beside them.

    Only findings about the runs named; all of them where none is.
    """
    present = experiment.logs.runs
    with Waiting("reading the logs") as reading:
        for name in reading.each(present):
            _ = experiment.logs[name].tags  # read here, where progress is shown
    found = directory_findings(experiment.logs, experiment.catalogue, [experiment])
    if names:
        present = tuple(name for name in present if name in names)
        found = tuple(f for f in found if not {f.run, *f.runs}.isdisjoint(names))
    muted = mute(found, {**experiment.definition.health.mute, **mutes})
    return Checked(present, experiment.name, muted)


def print_checked(checked: Checked, *, each: bool) -> None:
    """Print what was checked and found, grouped by severity.

    Of many runs, findings are summed by rule, the worst first, unless `each` is to be told.
    """
    compared = f" and the comparisons of {checked.experiment}" if checked.experiment else ""
    many = len(checked.runs) > MANY_RUNS
    told = f"{len(checked.runs):,} runs" if many else listing(checked.runs)
    say(f"Checked {told}{compared}.")
    summed = many and not each
    for severity, heading in _HEADINGS.items():
        if not checked.counts[severity]:
            continue
        say()
        say(f"{heading} ({checked.counts[severity]})", heading=True)
        if summed:
            for one in checked.rules:
                if one.severity == severity:
                    _print_summed(one)
            continue
        for finding in checked.findings.told:
            if finding.severity == severity:
                say(f"- {finding.code} {finding.message}".replace("-  ", "- "))
                for more in (finding.why, finding.remedy):
                    if more:
                        say(f"  {more}")
    say()
    for reason in checked.findings.reasons:
        say(f"Muted: {reason}")
    counts = [f"{n} {s}{'' if n == 1 else 's'}" for s, n in checked.counts.items() if n]
    rest = " besides what is muted" if checked.findings.muted else ""
    say(f"{', '.join(counts)}{rest}." if counts else f"Nothing was found{rest}.")
    if summed and counts:
        say("For each finding: --each, or name a run.")


def _print_summed(one: OfRule) -> None:
    first = one.findings[0]
    if len(one.findings) == 1:
        say(f"- {one.code} {first.message}")
    else:
        say(f"- {one.code} {one.title}: {one.told}. The first: {first.message}")
    for more in (first.why, first.remedy):
        if more:
            say(f"  {more}")
