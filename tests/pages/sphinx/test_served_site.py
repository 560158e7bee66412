"""What ``make html`` leaves to be served is the last good site, whole, whatever happens."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.site_of_project import PROJECT
from tests.small_site import SmallSite
from tests.training_logs import TrainingRun, write_run

# The real command on another project, in the environment of the tests.
MAKE_HTML = """
import sys
from pathlib import Path

sys.path.insert(0, sys.argv[1])
from build_tasks import targets
from build_tasks.command import main
from build_tasks.project import Project

class Installed(Project):
    python = Path(sys.executable)

targets.prepare = lambda project, order: None
sys.exit(main(Installed(Path(sys.argv[2])), ["html", "LOGDIR=" + sys.argv[3]]))
"""

Served = dict[str, bytes]


class ServedSite(SmallSite):
    """A small site that is built by the command people type."""

    def started(self, logs: Path) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", MAKE_HTML, str(PROJECT), str(self.folder), str(logs)],
            cwd=self.folder,
            env=self.environment(logs),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )

    def make(self, logs: Path) -> tuple[int, str]:
        process = self.started(logs)
        printed, _ = process.communicate()
        return process.returncode, printed

    def served(self) -> Served:
        """Return every file that is served, by path."""
        return {
            path.relative_to(self.html).as_posix(): path.read_bytes()
            for path in sorted(self.html.rglob("*"))
            if path.is_file()
        }


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> ServedSite:
    made = SmallSite.made(tmp_path_factory.mktemp("served") / "a site")
    # The command hands no PYTHONPATH on, where a package of this site is.
    made.replace("notebooks/small/second.py", "import helpful\n", "")
    made.replace("notebooks/small/second.py", "helpful.WORD", "'said'")
    return ServedSite(made.folder)


@pytest.fixture(scope="module")
def other_logs(site: ServedSite, tmp_path_factory: pytest.TempPathFactory) -> Path:
    logs = tmp_path_factory.mktemp("logs") / "logs"
    shutil.copytree(site.logs, logs)
    shutil.rmtree(logs / "first")
    write_run(logs, TrainingRun("first", minutes=8, seed=5, loss=0.9))
    return logs


def test_only_a_good_build_is_published_and_all_of_it(site: ServedSite, other_logs: Path) -> None:
    status, printed = site.make(site.logs)
    assert status == 0, printed
    first = site.served()
    assert first.keys() == site.files().keys()
    assert not [name for name in first if name.endswith(".map")]
    assert (site.folder / "_build" / "stage" / ".buildinfo").is_file()
    assert ".buildinfo" not in first, "nothing that is not listed"

    # Nothing changed: not even touched.
    index = (site.html / "index.html").stat()
    status, printed = site.make(site.logs)
    assert status == 0, printed
    again = (site.html / "index.html").stat()
    assert (again.st_ino, again.st_mtime_ns) == (index.st_ino, index.st_mtime_ns)

    # A build that fails leaves the last good site, and says so.
    site.replace("docs/other.rst", "small/second", "small/secnod")
    status, printed = site.make(other_logs)
    site.replace("docs/other.rst", "small/secnod", "small/second")
    assert status != 0
    assert "no notebook published 'small/secnod'" in printed
    assert "The site of the last good build is still there" in printed
    assert site.served() == first

    # A page that goes takes its files with it.
    (site.folder / "docs" / "plain.rst").rename(site.folder / "plain")
    site.replace("index.rst", "   docs/plain\n", "")
    status, printed = site.make(site.logs)
    assert status == 0, printed
    assert "docs/plain.html" not in site.served()
    assert (site.folder / "_build" / "stage" / "docs" / "plain.html").is_file()
    (site.folder / "plain").rename(site.folder / "docs" / "plain.rst")
    site.replace("index.rst", "   docs/other\n", "   docs/other\n   docs/plain\n")
    status, printed = site.make(site.logs)
    assert status == 0, printed
    assert site.served() == first


@pytest.mark.long
def test_killed_at_any_moment_what_is_served_is_whole_and_the_next_build_is_right(
    site: ServedSite, other_logs: Path
) -> None:
    logs = [site.logs, other_logs]
    right: list[Served] = []
    took = 0.0
    for directory in logs:
        shutil.rmtree(site.folder / "_build" / "executed", ignore_errors=True)
        started = time.monotonic()
        status, printed = site.make(directory)
        assert status == 0, printed
        took = time.monotonic() - started
        right.append(site.served())
    assert right[0] != right[1]
    # Many more by hand: RULKA_KILLS=50.
    kills = int(os.environ.get("RULKA_KILLS", "3"))
    moments = random.Random(kills)
    there = 1
    for number in range(kills):
        # Every other time there are notebooks to execute; otherwise most of a build is writing.
        if number % 2:
            shutil.rmtree(site.folder / "_build" / "executed")
        process = site.started(logs[1 - there])
        time.sleep(moments.uniform(0.0, took if number % 2 else took / 2))
        with_children = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
        served = site.served()
        assert served in right, f"kill {number} of {kills}: half a site is served"
        there = right.index(served)
        _, left = psutil.wait_procs(with_children, timeout=20)
        assert left == [], "kernels end with the build"

        # To the state that is not served, so that there is something to build.
        status, printed = site.make(logs[1 - there])
        assert status == 0, printed
        there = 1 - there
        assert site.served() == right[there], f"after kill {number} of {kills}"
