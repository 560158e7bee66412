"""Finds numbers typed in prose, by markup and not by guessing.

What is measured is quoted from results; what is a name or a setting is marked as a literal. So a
digit that stands in prose outside a literal, a role, a field or a declared name is a mistake. Pages
are read as documents by `sphinx.prose`; here are the rule itself and what it says of definitions
(``.toml``, their texts in reStructuredText).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from rulka_analysis.metrics.domain import Variant
from rulka_analysis.values.toml import TomlFile, Where

# Roles that change how a text looks and do not make a name of it.
_ROLES_OF_PROSE = {"emphasis", "strong", "sub", "subscript", "sup", "superscript", "title"}

# Keys of a definition or catalogue whose texts are no prose of ours: names, tags, units, and the
# author's own words, declared as a quotation.
_KEYS_WITHOUT_PROSE = {
    "aliases",
    "all_of",
    "any_of",
    "baseline",
    "because",
    "candidate",
    "candidates",
    "choices",
    "clocks",
    "comparable_at_equal",
    "display_unit",
    "file",
    "instead",
    "label",
    "margin",
    "metric",
    "name",
    "near_replicates",
    "neighbours",
    "objectives",
    "of",
    "on",
    "pattern",
    "per_unit",
    "replicates",
    "says",
    "scales_with",
    "setting",
    "tag",
    "text",
    "unit",
}

_WORD = re.compile(r"\w+(?:[.,:]\w+)*")
_URL = r"https?://[^\s>)\]`]+"
# A role's content is prose where it is a text for a reader before a target in angle brackets.
_WITH_TARGET = re.compile(r"(?P<text>[^<]*)<[^>]*>\Z")
_REST = re.compile(
    rf"``.+?``|:(?P<role>[\w.+:-]+):`(?P<content>[^`]+)`|(?P<target><[^<>]+>)(?=`_)|{_URL}"
    # The fields of a sentence; doubled braces are braces.
    r"|(?P<brace>\{\{|\}\})|\{[A-Za-z_][^{}]*\}",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True, order=True)
class TypedNumber:
    """A word with a digit in it that stands in prose.

    Parameters
    ----------
    start : int
        Where in the text it begins.
    word : str
        The word.
    around : str
        The words it stands in.
    """

    start: int
    word: str
    around: str


def find_numbers(text: str, names: Iterable[str] = ()) -> list[TypedNumber]:
    """Return the words with a digit in a text that has no markup (any more).

    Declared names are allowed as whole words. One that does not begin with a letter (a run called
    ``5``) allows nothing: it could not be told from a number.

    Examples
    --------
    >>> [found.word for found in find_numbers("uni_5 took 24.57 s at L2", {"uni_5", "L2"})]
    ['24.57']
    """
    return _found(text, text, names)


def find_typed_numbers(text: str, names: Iterable[str] = ()) -> list[TypedNumber]:
    """Return the words with a digit in the prose of a reStructuredText text.

    Literals, roles, targets of links and the fields of a sentence are no prose.

    Examples
    --------
    >>> find_typed_numbers("``uni_5`` at {minutes}: :result:`e/best[uni_5, end]`")
    []
    >>> [found.word for found in find_typed_numbers("1.02 times, :doc:`page 2 </p3>`, {{4}}")]
    ['1.02', '2', '4']
    """
    return _found(text, _REST.sub(_without_markup, text), names)


def find_typed_in_definition(
    definition: TomlFile, names: Iterable[str] = (), variant: Variant | None = None
) -> list[tuple[int, TypedNumber]]:
    """Return the numbers typed in the texts of a definition or catalogue, with their lines.

    What the domain calls its variants are names, too, and no prose.

    Examples
    --------
    >>> from pathlib import Path
    >>> from rulka_analysis.values.errors import RulkaError
    >>> said = TomlFile(Path("a.toml"), RulkaError, 'batch = 512\\ntitle = "24.57 s"')
    >>> find_typed_in_definition(said)
    [(2, TypedNumber(start=0, word='24.57', around='24.57 s'))]
    """
    names = frozenset(names)
    no_prose = _KEYS_WITHOUT_PROSE | ({variant.name, variant.plural} if variant else set())
    return [
        (_line(definition, where, prose, found), found)
        for where, prose in _texts(definition.data, no_prose)
        for found in find_typed_numbers(prose, names)
    ]


def list_declared_names(definition: dict[str, Any], variant: Variant | None = None) -> set[str]:
    """Return the names a definition or catalogue declares.

    They are those of runs, settings and variants, and the titles of metrics, settings and outcomes,
    at the beginning of a sentence or within.

    Examples
    --------
    >>> levels = {"levels": {"L1": "Level one"}, "runs": {"uni_5": {}}}
    >>> sorted(list_declared_names(levels, Variant("level", "levels")))
    ['L1', 'Level one', 'uni_5']
    >>> sorted(list_declared_names({"outcomes": {"acc": {"title": "Top1"}}}))
    ['Top1', 'top1']
    """
    variants = definition.get(variant.plural) if variant else None
    tables = (definition.get("runs"), definition.get("settings"), variants)
    names = {name for table in tables if isinstance(table, dict) for name in table}
    if isinstance(variants, dict):
        names |= {title for title in variants.values() if isinstance(title, str)}
    for table in (definition.get("settings"), definition.get("outcomes")):
        for one in table.values() if isinstance(table, dict) else ():
            title = one.get("title") if isinstance(one, dict) else None
            if isinstance(title, str) and title:
                names |= {title, title[:1].lower() + title[1:], title[:1].upper() + title[1:]}
    return names | {metric["title"] for metric in definition.get("metric", ())}


def _found(text: str, prose: str, names: Iterable[str]) -> list[TypedNumber]:
    """Return what is left of `prose`, as long as `text`, when names are taken out."""
    # Most texts hold no digit at all.
    if not any(map(str.isnumeric, prose)):
        return []
    prose = _any_of(frozenset(names)).sub(_blank, prose)
    return [
        TypedNumber(match.start(), match[0], _around(text, *match.span()))
        for match in _WORD.finditer(prose)
        # Fractions and raised digits, too.
        if any(letter.isnumeric() for letter in match[0])
    ]


@lru_cache(maxsize=8)
def _any_of(names: frozenset[str]) -> re.Pattern[str]:
    """Return a pattern that matches each usable name as a whole word."""
    usable = sorted((name for name in names if name[:1].isalpha()), key=len, reverse=True)
    alternatives = "|".join(map(re.escape, usable))
    return re.compile(rf"(?<!\w)(?:{alternatives})(?!\w)" if usable else r"(?!)")


def _around(text: str, start: int, end: int, width: int = 40) -> str:
    """Return the words around a place, on one line."""
    before, after = text[:start], text[end:]
    head, tail = before[-width:], after[:width]
    if len(before) > width:
        head = "…" + head.partition(" ")[2]
    if len(after) > width:
        tail = tail.rpartition(" ")[0] + "…"
    return " ".join(f"{head}{text[start:end]}{tail}".split())


def _blank(match: re.Match[str]) -> str:
    return _blanked(match[0])


def _blanked(text: str) -> str:
    """Return spaces in place of a text, so that positions after it stay what they are."""
    return re.sub(r"[^\n]", " ", text)


def _without_markup(match: re.Match[str]) -> str:
    groups = match.groupdict()
    if groups.get("brace"):
        return "  "
    if groups.get("content") is None:
        return _blank(match)
    whole, content = match[0], str(groups["content"])
    at = match.start("content") - match.start()
    explicit = _WITH_TARGET.match(content)
    if str(groups["role"]) in _ROLES_OF_PROSE:
        prose = content
    else:
        prose = explicit["text"] if explicit else ""
    return _blanked(whole[:at]) + prose + _blanked(whole[at + len(prose) :])


def _texts(data: Any, no_prose: Set[str], where: Where = ()) -> Iterator[tuple[Where, str]]:
    """Yield the texts of a definition that are prose, and where they stand in its data."""
    if isinstance(data, str):
        yield where, data
    elif isinstance(data, tuple):
        for number, entry in enumerate(data):
            yield from _texts(entry, no_prose, (*where, number))
    elif isinstance(data, Mapping):
        for key, entry in data.items():
            # What was set in runs is declared, not measured.
            of_runs = where[:1] in (("runs",), ("groups",)) and len(where) == 2 and key != "about"
            if key not in no_prose and not of_runs and (*where, key) != ("every_run",):
                yield from _texts(entry, no_prose, (*where, key))


def _line(definition: TomlFile, where: Where, prose: str, found: TypedNumber) -> int:
    """Return the line of a number; that of its text where it is written as an escape."""
    line = definition.line(where)
    below = "".join(definition.text.splitlines(keepends=True)[line - 1 :])
    before = prose.count(found.word, 0, found.start)
    places = [match.start() for match in re.finditer(re.escape(found.word), below)]
    return line + below.count("\n", 0, places[before]) if before < len(places) else line
