"""What the system refused, in our own words: what happened, what is safe, what to do."""

from __future__ import annotations

import errno

SAFE = "The site of the last good build stays as it is"

_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
_REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS)


def word_system_error(error: OSError, doing: str) -> str:
    """Word what stopped a build.

    `doing` is what was being done, as in "while … was being done".

    Examples
    --------
    >>> word_system_error(FileNotFoundError(errno.ENOENT, "", "a.csv"), "pages were written")[:52]
    "'a.csv' was taken away while pages were written. The"
    """
    # Of a copy the second is what was written.
    name = error.filename2 or error.filename
    what = f"'{name}'" if name else "a file"
    if error.errno in _FULL:
        return (
            "the disk is full, or your quota is used up: "
            f"{what} could not be written while {doing}. {SAFE}. Make room ('make clean' deletes "
            "what can be made again), and build again"
        )
    if error.errno == errno.ENOENT:
        return f"{what} was taken away while {doing}. {SAFE}. Build again when nothing moves files"
    if error.errno in _REFUSED:
        return (
            f"the system does not allow {what} to be read or written ({error.strerror}) while "
            f"{doing}. {SAFE}. See who owns it and what may be written there, and build again"
        )
    return f"{what}: {error.strerror or error} while {doing}. {SAFE}. Mend that, and build again"


def find_system_error(error: BaseException | None) -> OSError | None:
    """Return the error of the system that another error stands for; None where there is none."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, OSError):
            return error
        # Sphinx keeps what a handler raised beside its own error.
        error = getattr(error, "orig_exc", None) or error.__cause__
    return None
