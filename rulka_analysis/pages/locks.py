"""One program at a time: a lock that the system takes back when its holder ends, however it ends.

Nothing but the standard library: ``tasks.py`` uses this before anything is installed.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

SECONDS_BETWEEN_TRIES = 0.2
# Windows lets nobody read what is locked: the lock is on a byte far behind the holder's id.
LOCKED_BYTE = 1 << 30


@contextmanager
def hold_lock(path: Path, *, waiting: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock on a file; wait for it while another process does.

    The lock is not reentrant: a process that asks for a lock it holds waits for itself.

    The file and its folder are made where they do not exist. If the lock does not come free soon,
    `waiting` is called once, with a line that names the holder.

    Raises
    ------
    OSError
        If the file cannot be written or the file system knows no locks.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with hold_lock(Path(folder, "lock"), waiting=print):
    ...         "nobody else is here"
    'nobody else is here'
    """
    descriptor = _acquired(path, waiting)
    try:
        yield
    finally:
        # Closing is not enough where a child process was forked and has the file open, too.
        _release(descriptor)
        os.close(descriptor)


def _acquired(path: Path, waiting: Callable[[str], None]) -> int:
    """Return the open file, locked, with the id of this process in it."""
    failed = 0
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except FileNotFoundError:
            # Whoever held the lock has just deleted the folder.
            continue
        try:
            taken = _taken(descriptor)
            if taken and _is_still_there(descriptor, path):
                os.lseek(descriptor, 0, os.SEEK_SET)
                # On a full disk the id is missing; what deletes must get the lock all the same.
                with suppress(OSError):
                    os.write(descriptor, f"{os.getpid():>10}\n".encode())
                return descriptor
            failed += not taken
            # Not at the first: it may meet a holder that has not written its id yet.
            if failed == 2 and not taken:
                waiting(f"{_holder(descriptor)} holds {path}; waiting for it to finish ...")
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        if not taken:
            time.sleep(SECONDS_BETWEEN_TRIES)


def _holder(descriptor: int) -> str:
    """Name the process that holds the lock on an open file."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    written = os.read(descriptor, 20).decode("ascii", "replace").strip()
    return f"Another command (process {written})" if written.isdecimal() else "Another command"


def _is_still_there(descriptor: int, path: Path) -> bool:
    """Tell whether the file that is locked is the one others will find."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _taken(descriptor: int) -> bool:
    """Try to lock an open file."""
    try:
        if sys.platform == "win32":
            os.lseek(descriptor, LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _release(descriptor: int) -> None:
    if sys.platform == "win32":
        os.lseek(descriptor, LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
    else:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
