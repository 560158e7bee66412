"""How a build stops: in our own words, with the report written and the lock given back."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from logging import getLogger
from typing import Any

from sphinx.application import Sphinx
from sphinx.util import logging

from rulka_analysis.pages.sphinx.patches import word_failures
from rulka_analysis.pages.sphinx.reporting import BuildStopped
from rulka_analysis.pages.sphinx.state import state_of
from rulka_analysis.pages.trouble import find_system_error, word_system_error
from rulka_analysis.values.places import build_folder


def telling(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Let the report tell why a handler stopped the build; Sphinx does not get to its end then.

    What the system refused stops it in our own words: Sphinx would name the handler's address.
    """

    @wraps(handler)
    def told(app: Sphinx, *arguments: Any) -> Any:
        try:
            return handler(app, *arguments)
        except (BuildStopped, OSError) as error:
            raise _stop(app, error, "notebooks and pages were prepared") from error

    return told


def stop_in_own_words(app: Sphinx) -> None:
    """Let what the system refuses while pages are read and written stop the build in our words."""
    getLogger(logging.NAMESPACE).addHandler(state_of(app).failed_writes)

    def word(error: Exception) -> BaseException | None:
        refused = find_system_error(error)
        return refused and _stop(app, refused, "pages were read and written")

    word_failures(app, word)


def _stop(app: Sphinx, error: BuildStopped | OSError, doing: str) -> BuildStopped:
    """Write into the report why the build stops; return what stops it."""
    if isinstance(error, OSError):
        error = BuildStopped(word_system_error(error, doing))
    state = state_of(app)
    state.report.outcome, state.report.error = "failed", error.message
    # A disk that is full takes no report, either.
    with suppress(OSError):
        state.report.write(build_folder())
    let_go(app)
    return error


def let_go(app: Sphinx) -> None:
    """End what a build holds."""
    state = state_of(app)
    state.lock.close()
    getLogger(logging.NAMESPACE).removeHandler(state.failed_writes)
