"""Where things are: the project's folder, its build directory, the bundled data.

Paths never come from the working directory: a notebook runs in another one under Sphinx than in
Jupyter.
"""

from __future__ import annotations

import os
from pathlib import Path

from rulka_analysis.values.errors import RulkaError


def project_folder() -> Path:
    """Return the folder that holds ``data/published``, ``docs`` and ``notebooks``.

    Raises
    ------
    RulkaError
        If the package was installed away from its project.
    """
    named = os.environ.get("RULKA_PROJECT")
    folder = Path(named) if named else Path(__file__).resolve().parents[2]
    if not (folder / "data" / "published").is_dir():
        raise RulkaError(
            f"no project at {folder}: it has no data/published folder. Install the package in "
            "place (pip install -e) or set RULKA_PROJECT to the project's folder"
        )
    return folder


def build_folder() -> Path:
    """Return the folder for everything that can be made again (RULKA_BUILD, else ``_build``)."""
    named = os.environ.get("RULKA_BUILD")
    return Path(named) if named else project_folder() / "_build"
