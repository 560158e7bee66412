"""Conclusions as data: the verdict, the sentence, the numbers that decided, what would break it.

`evaluate` makes them from a definition's claims and the logs in use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rulka_analysis.experiments.claims import Outcome
from rulka_analysis.logs.clocks import Clock
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.quantities import Quantity, Sentence
from rulka_analysis.verdicts.rule import Verdict

# (run, tag): a series that no verdict may rest on, and what was found about it.
Contradicted = Mapping[tuple[str, str], Finding]


@dataclass(frozen=True, slots=True)
class OnClock:
    """What decided on one clock.

    Parameters
    ----------
    clock : Clock
        The clock.
    votes : bool
        Whether this clock decides; one that does not is shown beside those that do.
    holds : bool or None
        Whether the claim holds on this clock; None where neither it nor its failure is sure.
    share : Quantity
        Checkpoints (or targets) at which the claim is true, of those where that is known.
    end : Quantity
        Where the common window ends.
    candidate, baseline, difference, margin : Quantity
        At the end; of a claim on targets, for the hardest that can be decided.
    target : Quantity or None
        That target.
    claimed, found : Quantity or None
        Of a claim that says by how much: how much, and what was found, both in the unit of the
        claim and in its direction.
    by_run : mapping of str to Quantity
        The same value of every run, replicates included.
    interpolated : bool
        The clock's positions are straight lines between few known points.
    """

    clock: Clock
    votes: bool
    holds: bool | None
    share: Quantity
    end: Quantity
    candidate: Quantity
    baseline: Quantity
    difference: Quantity
    margin: Quantity
    target: Quantity | None = None
    claimed: Quantity | None = None
    found: Quantity | None = None
    by_run: Mapping[str, Quantity] = field(default_factory=dict)
    interpolated: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return the row as plain data for JSON."""
        data: dict[str, Any] = {"clock": self.clock.name, "votes": self.votes, "holds": self.holds}
        for name in ("share", "end", "candidate", "baseline", "difference", "margin"):
            data[name] = getattr(self, name).as_dict()
        for name in ("target", "claimed", "found"):
            value = getattr(self, name)
            data[name] = None if value is None else value.as_dict()
        data["interpolated"] = self.interpolated
        data["by_run"] = {run: value.as_dict() for run, value in self.by_run.items()}
        return data


@dataclass(frozen=True, slots=True)
class Conclusion:
    """A declared conclusion with the verdict of the logs in use.

    Parameters
    ----------
    name, section : str
        Its name, and the comparison it belongs to.
    typed : str
        The author's own words, where it is one of theirs.
    verdict : {"supported", "contradicted", "cannot tell", "no data"}
        See the guide to verdicts.
    outcome : str
        Which of the declared sentences is said.
    way : str
        In words, which way a contradicted claim went; empty for any other verdict.
    sentence : Sentence
        What the logs say.
    deciding : tuple of OnClock
        The numbers it rests on, by clock.
    strength : Sentence
        How many runs of each setting there are, and what follows.
    sensitivity : Sentence
        How much it depends on the rule.
    fragile : bool
        Whether it depends on the rule more than it should.
    breaks : tuple of str
        The smallest changes of the rule that give another verdict, in words.
    rests_on : frozenset of (run, tag)
        The series it rests on.
    instead_of : Finding or None
        Why it rests on the declared fallback.
    findings : tuple of Finding
        What was noticed about the series and runs it rests on.
    parts : tuple of Conclusion
        Of a compound; of parts that are compounds themselves, their parts.
    by_itself : bool
        It is declared by itself, and not only a part of a golden middle.
    """

    name: str
    section: str
    typed: str
    verdict: Verdict
    outcome: Outcome
    sentence: Sentence
    way: str = ""
    deciding: tuple[OnClock, ...] = ()
    strength: Sentence = field(default_factory=lambda: Sentence(""))
    sensitivity: Sentence = field(default_factory=lambda: Sentence(""))
    fragile: bool = False
    breaks: tuple[str, ...] = ()
    rests_on: frozenset[tuple[str, str]] = frozenset()
    instead_of: Finding | None = None
    findings: tuple[Finding, ...] = ()
    parts: tuple[Conclusion, ...] = ()
    by_itself: bool = True

    def as_dict(self) -> dict[str, Any]:
        """Return the conclusion as plain data for JSON."""
        return {
            "name": self.name,
            "section": self.section,
            "typed": self.typed,
            "verdict": self.verdict,
            "outcome": self.outcome,
            "way": self.way,
            "sentence": str(self.sentence),
            "strength": str(self.strength),
            "sensitivity": str(self.sensitivity),
            "fragile": self.fragile,
            "breaks": list(self.breaks),
            "deciding": [row.as_dict() for row in self.deciding],
            "rests_on": [{"run": run, "tag": tag} for run, tag in sorted(self.rests_on)],
            "instead_of": self.instead_of.as_dict() if self.instead_of else None,
            "findings": [finding.as_dict() for finding in self.findings],
            "parts": [part.as_dict() for part in self.parts],
        }
