"""How a log was written: gaps, tags that stop, clocks that run backwards, a missing beginning."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from rulka_analysis.health.pauses import longest_hole
from rulka_analysis.health.readings import (
    LONG_MINUTES,
    Reading,
    Readings,
    minute,
    several,
)
from rulka_analysis.logs.positions import write_interval
from rulka_analysis.values.findings import Finding

# A tag has stopped when it missed so many of its writes.
MISSED = 5
# Or paused by so much longer than it does.
MORE = 1.5
# Clocks that the program itself sets back.
_SET_BACK = ("transitions_due", "next_target_network_update")


def writing_findings(log: Readings) -> Iterator[Finding]:
    """Yield findings about how a log was written; none of a curve that was read off."""
    if log.published:
        return
    yield from _gaps(log)
    yield from _backwards(log)
    # Where a clock goes back, what seems to stop or to begin late follows from that.
    if not log.disordered:
        yield from _stopped(log)
        yield from _beginning(log)


def _gaps(log: Readings) -> Iterator[Finding]:
    gap = log.gap
    if gap is not None:
        more = f", the longest of {gap.count} such gaps" if gap.count > 1 else ""
        yield Finding(
            "gap",
            "warning",
            f"{log.shown} wrote nothing for {_length(gap.minutes)} minutes after "
            f"{minute(gap.after)}{more}; usually it writes every {_length(gap.usual)} minutes.",
            remedy=f"Compare by {log.steps} as well, and see what the machine did at that time.",
            run=log.name,
        )
    if gap is None and not log.disordered:
        yield from _holes(log)


def _holes(log: Readings) -> Iterator[Finding]:
    """Tags that are written every so many steps, and leave out some."""
    holes = [
        (reading, hole)
        for reading in log
        if _is_regular(reading) and (hole := longest_hole(reading.steps, reading.sessions))
    ]
    if not holes:
        return
    first, hole = holes[0]
    more = f", the longest of {hole.count} such stretches" if hole.count > 1 else ""
    yield Finding(
        "gap",
        "warning",
        f"{log.shown} has no event of {several(r.tag for r, _ in holes)} for {hole.steps:,} steps "
        f"after step {first.steps[hole.at]:,} ({minute(first.minutes[hole.at])}){more}; usually "
        f"there is one every {hole.usual:,} steps.",
        why="Events are missing: bests and averages leave out that stretch.",
        remedy="Compare what is there, and look for another file of this run.",
        run=log.name,
        tag=first.tag if len(holes) == 1 else None,
        tags=tuple(r.tag for r, _ in holes) if len(holes) > 1 else (),
    )


def _is_regular(reading: Reading) -> bool:
    """Tell whether a tag is written whatever happens: not after an episode, nor with a new best."""
    metric = reading.metric
    return metric is None or (metric.written == "aggregate" and metric.summary != "best")


def _length(minutes: float) -> str:
    """Word how long something took.

    Examples
    --------
    >>> _length(69.2), _length(13.94), _length(0.1), _length(0.0021)
    ('69', '14', '0.1', '0.0021')
    """
    if minutes >= 10:
        return f"{minutes:,.0f}"
    return f"{minutes:.1f}" if minutes >= 0.1 else f"{minutes:.2g}"


def _stopped(log: Readings) -> Iterator[Finding]:
    # Episodes of a variant pause while another has its turn; a best of them follows them.
    regular = [
        r
        for r in log
        if r.metric is not None
        and r.metric.written == "aggregate"
        and r.metric.summary != "best"
        and len(r.minutes) > 2
    ]
    stopped = [
        r
        for r in regular
        if log.end - r.minutes.max()
        > max(LONG_MINUTES, MISSED * write_interval(r.minutes), MORE * _used_to(r))
    ]
    if not stopped:
        return
    first = min(stopped, key=lambda r: float(r.minutes.max()))
    yield Finding(
        "tag_stops",
        "warning",
        f"{log.shown} has no event of {several(r.tag for r in stopped)} after "
        f"{minute(first.minutes.max())}, though it went on to {minute(log.end)}.",
        run=log.name,
        tag=first.tag if len(stopped) == 1 else None,
    )


def _used_to(reading: Reading) -> float:
    """Return the pause that a tag made twice, in minutes: some wait while others are written."""
    pauses = np.sort(np.diff(reading.minutes))
    return float(pauses[-2]) if len(pauses) > 1 else 0.0


def _backwards(log: Readings) -> Iterator[Finding]:
    clocks = (("steps", "steps"), ("wall times", "wall_times")) if log.disordered else ()
    for what, of in clocks:
        if of == "wall_times" and log.clock_told:
            continue
        back = [r for r in log if r.falls(getattr(r, of)).any()]
        if back:
            first = back[0]
            at = int(np.flatnonzero(first.falls(getattr(first, of)))[0])
            before, after = getattr(first, of)[at : at + 2].tolist()
            by = f"from {before:,.0f} to {after:,.0f}"
            if of == "wall_times":
                by = f"by {_length((before - after) / 60)} minutes"
            yield Finding(
                "clock_backwards",
                "warning",
                f"The {what} of {several(r.tag for r in back)} in {log.shown} go back within a "
                f"file, first {by} at {minute(first.minutes[at])}.",
                run=log.name,
                tag=first.tag if len(back) == 1 else None,
            )
    for reading in log:
        metric = reading.metric
        if metric is None or metric.summary != "clock" or metric.name in _SET_BACK:
            continue
        falls = np.flatnonzero(reading.falls(reading.values))
        if len(falls):
            at = falls[0]
            yield Finding(
                "counter_backwards",
                "error",
                f"{reading.shown} in {log.shown} goes back from {reading.values[at]:,.6g} to "
                f"{reading.values[at + 1]:,.6g} at {minute(reading.minutes[at])}, within one file.",
                run=log.name,
                tag=reading.tag,
            )


def _beginning(log: Readings) -> Iterator[Finding]:
    missing = log.beginning_missing
    if missing > LONG_MINUTES:
        yield Finding(
            "beginning_missing",
            "warning",
            f"The log of {log.shown} begins after {missing:,.0f} minutes of training. What came "
            "before is not in this log directory.",
            run=log.name,
        )
