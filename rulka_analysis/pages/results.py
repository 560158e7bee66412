"""What notebooks hand to pages.

`publish` shows a value in the notebook and, beside what Jupyter shows, leaves it in the output
under a private MIME type, with everything a page needs to quote it. The executed notebook is the
only artefact: there are no side files to lose. `collect` reads results back from one.
"""

from __future__ import annotations

import json
import math
import numbers
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

from rulka_analysis.pages.evidence import Numbered
from rulka_analysis.pages.panels import Figure as Figure
from rulka_analysis.pages.panels import Figures as Figures
from rulka_analysis.pages.panels import Panel as Panel
from rulka_analysis.pages.plain_results import as_text as as_text
from rulka_analysis.pages.plain_results import panels as panels
from rulka_analysis.pages.plain_results import pictures as pictures
from rulka_analysis.pages.plain_results import shown_in_jupyter
from rulka_analysis.pages.trends import Trend
from rulka_analysis.values.errors import ResultError
from rulka_analysis.values.quantities import Evidence, Quantity, Sentence
from rulka_analysis.values.tables import Cell, Jump, Table, ToRule, Word
from rulka_analysis.values.text import visible

if TYPE_CHECKING:
    from rulka_analysis.verdicts.answer import Answered, Claimed

MIME = "application/vnd.rulka.result+json"
Kind = Literal[
    "number",
    "sentence",
    "table",
    "figure",
    "figures",
    "answer",
    "claim",
    "code",
    "curves",
    "block",
    "trend",
]

Written = dict[str, str]
"""A result in an output: ``name``, ``kind``, and as ``content`` JSON in a text.

A text, because an output passes many hands that would walk through all that it holds.
"""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*\Z")
# How JSON writes control characters, but for line break and tab.
_CONTROL = re.compile(r"\\[bfru]")


@dataclass(frozen=True, slots=True)
class Code:
    """Text for a file, such as a configuration.

    Parameters
    ----------
    text : str
        The text.
    language : str
        What it is written in, for highlighting.
    """

    text: str
    language: str = "python"


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a page that is more than a table or a figure.

    Parameters
    ----------
    form : str
        What it is; `pages.sphinx.blocks` knows how each is shown.
    content : mapping
        Its content as plain data, with quantities, sentences and words wherever texts may stand.
    """

    form: Literal["heading", "cards", "points", "links", "figures", "folded", "card"]
    content: Mapping[str, Any]


class Curves(ABC):
    """Curves that are too many for a notebook's output: they say themselves where they are kept."""

    @abstractmethod
    def written(self) -> dict[str, Any]:
        """Keep the curves in files, and return what names these."""


@dataclass(frozen=True, slots=True)
class Result:
    """A published value as plain data.

    Parameters
    ----------
    name : str
        The name it was published under.
    kind : str
        What it is, one of `Kind`.
    data : dict
        Its content; see `encode`.
    """

    name: str
    kind: Kind
    data: dict[str, Any]


def publish(
    name: str,
    value: Quantity
    | Sentence
    | Table
    | Figure
    | Figures
    | Answered
    | Claimed
    | Code
    | Curves
    | Trend
    | Block
    | float
    | str,
    *,
    unit: str = "",
    digits: int = 2,
) -> None:
    """Publish a value from a notebook under a name that pages can quote.

    A page quotes it as ``experiment/name``, the experiment being the notebook's folder.

    Parameters
    ----------
    name : str
        Letters, digits, ``_``, ``-`` and ``.``; unique in the experiment.
    value : Quantity, Sentence, Table, Figure, Figures, Answered, Claimed, Code, Curves, Block, …
        A number becomes a `Quantity` without evidence, a text a `Sentence`.
    unit, digits
        For a plain number.

    Raises
    ------
    ResultError
        If the name cannot be one, or the value cannot be shown: the message names both.
    """
    from IPython.display import display

    written, shown = _written(name, value, unit, digits)
    display({MIME: written, **shown_in_jupyter(shown.kind, shown.data)}, raw=True)  # type: ignore[no-untyped-call]


def encode(name: str, value: Any, *, unit: str = "", digits: int = 2) -> Result:
    """Turn a value into a `Result`: plain data, ready for JSON.

    Raises
    ------
    ResultError
        If the name cannot be one, or the value cannot be shown.

    Examples
    --------
    >>> encode("ratio", Quantity(9.84, "times")).data["text"]
    '9.84 times'
    >>> encode("ratio", float("nan"))  # doctest: +NORMALIZE_WHITESPACE
    Traceback (most recent call last):
    rulka_analysis.values.errors.ResultError: result 'ratio' cannot be shown: nan is not a finite
    number; publish Quantity.unknown("why") where there is no value
    """
    return _read(_written(name, value, unit, digits)[0])


def _written(name: str, value: Any, unit: str, digits: int) -> tuple[Written, Result]:
    """Return a result as an output holds it: each number that others were made of stands once.

    And as far as it is seen: its numbers tell the places of those that they were made of.
    """
    if not _NAME.match(name):
        raise ResultError(
            f"{name!r} cannot be a result's name: use letters, digits, '_', '-' and '.', "
            "beginning with a letter or digit"
        )
    if isinstance(value, bool) or value is None:
        raise ResultError(f"result {name!r} cannot be shown: {value!r} is no value; use a text")
    if isinstance(value, numbers.Real):
        try:
            value = Quantity(float(value), unit, digits)
        except OverflowError as error:
            raise ResultError(f"result {name!r} cannot be shown: {error}") from error
    if isinstance(value, str):
        value = Sentence(value.replace("{", "{{").replace("}", "}}"))
    encoder = _Encoder()
    try:
        kind, data = encoder.encoded(value)
    except ValueError as error:
        raise ResultError(f"result {name!r} cannot be shown: {error}") from error
    made_of = {"numbers": encoder.numbers.all, "events": encoder.events.all}
    whole: dict[str, Any] = {"value": data, **made_of}
    content = json.dumps(whole, ensure_ascii=False)
    # Most results hide nothing, and hold hundreds of thousands of texts.
    if _CONTROL.search(content) or visible(content) != content:
        whole = _without_hidden(whole)
        content = json.dumps(whole, ensure_ascii=False)
    written = {"name": name, "kind": kind, "content": content}
    return written, Result(name, kind, whole["value"])


def _without_hidden(data: Any) -> Any:
    """Return plain data with hidden characters escaped: most texts hold names, which are untrusted.

    What a line break stands in may be an author's text; in a name it was escaped before.
    """
    if isinstance(data, str):
        return visible(data)
    if isinstance(data, dict):
        return {key: _without_hidden(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_without_hidden(value) for value in data]
    return data


def collect(notebook: Mapping[str, Any]) -> Iterator[Result]:
    """Yield the results in an executed notebook (nbformat 4, as plain data), in order."""
    return map(_read, written_in(notebook))


def written_in(notebook: Mapping[str, Any]) -> Iterator[Written]:
    """Yield what an executed notebook holds of results, in order, as it is written there."""
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            if (written := output.get("data", {}).get(MIME)) is not None:
                yield written


def _read(written: Written) -> Result:
    """Return a result in which numbers hold those they were made of, which they share."""
    content = json.loads(written["content"])
    numbers: list[dict[str, Any]] = []

    def whole(data: Any) -> Any:
        if isinstance(data, list):
            return [whole(one) for one in data]
        if not isinstance(data, dict):
            return data
        if data.get("kind") != "number":
            return {key: whole(value) for key, value in data.items()}
        # What a number was made of was written before it.
        return data | {
            "inputs": [numbers[at] for at in data["inputs"]],
            "evidence": [content["events"][at] for at in data["evidence"]],
        }

    for number in content["numbers"]:
        numbers.append(whole(number))
    kind = cast(Kind, written["kind"])
    return Result(written["name"], kind, whole(content["value"]))


class _Encoder:
    """Makes plain data of a result's value.

    Of a group of a hundred runs the same numbers stand behind many others: those that numbers were
    made of, and events, are written once, and told by their places.
    """

    def __init__(self) -> None:
        self.numbers, self.events = Numbered(), Numbered()
        # Objects that were seen, kept so that no other one gets their identity.
        self._seen: dict[int, tuple[object, int]] = {}

    def _place(self, among: Numbered, one: Any, plain: Callable[[Any], dict[str, Any]]) -> int:
        if id(one) not in self._seen:
            self._seen[id(one)] = one, among.add(plain(one))
        return self._seen[id(one)][1]

    def encoded(self, value: Any) -> tuple[Kind, dict[str, Any]]:
        if isinstance(value, Quantity):
            return "number", self._quantity(value)
        if isinstance(value, Sentence):
            return "sentence", {"parts": [self._part(part) for part in value.parts()]}
        if isinstance(value, Table):
            return "table", self._table(value)
        if isinstance(value, Trend):
            lines = [[list(point) for point in line] for line in value.lines]
            return "trend", {"lines": lines, "said": value.said, "last": self._cell(value.last)}
        if isinstance(value, Code):
            return "code", {"text": value.text, "language": value.language}
        if isinstance(value, Block):
            return "block", {"form": value.form, "content": self._plain(value.content)}
        if isinstance(value, Figure):
            return "figure", {
                **self._pictures(value),
                "caption": self._cell(value.caption),
                "table": self._table(value.table),
            }
        if isinstance(value, Figures):
            choices = [
                [name, list(map(self._panel, shown))] for name, shown in value.choices.items()
            ]
            return "figures", {
                "title": value.title,
                "behind": value.behind,
                "choices": choices,
                "caption": self._cell(value.caption),
                "table": self._table(value.table),
            }
        # Imported here: a notebook that publishes no answer does not depend on it.
        from rulka_analysis.verdicts.answer import Answered, Claimed

        if isinstance(value, Answered):
            return "answer", self._answer(value)
        if isinstance(value, Claimed):
            return "claim", self._claim(value)
        if isinstance(value, Curves):
            return "curves", value.written()
        raise ValueError(
            f"a {type(value).__name__} is none of Quantity, Sentence, Table, Figure, Figures, "
            "Answered, Claimed, Code, Curves, Block, Trend, number or str"
        )

    def _quantity(self, value: Quantity) -> dict[str, Any]:
        if value.value is not None and not math.isfinite(value.value):
            raise ValueError(
                f"{value.value!r} is not a finite number; "
                'publish Quantity.unknown("why") where there is no value'
            )
        data = value.as_dict(parts=False)
        events: Sequence[Evidence] = value.evidence
        if value.made is not None and value.made.inputs and "run" not in data["parameters"]:
            # They stand with the numbers that it was made of.
            events = ()
        inputs = value.made.inputs if value.made is not None else ()
        data["evidence"] = [self._place(self.events, one, _event) for one in events]
        data["inputs"] = [self._place(self.numbers, one, self._quantity) for one in inputs]
        return {"kind": "number", **data}

    def _part(self, part: str | Quantity) -> str | dict[str, Any]:
        return part if isinstance(part, str) else self._quantity(part)

    def _plain(self, content: Any) -> Any:
        """Return a block's content as plain data."""
        if isinstance(content, Mapping):
            return {key: self._plain(value) for key, value in content.items()}
        if isinstance(content, list | tuple):
            return [self._plain(value) for value in content]
        return content if isinstance(content, bool) else self._cell(content)

    def _cell(self, cell: Cell) -> str | dict[str, Any]:
        if isinstance(cell, Word):
            return {"kind": "word", "text": visible(cell.text, keep=""), "look": cell.look}
        if isinstance(cell, Jump):
            return {"kind": "jump", "text": visible(cell.text, keep=""), "result": cell.result}
        if isinstance(cell, ToRule):
            return {"kind": "rule", "text": visible(cell.text, keep=""), "code": cell.code}
        if isinstance(cell, Sentence):
            return {"kind": "sentence", "parts": [self._part(part) for part in cell.parts()]}
        return visible(cell, keep="") if isinstance(cell, str) else self._quantity(cell)

    def _panel(self, panel: Panel) -> dict[str, Any]:
        wide = {"wide": asdict(panel.wide)} if panel.wide else {}
        said = self._cell(panel.sentence)
        return {"name": panel.name, **self._pictures(panel), **wide, "sentence": said}

    def _pictures(self, figure: Figure | Panel) -> dict[str, Any]:
        phone = figure.phone
        return {
            "picture": asdict(figure.picture),
            "phone": asdict(phone) if phone else None,
            "alt": visible(figure.alt, keep=""),
            "view": list(figure.view) if figure.view else None,
        }

    def _table(self, table: Table) -> dict[str, Any]:
        # Lists and not mappings: their order says something.
        return {
            "columns": [[key, visible(title, keep="")] for key, title in table.columns.items()],
            "rows": [
                [key, [self._cell(cell) for cell in cells]] for key, cells in table.rows.items()
            ],
            "caption": self._cell(table.caption),
            "notes": [self._cell(note) for note in table.notes],
            "looks": [[key, look] for key, look in table.looks.items()],
        }

    def _answer(self, value: Answered) -> dict[str, Any]:
        # Imported here: a notebook that publishes only numbers does not depend on it.
        from rulka_analysis.pages.tables.verdict import answer_in_words, deciding

        return {
            "answer": value.word,
            "look": value.decided.relation.replace(" ", "-"),
            "shown": answer_in_words(value),
            "title": f"{value.title}: {value.candidate.label} against {value.baseline.label}"
            + (", how soon" if value.kind == "pace" else ""),
            "planned": value.planned,
            "sentence": self._cell(value.sentence),
            "strength": self._cell(value.strength),
            "robustness": self._cell(value.robustness),
            "warning": self._cell(value.warning),
            "needed": self._cell(value.needed),
            "deciding": self._table(deciding(value)),
            "instead_of": value.instead_of.message if value.instead_of else "",
            "findings": [[finding.severity, finding.message] for finding in value.findings],
        }

    def _claim(self, value: Claimed) -> dict[str, Any]:
        from rulka_analysis.pages.tables.verdict import claim_in_words

        return {
            "verdict": value.held.verdict,
            "look": f"claim rulka-{value.held.verdict.replace(' ', '-')}",
            "shown": claim_in_words(value),
            "title": value.name.replace("_", " "),
            "text": value.text,
            "headline": value.headline,
            "sentence": self._cell(value.sentence),
            "parts": [
                {
                    "name": f"{part.comparison}.{part.name}",
                    "look": f"claim rulka-{part.held.verdict.replace(' ', '-')}",
                    "shown": claim_in_words(part),
                    "sentence": self._cell(part.sentence),
                    "declared": part.declared,
                }
                for part in value.parts
            ],
        }


def _event(event: Evidence) -> dict[str, Any]:
    names = {key: visible(getattr(event, key), keep="") for key in ("run", "tag", "file")}
    return event.as_dict() | names
