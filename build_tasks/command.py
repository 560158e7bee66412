"""A command, from what was typed to its exit status."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from build_tasks.order import read_order
from build_tasks.project import Project
from build_tasks.site import hold_build, is_lost, locate_site
from build_tasks.targets import TARGETS
from build_tasks.telling import TaskError, UsageError, say, word_failure


def main(project: Project, arguments: Sequence[str]) -> int:
    """Do what the command line asks for and return the exit status."""
    for stream in (sys.stdout, sys.stderr):
        # A folder's name may hold what the terminal's encoding lacks.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace" if os.name == "nt" else "surrogateescape")
    signal.signal(signal.SIGTERM, end)
    try:
        order = read_order(arguments, os.environ, Path.cwd(), TARGETS)
        if is_lost(locate_site(project.build)):
            with hold_build(project):
                pass
        return TARGETS[order.target].do(project, order)
    except TaskError as error:
        say(f"error: {error}")
        return 2 if isinstance(error, UsageError) else 1
    except OSError as error:
        say(f"error: {word_failure(error)}")
        return 1
    except KeyboardInterrupt:
        say("interrupted")
        return 130


def end(*_: object) -> NoReturn:
    """End as after Ctrl-C, programs that were started included."""
    raise SystemExit(128 + signal.SIGTERM)
