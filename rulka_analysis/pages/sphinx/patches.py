"""What is mended of Sphinx and its extensions, each with the version that made it needed.

Each function says what goes wrong without it. With a later version, try without it first.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util.index_entries import split_index_msg

EXPERIMENTS = "docs/experiments/*"
_NAMED = {
    '<summary><span class="toctree-toggle"': '<summary aria-label="Show the pages below">'
    '<span class="toctree-toggle"',
    ' title="Search" aria-label="Search"': ' title="Search" aria-label="Search Ctrl+K"',
    '<div id="pst-primary-sidebar" ': '<div id="pst-primary-sidebar" role="complementary" '
    'aria-label="Pages and sections" ',
}


def put_style_sheet_of_notebooks(app: Sphinx) -> None:
    """Put myst-nb's style sheet in place before pages are written; myst-nb 1.4.0 does so after.

    Pages of a first build would carry no checksum of it, those of a second would, and no build from
    nothing would equal one that goes on.
    """
    from myst_nb.sphinx_ext import add_global_html_resources

    (Path(app.outdir) / "_static").mkdir(parents=True, exist_ok=True)
    add_global_html_resources(app, None)


def complete_search_index(app: Sphinx) -> list[Any]:
    """Give the search index what Sphinx 9.0.4 loses when it goes on with an earlier one.

    The saved index does not tell which page an index entry is from, so Sphinx keeps only those of
    the pages it has just read; and words that no page has any more stay in it with an empty list.
    """
    indexer = getattr(app.builder, "indexer", None)
    if indexer is None:
        return []
    domain = app.env.domains["index"]
    entries: dict[str, list[tuple[str, str, str]]] = {}
    for document in sorted(app.env.found_docs):
        found: set[tuple[str, str, str]] = set()
        for kind, value, target, main, _ in domain.data["entries"].get(document, ()):
            parts = split_index_msg(kind, value)
            found |= {(part, target or "", main) for part in parts}
        entries[document] = sorted(found)
    indexer._index_entries.clear()
    indexer._index_entries.update(entries)
    for words in (indexer._mapping, indexer._title_mapping):
        for word in [word for word, documents in words.items() if not documents]:
            del words[word]
    return []


def word_failures(app: Sphinx, word: Callable[[Exception], BaseException | None]) -> None:
    """Let a build end with another exception than it ended with, where there is one.

    Sphinx 9.0.4 prints a page of versions around whatever ends a build, and the advice to report it
    to its developers; there is no event between.
    """
    build = app.build

    @wraps(build)
    def worded(*arguments: Any, **named: Any) -> None:
        try:
            build(*arguments, **named)
        except Exception as error:
            instead = word(error)
            if instead is None:
                raise
            raise instead from error

    app.build = worded  # type: ignore[method-assign]


def accept_no_experiment() -> None:
    """Let a project without an experiment be one, too: its list of pages is empty.

    Sphinx 9.0.4 warns of a pattern that matches nothing, and gives the warning no type, without
    which ``suppress_warnings`` cannot name it.
    """
    logging.getLogger("sphinx.sphinx.directives.other").addFilter(_is_warning)


def _is_warning(record: logging.LogRecord) -> bool:
    return getattr(record, "subtype", "") != "empty_glob" or EXPERIMENTS not in str(record.args)


def name_parts(page: str) -> str:
    """Name what pydata-sphinx-theme 0.24.0 leaves to be guessed by who does not see it.

    The arrows that unfold its sidebar say nothing; its search button is called otherwise than it
    reads, which whoever speaks to the browser cannot know; its sidebar is no landmark.

    Examples
    --------
    >>> name_parts('<summary><span class="toctree-toggle" role="presentation">')
    '<summary aria-label="Show the pages below"><span class="toctree-toggle" role="presentation">'
    """
    for old, new in _NAMED.items():
        page = page.replace(old, new)
    return page
