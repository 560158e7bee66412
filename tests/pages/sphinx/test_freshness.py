"""After any change the site is what a build from nothing makes it, for no more than it needs."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.small_site import NOTEBOOKS, SmallSite
from tests.training_logs import TrainingRun, write_run

EXPERIMENT, OTHER, PLAIN = "docs/experiments/small", "docs/other", "docs/plain"


def notebook(name: str) -> str:
    return f"notebooks/small/{name}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> SmallSite:
    site = SmallSite.made(tmp_path_factory.mktemp("small") / "a site")
    site.build_well()
    return site


@pytest.fixture(scope="module")
def changing(tmp_path_factory: pytest.TempPathFactory) -> SmallSite:
    """A site on which one change follows the other, in whatever order."""
    site = SmallSite.made(tmp_path_factory.mktemp("changing") / "a site")
    site.build_well()
    return site


Change = Callable[[SmallSite], object]


def appended(site: SmallSite) -> None:
    site.append("first", 0.5)


def a_new_file(site: SmallSite) -> None:
    later = site.file_of("first").with_name("events.out.tfevents.1700009999.host.1.1")
    shutil.copy(site.file_of("third"), later)


def a_run_appears(site: SmallSite) -> None:
    write_run(site.logs, TrainingRun("fourth", minutes=8, seed=9))


def a_run_goes(site: SmallSite) -> None:
    shutil.rmtree(site.logs / "third")


def another_definition(site: SmallSite) -> None:
    site.replace(f"{EXPERIMENT}.toml", "A small experiment", "A renamed experiment")


def another_catalogue(site: SmallSite) -> None:
    site.replace(
        "rulka_analysis/domains/trackmania/catalogue.toml",
        '= "loss per transition"',
        '= "loss a transition"',
    )


def another_figure_style(site: SmallSite) -> None:
    site.replace("rulka_analysis/pages/drawing.py", '"linewidth": 1.7', '"linewidth": 2.7')


def another_version(site: SmallSite) -> None:
    site.install_library("1.1", "after")


# The number of runs is in the banner of every page that shows results.
WITH_BANNER = {"index", EXPERIMENT, OTHER, *map(notebook, NOTEBOOKS)}
CHANGES: list[tuple[Change, dict[str, str], set[str]]] = [
    (
        appended,
        {"first": "first changed (events.out… grew by 54 bytes)", "drawn": "first changed"},
        {"index", EXPERIMENT, notebook("first"), notebook("drawn")},
    ),
    (
        a_new_file,
        {"first": "first changed (events.out… is new)", "drawn": "first changed"},
        {"index", EXPERIMENT, notebook("first"), notebook("drawn")},
    ),
    (
        a_run_appears,
        {"second": "fourth appeared", "listed": "the list of runs changed"},
        WITH_BANNER,
    ),
    (
        a_run_goes,
        {"listed": "the list of runs changed"},
        WITH_BANNER,
    ),
    (
        another_definition,
        {"drawn": "docs/experiments/small.toml changed"},
        {EXPERIMENT, notebook("drawn")},
    ),
    (
        another_catalogue,
        {"drawn": "rulka_analysis/domains/trackmania/catalogue.toml changed"},
        {EXPERIMENT, notebook("drawn")},
    ),
    (
        another_figure_style,
        {"drawn": "module rulka_analysis.pages.drawing changed"},
        {EXPERIMENT, notebook("drawn")},
    ),
    (
        another_version,
        {"second": "package helpful changed from 1.0 to 1.1"},
        {EXPERIMENT, OTHER, notebook("second")},
    ),
]


@pytest.mark.parametrize(
    ("change", "reasons", "pages"), CHANGES, ids=[change.__name__ for change, _, _ in CHANGES]
)
def test_a_change_costs_what_depends_on_it_and_gives_what_a_build_from_nothing_gives(
    changing: SmallSite, tmp_path: Path, change: Change, reasons: dict[str, str], pages: set[str]
) -> None:
    before = changing.files()

    change(changing)
    printed = changing.build_well()

    told = changing.reasons()
    assert told.keys() == reasons.keys()
    for name, reason in reasons.items():
        assert told[name].startswith(reason)
        assert f"executed  small/{name}: {reason}" in printed
    for name in NOTEBOOKS - reasons.keys():
        assert f"reused    small/{name}\n" in printed
    after = changing.files()
    assert set(changing.last_build["pages"]) == pages
    changed = {name for name in after if after[name] != before.get(name)}
    # Indices and downloads follow; of the pages exactly these.
    content = {name for name in changed if name.endswith(".html")} - {"genindex.html"}
    assert content == {f"{page}.html" for page in pages}
    fresh = changing.from_nothing(tmp_path / "elsewhere" / "fresh").files()
    assert after.keys() == fresh.keys()
    assert [name for name in fresh if fresh[name] != after[name]] == []


def test_touched_but_unchanged_nothing_runs_and_the_bytes_stay(site: SmallSite) -> None:
    site.build_well()
    before = site.files()
    site.touch()
    printed = site.build_well()
    assert printed.count("reused    ") == len(NOTEBOOKS)
    assert site.reasons() == {}
    assert site.files() == before


def test_another_log_directory_and_back(site: SmallSite, tmp_path: Path) -> None:
    site.build_well()
    before = site.files()
    other = tmp_path / "other logs"
    write_run(other, TrainingRun("first", minutes=8, seed=4, loss=0.7))
    site.build_well(other)
    assert site.reasons().keys() == NOTEBOOKS
    assert "the log directory other logs, 1 run." in site.page("index.html")
    site.build_well()
    assert site.reasons() == {}, "kept from before"
    assert site.files() == before


def test_a_removed_page_leaves_no_file_in_the_list(site: SmallSite, tmp_path: Path) -> None:
    copy = SmallSite(tmp_path / "fewer")
    shutil.copytree(site.folder, copy.folder)
    copy.build_well()
    stale = copy.html / "_static" / "old.js"
    (copy.folder / "docs" / "plain.rst").unlink()
    copy.replace("index.rst", "   docs/plain\n", "")
    copy.build_well()
    files = copy.files()
    assert "docs/plain.html" not in files
    assert "plainness" not in files["searchindex.js"].decode()
    assert not [name for name in files if name.endswith(".map")]
    assert copy.from_nothing(tmp_path / "fresh").files() == files
    assert stale.name not in files


BROKEN: list[tuple[str, str, str, str, tuple[str, ...]]] = [
    (
        "raises",
        "notebooks/small/first.py",
        "ra.publish(",
        "logs['nobody']\nra.publish(",
        ("first.py, code cell 1", "no run 'nobody'", "make lab"),
    ),
    (
        "cannot be formatted",
        "notebooks/small/first.py",
        "float(loss.iloc[-1])",
        "float('nan')",
        ("first.py, code cell 1", "result 'first' cannot be shown: nan is not a finite number"),
    ),
    (
        "published twice",
        "notebooks/small/first.py",
        'ra.publish("first"',
        'ra.publish("second"',
        ("result 'small/second' is published twice", "notebooks/small/first", "rename one"),
    ),
    (
        "nobody published",
        "docs/other.rst",
        "small/second",
        "small/secnod",
        ("docs/other.rst:4", "no notebook published 'small/secnod'", "'small/second'"),
    ),
    (
        "warns",
        "docs/other.rst",
        "The second:",
        "See :doc:`nowhere`. The second:",
        ("unknown document: 'nowhere'",),
    ),
    (
        "dies",
        "notebooks/small/first.py",
        "ra.publish(",
        "import os\nos._exit(9)\nra.publish(",
        ("first.py, code cell 1", "its kernel died"),
    ),
]


@pytest.mark.parametrize(
    ("name", "old", "new", "told"), [b[1:] for b in BROKEN], ids=[b[0] for b in BROKEN]
)
def test_what_is_broken_fails_every_time_until_mended(
    site: SmallSite, name: str, old: str, new: str, told: tuple[str, ...]
) -> None:
    site.build_well()
    before = site.files()
    site.replace(name, old, new)
    try:
        for _ in range(2):
            done = site.build()
            assert done.returncode != 0
            for part in told:
                assert part in done.stderr
            assert site.last_build["outcome"] == "failed"
            assert told[0] in site.last_build["error"] or "warnings" in site.last_build["error"]
            assert not (site.folder / "_build/doctrees/html/site_files.json").exists()
    finally:
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
    site.build_well()
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
    site.build_well()
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
    site.build_well()
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
    # The last is the one after which Sphinx alone would keep old pages for good.
    ["executing ", "reading sources", "pickling environment", "writing output"],
)
def test_killed_at_its_worst_moments_the_next_build_is_right(
    changing: SmallSite, tmp_path: Path, moment: str
) -> None:
    changing.append("second", float(len(moment)))
    changing.build_killed_at(moment)
    changing.build_well()
    after = changing.files()
    (changing.folder / "_build" / "doctrees" / "html" / "environment.pickle").unlink()
    changing.build_well()
    assert changing.files() == after
