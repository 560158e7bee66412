"""Sphinx configuration; each setting that is not obvious carries its reason."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

project = "Rulka experiments"
author = "Rulka authors"
# No year: it would change the pages without any change of the inputs.
project_copyright = "Rulka authors"
# Names of runs and tags are shown as they are: `--` in one is no dash.
smartquotes = False

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "rulka_analysis.pages.sphinx",
]

# The source directory is the project; a wider pattern would execute and publish any stray .py.
root_doc = "index"
include_patterns = ["index.rst", "docs/**.rst", "notebooks/**.py"]
# Folders that are not searched at all: they hold many files and no page.
exclude_patterns = [".venv", "_build", "tensorboard", "**.ipynb_checkpoints"]

# Notebooks are executed by rulka_analysis.pages.sphinx, which knows what they read; myst-nb only
# renders them.
nb_execution_mode = "off"
nb_custom_formats = {".py": ["rulka_analysis.pages.sphinx.read_notebook", {}]}
# Results in notebook outputs are quoted with the same directive as on other pages.
nb_render_markdown_format = "myst"
# Nothing is loaded from another host.
nb_ipywidgets_js = {}
myst_heading_anchors = 3
# `make html JOBS=n`; one a processor otherwise.
rulka_jobs = int(os.environ.get("RULKA_JOBS", "0"))

nitpicky = True
nitpick_ignore_regex = [("py:.*", r".*")]

autodoc_typehints = "none"
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_rtype = False

html_theme = "pydata_sphinx_theme"
html_static_path = ["rulka_analysis/pages/static"]
html_title = "Rulka experiments"
html_show_sourcelink = True
html_copy_source = True
html_show_copyright = False
html_last_updated_fmt = None
templates_path = ["rulka_analysis/pages/templates"]
# Wide tables and figures need the room: one sidebar at most, and of an experiment all its pages.
html_sidebars = {
    "index": [],
    "docs/about_this_build": [],
    "docs/api/**": ["sidebar-nav-bs"],
    "docs/experiments/**": ["experiment-pages"],
    "docs/explore": [],
    "docs/guides/**": ["sidebar-nav-bs"],
    "docs/these_logs": [],
    "docs/tensorboard_metrics": [],
    "notebooks/**": ["experiment-pages"],
}
html_theme_options = {
    # The pages of an experiment follow each other; others do not.
    "show_prev_next": False,
    "article_footer_items": ["previous-next"],
    "navbar_align": "left",
    "navbar_center": ["top-bar"],
    "show_toc_level": 2,
    "footer_start": [],
    "footer_center": [],
    "footer_end": [],
    "secondary_sidebar_items": {
        page: ["page-toc", "notebook-download"]
        for page in ("index", "docs/*", "docs/guides/**", "docs/api/**", "notebooks/**")
    },
}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
