"""The file of an experiment's definition: what kind its entries are, and where they stand.

A mistake is an `ExperimentError` that names file, line and remedy.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from rulka_analysis.values.errors import ExperimentError, listing, nearest

# Where something stands: keys of tables, and positions in lists of tables.
Where = tuple[str | int, ...]


class DefinitionFile:
    """A definition's raw data, asked entry by entry.

    Raises
    ------
    ExperimentError
        If the file is no TOML in UTF-8.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        try:
            # Windows' editors begin a file with a byte order mark.
            text = file.read_text(encoding="utf-8-sig")
            self.data: dict[str, Any] = tomllib.loads(text)
        except UnicodeDecodeError as error:
            raise ExperimentError(f"{file}: {error}. Save the file as UTF-8") from error
        except tomllib.TOMLDecodeError as error:
            raise ExperimentError(f"{file}: {error}. Mend the TOML there") from error
        self.lines = text.splitlines()

    def table(self, name: str) -> dict[str, Any]:
        found = self.data.get(name, {})
        if not isinstance(found, dict):
            self.fail((name,), f"must be a table: [{name}.…]")
        return dict(found)

    def fields(self, entry: Any, where: Where, *names: str) -> dict[str, Any]:
        """Return an entry's fields; a name that ends in ``?`` may be absent."""
        if not isinstance(entry, dict):
            self.fail(where, "must be a table")
        self.only(entry, [name.rstrip("?") for name in names], where)
        for name in names:
            if not name.endswith("?") and name not in entry:
                self.fail(where, f"lacks {name!r}; add it")
        return dict(entry)

    def only(self, entry: dict[str, Any], allowed: Sequence[str], where: Where) -> None:
        for key in entry:
            self.member(key, allowed, "key", (*where, key))

    def member(self, name: Any, known: Iterable[str], kind: str, where: Where) -> None:
        known = list(known)
        if name not in known:
            close = nearest(str(name), known)
            guess = f"; did you mean {close[0]!r}?" if close else "."
            self.fail(where, f"no {kind} {name!r}{guess} There are: {listing(known)}")

    def text(self, entry: dict[str, Any], key: str, where: Where) -> str:
        if key not in entry:
            self.fail(where, f"lacks {key!r}, a text; add it")
        value = entry[key]
        if not isinstance(value, str) or not value:
            self.fail((*where, key), "must be a text")
        return str(value)

    def optional_text(self, entry: dict[str, Any], key: str, where: Where) -> str:
        return self.text(entry, key, where) if key in entry else ""

    def amount(self, entry: dict[str, Any], key: str, where: Where) -> float:
        value = entry[key]
        if type(value) not in (int, float) or not (math.isfinite(value) and value > 0):
            self.fail((*where, key), "must be a number above zero")
        return float(value)

    def texts(self, entry: dict[str, Any], key: str, where: Where) -> tuple[str, ...]:
        value = entry[key]
        good = isinstance(value, list) and value and all(v and isinstance(v, str) for v in value)
        if not good:
            self.fail((*where, key), "must be a list of texts")
        return tuple(value)

    def numbers(self, value: Any, where: Where, example: str = "") -> tuple[float, ...]:
        """Return a list of numbers above zero."""
        good = isinstance(value, list) and value and all(_is_positive(v) for v in value)
        if not good:
            self.fail(where, f"must be a list of numbers above zero{example}")
        return tuple(float(v) for v in value)

    def truth(self, entry: dict[str, Any], key: str, where: Where) -> bool:
        """Return a truth, false where it is absent."""
        value = entry.get(key, False)
        if not isinstance(value, bool):
            self.fail((*where, key), "must be true or false")
        return value

    def fail(self, where: Where, problem: str) -> NoReturn:
        place = ".".join(str(part) for part in where) or "the definition"
        raise ExperimentError(f"{self.file}, line {self.line(where)}: {place}: {problem}")

    def line(self, where: Where) -> int:
        """Find the line a key stands on: its table's header, then the key in that table."""
        begin, rest = self.table_begin(where)
        if not rest:
            return max(begin, 0) + 1
        following = range(begin + 1 if begin >= 0 else 0, len(self.lines))
        end = next((i for i in following if self.lines[i].lstrip().startswith("[")), None)
        at = max(begin, 0)
        for key in rest:
            pattern = re.compile(r"(?:.*[{,])?\s*" + _key(str(key)) + r"\s*=")
            within = range(at, len(self.lines) if end is None else end)
            found = next((i for i in within if pattern.match(self.lines[i])), None)
            if found is None:
                break
            at = found
        return at + 1

    def table_begin(self, where: Where) -> tuple[int, Where]:
        """Return the line of the innermost table's header, and the keys that are left.

        Before the first header (-1) where no table of `where` has one.
        """
        if len(where) > 1 and isinstance(where[1], int):
            header = re.compile(r"\s*\[\[\s*" + _key(str(where[0])) + r"\s*\]\]")
            starts = [i for i, line in enumerate(self.lines) if header.match(line)]
            return (starts[where[1]], where[2:]) if where[1] < len(starts) else (-1, where[:1])
        for depth in range(len(where), 0, -1):
            path = r"\s*\.\s*".join(_key(str(part)) for part in where[:depth])
            # A header of a table in it stands for a table without one of its own.
            header = re.compile(r"\s*\[+\s*" + path + r"\s*[\].]")
            found = next((i for i, line in enumerate(self.lines) if header.match(line)), None)
            if found is not None:
                return found, where[depth:]
        return -1, where


def _is_positive(number: Any) -> bool:
    return type(number) in (int, float) and number > 0


def _key(name: str) -> str:
    return rf"[\"']?{re.escape(name)}[\"']?"
