"""Every command of this project: ``python tasks.py TARGET [NAME=VALUE ...] [-- arguments]``.

``Makefile`` and ``make.bat`` forward to this file, so that every system runs the same code. What
the targets do stands in ``build_tasks/``. It needs nothing but Python, and makes the virtual
environment ``.venv`` in which the targets run.

A value such as a log directory never passes through a shell on its way to a program: it arrives
here as one argument or as an environment variable, and leaves as the environment variable
RULKA_LOGDIR.
"""

import sys

# Before any import or annotation that an older Python would stumble over; for the same reason this
# file keeps to the syntax of Python 3.6.
if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit(
        f"error: Python 3.11 or newer is needed; this is {sys.version.split()[0]} "
        f"({sys.executable}).\nInstall a newer one, or name one you have: "
        "make html PYTHON=python3.13 (Windows: set PYTHON=C:\\path\\to\\python.exe)"
    )

from pathlib import Path

from build_tasks.command import main
from build_tasks.project import Project

if __name__ == "__main__":
    sys.exit(main(Project(Path(__file__).resolve().parent), sys.argv[1:]))
