"""What a notebook asked, and what the answers were.

While a notebook runs, the package notes each question it puts to the world (which runs are there,
what is in run ``uni_6``, what does the definition say) with a digest of the answer. The executed
notebook is reused as long as every question still has the same answer. "Absent" is an answer.
"""

from __future__ import annotations

import importlib.metadata
import platform
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from rulka_analysis.values.digests import ABSENT as ABSENT
from rulka_analysis.values.digests import digest_file
from rulka_analysis.values.digests import digest_of as digest_of
from rulka_analysis.values.places import project_folder

Kind = Literal[
    "log_directory",
    "run",
    "runs",
    "findings",
    "file",
    "settings",
    "definitions",
    "module",
    "package",
    "python",
]

_asked: dict[tuple[str, str], str | Callable[[], str]] = {}


def note(kind: Kind, subject: str, answer: str | Callable[[], str]) -> None:
    """Note that `subject` was asked for and what the answer was.

    An answer that is expensive to digest may be given as a function, called once in `record`.
    """
    _asked[(kind, subject)] = answer


def note_file(path: Path) -> None:
    """Note that a file of the project was read; a file elsewhere is noted by its full path."""
    note("file", subject_of(path), lambda: digest_file(path))


def subject_of(path: Path) -> str:
    """Return what a file or a folder goes by in a question."""
    resolved = path.resolve()
    folder = project_folder().resolve()
    inside = resolved.is_relative_to(folder)
    return resolved.relative_to(folder).as_posix() if inside else str(resolved)


def forget() -> None:
    """Start a new record (a notebook starts with none; tests need it between cases)."""
    _asked.clear()


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


def definitions_digest(folder: Path) -> str:
    """Return the digest of the names of the definitions in a folder."""
    return digest_of(sorted(path.name for path in folder.glob("*.toml")))


def python_version() -> str:
    return platform.python_version()


def record() -> list[dict[str, str]]:
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
    providers = importlib.metadata.packages_distributions()
    top_level = {name.partition(".")[0] for name in sys.modules}
    for distribution in {d for name in top_level for d in providers.get(name, ())}:
        # This package is answered for module by module.
        if distribution.replace("-", "_") != package:
            answers["package", distribution] = package_version(distribution)
    answers["python", "version"] = python_version()
    return [
        {"kind": kind, "subject": subject, "answer": answer}
        for (kind, subject), answer in sorted(answers.items())
    ]
