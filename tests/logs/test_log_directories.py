"""Log directories in which something is in the way: no entry hides another."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from rulka_analysis.logs.events.listing import search
from rulka_analysis.logs.runs import Logs
from rulka_analysis.project import open_logs
from rulka_analysis.values.errors import LogDirectoryError
from tests import event_files as write

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")


def put(folder: Path) -> Path:
    return write.write_event_file(folder, [write.scalar_event("a", 1, 1.0)])


@pytest.fixture
def logs_folder(tmp_path: Path) -> Path:
    """Return a folder with a run before and one behind whatever a test puts between."""
    put(tmp_path / "logs" / "a")
    put(tmp_path / "logs" / "z")
    return tmp_path / "logs"


def loop(link: Path) -> None:
    link.symlink_to(link.name)


def circle(link: Path) -> None:
    other = link.with_name(f"{link.name}_back")
    other.symlink_to(link.name)
    link.symlink_to(other.name)


def dangle(link: Path) -> None:
    link.symlink_to("nowhere")


def through_a_file(link: Path) -> None:
    file = link.with_name("plain.txt")
    file.touch()
    link.symlink_to(f"{file.name}/run")


def too_long(link: Path) -> None:
    link.symlink_to("x" * 300)


BAD_LINKS = {
    loop: "it leads in a circle",
    circle: "it leads in a circle",
    dangle: "nothing is there",
    through_a_file: "its path goes through a file",
    too_long: "its path is longer than the system allows",
}


@pytest.mark.parametrize("make", BAD_LINKS)
@pytest.mark.parametrize("where", [".", "a"])
def test_a_link_that_cannot_be_followed_hides_nothing(
    logs_folder: Path, make: object, where: str
) -> None:
    assert callable(make)
    make(logs_folder / where / "m")
    logs = Logs(logs_folder)
    assert logs.runs == ("a", "z")
    found = [f for f in logs.findings if f.file == str(logs_folder / where / "m")]
    assert [f.kind for f in found] == ["unreadable"]
    assert BAD_LINKS[make] in found[0].message  # type: ignore[index]


@pytest.mark.parametrize("make", BAD_LINKS)
def test_a_link_called_like_an_event_file_is_read_and_says_what_is_wrong(
    logs_folder: Path, make: object
) -> None:
    assert callable(make)
    make(logs_folder / "a" / "events.out.tfevents.1")
    logs = Logs(logs_folder)
    assert logs.runs == ("a", "z")
    assert {finding.kind for finding in logs["a"].findings} == {"unreadable"}


def test_a_folder_that_may_not_be_listed_hides_nothing(
    logs_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever may do all, as in a container, may list it all the same.
    put(logs_folder / "m")
    (logs_folder / "n").symlink_to(logs_folder / "m" / "deeper")
    listed = os.scandir

    def scandir(path: str) -> object:
        if Path(path).name == "m":
            raise PermissionError(13, "Permission denied", path)
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    files, findings = search(logs_folder)
    assert [file.parent.name for file in files] == ["a", "z"]
    assert sorted(f.message.split()[1] for f in findings) == ["folder", "link"]


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="this user may read everything"
)
def test_folders_without_rights(logs_folder: Path) -> None:
    put(logs_folder / "m")
    (logs_folder / "m").chmod(0)
    assert Logs(logs_folder).runs == ("a", "z")
    logs_folder.chmod(0)
    with pytest.raises(LogDirectoryError, match="may not be read"):
        Logs(logs_folder)
    logs_folder.chmod(0o700)


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), OSError(36, "Long")])
def test_a_log_directory_that_may_not_be_looked_at_is_said_to_be_that(
    logs_folder: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    look = Path.stat

    def stat(self: Path, **keywords: bool) -> os.stat_result:
        if self == logs_folder:
            raise error
        return look(self, **keywords)

    monkeypatch.setattr(Path, "stat", stat)
    with pytest.raises(LogDirectoryError, match=r"may not be read: .*Ask its owner"):
        Logs(logs_folder)


def test_a_log_directory_without_the_right_to_list_it(
    logs_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(LogDirectoryError, match="you have no right to list it"):
        Logs(logs_folder)


def test_whose_logs_they_are_is_asked_of_what_may_be_read_only(
    logs_folder: Path, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    loop(logs_folder / "m")
    assert open_logs(logs_folder).runs == ("a", "z")
    assert not recwarn.list
    look = os.stat

    def stat(path: str | Path, **keywords: Any) -> os.stat_result:
        if str(path).startswith(str(logs_folder)):
            raise PermissionError(13, "Permission denied", str(path))
        return look(path, **keywords)

    monkeypatch.setattr(os, "stat", stat)
    for folder in (logs_folder, logs_folder / "a"):
        with pytest.raises(LogDirectoryError, match=r"may not be read: .*Ask its owner"):
            open_logs(folder)


def test_what_could_not_be_listed_is_named_where_there_is_no_run(tmp_path: Path) -> None:
    loop(tmp_path / "run")
    with pytest.raises(LogDirectoryError, match=r"no run in .*leads in a circle\. No event"):
        Logs(tmp_path)


def test_a_user_who_is_not_there_is_named_with_a_remedy() -> None:
    with pytest.raises(LogDirectoryError, match=r"there is no user 'nobody_here'.*Write the path"):
        open_logs("~nobody_here/logs")


@pytest.mark.parametrize("text", ["", 'source = "a figure"\n', "[[[", "other = 1"])
def test_a_byte_order_mark_is_no_part_of_a_sidecar(logs_folder: Path, text: str) -> None:
    sidecar = logs_folder / "a" / "provenance.toml"
    sidecar.write_bytes(b"\xef\xbb\xbf" + text.encode())
    logs = Logs(logs_folder)
    assert len(logs["z"].events("a")) == 1
    if text in ("", 'source = "a figure"\n'):
        assert len(logs["a"].events("a")) == 1
        assert (logs["a"].provenance is None) == (not text)
    else:
        with pytest.raises(LogDirectoryError, match=r"provenance\.toml"):
            logs["a"].events("a")
