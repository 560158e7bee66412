"""A number typed in prose is found wherever a reader would meet it, and nothing else is."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rulka_analysis.pages.prose import (
    find_numbers,
    find_typed_in_definition,
    find_typed_numbers,
    list_declared_names,
)
from rulka_analysis.project import domain
from rulka_analysis.values.errors import ExperimentError
from rulka_analysis.values.toml import TomlFile
from tests.site_of_project import PROJECT

DEFINITIONS = [*sorted((PROJECT / "docs" / "experiments").glob("*.toml")), domain().catalogue_file]
VARIANT = domain().variant
NAMES = {
    name
    for file in DEFINITIONS
    for name in list_declared_names(tomllib.loads(file.read_text(encoding="utf-8")), VARIANT)
}


def words(text: str, *names: str) -> list[str]:
    return [found.word for found in find_typed_numbers(text, names)]


# --- What the project says ----------------------------------------------------------------------


@pytest.mark.parametrize("file", DEFINITIONS, ids=lambda file: file.name)
def test_definitions_hold_no_typed_numbers(file: Path) -> None:
    assert find_typed_in_definition(TomlFile(file, ExperimentError), NAMES, VARIANT) == []


def test_the_readme_holds_no_typed_numbers() -> None:
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    no_prose = r"```.*?```|`[^`\n]+`|\]\([^)]*\)|https?://\S+|<!--.*?-->|<[^>]*>"
    assert find_numbers(re.sub(no_prose, " ", text, flags=re.DOTALL), NAMES) == []


# --- The rule -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It took 24.57 s.", ["24.57"]),
        ("2,962.12 against 300.96", ["2,962.12", "300.96"]),
        ("Twice, then half.", []),
        ("``24.57`` and ``a  1`` b 3", ["3"]),
        ("**52 %** lower", ["52"]),
        ("x² and ½ of ٣", ["x²", "½", "٣"]),
        ("the uni_99", ["uni_99"]),
        (":result:`a/b[uni_6, 3]` and 4", ["4"]),
        (":doc:`page 2 </docs/page3>`", ["2"]),
        (":doc:`/docs/page3`", []),
        (":strong:`5 s`", ["5"]),
        ("`6 pages <https://example.org/7>`_, https://example.org/8", ["6"]),
        ("under 9 s `here <x>`_", ["9"]),
        ("{uni_6.best:.2f} s, {{7}}, {8}", ["7", "8"]),
    ],
)
def test_markup_and_nothing_else_makes_a_number_no_prose(text: str, found: list[str]) -> None:
    assert words(text) == found


def test_declared_names_are_allowed_as_whole_words() -> None:
    assert words("uni_5, uni_5_2 (A01): A012, A01.5", "uni_5", "A01") == ["uni_5_2", "A012", "5"]
    assert words("Hock 2 and 2", "Hock 2") == ["2"]
    assert words("24 s", "24") == ["24"], "a name that looks like a number allows none"


def test_says_where_and_in_which_words() -> None:
    (found,) = find_typed_numbers("``5`` of\nthe best times, 24.57 s, of all")
    assert (found.start, found.word) == (25, "24.57")
    assert found.around == "``5`` of the best times, 24.57 s, of all"


@given(
    before=st.lists(st.sampled_from(["word", "``5``", "uni_5", ":result:`a[b, 6]`", "{x1}", "\n"])),
    number=st.from_regex(r"\A[0-9]{1,4}(\.[0-9]{1,2})?\Z"),
    after=st.lists(st.sampled_from(["word", "``7``", "A01", ":doc:`/p8`", "{y2:.2f}", "\n"])),
)
def test_a_number_is_found_among_what_is_allowed(
    before: list[str], number: str, after: list[str]
) -> None:
    text = " ".join([*before, number, *after])
    (found,) = find_typed_numbers(text, {"uni_5", "A01"})
    assert found.word == number
    assert text[found.start :].startswith(number)
    assert find_typed_numbers(" ".join([*before, *after]), {"uni_5", "A01"}) == []
    assert find_numbers(number) != []


DEFINITION = '''\
title = "The 2 settings"   # 2 of them
question = """
Is it 24.57 s,
or not 24.57 s?
"""
baseline = "uni_5"
maps = { A01 = "A01", long = "Map 2" }

[runs.uni_5]
about = "512 once, \\"512\\" twice"
batch = 512
cycle = "4 Hock"

[settings.batch]
title = "Batch"
tag = "Training/q1"

[claims.all]
first = { text = "74 % lower", says = "uni_5 lower on loss by 74 %" }

[sentences.all]
loss = "{by} lower than A01's, 7 times ``8``"
'''


def test_definitions_are_named_by_line() -> None:
    names = list_declared_names(tomllib.loads(DEFINITION), VARIANT)
    definition = TomlFile(Path("a.toml"), ExperimentError, DEFINITION)
    found = find_typed_in_definition(definition, names, VARIANT)
    assert [(line, number.word) for line, number in found] == [
        (1, "2"),
        (3, "24.57"),
        (4, "24.57"),
        (10, "512"),
        (10, "512"),
        (22, "7"),
    ]


# --- The build ----------------------------------------------------------------------------------

CONF = """
extensions = ["myst_nb", "sphinx.ext.autodoc", "computed_words"]
root_doc = "page"
include_patterns = ["*.rst", "*.md", "*.py", "*.ipynb"]
exclude_patterns = ["conf.py"]
nb_execution_mode = "off"
nb_custom_formats = {".py": ["jupytext.reads", {"fmt": "py:percent"}]}
rulka_names = ["Sphinx 9"]
"""
EXTENSION = """
from rulka_analysis.pages.sphinx.collecting import NotesCollector
from rulka_analysis.pages.sphinx.prose import fail_on_typed, setup_typed_numbers
from rulka_analysis.pages.sphinx.rendering import quoted_words


def quoted(name, rawtext, text, lineno, inliner, options=None, content=None):
    return [quoted_words("", text)], []


def pass_over(writer, node):
    pass


def setup(app):
    setup_typed_numbers(app)
    app.add_env_collector(NotesCollector)
    app.connect("env-updated", fail_on_typed)
    app.add_node(quoted_words, html=(pass_over, pass_over))
    app.add_role("result", quoted)
    return {"parallel_read_safe": True}
"""

# What must be found begins with a seven and has three digits; every other number is allowed.
PAGE = """\
Title 701
=========

A paragraph
of lines ``3`` and *emphasis
705*, with `a link 706 <https://example.org/2>`_ and
(A01, uni_5, Sphinx 9) :result:`uni_6 at 4` or
:doc:`words 708 </other>`, :doc:`/page2`, :math:`x^2`, https://example.org/3.

* an item
* and 711
   Term 712
      Definition 713 [1]_

.. list-table:: Caption 715

   * - cell ``5``
     - cell 718

.. image:: picture9.png
   :alt: words 721

.. figure:: picture9.png

   Caption 725

.. code-block:: python
   :caption: Words 728

   batch_size = 512

.. note:: Words 732

.. math:: 2 + 2

.. comment 5

.. raw:: html

   <b>5</b>

.. [1] Words 742

.. toctree::
   :caption: Words 745

   Other 747 <other>
   page2

Subtitle 750
------------

.. include:: included.txt

.. autofunction:: rulka_analysis.pages.prose.find_numbers

1. enumerated
"""
NOTEBOOK = """\
# ---
# title: 5
# ---

# %% [markdown]
# # Title 706
#
# Words `8`, A01 and {doc}`page2`
# or [706](page2.rst) or 707

# %%
print(5)

# %% [markdown]
# - item 715
# ```
# 8
# ```
#
# | a | b |
# |---|---|
# | `1` | 716 |
"""
TOML = """\
title = "Title"
maps = { A01 = "A01" }

[runs.uni_5]
about = "``8`` against 705"
batch = 512
"""
INCLUDED = """\
Included words

   and 731 in a quotation.
"""
PRINTED = [
    {"output_type": "stream", "name": "stdout", "text": "24.57\\n"},
    {
        "output_type": "display_data",
        "metadata": {},
        "data": {"text/markdown": "computed: 24.57", "text/plain": "24.57"},
    },
]
FILES = {
    "page.rst": PAGE,
    "included.txt": INCLUDED,
    "notebook.py": NOTEBOOK,
    "docs/experiments/e.toml": TOML,
    "other.md": "# Other\n\nA `5` and 761\n",
    "page2.rst": "Page\n====\n\nNothing here\n",
    # As many pages as Sphinx reads in parallel.
    **{f"more{n}.rst": f":orphan:\n\nMore\n====\n\nMore: 77{n}\n" for n in range(4)},
}


@dataclass
class Project:
    """A small project of its own, with nothing of ours but the rule."""

    folder: Path

    def write(self, name: str, text: str) -> Path:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def build(self, *options: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", *options]
        search = [str(PROJECT), str(self.folder / "extension")]
        return subprocess.run(
            [*command, str(self.folder), str(self.folder / "_build")],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(search), "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )

    def found(self, *options: str) -> list[tuple[str, int, str]]:
        """Build, and return which numbers the build stopped at: file, line, number."""
        done = self.build(*options)
        if "numbers are typed in prose" not in done.stderr:
            assert done.returncode == 0, done.stderr
            return []
        assert done.returncode != 0
        assert ":result:`experiment/name`" in done.stderr
        named = re.findall(r"^ +(\S+?):(\d+)(?: \(cell \d+\))?: '(.+?)' in '", done.stderr, re.M)
        return [(file, int(line), word) for file, line, word in named]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path / "a project")
    project.write("conf.py", CONF)
    project.write("extension/computed_words.py", EXTENSION)
    for name, text in FILES.items():
        project.write(name, text)
    words = ["# Printed\n", "\n", "781"]
    cells = [
        {"cell_type": "markdown", "id": "a", "metadata": {}, "source": words},
        {
            "cell_type": "code",
            "id": "b",
            "metadata": {},
            "source": "",
            "execution_count": 1,
            "outputs": PRINTED,
        },
    ]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    project.write("printed.ipynb", json.dumps(notebook, indent=1))
    return project


def expected(project: Project) -> set[tuple[str, int, str]]:
    return {
        (file.relative_to(project.folder).as_posix(), line, word)
        for file in project.folder.rglob("*.*")
        if "_build" not in file.parts
        for line, text in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
        for word in re.findall(r"\b7\d\d\b", text)
    }


def test_a_build_names_every_typed_number_and_nothing_else(project: Project) -> None:
    wanted = expected(project)
    assert len(wanted) > 25
    in_parallel = project.found("-j", "2")
    assert in_parallel, project.build().stderr
    assert sorted(in_parallel) == sorted(wanted)
    assert project.found() == in_parallel, "with nothing changed it fails again, in the same words"

    for file in {name for name, _, _ in wanted}:
        text = (project.folder / file).read_text(encoding="utf-8")
        project.write(file, re.sub(r"\b7\d\d\b", "mended", text))
    assert project.found() == []
    page = (project.folder / "_build" / "page.html").read_text(encoding="utf-8")
    assert "uni_6 at 4" in page

    # A name that is no longer declared is a typed number, on pages that did not change, too.
    project.write("docs/experiments/e.toml", 'title = "Title"\n')
    lost = {("page.rst", "A01"), ("page.rst", "uni_5"), ("notebook.py", "A01")}
    assert {(file, word) for file, _, word in project.found()} == lost
    assert {(file, word) for file, _, word in project.found()} == lost
