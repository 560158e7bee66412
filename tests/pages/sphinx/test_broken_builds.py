"""A build that fails, is interrupted, killed or disturbed says so, and the next one is right."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from tests.small_site import SmallSite
from tests.training_logs import TrainingRun, write_run


@pytest.fixture(scope="module")
def shared(small_site: SmallSite, tmp_path_factory: pytest.TempPathFactory) -> SmallSite:
    return small_site.built_at(tmp_path_factory.mktemp("small") / "a site")


@pytest.fixture
def site(shared: SmallSite) -> SmallSite:
    """Return a site whose last build was a good one, whatever test came before."""
    if shared.last_build["outcome"] != "succeeded":
        shared.build_well()
    return shared


# What is broken: in which file, what stands there instead of what, and what is told of it.
Break = tuple[str, str, str, tuple[str, ...]]
RAISES: Break = (
    "notebooks/small/first.py",
    "ra.publish(",
    "logs['nobody']\nra.publish(",
    ("first.py, code cell 1", "no run 'nobody'", "make lab"),
)
DIES: Break = (
    "notebooks/small/second.py",
    "ra.publish(",
    "import os\nos._exit(9)\nra.publish(",
    ("second.py, code cell 1", "its kernel died"),
)
CANNOT_BE_FORMATTED: Break = (
    "notebooks/small/listed.py",
    '", ".join(ra.open_logs().runs)',
    "float('nan')",
    ("listed.py, code cell 1", "result 'names' cannot be shown: nan is not a finite number"),
)
PUBLISHED_TWICE: Break = (
    "notebooks/small/first.py",
    'ra.publish("first"',
    'ra.publish("second"',
    ("result 'small/second' is published twice", "notebooks/small/first", "rename one"),
)
NOBODY_PUBLISHED: Break = (
    "docs/other.rst",
    "small/second",
    "small/secnod",
    ("docs/other.rst:4", "no notebook published 'small/secnod'", "'small/second'"),
)
WARNS: Break = (
    "docs/plain.rst",
    "Quotes nothing.",
    "See :doc:`nowhere`.",
    ("unknown document: 'nowhere'",),
)
IN_NO_TABLE: Break = (
    "index.rst",
    "   notebooks/small/listed\n",
    "   Elsewhere <https://example.org>\n",
    ("notebooks/small/listed.py: WARNING: document isn't included in any toctree",),
)


# All that one step of a build finds is told at once.
@pytest.mark.parametrize(
    ("broken", "ended_by"),
    [
        ((RAISES, DIES, CANNOT_BE_FORMATTED), "first.py, code cell 1"),
        ((PUBLISHED_TWICE,), "published twice"),
        ((NOBODY_PUBLISHED,), "no notebook published"),
        ((WARNS, IN_NO_TABLE), "warnings"),
    ],
    ids=["notebooks", "published twice", "nobody published", "pages"],
)
def test_what_is_broken_fails_every_time_until_mended(
    site: SmallSite, broken: tuple[Break, ...], ended_by: str
) -> None:
    before = site.files()
    for name, old, new, _ in broken:
        site.replace(name, old, new)
    try:
        for _ in range(2):
            done = site.build()
            assert done.returncode != 0
            for part in (part for *_, told in broken for part in told):
                assert part in done.stderr
            assert "report this error" not in done.stderr
            assert site.last_build["outcome"] == "failed"
            assert ended_by in site.last_build["error"]
            assert not (site.folder / "_build/doctrees/html/site_files.json").exists()
    finally:
        for name, old, new, _ in broken:
            site.replace(name, new, old)
    site.build_well()
    assert site.last_build["outcome"] == "succeeded"
    assert site.files() == before


@pytest.mark.parametrize(
    ("before_line", "told"),
    [
        ("logs = ra", "first.py: first changed while it ran"),
        ("ra.publish(", "something rewrote first/events.out.tfevents"),
    ],
    ids=["before a notebook reads it", "after"],
)
def test_a_file_that_changes_within_what_was_read_fails_the_build(
    site: SmallSite, before_line: str, told: str
) -> None:
    before = site.files()
    log = site.file_of("first")
    rewrite = (
        "import pathlib\n"
        f"path = pathlib.Path({str(log)!r})\n"
        "data = bytearray(path.read_bytes())\n"
        "data[len(data) // 2] ^= 1\n"
        "path.write_bytes(data)\n"
    )
    good = log.read_bytes()
    site.replace("notebooks/small/first.py", before_line, rewrite + before_line)
    try:
        done = site.build()
        assert done.returncode != 0
        assert told in done.stderr
        assert "within what had been read already" in done.stderr
        assert "Build again when nothing rewrites it" in done.stderr
    finally:
        site.replace("notebooks/small/first.py", rewrite, "")
        log.write_bytes(good)
    site.build_well()
    assert site.files() == before


def test_a_run_that_is_still_written_is_said_to_run(site: SmallSite, tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    shutil.copytree(site.logs, logs)
    ago = time.time() - 8 * 60 - 120
    shutil.rmtree(logs / "second")
    write_run(logs, TrainingRun("second", minutes=8, seed=1, loss=0.25, started=ago))
    site.build_well(logs)
    assert site.last_build["still_running"] == ["second"]
    assert "Still running: second" in site.page("index.html")
    site.build_well()
    assert "Still running" not in site.page("index.html")


def _started(site: SmallSite, until: str) -> subprocess.Popen[str]:
    """Begin a build and return it when it has printed a line that begins so."""
    process = subprocess.Popen(
        site.command(),
        cwd=site.folder,
        env=site.environment(None) | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(until):
            return process
    raise AssertionError(f"the build never printed {until!r}")


def test_interrupted_it_ends_its_kernels_and_leaves_nothing_half_done(site: SmallSite) -> None:
    before = site.files()
    sleep = "import time\ntime.sleep(100)\n"
    site.replace("notebooks/small/first.py", "ra.publish(", sleep + "ra.publish(")
    try:
        process = _started(site, "executing 1 notebook")
        kernels = []
        while not kernels:
            kernels = psutil.Process(process.pid).children(recursive=True)
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        printed, _ = process.communicate(timeout=20)
        assert process.returncode != 0
        _, left = psutil.wait_procs(kernels, timeout=10)
        assert left == [], printed
    finally:
        site.replace("notebooks/small/first.py", sleep, "")
    site.build_well()
    assert site.files() == before


def test_a_second_build_waits_for_the_first(site: SmallSite) -> None:
    site.append("third", 0.1)
    site.append("first", 0.2)
    builds = [
        subprocess.Popen(
            site.command(),
            cwd=site.folder,
            env=site.environment(None),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        for _ in range(2)
    ]
    printed = [build.communicate(timeout=120)[0] for build in builds]
    assert [build.returncode for build in builds] == [0, 0], printed
    assert sum("waiting for it to finish" in text for text in printed) == 1
    assert sum("executed  small/first" in text for text in printed) == 1
    assert site.reasons() == {}


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param("executing ", marks=pytest.mark.long),
        pytest.param("reading sources", marks=pytest.mark.long),
        pytest.param("pickling environment", marks=pytest.mark.long),
        # After this one Sphinx alone would keep old pages for good.
        "writing output",
    ],
)
def test_killed_at_its_worst_moments_the_next_build_is_right(site: SmallSite, moment: str) -> None:
    site.append("second", float(len(moment)))
    site.build_killed_at(moment)
    site.build_well()
    after = site.files()
    (site.folder / "_build" / "doctrees" / "html" / "environment.pickle").unlink()
    site.build_well()
    assert site.files() == after
