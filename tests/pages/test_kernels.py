"""Kernels start side by side, say in plain words why they did not, and do not flood a page."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

from rulka_analysis.pages import execute, kernels, repeat
from rulka_analysis.pages.locales import replace_unknown_locale
from rulka_analysis.pages.package_code import PackageCode
from rulka_analysis.pages.trouble import SAFE, find_system_error, word_system_error
from rulka_analysis.values import questions
from rulka_analysis.values.errors import NotebookError
from tests.notebook_bench import ASKS_FOR_NOTHING, Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path)
    bench.log("first", 1.0, 0.5)
    return bench


def _printed(bench: Bench, name: str) -> dict[str, str]:
    (cell,) = bench.run()[name].notebook["cells"]
    return {output["name"]: "".join(output["text"]) for output in cell["outputs"]}


# --- Starting -------------------------------------------------------------------------------------


def test_a_kernel_that_does_not_start_is_tried_elsewhere(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.notebook("e/nothing", ASKS_FOR_NOTHING)

    def connect_to_nowhere(self: object, manager: Any) -> None:
        manager.transport, manager.ip = "ipc", "/no/such/folder/1"

    monkeypatch.setattr(kernels.Kernels, "_connect_locally", connect_to_nowhere)
    assert _printed(bench, "e/nothing")["stdout"] == "42\n"

    monkeypatch.setattr(kernels.Kernels, "_connect_by_port", connect_to_nowhere)
    shutil.rmtree(bench.folder / "store")
    with pytest.raises(NotebookError) as raised:
        bench.run()
    told = str(raised.value)
    assert "nothing.py: its kernel did not start, and another did not, either" in told
    assert SAFE.lower() in told.lower()
    assert "JOBS=1" in told


NAMED_CLASSES = """
from rulka_analysis.pages.kernels import look_up_classes
look_up_classes()
from jupyter_client.client import KernelClient
from jupyter_client.connect import ConnectionFileMixin
from jupyter_client.provisioning import KernelProvisionerBase
from jupyter_client.session import Session
from nbclient import NotebookClient

def grown_from(kind):
    return {kind, *(found for own in kind.__subclasses__() for found in grown_from(own))}

kinds = (NotebookClient, ConnectionFileMixin, KernelClient, Session, KernelProvisionerBase)
for kind in (kind for grown in map(grown_from, kinds) for kind in grown):
    left = [n for n, t in kind.class_traits().items() if isinstance(getattr(t, "klass", 0), str)]
    print(kind.__name__, *left)
"""


def test_threads_do_not_look_up_classes() -> None:
    """Two that did so at once ended a build: ``import_item accepts strings``."""
    done = subprocess.run(
        [sys.executable, "-c", NAMED_CLASSES], capture_output=True, text=True, check=True
    )
    left = dict(line.partition(" ")[::2] for line in done.stdout.splitlines())
    kinds = ("_Client", "AsyncKernelManager", "AsyncKernelClient", "Session", "LocalProvisioner")
    assert [kind for kind in kinds if left[kind]] == []


def test_without_a_kernel_a_notebook_says_so(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def find_none(self: object, name: str) -> None:
        raise NoSuchKernel(name)

    kernels.look_up_classes.cache_clear()
    monkeypatch.setattr(KernelSpecManager, "get_kernel_spec", find_none)
    bench.notebook("e/nothing", ASKS_FOR_NOTHING)
    with pytest.raises(NotebookError, match="No such kernel named python3"):
        bench.run()


def test_a_notebook_called_as_a_library_stands_in_the_way_of_none(bench: Bench) -> None:
    bench.notebook("e/json", ASKS_FOR_NOTHING)
    bench.notebook("e/yaml", ASKS_FOR_NOTHING)
    (bench.folder / "notebooks" / "e" / "helper.py").write_text("WORD = 'helped'\n", "utf-8")
    told = "import helper, yaml\nprint(helper.WORD, yaml.safe_load('a: 1'))\n"
    bench.notebook("e/asks", told)
    assert _printed(bench, "e/asks")["stdout"] == "helped {'a': 1}\n"


@pytest.mark.long
def test_two_hundred_kernels_eight_at_a_time(bench: Bench) -> None:
    for number in range(200):
        bench.notebook(f"e/number_{number}", f"# %%\nprint({number})\n")
    done = bench.run(jobs=8)
    assert len(done) == 200
    for number in range(200):
        (cell,) = done[f"e/number_{number}"].notebook["cells"]
        assert cell["outputs"][0]["text"] == [f"{number}\n"]


def test_sockets_lie_where_their_path_is_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("x" * 120)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    with kernels.make_scratch() as scratch:
        assert scratch.is_dir()
        assert len(str(scratch)) < 40
        (scratch / "left").touch()
    assert not scratch.exists()
    assert list(deep.iterdir()) == []


def test_a_locale_that_is_not_installed_is_replaced(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LANG", "LC_TIME"):
        assert replace_unknown_locale({name: "tlh_KX.UTF-8"}).keys() == {"LC_ALL"}
    assert replace_unknown_locale({"LANG": "C", "A": "b"}) == {"LANG": "C", "A": "b"}
    monkeypatch.setenv("LANG", "tlh_KX.UTF-8")
    bench.notebook(
        "e/asks", "# %%\nimport locale\nprint(bool(locale.setlocale(locale.LC_ALL, '')))"
    )
    assert _printed(bench, "e/asks")["stdout"] == "True\n"


def test_a_kernels_own_complaints_stay_off_the_terminal(
    bench: Bench, capfd: pytest.CaptureFixture[str]
) -> None:
    # As its own machinery does where the disk is full.
    bench.notebook(
        "e/complains",
        "# %%\nimport logging\n\nprint(1)\nlogging.getLogger('tornado.general').error('boo')\n",
    )
    assert _printed(bench, "e/complains") == {"stdout": "1\n"}
    assert capfd.readouterr().err == ""


def test_a_kernel_that_cannot_start_says_why(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.notebook("e/nothing", ASKS_FOR_NOTHING)
    broken = bench.folder / "broken"
    (broken / "ipykernel").mkdir(parents=True)
    (broken / "ipykernel" / "__init__.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(broken))
    with pytest.raises(NotebookError, match="cannot import name 'kernelapp'"):
        bench.run()


# --- Output ---------------------------------------------------------------------------------------


def test_what_a_cell_prints_is_cut_and_counted(bench: Bench) -> None:
    bench.notebook(
        "e/prints",
        "# %%\nimport sys\nfor number in range(30_000):\n    print(f'{number:9}')\n"
        "print('few', file=sys.stderr)\n",
    )
    by_name = _printed(bench, "e/prints")
    text, told = by_name["stdout"].split("\n… ")
    assert len(text) == kernels.CHARACTERS_SHOWN
    assert text.startswith("        0\n        1\n")
    assert told == "200,000 more characters were printed and are left out here.\n"
    assert by_name["stderr"] == "few\n"


@pytest.mark.parametrize(
    "cell",
    [
        "for _ in range(1_000):\n    print('x' * 100_000)",
        "while True:\n    print('x' * 1_000)",
        "from IPython.display import HTML, display\ndisplay(HTML('x' * 11_000_000))\n"
        "import time\ntime.sleep(50)",
    ],
    ids=["a hundred megabytes", "without end", "shown"],
)
def test_a_flood_is_an_error(bench: Bench, cell: str) -> None:
    bench.notebook("e/floods", f"# %%\n{cell}\n")
    with pytest.raises(NotebookError, match=re.escape("shows more than 10,000,000 characters")):
        bench.run()
    assert not list((bench.folder / "store").rglob("*.ipynb"))


def test_a_large_result_is_no_flood(bench: Bench) -> None:
    text = "import rulka_analysis as ra\nra.publish('long', 'x' * 11_000_000)"
    bench.notebook("e/publishes", f"# %%\n{text}\n")
    (result,) = bench.run()["e/publishes"].results()
    assert len(json.dumps(result.data)) > 11_000_000


# --- What goes wrong around a record --------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "cause"),
    [
        (
            "from rulka_analysis.values import questions\nimport os\n"
            "questions.note('file', 'x', lambda: os._exit(3))",
            "its kernel died",
        ),
        (
            "from rulka_analysis.values import questions\n"
            "def refuse():\n    raise PermissionError('not yours')\n"
            "questions.note('file', 'x', refuse)",
            "PermissionError: not yours",
        ),
    ],
    ids=["dies", "raises"],
)
def test_a_kernel_that_fails_while_it_tells_what_it_read(
    bench: Bench, cell: str, cause: str
) -> None:
    bench.notebook("e/ends", f"# %%\n{cell}\n")
    with pytest.raises(NotebookError) as raised:
        bench.run()
    told = str(raised.value)
    assert "ends.py: all its cells ran, but then, while it was asked what it had read: " in told
    assert cause in told
    assert "Build again; the site of the last good build stays as it is" in told
    assert not list((bench.folder / "store").rglob("*.json"))


def test_a_full_disk_stops_in_plain_words_at_any_write_and_nothing_half_is_believed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.notebook("e/nothing", ASKS_FOR_NOTHING)
    write = execute.write_whole
    for allowed in range(2):
        left = [allowed]

        def write_until_full(path: Path, text: str, left: list[int] = left) -> None:
            if not left[0]:
                raise OSError(errno.ENOSPC, "No space left on device", str(path))
            left[0] -= 1
            write(path, text)

        monkeypatch.setattr(execute, "write_whole", write_until_full)
        with pytest.raises(NotebookError) as raised:
            bench.run()
        assert "the disk is full, or your quota is used up" in str(raised.value)
        assert SAFE in str(raised.value)
        monkeypatch.setattr(execute, "write_whole", write)
        assert bench.reasons() == {"e/nothing": "not executed before"}
        shutil.rmtree(bench.folder / "store")


def test_an_executed_notebook_that_is_not_what_was_written_is_none(bench: Bench) -> None:
    bench.notebook("e/nothing", ASKS_FOR_NOTHING)
    before = bench.run()["e/nothing"].notebook
    (kept,) = (bench.folder / "store").rglob("*.ipynb")
    text = kept.read_text(encoding="utf-8")
    for damaged in ("", text[:-1], text.replace("42", "43")):
        kept.write_text(damaged, encoding="utf-8")
        assert bench.reasons() == {"e/nothing": "not executed before"}
        assert bench.run()["e/nothing"].notebook == before


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.ENOSPC, "the disk is full, or your quota is used up: 'a b' could not be written"),
        (errno.ENOENT, "'a b' was taken away while pages were written"),
        (errno.EROFS, "the system does not allow 'a b' to be read or written"),
        (errno.EIO, "'a b': Input/output error while pages were written"),
    ],
)
def test_what_the_system_refused_says_what_is_safe_and_what_to_do(number: int, told: str) -> None:
    error = OSError(number, os.strerror(number), "a b")
    text = word_system_error(error, "pages were written")
    assert text.startswith(told)
    assert SAFE in text
    assert "uild again" in text
    wrapped = RuntimeError("a handler's address")
    wrapped.__cause__ = error
    assert find_system_error(wrapped) is error
    assert find_system_error(RuntimeError("a mistake")) is None


# --- Twice, and code ------------------------------------------------------------------------------


def test_what_differs_from_one_execution_to_the_next_is_named(bench: Bench) -> None:
    head = "# %%\nimport random\nimport rulka_analysis as ra\n"
    bench.notebook("e/chance", f"{head}ra.publish('x', random.random())\n")
    bench.notebook("e/said", f"{head}ra.volatile('rolls dice')\nra.publish('y', random.random())\n")
    bench.notebook("e/shows", f"{head}print(random.random())\n")
    bench.notebook("e/seeded", f"{head}random.seed(1)\nra.publish('z', random.random())\n")
    helper = bench.notebook("e/helper", "WORD = 1\n")
    assert helper not in repeat.list_notebooks(bench.folder / "notebooks")
    helper.unlink()
    first = bench.run()
    shutil.rmtree(bench.folder / "store")
    second = bench.run()
    lines = dict(repeat.compare(first, second))
    told = {
        line.partition(";")[0].partition(", and")[0]: excused for line, excused in lines.items()
    }
    assert told == {
        "e/chance: it published another x": False,
        "e/said: it published another y": True,
        "e/shows: its cells show something else": False,
    }


def test_code_is_digested_once_and_again_when_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    described = tmp_path / "packages" / "helpful-1.0.dist-info"
    described.mkdir(parents=True)
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: helpful\nVersion: 1.0\n")
    (described / "RECORD").write_text("helpful.py,sha256=x,9\nhelpful.so,,\n")
    module = tmp_path / "packages" / "helpful.py"
    module.write_text("WORD = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path / "packages"))
    remembered = tmp_path / "build" / "code.json"

    code = PackageCode(remembered)
    before = code.digest("helpful")
    code.keep()
    assert json.loads(remembered.read_text())["helpful"][1] == before
    digested = []
    digest = questions.file_answer
    monkeypatch.setattr(
        questions, "file_answer", lambda path: digested.append(path) or digest(path)
    )
    assert PackageCode(remembered).digest("helpful") == before
    assert digested == [], "no file was modified"
    module.write_text("WORD = 2\n")
    assert PackageCode(remembered).digest("helpful") != before
    remembered.write_text('{"half')
    module.write_text("WORD = 1\n")
    assert PackageCode(remembered).digest("helpful") == before
    assert PackageCode(remembered).digest("no_such_package") == "no list of its files"
