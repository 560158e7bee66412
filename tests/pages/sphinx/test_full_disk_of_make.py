"""A disk that is full in the middle of a build: told in our words, and the last good site stays."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pages.sphinx.test_served_site import ServedSite
from tests.small_site import SmallSite

ROOM = 64 * 1024


class Disk:
    """A file system in memory, whose size can be changed while it is used."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def mount(self) -> None:
        self._mount("-t", "tmpfs", "-o", f"size={ROOM}k", "tmpfs", str(self.folder))

    def leave(self, kilobytes: int | None) -> None:
        """Leave that much room beside what is in it; all there is for None."""
        used = shutil.disk_usage(self.folder).used // 1024
        size = ROOM if kilobytes is None else used + kilobytes
        self._mount("-o", f"remount,size={size}k", str(self.folder))

    def _mount(self, *arguments: str) -> None:
        subprocess.run(["mount", *arguments], check=True, capture_output=True)

    def unmount(self) -> None:
        subprocess.run(["umount", "-l", str(self.folder)], check=True, capture_output=True)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> ServedSite:
    made = SmallSite.made(tmp_path_factory.mktemp("full") / "a site")
    # The command hands no PYTHONPATH on, where a package of this site is.
    made.replace("notebooks/small/second.py", "import helpful\n", "")
    made.replace("notebooks/small/second.py", "helpful.WORD", "'said'")
    return ServedSite(made.folder)


@pytest.fixture(scope="module")
def disk(site: ServedSite) -> Iterator[Disk]:
    build = site.folder / "_build"
    build.mkdir()
    disk = Disk(build)
    try:
        disk.mount()
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this system lets nobody mount a file system here")
    status, printed = site.make(site.logs)
    assert status == 0, printed
    yield disk
    disk.unmount()


def told_in_our_words(printed: str) -> None:
    for foreign in ("report this", "Handler <", "Traceback", "sphinx-err"):
        assert foreign not in printed, printed


LONG = [0, 8, 40, 60, 100, 300, 600, 1000, 2000, 3000, 4500]


@pytest.mark.parametrize(
    "kilobytes",
    [160, *(pytest.param(kilobytes, marks=pytest.mark.long) for kilobytes in LONG)],
)
def test_a_full_disk_under_make_is_told_and_the_last_good_site_stays(
    site: ServedSite, disk: Disk, kilobytes: int
) -> None:
    before = site.served()
    site.append("first", 0.1 + kilobytes / 1000)
    shutil.rmtree(site.folder / "_build" / "doctrees")
    shutil.rmtree(site.folder / "_build" / "stage")
    disk.leave(kilobytes)
    status, printed = site.make(site.logs)
    told_in_our_words(printed)
    if status != 0:
        assert "No space left" in printed or "the disk is full" in printed, printed
        assert "ake room" in printed
        assert "The site of the last good build is still there" in printed
        assert site.served() == before
    else:
        assert kilobytes > 2000
    disk.leave(None)
    status, printed = site.make(site.logs)
    assert status == 0, printed
    assert site.served() != before


LIMITED = """
import resource, sys
limit = int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
import os
os.execv(sys.executable, [sys.executable, "-m", "sphinx", *sys.argv[1:]])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
@pytest.mark.parametrize(
    "limit", [3_000, *(pytest.param(n, marks=pytest.mark.long) for n in (700, 20_000, 30_000))]
)
def test_a_file_that_cannot_be_written_whole_is_told(
    small_site: SmallSite, tmp_path: Path, limit: int
) -> None:
    site = small_site.copied_to(tmp_path / "a site")
    before = site.files()
    shutil.rmtree(site.folder / "_build" / "doctrees")
    command = site.command()
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(limit), *command[3:]],
        cwd=site.folder,
        env=site.environment(None),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )
    assert done.returncode != 0
    told_in_our_words(done.stderr)
    assert "File too large" in done.stderr
    site.build_well()
    assert site.files() == before
