"""A project of one's own: pages of one's own logs, with the package and without a copy of it."""

from __future__ import annotations

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

   These logs <docs/these_logs>
   Explore <docs/explore>
   Metrics <docs/tensorboard_metrics>
   How to read these pages <docs/guides/answers>
   Log health <docs/guides/log_health>
   Use other logs <docs/guides/own_logs>
"""

THESE_LOGS = """\
These logs
==========

:result:`these_logs/heading`

.. result:: these_logs/runs

How they compare
----------------

:result:`these_logs/told_apart`

.. result:: these_logs/answers

.. result:: these_logs/curves

Make it an experiment
---------------------

.. result:: these_logs/command

.. toctree::
   :hidden:

   /notebooks/these_logs/runs
"""

THESE_RUNS = """\
# %% [markdown]
# # Look at logs that no experiment is about yet

# %%
import rulka_analysis as ra

found = ra.these_logs.TheseLogs(ra.open_logs())
ra.publish("heading", found.heading())
ra.publish("runs", found.runs())
ra.publish("told_apart", found.told_apart())
ra.publish("answers", found.answers())
ra.publish("card", found.card())
ra.publish("command", found.command())

# %%
drawn = {f"curves.{name}": figure for name, figure in found.figures().items()}
for name, figure in drawn.items():
    ra.publish(name, figure)
ra.publish("curves", ra.blocks.abreast(*drawn))
"""

CURVES = """\
# %% [markdown]
# # Take every curve to where it can be explored

# %%
import rulka_analysis as ra

ra.publish("curves", ra.exploring.curves(ra.open_logs()))
"""

METRICS = """\
# %% [markdown]
# # See what the logs hold of each metric

# %%
import rulka_analysis as ra
from rulka_analysis.reference import Reference

reference = Reference(ra.open_logs())
ra.publish("presence", reference.presence())
for metric in reference.present:
    for name, part in reference.parts(metric).items():
        ra.publish(name, part)
ra.publish("uncatalogued", reference.uncatalogued())
"""

EXPLORE = """\
:html_theme.sidebar_secondary.remove: true

Explore
=======

.. explore-page:: explore/curves

.. toctree::
   :hidden:

   /notebooks/explore/curves
"""

REFERENCE = """\
Metrics
=======

.. metrics::

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

ANSWERS = """\
How to read these pages
=======================

Every number is computed from the logs; hover or touch it to see where it comes from. An answer says
how a setting stands to the baseline: better, worse, level, or undecided where the runs cannot tell.
Without a margin in the definition nothing is called level.
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
    "docs/these_logs.rst": THESE_LOGS,
    "docs/explore.rst": EXPLORE,
    "docs/tensorboard_metrics.rst": REFERENCE,
    "docs/guides/own_logs.rst": OWN_LOGS,
    "docs/guides/answers.rst": ANSWERS,
    "docs/guides/log_health.rst": LOG_HEALTH,
    "docs/experiments/.gitkeep": "",
    "notebooks/jupytext.toml": JUPYTEXT,
    "notebooks/these_logs/runs.py": THESE_RUNS,
    "notebooks/explore/curves.py": CURVES,
    "notebooks/tensorboard_metrics/what_the_logs_hold.py": METRICS,
    "tensorboard/.gitkeep": "",
}


def write_project(folder: Path) -> list[str]:
    """Write a project into a new or empty folder, and return what to tell.

    Raises
    ------
    RulkaError
        If there is something in it.
    """
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise RulkaError(f"{folder} is not empty and stays as it is; name a new or empty folder")
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text)
    return [
        f"wrote a project into {folder}",
        "There: make html LOGDIR=path/to/logs, and make experiment NAME=… LOGDIR=path/to/logs",
    ]
