"""A site built from an archive is the site built from the logs, but for what names the source."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rulka_analysis.domains.trackmania.published import published_logs
from rulka_analysis.logs.archive.index import read_index
from rulka_analysis.logs.archive.writing import write_archive
from rulka_analysis.logs.runs import Logs
from tests.small_site import NOTEBOOKS, SmallSite

OF_BUNDLED = {
    "notebooks/small/first.py": [('logs["first"]', 'logs["uni_5"]')],
    "notebooks/small/second.py": [('"second", "fourth"', '"uni_6", "uni_99"')],
    "docs/experiments/small.toml": [
        ('baseline = "first"', 'baseline = "uni_5"'),
        ("[runs.first]", "[runs.uni_5]"),
        ("[runs.second]", "[runs.uni_6]"),
        ('candidates = ["second"]', 'candidates = ["uni_6"]'),
    ],
}


@pytest.fixture(
    scope="module", params=["generated", pytest.param("bundled", marks=pytest.mark.long)]
)
def site(
    request: pytest.FixtureRequest,
    small_site: SmallSite,
    tmp_path_factory: pytest.TempPathFactory,
) -> SmallSite:
    """Return a small site that was built from its logs."""
    made = small_site.copied_to(tmp_path_factory.mktemp("site") / "project")
    if request.param == "bundled":
        shutil.rmtree(made.logs)
        shutil.copytree(published_logs(), made.logs)
        for name, changes in OF_BUNDLED.items():
            for old, new in changes:
                made.replace(name, old, new)
    made.build_well()
    return made


@pytest.fixture(scope="module")
def archive(site: SmallSite) -> Path:
    folder = site.folder.parent / "archives" / "logs"
    write_archive(Logs(site.logs), folder)
    return folder


def copy_without_logs(site: SmallSite, folder: Path) -> None:
    shutil.copytree(site.folder, folder, ignore=shutil.ignore_patterns("_build"))
    shutil.rmtree(folder / "logs")


def named_alike(data: bytes) -> bytes:
    return data.replace(b"Built from the archive logs,", b"Built from the log directory logs,")


def test_a_site_from_an_archive_is_that_from_the_logs(site: SmallSite, archive: Path) -> None:
    expected = site.files()
    other = SmallSite(site.folder.parent / "other")
    copy_without_logs(site, other.folder)
    printed = other.build_well(archive)
    assert len(other.executions(printed)) == len(NOTEBOOKS)
    found = other.files()
    assert found.keys() == expected.keys()
    differing = {name for name, data in found.items() if data != expected[name]}
    # The line that names the source is all.
    assert all(name.endswith(".html") for name in differing)
    assert {name: named_alike(found[name]) for name in found} == expected
    # What was found from the logs holds for the archive, and the other way round.
    assert not site.executions(site.build_well(archive))
    assert not other.executions(other.build_well(site.logs))
    assert other.files() == expected


@pytest.mark.parametrize("site", ["generated"], indirect=True)
def test_a_changed_byte_stops_the_build_and_names_part_and_run(
    site: SmallSite, archive: Path, tmp_path: Path
) -> None:
    changed = tmp_path / "logs"
    shutil.copytree(archive, changed)
    record = read_index(changed).records[0]
    part = changed / record.part
    data = bytearray(part.read_bytes())
    data[len(data) // 2] ^= 1
    part.write_bytes(data)
    shutil.rmtree(site.folder / "_build" / "executed")
    done = site.build(changed)
    assert done.returncode != 0
    told = done.stdout + done.stderr
    assert record.part in told
    assert f"run '{record.run}'" in told
    assert "Copy the archive again" in told


@pytest.mark.parametrize("site", ["generated"], indirect=True)
def test_without_a_log_directory_a_committed_archive_is_taken(
    site: SmallSite, archive: Path, tmp_path: Path
) -> None:
    other = SmallSite(tmp_path / "project")
    copy_without_logs(site, other.folder)
    shutil.copytree(archive, other.folder / "data" / "ours")
    other.variables = {"RULKA_LOGDIR": ""}
    other.build_well()
    assert "Built from the archive ours," in other.page("index.html")
    # The project's own logs come first.
    shutil.copytree(site.logs, other.folder / "tensorboard")
    other.build_well()
    assert "Built from the log directory tensorboard," in other.page("index.html")
    shutil.rmtree(other.folder / "tensorboard")
    shutil.copytree(archive, other.folder / "data" / "theirs")
    done = other.build()
    assert done.returncode != 0
    assert "several archives: ours, theirs" in done.stdout + done.stderr
