"""What a build says of itself: a line a notebook, a bar meanwhile, ``_build/last_build.json``."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging as sphinx_logging
from sphinx.util.docutils import SphinxDirective

from rulka_analysis.pages.execute import Outcome, list_volatile, write_atomically
from rulka_analysis.pages.sphinx.quoting import BuildStopped
from rulka_analysis.pages.trouble import find_system_error, word_system_error
from rulka_analysis.values.places import build_folder
from rulka_analysis.values.text import printable

if TYPE_CHECKING:
    from rich.progress import Progress

logger = sphinx_logging.getLogger(__name__)


@dataclass
class BuildReport:
    """What a build did and why; written as ``last_build.json``.

    Parameters
    ----------
    builder : str
        The Sphinx builder, such as ``html``.
    log_directory : str
        The log directory in effect.
    still_running : list of str
        Runs whose logs were still growing.
    notebooks : list of Outcome
        What became of each notebook.
    pages : list of str
        Pages that were read anew, without their ending.
    outcome : str
        ``succeeded`` or ``failed``.
    error : str
        Why it failed.
    """

    builder: str
    log_directory: str = ""
    still_running: list[str] = field(default_factory=list)
    notebooks: list[Outcome] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    outcome: str = "failed"
    error: str = "it did not end: it still goes on, or was interrupted or killed"

    def write(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(asdict(self), indent=1, ensure_ascii=False)
        write_atomically(folder / "last_build.json", text + "\n")

    @contextmanager
    def of_notebooks(self) -> Iterator[Any]:
        """Report on notebooks: gives the functions that take an outcome and an advance.

        Lines go to Sphinx's log. On a terminal a bar stands below them while notebooks run.
        """
        with _bar() as bar:
            task = bar.add_task("executing notebooks", total=None, visible=False) if bar else None

            def report(outcome: Outcome) -> None:
                self.notebooks.append(replace(outcome, seconds=round(outcome.seconds, 1)))
                line = printable(str(outcome))
                if bar is not None and bar.tasks[0].visible:
                    bar.console.print(line, markup=False, highlight=False, soft_wrap=True)
                else:
                    logger.info("%s", line)

            def advance(done: int, of: int) -> None:
                if bar is not None and task is not None:
                    bar.update(task, completed=done, total=of, visible=done < of)
                elif not done:
                    logger.info("executing %d notebook%s", of, "s" if of != 1 else "")

            yield report, advance


def telling(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Let the report tell why a handler stopped the build; Sphinx does not get to its end then.

    What the system refused stops it in our own words: Sphinx would name the handler's address.
    """

    @wraps(handler)
    def told(app: Sphinx, *arguments: Any) -> Any:
        try:
            return handler(app, *arguments)
        except (BuildStopped, OSError) as error:
            raise _stopped(app, error, "notebooks and pages were prepared") from error

    return told


def stop_in_own_words(app: Sphinx) -> None:
    """Let what the system refuses while pages are read and written stop the build in our words.

    Sphinx would print a page of versions around it, and the advice to report it to its developers.
    """
    build = app.build

    @wraps(build)
    def told(*arguments: Any, **named: Any) -> None:
        try:
            build(*arguments, **named)
        except Exception as error:
            refused = find_system_error(error)
            if refused is None:
                raise
            raise _stopped(app, refused, "pages were read and written") from error

    app.build = told  # type: ignore[method-assign]


class VolatileDirective(SphinxDirective):
    """``.. volatile::`` lists the notebooks that run in every build, and why."""

    def run(self) -> list[nodes.Node]:
        told = _tell_volatile(self.env.app)
        self.env.rulka_volatile[self.env.current_document.docname] = told  # type: ignore[attr-defined]
        if not told:
            text = "Each notebook runs again when an answer it got has changed, and only then."
            return [nodes.paragraph("", text)]
        intro = (
            "Each notebook runs again when an answer it got has changed. Of these nobody can tell, "
            "so that they run in every build unless their author knows better:"
        )
        items = [nodes.list_item("", nodes.paragraph("", f"{line}.")) for line in told]
        return [nodes.paragraph("", intro), nodes.bullet_list("", *items)]


def add_volatile(app: Sphinx) -> None:
    """Register the directive, and let a page be read again when what it lists has changed."""
    app.add_directive("volatile", VolatileDirective)
    app.connect("env-get-outdated", _outdated)
    app.connect("env-purge-doc", _purge)


def _tell_volatile(app: Sphinx) -> list[str]:
    return list_volatile(app.rulka_executed.values())  # type: ignore[attr-defined]


def _outdated(app: Sphinx, env: BuildEnvironment, *_: set[str]) -> set[str]:
    if not hasattr(env, "rulka_volatile"):
        env.rulka_volatile = {}  # type: ignore[attr-defined]
    told = _tell_volatile(app)
    listed = env.rulka_volatile.items()  # type: ignore[attr-defined]
    return {document for document, then in listed if then != told} & env.found_docs


def _purge(app: Sphinx, env: BuildEnvironment, document: str) -> None:
    getattr(env, "rulka_volatile", {}).pop(document, None)


def _stopped(app: Sphinx, error: BuildStopped | OSError, doing: str) -> BuildStopped:
    """Write into the report why the build stops; return what stops it."""
    if isinstance(error, OSError):
        error = BuildStopped(word_system_error(error, doing))
    report: BuildReport | None = getattr(app, "rulka_report", None)
    if report is not None:
        report.outcome, report.error = "failed", error.message
        # A disk that is full takes no report, either.
        with suppress(OSError):
            report.write(build_folder())
    held = getattr(app, "rulka_lock", None)
    if held is not None:
        held.close()
    return error


@contextmanager
def _bar() -> Iterator[Progress | None]:
    # Sphinx writes its log to standard output; a bar elsewhere than on a terminal is noise.
    if not sys.stdout.isatty() or logger.logger.level > logging.INFO:
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, transient=True) as progress:
        yield progress
