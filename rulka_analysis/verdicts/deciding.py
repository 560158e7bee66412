"""From the runs of two groups to an answer: which of the rules decides, by how many runs there are.

One run of each is observed at checkpoints (`relations`); three and more of each are decided by the
interval of their difference at the end; between these a noise limit stands in front of what is
observed. The value of a metric (`decide`) and how soon targets are reached (`decide_times`) are two
answers. Pure functions on arrays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.verdicts.asked import ROUNDING, Asked, Times, Values
from rulka_analysis.verdicts.intervals import (
    RUNS_NEEDED,
    Interval,
    LogTimes,
    by_interval,
    can_take_logs,
    log_margin,
    log_times,
    welch,
)
from rulka_analysis.verdicts.ranks import RankTest, rank_test
from rulka_analysis.verdicts.relations import (
    IMPLIED,
    Agreement,
    Answer,
    Noise,
    Reason,
    Relation,
    ask,
    intersection,
)
from rulka_analysis.verdicts.robustness import ENDS, RunVariation, Sample, agreement_of_runs
from rulka_analysis.verdicts.spread import noise_limit

Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]
Method = Literal["observed once", "noise limit", "interval"]


@dataclass(frozen=True, slots=True)
class Curves:
    """The runs of two groups at checkpoints of one clock, the last of which is the common end.

    Parameters
    ----------
    positions : array of shape (n,)
        The checkpoints, ascending.
    candidate, baseline : array of shape (runs, n)
        Values; NaN where missing.
    margin : array of shape (n,) or None
        How small a difference does not matter, beside the baseline's value.
    error : array of shape (n,)
        One standard error of the difference, from reading.
    candidate_unfinished, baseline_unfinished : array of shape (runs, n)
        Where it was tried and never finished.
    percent : float or None
        The margin where it is declared in percent and in nothing else: logarithms are compared.
    quantum : float
        The smallest step of the metric, or the distance between two readings.
    """

    positions: Floats
    candidate: Floats
    baseline: Floats
    margin: Floats | None
    error: Floats
    candidate_unfinished: Truths
    baseline_unfinished: Truths
    percent: float | None = None
    quantum: float = 0.0

    @property
    def runs(self) -> tuple[int, int]:
        return len(self.candidate), len(self.baseline)

    def means(self) -> Values:
        """Return the groups as one curve each; one never finished if none of its runs did."""
        return Values(
            self.positions,
            _mean(self.candidate),
            _mean(self.baseline),
            self.margin,
            self.error,
            _all(self.candidate_unfinished),
            _all(self.baseline_unfinished),
        )

    def sample(self, share: float = ENDS[0]) -> Sample | None:
        """Return one value a run at a share of the common window; None where one is not known."""
        end = self.positions[-1] * share * (1 + ROUNDING)
        slot = max(int(np.searchsorted(self.positions, end, side="right")) - 1, 0)
        a, b = self.candidate[:, slot], self.baseline[:, slot]
        known_a = np.isfinite(a) | self.candidate_unfinished[:, slot]
        known_b = np.isfinite(b) | self.baseline_unfinished[:, slot]
        if not (known_a.all() and known_b.all()):
            return None
        if self.percent is not None and can_take_logs(a, b):
            return Sample(a, b, log_margin(self.percent), logs=True)
        return Sample(a, b, None if self.margin is None else float(self.margin[slot]))


@dataclass(frozen=True, slots=True)
class Reached:
    """When the runs of two groups reached targets on one clock, the hardest target last.

    Parameters
    ----------
    candidate, baseline : array of shape (runs, targets)
        NaN where a run did not reach a target.
    candidate_until, baseline_until : array of shape (runs,)
        Up to where that is known.
    end : float
        Where the common window ends.
    margin : array of shape (targets,) or None
        How small a difference does not matter, beside the baseline's time.
    percent : float or None
        That margin in percent, for logarithms.
    reading : float
        The distance between two readings.
    """

    candidate: Floats
    baseline: Floats
    candidate_until: Floats
    baseline_until: Floats
    end: float
    margin: Floats | None
    percent: float | None = None
    reading: float = 0.0

    @property
    def runs(self) -> tuple[int, int]:
        return len(self.candidate), len(self.baseline)

    def means(self) -> Times:
        """Return the two groups as one row of times each; reached where every run reached it."""
        candidate = np.where(
            np.isfinite(self.candidate), self.candidate, self.candidate_until[:, None]
        )
        baseline = np.where(np.isfinite(self.baseline), self.baseline, self.baseline_until[:, None])
        return Times(
            candidate.mean(axis=0),
            baseline.mean(axis=0),
            _all(np.isfinite(self.candidate)),
            _all(np.isfinite(self.baseline)),
            self.margin,
        )

    def logs(self, share: float = ENDS[0]) -> LogTimes:
        """Return one number a run, times cut at a share of the common window."""
        return log_times(self.candidate, self.baseline, self.end * share, reading=self.reading)

    def sample(self, share: float = ENDS[0]) -> Sample | None:
        """Return one logarithm a run; None where no target was reached by then."""
        times = self.logs(share)
        if not times.targets:
            return None
        margin = None
        if self.percent is not None:
            typical = float(np.exp(times.baseline.mean()))
            least = float(np.log1p(self.reading / typical))
            margin = max(log_margin(self.percent), least)
        return Sample(times.candidate, times.baseline, margin)


@dataclass(frozen=True, slots=True)
class Decided:
    """An answer, and what it rests on.

    Parameters
    ----------
    relation : str
        The answer.
    reason : str or None
        Why it is undecided.
    method : {"observed once", "noise limit", "interval"}
        Which rule decided.
    clocks : mapping of str to str
        What each deciding clock says.
    agreeing, asked : int
        Variations that agree, and all; 0 of 0 where none was asked.
    observation : Answer or None
        Of few runs: checkpoints, tallies and variations.
    intervals : mapping of str to Interval
        Of three runs and more, by clock: candidate minus baseline.
    ranks : mapping of str to RankTest
        In their place where a run has no value.
    noise : mapping of str to Noise
        Of two runs and three, by clock.
    breaking : tuple of RunVariation
        Of three runs and more: the smallest changes that break the answer.
    """

    relation: Relation
    reason: Reason | None
    method: Method
    clocks: Mapping[str, Relation]
    agreeing: int = 0
    asked: int = 0
    observation: Answer | None = None
    intervals: Mapping[str, Interval] = field(default_factory=dict)
    ranks: Mapping[str, RankTest] = field(default_factory=dict)
    noise: Mapping[str, Noise] = field(default_factory=dict)
    breaking: tuple[RunVariation, ...] = ()

    @property
    def fragile(self) -> bool:
        """Whether it depends on the rule, or on one run, more than it should."""
        return bool(IMPLIED[self.relation]) and Agreement(self.agreeing, self.asked).fragile


Groups = Curves | Reached


def method_of(runs: tuple[int, int]) -> Method:
    """Return which rule decides for so many runs of candidate and baseline.

    Examples
    --------
    >>> method_of((1, 1)), method_of((3, 1)), method_of((3, 5))
    ('observed once', 'noise limit', 'interval')
    """
    if min(runs) >= RUNS_NEEDED:
        return "interval"
    return "observed once" if max(runs) == 1 else "noise limit"


def decide(curves: Mapping[str, Curves], orientation: int, *, family: int = 1) -> Decided:
    """Return how two groups stand on a metric.

    A clock that the logs cannot give is left out. `family` candidates share the error; see
    `intervals.family`.
    """
    return _decide(curves, orientation, family)


def decide_times(reached: Mapping[str, Reached], *, family: int = 1) -> Decided:
    """Return how two groups stand on how soon targets are reached: better is sooner."""
    return _decide(reached, -1, family)


def _decide(groups: Mapping[str, Groups], orientation: int, family: int) -> Decided:
    if not groups:
        return Decided("no data", None, "observed once", {})
    method = method_of(next(iter(groups.values())).runs)
    if method == "interval":
        return _by_intervals(groups, orientation, family)
    noise = {}
    if method == "noise limit":
        noise = {clock: _noise(group, orientation) for clock, group in groups.items()}
    asked: dict[str, Asked] = {clock: group.means() for clock, group in groups.items()}
    answer = ask(asked, orientation, noise=noise)
    said = {clock: one.relation for clock, one in answer.clocks.items()}
    agreement = answer.agreement
    counted = (agreement.agreeing, agreement.asked)
    return Decided(answer.relation, answer.reason, method, said, *counted, answer, noise=noise)


def _noise(group: Groups, orientation: int) -> Noise:
    sample = group.sample()
    if sample is None or not _all_known(sample):
        # Without a value of every run nothing is known of their spread.
        return Noise(float("nan"), float("nan"))
    a, b = (np.log(v) if sample.logs else v for v in (sample.candidate, sample.baseline))
    difference = orientation * float(a.mean() - b.mean())
    return Noise(difference, noise_limit(a, b), sample.logs or isinstance(group, Reached))


def _all_known(sample: Sample) -> bool:
    return bool(np.isfinite(sample.candidate).all() and np.isfinite(sample.baseline).all())


def _by_intervals(groups: Mapping[str, Groups], orientation: int, family: int) -> Decided:
    said: dict[str, Relation] = {}
    why: dict[str, Reason | None] = {}
    found: dict[str, Interval] = {}
    ranks: dict[str, RankTest] = {}
    for clock, group in groups.items():
        sample = group.sample()
        if sample is None:
            said[clock], why[clock] = "undecided", "too few known"
        elif not _all_known(sample):
            ranks[clock] = rank_test(sample.candidate, sample.baseline, orientation)
            said[clock], why[clock] = ranks[clock].relation(family)
        else:
            if isinstance(group, Reached):
                found[clock] = group.logs().interval(reading=group.reading, family=family)
            else:
                found[clock] = welch(
                    sample.candidate,
                    sample.baseline,
                    quantum=group.quantum,
                    family=family,
                    logs=sample.logs,
                )
            said[clock] = by_interval(found[clock], sample.margin, orientation)
            why[clock] = None if IMPLIED[said[clock]] else "interval includes 0"
    relation = intersection(said.values())
    reason: Reason | None = None
    if relation == "undecided":
        reason = next((why[clock] for clock in said if why[clock]), "clocks disagree")
    agreed = _agreement(relation, groups, orientation)
    return Decided(
        relation,
        reason,
        "interval",
        said,
        agreed.agreeing,
        agreed.asked,
        intervals=found,
        ranks=ranks,
        breaking=agreed.breaking,
    )


def _agreement(
    relation: Relation, groups: Mapping[str, Groups], orientation: int
) -> Agreement[RunVariation]:
    samples: dict[str, dict[float, Sample]] = {}
    for clock, group in groups.items():
        at = {share: group.sample(share) for share in ENDS}
        samples[clock] = {share: sample for share, sample in at.items() if sample is not None}
    return agreement_of_runs(relation, samples, orientation)


def _mean(values: Floats) -> Floats:
    mean: Floats = np.asarray(values.mean(axis=0))
    return mean


def _all(true: Truths) -> Truths:
    of_every_run: Truths = np.asarray(true.all(axis=0))
    return of_every_run
