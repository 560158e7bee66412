"""Files the command line writes: whole or not at all."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from rulka_analysis.values.errors import RulkaError

# Windows gives these names to devices, whatever their ending.
_DEVICES = {"con", "prn", "aux", "nul"} | {f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10)}


class OutputError(RulkaError):
    """A file cannot be written; the message names it, the cause and the remedy."""


def check_target(path: Path) -> Path:
    """Return where a file is to be written, links followed, if it can be.

    Raises
    ------
    OutputError
        If there is no such folder, or something other than a file is in the way.
    """
    target = Path(os.path.realpath(path.expanduser()))
    if target.is_dir():
        raise OutputError(f"{path} is a folder; name a file in it, such as {path / 'scalars.csv'}")
    if target.exists() and not target.is_file():
        raise OutputError(f"{path} is no ordinary file and cannot be replaced; name another")
    if not target.parent.is_dir():
        raise OutputError(f"{path} cannot be written: make the folder {target.parent} first")
    return target


def write_whole(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file beside its place and rename it: a reader sees the old one or the new.

    Parameters
    ----------
    path : Path
        The file; one that is there is replaced.
    write : callable
        Takes the open file.

    Raises
    ------
    OutputError
        If it cannot be written or renamed.
    """
    target = check_target(path)
    beside = target.with_name(f".{target.name[:80]}.{os.getpid()}.writing")
    try:
        try:
            with beside.open("wb") as stream:
                write(stream)
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        cause = error.strerror or str(error)
        raise OutputError(
            f"{path} cannot be written: {cause}. Close the programs that have it open, check that "
            "the folder may be written to and has room, or name another file"
        ) from error


def write_whole_text(path: Path, text: str) -> None:
    """Write a text as UTF-8; see `write_whole`."""
    write_whole(path, lambda stream: stream.write(text.encode("utf-8", "backslashreplace")))


def safe_file_name(*parts: str, ending: str) -> str:
    """Join words into a file name for every system.

    Where the words hold more than a file name may, a digest of them keeps different words apart.

    Parameters
    ----------
    *parts : str
        Untrusted text, such as a tag.
    ending : str
        With its dot.

    Examples
    --------
    >>> safe_file_name("loss", "run_5", "minutes", ending=".svg")
    'loss_run_5_minutes.svg'
    >>> safe_file_name("../a/b", ending=".svg")
    'a_b_8e7e11e4.svg'
    """
    wanted = "_".join(part for part in parts if part)
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", wanted)[:100].strip("_")
    if not name or name != wanted or name.casefold() in _DEVICES:
        digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:8]
        name = f"{name}_{digest}" if name else digest
    return name + ending
