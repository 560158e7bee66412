"""The bundled curves, written as event logs.

The raw logs of the real runs were never published; what is known of them are curves read off the
published figures (``data/published``). They are written here as ordinary event files with a sidecar
that says what is known of them, so that the default build goes the very same way as a build from
real logs. Same input, same bytes, on every machine.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rulka_analysis.logs.provenance import SIDECAR
from rulka_analysis.values import questions
from rulka_analysis.values.errors import LogDirectoryError
from rulka_analysis.values.places import build_folder, project_folder

if TYPE_CHECKING:
    import pandas as pd

CURVES = ("published_curves.csv", "published_extent.csv", "published_runs.csv")

# Real wall times were not published. Minute zero of every run is a moment that nobody can mistake
# for one: 2000-01-01 00:00 UTC.
START = 946_684_800.0
SOURCE = "curves read off the figures published with the experiment"


def published_logs() -> Path:
    """Return the folder with the bundled curves as event logs, writing it first if needed.

    The folder is named after a digest of what it is made from, is written beside its final name and
    renamed: it is whole or absent, also when several processes ask for it at once.

    Raises
    ------
    LogDirectoryError
        If the bundled curves are missing or unreadable.
    """
    source = project_folder() / "data" / "published"
    target = build_folder() / "published" / _digest(source)
    if not target.is_dir():
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=".writing-", dir=target.parent))
        try:
            write_published_logs(source, beside)
            # mkdtemp makes a folder only its owner may read; these are ordinary logs.
            beside.chmod(0o755)
            try:
                beside.rename(target)
            except OSError:
                if not target.is_dir():
                    raise
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    return target


def _digest(source: Path) -> str:
    parts = [questions.digest_file(source / name) for name in CURVES]
    return questions.digest_of([*parts, questions.digest_file(Path(__file__))])[:16]


def write_published_logs(source: Path, folder: Path) -> None:
    """Write the curves in `source` as one log folder a run (and segment) beneath `folder`.

    Parameters
    ----------
    source : Path
        Folder with ``published_curves.csv``, ``published_extent.csv`` and ``published_runs.csv``.
    folder : Path
        An existing folder; gets ``uni_5/``, ``uni_6/``, ``uni_6_2/``, …, each with one event file
        and a ``provenance.toml``.
    """
    import pandas as pd

    try:
        curves, extent, runs = (pd.read_csv(source / name) for name in CURVES)
    except FileNotFoundError as error:
        raise LogDirectoryError(
            f"the bundled curves are incomplete: {error.filename} is missing. "
            "Restore data/published from the repository"
        ) from None
    for (run, name), rows in curves.groupby(["run", "folder"], sort=False):
        facts = runs[runs.run == run].iloc[0]
        log = folder / str(name)
        log.mkdir()
        is_segment = name != run
        starts_at = float(facts.duration_minutes) if is_segment else 0.0
        events = _events(rows)
        _write_event_file(log, events, starts_at)
        known = extent[extent.run == run].iloc[:0] if is_segment else extent[extent.run == run]
        sidecar = _sidecar(events, known, facts, is_segment=is_segment)
        with (log / SIDECAR).open("w", encoding="utf-8", newline="\n") as stream:
            stream.write(sidecar)


def _written_tag(tag: str, summary: str) -> str:
    # The flags behind a finish rate were not published and are not to be made up: the rate itself
    # is written, under a tag of its own.
    if summary == "finish_rate_so_far":
        return tag.replace("_race_finished_", "_finish_rate_")
    return tag


def _events(rows: pd.DataFrame) -> pd.DataFrame:
    """Turn published rows of one folder into events, in the order they are written.

    A best-so-far curve of race times gives an event where it changes: the race that set it was a
    real event; the rows between say only that nothing better came.
    """
    import pandas as pd

    kept = []
    for (tag, summary), curve in rows.groupby(["tag", "summary"], sort=False):
        curve = curve.sort_values("minute", kind="stable")
        if summary == "best_so_far" and str(tag).startswith("Race/"):
            curve = curve[curve.value.ne(curve.value.shift())]
        kept.append(curve.assign(tag=_written_tag(str(tag), str(summary))))
    events = pd.concat(kept)
    # Without a frame clock a step is still needed: whole seconds since the start. The sidecar says
    # that it is not a number of frames.
    seconds = (events.minute * 60).round()
    events = events.assign(step=events.frames.fillna(seconds).astype("int64"))
    return events.sort_values(["minute", "tag"], kind="stable").reset_index(drop=True)


def _write_event_file(folder: Path, events: pd.DataFrame, starts_at: float) -> None:
    # TensorBoard's EventFileWriter puts time, host and process into the file name and the current
    # time into the first event; its RecordWriter leaves both to us.
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.record_writer import RecordWriter

    start = START + starts_at * 60
    with (folder / f"events.out.tfevents.{START:.0f}.published").open("wb") as stream:
        writer = RecordWriter(stream)
        writer.write(Event(wall_time=start, file_version="brain.Event:2").SerializeToString())
        for row in events.itertuples():
            value = Summary.Value(tag=row.tag, simple_value=row.value)
            event = Event(
                wall_time=START + row.minute * 60, step=row.step, summary=Summary(value=[value])
            )
            writer.write(event.SerializeToString(deterministic=True))


def _sidecar(events: pd.DataFrame, extent: pd.DataFrame, facts: Any, *, is_segment: bool) -> str:
    lines = [
        "# What is known of this log; read by rulka_analysis.logs.provenance. "
        "Real logs have no such file.",
        f"source = {_toml(SOURCE)}",
        "resolution_minutes = 5",
        "wall_time_known = false",
        f"step_clock = {_toml(bool(facts.frame_clock))}",
        f"steps_interpolated = {_toml(bool(facts.frame_clock))}",
    ]
    if not is_segment:
        lines.append(f"duration_minutes = {_toml(float(facts.duration_minutes))}")
    rate = extent.tag.str.contains("_race_finished_")
    tags = extent.tag.where(~rate, extent.tag.str.replace("_race_finished_", "_finish_rate_"))
    known = extent.assign(tag=tags).set_index("tag")
    for tag, rows in events.groupby("tag", sort=True):
        lines += ["", f"[tags.{_toml(tag)}]"]
        exact = False
        if tag in known.index:
            row = known.loc[tag]
            exact = bool(row.exact)
            lines += [
                f"known_from = {_toml(float(row.known_from))}",
                f"known_until = {_toml(float(row.known_until))}",
                f"records_only = {_toml(bool(row.records_only))}",
            ]
        # Exact to the 10 ms the game counts in: two different times do differ.
        errors = [] if exact or "race_time" in str(tag) else list(_reading_errors(rows))
        if any(errors):
            lines.append(f"reading_error = {_toml(errors)}")
    return "\n".join(lines) + "\n"


def _reading_errors(rows: pd.DataFrame) -> Iterator[float]:
    for row in rows.itertuples():
        yield 0.0 if row.unit == "ms" else float(row.uncertainty)


def _toml(value: Any) -> str:
    """Write a value as TOML; JSON's text, number, boolean and list forms are TOML's, too."""
    return json.dumps(value, ensure_ascii=False)


def is_bundled(folder: Path) -> bool:
    """Tell whether a log directory is the one written from the bundled curves."""
    return folder.parent == build_folder() / "published" and folder.is_absolute()
