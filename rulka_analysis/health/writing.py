"""How a log was written: gaps, tags that stop, clocks that run backwards, a missing beginning."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.health.readings import (
    LONG_MINUTES,
    Floats,
    Integers,
    Reading,
    Readings,
    minute,
    several,
)
from rulka_analysis.logs.positions import write_interval
from rulka_analysis.values.findings import Finding

# A tag has stopped when it missed so many of its writes.
MISSED = 5
# Clocks that the program itself sets back.
_SET_BACK = ("transitions_due", "next_target_network_update")


def writing_findings(log: Readings) -> Iterator[Finding]:
    """Yield findings about how a log was written; none of a curve that was read off."""
    if log.published:
        return
    yield from _gaps(log)
    yield from _stopped(log)
    yield from _backwards(log)
    yield from _beginning(log)


def _gaps(log: Readings) -> Iterator[Finding]:
    gap = log.gap
    if gap is None:
        return
    more = f", the longest of {gap.count} such gaps" if gap.count > 1 else ""
    yield Finding(
        "gap",
        "warning",
        f"{log.shown} wrote nothing for {gap.minutes:,.0f} minutes after {minute(gap.after)}"
        f"{more}; usually it writes every {gap.usual:.1f} minutes.",
        why="The program or the machine stood still, or events are missing: minutes may count a "
        "time in which nothing was trained.",
        remedy=f"Compare by {log.steps} as well, and look at the machine's log of that time.",
        run=log.name,
    )


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
        if log.end - r.minutes.max() > max(LONG_MINUTES, MISSED * write_interval(r.minutes))
    ]
    if not stopped:
        return
    first = min(stopped, key=lambda r: float(r.minutes.max()))
    yield Finding(
        "tag_stops",
        "warning",
        f"{several(r.tag for r in stopped)} of {log.shown}: nothing after "
        f"{minute(first.minutes.max())}, though the run went on to {minute(log.end)}.",
        why="What this metric did afterwards is not known.",
        remedy="Compare it up to that moment only.",
        run=log.name,
        tag=first.tag if len(stopped) == 1 else None,
    )


def _backwards(log: Readings) -> Iterator[Finding]:
    for what, of in (("steps", "steps"), ("wall times", "wall_times")):
        back = [r for r in log if _falls(r, getattr(r, of)).any()]
        if back:
            first = back[0]
            at = int(np.flatnonzero(_falls(first, getattr(first, of)))[0])
            values = getattr(first, of)
            by = f"from {values[at]:,.0f} to {values[at + 1]:,.0f}"
            yield Finding(
                "clock_backwards",
                "warning",
                f"The {what} of {several(r.tag for r in back)} of {log.shown} go back within a "
                f"file, first {by} at {minute(first.minutes[at])}.",
                why="Events are not in the order of this clock, so an early one may pass for late.",
                remedy="If two programs wrote into this file, give each run a folder of its own.",
                run=log.name,
                tag=first.tag if len(back) == 1 else None,
            )
    for reading in log:
        metric = reading.metric
        if metric is None or metric.summary != "clock" or metric.name in _SET_BACK:
            continue
        falls = np.flatnonzero(_falls(reading, reading.values))
        if len(falls):
            at = falls[0]
            yield Finding(
                "clock_backwards",
                "error",
                f"{reading.shown} of {log.shown} goes back from {reading.values[at]:,.6g} to "
                f"{reading.values[at + 1]:,.6g} at {minute(reading.minutes[at])}, within one file.",
                why="It counts what was done so far; this clock is not to be trusted.",
                remedy="Compare on the other clocks.",
                run=log.name,
                tag=reading.tag,
            )


def _falls(reading: Reading, positions: Floats | Integers) -> NDArray[np.bool_]:
    falls: NDArray[np.bool_] = np.diff(positions) < 0
    return falls & reading.in_one_file


def _beginning(log: Readings) -> Iterator[Finding]:
    missing = log.beginning_missing
    if missing > LONG_MINUTES:
        yield Finding(
            "beginning_missing",
            "warning",
            f"The log of {log.shown} begins after {missing:,.0f} minutes of training: what came "
            "before is not in this log directory.",
            why="Bests, finish rates and times to a target leave out the beginning.",
            remedy="Put the folder the run began in beside this one (X beside X_2).",
            run=log.name,
        )
