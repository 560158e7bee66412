"""The wording of what must be said of how a run's files go together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from rulka_analysis.logs.attempts import MANY_ATTEMPTS, Attempt
from rulka_analysis.logs.copies import Copy
from rulka_analysis.logs.sessions import Session, clock_agrees
from rulka_analysis.logs.wall_times import jumps
from rulka_analysis.logs.written import Written
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.text import amount, percent, printable

MUCH = 0.1
"""Of more than this part of a run's events, giving them up is a warning."""
MOST_OF_A_TAG = 0.5
"""Of more than this part of one tag, too, where that is more than `FEW` events."""
FEW = 10
_NAMED = 3


def copies(run: str, found: Sequence[Copy], names: Sequence[str]) -> Iterator[Finding]:
    """Yield a finding that names the files that are passed over."""
    if not found:
        return
    told = [
        f"{names[copy.file]} is a copy of {names[copy.original]}"
        if copy.whole
        else f"{names[copy.file]} is a copy of a part of {names[copy.original]}"
        for copy in found
    ]
    yield Finding(
        "copy",
        "note",
        f"{_several(told, '; ')}.",
        run=run,
        file=names[found[0].file],
    )


def attempts(run: str, found: Sequence[Attempt]) -> Iterator[Finding]:
    """Yield a finding that says how often a run began anew, and how to open the earlier times."""
    if len(found) < 2:
        return
    counts = [len(attempt.places) for attempt in found]
    first, last = f"{run}@1", f"{run}@{len(found) - 1}"
    others = first if len(found) == 2 else f"{first} … {last}"
    shown = (
        f"{counts[-1]:,} of {amount(sum(counts), 'event')}; the other {sum(counts[:-1]):,} open as "
        f"{others}"
    )
    if len(found) >= MANY_ATTEMPTS:
        yield Finding(
            "no_one_run",
            "warning",
            f"{run} is not one run: it holds {len(found)} that do not go on from one another. "
            f"Shown is the last, {shown}.",
            run=run,
        )
        return
    yield Finding(
        "attempts",
        "warning" if sum(counts[:-1]) > counts[-1] else "note",
        f"{run} was begun anew {'once' if len(found) == 2 else f'{len(found) - 1} times'}: tags "
        f"start from their beginning again. The run is the last attempt, {shown}.",
        run=run,
    )


def given_up(run: str, attempt: Attempt, names: Sequence[str]) -> Iterator[Finding]:
    """Yield a finding on what resumed sessions made void, with the share it has."""
    if not attempt.restarts:
        return
    tags = attempt.written.tags
    gone = attempt.given_up
    count, total = sum(gone.values()), attempt.count
    share = count / total
    by_share = {code: lost / attempt.written_of(code) for code, lost in gone.items()}
    most = max(by_share, key=lambda code: (by_share[code], gone[code]))
    worst = [code for code in by_share if gone[code] > FEW and by_share[code] > MOST_OF_A_TAG]
    severe = share > MUCH or bool(worst)
    last = attempt.restarts[-1]
    later = names[last.session.files[0]]
    if len(attempt.restarts) == 1:
        says = "declares a restart" if last.declared else "starts again"
        begins = f"{later} {says} at step {last.step:,}"
    else:
        steps = ", ".join(f"{restart.step:,}" for restart in attempt.restarts[:_NAMED])
        more = ", …" if len(attempt.restarts) > _NAMED else ""
        begins = f"{run} was resumed {len(attempt.restarts)} times, at steps {steps}{more}"
    yield Finding(
        "restart",
        "warning" if severe else "note",
        f"{begins}: {count:,} of {amount(total, 'event')} ({percent(share)}) "
        f"{'is' if count == 1 else 'are'} given up. {printable(tags[most])} loses most: "
        f"{percent(by_share[most])}.",
        why="A resumed run logs some steps twice. Of each tag, the later session counts."
        if not last.declared
        else "The program said that it went back to that step.",
        remedy="If these are different runs, give each a folder of its own."
        if severe
        else "Nothing to do.",
        run=run,
        tag=tags[most] if severe else None,
        file=later,
    )


def aside(run: str, attempt: Attempt, names: Sequence[str]) -> Iterator[Finding]:
    """Yield a finding on sessions of other programs in the run's folder."""
    others = (told.session for told in attempt.told if told.kind == "aside")
    files = [names[at] for session in others for at in session.files]
    if files:
        yield Finding(
            "another_program",
            "note",
            f"{_several(files, last=' and ')} {'is' if len(files) == 1 else 'are'} of another "
            f"program than {run}, with few of its tags and steps of their own. All is kept.",
            run=run,
            file=files[0],
        )


def side_by_side(
    run: str, sessions: Sequence[Session], names: Sequence[str], written: Written
) -> Iterator[Finding]:
    """Yield a finding on files that were written at the same time and share tags."""
    found = []
    shared: set[str] = set()
    for session in sessions:
        of_files: dict[str, int] = {}
        for at in session.files if len(session.parts) > 1 else ():
            for tag in written.files[at].tags:
                of_files[tag] = of_files.get(tag, 0) + 1
        both = {tag for tag, count in of_files.items() if count > 1}
        if both:
            shared |= both
            found += [names[at] for at in session.files if both & set(written.files[at].tags)]
    if found:
        yield Finding(
            "written_at_the_same_time",
            "warning",
            f"{_several(found, last=' and ')} were written at the same time and share "
            f"{amount(len(shared), 'tag')}. All events are kept, in the order of their times.",
            run=run,
            file=found[1],
        )


def clocks(
    run: str, written: Written, sessions: Sequence[Session], names: Sequence[str]
) -> Iterator[Finding]:
    """Yield findings on wall times that say nothing, or say it wrongly."""
    times = written.times
    total = len(written)
    for counts, words in (
        ([time.not_finite for time in times], "it is not finite"),
        ([time.zero for time in times], "it is zero"),
    ):
        if any(counts):
            at = int(np.argmax(np.array(counts) > 0))
            yield Finding(
                "wall_time_missing",
                "warning",
                f"{sum(counts):,} of {amount(total, 'event')} in {run} "
                f"{'has' if sum(counts) == 1 else 'have'} no usable wall time: {words}.",
                run=run,
                file=names[at],
            )
    other = [at for at, time in enumerate(times) if time.other_unit]
    if other:
        count = sum(times[at].other_unit for at in other)
        yield Finding(
            "wall_time_unit",
            "warning",
            f"{count:,} of {amount(total, 'event')} in {run} {'has' if count == 1 else 'have'} a "
            f"wall time in {times[other[0]].unit}, not in seconds.",
            run=run,
            file=names[other[0]],
        )
    off = [at for at, time in enumerate(times) if time.off]
    if off:
        count = sum(times[at].off for at in off)
        yield Finding(
            "wall_time_years_off",
            "warning",
            f"{count:,} of {amount(total, 'event')} in {run} {'is' if count == 1 else 'are'} dated "
            f"years off, first in {names[off[0]]}.",
            run=run,
            file=names[off[0]],
        )
    yield from _set(run, written, sessions, names)


def _set(
    run: str, written: Written, sessions: Sequence[Session], names: Sequence[str]
) -> Iterator[Finding]:
    """Yield a finding on clocks that were set while the run went on."""
    told: list[tuple[int, str]] = []
    for session in sessions:
        for part in session.parts:
            places = np.arange(part.begin, part.end)
            places = places[np.isfinite(written.seconds[places])]
            seconds = written.seconds[places]
            for at in jumps(seconds, written.codes[places]).tolist():
                by = float(seconds[at] - seconds[at - 1])
                # One that is set back within a file is seen, tag by tag, by who checks the log.
                if by > 0:
                    step = int(written.steps[places[at]])
                    told.append((part.file, f"forward by {_long(by)} at step {step:,}"))
    for before, after in pairwise(sessions):
        if not clock_agrees(before, after):
            long = _long(before.ends - after.begins)
            later, earlier = names[after.files[0]], names[before.files[0]]
            text = f"back by {long} or more: {later} goes on from {earlier}"
            told.append((after.files[0], text))
    if told:
        file, text = told[0]
        more = f" (the first of {len(told)} times)" if len(told) > 1 else ""
        yield Finding(
            "clock_set",
            "warning",
            f"The clock of {run} was set {text}{more}.",
            run=run,
            file=names[file],
        )


def _several(names: Sequence[str], between: str = ", ", *, last: str | None = None) -> str:
    """Join the first few of some texts, and say how many more there are."""
    shown = list(names[:_NAMED])
    if len(names) > _NAMED:
        return between.join(shown) + f" and {len(names) - _NAMED} more"
    if last is not None and len(shown) > 1:
        return between.join(shown[:-1]) + last + shown[-1]
    return between.join(shown)


def _long(seconds: float) -> str:
    """Word a length of time.

    Examples
    --------
    >>> _long(3600), _long(90), _long(1e9)
    ('60 minutes', '90 seconds', '32 years')
    """
    for unit, size in (("years", 365.25 * 86_400), ("days", 86_400.0), ("minutes", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:,.0f} {unit}"
    return f"{seconds:,.0f} seconds"
