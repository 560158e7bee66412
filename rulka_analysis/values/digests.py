"""Digests, by which the same bytes and the same data are known again."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

# The digest of a file that is not there: that is an answer, too.
ABSENT = "absent"


def digest_bytes(data: bytes) -> str:
    """Return the SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def digest_text(text: str) -> str:
    """Return the SHA-256 of a text, in hexadecimal."""
    return digest_bytes(text.encode("utf-8", "surrogatepass"))


def digest_of(data: Any) -> str:
    """Return the SHA-256 of plain data, whatever the order of its keys."""
    return digest_text(json.dumps(data, sort_keys=True, ensure_ascii=False))


def digest_code(files: Iterable[Path], packages: Iterable[str], more: str = "") -> str:
    """Return a digest of what decides something: files of code, versions of packages."""
    sha = hashlib.sha256(more.encode())
    for file in files:
        sha.update(file.read_bytes())
    for package in packages:
        sha.update(f"{package} {version(package)}\n".encode())
    return sha.hexdigest()


def digest_file(path: Path, length: int | None = None) -> str:
    """Return the SHA-256 of the first `length` bytes of a file, or ``"absent"``."""
    sha = hashlib.sha256()
    left = sys.maxsize if length is None else length
    try:
        with path.open("rb") as stream:
            while left > 0 and (block := stream.read(min(1 << 20, left))):
                sha.update(block)
                left -= len(block)
    except FileNotFoundError:
        return ABSENT
    return sha.hexdigest()
