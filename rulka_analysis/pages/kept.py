"""What is too large for a notebook's output: kept in files that are named after their content.

A notebook publishes the digests; the pages that show it copy the files. A notebook one of whose
files is gone, or is not what it was, is executed again: what was kept is a question like any other.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path

from rulka_analysis.values import questions
from rulka_analysis.values.digests import digest_file
from rulka_analysis.values.errors import RulkaError
from rulka_analysis.values.files import write_whole
from rulka_analysis.values.places import build_folder

# A file that no execution names may be one that a notebook is about to name.
SPARED_SECONDS = 3600.0


class KeptFileError(RulkaError):
    """A file that a notebook kept cannot be read; the message says the remedy."""


def keep(content: bytes) -> str:
    """Keep some bytes, and return the digest under which they are found again."""
    digest = hashlib.sha256(content).hexdigest()
    file = _folder() / digest
    if digest_file(file) != digest:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, content)
    questions.note("kept", digest, digest)
    return digest


def digest_kept(digest: str) -> str:
    """Return the digest of what is kept under one today: another, or that it is absent."""
    return digest_file(_folder() / digest)


def read_kept(digest: str) -> bytes:
    """Return what was kept.

    Raises
    ------
    KeptFileError
        If it is gone, or is not what was kept.
    """
    file = _folder() / digest
    try:
        content = file.read_bytes()
    except OSError as error:
        cause = error.strerror or str(error)
        raise KeptFileError(f"{file} cannot be read: {cause}. Build again") from error
    if hashlib.sha256(content).hexdigest() != digest:
        raise KeptFileError(f"{file} is not what was written there. Remove it, and build again")
    return content


def forget_unnamed(executed: Path) -> None:
    """Delete what no execution that is kept names."""
    named = set(_list_named(executed))
    for file in _folder().glob("*"):
        if file.name not in named and file.stat().st_mtime < time.time() - SPARED_SECONDS:
            file.unlink(missing_ok=True)


def _list_named(executed: Path) -> Iterator[str]:
    for file in executed.rglob("*.json"):
        try:
            record = json.loads(file.read_text(encoding="utf-8"))["record"]
            yield from (asked["subject"] for asked in record if asked["kind"] == "kept")
        except (OSError, ValueError, KeyError, TypeError):
            # No execution: it is never reused, so it needs no files.
            continue


def _folder() -> Path:
    return build_folder() / "kept"
