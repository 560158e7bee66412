"""What the command line writes: tables, notes, JSON and progress, safe on every console.

On a terminal tables are drawn by Rich and fold to its width. Anywhere else they are plain columns:
no colours, no drawn lines, nothing cut off. Logs, tags and run names are untrusted: characters that
could steer a terminal are shown escaped.
"""

from __future__ import annotations

import codecs
import errno
import io
import json
import math
import os
import sys
import threading
from collections.abc import Collection, Iterable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

from rulka_analysis.values.text import printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

# Reading that takes longer than this many seconds says that it is still going on.
PROGRESS_AFTER = 2.0
# Where no terminal renews a line, no more than these say so.
MOST_LINES = 10
# A name in a table is folded only where a terminal is too narrow, and not below so many characters.
NAMES_FOLD_AT = 24

_LOOK_ALIKES = {"−": "-", "–": "-", "…": "...", "×": "x", "→": "->"}


def make_output_safe() -> None:
    """Let standard output and error write any character, whatever their encoding.

    A character that the encoding lacks becomes one that looks alike (a minus sign becomes a
    hyphen), else its escape: a Windows console with code page 1252 is no reason to fail.
    """
    codecs.register_error("rulka_look_alike", _look_alike)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="rulka_look_alike")


def _look_alike(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    unknown = error.object[error.start : error.end]
    return "".join(_LOOK_ALIKES.get(c) or _escape(c) for c in unknown), error.end


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def valid_text(text: str) -> str:
    """Return a text that can be written as UTF-8: a file name's undecodable bytes are escaped."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def on_terminal() -> bool:
    """Tell whether standard output is a terminal."""
    return sys.stdout.isatty()


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False)


def say(text: str = "", *, heading: bool = False) -> None:
    """Print a line: wrapped on a terminal, as it is elsewhere."""
    text = printable(text)
    if not on_terminal():
        print(text)
        return
    from rich.text import Text

    _console().print(Text(text, style="bold" if heading else ""))


def note(text: str) -> None:
    """Print a remark to standard error."""
    print(f"note: {printable(text)}", file=sys.stderr)


def complain(text: str) -> None:
    """Print what went wrong to standard error, after everything already printed."""
    sys.stdout.flush()
    print(f"error: {printable(text)}", file=sys.stderr)


def print_table(
    titles: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: Collection[int] = ()
) -> None:
    """Print a table: folded to the width of a terminal, plain and whole elsewhere.

    `numbers` are columns to set flush right.
    """
    titles = [printable(title) for title in titles]
    rows = [[printable(cell) for cell in row] for row in rows]
    if on_terminal():
        _print_drawn(titles, rows, numbers)
    else:
        for line in plain_lines([titles, *rows], numbers):
            print(line)


def plain_lines(rows: Sequence[Sequence[str]], numbers: Collection[int] = ()) -> list[str]:
    """Set rows in columns two blanks apart; wide characters count as two.

    Examples
    --------
    >>> plain_lines([["Run", "Best"], ["uni_5", "24.56"]], numbers=[1])
    ['Run     Best', 'uni_5  24.56']
    """
    from rich.cells import cell_len

    widths = [max(cell_len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = []
        for i, (cell, width) in enumerate(zip(row, widths, strict=True)):
            blanks = " " * (width - cell_len(cell))
            cells.append(blanks + cell if i in numbers else cell + blanks)
        lines.append("  ".join(cells).rstrip())
    return lines


def _print_drawn(
    titles: Sequence[str], rows: Sequence[Sequence[str]], numbers: Collection[int]
) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    console = _console()
    for part in parts_that_fit(titles, rows, numbers, console.width):
        table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
        for i, width in part.items():
            justify: Literal["left", "right"] = "right" if i in numbers else "left"
            table.add_column(Text(titles[i]), justify=justify, width=width, overflow="fold")
        for row in rows:
            table.add_row(*(Text(row[i]) for i in part))
        console.print(table)


def parts_that_fit(
    titles: Sequence[str], rows: Sequence[Sequence[str]], numbers: Collection[int], width: int
) -> list[dict[int, int]]:
    """Divide a table that is too wide into parts, each with the first column; break no number.

    Each part has its columns, with the width of each.

    Examples
    --------
    >>> parts_that_fit(["Run", "Last step", "Best"], [["uni_5", "5,871,020", "24.56"]], [1, 2], 18)
    [{0: 5, 1: 9}, {0: 5, 2: 5}]
    """

    def fitting(columns: Iterable[int]) -> dict[int, int] | None:
        return _widths(titles, rows, numbers, columns, width)

    parts: list[dict[int, int]] = []
    columns = [0]
    for i in range(1, len(titles)):
        if len(columns) > 1 and fitting([*columns, i]) is None:
            parts.append(fitting(columns) or _least(titles, rows, numbers, columns))
            columns = [0]
        columns.append(i)
    # Where not even one column fits beside the first, the terminal breaks the line.
    return [*parts, fitting(columns) or _least(titles, rows, numbers, columns)]


def _widths(
    titles: Sequence[str],
    rows: Sequence[Sequence[str]],
    numbers: Collection[int],
    columns: Iterable[int],
    width: int,
) -> dict[int, int] | None:
    """Return the width of each of some columns, or None if they do not fit.

    Given up in this order: titles on one line, cells on one line, names on one line.
    """
    from rich.cells import cell_len

    cells = {i: _longest(row[i] for row in rows) for i in columns}
    left = width - 2 * (len(cells) - 1)
    natural = {i: max(cell_len(titles[i]), cells[i]) for i in cells}
    if sum(natural.values()) <= left:
        return natural
    chosen = {i: max(_longest(titles[i].split()), cells[i]) for i in cells}
    least = _least(titles, rows, numbers, cells)
    while sum(chosen.values()) > left:
        widest = max(chosen, key=lambda i: chosen[i] - least[i])
        if chosen[widest] <= least[widest]:
            return None
        chosen[widest] -= 1
    return chosen


def _least(
    titles: Sequence[str],
    rows: Sequence[Sequence[str]],
    numbers: Collection[int],
    columns: Iterable[int],
) -> dict[int, int]:
    """Return the least width of each column: that of its longest word; names may be folded."""
    least = {}
    for i in columns:
        title = _longest(titles[i].split())
        words = _longest(word for row in rows for word in row[i].split())
        least[i] = max(title, words if i in numbers else min(words, NAMES_FOLD_AT))
    return least


def _longest(texts: Iterable[str]) -> int:
    from rich.cells import cell_len

    return max((cell_len(text) for text in texts), default=0)


def print_json(data: Any) -> None:
    """Print plain data as JSON, in ASCII: it reads the same whatever the console's encoding."""
    print(json.dumps(jsonable(data), indent=2, allow_nan=False))


def jsonable(data: Any) -> Any:
    """Return data with every float that JSON has no word for as null.

    The step of an event goes by what the run counts as steps.

    Examples
    --------
    >>> jsonable({"best": float("nan"), "runs": ("uni_5",)})
    {'best': None, 'runs': ['uni_5']}
    >>> jsonable({"steps": 8, "steps_interpolated": False, "steps_unit": "moves"})
    {'moves': 8, 'moves_interpolated': False}
    """
    if isinstance(data, float):
        return float(data) if math.isfinite(data) else None
    if isinstance(data, dict):
        unit = data.get("steps_unit")
        named = {"steps": unit, "steps_interpolated": f"{unit}_interpolated"} if unit else {}
        return {
            named.get(key, key): jsonable(value)
            for key, value in data.items()
            if key != "steps_unit"
        }
    if isinstance(data, list | tuple):
        return [jsonable(value) for value in data]
    return data


def flush_output() -> None:
    """Write what is buffered, so that a closed pipe shows here and not while Python ends.

    Raises
    ------
    BrokenPipeError
        If whoever read the output has gone; Windows calls that an invalid argument.
    """
    try:
        sys.stdout.flush()
    except OSError as error:
        if os.name == "nt" and error.errno == errno.EINVAL:
            raise BrokenPipeError(errno.EPIPE, "the output was closed") from error
        raise


class Waiting:
    """Progress of reading runs, on standard error, shown only when it takes a while.

    A terminal gets a line that renews itself and goes away at the end; elsewhere there are at most
    ten lines, however many runs there are. Used as a context manager.

    Parameters
    ----------
    what : str
        What is being done, before the first run is reached.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._position = ""
        # Of as many as there may be further lines; the line before any is reached is one, too.
        self._part = -1
        self._part_told = -2
        self._lock = threading.Lock()
        self._drawn: Progress | None = None
        self._ended = False
        self.shown = threading.Event()
        self._timer = threading.Timer(PROGRESS_AFTER, self._show)
        self._timer.daemon = True

    def __enter__(self) -> Waiting:
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        with self._lock:
            self._ended = True
            if self._drawn is not None:
                self._drawn.stop()

    def each(self, names: Iterable[str]) -> Iterable[str]:
        """Yield names, telling which one is being read."""
        names = list(names)
        for number, name in enumerate(names, start=1):
            self.at(number, len(names), name)
            yield name

    def at(self, number: int, of: int, name: str) -> None:
        """Tell which one is being read."""
        with self._lock:
            self._position = f": {printable(name)} ({number} of {of})"
            self._part = number * (MOST_LINES - 2) // of
            self._tell()

    def _show(self) -> None:
        with self._lock:
            if self._ended:
                return
            if sys.stderr.isatty():
                from rich.console import Console
                from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

                text = TextColumn("{task.description}", markup=False)
                self._drawn = Progress(
                    SpinnerColumn(),
                    text,
                    TimeElapsedColumn(),
                    console=Console(stderr=True),
                    transient=True,
                )
                self._drawn.add_task(self._what)
                self._drawn.start()
            self.shown.set()
            self._tell()

    def _tell(self) -> None:
        if not self.shown.is_set():
            return
        text = f"{self._what}{self._position}"
        if self._drawn is None:
            if self._part > self._part_told:
                self._part_told = self._part
                print(f"{text} ...", file=sys.stderr)
        else:
            self._drawn.update(self._drawn.task_ids[0], description=text)
