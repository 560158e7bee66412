"""Answers and claims as data: the word, the sentence, the numbers that decided, how sure it is.

`evaluate` makes them from a definition's outcomes and claims, and the logs in use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from rulka_analysis.experiments.groups import Group
from rulka_analysis.logs.clocks import Clock
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.quantities import Quantity, Sentence
from rulka_analysis.verdicts.claims import Held
from rulka_analysis.verdicts.deciding import Decided
from rulka_analysis.verdicts.relations import Vocabulary, named

# (run, tag): a series that no answer may rest on, and what was found about it.
Contradicted = Mapping[tuple[str, str], Finding]
Kind = Literal["value", "pace"]


@dataclass(frozen=True, slots=True)
class OnClock:
    """What one clock says, and the numbers behind it.

    Parameters
    ----------
    clock : Clock
        The clock.
    votes : bool
        Whether this clock decides; one that does not is shown beside those that do.
    said : str
        What it says, in the words of the answer.
    share : Quantity
        Checkpoints (or targets) at which that is true, of those where it is known.
    end : Quantity
        Where the common window ends.
    candidate, baseline, difference : Quantity
        At the end; of targets, for the hardest that can be decided.
    margin : Quantity
        How small a difference does not matter; unknown where nobody said.
    target : Quantity or None
        That target.
    by_run : mapping of str to Quantity
        The same value of every run.
    interpolated : bool
        The clock's positions are straight lines between few known points.
    """

    clock: Clock
    votes: bool
    said: str
    share: Quantity
    end: Quantity
    candidate: Quantity
    baseline: Quantity
    difference: Quantity
    margin: Quantity
    target: Quantity | None = None
    by_run: Mapping[str, Quantity] = field(default_factory=dict)
    interpolated: bool = False

    def of(self, group: Group) -> list[Quantity]:
        """Return the values of a group's runs."""
        return [self.by_run[run] for run in group.runs if run in self.by_run]

    def as_dict(self) -> dict[str, Any]:
        """Return the row as plain data for JSON."""
        data: dict[str, Any] = {"clock": self.clock.name, "votes": self.votes, "says": self.said}
        for name in ("share", "end", "candidate", "baseline", "difference", "margin"):
            data[name] = getattr(self, name).as_dict()
        data["target"] = None if self.target is None else self.target.as_dict()
        data["interpolated"] = self.interpolated
        data["by_run"] = {run: value.as_dict() for run, value in self.by_run.items()}
        return data


@dataclass(frozen=True, slots=True)
class Amount:
    """By how much, and what range that has.

    Parameters
    ----------
    value : Quantity
        Candidate minus baseline at the end, in percent where the margin is; of pace, candidate's
        time over baseline's.
    low, high : Quantity or None
        The ends of the interval; of one run each, of the ratios of single targets.
    """

    value: Quantity
    low: Quantity | None = None
    high: Quantity | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data for JSON."""
        ends = {"low": self.low, "high": self.high}
        return {
            "value": self.value.as_dict(),
            **{name: end.as_dict() if end else None for name, end in ends.items()},
        }


def _no_sentence() -> Sentence:
    return Sentence("")


@dataclass(frozen=True, slots=True)
class Answered:
    """How a candidate stands to a baseline on an outcome.

    Parameters
    ----------
    comparison, outcome : str
        As declared.
    title : str
        What was compared.
    candidate, baseline : Group
        Who.
    kind : {"value", "pace"}
        The value of the metric, or how soon targets are reached.
    vocabulary : {"quality", "diagnostic", "speed"}
        Its words.
    planned : bool
        It was declared before anybody looked: an objective, or pace that is declared so.
    decided : Decided
        The answer, and what it rests on.
    sentence : Sentence
        What the logs say.
    amount : Amount or None
        By how much, by the first deciding clock.
    missing_clocks : mapping of str to tuple of str
        Clocks that would decide, and the runs that lack them.
    strength, robustness, warning, needed : Sentence
        What the number of runs allows to say; how many variations agree; runs that lie far out; how
        many runs would tell.
    rows : tuple of OnClock
        The numbers, by clock.
    rests_on : frozenset of (run, tag)
        The series it rests on.
    instead_of : Finding or None
        Why it rests on the declared alternative.
    findings : tuple of Finding
        What was noticed about the series and runs it rests on.
    """

    comparison: str
    outcome: str
    title: str
    candidate: Group
    baseline: Group
    kind: Kind
    vocabulary: Vocabulary
    planned: bool
    decided: Decided
    sentence: Sentence
    amount: Amount | None = None
    missing_clocks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    strength: Sentence = field(default_factory=_no_sentence)
    robustness: Sentence = field(default_factory=_no_sentence)
    warning: Sentence = field(default_factory=_no_sentence)
    needed: Sentence = field(default_factory=_no_sentence)
    rows: tuple[OnClock, ...] = ()
    rests_on: frozenset[tuple[str, str]] = frozenset()
    instead_of: Finding | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def name(self) -> str:
        """Its name within its comparison, as pages quote it; see `names_of`."""
        return f"{self.outcome}.pace" if self.kind == "pace" else self.outcome

    @property
    def word(self) -> str:
        """The answer in a word."""
        return named(self.decided.relation, self.vocabulary)

    def as_dict(self) -> dict[str, Any]:
        """Return the answer as plain data for JSON."""
        decided = self.decided
        return {
            "comparison": self.comparison,
            "outcome": self.outcome,
            "title": self.title,
            "kind": self.kind,
            "candidate": _group(self.candidate),
            "baseline": _group(self.baseline),
            "planned": self.planned,
            "answer": self.word,
            "reason": decided.reason,
            "fragile": decided.fragile,
            "method": decided.method,
            "clocks": {c: named(said, self.vocabulary) for c, said in decided.clocks.items()},
            "missing_clocks": {c: list(runs) for c, runs in self.missing_clocks.items()},
            "amount": self.amount.as_dict() if self.amount else None,
            "checks": {"agreeing": decided.agreeing, "asked": decided.asked},
            "intervals": {
                clock: {
                    "difference": found.difference,
                    "low": found.low,
                    "high": found.high,
                    "candidates_together": found.family,
                    "of_logarithms": found.logs,
                }
                for clock, found in decided.intervals.items()
            },
            "ranks": {clock: {"p": found.p} for clock, found in decided.ranks.items()},
            "sentence": str(self.sentence),
            "strength": str(self.strength),
            "robustness": str(self.robustness),
            "warning": str(self.warning),
            "runs_needed": str(self.needed),
            # Of each group, and hours of all: as expected, and with the spread's upper bound.
            "runs_needed_numbers": {
                name: value.number
                for name, value in self.needed.values.items()
                if isinstance(value, Quantity)
            },
            "rows": [row.as_dict() for row in self.rows],
            "rests_on": [{"run": run, "tag": tag} for run, tag in sorted(self.rests_on)],
            "instead_of": self.instead_of.as_dict() if self.instead_of else None,
            "findings": [finding.as_dict() for finding in self.findings],
        }


def _group(group: Group) -> dict[str, Any]:
    return {"label": group.label, "runs": list(group.runs), "settings": dict(group.settings)}


@dataclass(frozen=True, slots=True)
class Claimed:
    """What somebody said, held against the answers.

    Parameters
    ----------
    name, comparison : str
        As declared; the name of a part that is no claim of its own is what it says.
    text : str
        Their own words.
    held : Held
        How it stands.
    brief, sentence : Sentence
        How it stands, in a few words; the same with the answer beside it.
    why : Sentence
        What the logs say of it, as short as can be.
    answers : tuple of Answered
        What it was held against.
    parts : tuple of Claimed
        Of a compound; of parts that are compounds themselves, their parts.
    headline : bool
        Among the few that stand on the experiment's own page.
    declared : bool
        It is a claim of its own, and not only a part.
    """

    name: str
    comparison: str
    text: str
    held: Held
    brief: Sentence
    sentence: Sentence
    why: Sentence
    answers: tuple[Answered, ...] = ()
    parts: tuple[Claimed, ...] = ()
    headline: bool = False
    declared: bool = True

    def as_dict(self) -> dict[str, Any]:
        """Return the claim as plain data for JSON."""
        return {
            "name": self.name,
            "comparison": self.comparison,
            "text": self.text,
            "verdict": self.held.verdict,
            "fragile": self.held.fragile,
            "sentence": str(self.sentence),
            "headline": self.headline,
            "answers": [
                {
                    "candidate": one.candidate.label,
                    "baseline": one.baseline.label,
                    "outcome": one.outcome,
                    "kind": one.kind,
                    "answer": one.word,
                }
                for one in self.answers
            ],
            "parts": [part.as_dict() for part in self.parts],
        }
