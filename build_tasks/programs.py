"""Running programs: what they find in their environment, and how they are ended."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from build_tasks.order import SETTINGS, Order
from build_tasks.project import Project
from build_tasks.telling import TaskError, say
from rulka_analysis.pages.locales import replace_unknown_locale
from rulka_analysis.pages.locks import hold_lock


def choose_variables(project: Project, order: Order) -> dict[str, str]:
    """Return the environment variables of the programs a target runs."""
    # PYTHONPATH and PYTHONHOME would put other packages in the place of the locked ones; what make
    # tells its children is not meant for a make that one of our programs may start.
    left_out = {"PYTHONPATH", "PYTHONHOME", "MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES"}
    left_out |= {"RULKA_LOGDIR", "RULKA_JOBS", "RULKA_LONG", *SETTINGS}
    # Packages are installed uncompiled: Python must be allowed to keep what it compiles of them.
    left_out |= {"PYTHONDONTWRITEBYTECODE"}
    variables = {name: value for name, value in os.environ.items() if name not in left_out}
    variables["VIRTUAL_ENV"] = str(project.environment)
    variables["PATH"] = os.pathsep.join(
        [str(project.python.parent), variables.get("PATH", os.defpath)]
    )
    # Programs that take over a locale that is not installed end at it.
    variables = replace_unknown_locale(variables)
    if order.log_directory is not None:
        variables["RULKA_LOGDIR"] = str(order.log_directory)
    if order.jobs is not None:
        variables["RULKA_JOBS"] = str(order.jobs)
    if order.long:
        variables["RULKA_LONG"] = "1"
    return variables


def run(
    command: Sequence[str | Path],
    *,
    folder: Path,
    variables: Mapping[str, str],
    output: IO[str] | None = None,
    serves: bool = False,
) -> int:
    """Run a program in a folder and return its exit status.

    Ctrl-C reaches the program by itself; this only waits for it to end in its own way. A program
    that `serves` may ask what is meant and is left to it.
    """
    child = subprocess.Popen(
        command,
        cwd=folder,
        env=dict(variables),
        stdout=output,
        stderr=subprocess.STDOUT if output else None,
    )
    interrupted = False
    try:
        while True:
            try:
                status = child.wait(timeout=15 if interrupted and not serves else None)
                break
            except KeyboardInterrupt:
                if interrupted and not serves:
                    raise
                interrupted = True
    except BaseException as error:
        child.terminate()
        try:
            child.wait(timeout=5)
        except subprocess.TimeoutExpired:
            child.kill()
        if isinstance(error, subprocess.TimeoutExpired):
            raise KeyboardInterrupt from None
        raise
    if interrupted and not (serves and status == 0):
        raise KeyboardInterrupt
    return 128 - status if status < 0 else status


@contextmanager
def hold(lock: Path) -> Iterator[None]:
    """Wait until no other command holds the lock, and hold it."""
    with ExitStack() as stack:
        try:
            stack.enter_context(hold_lock(lock, waiting=say))
        except OSError as error:
            raise TaskError(
                f"the lock {lock} cannot be taken: {error}. See to it that you may write there"
            ) from None
        yield
