"""``python -m rulka_analysis``, and the door through which the scripts call the command line.

Needs nothing but Python itself, so that it can say what to do where the dependencies are missing.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

OLDEST_PYTHON = (3, 11)


def run(command: str | None = None, program: str | None = None) -> None:
    """Run the command line; does not return."""
    if sys.version_info < OLDEST_PYTHON:
        sys.exit(_advice(f"this is Python {sys.version_info[0]}.{sys.version_info[1]}"))
    try:
        from rulka_analysis.cli import main

        main(command=command, program=program)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("rulka_analysis"):
            raise
        sys.exit(_advice(f"{error.name} is not installed for {sys.executable}"))


def _advice(cause: str) -> str:
    windows = os.name == "nt"
    make = "make.bat html" if windows else "make html"
    python = ".venv\\Scripts\\python" if windows else ".venv/bin/python"
    script = Path(sys.argv[0])
    module = script.name == "__main__.py"
    called = "-m rulka_analysis" if module else str(Path("scripts", script.name))
    return f"{cause}. Run `{make}` once in the project's folder, then `{python} {called} ...`"


if __name__ == "__main__":
    run()
