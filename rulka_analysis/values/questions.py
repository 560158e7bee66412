"""What a notebook asked, and what the answers were.

While a notebook runs, the package notes each question it puts to the world (which runs are there,
what is in run ``uni_6``, what does the definition say) with a digest of the answer. The executed
notebook is reused as long as every question still has the same answer. "Absent" is an answer.
"""

from __future__ import annotations

import importlib.metadata
import inspect
import os
import platform
import re
import stat
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, Literal

from rulka_analysis.values.digests import ABSENT as ABSENT
from rulka_analysis.values.digests import digest_file, digest_text
from rulka_analysis.values.digests import digest_of as digest_of
from rulka_analysis.values.places import project_folder

Kind = Literal[
    "log_directory",
    "run",
    "runs",
    "findings",
    "file",
    "settings",
    "kept",
    "definitions",
    "module",
    "package",
    "python",
    "stable",
]
Observed = Literal["file", "folder", "path", "variable", "volatile"]
FOLDER = "a folder"
# Of a volatile notebook: the package saw why, or its author says so.
SEEN, SAID = "seen", "said"

_asked: dict[tuple[str, str], str | Callable[[], str]] = {}
_observed: dict[tuple[str, str], dict[str, Any]] = {}


def note(kind: Kind, subject: str, answer: str | Callable[[], str]) -> None:
    """Note that `subject` was asked for and what the answer was.

    An answer that is expensive to digest may be given as a function, called once in `record`.
    """
    _asked[(kind, subject)] = answer


def note_observed(kind: Observed, subject: str, answer: str, **more: Any) -> None:
    """Note what a notebook read by itself; the first answer is the one it began with."""
    _observed.setdefault((kind, subject), {"answer": answer, **more})


def note_file(path: str | os.PathLike[str]) -> None:
    """Note that a file was read: the notebook runs again when the file is another.

    Files that a notebook opens are noted without this. It is for what a library opens in native
    code, which nobody sees.

    Parameters
    ----------
    path : path-like
        The file; one that does not exist is noted as absent.
    """
    file = Path(path).absolute()
    note("file", subject_of(file), lambda: file_answer(file))


def volatile(reason: str) -> None:
    """Say that a notebook gives another result each time, so that it runs in every build.

    That is for the clock, for chance without a seed and for whatever else nobody can ask again. A
    program that a notebook starts and a connection that it opens are seen without this.

    Parameters
    ----------
    reason : str
        Why, as it stands in the build's lines and on the page about the build.
    """
    note_observed("volatile", reason, SAID)


def stable(reason: str) -> None:
    """Say that a notebook gives the same result although it starts a program or opens a connection.

    Parameters
    ----------
    reason : str
        How that is known, as it stands on the page about the build.
    """
    note("stable", reason, "")


def subject_of(path: Path) -> str:
    """Return how a file or folder is called: below the project's folder if it is in there."""
    folder = project_folder()
    linked = folder.resolve()
    for base, found in (
        (folder, path),
        (linked, path),
        (linked, path.resolve()),
    ):
        if found.is_relative_to(base):
            return found.relative_to(base).as_posix()
    return str(path)


def file_answer(path: Path) -> str:
    """Return the digest of a file, or what there is in its place."""
    try:
        # Opening what is no file (a pipe) may wait for ever.
        mode = path.stat().st_mode
        if stat.S_ISREG(mode):
            return digest_file(path)
        return FOLDER if stat.S_ISDIR(mode) else "no regular file"
    except (FileNotFoundError, NotADirectoryError):
        return ABSENT
    except OSError as error:
        return f"not readable: {error.strerror}"


def path_answer(path: Path) -> str:
    """Return what a look at a path tells: nothing, a folder, or a file and its size."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return ABSENT
    except OSError as error:
        return f"not readable: {error.strerror}"
    return FOLDER if stat.S_ISDIR(found.st_mode) else f"a file of {found.st_size} bytes"


def folder_answer(path: Path, without: Collection[str] = ()) -> str:
    """Return the digest of the names in a folder and of which are folders, some names left out."""
    try:
        with os.scandir(path) as entries:
            names = sorted((e.name, e.is_dir()) for e in entries if e.name not in without)
    except (FileNotFoundError, NotADirectoryError):
        return ABSENT
    except OSError as error:
        return f"not readable: {error.strerror}"
    return digest_of([[ascii(name), is_folder] for name, is_folder in names])


def variable_answer(value: str | None) -> str:
    """Return the digest of a variable's value: it may be a secret."""
    return ABSENT if value is None else digest_text(ascii(value))


def forget() -> None:
    """Start a new record (a notebook starts with none; tests need it between cases)."""
    _asked.clear()
    _observed.clear()


def package_folder() -> Path:
    return Path(__file__).resolve().parents[1]


def module_digest(name: str) -> str:
    """Return the digest of one of this package's modules by its dotted name."""
    relative = name.split(".")[1:]
    base = package_folder().joinpath(*relative)
    path = base / "__init__.py" if base.is_dir() else base.with_suffix(".py")
    return digest_file(path)


def package_version(name: str) -> str:
    try:
        # The whole of it need not be parsed: dozens of packages are asked in every build.
        header = importlib.metadata.distribution(name).read_text("METADATA") or ""
    except importlib.metadata.PackageNotFoundError:
        return ABSENT
    found = re.search(r"^Version:\s*(\S+)", header, re.MULTILINE)
    return found[1] if found else importlib.metadata.version(name)


# `importlib.metadata.packages_distributions` parses the whole of what each installed package says
# of itself, in every kernel.
_FIRST = re.compile(r"^([^/,\n]+)([/,])", re.MULTILINE)


def _modules_of(distribution: importlib.metadata.Distribution) -> set[str]:
    """Return the modules at the top that a distribution installs, as `importlib.metadata` does."""
    declared = distribution.read_text("top_level.txt")
    if declared and declared.strip():
        return set(declared.split())
    record = distribution.read_text("RECORD")
    if record is None:
        record = "".join(f"{file},,\n" for file in distribution.files or ())
    found = {
        first if end == "/" else inspect.getmodulename(first)
        for first, end in _FIRST.findall(record.replace("\r\n", "\n"))
    }
    return {name for name in found if name and "." not in name}


def _name_of(distribution: importlib.metadata.Distribution) -> str:
    header = distribution.read_text("METADATA") or ""
    found = re.search(r"^Name:\s*(\S+)", header, re.MULTILINE)
    return found[1] if found else distribution.metadata["Name"]


def definitions_digest(folder: Path) -> str:
    """Return the digest of the names of the definitions in a folder."""
    return digest_of(sorted(path.name for path in folder.glob("*.toml")))


def python_version() -> str:
    return platform.python_version()


def record() -> list[dict[str, Any]]:
    """Return everything asked so far, with the modules and packages in use, in a stable order."""
    package = __name__.partition(".")[0]
    answers = {
        question: answer if isinstance(answer, str) else answer()
        for question, answer in _asked.items()
    }
    # By a module's own name: a public one stands in `sys.modules` under a short name, too.
    loaded = {
        module.__name__ for module in list(sys.modules.values()) if hasattr(module, "__name__")
    }
    for name in loaded:
        if name == package or name.startswith(package + "."):
            answers["module", name] = module_digest(name)
    top_level = {name.partition(".")[0] for name in sys.modules}
    for distribution in importlib.metadata.distributions():
        if not top_level.isdisjoint(_modules_of(distribution)):
            name = _name_of(distribution)
            # This package is answered for module by module.
            if name.replace("-", "_") != package:
                answers["package", name] = package_version(name)
    answers["python", "version"] = python_version()
    asked = {question: {"answer": answer} for question, answer in answers.items()}
    by_itself = {
        question: {**answer, "observed": True}
        for question, answer in _observed.items()
        # Who opened a file need not be told again that it is there.
        if question[0] != "path"
        or not {("file", question[1]), ("folder", question[1])} & _observed.keys()
    }
    return [
        {"kind": kind, "subject": subject, **answer}
        for (kind, subject), answer in sorted((by_itself | asked).items())
    ]
