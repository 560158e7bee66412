"""Executes every notebook twice and names those whose results differ though no answer changed.

Such a notebook uses what nobody asks for: the clock, chance without a seed, the order of a set of
paths, what a library opens in native code. Its page would be another one in each build.

Run by ``make repeat``.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rulka_analysis.pages.execute import Executed, execute_notebooks, is_notebook
from rulka_analysis.project import open_logs
from rulka_analysis.values.errors import RulkaError, listing
from rulka_analysis.values.places import project_folder

REMEDY = (
    "Give chance a seed, sort what has no order, name a file that a library reads "
    '(ra.note_file), or say ra.volatile("why")'
)


def main() -> int:
    """Execute all notebooks of the project twice; return 1 if one gave other results."""
    project = project_folder()
    folder = project / "notebooks"
    notebooks = list_notebooks(folder)
    try:
        logs = open_logs()
        executed = []
        for number in ("first", "second"):
            print(f"== {number} execution of {len(notebooks)} notebooks", flush=True)
            with tempfile.TemporaryDirectory(prefix="rulka-") as store:
                found = execute_notebooks(
                    notebooks,
                    folder,
                    logs,
                    project=project,
                    store=Path(store) / "executed",
                    jobs=int(os.environ.get("RULKA_JOBS", "0")),
                    report=lambda outcome: print(outcome, flush=True),
                )
            executed.append(found)
    except RulkaError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    differ = False
    for line, excused in compare(*executed):
        differ |= not excused
        print(line)
    if not differ:
        print("Every notebook gave the same results twice, but for those that are said to differ.")
    return int(differ)


def list_notebooks(folder: Path) -> list[Path]:
    """Return the notebooks in a folder."""
    return [
        path
        for path in sorted(folder.rglob("*.py"))
        if ".ipynb_checkpoints" not in path.parts and is_notebook(path)
    ]


def compare(
    first: Mapping[str, Executed], second: Mapping[str, Executed]
) -> Iterator[tuple[str, bool]]:
    """Yield a line for each notebook that gave something else, and whether that is no surprise."""
    for name, one in first.items():
        other = second[name]
        what = _list_differences(one, other)
        if not what:
            continue
        changed = _find_changed_answer(one.record, other.record)
        reasons = [asked["subject"] for asked in one.record if asked["kind"] == "volatile"]
        if changed:
            yield f"{name}: {what}; in between, {changed} changed", True
        elif reasons:
            yield f"{name}: {what}; it runs in every build: {reasons[0]}", True
        else:
            yield f"{name}: {what}, and no answer changed. {REMEDY}", False


def _list_differences(one: Executed, other: Executed) -> str:
    if one.digest == other.digest:
        return ""
    now = {name: digest for name, _, digest in other.published}
    names = [name for name, _, digest in one.published if now.get(name) != digest]
    if names:
        return f"it published another {listing(names, 3)}"
    return "its cells show something else"


def _find_changed_answer(one: Any, other: Any) -> str:
    then = {(asked["kind"], asked["subject"]): asked["answer"] for asked in one}
    for asked in other:
        question = asked["kind"], asked["subject"]
        if question in then and then[question] != asked["answer"]:
            return str(asked["subject"] or asked["kind"])
    return ""


if __name__ == "__main__":
    sys.exit(main())
