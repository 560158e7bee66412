"""A project of one's own: pages of one's own logs, with the package and without a copy of it."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

from rulka_analysis.values.errors import RulkaError
from rulka_analysis.values.files import write_whole

CONF = '''\
"""Sphinx configuration of these pages. The title is yours to change; so is all else."""

import os
from pathlib import Path

import rulka_analysis

# Where experiments and notebooks are looked for: here.
os.environ["RULKA_PROJECT"] = str(Path(__file__).resolve().parent)
PACKAGE = Path(rulka_analysis.__file__).parent

project = html_title = "Experiments"
extensions = ["myst_nb", "sphinx_copybutton", "rulka_analysis.pages.sphinx"]
root_doc = "index"
include_patterns = ["index.rst", "docs/**.rst", "notebooks/**.py"]
exclude_patterns = [".venv", "_build", "tensorboard", "**.ipynb_checkpoints"]
smartquotes = False

# Notebooks are executed by the extension, which knows what they read.
nb_execution_mode = "off"
nb_custom_formats = {".py": ["rulka_analysis.pages.sphinx.read_notebook", {}]}
nb_render_markdown_format = "myst"
nb_ipywidgets_js = {}
myst_heading_anchors = 3
rulka_jobs = int(os.environ.get("RULKA_JOBS", "0"))

html_theme = "pydata_sphinx_theme"
html_static_path = [str(PACKAGE / "pages" / "static")]
templates_path = [str(PACKAGE / "pages" / "templates")]
html_last_updated_fmt = None
html_show_copyright = False
html_sidebars = {
    "index": [],
    "docs/experiments/**": ["experiment-pages"],
    "docs/explore": [],
    "docs/tensorboard_metrics": [],
    "docs/these_logs": [],
    "notebooks/**": ["experiment-pages"],
}
html_theme_options = {
    "show_prev_next": False,
    "article_footer_items": ["previous-next"],
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "footer_start": [],
    "footer_center": [],
    "footer_end": [],
    "secondary_sidebar_items": {
        page: ["page-toc", "notebook-download"]
        for page in ("index", "docs/*", "docs/guides/**", "notebooks/**")
    },
}
'''

TASKS = '''\
"""What can be done here: python tasks.py html | lab | experiment NAME=… [LOGDIR=folder].

Run it with the Python that rulka-analysis is installed for: pip install "rulka-analysis[html,lab]"
"""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main(arguments):
    given = dict(word.split("=", 1) for word in arguments if "=" in word)
    targets = [word for word in arguments if "=" not in word] or ["html"]
    os.environ["RULKA_PROJECT"] = str(HERE)
    if logdir := given.get("LOGDIR") or os.environ.get("LOGDIR"):
        os.environ["RULKA_LOGDIR"] = os.path.abspath(os.path.expanduser(logdir))
    name = given.get("NAME") or os.environ.get("NAME", "")
    build = ["-W", "--keep-going", "-b", "html", "-d", "_build/doctrees", ".", "_build/html"]
    commands = {
        "html": ["sphinx", *build],
        "lab": ["jupyterlab", "--ServerApp.root_dir=notebooks"],
        "experiment": ["rulka_analysis", "new", name],
    }
    if targets[0] not in commands or (targets[0] == "experiment" and not name):
        sys.exit(__doc__)
    return subprocess.call([sys.executable, "-m", *commands[targets[0]]], cwd=HERE)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
'''

# As typed, whatever is in a value: it reaches the program through the environment.
MAKEFILE = """\
PYTHON ?= python3
export LOGDIR NAME

.PHONY: html lab experiment
html lab experiment:
\t@"$(PYTHON)" tasks.py $@
"""

INDEX = """\
Experiments
===========

.. experiments::

.. toctree::
   :hidden:
   :glob:

   docs/experiments/*
   These logs <docs/these_logs>
   Explore <docs/explore>
   Metrics <docs/tensorboard_metrics>
   How to read these pages <docs/guides/answers>
   Log health <docs/guides/log_health>
   Use other logs <docs/guides/own_logs>
"""

# What the pages of the package's own project have, too: each is one file.
SHARED = (
    "docs/these_logs.rst",
    "docs/explore.rst",
    "docs/guides/answers.rst",
    "notebooks/these_logs/runs.py",
    "notebooks/explore/curves.py",
    "notebooks/tensorboard_metrics/what_the_logs_hold.py",
)

REFERENCE = """\
Metrics
=======

.. metrics::

What to know of them
--------------------

.. metrics-guide::

.. toctree::
   :hidden:

   /notebooks/tensorboard_metrics/what_the_logs_hold
"""

OWN_LOGS = """\
Use other logs
==============

Name the folder that holds one folder a run::

   make html LOGDIR=path/to/logs
"""

LOG_HEALTH = """\
Log health
==========

What was noticed about the logs in use stands with their runs. All of it::

   rulka-analysis check --logdir path/to/logs
"""

# Without it jupytext would go by the settings in the user's home.
JUPYTEXT = "# Nothing is set, on purpose: a notebook is its .py file and has no pair.\n"

FILES = {
    "conf.py": CONF,
    "tasks.py": TASKS,
    "Makefile": MAKEFILE,
    "index.rst": INDEX,
    ".gitignore": "/_build/\n/tensorboard/*\n.ipynb_checkpoints/\n__pycache__/\n",
    "docs/tensorboard_metrics.rst": REFERENCE,
    "docs/guides/own_logs.rst": OWN_LOGS,
    "docs/guides/log_health.rst": LOG_HEALTH,
    "docs/experiments/.gitkeep": "",
    "notebooks/jupytext.toml": JUPYTEXT,
    "tensorboard/.gitkeep": "",
}


def shared(name: str) -> str:
    """Return a file that the package's own project has, too: from beside it, else as installed.

    Raises
    ------
    RulkaError
        If it is nowhere.
    """
    beside = Path(__file__).resolve().parents[2] / name
    if beside.is_file():
        return beside.read_text(encoding="utf-8")
    for file in metadata.files("rulka-analysis") or ():
        if file.as_posix().endswith(f"share/rulka-analysis/{name}"):
            return Path(str(file.locate())).read_text(encoding="utf-8")
    raise RulkaError(f"{name} did not come with the package; install rulka-analysis again")


def write_project(folder: Path) -> list[str]:
    """Write a project into a new or empty folder, and return what to tell.

    Raises
    ------
    RulkaError
        If there is something in it.
    """
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise RulkaError(f"{folder} is not empty and stays as it is; name a new or empty folder")
    for name, text in (FILES | {name: shared(name) for name in SHARED}).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text)
    return [
        f"wrote a project into {folder}",
        "There: make html LOGDIR=path/to/logs, and make experiment NAME=… LOGDIR=path/to/logs",
    ]
