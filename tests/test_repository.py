"""What holds for the files of the project, whatever the code does."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from build_tasks.order import SETTINGS
from build_tasks.project import Project
from build_tasks.requirements import (
    list_requirements,
    normalise,
    read_declaration,
    read_pins,
    select_pins,
)
from build_tasks.targets import TARGETS
from tests.site_of_project import PROJECT as ROOT

LOCK = Project(ROOT).requirements.read_text(encoding="utf-8")
DECLARED = read_declaration(Project(ROOT))
PINS = read_pins(LOCK)

# Made by programs, or the user's own.
NOT_OURS = {"_build", "build", "tensorboard", "node_modules", "__pycache__"}


def files() -> Iterator[Path]:
    """Return every file that is kept under version control."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [
            name
            for name in folders
            if name not in NOT_OURS
            and not name.endswith(".egg-info")
            and (not name.startswith(".") or name in (".ci", ".github"))
        ]
        for name in names:
            if name not in (".venv.lock", ".coverage"):
                yield Path(folder, name)


def texts() -> Iterator[tuple[str, str]]:
    for file in files():
        try:
            yield file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def test_nothing_is_kept_that_is_ignored() -> None:
    """What a program made once, such as an environment, would replace everybody's."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is no clone")
    git = ["git", "-C", str(ROOT), "ls-files", "--cached", "--ignored", "--exclude-standard"]
    done = subprocess.run(git, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(done.stderr)
    assert done.stdout.split() == []


def pinned() -> dict[str, str]:
    versions = {}
    for pin in PINS:
        match = re.match(r"\S+?==(\S+)", pin.lines[0])
        assert match, f"{pin.name} is not pinned to a version"
        versions[pin.name] = match[1]
    return versions


def test_the_lock_holds_names_versions_and_digests_only() -> None:
    entry = re.compile(r"[a-z0-9][a-z0-9.-]*(\[[a-z0-9,-]+\])?==[a-z0-9.+!]+( ; [^\\]+)? \\")
    digest = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")
    for line in LOCK.splitlines():
        if not line.lstrip().startswith("#"):
            assert entry.fullmatch(line) or digest.fullmatch(line), line
    assert "://" not in LOCK


def test_every_locked_package_has_a_digest_and_one_version_for_all() -> None:
    assert all(any("--hash" in line for line in pin.lines) for pin in PINS)
    names = [pin.name for pin in PINS]
    assert len(names) == len(set(names))


def test_the_lock_fits_what_pyproject_asks_for() -> None:
    versions = pinned()
    asked = list_requirements(DECLARED, DECLARED["project"]["optional-dependencies"])
    for text in asked:
        requirement = Requirement(text)
        name = normalise(requirement.name)
        assert name in versions, f"{text}: run python tasks.py lock"
        assert requirement.specifier.contains(versions[name]), f"{text}: {versions[name]}"
    needless = {pin.name for pin in PINS} - {pin.name for pin in select_pins(PINS, asked)}
    assert not needless, "nobody asks for these any more: run python tasks.py lock"


def test_the_lock_keeps_to_the_versions_known_to_work_together() -> None:
    versions = pinned()
    for text in DECLARED["tool"]["uv"]["constraint-dependencies"]:
        requirement = Requirement(text)
        name = normalise(requirement.name)
        assert requirement.specifier.contains(versions.get(name, text.split("==")[1])), text


def test_every_extra_that_a_target_installs_exists() -> None:
    known = set(DECLARED["project"]["optional-dependencies"])
    for name, target in TARGETS.items():
        assert known.issuperset(target.extras or ()), name


def test_make_offers_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    offered = re.search(r"^TARGETS := (.*)$", makefile, re.MULTILINE)
    assert offered
    assert offered[1].split() == list(TARGETS)


def test_make_hands_on_every_setting() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    handed_on = re.search(r"foreach setting,([A-Z ]+),", makefile)
    assert handed_on
    assert handed_on[1].split() == list(SETTINGS)


def test_no_package_registry_is_named() -> None:
    # In two parts, or this file would name them.
    registries = [
        first + "." + second
        for first, second in (
            ("pypi", "org"),
            ("pythonhosted", "org"),
            ("anaconda", "org"),
            ("npmjs", "org"),
            ("npmjs", "com"),
            ("jsdelivr", "net"),
        )
    ]
    found = [
        f"{name} names {registry}"
        for name, text in texts()
        for registry in registries
        if registry in text
    ]
    assert not found


def test_lines_end_as_each_system_needs_it() -> None:
    wrong = [
        file.relative_to(ROOT).as_posix()
        for file in files()
        if file.suffix in {".py", ".toml", ".lock", ".csv", ".rst", ".md", ".yml", ""}
        and b"\r" in file.read_bytes()
    ]
    assert not wrong
    batch = (ROOT / "make.bat").read_bytes()
    assert batch.count(b"\n") == batch.count(b"\r\n") > 0


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permission")
def test_the_script_for_ci_can_be_run() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_workflows_take_actions_by_commit() -> None:
    # A tag can be moved to other code; the commit it pointed to cannot.
    by_commit = re.compile(r"[\w-]+/[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)*")
    used = [
        use
        for file in (ROOT / ".github" / "workflows").glob("*.yml")
        for use in re.findall(r"uses: (.+)", file.read_text(encoding="utf-8"))
    ]
    assert used
    assert not [use for use in used if not by_commit.fullmatch(use)]


def test_what_hosts_are_handed_is_a_copy_without_links() -> None:
    files = [ROOT / ".readthedocs.yaml", *(ROOT / ".github" / "workflows").glob("*.yml")]
    for file in files:
        text = file.read_text(encoding="utf-8")
        # `cp -r` gives every name a file of its own, `-a` and `-d` keep hard links.
        for copy in re.findall(r"\bcp (-\S+) _build/html", text):
            assert copy in ("-r", "-R"), file
        assert "path: _build/html" not in text, f"{file}: upload a copy"
