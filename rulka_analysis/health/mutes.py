"""Findings that somebody muted, by code, with a reason that is told.

To mute says that somebody knows and why it need not be told each time. It makes nothing right: no
answer rests on a series that a muted error is about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rulka_analysis.values.errors import RulkaError, unknown
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.rules import all_rules, named_rule
from rulka_analysis.values.text import name_in_words


@dataclass(frozen=True, slots=True)
class Muted:
    """Findings, and those of them that are muted, with the reason of each.

    Parameters
    ----------
    told : tuple of Finding
        Those that are not muted.
    muted : tuple of (Finding, str)
        The others.
    """

    told: tuple[Finding, ...]
    muted: tuple[tuple[Finding, str], ...]

    @property
    def reasons(self) -> list[str]:
        """What is muted, how often and why, one line a rule."""
        by_rule: dict[tuple[str, str], int] = {}
        for finding, reason in self.muted:
            key = (f"{finding.code} {name_in_words(finding.kind)}".strip(), reason)
            by_rule[key] = by_rule.get(key, 0) + 1
        return [
            f"{rule} ({count} finding{'' if count == 1 else 's'}): {reason}"
            for (rule, reason), count in by_rule.items()
        ]


def mute(findings: Iterable[Finding], mutes: Mapping[str, str]) -> Muted:
    """Take the muted ones out of findings.

    Parameters
    ----------
    findings : iterable of Finding
    mutes : mapping of str to str
        The reason by code, or by kind, which for rules of the catalogue of metrics says more.

    Examples
    --------
    >>> gap = Finding("gap", "warning", "A gap.")
    >>> mute([gap, Finding("damage", "error", "Damage.")], {"RK201": "the machine slept"}).reasons
    ['RK201 gap (1 finding): the machine slept']
    """
    told, muted = [], []
    for finding in findings:
        reason = mutes.get(finding.code) or mutes.get(finding.kind)
        if reason is None:
            told.append(finding)
        else:
            muted.append((finding, reason))
    return Muted(tuple(told), tuple(muted))


def read_mutes(given: Iterable[str]) -> dict[str, str]:
    """Read what people type: ``CODE=reason`` each.

    Raises
    ------
    RulkaError
        If a reason is missing, or there is no such rule.

    Examples
    --------
    >>> read_mutes(["rk201=the machine slept"])
    {'RK201': 'the machine slept'}
    """
    found = {}
    for text in given:
        name, _, reason = text.partition("=")
        if not reason.strip():
            raise RulkaError(f"--mute {text!r} has no reason; write CODE=reason")
        found[_checked(name.strip())] = reason.strip()
    return found


def _checked(name: str) -> str:
    rule = named_rule(name)
    if rule is not None:
        return rule.code
    if name.startswith("watch_"):
        return name
    known = [word for rule in all_rules() for word in (rule.code, rule.kind)]
    raise RulkaError(unknown("rule", name, known, "of health"))
