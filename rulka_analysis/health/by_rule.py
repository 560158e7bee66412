"""Findings summed by rule: what hundreds of runs are told by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rulka_analysis.health.readings import several
from rulka_analysis.values.findings import Finding, Severity
from rulka_analysis.values.text import amount, name_in_words

_ORDER = ("error", "warning", "note")


@dataclass(frozen=True, slots=True)
class OfRule:
    """All findings of one rule and severity.

    Parameters
    ----------
    code, kind : str
        The rule.
    severity : {"error", "warning", "note"}
    findings : tuple of Finding
        In the order given.
    """

    code: str
    kind: str
    severity: Severity
    findings: tuple[Finding, ...]

    @property
    def title(self) -> str:
        """The kind as words."""
        return name_in_words(self.kind)

    @property
    def runs(self) -> tuple[str, ...]:
        """The runs they are about, each once."""
        return tuple(dict.fromkeys(f.run for f in self.findings if f.run is not None))

    @property
    def told(self) -> str:
        """How many there are, and in which runs."""
        runs = f" in {amount(len(self.runs), 'run')} ({several(self.runs)})" if self.runs else ""
        return f"{amount(len(self.findings), 'finding')}{runs}"

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data for JSON."""
        return {
            "code": self.code,
            "kind": self.kind,
            "severity": self.severity,
            "findings": len(self.findings),
            "runs": list(self.runs),
        }


def by_rule(findings: Iterable[Finding]) -> list[OfRule]:
    """Sum findings by rule, the worst first: by severity, then by how many runs they are about.

    Examples
    --------
    >>> found = [Finding("gap", "warning", "", run=run) for run in ("a", "b", "c")]
    >>> [one.told for one in by_rule(found)]
    ['3 findings in 3 runs (a, b and c)']
    """
    groups: dict[tuple[Severity, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.severity, finding.kind), []).append(finding)
    found = [
        OfRule(together[0].code, kind, severity, tuple(together))
        for (severity, kind), together in groups.items()
    ]
    return sorted(
        found, key=lambda one: (_ORDER.index(one.severity), -len(one.runs), -len(one.findings))
    )
