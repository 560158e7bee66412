"""Files the command line writes: whole or not at all."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from rulka_analysis.values.digests import digest_text
from rulka_analysis.values.errors import RulkaError
from rulka_analysis.values.files import write_whole

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


def write_output(path: Path, content: str | Callable[[BinaryIO], object]) -> None:
    """Write a file that somebody asked for; see `write_whole`.

    Raises
    ------
    OutputError
        If it cannot be written or renamed.
    """
    try:
        write_whole(check_target(path), content)
    except OSError as error:
        cause = error.strerror or str(error)
        raise OutputError(
            f"{path} cannot be written: {cause}. Close the programs that have it open, check that "
            "the folder may be written to and has room, or name another file"
        ) from error


def safe_file_name(*parts: str, ending: str) -> str:
    """Join words into a file name for every system.

    Where the words hold more than a file name may, a digest of them keeps different words apart.

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
        digest = digest_text("\0".join(parts))[:8]
        name = f"{name}_{digest}" if name else digest
    return name + ending
