"""Which runs are still being written."""

from __future__ import annotations

from contextlib import suppress

from rulka_analysis.logs.runs import Logs, Run

# The training program writes its aggregates every five minutes: a run that has written nothing for
# two such intervals has stopped, or hangs.
QUIET_MINUTES = 10.0


def still_running(logs: Logs, now: float) -> tuple[str, ...]:
    """Return the runs whose last event is younger than two write intervals.

    The time in the log decides, not that of the file: a log that was only touched or copied does
    not run. Logs written from published curves never do.
    """
    since = now - QUIET_MINUTES * 60
    return tuple(
        name
        for name in logs.runs
        if _modified(logs, name) >= since and since <= _last_wall_time(logs[name]) <= now
    )


def _modified(logs: Logs, name: str) -> float:
    """Return when a run's files were last modified: only where it may run, its log is read."""
    latest = 0.0
    for path in logs.file_states(name):
        # A file that has just gone is no file that grows.
        with suppress(OSError):
            latest = max(latest, (logs.path / path).stat().st_mtime)
    return latest


def _last_wall_time(run: Run) -> float:
    if run.provenance is not None and not run.provenance.wall_time_known:
        return 0.0
    return max(float(file.wall_times.max()) for file in run.files)
