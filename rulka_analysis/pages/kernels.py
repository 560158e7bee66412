"""Starts a kernel for a notebook, executes its cells, and keeps what they print within limits."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import nbformat
import zmq
from jupyter_client.kernelspec import NoSuchKernel
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from rulka_analysis.pages.results import MIME
from rulka_analysis.values.errors import NotebookError
from rulka_analysis.values.text import printable

RECORD_MIME = "application/vnd.rulka.record+json"
CHARACTERS_SHOWN = 100_000
"""Printed by a cell; what is printed beyond is counted and left out."""
MOST_CHARACTERS = 10_000_000
"""Printed or shown by a cell; more is an error. Published results do not count."""

# What the path of a local socket may be long (104 bytes on macOS), its number included.
_LONGEST_PATH = 96
ARGUMENTS = [
    "--HistoryManager.enabled=False",
    "--log-level=ERROR",
    # The folder of a notebook is searched last: one that is called as a library would stand in its
    # place for all notebooks beside it.
    "--IPKernelApp.ignore_cwd=True",
    # Silently: a cell of our own would count as the first.
    "--IPKernelApp.exec_lines=from rulka_analysis.pages.observe import start as _s; _s(); del _s; "
    "__import__('sys').path.append('')",
]
# Runs after the notebook's own cells and is taken out again. While it stops, ipykernel 7 flushes
# what was printed once more, often when nobody listens any longer: it would wait for ten seconds,
# and be killed after two and a half, in a place that the next notebook could have had.
_RECORD_CELL = f"""\
from IPython.display import display as _display
from rulka_analysis.pages import observe as _observe
_display({{"{RECORD_MIME}": _observe.record()}}, raw=True)
import sys as _sys
for _stream in (_sys.stdout, _sys.stderr):
    if hasattr(_stream, "flush_timeout"):
        _stream.flush_timeout = 0.1
"""
_numbers = count(1)


class Kernels:
    """Executes notebooks, each in a kernel of its own.

    Parameters
    ----------
    environment : mapping of str to str
        The variables that kernels find.
    scratch : Path
        A folder for sockets and the like; whoever makes it takes it away.
    seconds_a_cell : int
        A cell that takes longer has hung.
    """

    def __init__(self, environment: Mapping[str, str], scratch: Path, seconds_a_cell: int) -> None:
        self._environment = dict(environment)
        self._scratch = scratch
        self._seconds = seconds_a_cell
        self._running: set[_Client] = set()
        self._stopped = False
        look_up_classes()

    def execute(self, path: Path, notebook: Any) -> list[dict[str, Any]]:
        """Execute a notebook in place and return what it asked.

        Raises
        ------
        NotebookError
            If a cell fails, hangs, prints too much or ends the kernel, or if no kernel starts.
        """
        own_cells = len(notebook.cells)
        notebook.cells.append(nbformat.v4.new_code_cell(_RECORD_CELL))
        client = _Client(
            notebook,
            timeout=self._seconds,
            # What a cell published may be more than is taken in a few seconds; none of it is lost.
            iopub_timeout=self._seconds,
            raise_on_iopub_timeout=True,
            kernel_name="python3",
            extra_arguments=list(ARGUMENTS),
            resources={"metadata": {"path": str(path.parent)}},
        )
        self._running.add(client)
        index = 0
        try:
            with self._started(client, path):
                for index, cell in enumerate(notebook.cells):
                    if self._stopped:
                        raise NotebookError(f"notebook {path}: the build was interrupted")
                    client.execute_cell(cell, index)
                    client.tell_what_was_cut(cell, index)
        except CellExecutionError as error:
            cause = f"{error.ename}: {_plain(error.evalue)}"
            raise NotebookError(_failure(path, index, notebook, own_cells, cause)) from error
        except CellTimeoutError as error:
            cause = f"took longer than {self._seconds} seconds"
            raise NotebookError(_failure(path, index, notebook, own_cells, cause)) from error
        except DeadKernelError as error:
            cause = (
                f"prints or shows more than {MOST_CHARACTERS:,} characters. Print less, or write "
                "it into a file"
                if client.flooded
                else "its kernel died (out of memory, or killed)"
            )
            raise NotebookError(_failure(path, index, notebook, own_cells, cause)) from error
        finally:
            self._running.discard(client)
        return _take_record(path, notebook, own_cells)

    def stop(self) -> None:
        """Kill all kernels. They run in sessions of their own and would stay behind."""
        # Threads that have no kernel yet see the flag when they have one.
        self._stopped = True
        for client in list(self._running):
            client.kill()

    @contextmanager
    def _started(self, client: _Client, path: Path) -> Iterator[None]:
        """Give a kernel that answers; where one does not start, another is tried elsewhere."""
        with ExitStack() as stack:
            connect: Callable[[Any], None]
            for connect in (self._connect_locally, self._connect_by_port):
                try:
                    client.km = client.create_kernel_manager()
                    connect(client.km)
                    # What its own machinery complains of is nothing that a reader can use, and
                    # would stand on the terminal before our sentence.
                    client.said = self._scratch / f"{next(_numbers)}.txt"
                    with client.said.open("wb") as said:
                        client.start_new_kernel(
                            cwd=str(path.parent), env=self._environment, stdout=said, stderr=said
                        )
                    # Whoever stopped all kernels meanwhile could not see this one yet.
                    if self._stopped:
                        client.kill()
                    stack.enter_context(client.setup_kernel())
                    break
                except Exception as error:  # whatever the machinery around it may raise
                    if self._stopped:
                        raise NotebookError(f"notebook {path}: the build was interrupted") from None
                    failed = error
            else:
                raise NotebookError(
                    f"notebook {path}: its kernel did not start, and another did not, either "
                    f"({client.last_words() or _plain(str(failed)) or type(failed).__name__}). "
                    "Nothing of it ran; the site of the last good build stays as it is. Build "
                    "again with fewer at the same time (make html JOBS=1); if that fails, too, "
                    "see whether 'make lab' opens it"
                ) from failed
            yield

    def _connect_locally(self, manager: Any) -> None:
        """Let a kernel talk through sockets that are files: ports may be taken by others."""
        number = next(_numbers)
        manager.connection_file = str(self._scratch / f"{number}.json")
        prefix = str(self._scratch / f"{number}")
        if sys.platform != "win32" and zmq.has("ipc") and len(prefix) < _LONGEST_PATH:
            manager.transport, manager.ip = "ipc", prefix

    def _connect_by_port(self, manager: Any) -> None:
        manager.connection_file = str(self._scratch / f"{next(_numbers)}.json")


@cache
def look_up_classes() -> None:
    """Have traitlets look up the classes that it knows by name, before threads need them.

    It does so when the first object of a class is made, and two threads that make it at once get
    in each other's way: ``import_item accepts strings``.
    """
    manager = _Client(nbformat.v4.new_notebook()).create_kernel_manager()
    # Where there is no kernel, whoever starts one says so.
    with suppress(NoSuchKernel):
        makers = KernelProvisionerFactory.instance(parent=manager)
        makers.create_provisioner_instance("", manager.kernel_spec, parent=manager)


@contextmanager
def make_scratch() -> Iterator[Path]:
    """Make a folder for sockets whose path is short enough for them, and take it away."""
    folder = Path(tempfile.mkdtemp(prefix="rulka-"))
    short = Path("/tmp")
    if len(str(folder)) > _LONGEST_PATH - 8 and short.is_dir():
        with suppress(OSError):
            shorter = Path(tempfile.mkdtemp(prefix="rulka-", dir=short))
            shutil.rmtree(folder, ignore_errors=True)
            folder = shorter
    try:
        yield folder
    finally:
        # Kernels that were killed may be about to write there.
        shutil.rmtree(folder, ignore_errors=True)


class _Client(NotebookClient):
    """A client that cuts what a cell prints, and ends a kernel that does not stop printing."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        # Made here, so that it takes its kernel away although one is made for it outside.
        self.owns_km = True
        self.flooded = False
        self.said: Path | None = None
        self._sizes: Counter[int] = Counter()
        self._printed: Counter[tuple[int, str]] = Counter()

    def output(self, outs: list[Any], msg: Any, display_id: Any, cell_index: int) -> Any:
        """Take an output of a cell."""
        content = msg["content"]
        if msg["msg_type"] != "stream":
            data = content.get("data", {})
            if MIME not in data and RECORD_MIME not in data:
                self._sizes[cell_index] += sum(len(str(value)) for value in data.values())
                self._end_flood(cell_index)
            return super().output(outs, msg, display_id, cell_index)
        name, text = content["name"], content["text"]
        before = self._printed[cell_index, name]
        self._printed[cell_index, name] += len(text)
        self._sizes[cell_index] += len(text)
        self._end_flood(cell_index)
        content["text"] = text[: max(0, CHARACTERS_SHOWN - before)]
        if not content["text"]:
            return None
        last = outs[-1] if outs and not self.clear_before_next_output else {}
        if last.get("output_type") == "stream" and last["name"] == name:
            # Where the kernel happened to begin a message must not be seen.
            last["text"] += content["text"]
            return None
        return super().output(outs, msg, display_id, cell_index)

    def _end_flood(self, cell_index: int) -> None:
        if self._sizes[cell_index] > MOST_CHARACTERS and not self.flooded:
            self.flooded = True
            self.kill()

    def tell_what_was_cut(self, cell: Any, index: int) -> None:
        """Say below a cell's output how much of it is left out."""
        for name in ("stdout", "stderr"):
            left_out = self._printed[index, name] - CHARACTERS_SHOWN
            shown = [o for o in cell.get("outputs", ()) if o.get("name") == name]
            if left_out > 0 and shown:
                shown[-1]["text"] += (
                    f"\n… {left_out:,} more characters were printed and are left out here.\n"
                )

    def last_words(self) -> str:
        """Return what the kernel said on its own behalf in the end; empty where it said nothing."""
        try:
            said = self.said.read_text(encoding="utf-8", errors="replace") if self.said else ""
        except OSError:
            return ""
        lines = [line.strip() for line in _plain(said).splitlines() if line.strip()]
        return printable(lines[-1]) if lines else ""

    def kill(self) -> None:
        """End the kernel at once."""
        provisioner = getattr(self.km, "provisioner", None)
        process = getattr(provisioner, "process", None)
        if process is not None:
            process.kill()


def _take_record(path: Path, notebook: Any, own_cells: int) -> list[dict[str, Any]]:
    told = [
        output["data"][RECORD_MIME]
        for output in notebook.cells[own_cells].outputs
        if RECORD_MIME in output.get("data", {})
    ]
    del notebook.cells[own_cells:]
    if len(told) != 1:
        raise NotebookError(
            f"notebook {path} ran, but did not say what it read: something in it changes how "
            "outputs are displayed. Undo that in its last cell; the site of the last good build "
            "stays as it is"
        )
    record: list[dict[str, Any]] = told[0]
    return record


def _failure(path: Path, index: int, notebook: Any, own_cells: int, cause: str) -> str:
    safe = "the site of the last good build stays as it is"
    if index >= own_cells:
        return (
            f"notebook {path}: all its cells ran, but then, while it was asked what it had read: "
            f"{cause}\nBuild again; {safe}"
        )
    code = [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    number = code.index(index) + 1 if index in code else index + 1
    lines = notebook.cells[index].source.strip().splitlines()
    first = f" ({lines[0]!r})" if lines else ""
    return (
        f"notebook {path}, code cell {number}{first}: {cause}\n"
        f"Open it with 'make lab', run it to that cell and mend it; {safe}"
    )


def _plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)
