"""The numbers of an answer, with the events behind them: at the end, and by targets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.experiments.comparison import window_end
from rulka_analysis.experiments.definition import Margin
from rulka_analysis.logs.clocks import Clock
from rulka_analysis.metrics.series import position_text
from rulka_analysis.values.quantities import Quantity, average, made
from rulka_analysis.values.text import amount
from rulka_analysis.verdicts.answer import OnClock
from rulka_analysis.verdicts.asked import ROUNDING
from rulka_analysis.verdicts.deciding import Curves, Decided, Reached
from rulka_analysis.verdicts.relations import OneClock, Relation, named
from rulka_analysis.verdicts.sides import Measured, hardest_last
from rulka_analysis.verdicts.words import About, Numbers, Pace, bounds

Floats = NDArray[np.float64]
Asked = Curves | Reached


def row_of(
    measured: Measured,
    clock: Clock,
    asked: Asked,
    decided: Decided,
    about: About,
    margin: Margin,
    targets: Sequence[float],
    *,
    votes: bool,
) -> OnClock:
    """Return what one clock says, and the numbers behind it.

    What was decided is, of a clock without a vote, decided by it alone.
    """
    measure, sides = measured.measure, measured.sides
    window = measured.window(clock)
    relation = decided.clocks.get(clock.name, "undecided")
    unit = "points" if measure.unit == "%" else measure.unit
    digits, target = measure.digits, None
    if isinstance(asked, Reached):
        slot = _hardest_known(asked)
        aim = hardest_last(targets, measure)[slot]
        target = Quantity(aim, measure.unit, 1, how="the hardest target that can be decided")
        by_run = sides.comparison.time_to_target(measure, aim, clock)
        unit, digits = clock.unit, 0
    else:
        slot = -1
        how = measure.how(f"at {position_text(window.end, clock)}")
        series = sides.comparison.series(measure)
        by_run = {
            run: s if isinstance(s, Quantity) else s.at_one(clock, window.end, how)
            for run, s in series.items()
        }
    candidate, baseline = (
        average({run: by_run[run] for run in runs}) for runs in (sides.candidate, sides.baseline)
    )
    how = f"{about.candidate} minus {about.baseline}"
    allowed = Quantity.unknown("no margin is declared", unit, label="–")
    if asked.margin is not None:
        size = float(asked.margin[slot])
        allowed = Quantity(size, unit, digits, how=f"as declared: {margin.reason}")
    return OnClock(
        clock=clock,
        votes=votes,
        said=named(relation, about.vocabulary),
        share=_share(decided, clock, relation, about),
        end=window_end(window),
        candidate=candidate,
        baseline=baseline,
        difference=candidate.minus(baseline, how=how, unit=unit),
        margin=allowed,
        target=target,
        by_run={run: by_run[run] for run in sides.runs},
        interpolated=clock.key == "steps"
        and any(s.run.steps_interpolated for s in measured.series.values()),
    )


def _hardest_known(reached: Reached) -> int:
    """Return the place of the hardest target of which something is known."""
    signs = reached.means().ballot().signs
    known = np.flatnonzero(np.isfinite(signs))
    return int(known[-1]) if len(known) else len(signs) - 1


def _share(decided: Decided, clock: Clock, relation: Relation, about: About) -> Quantity:
    said: OneClock | None = None
    if decided.observation is not None:
        said = decided.observation.clocks.get(clock.name)
    halves: tuple[Relation, ...] = (relation,)
    if relation == "level":
        halves = ("no worse", "no better")
    tallies = [said.tallies[half] for half in halves if half in said.tallies] if said else []
    places = "targets" if about.vocabulary == "speed" else "checkpoints"
    if not tallies or not tallies[0].known:
        return Quantity.unknown(f"no {places} were counted", "%", label="–")
    tally = min(tallies, key=lambda one: one.share)
    how = f"true at {tally.true} of the {tally.known} {places} where that is known"
    return Quantity(100 * tally.share, "%", 0, how=f"{how}, of {tally.asked}")


def numbers_of(row: OnClock, margin: Margin) -> Numbers:
    """Return the numbers of a value answer; the difference in percent where the margin is."""
    difference = row.difference
    base = row.baseline
    if margin.in_percent is not None and difference.known and base.number:
        share = 100 * difference.number / abs(base.number)
        digits = 0 if abs(share) >= 10 else 1
        how = f"{difference.how}, in percent of the baseline"
        error = 100 * difference.reading_error / abs(base.number)
        by = made("ratio", difference, base, of_size=True, times=100.0)
        difference = Quantity(share, "%", digits, difference.evidence, how, error, made=by)
    return Numbers(row.candidate, base, difference, row.end)


def pace_of(
    reached: Reached,
    decided: Decided,
    row: OnClock,
    about: About,
    measured: Measured,
    targets: Sequence[float],
) -> Pace:
    """Return the numbers of a speed answer on one clock.

    With one run of each the ratio is the median over the targets both reached, and its range that
    of the targets; with more it is that of the means of logarithms, and its range the interval.
    """
    clock = row.clock.name
    evidence = row.candidate.evidence + row.baseline.evidence
    times = _times(measured, targets, row.clock)
    asked = reached.candidate.shape[1]
    if max(reached.runs) == 1:
        both = np.isfinite(reached.candidate[0]) & np.isfinite(reached.baseline[0])
        if not both.any():
            return Pace(_not_both(reached, row, about), clock, 0, asked)
        ratios = reached.candidate[0][both] / reached.baseline[0][both]
        how = (
            f"median, over {amount(len(ratios), 'target')} that both reached, of the ratio of times"
        )
        (own,), (base,) = (times[side] for side in ("candidate", "baseline"))
        each = [own[int(at)].over(base[int(at)], how="ratio") for at in np.flatnonzero(both)]
        median = float(np.median(ratios))
        ratio = Quantity(median, "times", 2, evidence, how, made=made("median", *each))
        ends = [
            Quantity(
                float(value),
                "",
                2,
                evidence,
                f"{which} ratio of the times to a target",
                made=made(operation, *each),
            )
            for which, operation, value in (
                ("smallest", "least", ratios.min()),
                ("largest", "greatest", ratios.max()),
            )
        ]
        return Pace(ratio, clock, len(ratios), asked, *(ends if len(ratios) > 1 else ()))
    logs = reached.logs()
    if not logs.targets:
        unknown = Quantity.unknown("no run reached any of the targets", "times")
        return Pace(unknown, clock, 0, asked)
    how = "ratio of the geometric means of times to targets, cut at the common end"
    value = math.exp(float(logs.candidate.mean() - logs.baseline.mean()))
    means = [_geometric(times[side], reached, row.end) for side in ("candidate", "baseline")]
    ratio = Quantity(value, "times", 2, evidence, how, made=made("ratio", *means))
    interval = decided.intervals.get(clock)
    low, high = bounds(interval, ratio) if interval is not None else (None, None)
    if low is not None and high is not None:
        low, high = replace(low, unit=""), replace(high, unit="")
    return Pace(ratio, clock, logs.targets, asked, low, high, logs.bound)


def _times(
    measured: Measured, targets: Sequence[float], clock: Clock
) -> dict[str, list[list[Quantity]]]:
    """Return when each run of each side reached each target, the hardest last."""
    sides, measure = measured.sides, measured.measure
    every = [
        sides.comparison.time_to_target(measure, aim, clock)
        for aim in hardest_last(targets, measure)
    ]
    return {
        name: [[times[run] for times in every] for run in runs]
        for name, runs in (("candidate", sides.candidate), ("baseline", sides.baseline))
    }


def _geometric(times: Sequence[Sequence[Quantity]], reached: Reached, end: Quantity) -> Quantity:
    """Return the geometric mean of times to targets, cut at the common end, as an input."""
    late = ~(np.concatenate([reached.candidate, reached.baseline]) <= reached.end * (1 + ROUNDING))
    kept = np.flatnonzero(~late.all(axis=0))
    floor = Quantity(reached.reading, end.unit, 0, how="the distance between two readings")
    cut: list[Quantity] = []
    for run in times:
        for at in kept:
            time = run[int(at)]
            early = time.known and time.number <= reached.end * (1 + ROUNDING)
            known = time if early else end
            cut.append(known if known.number >= reached.reading else floor)
    value = math.exp(float(np.mean(np.log([one.number for one in cut]))))
    how = "geometric mean of times to targets"
    return Quantity(value, end.unit, 0, how=how, made=made("mean", *cut, logarithms=True))


def _not_both(reached: Reached, row: OnClock, about: About) -> Quantity:
    """Say which targets one of two reached, where none was reached by both."""
    own, base = reached.candidate[0], reached.baseline[0]
    count = len(own)
    if not np.isfinite(np.concatenate([own, base])).any():
        return Quantity.unknown(f"neither reached any of the {count} targets", "times")
    late, soon, until = about.candidate, about.baseline, float(reached.candidate_until[0])
    times = base
    # Who reached a hard target reached the easy ones, too: at most one of both reached any.
    if np.isfinite(own).any():
        late, soon, until, times = soon, late, float(reached.baseline_until[0]), own
    before = int((times < until).sum())
    return Quantity.unknown(
        f"{late} had reached none of the {count} targets by {position_text(until, row.clock)}, "
        f"{soon} {before} of them before that",
        "times",
    )
