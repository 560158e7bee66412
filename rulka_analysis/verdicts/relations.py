"""How a candidate stands to a baseline, with one run of each: pure functions on ballots.

A metric is asked at checkpoints of the common window or by several targets (`asked`), on each
deciding clock. A ballot says how the two stand on that clock (`on_clock`), and `ask` makes one
`Answer` of all clocks and of what varying the rule does to it.

Better is what the metric calls better. Of a metric that only describes (a diagnostic) higher stands
in its place, of targets sooner: `named` puts the words in.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar, get_args

import numpy as np

from rulka_analysis.experiments.said import AtLeast
from rulka_analysis.verdicts.asked import FACTORS, ROUNDING, WINDOWS, Asked, Ballot

V = TypeVar("V")

Relation = Literal["better", "worse", "level", "no worse", "no better", "undecided", "no data"]
RELATIONS: tuple[Relation, ...] = get_args(Relation)
Reason = Literal[
    "clocks disagree",
    "crosses over",
    "within noise",
    "interval includes 0",
    "too few known",
    "hangs on the rule",
]
Vocabulary = Literal["quality", "diagnostic", "speed"]
# What else is true where a relation is. Level is nothing but its two halves.
IMPLIED: Mapping[Relation, frozenset[Relation]] = {
    "better": frozenset({"better", "no worse"}),
    "worse": frozenset({"worse", "no better"}),
    "level": frozenset({"level", "no worse", "no better"}),
    "no worse": frozenset({"no worse"}),
    "no better": frozenset({"no better"}),
    "undecided": frozenset(),
    "no data": frozenset(),
}
MIRRORED: Mapping[Relation, Relation] = {
    "better": "worse",
    "worse": "better",
    "level": "level",
    "no worse": "no better",
    "no better": "no worse",
    "undecided": "undecided",
    "no data": "no data",
}
_NAMES: Mapping[Vocabulary, tuple[str, str]] = {
    "quality": ("better", "worse"),
    "diagnostic": ("higher", "lower"),
    "speed": ("sooner", "later"),
}
# A relation holds on a clock if it is true at the end and at this share of the known checkpoints.
HOLDS_FROM = 0.8
# Below this share of variations that agree an answer is fragile, and below the other none at all.
FRAGILE_BELOW = 0.8
TELLS_FROM = 0.5


def named(relation: Relation, vocabulary: Vocabulary = "quality") -> str:
    """Return a relation in the words of what was asked.

    Examples
    --------
    >>> named("no worse"), named("no worse", "diagnostic"), named("better", "speed")
    ('no worse', 'no lower', 'sooner')
    """
    good, bad = _NAMES[vocabulary]
    return relation.replace("better", good).replace("worse", bad)


def implies(answer: Relation, relation: Relation) -> bool:
    """Tell whether a relation is true wherever an answer is.

    Examples
    --------
    >>> implies("better", "no worse"), implies("no worse", "better")
    (True, False)
    """
    return relation in IMPLIED[answer]


def strongest(true: Iterable[Relation]) -> Relation:
    """Return the one relation that says all of what is true; undecided where nothing is.

    Examples
    --------
    >>> strongest(["no worse", "no better"]), strongest(["better", "no worse"]), strongest([])
    ('level', 'better', 'undecided')
    """
    known = frozenset(true)
    if {"no worse", "no better"} <= known:
        return "level"
    order: tuple[Relation, ...] = ("better", "worse", "no worse", "no better")
    return next((relation for relation in order if relation in known), "undecided")


def intersection(relations: Iterable[Relation]) -> Relation:
    """Return what every clock implies. A clock without data drops out; none left is no data.

    Examples
    --------
    >>> intersection(["better", "level"]), intersection(["better", "worse"]), intersection([])
    ('no worse', 'undecided', 'no data')
    """
    there = [IMPLIED[relation] for relation in relations if relation != "no data"]
    return strongest(frozenset.intersection(*there)) if there else "no data"


# --- What one clock says --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tally:
    """How often something is true on one clock.

    Parameters
    ----------
    true, known, asked : int
        Checkpoints (or targets) where it is true; where it can be told; all.
    at_end : bool or None
        At the end of the common window (or for the hardest target); None where not known.
    tells : bool
        Whether enough is known for this clock to tell anything.
    """

    true: int
    known: int
    asked: int
    at_end: bool | None
    tells: bool

    @property
    def share(self) -> float:
        """The share of known checkpoints at which it is true; NaN where none is known."""
        return self.true / self.known if self.known else math.nan

    @property
    def holds(self) -> bool:
        return self.tells and self.at_end is True and self.share >= HOLDS_FROM - ROUNDING


# Signs a checkpoint may show where a relation is true.
_TRUE_AT: Mapping[Relation, tuple[int, ...]] = {
    "better": (1,),
    "worse": (-1,),
    "no worse": (0, 1),
    "no better": (0, -1),
}


@dataclass(frozen=True, slots=True)
class OneClock:
    """What one clock says.

    Parameters
    ----------
    relation : str
        The strongest relation that holds on it.
    tallies : mapping of str to Tally
        How often each of better, worse, no worse and no better is true.
    """

    relation: Relation
    tallies: Mapping[Relation, Tally] = field(default_factory=dict)

    @property
    def tells(self) -> bool:
        """Whether enough is known for this clock to tell anything."""
        return any(tally.tells for tally in self.tallies.values())


def on_clock(ballot: Ballot) -> OneClock:
    """Return how two runs stand on one clock.

    Examples
    --------
    >>> on_clock(Ballot(np.array([0.0, 1, 1, 1, 1]), needed=3)).relation
    'better'
    >>> on_clock(Ballot(np.array([1.0, 0, 0, 0, 0]), needed=3)).relation
    'level'
    >>> on_clock(Ballot(np.array([1.0, 1, -1, -1]), needed=2)).relation
    'undecided'
    """
    known = ballot.signs[np.isfinite(ballot.signs)]
    last = ballot.signs[-1:] if ballot.last_must_be_known else known[-1:]
    end_known = bool(len(last)) and bool(np.isfinite(last[0]))
    tells = end_known and len(known) >= ballot.needed
    tallies = {}
    for relation, signs in _TRUE_AT.items():
        at_end = bool(last[0] in signs) if end_known else None
        true = int(np.isin(known, signs).sum())
        tallies[relation] = Tally(true, len(known), len(ballot.signs), at_end, tells)
    weak = ("no worse", "no better")
    holding = [r for r, t in tallies.items() if t.holds and (ballot.has_margin or r not in weak)]
    return OneClock(strongest(holding), tallies)


# --- One answer of all clocks ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Variation:
    """One way of asking the same: over how much of the window, with which margin, on which clocks.

    `clock` is None for all deciding clocks together.
    """

    window: float = WINDOWS[0]
    factor: float = FACTORS[0]
    clock: str | None = None

    @property
    def changes(self) -> int:
        """In how many respects it differs from the rule."""
        as_ruled = (self.window == WINDOWS[0], self.factor == FACTORS[0], self.clock is None)
        return as_ruled.count(False)


def variations(clocks: Sequence[str]) -> list[Variation]:
    """Return every variation of the rule, the rule itself first.

    Examples
    --------
    >>> len(variations(["minutes", "steps"])), len(variations(["minutes"]))
    (27, 9)
    """
    chosen: list[str | None] = [None, *clocks] if len(clocks) > 1 else [None]
    return [Variation(w, f, clock) for clock in chosen for w in WINDOWS for f in FACTORS]


@dataclass(frozen=True, slots=True)
class Agreement(Generic[V]):
    """How much an answer depends on the rule.

    Parameters
    ----------
    agreeing, asked : int
        Variations whose answer implies it; all.
    breaking : tuple
        The smallest changes after which it is no longer the answer.
    """

    agreeing: int
    asked: int
    breaking: tuple[V, ...] = ()

    @property
    def share(self) -> float:
        return self.agreeing / self.asked if self.asked else 1.0

    @property
    def fragile(self) -> bool:
        return self.share < FRAGILE_BELOW - ROUNDING

    @property
    def tells(self) -> bool:
        return self.share >= TELLS_FROM - ROUNDING


def agreement(relation: Relation, varied: Mapping[Variation, Relation]) -> Agreement[Variation]:
    """Return how many variations imply a relation; of undecided, how many are undecided, too."""

    def agrees(found: Relation) -> bool:
        return implies(found, relation) or found == relation

    others = [v for v, found in varied.items() if not agrees(found)]
    fewest = min((v.changes for v in others), default=0)
    breaking = tuple(v for v in others if v.changes == fewest)
    return Agreement(len(varied) - len(others), len(varied), breaking)


def settled(varied: Mapping[Variation, Relation]) -> tuple[Relation, Agreement[Variation]]:
    """Return the strongest part of the rule's answer that at least half the variations share.

    If only the two weak relations are left of *level*, that is no answer. Where nothing is left,
    the agreement is that of what the rule itself says.
    """
    ruled = varied[Variation()]
    found = agreement(ruled, varied)
    if found.tells or not IMPLIED[ruled]:
        return ruled, found
    weaker = {relation: agreement(relation, varied) for relation in IMPLIED[ruled] - {ruled}}
    left = [relation for relation, share in weaker.items() if share.tells]
    return (left[0], weaker[left[0]]) if len(left) == 1 else ("undecided", found)


@dataclass(frozen=True, slots=True)
class Answer:
    """How a candidate stands to a baseline, asked by checkpoints or targets.

    Parameters
    ----------
    relation : str
        The answer.
    reason : str or None
        Why it is undecided.
    clocks : mapping of str to OneClock
        What each deciding clock says.
    agreement : Agreement
        How many variations of the rule agree.
    ruled : str
        What the rule itself says, before its variations are asked.
    """

    relation: Relation
    reason: Reason | None = None
    clocks: Mapping[str, OneClock] = field(default_factory=dict)
    agreement: Agreement[Variation] = field(default_factory=lambda: Agreement(0, 0))
    ruled: Relation = "no data"

    @property
    def fragile(self) -> bool:
        """Whether it depends on the rule more than it should; only of what says something."""
        return bool(IMPLIED[self.relation]) and self.agreement.fragile


@dataclass(frozen=True, slots=True)
class Noise:
    """What the spread of few runs says of the difference of their means on one clock.

    Parameters
    ----------
    difference : float
        Of the means, better above zero.
    limit : float
        Below it a difference is noise; NaN where the spread is not known, and then every difference
        may be. See `spread.noise_limit`.
    logs : bool
        Whether both are differences of logarithms.
    """

    difference: float
    limit: float
    logs: bool = False

    @property
    def is_noise(self) -> bool:
        # No difference is noise even where the runs did not differ at all.
        return not (self.difference and abs(self.difference) >= self.limit * (1 - ROUNDING))

    def leaves(self, said: Relation) -> Relation:
        """Return what is left of what a clock says: nothing within noise, and never level."""
        if self.is_noise:
            return "undecided"
        # Beyond noise there is a difference: of level only the half on its side is left.
        half: Relation = "no worse" if self.difference > 0 else "no better"
        return half if said == "level" else said


def ask(
    asked: Mapping[str, Asked], orientation: int, *, noise: Mapping[str, Noise] | None = None
) -> Answer:
    """Return how a candidate stands to a baseline.

    Parameters
    ----------
    asked : mapping of str to (Values or Times)
        By deciding clock; a clock the logs cannot give is left out.
    orientation : int
        1 if higher is better, -1 if lower is, as for targets.
    noise : mapping of str to Noise, optional
        By clock, where the values are means of few runs.
    """

    def of(one: Asked, window: float, factor: float) -> Ballot:
        return one.ballot(orientation, window, factor)

    return _answer(asked, of, noise or {})


def ask_amount(asked: Mapping[str, Asked], least: AtLeast, sign: int) -> Answer:
    """Return whether a difference is as large as said: better is met, worse is refuted.

    The sign is 1 if the candidate is said to be higher or later, -1 if lower or sooner.
    """

    def of(one: Asked, window: float, factor: float) -> Ballot:
        return one.amount_ballot(least, sign, window, factor)

    return _answer(asked, of, {})


def _answer(
    asked: Mapping[str, Asked],
    ballot: Callable[[Asked, float, float], Ballot],
    noise: Mapping[str, Noise],
) -> Answer:
    if not asked:
        return Answer("no data")

    def says(clock: str, variation: Variation) -> OneClock:
        said = on_clock(ballot(asked[clock], variation.window, variation.factor))
        if clock in noise:
            return OneClock(noise[clock].leaves(said.relation), said.tallies)
        return said

    varied = {
        v: intersection(
            says(clock, v).relation for clock in (asked if v.clock is None else (v.clock,))
        )
        for v in variations(list(asked))
    }
    clocks = {clock: says(clock, Variation()) for clock in asked}
    relation, agreeing = settled(varied)
    ruled = varied[Variation()]
    reason: Reason | None = None
    if relation == "undecided":
        reason = "hangs on the rule" if IMPLIED[ruled] else why_undecided(clocks, noise)
    return Answer(relation, reason, clocks, agreeing, ruled)


def why_undecided(clocks: Mapping[str, OneClock], noise: Mapping[str, Noise]) -> Reason:
    """Return why several clocks together decide nothing; see `ask`."""
    unknown_spread = any(math.isnan(found.limit) for found in noise.values())
    if unknown_spread or any(not said.tells for said in clocks.values()):
        return "too few known"
    if any(found.is_noise for found in noise.values()):
        return "within noise"
    if all(IMPLIED[said.relation] for said in clocks.values()):
        return "clocks disagree"
    return "crosses over"
