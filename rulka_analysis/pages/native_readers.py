"""Readers that open files in native code, where no audit event is raised: wrapped when imported."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

Note = Callable[[object], None]

READERS = {
    "pyarrow": ("input_stream",),
    "pyarrow.parquet": (
        "read_table",
        "read_pandas",
        "read_schema",
        "read_metadata",
        "ParquetFile",
        "ParquetDataset",
    ),
    "pyarrow.feather": ("read_table", "read_feather"),
    "pyarrow.csv": ("read_csv", "open_csv"),
    "pyarrow.json": ("read_json",),
    "pyarrow.orc": ("read_table", "ORCFile"),
    "pyarrow.dataset": ("dataset",),
    "h5py": ("File",),
    "polars": (
        "read_csv",
        "read_parquet",
        "read_ipc",
        "read_ndjson",
        "scan_csv",
        "scan_parquet",
        "scan_ipc",
        "scan_ndjson",
    ),
}
"""Functions and classes, by module; the first argument is what is read."""

WRITERS = {
    "pyarrow.parquet": ("ParquetWriter",),
    "pyarrow.feather": ("write_feather",),
    "pyarrow.csv": ("write_csv",),
    "pyarrow.orc": ("write_table",),
}
"""As `READERS`, but for what is written: the last of the first two arguments that is a path."""

# Written by a class that `READERS` names, in these modes.
_WRITING = ("w", "w-", "x")
_PROCESSES = "multiprocessing.process"


def wrap_when_imported(read: Note, written: Note, begun: Callable[[], None]) -> None:
    """Wrap what was imported already, and let the import system wrap the rest."""
    wrapping = _Wrapping(read, written, begun)
    for name in sorted(wrapping.waiting & sys.modules.keys()):
        wrapping.waiting.discard(name)
        wrapping.wrap(sys.modules[name])
    sys.meta_path.insert(0, wrapping)


class _Wrapping:
    """Waits for modules to be imported, and lets the others find them."""

    def __init__(self, read: Note, written: Note, begun: Callable[[], None]) -> None:
        self._read = read
        self._written = written
        self._begun = begun
        self.waiting = {*READERS, *WRITERS, _PROCESSES}

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name not in self.waiting:
            return None
        self.waiting.discard(name)
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return spec
        execute = spec.loader.exec_module

        def executed(module: Any) -> None:
            execute(module)
            self.wrap(module)

        spec.loader.exec_module = executed  # type: ignore[method-assign]
        return spec

    def wrap(self, module: Any) -> None:
        """Wrap what is known of a module that was imported just now."""
        if module.__name__ == _PROCESSES:
            process = module.BaseProcess
            process.start = self._before(process.start, lambda given: self._begun())
            return
        self._wrap_each(module, READERS.get(module.__name__, ()), self._note_read)
        self._wrap_each(module, WRITERS.get(module.__name__, ()), self._note_written)

    def _wrap_each(self, module: Any, names: Iterable[str], note: Callable[..., None]) -> None:
        for name in names:
            found = getattr(module, name, None)
            if isinstance(found, type):
                found.__init__ = self._before(found.__init__, note, skipped=1)  # type: ignore[misc]
            elif found is not None:
                setattr(module, name, self._before(found, note))

    def _note_read(self, given: list[object]) -> None:
        mode = given[1] if len(given) > 1 else None
        note = self._written if mode in _WRITING else self._read
        for source in given[0] if isinstance(given[0], list | tuple) else given[:1]:
            note(source)

    def _note_written(self, given: list[object]) -> None:
        self._written(next((one for one in reversed(given[:2]) if isinstance(one, str)), None))

    @staticmethod
    def _before(call: Callable[..., Any], note: Callable[..., None], skipped: int = 0) -> Any:
        @wraps(call)
        def observed(*arguments: Any, **named: Any) -> Any:
            given = [*arguments[skipped:], *named.values()]
            if given:
                note(given)
            return call(*arguments, **named)

        return observed
