"""Publishing the site: what readers are served is the old site or the new one, whatever happens."""

from __future__ import annotations

import inspect
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from build_tasks import site as publishing
from build_tasks import systems
from build_tasks.site import Site, is_lost, locate_site, publish, put_in_order
from build_tasks.systems import try_to_exchange
from build_tasks.telling import TaskError
from tests.site_of_project import PROJECT


def written(build: Path, version: int) -> Site:
    """Do what a build does: write into the stage and list what belongs to the site."""
    site = locate_site(build)
    for name, text in pages(version).items():
        file = site.stage / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    site.listing.parent.mkdir(parents=True, exist_ok=True)
    site.listing.write_text(json.dumps({"files": sorted(pages(version))}), encoding="utf-8")
    return site


def pages(version: int) -> dict[str, str]:
    """Return the files of a version: pages that say which and differ in number, and a style."""
    names = ["index.html", *(f"docs/page {number}.html" for number in range(1 + version % 3))]
    return dict.fromkeys(names, f"version {version}\n") | {"style.css": "the same\n"}


def content(folder: Path) -> dict[str, str]:
    return {
        file.relative_to(folder).as_posix(): file.read_text(encoding="utf-8")
        for file in folder.rglob("*")
        if file.is_file()
    }


def folders(site: Site) -> set[str]:
    """Return which folders of the site there are, the stage aside."""
    return {path.name for path in site.published.parent.glob("html*")}


@pytest.fixture(params=["in one step", "in two renames"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return how the site is put in its place."""
    chosen: str = request.param
    if chosen == "in two renames":
        monkeypatch.setattr(publishing, "try_to_exchange", lambda one, other: False)
    return chosen


# --- What is published ---------------------------------------------------------------------------


def test_what_is_listed_is_published_and_nothing_else(tmp_path: Path, way: str) -> None:
    site = written(tmp_path, 1)
    (site.stage / "index.js.map").touch()
    publish(site)
    assert content(site.published) == pages(1)
    for version in (1, 3):
        (site.published / "somebody's own").touch()
        written(tmp_path, version)
        publish(site)
        assert content(site.published) == pages(version)
    assert (site.stage / "docs" / "page 1.html").exists(), "Sphinx still has it"
    assert folders(site) == {"html"}


def test_what_is_published_already_is_not_touched(tmp_path: Path, way: str) -> None:
    site = written(tmp_path, 1)
    publish(site)
    index = site.published / "index.html"
    before = site.published.stat(), index.stat()
    publish(site)
    assert (site.published.stat(), index.stat()) == before

    # Built again, with another time but the same bytes.
    os.utime(site.stage / "index.html", ns=(0, 0))
    publish(site)
    assert (site.published.stat(), index.stat()) == before


def test_a_page_whose_bytes_did_not_change_keeps_its_time(tmp_path: Path, way: str) -> None:
    site = written(tmp_path, 1)
    publish(site)
    index, page = site.published / "index.html", site.published / "docs" / "page 0.html"
    time_before = index.stat().st_mtime_ns
    os.utime(site.stage / "index.html", ns=(0, 0))
    changed = site.stage / "docs" / "page 0.html"
    changed.write_text("VERSION 1\n", encoding="utf-8")
    os.utime(changed, ns=(0, page.stat().st_mtime_ns))
    publish(site)
    assert index.stat().st_mtime_ns == time_before
    assert page.read_text(encoding="utf-8") == "VERSION 1\n", "same size, same time, other bytes"


def test_a_published_file_has_one_name(tmp_path: Path, way: str) -> None:
    # GitHub Pages takes no upload in which a file has two.
    for version in (1, 2):
        site = written(tmp_path, version)
        publish(site)
    files = [path for path in site.published.rglob("*") if path.is_file()]
    assert {path.stat().st_nlink for path in files} == {1}


def test_where_files_have_one_name_only_they_are_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(name: Path, file: Path) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    site = written(tmp_path, 1)
    publish(site)
    (site.stage / "index.html").write_text("new", encoding="utf-8")
    publish(site)
    assert content(site.published) == pages(1) | {"index.html": "new"}


def test_the_published_site_shares_no_file_with_the_stage(tmp_path: Path) -> None:
    for version in (4, 1):
        site = written(tmp_path, version)
        publish(site)
    (site.stage / "docs" / "page 1.html").write_text("new", encoding="utf-8")
    publish(site)
    (site.stage / "docs" / "page 1.html").write_text("newer", encoding="utf-8")
    with (site.stage / "index.html").open("a", encoding="utf-8") as page:
        page.write("half a page")
    assert content(site.published) == pages(1) | {"docs/page 1.html": "new"}
    one, other = (folder / "docs" / "page 0.html" for folder in (site.stage, site.published))
    assert one.stat().st_mtime_ns == other.stat().st_mtime_ns


# --- What cannot be published --------------------------------------------------------------------


def forget_listing(site: Site) -> str:
    site.listing.unlink()
    return "site_files.json"


def damage_listing(site: Site) -> str:
    site.listing.write_text('{"files": ["index.', encoding="utf-8")
    return "site_files.json"


def empty_listing(site: Site) -> str:
    site.listing.write_text('{"files": []}', encoding="utf-8")
    return "names no file"


def lose_page(site: Site) -> str:
    (site.stage / "docs" / "page 1.html").unlink()
    return "page 1.html is missing"


def list_what_is_outside(site: Site) -> str:
    site.listing.write_text('{"files": ["index.html", "docs/../../html/x"]}', encoding="utf-8")
    return "which is not in the site"


def list_what_is_absolute(site: Site) -> str:
    site.listing.write_text(json.dumps({"files": [str(site.listing)]}), encoding="utf-8")
    return "which is not in the site"


@pytest.mark.parametrize(
    "break_it",
    [
        forget_listing,
        damage_listing,
        empty_listing,
        lose_page,
        list_what_is_outside,
        list_what_is_absolute,
    ],
)
def test_an_incomplete_site_is_named_with_the_remedy_and_the_old_one_stays(
    tmp_path: Path, break_it: Callable[[Site], str]
) -> None:
    site = written(tmp_path, 1)
    publish(site)
    written(tmp_path, 4)
    message = break_it(site)
    with pytest.raises(TaskError) as caught:
        publish(site)
    assert message in str(caught.value)
    assert "make clean" in str(caught.value)
    assert content(site.published) == pages(1)
    assert folders(site) == {"html"}


def test_a_full_disk_leaves_the_old_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = written(tmp_path, 1)
    publish(site)
    written(tmp_path, 2)
    copy = shutil.copy2

    def full(source: Path, target: Path) -> None:
        if target.name != "index.html":
            raise OSError(28, "No space left on device")
        copy(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copy2", full)
        with pytest.raises(TaskError, match="No space left"):
            publish(site)
    assert content(site.published) == pages(1)
    put_in_order(site)
    assert folders(site) == {"html"}
    publish(site)
    assert content(site.published) == pages(2)


@pytest.mark.skipif(os.name == "nt", reason="symbolic links need a privilege on Windows")
def test_a_link_is_not_replaced(tmp_path: Path) -> None:
    site = written(tmp_path, 1)
    (tmp_path / "elsewhere").mkdir()
    site.published.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(TaskError, match="is a link"):
        publish(site)
    assert site.published.is_symlink()


# --- Programs in the way -------------------------------------------------------------------------


class Refusing:
    """Stands in for Windows: refuses to rename while a program has a folder open."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, refusals: dict[str, int]) -> None:
        self.refusals = refusals
        self.pauses: list[float] = []
        rename = Path.rename

        def refusing(source: Path, target: Path) -> Path:
            what = f"{source.name} to {target.name}"
            if self.refusals.get(what, 0) > 0:
                self.refusals[what] -= 1
                raise PermissionError(13, "Access is denied", str(source))
            # As Windows does; elsewhere an empty folder would be replaced.
            assert not target.exists()
            return rename(source, target)

        monkeypatch.setattr(Path, "rename", refusing)
        monkeypatch.setattr(publishing, "try_to_exchange", lambda one, other: False)
        monkeypatch.setattr(systems, "PAUSES_BEFORE_RENAMING_AGAIN", (0.1, 0.2, 0.4))
        monkeypatch.setattr(time, "sleep", self.pauses.append)


RENAMES = ("html to html.old", "html.new to html", "html.old to html.new")


@pytest.mark.parametrize("what", RENAMES)
def test_a_folder_that_is_in_use_for_a_moment_is_renamed_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    site = written(tmp_path, 1)
    publish(site)
    written(tmp_path, 2)
    windows = Refusing(monkeypatch, {what: 3})
    publish(site)
    assert windows.pauses == [0.1, 0.2, 0.4]
    assert content(site.published) == pages(2)
    assert folders(site) == {"html"}


@pytest.mark.parametrize("what", RENAMES[:2])
def test_a_folder_that_stays_in_use_is_named_and_the_old_site_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    site = written(tmp_path, 1)
    publish(site)
    written(tmp_path, 2)
    windows = Refusing(monkeypatch, {what: 4})
    with pytest.raises(TaskError, match="Close the programs that use this folder") as caught:
        publish(site)
    assert str(tmp_path / what.split()[0]) in str(caught.value)
    assert content(site.published) == pages(1)

    windows.refusals = {}
    put_in_order(site)
    publish(site)
    assert content(site.published) == pages(2)
    assert folders(site) == {"html"}


def test_an_old_site_that_stays_in_use_does_not_hinder_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = written(tmp_path, 1)
    publish(site)
    written(tmp_path, 2)
    windows = Refusing(monkeypatch, {"html.old to html.new": 8})
    publish(site)
    assert content(site.published) == pages(2)
    with pytest.raises(TaskError, match=r"html\.old cannot be renamed"):
        put_in_order(site)
    windows.refusals = {}
    put_in_order(site)
    assert content(site.published) == pages(2)
    assert folders(site) == {"html"}


def test_where_folders_cannot_be_exchanged_this_is_said(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    assert try_to_exchange(tmp_path / "one", tmp_path / "missing") is False
    assert (tmp_path / "one").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="every Linux folder for tests can do this")
def test_folders_are_exchanged_in_one_step(tmp_path: Path) -> None:
    for name in ("größe 1", "größe 2"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    assert try_to_exchange(tmp_path / "größe 1", tmp_path / "größe 2")
    assert (tmp_path / "größe 1" / "größe 2").exists()
    assert (tmp_path / "größe 2" / "größe 1").exists()


# --- Killed --------------------------------------------------------------------------------------


class Killed(BaseException):
    """Stands for a kill: nothing in the program may answer it."""


@pytest.mark.parametrize("moment", range(14))
def test_a_kill_at_every_step_is_mended_by_the_next_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str, moment: int
) -> None:
    site = written(tmp_path, 1)
    publish(site)
    written(tmp_path, 2)
    left = moment

    def killing(step: Callable[..., object]) -> Callable[..., object]:
        def killed_before(*arguments: object, **named: object) -> object:
            nonlocal left
            if left == 0:
                raise Killed
            left -= 1
            return step(*arguments, **named)

        return killed_before

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", killing(Path.rename))
        patch.setattr(publishing, "try_to_exchange", killing(try_to_exchange))
        patch.setattr(shutil, "copy2", killing(shutil.copy2))
        patch.setattr(Path, "hardlink_to", killing(Path.hardlink_to))
        # Half of what is deleted is gone when a kill comes.
        patch.setattr(os, "unlink", killing(os.unlink))
        ended = False
        try:
            publish(site)
            ended = True
        except Killed:
            pass
    if site.published.exists():
        assert content(site.published) in (pages(1), pages(2))
    else:
        assert way == "in two renames"
        assert is_lost(site)
    put_in_order(site)
    assert folders(site) == {"html"}
    assert content(site.published) in ([pages(2)] if ended else [pages(1), pages(2)])
    publish(site)
    assert content(site.published) == pages(2)


def test_half_an_old_site_is_never_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = written(tmp_path, 2)
    publish(site)
    shutil.copytree(site.published, site.old)

    def killed(folder: Path) -> None:
        (folder / "index.html").unlink()
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", killed)
        with pytest.raises(Killed):
            put_in_order(site)
    shutil.rmtree(site.published)
    put_in_order(site)
    assert folders(site) == set()


PUBLISHER = f"""
import itertools, json, sys, time
from pathlib import Path
from build_tasks import site as publishing
from build_tasks.project import Project
from build_tasks.site import Site, hold_build, locate_site, publish

{inspect.getsource(pages)}
{inspect.getsource(written)}
project, published, way = Project(Path(sys.argv[1])), int(sys.argv[2]), sys.argv[3]
if way == "in two renames":
    publishing.try_to_exchange = lambda one, other: False
    rename = publishing.rename
    # Long enough for a kill to come between the two.
    publishing.rename = lambda source, target: (rename(source, target), time.sleep(0.001))
print(published, flush=True)
for version in itertools.count(published + 1):
    with hold_build(project):
        publish(written(project.build, version))
    print(version, flush=True)
"""


def served(folder: Path) -> int | None:
    """Read the whole site as it is at one moment and return its version; None if there is none.

    A reader that has opened the folder sees that one folder, whatever takes its name. Deleted
    while it is read, it is no longer what is served, and the new one is read instead.
    """
    while True:
        try:
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            return None
        try:
            found = {}
            still_served = False
            try:
                for root, _, names, inside in os.fwalk(dir_fd=handle):
                    for name in names:
                        with os.fdopen(os.open(name, os.O_RDONLY, dir_fd=inside)) as file:
                            found[f"{root}/{name}".removeprefix("./")] = file.read()
            except FileNotFoundError:
                found = {}
            # Between two renames there is no folder of that name.
            with suppress(FileNotFoundError):
                still_served = folder.stat().st_ino == os.fstat(handle).st_ino
            if not still_served:
                continue
        finally:
            os.close(handle)
        version = int(found["index.html"].split()[1])
        assert found == pages(version)
        return version


@pytest.mark.skipif(os.name == "nt", reason="kills, and reads folders that are replaced")
def test_fifty_kills_and_the_site_is_always_a_whole_one(tmp_path: Path, way: str) -> None:
    generator = random.Random(20_250_101)
    build = tmp_path / "_build"
    site = locate_site(build)
    publish(written(build, 0))
    seen: list[int | None] = []
    failures: list[BaseException] = []
    ended = threading.Event()

    def read() -> None:
        try:
            while not ended.wait(0.0005):
                seen.append(served(site.published))
        except BaseException as error:
            failures.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    leftovers = set()
    times_lost = 0
    published = 0
    try:
        for kills in range(500):
            # On a busy machine few come after a site was published.
            if kills >= 50 and len(set(seen)) > 10:
                break
            process = subprocess.Popen(
                [sys.executable, "-c", PUBLISHER, tmp_path, str(published), way],
                stdout=subprocess.PIPE,
                text=True,
                env=os.environ | {"PYTHONPATH": str(PROJECT)},
            )
            assert process.stdout is not None
            said = process.stdout.readline()
            assert said, "the publisher ended by itself"
            time.sleep(generator.uniform(0, 0.03))
            process.kill()
            said += process.communicate()[0]
            assert process.returncode == -signal.SIGKILL
            leftovers |= folders(site)
            # What is said to be published is; the next may be, killed before it was said.
            published = int(said.split()[-1])
            if is_lost(site):
                times_lost += 1
                put_in_order(site)
            now = served(site.published)
            assert now is not None
            assert now in (published, published + 1)
            published = now
    finally:
        ended.set()
        reader.join()
    assert not failures, failures[0]
    assert leftovers > {"html"}, "no kill came while a site was being published"
    assert len(set(seen)) > 10, "the reader saw too little"
    assert (times_lost > 0) is (way == "in two renames")
    if way == "in one step":
        assert None not in seen
        assert seen == sorted(version or 0 for version in seen), "an older site came back"

    put_in_order(site)
    publish(written(build, published + 1))
    assert served(site.published) == published + 1
    assert folders(site) == {"html"}
