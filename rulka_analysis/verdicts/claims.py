"""What somebody said, held against what the logs answer: pure functions.

A claim names a relation. It holds if the answer implies it, is too strong if the answer implies
only the weaker half of it, and is wrong if the answer excludes it. `TABLE` says which is which.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from rulka_analysis.verdicts.relations import Relation

Verdict = Literal["holds", "too strong", "wrong", "undecided", "no data"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

# Claim, then answer. "No worse" against "no better" stays undecided: both leave level open.
TABLE: Mapping[Relation, Mapping[Relation, Verdict]] = {
    "better": {
        "better": "holds",
        "no worse": "too strong",
        "level": "wrong",
        "no better": "wrong",
        "worse": "wrong",
    },
    "no worse": {
        "better": "holds",
        "no worse": "holds",
        "level": "holds",
        "no better": "undecided",
        "worse": "wrong",
    },
    "level": {
        "better": "wrong",
        "no worse": "too strong",
        "level": "holds",
        "no better": "too strong",
        "worse": "wrong",
    },
    "no better": {
        "better": "wrong",
        "no worse": "undecided",
        "level": "holds",
        "no better": "holds",
        "worse": "holds",
    },
    "worse": {
        "better": "wrong",
        "no worse": "wrong",
        "level": "wrong",
        "no better": "too strong",
        "worse": "holds",
    },
}

# How a claim may be said: its relation where higher is better, and whether lower being better
# turns it round. Sooner is better whatever the metric.
_SAID: Mapping[str, tuple[Relation, bool]] = {
    "better": ("better", False),
    "worse": ("worse", False),
    "no better": ("no better", False),
    "no worse": ("no worse", False),
    "level": ("level", False),
    "same": ("level", False),
    "higher": ("better", True),
    "lower": ("worse", True),
    "no higher": ("no better", True),
    "no lower": ("no worse", True),
    "sooner": ("better", False),
    "later": ("worse", False),
    "no sooner": ("no better", False),
    "no later": ("no worse", False),
}
_TURNED: Mapping[Relation, Relation] = {
    "better": "worse",
    "worse": "better",
    "no better": "no worse",
    "no worse": "no better",
}


def relation_of(said: str, *, lower_is_better: bool = False) -> Relation:
    """Return the relation a claim names.

    Of a metric of which neither is better, higher stands in the place of better, as in answers.

    Examples
    --------
    >>> relation_of("lower", lower_is_better=True), relation_of("no lower"), relation_of("same")
    ('better', 'no worse', 'level')
    """
    relation, turns = _SAID[said]
    return _TURNED[relation] if turns and lower_is_better else relation


@dataclass(frozen=True, slots=True)
class Held:
    """What became of a claim.

    Parameters
    ----------
    verdict : {"holds", "too strong", "wrong", "undecided", "no data"}
        How it stands.
    fragile : bool
        Whether it hangs on an answer that depends on the rule more than it should.
    """

    verdict: Verdict
    fragile: bool = False


def hold(claim: Relation, answer: Relation, *, fragile: bool = False) -> Held:
    """Hold a claim against an answer. What the answer leaves open stays open.

    Examples
    --------
    >>> hold("better", "no worse").verdict, hold("no better", "worse").verdict
    ('too strong', 'holds')
    """
    if answer == "undecided" or answer == "no data":
        return Held(answer)
    verdict = TABLE[claim][answer]
    return Held(verdict, fragile and verdict != "undecided")


def hold_amount(direction: Held, amount: Relation, *, fragile: bool = False) -> Held:
    """Hold a claim that also says by how much at least.

    Parameters
    ----------
    direction : Held
        The claim without its amount.
    amount : str
        Better where the amount is met, worse where it is refuted, else undecided; see
        `relations.ask_amount` and `intervals.amount`.
    fragile : bool
        Whether that depends on the rule more than it should.

    Examples
    --------
    >>> hold_amount(Held("holds"), "worse").verdict, hold_amount(Held("undecided"), "worse").verdict
    ('too strong', 'wrong')
    """
    refuted = amount == "worse"
    if direction.verdict == "holds":
        if amount == "better":
            return Held("holds", direction.fragile or fragile)
        return Held("too strong", direction.fragile or fragile) if refuted else Held("undecided")
    if direction.verdict == "undecided" and refuted:
        return Held("wrong", fragile)
    return direction


def because_of(held: Held, setting: str, differing: Collection[str]) -> Held:
    """Hold a claim that names a cause: without data unless the pair differs in that alone.

    Parameters
    ----------
    held : Held
        The claim without its cause.
    setting : str
        What is said to be the cause.
    differing : collection of str
        Settings in which the two differ, and those not known of one of them.

    Examples
    --------
    >>> because_of(Held("holds"), "batch_size", ["batch_size", "running_speed"]).verdict
    'no data'
    """
    return held if set(differing) == {setting} else Held("no data")


def all_of(parts: Sequence[Held]) -> Held:
    """Return what becomes of a claim all parts of which must hold.

    One sound part is enough to refute it; for it to hold soundly every part must.

    Examples
    --------
    >>> all_of([Held("holds"), Held("no data"), Held("wrong", fragile=True)])
    Held(verdict='wrong', fragile=True)
    """
    return _combined(parts, ("wrong", "no data", "undecided", "too strong", "holds"))


def any_of(parts: Sequence[Held]) -> Held:
    """Return what becomes of a claim one part of which must hold.

    Examples
    --------
    >>> any_of([Held("wrong"), Held("no data"), Held("undecided")]).verdict
    'no data'
    """
    return _combined(parts, ("holds", "too strong", "no data", "undecided", "wrong"))


def _combined(parts: Sequence[Held], order: Sequence[Verdict]) -> Held:
    """Return the first verdict of an order that a part has; the last one takes every part."""
    verdicts = {part.verdict for part in parts}
    verdict = next((verdict for verdict in order if verdict in verdicts), order[-1])
    if verdict in ("undecided", "no data"):
        return Held(verdict)
    weak = [part.fragile for part in parts if part.verdict == verdict]
    return Held(verdict, any(weak) if verdict == order[-1] else all(weak))


@dataclass(frozen=True, slots=True)
class Stands:
    """An answer as far as a claim needs it."""

    relation: Relation
    fragile: bool = False


def golden_middle(
    neighbours: Mapping[str, Sequence[Stands]], *, strict: bool = False
) -> tuple[Held, Mapping[str, Held]]:
    """Hold the claim that one is no worse than any neighbour, and better than each somewhere.

    `strict`: better than each of them everywhere. Returns the claim, and its part about each
    neighbour.

    Examples
    --------
    >>> found, _ = golden_middle({"a": [Stands("level"), Stands("better")]})
    >>> found.verdict, golden_middle({"a": [Stands("level")]})[0].verdict
    ('holds', 'wrong')
    """

    def holds(claim: Relation, answers: Sequence[Stands]) -> list[Held]:
        return [hold(claim, answer.relation, fragile=answer.fragile) for answer in answers]

    ahead = all_of if strict else any_of
    found = {
        name: all_of([*holds("no worse", answers), ahead(holds("better", answers))])
        for name, answers in neighbours.items()
    }
    return all_of(list(found.values())), found
