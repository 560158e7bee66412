"""The evidence of pages in tests: what a page's numbers say of where they come from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup, Tag

from rulka_analysis.pages.evidence import CALL

NUMBER = "span.rulka-number[data-entry]"


def read_script(text: str) -> dict[str, Any]:
    """Return the evidence that a script holds."""
    plain: dict[str, Any] = json.loads(text[len(CALL) + 1 : text.rindex(")")])
    return plain


def evidence_of(page: Path) -> dict[str, Any]:
    """Return the evidence beside a page."""
    return read_script(page.with_suffix(".evidence.js").read_text(encoding="utf-8"))


def numbers_of(page: Path) -> list[Tag]:
    """Return the numbers of a page."""
    return BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser").select(NUMBER)


def told_of(number: Tag, evidence: dict[str, Any]) -> str:
    """Return all words behind a number, those of its inputs included."""
    return " ".join(_told(int(number["data-entry"]), evidence))


def _told(place: int, evidence: dict[str, Any]) -> Iterator[str]:
    entry = evidence["entries"][place]
    yield from (str(entry[name]) for name in ("text", "how", "about", "missing") if name in entry)
    yield from map(str, entry.get("parameters", {}).values())
    for at in entry.get("events", ()):
        event = evidence["events"][at]
        yield f"{event['tag']} step {event['step']} of {evidence['files'][event['file']]['name']}"
    for at in entry.get("inputs", ()):
        yield from _told(at, evidence)


def pages_with_numbers(site: Path) -> list[Path]:
    """Return the pages of a site that have evidence."""
    scripts = sorted(site.rglob("*.evidence.js"))
    pages = [script.with_name(script.name.replace(".evidence.js", ".html")) for script in scripts]
    # A folder that is built in again and again keeps files of pages that are gone.
    return [page for page in pages if page.is_file() and numbers_of(page)]
