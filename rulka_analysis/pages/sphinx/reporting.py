"""What a build says of itself: a line a notebook, a bar meanwhile, ``_build/last_build.json``."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.util import logging as sphinx_logging

from rulka_analysis.pages.execute import Outcome
from rulka_analysis.values.files import write_whole
from rulka_analysis.values.text import printable, visible

if TYPE_CHECKING:
    from rich.progress import Progress

logger = sphinx_logging.getLogger(__name__)


class BuildStopped(SystemExit):
    """The build cannot go on; the message says what, why and what to do.

    Python prints it as the last line and ends with status one. Of an error of its own Sphinx would
    print a page of versions around it, and the advice to report it to Sphinx.
    """

    def __init__(self, message: str) -> None:
        self.message = visible(message)
        super().__init__(f"\nThe build stopped: {self.message}")


class FailedWrites(logging.Handler):
    """Keeps the first error of the system that Sphinx tells as a warning and goes on from."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.first: OSError | None = None

    def emit(self, record: logging.LogRecord) -> None:
        arguments = record.args if isinstance(record.args, tuple) else ()
        for argument in arguments:
            if isinstance(argument, OSError) and argument.errno:
                self.first = self.first or argument


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

    builder: str = ""
    log_directory: str = ""
    still_running: list[str] = field(default_factory=list)
    notebooks: list[Outcome] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    outcome: str = "failed"
    error: str = "it did not end: it still goes on, or was interrupted or killed"

    def write(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(asdict(self), indent=1)
        write_whole(folder / "last_build.json", text + "\n")

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
