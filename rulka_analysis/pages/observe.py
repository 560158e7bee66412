"""What a notebook reads by itself, seen from within its kernel.

People who dig deeper open a file, list a folder, look at an environment variable or import a helper
that lies beside their notebook. Each is a question like those the package notes itself, with the
digest of its answer, so that the notebook runs again when an answer changes.

Python tells of opening, listing, databases, programs and connections by audit events (PEP 578).
Looks at a path's state and at the environment raise none: `os.stat`, `os.access` and `os.environ`
are wrapped. What native code opens by itself raises none either: known readers are wrapped (see
`native_readers`), and `questions.note_file` is for the rest.

Not observed is what the package does for the notebook (it notes its own questions), what an
installed package does while it is imported, and what belongs to Python's installation. What the
notebook itself wrote before is an output.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FrameType
from typing import Any
from urllib.parse import unquote, urlsplit

from rulka_analysis.pages import native_readers
from rulka_analysis.pages.installation import LAUNCHERS, NEVER, UNASKED, list_folders
from rulka_analysis.values import questions
from rulka_analysis.values.errors import RulkaError
from rulka_analysis.values.places import project_folder

# Frames of these stand between a notebook and what it asks; they are no reading of the package.
_OWN_FILES = (__file__, native_readers.__file__)
_PROGRAM, _CONNECTION = "it starts a program or process of its own", "it opens a connection"
_VOLATILE = {
    "subprocess.Popen": _PROGRAM,
    "os.system": _PROGRAM,
    "os.posix_spawn": _PROGRAM,
    "os.fork": _PROGRAM,
    "os.forkpty": _PROGRAM,
    "os.exec": _PROGRAM,
    "os.spawn": _PROGRAM,
    "os.startfile": _PROGRAM,
    "socket.connect": _CONNECTION,
    "socket.getaddrinfo": _CONNECTION,
    "socket.sendto": _CONNECTION,
    "socket.sendmsg": _CONNECTION,
}
_READS_AND_WRITES = os.O_RDWR
_MAKES_ANEW = os.O_CREAT | os.O_EXCL


class Observer:
    """Notes what is read from outside the package; made once a kernel by `start`."""

    def __init__(self) -> None:
        self._package = os.path.join(questions.package_folder(), "")
        self._installed = list_folders()
        # Where ipykernel says a cell's code stands.
        cells = os.path.join(tempfile.gettempdir(), "ipykernel_")
        self._foreign = (*self._installed, *NEVER, self._package, cells)
        # Parts of the import system that are no frozen modules.
        self._importers = tuple(
            os.path.join(os.path.dirname(os.__file__), name)
            for name in ("importlib" + os.sep, "pkgutil.py", "zipimport.py")
        )
        self._guard = threading.local()
        self._threads: set[threading.Thread] = set()
        self._written: set[str] = set()
        self._made_folders: set[str] = set()
        self._project = os.path.join(project_folder(), "")
        # By audit event: what notes it, which of its arguments that takes, and whether it is noted
        # whoever began it (the file itself tells whose it is).
        self._heard: dict[str, tuple[Callable[..., None], int, int, bool]] = {
            "open": (self.note_opened, 0, 3, False),
            "exec": (self.note_executed, 0, 1, True),
            # Modules of machine code have a file here; of others it is told when their code runs.
            "import": (self.note_opened, 1, 2, True),
            "os.listdir": (self.note_listed, 0, 1, False),
            "os.scandir": (self.note_listed, 0, 1, False),
            "sqlite3.connect": (self.note_database, 0, 1, False),
            "os.mkdir": (self.note_made_folder, 0, 1, False),
            # What makes, moves or takes away a file; the paths come first.
            "os.remove": (self.note_changed, 0, 1, False),
            "os.truncate": (self.note_changed, 0, 1, False),
            "os.rename": (self.note_changed, 0, 2, False),
            "os.link": (self.note_changed, 1, 2, False),
            "os.symlink": (self.note_changed, 1, 2, False),
        }

    # --- What is noted ----------------------------------------------------------------------------

    def note_opened(self, path: object, mode: object = "r", flags: object = 0) -> None:
        """Note a file opened for reading; one that the notebook itself wrote is an output."""
        name = find_path(path)
        if name is None or self._is_none_of_its_inputs(name):
            return
        if isinstance(mode, str):
            reads, writes = "r" in mode, "r" not in mode or "+" in mode
        elif isinstance(flags, int):
            writes = bool(flags & (os.O_WRONLY | _READS_AND_WRITES))
            anew = flags & os.O_TRUNC or flags & _MAKES_ANEW == _MAKES_ANEW
            reads = not flags & os.O_WRONLY and not anew
        else:
            reads, writes = True, False
        if reads:
            self._note_file(name)
        if writes:
            self._written.add(name)

    def _note_file(self, name: str) -> None:
        file = Path(name)
        questions.note_observed("file", questions.subject_of(file), questions.file_answer(file))

    def note_database(self, path: object) -> None:
        """Note a database, and what SQLite keeps beside it of changes that are not in it yet."""
        text = os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else ""
        name = find_path(unquote(urlsplit(text).path) if text.startswith("file:") else path)
        if name is None or self._is_none_of_its_inputs(name):
            return
        if os.path.exists(name):
            self._note_file(name)
            self._note_file(name + "-wal")
        else:
            self._written |= {name, name + "-wal"}

    def note_read(self, path: object) -> None:
        """Note a file that native code opens, or all files of a folder that it reads as one."""
        name = find_path(path)
        if name is None:
            return
        if not os.path.isdir(name):
            self.note_opened(name)
        for folder, _, files in os.walk(name):
            self.note_listed(folder)
            for file in files:
                self.note_opened(os.path.join(folder, file))

    def note_listed(self, path: object) -> None:
        """Note the names in a folder, without what the notebook wrote there before."""
        name = find_path("." if path is None else path)
        if name is None or self._is_none_of_its_inputs(name):
            return
        own = sorted(os.path.basename(p) for p in self._written if os.path.dirname(p) == name)
        folder = Path(name)
        answer = questions.folder_answer(folder, own)
        questions.note_observed("folder", questions.subject_of(folder), answer, without=own)

    def note_look(self, path: object) -> None:
        """Note that it was asked whether a path is there."""
        name = find_path(path)
        # The project and the folders it is in are there: this runs in them.
        if name is None or self._project.startswith(os.path.join(name, "")):
            return
        if not self._is_none_of_its_inputs(name):
            file = Path(name)
            questions.note_observed("path", questions.subject_of(file), questions.path_answer(file))

    def note_variable(self, name: object) -> None:
        """Note an environment variable that was looked up."""
        if isinstance(name, str) and not (name in UNASKED or name.startswith(LAUNCHERS)):
            # From the mapping beneath: this one notes who asks.
            value = dict.get(os.environ._data, os.environ.encodekey(name))  # type: ignore[attr-defined]
            told = None if value is None else os.environ.decodevalue(value)
            questions.note_observed("variable", name, questions.variable_answer(told))

    def note_changed(self, *paths: object) -> None:
        """Note that the notebook made, moved or took away a file: it is an output from here on."""
        self._written |= {name for name in map(find_path, paths) if name is not None}

    def note_made_folder(self, path: object) -> None:
        """Note a folder that the notebook makes; all that is in there is its own."""
        name = find_path(path)
        # One may make what is there already, and be content with the error.
        if name is not None and not os.path.lexists(name):
            self._written.add(name)
            self._made_folders.add(os.path.join(name, ""))

    def note_executed(self, code: object) -> None:
        """Note a file whose code begins to run: a helper beside the notebook, wherever it lies."""
        if isinstance(code, CodeType) and not code.co_filename.startswith("<"):
            name = find_path(code.co_filename)
            if name is not None and not self._is_none_of_its_inputs(name) and os.path.isfile(name):
                self._note_file(name)

    def note_missing_module(self, name: str) -> None:
        """Note where a module was looked for in vain: there it may appear."""
        last = name.rpartition(".")[2]
        for entry in sys.path:
            folder = os.path.abspath(entry)
            if os.path.isdir(folder) and not self._is_foreign(os.path.join(folder, "")):
                self.note_look(os.path.join(folder, last))
                self.note_look(os.path.join(folder, f"{last}.py"))

    # --- What is not ------------------------------------------------------------------------------

    def _is_foreign(self, path: str) -> bool:
        return path.startswith(self._foreign)

    def _is_none_of_its_inputs(self, path: str) -> bool:
        """Tell whether a path belongs to an installation or was written by the notebook itself."""
        return (
            path in self._written
            or self._is_foreign(path)
            or self._is_foreign(os.path.join(path, ""))
            or os.path.join(path, "").startswith(tuple(self._made_folders))
        )

    def was_begun_by_notebook(self, *, while_importing: bool = False) -> bool:
        """Tell whether what happens now was begun by the notebook or by a helper of its own.

        The way from here outwards leads to the notebook's code first. A frame of the package comes
        first where the package reads; one of the import system where something is imported.
        """
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            file = frame.f_code.co_filename
            if file.startswith(self._package):
                if file not in _OWN_FILES:
                    return False
            elif file.startswith(("<frozen importlib", *self._importers)):
                if not while_importing:
                    return False
            elif not file.startswith((*self._installed, "<")):
                return True
            elif while_importing and not file.startswith("<"):
                return False
            frame = frame.f_back
        # A thread of a pool begins in the standard library, whoever started it.
        return threading._active.get(threading.get_ident()) in self._threads  # type: ignore[attr-defined]

    def note_quietly(
        self, note: Callable[..., None], *arguments: object, always: bool = False
    ) -> None:
        """Call `note` unless this thread is noting already: to digest a file, it is opened."""
        if getattr(self._guard, "busy", False):
            return
        self._guard.busy = True
        try:
            if always or self.was_begun_by_notebook():
                note(*arguments)
        except (OSError, ValueError):
            # What is asked is answered by the system itself; it will say the same to the notebook.
            pass
        finally:
            self._guard.busy = False

    # --- Where it is heard ------------------------------------------------------------------------

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Hear an audit event."""
        if found := self._heard.get(event):
            note, first, last, always = found
            self.note_quietly(note, *arguments[first:last], always=always)
        elif reason := _VOLATILE.get(event):
            self.note_quietly(note_volatile, reason)

    def wrap(self) -> None:
        """Wrap what raises no audit event."""
        for name in ("stat", "lstat", "access"):
            replace_in_os(name, self._noting(getattr(os, name), self.note_look))
        replace_in_os("open", self._leaving_out_below_others(os.open))
        for name in ("exists", "lexists", "isfile", "isdir", "islink"):
            # On Windows these ask the system by themselves.
            if isinstance(look := getattr(os.path, name), BuiltinFunctionType):
                setattr(os.path, name, self._noting(look, self.note_look))
        os.environ.__class__ = make_observed(type(os.environ), self)
        start_thread = threading.Thread.start

        @wraps(start_thread)
        def started(thread: threading.Thread) -> None:
            if self.was_begun_by_notebook():
                self._threads.add(thread)
            start_thread(thread)

        threading.Thread.start = started  # type: ignore[assignment]
        native_readers.wrap_when_imported(
            lambda path: self.note_quietly(self.note_read, path),
            lambda path: self.note_quietly(self.note_changed, path),
            lambda: self.note_quietly(note_volatile, _PROGRAM),
        )
        sys.meta_path.append(_Missing(self))

    def _leaving_out_below_others(self, open_file: Callable[..., int]) -> Any:
        @wraps(open_file)
        def observed(*arguments: Any, dir_fd: int | None = None, **named: Any) -> int:
            if dir_fd is None:
                return open_file(*arguments, **named)
            # The event of it tells the path, and not below which folder.
            before, self._guard.busy = getattr(self._guard, "busy", False), True
            try:
                return open_file(*arguments, dir_fd=dir_fd, **named)
            finally:
                self._guard.busy = before

        return observed

    def _noting(self, call: Callable[..., Any], note: Callable[[object], None]) -> Any:
        @wraps(call)
        def observed(path: Any, *arguments: Any, **named: Any) -> Any:
            # Below another folder the path is none that could be asked for again; following links
            # looks at every folder on the way.
            follows = sys._getframe(1).f_code.co_name in ("realpath", "_joinrealpath")
            if named.get("dir_fd") is None and not follows:
                self.note_quietly(note, path)
            return call(path, *arguments, **named)

        return observed


_observers: list[Observer] = []


def start() -> None:
    """Observe this process from now on. An audit hook cannot be taken out again."""
    observer = Observer()
    observer.wrap()
    sys.addaudithook(observer.hear)
    _observers.append(observer)


def record() -> list[dict[str, Any]]:
    """Return all that was asked in this process (see `questions.record`).

    Raises
    ------
    RulkaError
        If this process is not observed: its page would go stale, and nobody would know.
    """
    if not _observers:
        raise RulkaError(
            "this kernel is not observed: what 'rulka_analysis.pages.observe' said when it began "
            "stands above"
        )
    return questions.record()


def find_path(path: object) -> str | None:
    """Return an absolute path, links kept as they are; None for what names no file."""
    if isinstance(path, int) or path is None:
        return None
    try:
        name = os.fsdecode(path)  # type: ignore[arg-type]
    except TypeError:
        return None
    return None if not name or name.startswith(("<", ":memory:")) else os.path.abspath(name)


def note_volatile(reason: str) -> None:
    questions.note_observed("volatile", reason, questions.SEEN)


def replace_in_os(name: str, wrapper: Any) -> None:
    """Replace a function of `os`, and let it be asked what it can do as before."""
    found = getattr(os, name)
    for able in (
        os.supports_dir_fd,
        os.supports_fd,
        os.supports_follow_symlinks,
        os.supports_effective_ids,
    ):
        if found in able:
            able.add(wrapper)
    setattr(os, name, wrapper)


def make_observed(kind: type, observer: Observer) -> type:
    """Return the class of the environment with look-ups that are noted."""

    class Environment(kind):  # type: ignore[misc]
        def __getitem__(self, key: str) -> str:
            observer.note_quietly(observer.note_variable, key)
            value: str = super().__getitem__(key)
            return value

        def __contains__(self, key: object) -> bool:
            observer.note_quietly(observer.note_variable, key)
            try:
                super().__getitem__(key)
            except (KeyError, TypeError):
                return False
            return True

    Environment.__name__, Environment.__qualname__ = kind.__name__, kind.__qualname__
    return Environment


class _Missing:
    """Is asked last for a module: nobody has it."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        # Installed packages ask for many that nobody has; only the notebook's own is a question.
        if path is None and self._observer.was_begun_by_notebook(while_importing=True):
            self._observer.note_quietly(self._observer.note_missing_module, name, always=True)
