"""Scalars as a table, and the table as a file."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.cli.files import OutputError, check_target, write_output
from rulka_analysis.cli.output import on_terminal, valid_text
from rulka_analysis.logs.clocks import MINUTES, UPDATES, Conventions
from rulka_analysis.logs.runs import Run
from rulka_analysis.values.text import printable, visible

if TYPE_CHECKING:
    import pandas as pd

Format = Literal["csv", "parquet", "json"]
_TEXTS = ("run", "tag", "file")
# A spreadsheet takes a cell that begins so for a formula, or looks behind it for one.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def choose_format(asked: Format | None, output: Path | None) -> Format:
    """Return the format asked for, else the one of the file's ending; CSV without a file.

    Raises
    ------
    OutputError
        If neither says which, or the format cannot be written that way.
    """
    chosen = asked
    if chosen is None and output is not None:
        ending = output.suffix.lower().lstrip(".")
        chosen = next((known for known in get_args(Format) if known == ending), None)
        if chosen is None:
            raise OutputError(
                f"{output}: the ending {output.suffix!r} names no format; "
                f"end it in .{', .'.join(get_args(Format))}, or say which with --format"
            )
    chosen = chosen or "csv"
    if chosen == "parquet" and output is None:
        raise OutputError("Parquet is not for reading on a console; name a file with --output")
    return chosen


def long_table(runs: Iterable[Run], tags: Sequence[str], conventions: Conventions) -> pd.DataFrame:
    """Return every event of some tags, one row an event, in the order written.

    Parameters
    ----------
    runs : iterable of Run
    tags : sequence of str
        A run that lacks one is left out for it.
    conventions : Conventions
        Of the logs they are from: what they count as steps.

    Returns
    -------
    DataFrame
        ``run``, ``tag``, a column a clock under its name (NaN where the run has no such clock),
        ``wall_time`` (seconds since the epoch), ``value``, ``step``, ``file``.
    """
    import pandas as pd

    parts = []
    for run in runs:
        there = set(run.tags)
        for tag in tags:
            if tag in there:
                events = run.scalars(tag).drop(columns="reading_error")
                parts.append(events.assign(run=run.name, tag=tag, file=events.file.astype(str)))
    clocks = (conventions.steps.name, MINUTES.name, UPDATES.name)
    columns = ["run", "tag", *clocks, "wall_time", "value", "step", "file"]
    if not parts:
        return pd.DataFrame({column: [] for column in columns})
    table = pd.concat(parts, ignore_index=True)[columns]
    for column in _TEXTS:
        codes, texts = pd.factorize(table[column])
        valid = np.array([valid_text(text) for text in texts], dtype=object)
        table[column] = pd.Categorical(valid[codes], categories=dict.fromkeys(valid))
    return table


@dataclass(frozen=True)
class Extract:
    """A table of scalars, ready to be written.

    Parameters
    ----------
    table : DataFrame
    logged : mapping of str to array of bool, shape (rows,)
        For each column of logged values, the rows in which a value was logged. One that is not
        finite was logged so; elsewhere there is nothing.
    """

    table: pd.DataFrame
    logged: Mapping[str, NDArray[np.bool_]]


def long_extract(table: pd.DataFrame) -> Extract:
    """Return a long table (see `long_table`) as it is."""
    return Extract(table, {"value": np.ones(len(table), dtype=bool)})


def wide_extract(table: pd.DataFrame) -> Extract:
    """Return a long table with one row a step and one column a run and tag.

    A step that a series repeats has as many rows as it has there, so that nothing is dropped.
    """
    import pandas as pd

    series = table.run.astype(str) + " " + table.tag.astype(str)
    keyed = table[["step"]].assign(series=series, row=np.arange(len(table)))
    keyed["repetition"] = keyed.groupby(["series", "step"], sort=False).cumcount()
    rows = keyed.pivot(index=["step", "repetition"], columns="series", values="row").sort_index()
    columns = {"step": rows.index.get_level_values("step").to_numpy(dtype=np.int64)}
    logged = {}
    values = np.append(table.value.to_numpy(dtype=np.float64), np.nan)
    for name in dict.fromkeys(series):
        row = rows[name].to_numpy(dtype=np.float64)
        logged[name] = np.isfinite(row)
        columns[name] = values[np.where(logged[name], row, -1).astype(np.int64)]
    return Extract(pd.DataFrame(columns), logged)


def safe_cell(text: str) -> str:
    """Return a text that a spreadsheet shows and does not execute, hidden characters escaped.

    Examples
    --------
    >>> safe_cell("=HYPERLINK(1)"), safe_cell("uni_6"), safe_cell("a\\u202eb")
    ("'=HYPERLINK(1)", 'uni_6', 'a\\\\u202eb')
    """
    return ("'" if text.startswith(_FORMULA) else "") + visible(text, keep="")


def safe_texts(extract: Extract) -> Extract:
    """Return an extract whose texts, headings included, are safe in a spreadsheet."""
    import pandas as pd

    table = extract.table.copy(deep=False)
    for column in set(_TEXTS) & set(table):
        codes, texts = pd.factorize(table[column])
        safe = np.array([safe_cell(str(text)) for text in texts], dtype=object)
        table[column] = pd.Categorical(safe[codes], categories=dict.fromkeys(safe))
    table.columns = [safe_cell(name) for name in table]
    logged = {safe_cell(name): there for name, there in extract.logged.items()}
    return Extract(table, logged)


def write_extract(
    extract: Extract, chosen: Format, output: Path | None, *, raw: bool = False
) -> None:
    """Write an extract to a file, or to standard output.

    A logged value that is not finite is written as a word (``NaN``, ``Infinity``); where there is
    no value, and where a run has no such clock, the field is empty (null in JSON and Parquet).

    `raw` leaves the texts of a CSV as they are, for programs. JSON escapes what is hidden, and
    neither it nor Parquet is executed.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    if chosen == "csv" and not raw:
        extract = safe_texts(extract)
    if output is not None:
        write_output(output, lambda stream: _write(extract, chosen, stream))
    elif on_terminal():
        buffer = io.BytesIO()
        _write(extract, chosen, buffer)
        for line in buffer.getvalue().decode("utf-8").splitlines():
            print(printable(line))
    else:
        sys.stdout.flush()
        _write(extract, chosen, sys.stdout.buffer)


def _write(extract: Extract, chosen: Format, stream: BinaryIO) -> None:
    if chosen == "parquet":
        _write_parquet(extract, stream)
    elif chosen == "csv":
        table = _in_words(extract)
        texts = [text for column in set(_TEXTS) & set(table) for text in table[column].unique()]
        # Readers end a line at a bare carriage return, which the writer does not know of.
        returns = any("\r" in str(text) for text in [*table.columns, *texts])
        quoting = csv.QUOTE_NONNUMERIC if returns else csv.QUOTE_MINIMAL
        table.to_csv(stream, index=False, encoding="utf-8", lineterminator="\n", quoting=quoting)
    else:
        _write_json(_in_words(extract), stream)


def _in_words(extract: Extract) -> pd.DataFrame:
    changed = {}
    for name, logged in extract.logged.items():
        values = extract.table[name].to_numpy(dtype=np.float64)
        if np.isfinite(values[logged]).all():
            continue
        words = values.astype(object)
        words[np.isnan(values) & logged] = "NaN"
        words[np.isposinf(values)] = "Infinity"
        words[np.isneginf(values)] = "-Infinity"
        changed[name] = words
    return extract.table.assign(**changed)


def _write_json(table: pd.DataFrame, stream: BinaryIO) -> None:
    """Write one JSON object a row, a row a line, in an array."""
    columns = {name: table[name].astype(object).where(table[name].notna(), None) for name in table}
    stream.write(b"[")
    for number, row in enumerate(zip(*columns.values(), strict=True)):
        text = json.dumps(dict(zip(columns, row, strict=True)), allow_nan=False)
        stream.write((",\n" if number else "\n").encode() + text.encode("ascii"))
    stream.write(b"\n]\n")


def _write_parquet(extract: Extract, stream: BinaryIO) -> None:
    import pyarrow
    from pyarrow import parquet

    arrays = {}
    for name in extract.table:
        logged = extract.logged.get(name)
        if logged is None:
            arrays[name] = pyarrow.array(extract.table[name], from_pandas=True)
        else:  # NaN was logged; null is nothing
            arrays[name] = pyarrow.array(
                extract.table[name].to_numpy(), mask=~logged, from_pandas=False
            )
    parquet.write_table(pyarrow.table(arrays), stream)


def check_output(output: Path | None) -> None:
    """Check that a file can be written before runs are read for it.

    Raises
    ------
    OutputError
        If there is no such folder, or something other than a file is in the way.
    """
    if output is not None:
        check_target(output)
