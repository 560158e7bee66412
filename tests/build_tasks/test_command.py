"""tasks.py makes `.venv` and runs programs in it: the real commands on a small project.

The packages the small project locks are made here, so nothing is downloaded; Sphinx among them is
a program that prints what it was given and writes one page, and a file that belongs to no page.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from build_tasks.systems import locate_python
from rulka_analysis.pages.locks import hold_lock
from tests.site_of_project import TASKS, copy_parts

BACKEND = """\
import os, zipfile
from pathlib import Path

def build_editable(folder, config_settings=None, metadata_directory=None):
    info = "rulka_analysis-0.1.0.dist-info"
    files = {
        # Relative to site-packages, so that the name of the folder is no matter of encoding here.
        "rulka_analysis.pth": "../" * (3 if os.name == "nt" else 4) + "\\n",
        f"{info}/METADATA": "Metadata-Version: 2.1\\nName: rulka-analysis\\nVersion: 0.1.0\\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
        f"{info}/entry_points.txt": "[console_scripts]\\nrulka-analysis = rulka_analysis:main\\n",
    }
    record = "".join(f"{name},,\\n" for name in [*files, f"{info}/RECORD"])
    name = "rulka_analysis-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(Path(folder, name), "w") as wheel:
        for path, content in (files | {f"{info}/RECORD": record}).items():
            wheel.writestr(path, content)
    return name
"""

PYPROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "rulka-analysis"
version = "0.1.0"
dependencies = ["base"]

[project.optional-dependencies]
bench = ["checker"]
fuzz = ["checker"]
html = ["sphinx"]
lab = []
test = ["checker"]
"""

SPHINX = """\
import json, os, pathlib, signal, sys, time
import rulka_analysis

def asked_to_end(*_):
    print("ended when asked", flush=True)
    sys.exit(4)

signal.signal(signal.SIGTERM, asked_to_end)
given = {"arguments": " ".join(sys.argv[1:]), "logs": os.environ.get("RULKA_LOGDIR")}
try:
    print(json.dumps(given), flush=True)
    doctrees, stage = (pathlib.Path(sys.argv[i]) for i in (sys.argv.index("-d") + 1, -1))
    doctrees.mkdir(parents=True, exist_ok=True)
    (doctrees / "site_files.json").unlink(missing_ok=True)
    stage.mkdir(parents=True, exist_ok=True)
    (stage / "index.html").write_text(" ".join(sys.argv[1:]))
    (stage / "index.js.map").touch()
    if "wait" in sys.argv:
        time.sleep(60)
    if "fail" not in sys.argv and "forget" not in sys.argv:
        (doctrees / "site_files.json").write_text(json.dumps({"files": ["index.html"]}))
except KeyboardInterrupt:
    print("ended in its own way", flush=True)
    sys.exit(2)
sys.exit(3 if "fail" in sys.argv else 0)
"""


@dataclass
class Project:
    """A small project with the real tasks.py, and a folder of packages in place of an index."""

    folder: Path
    packages: Path

    def package(self, name: str, version: str, files: dict[str, str] | None = None) -> str:
        """Make a package and return its entry for the lock."""
        info = f"{name}-{version}.dist-info"
        content = dict(files or {f"{name}.py": f"version = {version!r}\n"})
        content[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        content[f"{info}/WHEEL"] = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        lines = [f"{info}/RECORD,,"]
        for path, text in content.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
            lines.append(f"{path},sha256={digest.decode().rstrip('=')},{len(text.encode())}")
        file = self.packages / f"{name}-{version}-py3-none-any.whl"
        with zipfile.ZipFile(file, "w") as wheel:
            for path, text in content.items():
                # Without the time of day: the same package is the same bytes.
                wheel.writestr(zipfile.ZipInfo(path), text)
            wheel.writestr(zipfile.ZipInfo(f"{info}/RECORD"), "\n".join(lines) + "\n")
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        return (
            f"{name}=={version} \\\n    --hash=sha256:{digest}\n"
            "    # via rulka-analysis (pyproject.toml)\n"
        )

    def lock(self, *entries: str) -> None:
        (self.folder / "requirements.lock").write_text("".join(entries), encoding="utf-8")

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        given = {name: value for name, value in os.environ.items() if name not in ("LOGDIR", "CI")}
        given |= {
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.packages),
            "PIP_CONFIG_FILE": os.devnull,
            "PYTHONPATH": "",
        }
        return subprocess.Popen(
            [sys.executable, self.folder / "tasks.py", *arguments],
            cwd=self.folder.parent,
            env=given | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=os.name != "nt",
        )

    def run(self, *arguments: str, **environment: str) -> tuple[int, str, str]:
        """Return the exit status, standard output and standard error of a command."""
        process = self.start(*arguments, **environment)
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err

    @property
    def page(self) -> Path:
        return self.folder / "_build" / "html" / "index.html"

    def installed(self) -> set[str]:
        stamp = json.loads((self.folder / ".venv" / "installed.json").read_text(encoding="utf-8"))
        assert stamp["finished"]
        found = next((self.folder / ".venv").glob("[Ll]ib/**/site-packages"))
        return {folder.name.removesuffix(".dist-info") for folder in found.glob("*.dist-info")}


def stamp_of(project: Project) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(
        (project.folder / ".venv" / "installed.json").read_text(encoding="utf-8")
    )
    return content


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a project in which `html` has run once. Every command mends what a test left."""
    root = tmp_path_factory.mktemp("installation")
    # What a path can hold that shells, shebangs and encodings trip over.
    project = Project(root / "try out ä", root / "packages")
    project.packages.mkdir()
    copy_parts(project.folder, *TASKS)
    # Only the way to the locks: what the package offers is no matter here.
    (project.folder / "rulka_analysis" / "__init__.py").write_text("", encoding="utf-8")
    (project.folder / "backend.py").write_text(BACKEND, encoding="utf-8")
    (project.folder / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    project.lock(*standard(project))
    status, _, err = project.run("html")
    assert (status, "Installing what html needs" in err) == (0, True), err
    return project


def standard(project: Project) -> list[str]:
    return [
        project.package("base", "1.0"),
        project.package("checker", "1.0"),
        project.package("sphinx", "9.0", {"sphinx/__main__.py": SPHINX, "sphinx/__init__.py": ""}),
    ]


@pytest.fixture
def project(built: Project) -> Project:
    """Return the project with everything as it was after the first build."""
    built.lock(*standard(built))
    status, _, err = built.run("html")
    assert status == 0, err
    return built


def test_html_gives_sphinx_the_log_directory_and_nobody_a_shell(project: Project) -> None:
    logs = project.folder.parent / "my $run"
    logs.mkdir(exist_ok=True)
    status, out, err = project.run("html", "LOGDIR=my $run")
    assert json.loads(out) == {
        "arguments": "-W --keep-going -b html -d _build/doctrees/html . _build/stage",
        "logs": str(logs),
    }
    assert status == 0
    assert err.splitlines()[-1] == f"The pages: {project.page}"
    assert project.page.read_text(encoding="utf-8") == json.loads(out)["arguments"]
    assert list(project.page.parent.iterdir()) == [project.page]


def test_a_failed_build_has_the_status_of_sphinx_and_leaves_the_site(project: Project) -> None:
    before = project.page.read_bytes(), project.page.stat()
    status, _, err = project.run("html", "--", "fail")
    assert status == 3
    assert err == f"The site of the last good build is still there: {project.page}\n"
    assert (project.page.read_bytes(), project.page.stat()) == before


def test_a_build_that_lists_no_files_publishes_nothing(project: Project) -> None:
    before = project.page.read_bytes()
    status, _, err = project.run("html", "--", "forget")
    assert status == 1
    first, *_, last = err.splitlines()
    assert first.startswith("error: which files belong to the site is not known")
    assert "site_files.json" in first
    assert "make clean" in first
    assert last == f"The site of the last good build is still there: {project.page}"
    assert project.page.read_bytes() == before


def test_any_command_brings_back_a_site_that_a_kill_took(project: Project) -> None:
    build = project.folder / "_build"
    (build / "html").rename(build / "html.old")
    (build / "html.new").mkdir()
    status, out, err = project.run("help")
    assert (status, out.startswith("python tasks.py")) == (0, True)
    assert err == (
        f"A command was killed while it replaced {build / 'html'}; the old site is back.\n"
    )
    assert project.page.is_file()
    assert list(build.glob("html*")) == [build / "html"]


@pytest.mark.parametrize("second", ["html", "linkcheck", "clean"])
def test_a_command_waits_for_the_build_that_is_running(project: Project, second: str) -> None:
    with hold_lock(project.folder / "_build" / ".lock", waiting=print):
        process = project.start(second)
        assert process.stderr is not None
        line = process.stderr.readline()
        assert f"(process {os.getpid()}) holds" in line
        assert "waiting for it to finish" in line
        assert process.poll() is None
        assert project.page.exists()
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert project.page.exists() is (second != "clean")


def test_when_nothing_changed_nothing_is_installed(project: Project) -> None:
    # Without packages every attempt to install fails.
    status, _, err = project.run("linkcheck", PIP_FIND_LINKS=os.devnull)
    assert (status, err) == (0, "")


def test_only_what_a_target_needs_is_installed(project: Project) -> None:
    before = project.installed()
    assert {"base-1.0", "sphinx-9.0", "rulka_analysis-0.1.0"} <= before
    project.run("bench")
    (project.folder / "bench").mkdir(exist_ok=True)
    (project.folder / "bench" / "nothing.py").write_text("", encoding="utf-8")
    status, _, err = project.run("bench")
    assert (status, "more is needed: bench" in err) == (0, True), err
    assert project.installed() == before | {"checker-1.0"}


def test_a_changed_lock_is_followed_and_leaves_nothing_behind(project: Project) -> None:
    base, checker, sphinx = standard(project)
    needs_more = project.package("more", "1.0").replace("rulka-analysis (pyproject.toml)", "base")
    project.lock(base, checker, sphinx, needs_more)
    _, _, err = project.run("html")
    assert "requirements.lock changed" in err
    assert "more-1.0" in project.installed()

    project.lock(project.package("base", "2.0"), checker, sphinx)
    project.run("html")
    assert "base-2.0" in project.installed()
    assert {"base-1.0", "more-1.0"}.isdisjoint(project.installed())


def test_what_somebody_replaced_is_put_back_and_their_own_is_left(project: Project) -> None:
    own = project.package("somebodys", "1.0").split(" ")[0]
    project.package("base", "0.5")
    python = locate_python(project.folder / ".venv")
    pip = [python, "-m", "pip", "install", "--quiet", "--no-index", "base==0.5", own]
    subprocess.run([*pip, "--find-links", project.packages], check=True)
    assert "base-0.5" in project.installed()
    _, _, err = project.run("html")
    assert "base-1.0 was removed or replaced" in err
    assert {"base-1.0", "somebodys-1.0"} <= project.installed()
    subprocess.run([python, "-m", "pip", "uninstall", "--quiet", "-y", "somebodys"], check=True)
    assert "Installing" not in project.run("html")[2]


def test_a_failed_installation_is_explained_and_loses_nothing(project: Project) -> None:
    base, checker, sphinx = standard(project)
    before = project.installed()
    project.lock(base, checker, sphinx.replace("9.0", "9.7"))
    status, out, err = project.run("html")
    assert (status, out) == (1, "")
    assert "there is no ready package for this Python" in err
    assert "No matching distribution found for sphinx==9.7" in err
    assert project.installed() == before

    # Back to the lock that is installed: there is nothing to do.
    project.lock(base, checker, sphinx)
    assert project.run("html", PIP_FIND_LINKS=os.devnull)[0] == 0


def test_a_package_that_is_not_the_locked_one_is_refused(project: Project) -> None:
    base, checker, sphinx = standard(project)
    other = "0" if "sha256:1" in base else "1"
    start = base.index("sha256:") + len("sha256:")
    project.lock(
        base.replace("1.0", "1.1")[:start] + other * 64 + base[start + 64 :], checker, sphinx
    )
    project.package("base", "1.1")
    status, _, err = project.run("html")
    assert status == 1
    assert "what was downloaded is not what requirements.lock describes" in err


@pytest.mark.skipif(os.name == "nt", reason="kills a group of processes")
def test_a_killed_installation_is_seen_and_done_again(project: Project) -> None:
    project.lock(*standard(project), project.package("another", "1.0"))
    process = project.start("html")
    while stamp_of(project)["finished"]:
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()

    status, _, err = project.run("html")
    assert (status, "an installation was interrupted" in err) == (0, True), err


def test_a_second_command_waits_for_the_first(project: Project) -> None:
    base, checker, sphinx = standard(project)
    project.lock(base, checker, sphinx, "\n")
    before = stamp_of(project)
    with hold_lock(project.folder / ".venv.lock", waiting=print):
        process = project.start("html")
        assert process.stderr is not None
        assert "waiting for it to finish" in process.stderr.readline()
        time.sleep(0.5)
        assert stamp_of(project) == before
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "Installed in" in err


@pytest.mark.skipif(os.name == "nt", reason="a group of processes gets Ctrl-C")
def test_ctrl_c_lets_the_program_end_and_gives_130(project: Project) -> None:
    process = project.start("html", "--", "wait")
    assert process.stdout is not None
    process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out == "ended in its own way\n"
    assert err == "interrupted\n"


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGTERM")
def test_a_command_that_is_ended_ends_its_program(project: Project) -> None:
    process = project.start("html", "--", "wait")
    assert process.stdout is not None
    process.stdout.readline()
    process.terminate()
    # Standard output closes only when the program is gone, too.
    out, err = process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGTERM
    assert (out, err) == ("ended when asked\n", "")


def test_a_log_directory_that_does_not_exist_stops_before_anything_is_installed(
    project: Project,
) -> None:
    fresh = Project(project.folder.with_name("fresh"), project.packages)
    shutil.copytree(project.folder, fresh.folder, ignore=shutil.ignore_patterns(".venv*"))
    status, _, err = fresh.run("html", "LOGDIR=nowhere")
    assert status == 1
    assert "there is no folder" in err
    assert not list(fresh.folder.glob(".venv*"))


def test_without_logdir_the_package_says_which_directory_is_in_effect(project: Project) -> None:
    package = project.folder / "rulka_analysis"
    (package / "values").mkdir()
    (package / "values" / "errors.py").write_text(
        "class RulkaError(Exception): pass\n", encoding="utf-8"
    )
    opening = """\
        from types import SimpleNamespace
        from rulka_analysis.values.errors import RulkaError
        def open_logs():
            print("writing the bundled logs")
            return SimpleNamespace(path="/größe")
        """
    module = package / "project.py"
    module.write_text(textwrap.dedent(opening), encoding="utf-8")
    assert project.run("logdir", PYTHONIOENCODING="utf-8") == (0, str(Path("/größe")) + "\n", "")
    failing = textwrap.dedent(opening).replace("print(", "raise RulkaError(")
    module.write_text(failing, encoding="utf-8")
    status, out, err = project.run("logdir")
    assert (status, out) == (1, "")
    assert "error: writing the bundled logs" in err


@pytest.mark.skipif(os.name == "nt", reason="a copied environment has other paths on Windows")
def test_a_copied_project_gets_an_environment_of_its_own(project: Project) -> None:
    copy = Project(project.folder.with_name("copy"), project.packages)
    shutil.copytree(project.folder, copy.folder, symlinks=True)
    status, _, err = copy.run("html")
    assert (status, "moved or copied" in err) == (0, True), err
    assert stamp_of(copy)["project"] == str(copy.folder)
    assert stamp_of(project)["project"] == str(project.folder)
