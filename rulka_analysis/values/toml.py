"""TOML files that people write: read, held against a class a table, mistakes named with their line.

What a table may hold is said once, by a dataclass that is a `TomlTable`: its fields are the keys,
their types the rules. pydantic does the checking; it is imported when the first file is read, not
before, because a command that reads none need not wait for it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property, lru_cache
from pathlib import Path
from reprlib import Repr
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NoReturn, TypeVar, cast

from annotated_types import Gt, MinLen

from rulka_analysis.values.errors import RulkaError, suggest, unknown

if TYPE_CHECKING:
    from pydantic import TypeAdapter
    from pydantic_core import CoreSchema, ErrorDetails

T = TypeVar("T")
# Where something stands: keys of tables, and positions in lists.
Where = tuple[str | int, ...]

# Types of fields.
Text = Annotated[str, MinLen(1)]
Positive = Annotated[float, Gt(0)]


@dataclass(frozen=True, slots=True)
class Reference:
    """Marks a text that must be a name of a kind: a run, a metric, a clock.

    Which names there are is said to `TomlFile.read_as`. Where that is a mapping, the field becomes
    what the name stands for.
    """

    kind: str

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        from pydantic_core import PydanticCustomError, core_schema

        def check(name: str, info: Any) -> Any:
            known = info.context["known"][self.kind]
            if name not in known:
                word = info.context["words"].get(self.kind, self.kind)
                raise PydanticCustomError("own", unknown(word, name, known))
            return known[name] if isinstance(known, Mapping) else name

        return core_schema.with_info_after_validator_function(check, core_schema.str_schema())


@dataclass(frozen=True, slots=True)
class Before:
    """Marks a field whose value is brought into form first, such as one text for a list of one."""

    prepare: Callable[[Any], Any]

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.no_info_before_validator_function(self.prepare, handler(source))


@dataclass(frozen=True, slots=True)
class After:
    """Marks a field whose value is checked or changed last; a `ValueError` tells the mistake."""

    finish: Callable[[Any], Any]

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(self.finish, handler(source))


@dataclass(frozen=True, slots=True)
class MadeOf:
    """Marks a field that is made of what the file holds, which has a type of its own."""

    kind: Any
    make: Callable[[Any], Any]

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        from pydantic_core import core_schema

        held = handler.generate_schema(self.kind)
        return core_schema.no_info_after_validator_function(self.make, held)


# Marks a field that is taken as it is.
ANY = MadeOf(Any, lambda value: value)


def refuse_twice(names: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse a list that names something twice; see `After`."""
    if len(set(names)) != len(names):
        raise ValueError("names something twice; name each once")
    return names


# Metadata of a dataclass's field that is no key of its table.
NOT_IN_FILE = {"in file": False}


class TomlTable:
    """A dataclass that is one is what a table of a file may hold.

    A field named ``variant`` or otherwise in the words of `TomlFile.read_as` goes by that word.
    """

    __slots__ = ()
    __pydantic_config__: ClassVar[Any] = {
        "strict": True,
        "extra": "forbid",
        "allow_inf_nan": False,
    }

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> CoreSchema:
        from pydantic_core import PydanticCustomError, core_schema

        names = [f.name for f in fields(source) if f.metadata.get("in file", True)]

        def by_field(data: Any, info: Any) -> Any:
            if not isinstance(data, dict):
                raise PydanticCustomError("dict_type", "no table")
            known = {info.context["words"].get(name, name): name for name in names}
            for key in data:
                if key not in known:
                    raise PydanticCustomError("own", unknown("key", key, known), {"key": key})
            return {known[key]: value for key, value in data.items()}

        schema = handler(source)
        # Strict is what a table holds; that a table is no instance of the class yet is meant.
        handler.resolve_ref_schema(schema)["strict"] = False
        return core_schema.with_info_before_validator_function(by_field, schema)


@dataclass(frozen=True, slots=True)
class NamedTomlTable(TomlTable):
    """A table that is called by its key in the table above; see `NAMED`."""

    name: str = field(default="", kw_only=True, metadata=NOT_IN_FILE)


# Marks a mapping of named tables.
NAMED = After(lambda tables: {name: replace(table, name=name) for name, table in tables.items()})


class TomlFile:
    """A file's data, and where in it everything stands.

    Parameters
    ----------
    file : Path
        In UTF-8, with or without a byte order mark, which Windows' editors write.
    error : type of RulkaError
        What a mistake in it is.
    text : str, optional
        What it holds, where that was read already.
    """

    def __init__(self, file: Path, error: type[RulkaError], text: str | None = None) -> None:
        self.file = file
        self.error = error
        self.text = read_text(file, error) if text is None else text
        try:
            self.data: dict[str, Any] = _with_tuples(tomllib.loads(self.text))
        except tomllib.TOMLDecodeError as mistake:
            raise error(f"{file}: not valid TOML: {mistake}. Mend the TOML there") from mistake

    def read_as(
        self,
        kind: type[T],
        known: Mapping[str, Iterable[str]] | None = None,
        words: Mapping[str, str] | None = None,
    ) -> T:
        """Return the data as a `Table`.

        `known` are, by kind, the names that a `Reference` may give; `words`, what fields and kinds
        of names are called in this file where that is another word.
        """
        from pydantic import ValidationError

        words = words or {}
        context = {"known": known or {}, "words": words}
        try:
            checked: T = _adapter(cast(Any, kind)).validate_python(self.data, context=context)
            return checked
        except ValidationError as error:
            mistakes = error.errors(include_url=False)
        # Of several, the one that stands first in the file.
        told = [(self._where(mistake, words), _word(mistake)) for mistake in mistakes]
        raise self._mistake(*min(told, key=lambda one: self.line(one[0])))

    def _where(self, mistake: ErrorDetails, words: Mapping[str, str]) -> Where:
        """Return where a mistake stands: pydantic names fields, the file has words for them."""
        found: Any = self.data
        where: Where = ()
        parts = [part for part in mistake["loc"] if part != "[key]"]
        if mistake["type"] == "missing":
            parts.pop()
        if "key" in mistake.get("ctx", {}):
            parts.append(mistake["ctx"]["key"])
        for part in parts:
            if isinstance(found, dict) and part not in found:
                part = words.get(str(part), part)
            try:
                found = found[part]
            except (LookupError, TypeError):
                break
            where += (part,)
        return where

    def names_of(self, key: str) -> list[str]:
        """Return the keys of a table, or the names of the tables of a list."""
        entries = self.data.get(key, {})
        if isinstance(entries, tuple):
            return [
                entry["name"] for entry in entries if isinstance(entry, dict) and "name" in entry
            ]
        return list(entries) if isinstance(entries, dict) else []

    def member(self, name: str, known: Iterable[str], kind: str, where: Where) -> None:
        """Refuse a name that is none of those known."""
        known = list(known)
        if name not in known:
            self.fail(where, unknown(kind, name, known))

    def fail(self, where: Where, problem: str) -> NoReturn:
        """Raise the file's error: file, line, what it is about, and the problem."""
        raise self._mistake(where, problem)

    def _mistake(self, where: Where, problem: str) -> RulkaError:
        place = ""
        found: Any = self.data
        for part in where:
            found = found[part] if _has(found, part) else None
            if isinstance(part, str):
                place += f".{part}"
            else:
                own = found.get("name") if isinstance(found, dict) else None
                place += f" {own or f'number {part + 1}'}"
        place = place.lstrip(".") or "the file"
        return self.error(f"{self.file}, line {self.line(where)}: {place}: {problem}")

    def line(self, where: Where) -> int:
        """Return the line that a key or a position in a list stands on, or what it stands in."""
        places = (where[:length] for length in range(len(where), 0, -1))
        return next((self._lines[place] for place in places if place in self._lines), 1)

    @cached_property
    def _lines(self) -> dict[Where, int]:
        return dict(reversed(list(_Places(self.text).found())))


def read_text(file: Path, error: type[RulkaError]) -> str:
    """Return what a file holds; what cannot be read is an error of the kind given."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as mistake:
        raise error(f"{file} cannot be read: {mistake}. Give a text file in UTF-8") from mistake


@lru_cache(maxsize=16)
def _adapter(kind: Any) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def _with_tuples(data: Any) -> Any:
    """Return data with tuples for lists: what is read does not change any more."""
    if isinstance(data, dict):
        return {key: _with_tuples(value) for key, value in data.items()}
    return tuple(map(_with_tuples, data)) if isinstance(data, list) else data


def _has(data: Any, part: str | int) -> bool:
    if isinstance(part, int):
        return isinstance(data, tuple) and part < len(data)
    return isinstance(data, dict) and part in data


# What pydantic calls a mistake, and what we say must be there.
_MUST_BE = {
    "string_type": "a text in quotes",
    "string_too_short": "a text that is not empty",
    "int_type": "a whole number, 0 or more",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "tuple_type": "a list such as [ … ]",
    "too_short": "a list such as [ … ] that is not empty",
    "dict_type": "a table such as { key = … }",
    "mapping_type": "a table such as { key = … }",
    "greater_than": "a number above zero",
    "greater_than_equal": "a whole number, 0 or more",
}


def _word(mistake: ErrorDetails) -> str:
    """Return a mistake that pydantic found in our words."""
    kind, ctx = mistake["type"], mistake.get("ctx", {})
    if kind == "missing":
        return f"lacks {mistake['loc'][-1]!r}; add it"
    if kind == "literal_error":
        known = re.findall(r"'([^']*)'", ctx["expected"])
        told = f"must be one of: {', '.join(known)}; it is {_show(mistake['input'])}"
        return ", ".join(filter(None, [told, suggest(mistake["input"], known, limit=1)]))
    if kind == "value_error":
        return str(ctx["error"])
    if kind not in _MUST_BE:
        return mistake["msg"]
    return f"must be {_MUST_BE[kind]}; it is {_show(mistake['input'])}"


def _show(value: Any) -> str:
    """Return a value about as the file has it, not too long."""
    short = Repr()
    short.maxstring = short.maxother = 60
    if isinstance(value, bool):
        return str(value).lower()
    return short.repr(list(value) if isinstance(value, tuple) else value)


_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}(?!")|\'\'\'.*?\'{3,5}(?!\')'
    r'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|\n|[=\[\]{},.]|[^\s=\[\]{},."\'#]+|(?P<comment>#[^\n]*)',
    re.DOTALL,
)


class _Places:
    """A walk through the text of valid TOML: which keys stand on which line.

    TOML's reader in Python's own library does not keep that.
    """

    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, int]] = []
        line, seen = 1, 0
        for found in _TOKEN.finditer(text):
            line += text.count("\n", seen, found.start())
            seen = found.start()
            if not found["comment"]:
                self._tokens.append((found[0], line))
        self._at = 0

    @property
    def _next(self) -> str:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else "\n"

    def _skip(self, *tokens: str) -> None:
        while self._at < len(self._tokens) and self._next in tokens:
            self._at += 1

    def found(self) -> Iterator[tuple[Where, int]]:
        header: Where = ()
        counts: dict[Where, int] = {}
        self._skip("\n")
        while self._at < len(self._tokens):
            line = self._tokens[self._at][1]
            if self._next == "[":
                brackets = 2 if self._tokens[self._at + 1][0] == "[" else 1
                self._at += brackets
                header = ()
                keys = self._keys()
                for number, key in enumerate(keys, start=1):
                    header += (key,)
                    yield header, line
                    if brackets == 2 and number == len(keys):
                        counts[header] = counts.get(header, 0) + 1
                    if header in counts:
                        header += (counts[header] - 1,)
                        yield header, line
                self._at += brackets
            else:
                yield from self._entry(header)
            self._skip("\n")

    def _keys(self) -> list[str]:
        keys = []
        while True:
            token = self._next
            self._at += 1
            keys.append(tomllib.loads(f"key = {token}")["key"] if token[0] in "\"'" else token)
            if self._next != ".":
                return keys
            self._at += 1

    def _entry(self, above: Where) -> Iterator[tuple[Where, int]]:
        line = self._tokens[self._at][1]
        for key in self._keys():
            above += (key,)
            yield above, line
        self._skip("=")
        yield from self._value(above)

    def _value(self, where: Where) -> Iterator[tuple[Where, int]]:
        opened = self._next
        if opened not in ("[", "{"):
            # A date, or a number with a point, is more than one token.
            while self._next not in (",", "]", "}", "\n"):
                self._at += 1
            return
        self._at += 1
        self._skip("\n")
        number = 0
        while self._next not in ("]", "}"):
            if opened == "{":
                yield from self._entry(where)
            else:
                yield (*where, number), self._tokens[self._at][1]
                yield from self._value((*where, number))
            number += 1
            self._skip(",", "\n")
        self._at += 1
