"""What the shape of a series gives away: no numbers, a frozen end, a lone last reading."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from rulka_analysis.health.readings import Floats, Reading, Readings, minute, several
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.text import amount

# So many equal values at the end of a series that never repeated one before are no coincidence.
FROZEN = 5
# How many readings before the last one say how far readings usually are from each other, and how
# many times their whole range the last one may lie away from the nearest of them.
NEIGHBOURS, FAR = 12, 2.0
# Of a tag that nobody catalogued it is not even known whether it is a measurement.
FAR_OF_UNKNOWN = 4.0

# So many values that are no numbers, and more than this share, are no single ones.
MANY, SHARE = 3, 0.1

_NOISY = ("last", "median_of_last_three")


def series_findings(log: Readings) -> Iterator[Finding]:
    """Yield findings about the shape of a run's series."""
    yield from _not_numbers(log)
    yield from _frozen_tails(log)
    yield from _far_last_readings(log)
    yield from _beyond_their_curve(log)


def _not_numbers(log: Readings) -> Iterator[Finding]:
    broken = [reading for reading in log if not reading.finite.all()]
    single = [reading for reading in broken if not has_diverged(reading)]
    # Where the catalogue has a rule for it, that rule says what it means.
    many = [reading for reading in broken if has_diverged(reading) and not _has_rule(reading)]
    for readings, kind, then in (
        (single, "not_finite", "Numbers follow."),
        (many, "diverged", "They go on to the end, or are many."),
    ):
        if not readings:
            continue
        count = sum(int((~reading.finite).sum()) for reading in readings)
        first = min(readings, key=_first_broken)
        tags = tuple(reading.tag for reading in readings)
        yield Finding(
            kind,
            "note" if kind == "not_finite" else "warning",
            f"{amount(count, 'value')} of {several(tags)} in {log.shown} "
            f"{'is not a number' if count == 1 else 'are not numbers'} (NaN or infinite), "
            f"{'' if count == 1 else 'first '}at {minute(_first_broken(first))}. {then}",
            why="They are left out of every result.",
            remedy="See what else happened then: losses and gradients first.",
            run=log.name,
            tag=tags[0] if len(tags) == 1 else None,
            tags=tags if len(tags) > 1 else (),
        )


def _first_broken(reading: Reading) -> float:
    return float(reading.minutes[np.flatnonzero(~reading.finite)[0]])


def has_diverged(reading: Reading) -> bool:
    """Tell whether many values of a tag, or its last ones, are no numbers.

    What comes before the first number is passed over: many programs write NaN until there is
    something to write.
    """
    finite = reading.finite
    if finite.all():
        return False
    if not finite.any() or not finite[-1]:
        return True
    after = finite[int(np.argmax(finite)) :]
    count = int((~after).sum())
    return count >= MANY and count > SHARE * len(after)


def _has_rule(reading: Reading) -> bool:
    metric = reading.metric
    return metric is not None and any(rule.when == "not_finite" for rule in metric.watch_rules)


def _measures(reading: Reading) -> bool:
    """Tell whether a tag holds readings of something: no setting, clock, flag or best."""
    metric = reading.metric
    return metric is None or (
        metric.summary in _NOISY and not metric.schedule and metric.setting is None
    )


def _frozen_tails(log: Readings) -> Iterator[Finding]:
    if log.published:
        return
    frozen = {r.tag: length for r in log if (length := _frozen_tail(r))}
    # What a tag of another program means is not known, and layers are many: together, and no error.
    single = [tag for tag in frozen if _decides(log[tag])]
    for tags in (*([tag] for tag in single), [tag for tag in frozen if tag not in single]):
        if not tags:
            continue
        since = minute(log[tags[0]].minutes[-frozen[tags[0]]])
        yield Finding(
            "frozen_tail",
            "error" if tags[0] in single else "warning",
            f"{several(tags)} in {log.shown} {'does' if len(tags) == 1 else 'do'} not change from "
            f"{since} to the end ({frozen[tags[0]]} equal values). Before, it always did.",
            run=log.name,
            tag=tags[0] if len(tags) == 1 else None,
        )


def _decides(reading: Reading) -> bool:
    metric = reading.metric
    return (
        metric is not None
        and metric.decides
        and not any(placeholder.name == "layer" for placeholder in metric.placeholders)
    )


def _frozen_tail(reading: Reading) -> int:
    """Return how many equal values end a series that moved up and down before; 0 for none."""
    values = reading.numbers
    if not _measures(reading) or len(values) < 3 * FROZEN:
        return 0
    if (values[-1 - FROZEN :] != values[-1]).any():
        return 0
    changes = np.flatnonzero(np.diff(values) != 0)
    length = len(values) - 1 - int(changes[-1]) if len(changes) else 0
    before = values[: len(values) - length]
    if not FROZEN <= length <= len(values) - 2 * FROZEN:
        return 0
    moves = np.diff(before)
    # What only rises or falls before it stands still has reached its end; a whole number at an
    # extreme is a bound that values pile up at.
    restless = min((moves > 0).mean(), (moves < 0).mean()) >= 0.1 and (moves == 0).mean() <= 0.05
    bound = values[-1] in (before.min(), before.max(), values.max(), values.min())
    if reading.metric is None and values[-1] == 0:
        return 0  # Of a tag that nobody catalogued: nothing to measure any more, as it seems.
    return length if restless and not (bound and float(values[-1]).is_integer()) else 0


def _far_last_readings(log: Readings) -> Iterator[Finding]:
    for reading in log:
        values = reading.numbers
        if not _measures(reading) or len(values) <= NEIGHBOURS:
            continue
        if not _is_far(values, FAR if reading.metric else FAR_OF_UNKNOWN):
            continue
        last, near = values[-1], values[-1 - NEIGHBOURS : -1]
        at = np.flatnonzero(reading.finite)
        yield Finding(
            "far_last_reading",
            "warning",
            f"The last value of {reading.shown} in {log.shown}, {last:.4g} at "
            f"{minute(reading.minutes[at[-1]])}, is far from the {NEIGHBOURS} before it "
            f"({near.min():.4g} to {near.max():.4g}).",
            run=log.name,
            tag=reading.tag,
        )


def _is_far(values: Floats, far: float) -> bool:
    """Tell whether the last value lies far from those before it, farther than any jump so far.

    One that equals a value seen before, or lies among those of the second half, is where the series
    has been.
    """
    last, near = float(values[-1]), values[-1 - NEIGHBOURS : -1]
    late = values[len(values) // 2 : -1]
    if late.min() <= last <= late.max() or last in values[:-1]:
        return False
    spread = float(near.max() - near.min())
    away = float(np.abs(near - last).min())
    # Where most readings are the same, as at a bound, a rare other one is nothing strange.
    varied = len(np.unique(near)) > NEIGHBOURS / 2
    return varied and away > max(far * spread, float(np.abs(np.diff(values[:-1])).max()))


def _beyond_their_curve(log: Readings) -> Iterator[Finding]:
    """Single readings that a sidecar knows after the curve of their tag ends."""
    if not log.published:
        return
    alone = [
        r for r in log if len(r.minutes) and r.minutes[-1] > r.known_until + 2 * log.resolution
    ]
    if not alone:
        return
    last = max(float(r.minutes[-1]) for r in alone)
    end = max(r.known_until for r in alone)
    yield Finding(
        "lone_last_reading",
        "note",
        f"{log.shown} has one more value of {several((r.tag for r in alone), 4)} at "
        f"{minute(last)}, though the curve ends at {minute(end)}.",
        run=log.name,
        tag=alone[0].tag if len(alone) == 1 else None,
    )
