"""Runs notebooks, remembers what each one asked, and runs again only what is out of date.

An executed notebook is stored with its record: a digest of its source, and every question it put to
the world with a digest of the answer (see `questions`). It is reused as long as its source is the
same and every question has the same answer today; otherwise the first difference is the reason it
runs again. Executions are kept for a while: back to an earlier state, nothing runs.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from rulka_analysis.logs.runs import Logs
from rulka_analysis.pages.answers import World
from rulka_analysis.pages.kept import forget_unnamed
from rulka_analysis.pages.results import MIME, Result, collect
from rulka_analysis.values.digests import digest_file, digest_of, digest_text
from rulka_analysis.values.errors import RulkaError, listing
from rulka_analysis.values.files import write_whole

RECORD_MIME = "application/vnd.rulka.record+json"
# Executions kept for each notebook: enough to go back and forth between a few states.
KEPT = 8
ENDING = ".ipynb"
SECONDS_A_CELL = 600

# Runs after the notebook's own cells and is taken out again.
_RECORD_CELL = f"""\
from IPython.display import display as _display
from rulka_analysis.values import questions as _questions
_display({{"{RECORD_MIME}": _questions.record()}}, raw=True)
"""


class NotebookError(RulkaError):
    """A notebook could not be executed; the message names notebook, cell, cause and remedy."""


@dataclass(frozen=True)
class Executed:
    """An executed notebook.

    Parameters
    ----------
    name : str
        Path of the notebook below the notebooks folder, without its ending.
    file : Path
        Where it is kept; read when it is first asked for.
    digest : str
        Digest of that file.
    published : sequence of (str, str, str)
        Name, kind and digest of each of its results.
    reason : str
        Why it was executed now; empty when an earlier execution was reused.
    seconds : float
        How long that took.
    record : sequence of dict
        What it asked, and the answers it got.
    """

    name: str
    file: Path
    digest: str
    published: Sequence[tuple[str, str, str]]
    reason: str
    seconds: float = 0.0
    record: Sequence[dict[str, Any]] = ()

    @cached_property
    def notebook(self) -> dict[str, Any]:
        """The executed notebook (nbformat 4, plain data), with results in its outputs."""
        try:
            text = self.file.read_text(encoding="utf-8")
        except OSError as error:
            text = str(error)
        if digest_text(text) != self.digest:
            raise NotebookError(
                f"the executed notebook {self.file} is gone or is not what was written there. "
                "Remove the folder it is in, and build again"
            )
        found: dict[str, Any] = json.loads(text)
        return found

    @cached_property
    def by_name(self) -> dict[str, Result]:
        """Its results by name."""
        return {result.name: result for result in collect(self.notebook)}

    @property
    def experiment(self) -> str:
        """The folder the notebook is in: the first part of its results' ids."""
        return self.name.rpartition("/")[0]

    def results(self) -> list[Result]:
        return list(self.by_name.values())


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a notebook in a build.

    Parameters
    ----------
    name : str
        The notebook.
    state : {"reused", "executed", "failed"}
        What became of it.
    reason : str
        Why it was executed.
    seconds : float
        How long that took.

    Examples
    --------
    >>> print(Outcome("e/overview", "executed", "uni_6 changed", 3.14))
    executed  e/overview: uni_6 changed (3.1 s)
    >>> print(Outcome("e/overview", "reused"))
    reused    e/overview
    """

    name: str
    state: Literal["reused", "executed", "failed"]
    reason: str = ""
    seconds: float = 0.0

    def __str__(self) -> str:
        why = f": {self.reason}" if self.reason else ""
        took = f" ({self.seconds:.1f} s)" if self.state == "executed" else ""
        return f"{self.state:<9} {self.name}{why}{took}"


def execute_notebooks(
    paths: Sequence[Path],
    folder: Path,
    logs: Logs,
    *,
    project: Path,
    store: Path,
    jobs: int = 0,
    seconds_a_cell: int = SECONDS_A_CELL,
    report: Callable[[Outcome], None] = print,
    advance: Callable[[int, int], None] = lambda done, of: None,
) -> dict[str, Executed]:
    """Execute the notebooks that are out of date, several at a time.

    Parameters
    ----------
    paths : sequence of Path
        Notebooks (jupytext ``py:percent``).
    folder : Path
        The folder they are named below.
    logs : Logs
        The log directory in effect, with the lengths up to which its files are read.
    project : Path
        The project's folder.
    store : Path
        Where executions are kept.
    jobs : int
        How many at a time; 0 for one a processor.
    seconds_a_cell : int
        A cell that takes longer has hung.
    report : callable
        Takes what became of each notebook, as soon as that is known.
    advance : callable
        Takes how many of the notebooks to execute have been, and how many there are.

    Returns
    -------
    dict of str to Executed
        By name, in the order of `paths`.

    Raises
    ------
    NotebookError
        If one cannot be executed. Those that could are kept.
    """
    world = World(logs, project)
    done: dict[str, Executed] = {}
    due: dict[str, tuple[Path, str]] = {}
    names = {path: path.relative_to(folder).with_suffix("").as_posix() for path in paths}
    for path, name in names.items():
        found, reason = _reusable(store / name, path, world)
        if found is not None:
            done[name] = found
            report(Outcome(name, "reused"))
        else:
            due[name] = (path, reason)
    if due:
        with tempfile.TemporaryDirectory(prefix="rulka-") as scratch:
            environment = _environment(logs, project, Path(scratch))
            runner = _Runner(environment, world, seconds_a_cell, store, report, advance)
            done |= runner.all(due, jobs or os.cpu_count() or 1)
        forget_unnamed(store)
    rewritten = world.rewritten(executed.record for executed in done.values())
    if rewritten:
        raise NotebookError(
            f"while notebooks ran, something rewrote {listing(rewritten, 3)}, within what had been "
            "read already: the pages would show what is no longer there. Build again when nothing "
            "rewrites it (appending is no rewriting)"
        )
    return {name: done[name] for name in names.values()}


def _reusable(kept: Path, source: Path, world: World) -> tuple[Executed | None, str]:
    """Return a kept execution whose every question has the same answer, else why there is none."""
    digest = digest_file(source)
    reason = ""
    for file in _newest_first(kept):
        try:
            stored = json.loads(file.read_text(encoding="utf-8"))
            notebook = file.with_suffix(ENDING)
            if notebook.stat().st_size != stored["size"]:
                continue
            difference = _difference(stored, digest, world)
        except (OSError, ValueError, KeyError, TypeError):
            # A half-written or foreign file is no execution; it is written anew.
            continue
        if not difference:
            os.utime(file)
            published = [(name, kind, of_it) for name, kind, of_it in stored["published"]]
            return Executed(
                stored["name"], notebook, stored["digest"], published, "", record=stored["record"]
            ), ""
        reason = reason or difference
    return None, reason or "not executed before"


def _newest_first(folder: Path) -> list[Path]:
    files = folder.glob("*.json") if folder.is_dir() else ()
    return sorted(files, key=lambda file: (-file.stat().st_mtime_ns, file.name))


def _difference(stored: dict[str, Any], source: str, world: World) -> str:
    if stored["source"] != source:
        return "its source changed"
    return world.difference(stored["record"])


def _environment(logs: Logs, project: Path, scratch: Path) -> dict[str, str]:
    """Return the environment kernels run in: the logs in effect, nothing that varies."""
    snapshot = scratch / "snapshot.json"
    data = {"path": str(logs.path), "lengths": logs.lengths()}
    snapshot.write_text(json.dumps(data), encoding="utf-8")
    search = [str(project), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **os.environ,
        "RULKA_LOGDIR": str(logs.path),
        "RULKA_SNAPSHOT": str(snapshot),
        "PYTHONPATH": os.pathsep.join(search),
        # The order of sets must not differ from build to build.
        "PYTHONHASHSEED": "0",
        # The user's own IPython start-up files are no part of the notebook.
        "IPYTHONDIR": str(scratch / "ipython"),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


class _Runner:
    def __init__(
        self,
        environment: dict[str, str],
        world: World,
        seconds_a_cell: int,
        store: Path,
        report: Callable[[Outcome], None],
        advance: Callable[[int, int], None],
    ) -> None:
        self._environment = environment
        self._world = world
        self._seconds = seconds_a_cell
        self._store = store
        self._report = report
        self._advance = advance
        self._kernels: set[Any] = set()
        self._stopped = False

    def all(self, due: dict[str, tuple[Path, str]], jobs: int) -> dict[str, Executed]:
        # Each notebook runs in a kernel of its own, a separate process; a thread waits for it.
        pool = ThreadPoolExecutor(max_workers=min(jobs, len(due)))
        futures: dict[str, Future[Executed]] = {
            name: pool.submit(self._one, name, path, reason) for name, (path, reason) in due.items()
        }
        names = {future: name for name, future in futures.items()}
        self._advance(0, len(due))
        try:
            for number, future in enumerate(as_completed(futures.values()), start=1):
                name = names[future]
                reason = due[name][1]
                if future.exception() is None:
                    outcome = Outcome(name, "executed", reason, future.result().seconds)
                else:
                    outcome = Outcome(name, "failed", reason)
                self._report(outcome)
                self._advance(number, len(due))
        except BaseException:
            # Ctrl-C: kernels run in sessions of their own and would stay behind.
            self._stop()
            raise
        finally:
            pool.shutdown(cancel_futures=True)
        failed = [error for future in futures.values() if (error := future.exception())]
        if failed:
            unexpected = next((e for e in failed if not isinstance(e, NotebookError)), None)
            if unexpected is not None:
                raise unexpected
            raise NotebookError("\n\n".join(str(error) for error in failed))
        return {name: future.result() for name, future in futures.items()}

    def _one(self, name: str, path: Path, reason: str) -> Executed:
        import jupytext
        import nbformat
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

        started = time.monotonic()
        source = digest_file(path)
        try:
            notebook = jupytext.read(path)
        except Exception as error:  # whatever a parser may raise on a file that is no notebook
            raise NotebookError(
                f"notebook {path} cannot be read: {error}. Mend the file; it must be a jupytext "
                "py:percent notebook"
            ) from error
        cells = len(notebook.cells)
        notebook.cells.append(nbformat.v4.new_code_cell(_RECORD_CELL))
        at = [0]
        client = NotebookClient(
            notebook,
            timeout=self._seconds,
            kernel_name="python3",
            extra_arguments=["--HistoryManager.enabled=False", "--log-level=ERROR"],
            resources={"metadata": {"path": str(path.parent)}},
            on_cell_start=lambda cell, cell_index: at.__setitem__(0, cell_index),
        )
        self._kernels.add(client)
        try:
            with client.setup_kernel(env=self._environment):
                for index, cell in enumerate(notebook.cells):
                    if self._stopped:
                        raise NotebookError(f"notebook {path}: the build was interrupted")
                    client.execute_cell(cell, index)
        except CellExecutionError as error:
            cause = f"{error.ename}: {_plain(error.evalue)}"
            raise NotebookError(_failure(path, at[0], notebook, cause)) from error
        except CellTimeoutError as error:
            cause = f"took longer than {self._seconds} seconds"
            raise NotebookError(_failure(path, at[0], notebook, cause)) from error
        except DeadKernelError as error:
            cause = "its kernel died (out of memory, or killed)"
            raise NotebookError(_failure(path, at[0], notebook, cause)) from error
        finally:
            self._kernels.discard(client)
        record = _take_record(notebook, cells)
        changed = self._world.difference(record)
        if changed:
            raise NotebookError(
                f"notebook {path}: {changed} while it ran, within what had been read already; "
                "its results would mix two states. Build again when nothing rewrites it"
            )
        record = self._world.with_files(record)
        kept = self._keep(name, source, record, _normalised(notebook))
        return replace(kept, reason=reason, seconds=time.monotonic() - started)

    def _keep(
        self, name: str, source: str, record: list[dict[str, Any]], notebook: dict[str, Any]
    ) -> Executed:
        """Keep an execution: the notebook in one file, what it takes to reuse it in another."""
        text = json.dumps(notebook, ensure_ascii=False)
        results = list(collect(notebook))
        published = [(r.name, r.kind, digest_of([r.kind, r.data])) for r in results]
        folder = self._store / name
        folder.mkdir(parents=True, exist_ok=True)
        key = digest_of([source, record])[:24]
        file = folder / f"{key}{ENDING}"
        digest = digest_text(text)
        write_whole(file, text)
        stored = {
            "name": name,
            "source": source,
            "record": record,
            "published": published,
            "digest": digest,
            "size": file.stat().st_size,
        }
        # Last: where this file is, the other is whole.
        write_whole(folder / f"{key}.json", json.dumps(stored, ensure_ascii=False))
        for old in _newest_first(folder)[KEPT:]:
            old.unlink(missing_ok=True)
            old.with_suffix(ENDING).unlink(missing_ok=True)
        return Executed(name, file, digest, published, "", record=record)

    def _stop(self) -> None:
        # Threads that have no kernel yet see the flag when they have one.
        self._stopped = True
        for client in list(self._kernels):
            manager = getattr(client, "km", None)
            provisioner = getattr(manager, "provisioner", None)
            process = getattr(provisioner, "process", None)
            if process is not None:
                process.kill()


def _take_record(notebook: Any, cells: int) -> list[dict[str, str]]:
    outputs = notebook.cells[cells].outputs
    record: list[dict[str, str]] = outputs[0]["data"][RECORD_MIME]
    del notebook.cells[cells:]
    return record


def _normalised(notebook: Any) -> dict[str, Any]:
    """Return the notebook as plain data, without what differs from one execution to the next."""
    import nbformat

    plain: dict[str, Any] = json.loads(nbformat.writes(notebook, version=4))
    plain["metadata"] = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"},
    }
    plain["nbformat"], plain["nbformat_minor"] = 4, 5
    for number, cell in enumerate(plain["cells"]):
        cell["id"] = f"cell-{number}"
        cell.get("metadata", {}).pop("execution", None)
    return plain


def _failure(path: Path, index: int, notebook: Any, cause: str) -> str:
    code = [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    number = code.index(index) + 1 if index in code else index + 1
    lines = notebook.cells[index].source.strip().splitlines() if index < len(notebook.cells) else []
    first = f" ({lines[0]!r})" if lines else ""
    return (
        f"notebook {path}, code cell {number}{first}: {cause}\n"
        "Open it with 'make lab', run it to that cell and mend it; the site of the last good "
        "build stays as it is"
    )


def _plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def without_private_outputs(notebook: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of an executed notebook as others may open it: our MIME type taken out."""
    copy: dict[str, Any] = json.loads(json.dumps(notebook))
    for cell in copy["cells"]:
        for output in cell.get("outputs", ()):
            output.get("data", {}).pop(MIME, None)
    return copy
