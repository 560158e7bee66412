"""Where things are: the project's folder, its build directory, the bundled data.

A notebook runs in another working directory under Sphinx than in Jupyter; both lie in the project.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from rulka_analysis.values.errors import RulkaError


def project_folder() -> Path:
    """Return the folder that holds ``conf.py``, ``docs`` and ``notebooks``.

    The one that the environment variable ``RULKA_PROJECT`` names; else the one that the working
    directory lies in; else the one that the package lies in.

    Raises
    ------
    RulkaError
        If there is none.
    """
    if named := os.environ.get("RULKA_PROJECT"):
        folder = Path(named)
        if not _is_project(folder):
            raise RulkaError(
                f"no project at {folder}, which RULKA_PROJECT names: it has neither "
                "docs/experiments nor data. Name the folder of a project, or make one: "
                "rulka-analysis init FOLDER"
            )
        return folder
    return _found_from(Path.cwd())


@lru_cache(maxsize=16)
def _found_from(here: Path) -> Path:
    for folder in (here, *here.parents):
        if _is_project(folder) and (folder / "conf.py").is_file():
            return folder
    own = Path(__file__).resolve().parents[2]
    if _is_project(own):
        return own
    raise RulkaError(
        f"no project here: neither {here} nor a folder above it holds conf.py and docs/experiments."
        " Go into one, name one with RULKA_PROJECT, or make one: rulka-analysis init FOLDER"
    )


def _is_project(folder: Path) -> bool:
    return any(folder.joinpath(*own).is_dir() for own in (("docs", "experiments"), ("data",)))


def build_folder() -> Path:
    """Return the folder for everything that can be made again (RULKA_BUILD, else ``_build``)."""
    named = os.environ.get("RULKA_BUILD")
    return Path(named) if named else project_folder() / "_build"
