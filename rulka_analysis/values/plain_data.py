"""YAML and JSON that anybody may have written, as flat values: no code runs, nothing explodes.

What is read is text, number, list and mapping. A YAML tag that names a Python object is passed
over and named: nothing is imported, nothing is made. Size, depth and count are bounded, because a
few lines can stand for billions of values.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rulka_analysis.values.errors import RulkaError

Plain = float | str

# A training program's settings are some kilobytes.
MOST_BYTES = 1 << 18
MOST_VALUES = 4000
DEEPEST = 24
LONGEST_LIST = 16
LONGEST_TEXT = 200
NOTHING = "none"

_NUMBER = re.compile(r"[+-]?(\d[\d_]*\.?\d*|\.\d+)([eE][+-]?\d{1,4})?")
_TRUTH = {"true": 1.0, "false": 0.0}
# An object as Python shows it: where it lies in memory is another place in every run.
_OBJECT = re.compile(r"<.*>|.* at 0x[0-9a-fA-F]+.*", re.S)
_STANDARD = "tag:yaml.org,2002:"
_PAIRS = "python/object/apply:collections.OrderedDict"
_PLAIN_PYTHON = ("tuple", "list", "dict", "str", "unicode", "int", "long", "float", "bool", "none")


class PlainDataError(RulkaError):
    """A text is no YAML or JSON, or too much of it."""


@dataclass(frozen=True, slots=True)
class Flat:
    """The scalars of a text, by names joined with dots, and what was passed over.

    Parameters
    ----------
    values : mapping of str to (float or str)
        A truth is 1 or 0; what is explicitly nothing is ``"none"``.
    skipped : tuple of str
        Names whose values are no scalars of use: objects, long texts, long lists.
    """

    values: Mapping[str, Plain] = field(default_factory=dict)
    skipped: tuple[str, ...] = ()


class _Skipped:
    """What stands for a value that is passed over."""


SKIPPED = _Skipped()


def scalar(value: object) -> Plain | None:
    """Return a value as number or text; None for one of no use.

    Programs write one number in many ways, and YAML reads ``1e-3`` as a text: a text that is a
    number counts as one.

    Examples
    --------
    >>> [scalar(value) for value in (True, "True", "1e-3", "2_000", None, "adam", 3)]
    [1.0, 1.0, 0.001, 2000.0, 'none', 'adam', 3.0]
    >>> scalar("<function f at 0x7f>") is None
    True
    """
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, int | float):
        # Beyond this a float merges neighbours, and two seeds would be one.
        if isinstance(value, int) and abs(value) > 1 << 53:
            return str(value) if value.bit_length() < 512 else None
        return float(value) if math.isfinite(value) else str(value)
    if not isinstance(value, str):
        return None
    text = value.strip()
    if text.lower() in ("", "null", "~", NOTHING):
        return NOTHING
    if (truth := _TRUTH.get(text.lower())) is not None:
        return truth
    # What a program was still to fill in is no value of this run.
    if len(text) > LONGEST_TEXT or "${" in text or _OBJECT.fullmatch(text):
        return None
    if _NUMBER.fullmatch(text):
        number = float(text)
        if math.isfinite(number) and (abs(number) <= 1 << 53 or not text.isdecimal()):
            return number
    return text


def read_json(text: str) -> Any:
    """Return the data of a JSON text.

    Raises
    ------
    PlainDataError
        If it is none, or too large or too deep.
    """
    _check_size(text)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PlainDataError(f"is no JSON: {str(error)[:120]}") from None


def read_yaml(text: str) -> Any:
    """Return the data of a YAML text; every scalar is text, and objects are passed over.

    Raises
    ------
    PlainDataError
        If it is none, or too large or too deep.
    """
    # Imported where a log folder holds YAML: most hold none.
    import yaml

    _check_size(text)
    # Events, not documents: what is built of them is built here, so depth and count are bounded.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _built(yaml.parse(text, Loader=loader))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise PlainDataError(f"is no YAML: {' '.join(str(error).split())[:120]}") from None


def _check_size(text: str) -> None:
    if len(text) > MOST_BYTES:
        raise PlainDataError(f"has more than {MOST_BYTES:,} characters")


def _built(events: Iterator[Any]) -> Any:
    """Return the first document of a stream of YAML events, without recursion."""
    root: list[Any] = []
    # What is open: what it becomes, what has been put in, its anchor's name is known already.
    opened: list[tuple[str, list[Any]]] = [("root", root)]
    anchors: dict[str, Any] = {}
    count = 0
    for event in events:
        kind = type(event).__name__
        if kind in ("ScalarEvent", "AliasEvent", "SequenceStartEvent", "MappingStartEvent"):
            count += 1
            if count > 16 * MOST_VALUES:
                raise PlainDataError(f"has more than {16 * MOST_VALUES:,} values")
        if kind == "AliasEvent":
            opened[-1][1].append(anchors.get(event.anchor, SKIPPED))
        elif kind == "ScalarEvent":
            value = SKIPPED if _names_object(event.tag) else event.value
            opened[-1][1].append(value)
            if event.anchor:
                anchors[event.anchor] = value
        elif kind in ("SequenceStartEvent", "MappingStartEvent"):
            if len(opened) > DEEPEST:
                raise PlainDataError(f"is nested more than {DEEPEST} deep")
            form = "list" if kind == "SequenceStartEvent" else "mapping"
            tag = (event.tag or "").removeprefix(_STANDARD)
            if form == "list" and tag == _PAIRS:
                form = "pairs"
            elif _names_object(event.tag):
                form = "object"
            opened.append((f"{form}:{event.anchor or ''}", []))
        elif kind in ("SequenceEndEvent", "MappingEndEvent"):
            form_and_anchor, parts = opened.pop()
            form, _, anchor = form_and_anchor.partition(":")
            value = _closed(form, parts)
            opened[-1][1].append(value)
            if anchor:
                anchors[anchor] = value
        elif kind == "DocumentEndEvent":
            break
    return root[0] if root else None


def _names_object(tag: str | None) -> bool:
    """Tell whether a tag asks for more than plain data."""
    if not tag or tag == "!":
        return False
    own = tag.removeprefix(_STANDARD)
    return own == tag or ("/" in own and own.removeprefix("python/") not in _PLAIN_PYTHON)


def _closed(form: str, parts: list[Any]) -> Any:
    if form == "object":
        return SKIPPED
    if form == "list":
        return parts
    if form == "pairs":
        # ``OrderedDict`` is written as the arguments it is made with: one list of pairs.
        pairs = parts[0] if parts and isinstance(parts[0], list) else []
        return {p[0]: p[1] for p in pairs if _is_pair(p)}
    merged: dict[str, Any] = {}
    own: dict[str, Any] = {}
    for key, value in zip(parts[::2], parts[1::2], strict=True):
        if key == "<<":
            for other in value[:LONGEST_LIST] if isinstance(value, list) else [value]:
                if isinstance(other, dict):
                    merged = {**other, **merged}
        elif isinstance(key, str):
            own[key] = value
    return {**merged, **own}


def _is_pair(pair: object) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str)


def flatten(data: object) -> Flat:
    """Return the scalars within data, by names joined with dots.

    Raises
    ------
    PlainDataError
        If there are too many of them.

    Examples
    --------
    >>> flatten({"model": {"lr": "1e-3", "sizes": [64, 32]}, "on": True}).values
    {'model.lr': 0.001, 'model.sizes.0': 64.0, 'model.sizes.1': 32.0, 'on': 1.0}
    """
    values: dict[str, Plain] = {}
    skipped: list[str] = []
    seen = 0
    left: list[tuple[str, object, int]] = [("", data, 0)]
    while left:
        name, value, depth = left.pop()
        seen += 1
        if seen > MOST_VALUES:
            raise PlainDataError(f"stands for more than {MOST_VALUES:,} values")
        inner: Sequence[tuple[object, object]] | None = None
        if isinstance(value, Mapping):
            inner = list(value.items())
        elif isinstance(value, list | tuple) and len(value) <= LONGEST_LIST:
            inner = list(enumerate(value))
        if inner is not None and depth < DEEPEST:
            # Reversed, because the last is taken first: names keep the order of the text.
            for key, part in reversed(inner[: MOST_VALUES + 1]):
                joined = f"{name}.{key}" if name else str(key)
                left.append((joined, part, depth + 1))
            continue
        known = scalar(value) if inner is None else None
        if known is None or not name or len(name) > LONGEST_TEXT:
            skipped.append(name[:LONGEST_TEXT])
        else:
            values[name] = known
    return Flat(values, tuple(skipped))
