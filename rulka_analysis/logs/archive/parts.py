"""One run's event files as one Parquet file.

One row an event, sorted by tag, then by file in the order written, then as they stand in the file:

=============  ===========================================================================
``tag``        as logged
``step``       int64
``wall_time``  float64, seconds since the epoch
``value``      float32, exactly as logged; float64 where any value of the run needs it
``file``       the event file it stands in, relative to the log directory
``position``   how many scalar events stand before it in that file; missing where wall times never
               fall in the file and its own is above that of the event before: they say so
``attempt``    which time the run began anew, counted from 1: the highest is the run. 0 where the
               event is of no attempt, as in a copy of another file
``given_up``   whether a later session, or a declared restart, makes it void
=============  ===========================================================================

What is true of a file as a whole (when it was created, restarts it declares, texts, settings,
findings), and the sidecars, stand as JSON in the metadata of the Parquet file, under `KEY`. Equal
content gives equal bytes.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.logs.archive.index import finding_of, plain_finding
from rulka_analysis.logs.events import EventFile, TextEvent
from rulka_analysis.logs.files import findings_by_name

if TYPE_CHECKING:
    import pyarrow as pa

KEY = b"rulka_analysis"
"""Under which the metadata of a part hold what is no event."""
FORMAT = 2

_ROWS_AT_ONCE = 1 << 20
_ENCODINGS = {
    "step": "DELTA_BINARY_PACKED",
    "position": "DELTA_BINARY_PACKED",
    "wall_time": "BYTE_STREAM_SPLIT",
    "value": "BYTE_STREAM_SPLIT",
}


@dataclass(frozen=True, slots=True)
class Part:
    """What the archive holds of one run.

    Parameters
    ----------
    run : str
    folders : tuple of str
        The run's folders, relative to the log directory.
    files : dict of str to EventFile
        Its event files with their texts, by name relative to the log directory, those that hold
        events in the order written.
    given_up : dict of str to ndarray of bool
        Of each file, which of its events are void; none of those of a file that is not named.
    sidecars : dict of str to str
        Their texts, by name.
    attempts : dict of str to ndarray of int32
        Of each file, the attempt of each event, counted from 1; 0 of a file that is not named.
    """

    run: str
    folders: tuple[str, ...]
    files: Mapping[str, EventFile]
    given_up: Mapping[str, NDArray[np.bool_]]
    sidecars: Mapping[str, str] = field(default_factory=dict)
    attempts: Mapping[str, NDArray[np.int32]] = field(default_factory=dict)


def part_bytes(part: Part) -> bytes:
    """Return a part as the bytes of a Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    tables = _tables(part)
    first = next(tables)
    stream = pa.BufferOutputStream()
    with pq.ParquetWriter(
        stream,
        first.schema,
        version="2.6",
        data_page_version="2.0",
        compression="zstd",
        compression_level=9,
        use_dictionary=["tag", "file", "attempt"],
        column_encoding=_ENCODINGS,
        # Only Arrow could read it, and it would hold nothing that is not there anyway.
        store_schema=False,
    ) as writer:
        # Piece by piece: a second copy of all columns would take more memory than they do.
        for table in itertools.chain([first], tables):
            writer.write_table(table, row_group_size=_ROWS_AT_ONCE)
        writer.add_key_value_metadata({KEY: _text(part)})
    return stream.getvalue().to_pybytes()  # type: ignore[no-any-return]


def part_of_bytes(data: bytes, folder: Path) -> Part:
    """Return what a part's bytes hold.

    Parameters
    ----------
    data : bytes
    folder : pathlib.Path
        What the paths of the event files shall begin with.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = pq.ParquetFile(pa.BufferReader(data), read_dictionary=["tag", "file"])
    plain = json.loads(file.metadata.metadata[KEY])
    if plain["format"] != FORMAT:
        raise ValueError(f"it is of format {plain['format']}; this version reads {FORMAT}")
    table = file.read()
    columns = {
        name: table.column(name).to_numpy()
        for name in ("step", "wall_time", "value", "attempt", "given_up")
    }
    # A position that is missing is -1.
    positions = table.column("position").fill_null(-1).to_numpy()
    tags, tag_codes = _dictionary(table.column("tag"))
    names, file_codes = _dictionary(table.column("file"))
    by_file = np.argsort(file_codes, kind="stable")
    bounds = np.searchsorted(file_codes[by_file], np.arange(len(names) + 1))
    rows_of = {name: by_file[bounds[code] : bounds[code + 1]] for code, name in enumerate(names)}
    files: dict[str, EventFile] = {}
    given_up: dict[str, NDArray[np.bool_]] = {}
    attempts: dict[str, NDArray[np.int32]] = {}
    for facts in plain["files"]:
        name = facts["name"]
        rows = rows_of.get(name, by_file[:0])
        rows = _in_file_order(rows, positions, columns["wall_time"])
        files[name] = _event_file(folder / name, facts, tags, tag_codes[rows], columns, rows)
        given_up[name] = columns["given_up"][rows]
        attempts[name] = columns["attempt"][rows]
    folders = tuple(plain["folders"])
    return Part(plain["run"], folders, files, given_up, plain["sidecars"], attempts)


def tags_in(path: Path) -> set[str]:
    """Return the tags of a part, reading nothing else of it."""
    import pyarrow.parquet as pq

    table = pq.ParquetFile(path, read_dictionary=["tag"]).read(["tag"])
    return set(_dictionary(table.column("tag"))[0])


def only(file: EventFile, tags: Container[str]) -> EventFile:
    """Return a file as if it had only the scalar events of some tags."""
    kept = np.array([tag in tags for tag in file.tags], np.bool_)
    if kept.all():
        return file
    mask = kept[file.tag_codes]
    before = np.concatenate([[0], np.cumsum(mask)])
    new_code = (np.cumsum(kept) - 1).astype(np.int32)
    return replace(
        file,
        tags=tuple(tag for tag, keep in zip(file.tags, kept, strict=True) if keep),
        tag_codes=new_code[file.tag_codes[mask]],
        steps=file.steps[mask],
        wall_times=file.wall_times[mask],
        values=file.values[mask],
        session_starts=tuple((int(before[count]), step) for count, step in file.session_starts),
    )


def _tables(part: Part) -> Iterator[pa.Table]:
    """Yield the rows of a part, a row group at a time; at least one, which may be empty."""
    import pyarrow as pa

    files = {name: file for name, file in part.files.items() if len(file.values)}
    tags = sorted({tag for file in files.values() for tag in file.tags})
    code_of = {tag: code for code, tag in enumerate(tags)}
    # Sixteen bits are sorted in linear time.
    kind = np.uint16 if len(tags) <= 1 << 16 else np.int32
    counts = [len(file.values) for file in files.values()]
    codes = _joined(
        [
            np.array([code_of[tag] for tag in file.tags], kind)[file.tag_codes]
            for file in files.values()
        ],
        kind,
    )
    steps = _joined([file.steps for file in files.values()], np.int64)
    wall_times = _joined([file.wall_times for file in files.values()], np.float64)
    values = _joined([file.values for file in files.values()], np.float64)
    told = _joined([_told_by_wall_times(f.wall_times) for f in files.values()], np.bool_)
    given_up = _joined(_marks(part.given_up, files, np.bool_), np.bool_)
    attempts = _joined(_marks(part.attempts, files, np.int32), np.int32)
    numbers = np.repeat(np.arange(len(files), dtype=np.int32), counts)
    begins = np.cumsum([0, *counts])
    value_kind = np.float32 if _fit_float32(values) else np.float64
    order = codes.argsort(kind="stable")
    for begin in range(0, max(len(order), 1), _ROWS_AT_ONCE):
        rows = order[begin : begin + _ROWS_AT_ONCE]
        file_of = numbers[rows]
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            shown = values[rows].astype(value_kind)
        table = pa.table(
            {
                "tag": _with_names(codes[rows], tags),
                "step": pa.array(steps[rows]),
                "wall_time": pa.array(wall_times[rows]),
                "value": pa.array(shown),
                "file": _with_names(file_of, list(files)),
                "position": pa.array(rows - begins[file_of], mask=told[rows]),
                "attempt": pa.array(attempts[rows]),
                "given_up": pa.array(given_up[rows]),
            }
        )
        yield table.cast(
            pa.schema(
                pa.field(one.name, one.type, nullable=one.name == "position")
                for one in table.schema
            )
        )


def _marks(
    given: Mapping[str, NDArray[Any]], files: Mapping[str, EventFile], kind: type[np.generic]
) -> list[NDArray[Any]]:
    """Return what is said of the events of each file, or zeros where nothing is."""
    return [
        given[name] if name in given else np.zeros(len(file.values), kind)
        for name, file in files.items()
    ]


def _joined(parts: Sequence[NDArray[Any]], kind: type[np.generic]) -> NDArray[Any]:
    """Return parts as one array: a single one as it is."""
    return parts[0] if len(parts) == 1 else np.concatenate([np.empty(0, kind), *parts])


def _text(part: Part) -> bytes:
    """Return what of a part is no event, as JSON."""
    plain = {
        "format": FORMAT,
        "run": part.run,
        "folders": list(part.folders),
        "files": [_facts(name, file) for name, file in part.files.items()],
        "sidecars": dict(part.sidecars),
    }
    return json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()


def _told_by_wall_times(wall_times: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell of each event whether its place in the file follows from wall times alone."""
    rises = wall_times[1:] > wall_times[:-1]
    if not (rises | (wall_times[1:] == wall_times[:-1])).all():
        return np.zeros(len(wall_times), np.bool_)
    told = np.ones(len(wall_times), np.bool_)
    told[1:] &= rises
    return told


def _in_file_order(
    rows: NDArray[np.intp], positions: NDArray[np.int64], wall_times: NDArray[np.float64]
) -> NDArray[np.intp]:
    """Put the rows of a file in the order of its events; a position that is missing is -1."""
    if (positions[rows] >= 0).all():
        return rows[positions[rows].argsort(kind="stable")]
    return rows[np.lexsort((positions[rows], wall_times[rows]))]


def _with_names(codes: NDArray[Any], names: Sequence[str]) -> pa.Array:
    import pyarrow as pa

    return pa.DictionaryArray.from_arrays(
        pa.array(codes.astype(np.int32)), pa.array(names, pa.string())
    )


def _fit_float32(values: NDArray[np.float64]) -> bool:
    """Tell whether float32 keeps every bit of these values, those of a NaN included."""
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        for begin in range(0, len(values), _ROWS_AT_ONCE):
            piece = values[begin : begin + _ROWS_AT_ONCE]
            back = piece.astype(np.float32).astype(np.float64)
            if not np.array_equal(back.view(np.uint64), piece.view(np.uint64)):
                return False
    return True


def _dictionary(column: pa.ChunkedArray) -> tuple[list[str], NDArray[np.int32]]:
    """Return names and codes of a column; row groups may have dictionaries of their own."""
    column = column.unify_dictionaries()
    names: list[str] = column.chunk(0).dictionary.to_pylist() if column.num_chunks else []
    codes = [np.empty(0, np.int32), *(chunk.indices.to_numpy() for chunk in column.chunks)]
    return names, np.concatenate(codes).astype(np.int32, copy=False)


def _facts(name: str, file: EventFile) -> dict[str, Any]:
    """Return everything but its columns that is known of a file."""
    return {
        "name": name,
        "bytes": file.length,
        "sha256": file.digest,
        "created": file.created,
        "version": file.version,
        "session_starts": [list(start) for start in file.session_starts],
        "texts": [
            [text.tag, text.step, text.wall_time, _valid(text.text), text.ends]
            for text in file.texts
        ],
        "hyperparameters": file.hyperparameters,
        "findings": [plain_finding(finding) for finding in findings_by_name(file, name)],
    }


def _event_file(
    path: Path,
    facts: Mapping[str, Any],
    tags: Sequence[str],
    codes: NDArray[np.int32],
    columns: Mapping[str, NDArray[Any]],
    rows: NDArray[np.intp],
) -> EventFile:
    present, first = np.unique(codes, return_index=True)
    present = present[first.argsort()]
    own_code = np.zeros(len(tags), np.int32)
    own_code[present] = np.arange(len(present), dtype=np.int32)
    # A signalling NaN cannot occur among float32: it was made a quiet one when it was read.
    values = columns["value"][rows].astype(np.float64)
    found = EventFile(
        path=path,
        length=facts["bytes"],
        created=facts["created"],
        version=facts["version"],
        tags=tuple(tags[code] for code in present),
        tag_codes=own_code[codes],
        steps=columns["step"][rows],
        wall_times=columns["wall_time"][rows],
        values=values,
        session_starts=tuple((before, step) for before, step in facts["session_starts"]),
        texts=tuple(TextEvent(*text) for text in facts["texts"]),
        hyperparameters=facts["hyperparameters"],
        findings=tuple(finding_of(finding) for finding in facts["findings"]),
        digest=facts["sha256"],
    )
    for column in (found.tag_codes, found.steps, found.wall_times, found.values):
        column.flags.writeable = False
    return found


def _valid(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
