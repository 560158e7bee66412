"""`make lab` in a real browser: a double click opens a notebook that runs on the right logs."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import shutil
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from build_tasks import targets
from build_tasks.order import Order
from build_tasks.project import Project
from tests.browsing import absent
from tests.site_of_project import PROJECT

NOTEBOOK = """\
# %% [markdown]
# # A title
#
# A sentence.

# %%
import os
import sys

# %% tags=["hide-input"]
print("logs:", os.environ["RULKA_LOGDIR"])
print("python:", sys.executable)
"""

HEADER = """\
# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: {version}
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

"""


@pytest.fixture
def page(request: pytest.FixtureRequest) -> Any:
    """Return a page in a browser of this machine."""
    if importlib.util.find_spec("jupyterlab") is None:
        absent("JupyterLab is not installed (make test installs it)")
    return request.getfixturevalue("browser").new_page()


class Installed(Project):
    """A project in which the Python that runs this test stands in for the one in `.venv`."""

    @property
    def python(self) -> Path:
        return Path(sys.executable)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installed:
    """Return a project in the home of a hostile user."""
    folder = tmp_path / "try out ä"
    (folder / "notebooks" / "one experiment").mkdir(parents=True)
    shutil.copy(PROJECT / "notebooks" / "jupytext.toml", folder / "notebooks")
    monkeypatch.setattr(targets, "prepare", lambda project, order: None)
    home = tmp_path / "home"
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(home))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("JUPYTER_PATH", str(home / "share"))
    kernel = {"argv": ["no-such-python"], "display_name": "Other", "language": "python"}
    viewer = {"defaultViewers": {"python": "Editor"}}
    for path, content in {
        "share/kernels/python3/kernel.json": kernel,
        ".local/share/jupyter/kernels/python3/kernel.json": kernel,
        ".jupyter/lab/user-settings/@jupyterlab/docmanager-extension/plugin.jupyterlab-settings": (
            viewer
        ),
        ".jupyter/jupyter_server_config.json": {
            "ServerApp": {"jpserver_extensions": {"jupyterlab_jupytext": False}}
        },
    }.items():
        file = home / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content), encoding="utf-8")
    (home / "jupytext.toml").write_text('formats = "ipynb,py:percent"\n', encoding="utf-8")
    return Installed(folder)


def _told(runtime: Path) -> dict[str, Any]:
    """Return what JupyterLab tells of itself; empty before it does, and while it writes that."""
    for file in runtime.glob("jpserver-*.json"):
        with contextlib.suppress(json.JSONDecodeError):
            told: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
            return told
    return {}


@pytest.fixture
def address(project: Project, tmp_path: Path) -> Iterator[str]:
    """Run `make lab LOGDIR=…` and return where JupyterLab answers."""
    logs = tmp_path / "my $run"
    logs.mkdir()
    options = ("--no-browser", "--port=0", "--allow-root", "--IdentityProvider.token=secret")
    order = Order("lab", log_directory=logs, passed=options)
    status: list[int] = []
    server = threading.Thread(target=lambda: status.append(targets.open_lab(project, order)))
    server.start()
    runtime = project.environment / "jupyter" / "runtime"
    deadline = time.monotonic() + 60
    while not (found := _told(runtime)):
        assert server.is_alive(), "JupyterLab ended before it answered"
        assert time.monotonic() < deadline, "JupyterLab did not start within a minute"
        time.sleep(0.1)
    url = found["url"]
    yield url
    ending = urllib.request.Request(
        f"{url}api/shutdown", method="POST", headers={"Authorization": "token secret"}
    )
    urllib.request.urlopen(ending).close()
    server.join(timeout=300)
    assert status == [0]


@pytest.mark.parametrize("header", ["", HEADER], ids=["bare", "with a header"])
def test_a_double_click_opens_a_notebook_that_runs(
    page: Any, project: Project, address: str, tmp_path: Path, header: str
) -> None:
    text = header.format(version=version("jupytext")) + NOTEBOOK
    notebook = project.root / "notebooks" / "one experiment" / "first.py"
    notebook.write_bytes(text.encode())
    before = notebook.stat().st_mtime_ns

    page.goto(f"{address}lab?token=secret")
    listing = page.locator(".jp-DirListing-item")
    listing.filter(has_text="one experiment").dblclick()
    listing.filter(has_text="first.py").dblclick()
    page.locator(".jp-NotebookPanel .jp-RenderedMarkdown h1").get_by_text("A title").wait_for()
    assert page.locator(".jp-FileEditor").count() == 0
    page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for()
    assert page.locator("dialog").count() == 0
    assert notebook.stat().st_mtime_ns == before
    assert sorted(file.name for file in notebook.parent.glob("*.*")) == [
        ".ipynb_checkpoints",
        "first.py",
    ]

    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    output = page.locator(".jp-OutputArea-output")
    output.wait_for()
    assert output.inner_text().split("\n")[:2] == [
        f"logs: {tmp_path / 'my $run'}",
        f"python: {project.python}",
    ]

    # What JupyterLab does by itself every two minutes.
    page.keyboard.press("ControlOrMeta+s")
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        # For a moment the file is there and empty.
        saved = notebook.stat().st_mtime_ns != before
        if saved and notebook.read_text(encoding="utf-8") == text:
            break
        time.sleep(0.1)
    assert notebook.stat().st_mtime_ns != before, "not saved"
    assert notebook.read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    "notebook",
    sorted((PROJECT / "notebooks").glob("*/*.py")),
    ids=lambda path: f"{path.parent.name}/{path.name}",
)
def test_saving_a_notebook_as_it_is_changes_nothing(notebook: Path) -> None:
    jupytext = pytest.importorskip("jupytext")
    text = notebook.read_text(encoding="utf-8")
    opened = jupytext.reads(text, {"extension": ".py"})
    # As JupyterLab does when it opens one.
    opened.metadata["kernelspec"] = {
        "display_name": "Python 3",
        "language": "python",
        "name": "python3",
    }
    saved = jupytext.writes(opened, {"extension": ".py", "format_name": "percent"})
    assert saved == text, (
        "JupyterLab would write another header into it. It needs none: delete the lines from the "
        "first '# ---' to the second"
    )
