"""Today's answers to the questions notebooks asked, and how they differ from earlier ones."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rulka_analysis.logs.runs import Logs
from rulka_analysis.metrics import settings_files
from rulka_analysis.pages.kept import digest_kept
from rulka_analysis.pages.package_code import PackageCode
from rulka_analysis.values import questions
from rulka_analysis.values.digests import ABSENT, digest_file, digest_of
from rulka_analysis.values.errors import listing

FileStates = Mapping[str, Sequence[Any]]
"""Of each file of a run, by path: the bytes read, and the SHA-256 of them."""


class World:
    """Today's answers, each looked up once but those about files that notebooks keep.

    Parameters
    ----------
    logs : Logs
        The log directory in effect, with the lengths up to which its files are read.
    project : Path
        The project's folder.
    environment : mapping of str to str
        The variables that kernels find.
    code : PackageCode
        Digests of what is installed.
    """

    def __init__(
        self, logs: Logs, project: Path, environment: Mapping[str, str], code: PackageCode
    ) -> None:
        self._logs = logs
        self._project = project
        self._environment = environment
        self._code = code
        self._answers: dict[tuple[str, str, tuple[str, ...]], str] = {}
        self._lock = threading.Lock()
        self._modified = {path: _modified(logs.path / path) for path in logs.lengths()}

    def answer(self, kind: str, subject: str, without: tuple[str, ...] = ()) -> str:
        """Return today's answer; of a folder, some names in it may be left out."""
        if kind == "kept":
            # What notebooks write themselves: another answer after one ran than before.
            return digest_kept(subject)
        asked = (kind, subject, without)
        with self._lock:
            if asked not in self._answers:
                self._answers[asked] = self._look_up(*asked)
            return self._answers[asked]

    def _look_up(self, kind: str, subject: str, without: tuple[str, ...]) -> str:
        if kind == "log_directory":
            return log_directory_answer(self._logs)
        if kind == "run":
            return self._logs.digest(subject)
        if kind == "runs":
            return self._logs.runs_digest()
        if kind == "findings":
            found = [finding.as_dict() for finding in self._logs.findings]
            return digest_of(found)
        if kind == "file":
            return questions.file_answer(self._project / subject)
        if kind == "settings":
            return settings_files.listing(self._project / subject)
        if kind == "path":
            return questions.path_answer(self._project / subject)
        if kind == "folder":
            return questions.folder_answer(self._project / subject, without)
        if kind == "variable":
            name = subject.upper() if sys.platform == "win32" else subject
            return questions.variable_answer(self._environment.get(name))
        if kind == "volatile":
            return "never the same"
        if kind == "stable":
            return ""
        if kind == "code":
            return self._code.digest(subject)
        if kind == "module":
            return questions.module_digest(subject)
        if kind == "package":
            return questions.package_version(subject)
        if kind == "definitions":
            return questions.definitions_digest(self._project / subject)
        if kind == "python":
            return questions.python_version()
        return f"nobody answers questions of kind {kind!r}"

    def rewritten(self, records: Iterable[Sequence[Mapping[str, Any]]]) -> list[str]:
        """Return the files that no longer begin with what was read of them, in words.

        Only files that were modified meanwhile are read again: most of them have grown.
        """
        asked = {a["subject"] for record in records for a in record if a["kind"] == "run"}
        found = []
        for run in sorted(asked):
            for path, (length, digest) in self._logs.file_states(run).items():
                file = self._logs.path / path
                same = _modified(file) == self._modified.get(path)
                if not same and digest_file(file, length) != digest:
                    found.append(f"{path} of run {run}")
        return found

    def completed(self, record: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return a record with what its kernel did not tell.

        Each run's answer tells its files, for reasons later. To each package's version comes its
        code, last: of a new version it is no news.
        """
        told = [
            {**asked, "files": self._logs.file_states(asked["subject"])}
            if asked["kind"] == "run" and asked["answer"] != ABSENT
            else asked
            for asked in record
        ]
        packages = [asked["subject"] for asked in record if asked["kind"] == "package"]
        return told + [
            {"kind": "code", "subject": name, "answer": self.answer("code", name)}
            for name in packages
        ]

    def difference(self, record: Sequence[Mapping[str, Any]], *, meanwhile: bool = False) -> str:
        """Return the first answer of a record that is another today, in words; else nothing.

        `meanwhile`, only what the package read counts: of what a notebook reads by itself the first
        answer is kept, and it may itself write what it has read.
        """
        settled = any(asked["kind"] == "stable" for asked in record)
        for asked in record:
            kind, subject, then = asked["kind"], asked["subject"], asked["answer"]
            if asked.get("observed") and meanwhile:
                continue
            if kind == "volatile" and then == questions.SEEN and settled:
                continue
            now = self.answer(kind, subject, tuple(asked.get("without", ())))
            if now != then:
                told = word_change(kind, subject, then, now)
                if "files" not in asked or now == ABSENT:
                    return told
                changes = self._changed_files(subject, asked["files"])
                return f"{told} ({listing(changes, 2)})" if changes else told
        return ""

    def _changed_files(self, run: str, then: FileStates) -> list[str]:
        now = self._logs.file_states(run)
        return [
            self._changed(path, then.get(path), now.get(path))
            for path in sorted({*then, *now})
            if then.get(path) is None
            or now.get(path) is None
            or list(then[path]) != list(now[path])
        ]

    def _changed(self, path: str, then: Sequence[Any] | None, now: Sequence[Any] | None) -> str:
        name = _short(path.rpartition("/")[2])
        if then is None:
            return f"{name} is new"
        if now is None:
            return f"{name} is gone"
        grown = now[0] - then[0]
        if grown > 0 and digest_file(self._logs.path / path, then[0]) == then[1]:
            return f"{name} grew by {grown:,} bytes"
        return f"{name} was rewritten"


def _modified(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def log_directory_answer(logs: Logs) -> str:
    """Return what pages may say of a log directory: its name, and whether it is the bundled one."""
    return digest_of([logs.name, logs.bundled])


def word_change(kind: str, subject: str, then: str, now: str) -> str:
    """Word how an answer changed.

    Examples
    --------
    >>> word_change("run", "uni_9", "1f3a", "absent")
    'uni_9 is gone'
    >>> word_change("package", "numpy", "2.4.5", "2.4.6")
    'package numpy changed from 2.4.5 to 2.4.6'
    """
    if kind == "volatile":
        return f"it runs in every build: {subject}"
    if kind == "code":
        return f"the code of package {subject} changed, its version did not"
    what = {
        "log_directory": "the log directory",
        "run": subject,
        "runs": "the list of runs",
        "findings": "what was noticed about folders that are no run",
        "settings": f"the list of files of settings in {subject}",
        "definitions": f"the list of definitions in {subject}",
        "python": "Python",
        "file": subject,
        "kept": "a file that it had kept",
        "path": subject,
        "folder": f"what is in {subject}" if subject != "." else "what is in the project's folder",
        "variable": f"the environment variable {subject}",
    }.get(kind, f"{kind} {subject}")
    if then == ABSENT:
        return f"{what} is set" if kind == "variable" else f"{what} appeared"
    if now == ABSENT:
        return f"{what} is no longer set" if kind == "variable" else f"{what} is gone"
    if kind in ("package", "python"):
        return f"{what} changed from {then} to {now}"
    return f"{what} changed"


def _short(name: str) -> str:
    """Return a file's name without time, host and process, which say nothing to a reader."""
    return "events.out…" if name.startswith("events.out.tfevents") else name
