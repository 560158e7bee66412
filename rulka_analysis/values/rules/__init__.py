"""Rules: what health looks for, each with a code that stays.

A finding names its rule by kind; the code, and all that is told of a rule, stands here once. A
domain adds its own rules when it is imported, see `register`.
"""

from __future__ import annotations

from collections.abc import Iterable

from rulka_analysis.values.rules.comparisons import COMPARISONS
from rulka_analysis.values.rules.files import FILES
from rulka_analysis.values.rules.readings import READINGS
from rulka_analysis.values.rules.rule import Rule

__all__ = ["Rule", "all_rules", "code_of", "named_rule", "register", "rule_of"]

_BY_KIND: dict[str, Rule] = {}


def register(rules: Iterable[Rule]) -> None:
    """Make rules known.

    Raises
    ------
    ValueError
        If a code or a kind is another rule's already.
    """
    for rule in rules:
        taken = [r for r in _BY_KIND.values() if r.code == rule.code or r.kind == rule.kind]
        if any(other != rule for other in taken):
            raise ValueError(f"{rule.code} ({rule.kind}) is taken by {taken[0].code}")
        _BY_KIND[rule.kind] = rule


def all_rules() -> tuple[Rule, ...]:
    """Return all rules that are known, by code."""
    return tuple(sorted(_BY_KIND.values(), key=lambda rule: rule.code))


def rule_of(kind: str) -> Rule | None:
    """Return the rule of a finding's kind; None where nobody registered one.

    Rules of a catalogue of metrics are one rule here, whatever the metric.

    Examples
    --------
    >>> rule_of("watch_loss").code
    'RK306'
    """
    return _BY_KIND.get("watch" if kind.startswith("watch_") else kind)


def code_of(kind: str) -> str:
    """Return the code of a finding's kind; empty where nobody registered a rule.

    Examples
    --------
    >>> code_of("gap"), code_of("of a program nobody knows")
    ('RK201', '')
    """
    rule = rule_of(kind)
    return rule.code if rule else ""


def named_rule(name: str) -> Rule | None:
    """Return a rule by its code or its kind, as people write them; None if there is no such.

    Examples
    --------
    >>> named_rule("rk201").kind, named_rule("gap").code
    ('gap', 'RK201')
    """
    wanted = name.strip().casefold().replace(" ", "_")
    return next((r for r in _BY_KIND.values() if wanted in (r.code.casefold(), r.kind)), None)


for _rules in (FILES, READINGS, COMPARISONS):
    register(_rules)
