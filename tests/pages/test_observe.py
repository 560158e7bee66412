"""What a kernel notes of a notebook that reads by itself, and what it leaves out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from rulka_analysis.pages import kernels
from rulka_analysis.values import questions
from rulka_analysis.values.errors import NotebookError
from tests.notebook_bench import Bench

QUIET = """\
# %%
import json, logging, statistics, tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import rulka_analysis as ra

experiment = ra.load_experiment("batch_size_and_running_speed")
logs = ra.open_logs()
print(pd.DataFrame({"x": np.arange(3)}).describe())
figure, axes = plt.subplots()
axes.plot(logs["first"].scalars("loss").value)
plt.close(figure)
ra.publish("n", len(logs))
with tempfile.TemporaryDirectory() as folder:
    file = Path(folder) / "sub" / "x.json"
    file.parent.mkdir()
    file.write_text("[1]")
    print(json.loads(file.read_text()), [p.name for p in file.parent.iterdir()], file.exists())
"""
WAYS = {
    "walks": "import os\nprint([names for _, _, names in os.walk('walked')])",
    "links": "from pathlib import Path\nprint(Path('link.txt').resolve().read_text())",
    "fails": "try:\n    open('absent.txt')\nexcept FileNotFoundError:\n    print('none')",
    "appends": "with open('log.txt', 'a') as log:\n    log.write('x')",
    "updates": "with open('both.txt', 'r+') as both:\n    print(both.read())",
    "runs": "exec(compile(open('script.py').read(), 'script.py', 'exec'))",
    "all_variables": "import os\nprint(len({name for name, value in os.environ.items() if value}))",
    "copies": "import os, shutil\nassert os.stat in os.supports_follow_symlinks\n"
    "os.symlink('both.txt', 'copied.txt')\n"
    "shutil.copystat('link.txt', 'copied.txt', follow_symlinks=False)\n"
    "shutil.copy2('both.txt', 'second.txt')\nprint(open('second.txt').read())",
    "home": "from pathlib import Path\nprint(Path.home())",
    "tests_key": "import os\nprint('SOME_KEY' in os.environ)",
    "lists_own": "from pathlib import Path\n"
    "Path('own.out').write_text('x')\nprint(sorted(p.name for p in Path().glob('*.out')))",
    "shell": "!echo 1",
    "forks": "import os\npid = os.fork()\nif not pid:\n    os._exit(0)\nos.waitpid(pid, 0)",
    "parquet_folder": "import pyarrow.dataset as ds\nprint(ds.dataset('parts').count_rows())",
    "writes_natively": "import pyarrow as pa, pyarrow.parquet as pq\n"
    "pq.write_table(pa.table({'x': [1]}), 'made.parquet')\n"
    "print(pq.read_table('made.parquet').num_rows)",
    "thread": "import threading\n"
    "thread = threading.Thread(target=open, args=('both.txt',))\nthread.start()\nthread.join()",
}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path)
    bench.log("first", 1.0, 0.5)
    return bench


@pytest.fixture(scope="module")
def noted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[tuple[str, str]]]:
    """Return what each notebook is seen to have read, by kind and name."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    bench = Bench(tmp_path_factory.mktemp("observed"))
    bench.log("first", 1.0, 0.5)
    folder = bench.notebook("e/quiet", QUIET).parent
    for name, code in WAYS.items():
        bench.notebook(f"e/{name}", f"# %%\n{code}\n")
    (folder / "walked" / "inner").mkdir(parents=True)
    (folder / "real.txt").write_text("real")
    (folder / "link.txt").symlink_to("real.txt")
    (folder / "both.txt").write_text("both")
    (folder / "parts").mkdir()
    pq.write_table(pa.table({"x": [1]}), folder / "parts" / "one.parquet")
    # Written when the kernels begin: it is no notebook.
    paths = sorted(folder.glob("*.py"))
    (folder / "script.py").write_text("print(1)\n")
    done = bench.run(paths=paths)
    return {
        name.removeprefix("e/"): {
            (asked["kind"], _short(asked["subject"], folder))
            for asked in one.record
            if asked.get("observed")
        }
        for name, one in done.items()
    }


def _short(subject: str, folder: Path) -> str:
    return (
        Path(subject).relative_to(folder).as_posix() if subject.startswith(str(folder)) else subject
    )


def test_what_the_package_and_libraries_do_for_it_is_no_reading(
    noted: dict[str, set[tuple[str, str]]],
) -> None:
    assert {(kind, what) for kind, what in noted["quiet"] if kind != "variable"} == set()
    asked = {name for _, name in noted["quiet"]}
    assert asked <= {"MPL_IGNORE_SYSTEM_FONTS", "SOURCE_DATE_EPOCH"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("walks", {("folder", "walked"), ("folder", "walked/inner")}),
        ("links", {("file", "real.txt")}),
        ("fails", {("file", "absent.txt")}),
        ("appends", set()),
        ("updates", {("file", "both.txt")}),
        ("runs", {("file", "script.py")}),
        ("copies", {("path", "link.txt"), ("file", "both.txt"), ("path", "second.txt")}),
        ("home", {("variable", "HOME")}),
        ("tests_key", {("variable", "SOME_KEY")}),
        ("lists_own", {("folder", ".")}),
        ("shell", {("volatile", "it starts a program or process of its own")}),
        ("forks", {("volatile", "it starts a program or process of its own")}),
        ("parquet_folder", {("folder", "parts"), ("file", "parts/one.parquet")}),
        ("writes_natively", {("variable", "PYARROW_IGNORE_TIMEZONE")}),
        ("thread", {("file", "both.txt")}),
    ],
)
def test_what_is_seen(
    noted: dict[str, set[tuple[str, str]]], name: str, expected: set[tuple[str, str]]
) -> None:
    seen = noted[name]
    if name == "shell":
        # Which shell it takes is a question, too.
        seen = {(kind, what) for kind, what in seen if kind == "volatile"}
    assert seen == expected


def test_who_reads_all_variables_is_asked_for_each_but_those_of_kernels(
    noted: dict[str, set[tuple[str, str]]],
) -> None:
    asked = {name for kind, name in noted["all_variables"] if kind == "variable"}
    assert {"RULKA_LOGDIR", "PATH"} <= asked
    assert asked.isdisjoint({"RULKA_SNAPSHOT", "IPYTHONDIR", "JPY_PARENT_PID"})


def test_what_it_keeps_for_the_next_time_settles(bench: Bench) -> None:
    file = bench.notebook(
        "e/keeps",
        "# %%\nfrom pathlib import Path\nkept = Path('kept.txt')\n"
        "if not kept.exists():\n    kept.write_text('slow')\nprint(kept.read_text())\n",
    ).with_name("kept.txt")
    assert bench.reasons() == {"e/keeps": "not executed before"}
    assert bench.reasons() == {"e/keeps": f"{file} appeared"}, "now it is read"
    assert bench.reasons() == {}
    file.write_text("other")
    assert bench.reasons() == {"e/keeps": f"{file} changed"}


def test_what_it_reads_and_changes_is_another_each_time(bench: Bench) -> None:
    file = bench.notebook(
        "e/counts",
        "# %%\nfrom pathlib import Path\ncount = Path('count.txt')\n"
        "count.write_text(str(int(count.read_text()) + 1))\n",
    ).with_name("count.txt")
    file.write_text("1")
    assert bench.reasons() == {"e/counts": "not executed before"}
    for number in (2, 3):
        assert file.read_text() == str(number)
        assert bench.reasons() == {"e/counts": f"{file} changed"}


def test_a_changed_variable_and_a_changed_log_directory_are_reasons(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.notebook("e/asks", "# %%\nimport os\nprint(os.environ.get('SITE_WORD'))\n")
    bench.notebook("e/where", "# %%\nimport os\nprint(os.environ['RULKA_LOGDIR'])\n")
    bench.run()
    monkeypatch.setenv("SITE_WORD", "one")
    assert bench.reasons() == {"e/asks": "the environment variable SITE_WORD is set"}
    monkeypatch.setenv("SITE_WORD", "two")
    assert bench.reasons() == {"e/asks": "the environment variable SITE_WORD changed"}
    monkeypatch.delenv("SITE_WORD")
    assert bench.reasons() == {}, "kept from before"
    (bench.folder / "logs").rename(bench.folder / "moved")
    (bench.folder / "logs").symlink_to("moved")
    assert bench.reasons() == {}, "it is called the same"


def test_a_kernel_that_is_not_observed_is_an_error(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    unobserved = [argument for argument in kernels.ARGUMENTS if "exec_lines" not in argument]
    monkeypatch.setattr(kernels, "ARGUMENTS", unobserved)
    bench.notebook("e/nothing", "# %%\n1\n")
    with pytest.raises(NotebookError, match="this kernel is not observed"):
        bench.run()


def test_answers_to_looks(tmp_path: Path) -> None:
    file, folder = tmp_path / "file", tmp_path / "folder"
    folder.mkdir()
    answers: list[Any] = []
    for content in (None, "1", "22"):
        if content is not None:
            file.write_text(content)
        answers.append(questions.path_answer(file))
    assert answers == ["absent", "a file of 1 bytes", "a file of 2 bytes"]
    assert questions.path_answer(folder) == questions.file_answer(folder) == "a folder"
    assert (
        questions.path_answer(file / "below") == questions.file_answer(file / "below") == "absent"
    )
    assert questions.folder_answer(file) == questions.folder_answer(tmp_path / "no") == "absent"
    empty = questions.folder_answer(folder)
    (folder / "own").touch()
    assert questions.folder_answer(folder) != empty
    assert questions.folder_answer(folder, ["own"]) == empty
    (folder / os.fsdecode(b"\xff")).touch()
    assert questions.folder_answer(folder, ["own"]) != empty
    os.mkfifo(tmp_path / "pipe")
    assert questions.file_answer(tmp_path / "pipe") == "no regular file", "it is not waited for"
