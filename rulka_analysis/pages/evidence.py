"""The evidence of a page's numbers: one file beside the page, for readers and for a recomputation.

`PageEvidence` gathers the numbers that a page quotes. What it writes is plain JSON, within one call
so that a page can load it as a classic script (nothing else can be loaded from a folder); and the
same as a table, for readers without a script. Names in it come from logs: they are escaped here.

=================  ===============================================================================
``entries``        one a number, numbered from 0: ``value``, ``unit``, ``text`` as shown;
                   ``operation`` with its ``parameters`` (see `rulka_analysis.values.operations`);
                   ``inputs``, other entries; ``events``; ``how`` and ``about``, in words; or
                   ``missing``, why there is no value
``events``         ``run``, ``tag``, ``file``, ``step``, ``wall_time``, ``value`` as logged
``files``          ``name`` and ``sha256`` of each event file, as far as it was read
``clocks``         the tags by which minutes and updates are told
=================  ===============================================================================
"""

from __future__ import annotations

import html
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

FORMAT = 1
CALL = "rulkaEvidence"
"""The function that an evidence file calls."""

_OF_A_NUMBER = ("value", "unit", "text", "digits", "how", "about", "missing", "reading_error")
_OF_AN_EVENT = (
    "step",
    "wall_time",
    "value",
    "minutes",
    "published",
    "steps_interpolated",
)
# Made once: thousands of lines are written.
_COMPACT = json.JSONEncoder(separators=(",", ":"), allow_nan=False)
_SIGNS = {"difference": " − ", "ratio": " ÷ ", "sum": " + "}


class PageEvidence:
    """The evidence of the numbers of one page; equal numbers of equal origin are one entry.

    Parameters
    ----------
    clocks : mapping of str to str
        The tags by which minutes and updates are told.
    """

    def __init__(self, clocks: Mapping[str, str] | None = None) -> None:
        self._clocks = dict(clocks or {})
        self._entries, self._events, self._files, self._notebooks = (Numbered() for _ in range(4))
        # By identity: numbers share what they were made of. Kept, so that none gets another's.
        self._seen: dict[int, tuple[Mapping[str, Any], int]] = {}
        # Of files by name and digest: a file is asked for again with each of its events.
        self._named: dict[tuple[str, str], int] = {}

    def add(self, number: Mapping[str, Any], notebook: str = "") -> int:
        """Add a number as `results.encode` made it, and return the number of its entry.

        Parameters
        ----------
        number : mapping
            The number.
        notebook : str
            The document of the notebook that published it; empty for what is only an input.

        Examples
        --------
        >>> from rulka_analysis.pages.results import encode
        >>> from rulka_analysis.values.quantities import Quantity
        >>> page = PageEvidence()
        >>> faster = Quantity(60.2, "s").minus(Quantity(66.05, "s"))
        >>> page.add(encode("faster", faster).data), page.add(encode("again", faster).data)
        (2, 2)
        >>> page.plain()["entries"][2]["inputs"]
        [0, 1]
        """
        entry: dict[str, Any] = {
            name: number[name] for name in _OF_A_NUMBER if number[name] not in ("", 0.0, None)
        }
        entry["value"] = number["value"]
        if number["value"] is not None:
            entry |= self._origin(number)
        if entry.get("operation") == "stated":
            # Its source is the same words.
            entry.pop("how", None)
        if notebook:
            entry["notebook"] = self._notebooks.add(notebook)
        return self._entries.add(entry)

    def _origin(self, number: Mapping[str, Any]) -> dict[str, Any]:
        """Return operation, parameters and inputs of a number that is known."""
        operation, parameters = number["operation"], dict(number["parameters"])
        if not operation:
            # What no operation made was said by somebody, in words.
            operation, parameters = "stated", {"source": number["how"] or "the notebook"}
        origin: dict[str, Any] = {"operation": operation}
        if parameters:
            origin["parameters"] = dict(sorted(parameters.items()))
        if number["inputs"]:
            origin["inputs"] = [self._once(one, self.add) for one in number["inputs"]]
        # Those of a number that was made of others stand with these.
        if number["evidence"] and ("run" in parameters or not number["inputs"]):
            origin["events"] = [self._once(one, self._event) for one in number["evidence"]]
        return origin

    def _once(self, one: Mapping[str, Any], add: Callable[[Mapping[str, Any]], int]) -> int:
        if id(one) not in self._seen:
            self._seen[id(one)] = one, add(one)
        return self._seen[id(one)][1]

    def _event(self, event: Mapping[str, Any]) -> int:
        named = event["file"], event["sha256"]
        if named not in self._named:
            self._named[named] = self._files.add({"name": named[0], "sha256": named[1]})
        file = self._named[named]
        told = {"run": event["run"], "tag": event["tag"], "file": file}
        for name in _OF_AN_EVENT:
            value = event[name]
            if isinstance(value, float) and not math.isfinite(value):
                told[name] = str(value)
            elif value is not None and value is not False:
                told[name] = value
        if event["steps"] is None:
            told["step_is_no_clock"] = True
        return self._events.add(told)

    def plain(self) -> dict[str, Any]:
        """Return the evidence as plain data; ``notebooks`` are documents."""
        return {
            "format": FORMAT,
            "clocks": self._clocks,
            "notebooks": self._notebooks.all,
            "files": self._files.all,
            "events": self._events.all,
            "entries": self._entries.all,
        }


class Numbered:
    """Different things, numbered from 0: plain data, whose keys stand in the same order."""

    def __init__(self) -> None:
        self.all: list[Any] = []
        self._places: dict[str, int] = {}

    def add(self, thing: Any) -> int:
        # By what it looks like: numbers that are equal, as 1 and 1.0, or 0.0 and -0.0, differ.
        place = self._places.setdefault(repr(thing), len(self.all))
        if place == len(self.all):
            self.all.append(thing)
        return place


def as_script(plain: Mapping[str, Any]) -> str:
    """Return evidence as a script: one call around plain JSON, a line an entry.

    Examples
    --------
    >>> print(as_script({"format": 1, "entries": [{"value": 1}]}), end="")
    rulkaEvidence({
    "format":1,
    "entries":[
    {"value":1}
    ]
    })
    """
    parts = []
    for name, value in plain.items():
        if isinstance(value, list) and value:
            lines = ",\n".join(_json(one) for one in value)
            parts.append(f"{_json(name)}:[\n{lines}\n]")
        else:
            parts.append(f"{_json(name)}:{_json(value)}")
    return f"{CALL}({{\n" + ",\n".join(parts) + "\n})\n"


def _json(value: Any) -> str:
    # ASCII alone: a script may be taken for one of another encoding.
    return _COMPACT.encode(value)


def as_table(plain: Mapping[str, Any], title: str, page: str, script: str, style: str) -> str:
    """Return evidence as a page with a table, for readers without a script.

    Parameters
    ----------
    plain : mapping
        The evidence; ``notebooks`` are addresses.
    title, page : str
        Title and address of the page whose evidence it is.
    script : str
        Address of the evidence as data.
    style : str
        Address of a style sheet.
    """
    rows = "\n".join(_row(number, plain) for number in range(len(plain["entries"])))
    said = html.escape(title)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'self'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Evidence: {said}</title>
<link rel="stylesheet" href="{_attribute(style)}">
</head>
<body>
<main>
<h1>Evidence: {said}</h1>
<p>Where each number of <a href="{_attribute(page)}">the page</a> comes from.
The same <a href="{_attribute(script)}">as data</a>.</p>
<table>
<thead><tr><th scope="col">No.</th><th scope="col">Number</th><th scope="col">What</th>
<th scope="col">Operation</th><th scope="col">From</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
{_files(plain)}
</main>
</body>
</html>
"""


def _row(number: int, plain: Mapping[str, Any]) -> str:
    entry = plain["entries"][number]
    what = ", ".join(dict.fromkeys(entry[n] for n in ("about", "how", "missing") if n in entry))
    cells = [
        html.escape(entry["text"]),
        html.escape(what),
        html.escape(operation_in_words(entry)),
        "<br>".join(_sources(entry, plain)),
    ]
    data = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr id="n{number}"><th scope="row">{number}</th>{data}</tr>'


def _files(plain: Mapping[str, Any]) -> str:
    """Return the event files, to which those lead that stand in them."""
    told = (f"{file['name']}, SHA-256 {file['sha256']}" for file in plain["files"])
    lines = [f'<li id="f{at}">File {at}: {html.escape(one)}</li>' for at, one in enumerate(told)]
    return f"<h2>Event files</h2>\n<ul>\n{chr(10).join(lines)}\n</ul>" if lines else ""


def operation_in_words(entry: Mapping[str, Any]) -> str:
    """Return the operation of an entry with its parameters.

    Examples
    --------
    >>> operation_in_words({"operation": "least", "parameters": {"clock": "minutes", "until": 75}})
    'least; clock: minutes; until: 75'
    """
    hidden = ("run", "tag", "source")
    told = [entry.get("operation", "not known")]
    for name, value in entry.get("parameters", {}).items():
        if name not in hidden:
            words = name.replace("_", " ")
            told.append(words if value is True else f"{words}: {value}")
    return "; ".join(told)


def _sources(entry: Mapping[str, Any], plain: Mapping[str, Any]) -> Iterator[str]:
    entries = plain["entries"]
    links = [f'<a href="#n{one}">{html.escape(entries[one]["text"])}</a>' for one in _inputs(entry)]
    if links:
        yield _SIGNS.get(entry["operation"], ", ").join(links)
    for place in entry.get("events", ()):
        event = plain["events"][place]
        step = "" if "step_is_no_clock" in event else f", step {event['step']}"
        told = f"{event['run']}, {event['tag']}{step}, wall time {event['wall_time']!r}, "
        # Thousands of events are of the same few files: what these are is told once.
        file = f'<a href="#f{event["file"]}">file {event["file"]}</a>'
        yield html.escape(f"{told}{event['value']!r} in ") + file
    source = entry.get("parameters", {}).get("source")
    if source:
        yield html.escape(str(source))
    if "notebook" in entry:
        yield f'<a href="{_attribute(plain["notebooks"][entry["notebook"]])}">the notebook</a>'


def _inputs(entry: Mapping[str, Any]) -> Sequence[int]:
    found: Sequence[int] = entry.get("inputs", ())
    return found


def _attribute(text: str) -> str:
    return html.escape(text, quote=True)


def with_addresses(plain: Mapping[str, Any], of: Callable[[str], str]) -> dict[str, Any]:
    """Return evidence whose notebooks are addresses, given how a document is addressed."""
    return {**plain, "notebooks": [of(document) for document in plain["notebooks"]]}
