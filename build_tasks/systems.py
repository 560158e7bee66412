"""What differs between Windows and other systems: arguments, paths, folders in use."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Collection, Sequence
from pathlib import Path

from build_tasks.telling import TaskError

# A scanner or an indexer holds files open for a moment, and Windows renames no folder that has one.
PAUSES_BEFORE_RENAMING_AGAIN = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2) if os.name == "nt" else ()


def locate_python(environment: Path, *, windows: bool = os.name == "nt") -> Path:
    """Return where the Python of a virtual environment is."""
    return environment / ("Scripts/python.exe" if windows else "bin/python")


def rejoin_arguments(
    arguments: Sequence[str], settings: Collection[str], *, windows: bool = os.name == "nt"
) -> list[str]:
    r"""Undo what Windows' command interpreter does to ``NAME=VALUE``.

    It splits at the ``=`` when a batch file hands on ``%1 %2``; and in ``LOGDIR="C:\logs\"`` the
    last backslash makes the closing quote, and what follows it, part of the value.
    """
    pieces: list[str] = []
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if pieces and pieces[-1] in settings:
            pieces[-1] += "=" + argument
        elif windows and equals and name in settings and '"' in value:
            # No name of a Windows folder can hold a double quote.
            value, _, rest = value.partition('"')
            pieces += [name + "=" + value, *rest.split()]
        else:
            pieces.append(argument)
    return pieces


def try_to_exchange(one: Path, other: Path) -> bool:
    """Exchange the names of two folders in one step; False if system or file system cannot."""
    system: str = sys.platform
    try:
        import ctypes

        first, second = os.fsencode(one), os.fsencode(other)
        if system == "linux":
            here, exchange = -100, 2  # AT_FDCWD and RENAME_EXCHANGE
            return bool(ctypes.CDLL(None).renameat2(here, first, here, second, exchange) == 0)
        if system == "darwin":
            swap = 2  # RENAME_SWAP
            return bool(ctypes.CDLL(None).renamex_np(first, second, swap) == 0)
    except (ImportError, OSError, AttributeError):
        # Another C library, an older system, a Python built without ctypes.
        pass
    return False


def rename(source: Path, target: Path) -> None:
    """Rename a folder, again after a while where a program is in the way."""
    for pause in (*PAUSES_BEFORE_RENAMING_AGAIN, None):
        try:
            source.rename(target)
            return
        except OSError as error:
            if pause is None or not isinstance(error, PermissionError):
                raise TaskError(
                    f"{source} cannot be renamed to {target.name}: {error}. Close the programs "
                    "that use this folder (a server, a terminal, an editor) and try again"
                ) from None
            time.sleep(pause)


def try_to_link(file: Path, name: Path) -> bool:
    """Give a file, which nobody writes into, one more name; False if that cannot be.

    So it keeps its time, and nothing is copied that did not change.
    """
    try:
        name.hardlink_to(file)
    except OSError:
        return False
    return True


def delete(entry: Path) -> None:
    """Delete a file, a link or a folder if it is there."""
    try:
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    except FileNotFoundError:
        pass
    except OSError as error:
        raise TaskError(
            f"{entry} cannot be deleted: {error}. Close the programs that use it and try again"
        ) from None
