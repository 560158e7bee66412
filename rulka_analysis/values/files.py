"""Files written whole: a reader sees the old one or the new, never half of one."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

# What a file is called at the end while it is written beside its place.
BESIDE = ".writing"


def write_whole(path: Path, content: str | bytes | Callable[[BinaryIO], object]) -> None:
    """Write a file beside its place and rename it.

    A text is written as UTF-8; what can be called takes the open file and writes to it.

    Raises
    ------
    OSError
        If it cannot be written or renamed; then nothing has changed.
    """
    beside = path.with_name(f".{path.name[:80]}.{os.getpid()}-{threading.get_ident()}{BESIDE}")
    try:
        with beside.open("wb") as stream:
            if callable(content):
                content(stream)
            else:
                if isinstance(content, str):
                    content = content.encode("utf-8", "backslashreplace")
                stream.write(content)
        beside.replace(path)
    except OSError as error:
        # The system names no file that is open already. An error that is not the system's has words
        # of its own, which a name would take the place of.
        if error.errno is not None:
            error.filename = str(path)
        raise
    finally:
        beside.unlink(missing_ok=True)
