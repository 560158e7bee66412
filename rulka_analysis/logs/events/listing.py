"""Which files beneath a folder are event files."""

from __future__ import annotations

import errno
import os
import stat
import warnings
from pathlib import Path

from rulka_analysis.logs.events import file_findings
from rulka_analysis.logs.events.contents import EventFileWarning
from rulka_analysis.values.errors import LogDirectoryError, nearest
from rulka_analysis.values.findings import Finding


def is_event_file_name(name: str) -> bool:
    """Tell whether TensorBoard would take a file of this name for an event file.

    Examples
    --------
    >>> is_event_file_name("events.out.tfevents.1770974609.host")
    True
    >>> is_event_file_name("config_snapshot.yaml")
    False
    """
    return "tfevents" in name


def find_event_files(folder: str | os.PathLike[str]) -> list[Path]:
    """Find every event file beneath a folder, symbolic links included.

    A folder or file that can be reached in several ways is listed once, by its own place where
    that is beneath `folder` and else by the first link to it: circles of links end, and nothing
    is counted twice.

    A file is the only one listed, whatever its name. The order is the same on every system.

    Raises
    ------
    LogDirectoryError
        Nothing is there; the message names the nearest folder that exists and the nearest name.

    Warns
    -----
    EventFileWarning
        For a folder that cannot be listed.
    """
    files, findings = search(folder)
    for finding in findings:
        warnings.warn(f"{finding.kind}: {finding.message}", EventFileWarning, stacklevel=2)
    return files


def search(folder: str | os.PathLike[str]) -> tuple[list[Path], list[Finding]]:
    """Find event files as `find_event_files` does, with findings in place of warnings."""
    top = Path(folder)
    if not top.is_dir():
        if not top.exists():
            raise missing(top)
        return [top], []

    findings: list[Finding] = []
    files: list[str] = []
    linked_files: list[str] = []
    seen_folders: set[tuple[int, int]] = set()
    waiting = [os.fspath(top)]
    linked_folders: list[str] = []
    while waiting or linked_folders:
        # Links wait until no real folder is left: what has a place of its own keeps it.
        if not waiting:
            linked_folders.sort()
            waiting.append(linked_folders.pop(0))
        current = waiting.pop()
        try:
            status = Path(current).stat()
            if (status.st_dev, status.st_ino) in seen_folders:
                continue
            seen_folders.add((status.st_dev, status.st_ino))
            with os.scandir(current) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    elif not entry.is_symlink():
                        if is_event_file_name(entry.name):
                            files.append(entry.path)
                    elif is_event_file_name(entry.name) and not _leads_to_folder(entry):
                        linked_files.append(entry.path)
                    else:
                        try:
                            if stat.S_ISDIR(entry.stat().st_mode):
                                linked_folders.append(entry.path)
                        except OSError as error:
                            # One bad entry hides no other.
                            cause = cause_of(error)
                            findings.append(file_findings.unreadable_link(entry.path, cause))
        except OSError as error:
            findings.append(file_findings.unreadable_folder(current, cause_of(error)))

    if linked_files:
        seen_files = {identity for file in files if (identity := _identity(file)) is not None}
        for file in sorted(linked_files):
            identity = _identity(file)
            # A dangling link stays in the list, so that reading reports it.
            if identity is None or identity not in seen_files:
                files.append(file)
            if identity is not None:
                seen_files.add(identity)
    findings.sort(key=lambda finding: finding.file or "")
    return sorted(map(Path, files), key=lambda path: (path.parent.parts, path.name)), findings


_CAUSES = {
    errno.ELOOP: "it leads in a circle",
    errno.ENOENT: "nothing is there",
    errno.ENOTDIR: "its path goes through a file",
    errno.ENAMETOOLONG: "its path is longer than the system allows",
    errno.EACCES: "you have no right to do so",
    errno.EPERM: "you have no right to do so",
}


def cause_of(error: OSError) -> str:
    """Word why a file, a folder or a link cannot be read."""
    return _CAUSES.get(error.errno or 0, error.strerror or str(error))


def _leads_to_folder(link: os.DirEntry[str]) -> bool:
    try:
        return link.is_dir()
    except OSError:
        return False  # Reading the file says what is wrong.


def _identity(file: str) -> tuple[int, int] | None:
    try:
        status = Path(file).stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def missing(path: Path) -> LogDirectoryError:
    """Word the error for a path at which nothing is."""
    parent = path.absolute().parent
    wanted = path.absolute().name
    while not parent.is_dir() and parent != parent.parent:
        wanted = parent.name
        parent = parent.parent
    try:
        close = nearest(wanted, sorted(entry.name for entry in parent.iterdir()))
    except OSError:
        close = []
    guess = f"; nearest name there: {close[0]!r}" if close else ""
    return LogDirectoryError(
        f"no log directory or event file {str(path)!r}: the nearest folder that exists is "
        f"{str(parent)!r}{guess}. Name the folder that holds the runs, or one event file."
    )
