"""Notebooks run when an answer they got has changed, and only then."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import psutil
import pytest

from rulka_analysis.pages.execute import KEPT
from rulka_analysis.values import questions
from rulka_analysis.values.errors import NotebookError
from tests.notebook_bench import ASKS_FOR_NOTHING, Bench

ASKS_FOR_RUNS = """\
# %%
import rulka_analysis as ra
logs = ra.open_logs()
for name in ("first", "third"):
    if name in logs:
        ra.publish(name, float(logs[name].scalars("loss").value.iloc[-1]))
"""


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path)
    bench.log("first", 1.0, 0.5)
    bench.log("second", 3.0)
    return bench


def test_reused_until_an_answer_changes_and_again_when_it_changes_back(bench: Bench) -> None:
    bench.notebook("e/runs", ASKS_FOR_RUNS)
    bench.notebook("e/nothing", ASKS_FOR_NOTHING)
    before = bench.run()
    assert {done.reason for done in before.values()} == {"not executed before"}
    (result,) = before["e/runs"].results()
    assert result.data["text"] == "0.50"

    assert bench.reasons() == {}
    assert list(map(str, bench.reported)) == ["reused    e/nothing", "reused    e/runs"]

    for path in bench.folder.rglob("events*"):
        os.utime(path)
    assert bench.reasons() == {}, "touched, not changed"
    bench.log("second", 4.0)
    assert bench.reasons() == {}, "nobody asked for this run"

    bench.log("first", 1.0, 0.25)
    assert bench.reasons() == {"e/runs": "first changed (events.out… was rewritten)"}
    assert bench.run()["e/runs"].results()[0].data["text"] == "0.25"

    bench.log("third", 2.0)
    assert bench.reasons() == {"e/runs": "third appeared"}, "absent was an answer"

    shutil.rmtree(bench.folder / "logs" / "third")
    bench.log("first", 1.0, 0.5)
    assert bench.reasons() == {}, "back to the first state: kept"
    assert bench.run()["e/runs"].digest == before["e/runs"].digest


def test_same_source_and_answers_give_the_same_bytes(bench: Bench) -> None:
    bench.notebook("e/runs", ASKS_FOR_RUNS)
    first = bench.run()["e/runs"]
    shutil.rmtree(bench.folder / "store")
    second = bench.run()["e/runs"]
    assert second.reason
    assert first.digest == second.digest
    assert "rulka.record" not in json.dumps(second.notebook)


def test_a_byte_order_mark_is_no_part_of_a_notebook(bench: Bench) -> None:
    bench.notebook("e/marked", "\ufeff" + ASKS_FOR_NOTHING)
    bench.notebook("e/plain", ASKS_FOR_NOTHING)
    done = bench.run()
    assert done["e/marked"].notebook["cells"] == done["e/plain"].notebook["cells"]


def test_a_changed_source_runs_again(bench: Bench) -> None:
    bench.notebook("e/nothing", ASKS_FOR_NOTHING)
    bench.run()
    bench.notebook("e/nothing", ASKS_FOR_NOTHING + "print(1)\n")
    assert bench.reasons() == {"e/nothing": "its source changed"}


def _answered_otherwise(bench: Bench, kind: str, subject: str, answer: str) -> None:
    """Change an answer in the kept execution, as if it had been another when it was asked."""
    (kept,) = (bench.folder / "store").rglob("*.json")
    stored = json.loads(kept.read_text(encoding="utf-8"))
    (asked,) = (a for a in stored["record"] if (a["kind"], a["subject"]) == (kind, subject))
    asked["answer"] = answer
    kept.write_text(json.dumps(stored), encoding="utf-8")


def test_a_changed_module_or_version_is_a_reason(bench: Bench) -> None:
    bench.notebook("e/runs", ASKS_FOR_RUNS)
    bench.run()
    _answered_otherwise(bench, "package", "numpy", "1.0")
    now = questions.package_version("numpy")
    assert bench.reasons() == {"e/runs": f"package numpy changed from 1.0 to {now}"}
    _answered_otherwise(bench, "module", "rulka_analysis.logs.clocks", "another digest")
    assert bench.reasons() == {"e/runs": "module rulka_analysis.logs.clocks changed"}
    (kept,) = (bench.folder / "store").rglob("*.json")
    asked = json.loads(kept.read_text(encoding="utf-8"))["record"]
    modules = {a["subject"] for a in asked if a["kind"] == "module"}
    assert "rulka_analysis.logs.runs" in modules
    assert "rulka_analysis.pages.figures" not in modules, "the notebook does not use this module"


def test_a_half_written_execution_is_none(bench: Bench) -> None:
    bench.notebook("e/nothing", ASKS_FOR_NOTHING)
    bench.run()
    (kept,) = (bench.folder / "store").rglob("*.json")
    kept.write_text(kept.read_text(encoding="utf-8")[:200], encoding="utf-8")
    assert bench.reasons() == {"e/nothing": "not executed before"}


def test_the_store_is_bounded(bench: Bench) -> None:
    path = bench.notebook("e/nothing", ASKS_FOR_NOTHING)
    bench.run()
    (kept,) = (bench.folder / "store").rglob("*.json")
    for number in range(KEPT + 5):
        shutil.copy(kept, kept.with_name(f"old-{number}.json"))
    path.write_text(ASKS_FOR_NOTHING + "\n", encoding="utf-8")
    bench.run()
    assert len(list((bench.folder / "store").rglob("*.json"))) == KEPT


@pytest.mark.parametrize(
    ("cell", "cause"),
    [
        ("raise ValueError('no such thing')", "ValueError: no such thing"),
        ("import time; time.sleep(60)", "took longer than 2 seconds"),
        ("import os; os._exit(3)", "its kernel died"),
    ],
)
def test_a_notebook_that_fails_names_cell_cause_and_remedy(
    bench: Bench, cell: str, cause: str
) -> None:
    bench.notebook("e/fails", f"# %% [markdown]\n# # Title\n\n# %%\nx = 1\n\n# %%\n{cell}\n")
    bench.notebook("e/nothing", ASKS_FOR_NOTHING)
    with pytest.raises(NotebookError) as raised:
        bench.run(seconds_a_cell=2)
    message = str(raised.value)
    assert "fails.py, code cell 2" in message
    assert cause in message
    assert "make lab" in message
    assert _kernels_of(bench) == []
    # What could be executed is kept.
    (bench.folder / "notebooks/e/fails.py").unlink()
    assert bench.reasons() == {}


def _kernels_of(bench: Bench) -> list[psutil.Process]:
    deadline = time.monotonic() + 10
    while True:
        left = [
            child
            for child in psutil.Process().children(recursive=True)
            if child.status() != psutil.STATUS_ZOMBIE
            and any("ipykernel" in part for part in child.cmdline())
        ]
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.1)


def test_bytes_appended_while_a_build_runs_belong_to_the_next(bench: Bench) -> None:
    path = bench.log("first", 1.0, 0.5)
    bench.notebook(
        "e/grows",
        "# %%\nimport pathlib\n"
        f"file = pathlib.Path({str(path)!r})\n"
        "file.write_bytes(file.read_bytes() * 2)\n"
        "# %%\n"
        "import rulka_analysis as ra\n"
        "ra.publish('events', len(ra.open_logs()['first'].scalars('loss')))\n",
    )
    (result,) = bench.run()["e/grows"].results()
    assert result.data["value"] == 2.0
