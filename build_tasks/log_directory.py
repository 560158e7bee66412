"""The folder that LOGDIR names, or why there is none."""

from __future__ import annotations

import os
import re
from pathlib import Path

from build_tasks.telling import TaskError, find_nearest


def find_log_directory(value: str, typed_in: Path) -> Path | str:
    """Return the folder LOGDIR names, absolute, or explain why there is none.

    A relative one is relative to the folder the command was typed in. The address of an archive is
    returned as it is.
    """
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", value):
        return value
    # Not every shell replaces `~` behind a `=`.
    readings = [value, os.path.expanduser(value)]  # noqa: PTH111 (leaves an unknown `~` alone)
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        # Quotes that reached us were meant for another shell than the one that was used.
        readings.append(value[1:-1])
    folders = [typed_in / reading for reading in readings]
    folder = next((each for each in folders if each.is_dir()), folders[0])
    try:
        with os.scandir(folder):
            pass
    except FileNotFoundError:
        explained = explain_missing_folder(folder) + explain_eaten_backslashes(value)
        raise TaskError(f"LOGDIR: {explained}") from None
    except NotADirectoryError:
        raise TaskError(
            f"LOGDIR: {folder} is no folder. Give the folder that holds one folder for each run"
        ) from None
    except (OSError, ValueError) as error:
        raise TaskError(f"LOGDIR: the folder {folder} cannot be read: {error}") from None
    # Links keep the name they were given, unless `..` behind one makes only the system know.
    return folder.resolve() if ".." in folder.parts else folder.absolute()


def explain_missing_folder(folder: Path) -> str:
    """Name the part of a path that does not exist, and what there is in its place."""
    parent = folder.parent
    missing = folder.name
    while not parent.is_dir() and parent != parent.parent:
        parent, missing = parent.parent, parent.name
    try:
        names = sorted(entry.name for entry in os.scandir(parent) if entry.is_dir())
    except OSError:
        names = []
    close = find_nearest(missing, names)
    if close:
        hint = f"did you mean {parent / close}?"
    else:
        shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
        hint = f"the folders in {parent} are: {shown}" if names else f"{parent} holds no folder"
    return f"there is no folder {folder}; {hint}"


def explain_eaten_backslashes(value: str) -> str:
    """Recognise a Windows path whose backslashes a shell has taken."""
    if re.match(r"[A-Za-z]:[^\\/]", value):
        return (
            f"\nThe value arrived as {value!r}: if it had backslashes, "
            "put it in single quotes: LOGDIR='C:\\logs'"
        )
    return ""
