"""Archives at an address: brought here once, and nothing but what their digests say."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import fsspec
import pytest

from rulka_analysis import project
from rulka_analysis.logs.archive import ArchiveError
from rulka_analysis.logs.archive.index import INDEX, read_index
from rulka_analysis.logs.archive.remote import fetch_archive
from rulka_analysis.logs.archive.writing import write_archive
from rulka_analysis.logs.runs import Logs
from rulka_analysis.values.digests import digest_file
from tests import event_files as write


@dataclass
class Web:
    """A server of one folder on this machine, and what it was asked for."""

    folder: Path
    server: ThreadingHTTPServer
    asked: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/archive"


class Handler(SimpleHTTPRequestHandler):
    def __init__(self, asked: list[str], *arguments: object, **named: object) -> None:
        self.asked = asked
        super().__init__(*arguments, **named)  # type: ignore[arg-type]

    def log_message(self, format: str, *arguments: object) -> None:
        self.asked.append(self.path)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    for seed in range(3):
        events = [write.scalar_event("loss", step, step / (seed + 3)) for step in range(20)]
        write.write_event_file(tmp_path / "logs" / f"run_{seed}x", events)
    folder = tmp_path / "served" / "archive"
    write_archive(Logs(tmp_path / "logs"), folder)
    return folder


@pytest.fixture
def web(archive: Path) -> Iterator[Web]:
    asked: list[str] = []
    handler = partial(Handler, asked, directory=str(archive.parent))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Web(archive, server, asked)
    server.shutdown()
    server.server_close()
    thread.join()


def digests_of(address: str, digest: str, folder: Path) -> Path:
    file = folder / "archives.toml"
    file.write_text(f'["{address}"]\nsha256 = "{digest}"\n', encoding="utf-8")
    return file


def test_an_archive_on_the_web_is_fetched_once(web: Web, tmp_path: Path) -> None:
    digests = digests_of(web.address, digest_file(web.folder / INDEX), tmp_path)
    for address in (web.address, f"{web.address}/", f"{web.address}/{INDEX}"):
        folder = fetch_archive(address, digests, tmp_path / "cache")
        found, expected = Logs(folder), Logs(tmp_path / "logs")
        assert found.runs == expected.runs
        assert [run.digest for run in found] == [run.digest for run in expected]
    assert len(web.asked) == 4  # the index and three parts
    web.server.shutdown()
    web.server.server_close()
    assert fetch_archive(web.address, digests, tmp_path / "cache") == folder
    # What was spoilt here is missing here, and cannot be had now.
    part = folder / read_index(folder).records[1].part
    part.write_bytes(part.read_bytes()[:-1])
    with pytest.raises(ArchiveError, match=r"cannot be had.*try again"):
        fetch_archive(web.address, digests, tmp_path / "cache")


def test_fetching_that_broke_off_goes_on(web: Web, tmp_path: Path) -> None:
    digests = digests_of(web.address, digest_file(web.folder / INDEX), tmp_path)
    part = web.folder / read_index(web.folder).records[2].part
    data = part.read_bytes()
    part.unlink()
    with pytest.raises(ArchiveError, match=re.escape(part.name)):
        fetch_archive(web.address, digests, tmp_path / "cache")
    part.write_bytes(data)
    web.asked.clear()
    assert len(Logs(fetch_archive(web.address, digests, tmp_path / "cache"))) == 3
    assert web.asked == [f"/archive/runs/{part.name}"]


def test_what_is_not_what_was_archived_is_refused(web: Web, tmp_path: Path) -> None:
    digests = digests_of(web.address, "0" * 64, tmp_path)
    with pytest.raises(ArchiveError, match=r"archive\.toml is not what was archived"):
        fetch_archive(web.address, digests, tmp_path / "cache")
    digests = digests_of(web.address, digest_file(web.folder / INDEX), tmp_path)
    part = web.folder / read_index(web.folder).records[0].part
    part.write_bytes(part.read_bytes() + b"x")
    with pytest.raises(ArchiveError, match=f"{part.name} is not what was archived"):
        fetch_archive(web.address, digests, tmp_path / "cache")


@pytest.mark.parametrize("text", ["", '["http://127.0.0.1:1/other"]\nsha256 = "' + "0" * 64 + '"'])
def test_an_archive_on_the_web_needs_a_digest(tmp_path: Path, text: str) -> None:
    digests = tmp_path / "archives.toml"
    digests.write_text(text, encoding="utf-8")
    with pytest.raises(ArchiveError, match="nothing says which archive") as caught:
        fetch_archive("http://127.0.0.1:1/archive", digests, tmp_path / "cache")
    assert str(digests) in str(caught.value)
    assert '["http://127.0.0.1:1/archive"]' in str(caught.value)


@pytest.mark.parametrize("text", ['x = "0"', '["https://x"]\nsha256 = "abc"', "= 1"])
def test_a_file_of_digests_that_says_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "archives.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ArchiveError, match=r"archives\.toml"):
        fetch_archive("https://x", tmp_path / "archives.toml", tmp_path / "cache")


@pytest.fixture
def memory(archive: Path) -> Iterator[fsspec.AbstractFileSystem]:
    system = fsspec.filesystem("memory")
    system.put(str(archive), "/ours", recursive=True)
    yield system
    system.rm("/ours", recursive=True)


def test_other_addresses_are_read_by_fsspec(
    memory: fsspec.AbstractFileSystem, archive: Path, tmp_path: Path
) -> None:
    missing = tmp_path / "archives.toml"
    folder = fetch_archive("memory://ours", missing, tmp_path / "cache")
    assert Logs(folder).runs == ("run_0x", "run_1x", "run_2x")
    assert Logs(folder).name == "ours"
    # Written anew there, it is another one here; without a digest, what stands there counts.
    events = [write.scalar_event("loss", step, 0.5) for step in range(9)]
    write.write_event_file(tmp_path / "logs" / "run_3x", events)
    write_archive(Logs(tmp_path / "logs"), archive)
    memory.rm("/ours", recursive=True)
    memory.put(str(archive), "/ours", recursive=True)
    assert len(Logs(fetch_archive("memory://ours", missing, tmp_path / "cache"))) == 4
    assert len(Logs(folder)) == 3
    digests = digests_of("memory://ours", "0" * 64, tmp_path)
    with pytest.raises(ArchiveError, match="is not what was archived"):
        fetch_archive("memory://ours", digests, tmp_path / "cache")


def test_a_part_that_was_changed_elsewhere(
    memory: fsspec.AbstractFileSystem, archive: Path, tmp_path: Path
) -> None:
    part = read_index(archive).records[0].part
    memory.pipe(f"/ours/{part}", b"something else")
    with pytest.raises(ArchiveError, match=f"{part} is not what was archived"):
        fetch_archive("memory://ours", tmp_path / "none", tmp_path / "cache")
    memory.rm(f"/ours/{part}")
    with pytest.raises(ArchiveError, match=f"{part} cannot be had"):
        fetch_archive("memory://ours", tmp_path / "none", tmp_path / "cache")


def test_an_index_that_names_a_place_outside_of_its_archive(
    memory: fsspec.AbstractFileSystem, archive: Path, tmp_path: Path
) -> None:
    text = (archive / INDEX).read_text(encoding="utf-8")
    memory.pipe(f"/ours/{INDEX}", text.replace('part = "runs/', 'part = "../runs/').encode())
    with pytest.raises(ArchiveError, match=r"'\.\./runs/.*which no archive holds"):
        fetch_archive("memory://ours", tmp_path / "none", tmp_path / "cache")


def test_what_reads_an_address_may_be_missing(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=r"gs://.*not installed.*pip install"):
        fetch_archive("gs://bucket/archive", tmp_path / "none", tmp_path / "cache")
    with pytest.raises(ArchiveError, match="Give a folder, or an https:// address"):
        fetch_archive("nothing://archive", tmp_path / "none", tmp_path / "cache")


def test_logs_are_opened_by_address(
    memory: fsspec.AbstractFileSystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RULKA_BUILD", str(tmp_path / "build"))
    logs = project.open_logs("memory://ours")
    assert logs.archived
    assert len(logs) == 3
    monkeypatch.setenv("RULKA_LOGDIR", "memory://ours")
    assert project.open_logs().path == logs.path
