"""A disk that is full stops a build in plain words, and what it left half done is not believed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.small_site import SmallSite

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="fills disks as Linux lets one")


@dataclass
class Crammed(SmallSite):
    """A site that may write no file longer than this: where nobody may mount a small disk."""

    blocks: int = 0

    def command(self) -> list[str]:
        limit = f'ulimit -f {self.blocks}; exec "$@"'
        return ["sh", "-c", limit, "sh", *super().command()] if self.blocks else super().command()


@contextmanager
def only(site: Crammed, kilobytes: int) -> Iterator[None]:
    """Leave so much room to the build folder; inside, what was written stays."""
    build = site.folder / "_build"
    build.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(build)]
    mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    # A block is one of 512 bytes for some shells and of 1024 for others.
    site.blocks = 0 if mounted else kilobytes // 10
    try:
        yield
    finally:
        if mounted:
            subprocess.run(["umount", str(build)], check=True)


def make_room(site: Crammed) -> None:
    if not site.blocks:
        build = str(site.folder / "_build")
        subprocess.run(["mount", "-o", "remount,size=100m", build], check=True)
    site.blocks = 0


# At the first line, while notebooks are kept, while pages are written.
@pytest.mark.parametrize(
    "kilobytes",
    [pytest.param(8, marks=pytest.mark.long), 100, pytest.param(1000, marks=pytest.mark.long)],
)
def test_a_full_disk(small_site: SmallSite, tmp_path: Path, kilobytes: int) -> None:
    made = SmallSite.made(tmp_path / "a site")
    site = Crammed(made.folder)
    with only(site, kilobytes):
        done = site.build()
        assert done.returncode != 0
        told = done.stderr[done.stderr.index("The build stopped: ") :]
        assert "the disk is full" in told or "File too large" in told
        assert "The site of the last good build stays as it is" in told
        assert "build again" in told
        for foreign in ("Traceback", "report this error", "issue tracker", "<function", " at 0x"):
            assert foreign not in done.stdout + done.stderr
        make_room(site)
        site.build_well()
        assert site.last_build["outcome"] == "succeeded"
        assert site.files() == small_site.files()
