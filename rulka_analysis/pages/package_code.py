"""Digests of the code of installed packages: a local fix changes it, and no version."""

from __future__ import annotations

import importlib.metadata
import json
import os
from contextlib import suppress
from pathlib import Path

from rulka_analysis.values import questions
from rulka_analysis.values.digests import digest_of, digest_text
from rulka_analysis.values.files import write_whole


class PackageCode:
    """Digests of installed packages, remembered as long as no file of theirs was modified.

    Parameters
    ----------
    remembered : Path
        Where digests are kept from one build to the next.
    """

    def __init__(self, remembered: Path) -> None:
        self._file = remembered
        self._known: dict[str, list[str]] | None = None
        self._changed = False

    def digest(self, package: str) -> str:
        """Return the digest of a package's Python files; of one without a list of them, a word."""
        files = _list_files(package)
        if not files:
            return "no list of its files"
        state = digest_text("\n".join(map(_state, files)))
        known = self._read().get(package)
        if known is not None and known[0] == state:
            return known[1]
        digest = digest_of([questions.file_answer(Path(path)) for path in files])
        self._read()[package] = [state, digest]
        self._changed = True
        return digest

    def keep(self) -> None:
        """Write what is known now; without it the next build takes longer, and no harm is done."""
        if self._changed:
            with suppress(OSError):
                self._file.parent.mkdir(parents=True, exist_ok=True)
                write_whole(self._file, json.dumps(self._known))

    def _read(self) -> dict[str, list[str]]:
        if self._known is None:
            self._known = {}
            with suppress(OSError, ValueError):
                found = json.loads(self._file.read_text(encoding="utf-8"))
                self._known = {name: [state, digest] for name, (state, digest) in found.items()}
        return self._known


def _list_files(package: str) -> list[str]:
    try:
        distribution = importlib.metadata.distribution(package)
    except importlib.metadata.PackageNotFoundError:
        return []
    # Read by hand: thousands of path objects would take longer than looking at the files.
    text = distribution.read_text("RECORD") or ""
    base = str(distribution.locate_file(""))
    # A line a file: path, digest, size.
    paths = [line.partition(",")[0] for line in text.splitlines() if ".py," in line]
    return [f"{base}/{path}" for path in sorted(paths)]


def _state(path: str) -> str:
    try:
        found = os.stat(path)
    except OSError:
        return path
    return f"{path} {found.st_size} {found.st_mtime_ns}"
