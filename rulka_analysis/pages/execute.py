"""Runs notebooks, remembers what each one asked, and runs again only what is out of date.

An executed notebook is stored with its record: a digest of its source, and every question it put to
the world with a digest of the answer (see `questions`). It is reused as long as its source is the
same and every question has the same answer today; otherwise the first difference is the reason it
runs again. Executions are kept for a while: back to an earlier state, nothing runs.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rulka_analysis.logs.runs import Logs
from rulka_analysis.pages.answers import World
from rulka_analysis.pages.kept import forget_unnamed
from rulka_analysis.pages.locales import replace_unknown_locale
from rulka_analysis.pages.package_code import PackageCode
from rulka_analysis.pages.results import MIME, Result, collect, written_in
from rulka_analysis.pages.trouble import word_system_error
from rulka_analysis.values.digests import digest_file, digest_of, digest_text
from rulka_analysis.values.errors import NotebookError, listing
from rulka_analysis.values.files import write_whole

if TYPE_CHECKING:
    from rulka_analysis.pages.kernels import Kernels

# Executions kept for each notebook: enough to go back and forth between a few states.
KEPT = 8
ENDING = ".ipynb"
SECONDS_A_CELL = 600


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


def is_notebook(path: Path) -> bool:
    """Return whether a Python file has cells; one without is a module that notebooks import."""
    return any(line.startswith(b"# %%") for line in path.read_bytes().splitlines())


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

    `jobs` is how many at a time, 0 for one a processor. A cell that takes longer than
    `seconds_a_cell` has hung. `report` takes what became of each notebook as soon as that is known,
    `advance` how many have been and how many there are.

    Raises
    ------
    NotebookError
        If one cannot be executed. Those that could are kept.
    """
    environment = _environment(logs, project)
    code = PackageCode(store.with_name("code_digests.json"))
    world = World(logs, project, environment, code)
    done: dict[str, Executed] = {}
    due: dict[str, tuple[Path, str]] = {}
    names = {path: path.relative_to(folder).with_suffix("").as_posix() for path in paths}
    try:
        for path, name in names.items():
            found, reason = _reusable(store / name, path, world)
            if found is not None:
                done[name] = found
                report(Outcome(name, "reused"))
            else:
                due[name] = (path, reason)
        if due:
            # Imported here: a build in which nothing runs need not wait for it.
            from rulka_analysis.pages.kernels import Kernels, make_scratch

            with make_scratch() as scratch:
                variables = environment | _scratch_environment(logs, scratch)
                kernels = Kernels(variables, scratch, seconds_a_cell)
                runner = _Runner(kernels, world, store, report, advance)
                done |= runner.all(due, jobs or os.cpu_count() or 1)
            forget_unnamed(store)
    except OSError as error:
        raise NotebookError(word_system_error(error, "notebooks were executed")) from error
    code.keep()
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
            if digest_file(notebook) != stored["digest"]:
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


def list_volatile(executed: Iterable[Executed]) -> list[str]:
    """Say which notebooks run in every build, and of which their author says that they need not."""
    told = []
    for notebook in executed:
        reasons = {
            kind: [asked["subject"] for asked in notebook.record if asked["kind"] == kind]
            for kind in ("volatile", "stable")
        }
        for reason in reasons["volatile"]:
            line = f"{notebook.name}: {reason}"
            if reasons["stable"]:
                line += f"; its author says that this changes no result: {reasons['stable'][0]}"
            told.append(line)
    return told


def _environment(logs: Logs, project: Path) -> dict[str, str]:
    """Return the environment kernels run in: the logs in effect, nothing that varies."""
    search = [str(project), *filter(None, [os.environ.get("PYTHONPATH")])]
    return replace_unknown_locale(
        {
            **os.environ,
            "RULKA_LOGDIR": str(logs.path),
            "PYTHONPATH": os.pathsep.join(search),
            # The order of sets must not differ from build to build.
            "PYTHONHASHSEED": "0",
            "JUPYTER_PREFER_ENV_PATH": "1",
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
            # Its own guess is an output that JupyterLab alone shows.
            "PLOTLY_RENDERER": "notebook",
        }
    )


def _scratch_environment(logs: Logs, scratch: Path) -> dict[str, str]:
    snapshot = scratch / "snapshot.json"
    data = {"path": str(logs.path), "lengths": logs.lengths()}
    snapshot.write_text(json.dumps(data), encoding="utf-8")
    return {
        "RULKA_SNAPSHOT": str(snapshot),
        # The user's own IPython start-up files are no part of the notebook.
        "IPYTHONDIR": str(scratch / "ipython"),
    }


class _Runner:
    def __init__(
        self,
        kernels: Kernels,
        world: World,
        store: Path,
        report: Callable[[Outcome], None],
        advance: Callable[[int, int], None],
    ) -> None:
        self._kernels = kernels
        self._world = world
        self._store = store
        self._report = report
        self._advance = advance

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
            # Ctrl-C, among others.
            self._kernels.stop()
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

        started = time.monotonic()
        source = digest_file(path)
        try:
            text = path.read_text(encoding="utf-8-sig")
            notebook = jupytext.reads(text, {"extension": path.suffix})
        except Exception as error:  # whatever a parser may raise on a file that is no notebook
            raise NotebookError(
                f"notebook {path} cannot be read: {error}. Mend the file; it must be a jupytext "
                "py:percent notebook"
            ) from error
        record = self._kernels.execute(path, notebook)
        changed = self._world.difference(record, meanwhile=True)
        if changed:
            raise NotebookError(
                f"notebook {path}: {changed} while it ran, within what had been read already; "
                "its results would mix two states. Build again when nothing rewrites it"
            )
        record = self._world.completed(record)
        kept = self._keep(name, source, record, _normalised(notebook))
        return replace(kept, reason=reason, seconds=time.monotonic() - started)

    def _keep(
        self, name: str, source: str, record: list[dict[str, Any]], notebook: dict[str, Any]
    ) -> Executed:
        """Keep an execution: the notebook in one file, what it takes to reuse it in another."""
        text = json.dumps(notebook, ensure_ascii=False)
        published = [(one["name"], one["kind"], digest_of(one)) for one in written_in(notebook)]
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
        }
        # Last: where this file is, the other is whole.
        write_whole(folder / f"{key}.json", json.dumps(stored, ensure_ascii=False))
        for old in _newest_first(folder)[KEPT:]:
            old.unlink(missing_ok=True)
            old.with_suffix(ENDING).unlink(missing_ok=True)
        return Executed(name, file, digest, published, "", record=record)


def _normalised(notebook: Any) -> dict[str, Any]:
    """Return the notebook as plain data, without what differs from one execution to the next."""
    import nbformat

    plain: dict[str, Any] = json.loads(nbformat.writes(notebook, version=4))
    # What its page asks of the browser is the notebook's own word.
    asked = {key: plain["metadata"][key] for key in ("csp",) if key in plain["metadata"]}
    plain["metadata"] = asked | {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"},
    }
    plain["nbformat"], plain["nbformat_minor"] = 4, 5
    for number, cell in enumerate(plain["cells"]):
        cell["id"] = f"cell-{number}"
        cell.get("metadata", {}).pop("execution", None)
    return plain


def drop_private_outputs(notebook: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of an executed notebook as others may open it: our MIME type taken out."""
    copy: dict[str, Any] = json.loads(json.dumps(notebook))
    for cell in copy["cells"]:
        for output in cell.get("outputs", ()):
            output.get("data", {}).pop(MIME, None)
    return copy
