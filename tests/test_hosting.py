"""The guide on hosting, followed as far as one machine goes: archive, push, clone, build."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from rulka_analysis.logs.archive.index import INDEX
from rulka_analysis.logs.runs import Logs
from tests.site_of_project import copy_parts
from tests.small_site import SmallSite
from tests.test_guides import code_blocks, commands
from tests.training_logs import TrainingRun, write_runs

MOST_BYTES = 20 << 20
LOGS = "~/rulka/tensorboard"
HOSTS = (".gitattributes", ".gitignore", ".readthedocs.yaml", ".github/workflows/pages.yml")
WHO = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "somebody"), ("EMAIL", "somebody@example.org"))
}


def run(command: list[str], folder: Path, **variables: str) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RULKA_")}
    done = subprocess.run(
        command,
        cwd=folder,
        env={**kept, **WHO, "PYTHONPATH": str(folder), **variables},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> SmallSite:
    """Return a project whose author has done what the guide says."""
    folder = tmp_path_factory.mktemp("hosting")
    logs = folder / "logs"
    site = SmallSite.made(folder / "project")
    shutil.move(site.logs, logs)
    write_runs(logs, TrainingRun("uni_5", minutes=10, seed=7))
    copy_parts(site.folder, *HOSTS)
    run(["git", "init", "-q", "--bare", "-b", "main", str(folder / "remote")], folder)
    run(["git", "init", "-q", "-b", "main"], site.folder)
    run(["git", "add", "."], site.folder)
    run(["git", "commit", "-q", "-m", "Begin"], site.folder)
    run(["git", "remote", "add", "origin", str(folder / "remote")], site.folder)
    run(["git", "config", "push.autoSetupRemote", "true"], site.folder)
    for command in commands("host_your_pages"):
        words = shlex.split(command.replace(LOGS, shlex.quote(str(logs))))
        if words[0] == ".venv/bin/rulka-analysis":
            run([sys.executable, "-m", "rulka_analysis", *words[1:]], site.folder)
        elif words[:2] == ["make", "html"]:
            named = "".join(word.removeprefix("LOGDIR=") for word in words[2:])
            if not named.startswith("https://"):
                site.variables = {"RULKA_LOGDIR": named and str(site.folder / named)}
                site.build_well()
        else:
            assert words[0] in ("git", "rm"), command
            run(words, site.folder)
    return site


@pytest.fixture(scope="module")
def clone(followed: SmallSite) -> SmallSite:
    """Return what a host takes from the remote repository, on a system with other line ends."""
    folder = followed.folder.parent / "clone"
    command = ["git", "clone", "-q", "-c", "core.autocrlf=true", str(folder.parent / "remote")]
    run([*command, str(folder)], folder.parent)
    # The package that a notebook of the site imports.
    return SmallSite(folder, {"RULKA_LOGDIR": ""})


def test_the_archive_is_small_and_comes_through_git_whole(
    followed: SmallSite, clone: SmallSite
) -> None:
    ours, theirs = (site.folder / "data" / "our_runs" for site in (followed, clone))
    names = sorted(path.relative_to(ours) for path in ours.rglob("*") if path.is_file())
    assert Path(INDEX) in names
    assert all((ours / name).read_bytes() == (theirs / name).read_bytes() for name in names)
    assert sum((ours / name).stat().st_size for name in names) < MOST_BYTES
    expected = Logs(followed.folder.parent / "logs")
    assert [run.digest for run in Logs(theirs)] == [run.digest for run in expected]


def test_both_hosts_build_the_site_from_a_clone(followed: SmallSite, clone: SmallSite) -> None:
    hosted = yaml.safe_load((clone.folder / ".readthedocs.yaml").read_text(encoding="utf-8"))
    pages = yaml.safe_load((clone.folder / HOSTS[-1]).read_text(encoding="utf-8"))
    steps: list[dict[str, Any]] = pages["jobs"]["build"]["steps"]
    typed = [*hosted["build"]["commands"], *(step["run"] for step in steps if "run" in step)]
    assert typed.count("python tasks.py html") == 2
    clone.build_well()
    output = clone.folder.parent / "output"
    for command in typed:
        if command != "python tasks.py html":
            run(["sh", "-e", "-c", command], clone.folder, READTHEDOCS_OUTPUT=str(output))
    (uploaded,) = (step["with"]["path"] for step in steps if "upload-pages" in step.get("uses", ""))
    for site in (output / "html", clone.folder / uploaded):
        assert "Built from the archive our_runs," in (site / "index.html").read_text("utf-8")
        files = [path for path in site.rglob("*") if path.is_file()]
        assert all(path.stat().st_nlink == 1 and not path.is_symlink() for path in files)
        assert {path.relative_to(site).as_posix() for path in files} >= clone.files().keys()
        assert sum(path.stat().st_size for path in files) < 1e9
    assert {name: data for name, data in clone.files().items() if name.endswith(".svg")} == {
        name: data for name, data in followed.files().items() if name.endswith(".svg")
    }


@pytest.mark.parametrize("package", ["duckdb", "pandas"])
def test_other_programs_read_the_archive(
    followed: SmallSite, package: str, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    pytest.importorskip(package)
    monkeypatch.chdir(followed.folder)
    blocks = [block.astext() for block in code_blocks("host_your_pages")]
    (block,) = (text for text in blocks if text.startswith(f"import {package}"))
    assert len(block.splitlines()) == 3
    exec(compile(block, package, "exec"), {})
    printed = capsys.readouterr().out
    assert all(f"{run}/events" in printed for run in ("first", "second", "third", "uni_5"))
