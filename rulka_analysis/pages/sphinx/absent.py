"""Experiments none of whose runs are in the logs: a line each, in place of pages without data.

Their notebooks are not executed, and their further pages not made. What other pages quote of them
stands as "not in these logs".
"""

from __future__ import annotations

from itertools import pairwise

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from rulka_analysis.experiments.presence import is_there
from rulka_analysis.logs.runs import Logs
from rulka_analysis.pages.sphinx.state import notes_of_current, notes_of_pages, state_of
from rulka_analysis.project import experiments_named
from rulka_analysis.values.text import printable

PAGES = "docs/experiments"
_MOST_NAMED = 4


def leave_out(app: Sphinx, logs: Logs, notebooks: str) -> None:
    """Find the experiments that no run of the logs is of, and leave out what they consist of."""
    state = state_of(app)
    state.absent = {
        name: in_words(named, logs)
        for name, named in experiments_named().items()
        if named and not is_there(named, logs.runs)
    }
    state.patterns = list(app.config.exclude_patterns)
    app.config.exclude_patterns = [
        *state.patterns,
        *(f"{folder}/{name}/**" for name in state.absent for folder in (notebooks, PAGES)),
    ]


def let_in(app: Sphinx, *_: object) -> list[str]:
    """Put back what is left out as it was configured: a change of it would make every page anew."""
    app.config.exclude_patterns = state_of(app).patterns
    return []


def in_words(named: tuple[str, ...], logs: Logs) -> str:
    """Say that none of an experiment's runs is there, on a line of reStructuredText."""
    shown = ", ".join(f"``{_literal(name)}``" for name in named[:_MOST_NAMED])
    more = " and others" if len(named) > _MOST_NAMED else ""
    return (
        f"None of this experiment's runs is in the logs in use, ``{_literal(logs.name)}``. "
        f"It is about {shown}{more}: build with the log directory that holds them to see its page."
    )


def _literal(name: str) -> str:
    """Return a name such that it ends no literal of reStructuredText."""
    return printable(name).replace("`", "'").strip() or "?"


def stand_in(app: Sphinx, document: str, content: list[str]) -> None:
    """Put a line in the place of the page of an experiment that is not there."""
    folder, _, name = document.rpartition("/")
    told = state_of(app).absent.get(name) if folder == PAGES else None
    if told is None:
        return
    notes_of_current(app.env).absent[name] = told
    title = _title_of(content[0]) or name
    content[0] = f"{title}\n{'=' * len(title)}\n\n{told}\n"


def _title_of(source: str) -> str:
    """Return the title of a page as its source has it: the line above the first underline."""
    lines = source.splitlines()
    return next(
        (
            above.strip()
            for above, line in pairwise(lines)
            if above.strip() and len(set(line)) == 1 and set(line) <= set("=-~#*^")
        ),
        "",
    )


def changed(app: Sphinx, documents: set[str]) -> set[str]:
    """Return the pages that say an experiment is not there and should not, or the other way."""
    state = state_of(app)
    pages = {f"{PAGES}/{name}": name for name in state.absent}
    found = {
        document
        for document, notes in notes_of_pages(app.env).items()
        if any(state.absent.get(name) != told for name, told in notes.absent.items())
        or (document in pages and pages[document] not in notes.absent)
    }
    return found & documents


def without_link(
    app: Sphinx, env: BuildEnvironment, node: nodes.Element, words: nodes.Element
) -> nodes.Element | None:
    """Return the words of a link to a metric that the catalogue of the logs does not know."""
    named = node.get("reftype") == "ref" and str(node.get("reftarget")).startswith("metric-")
    return words if named else None
