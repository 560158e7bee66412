"""The lock between processes: one holder, who is named, and nobody waits for the dead."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from rulka_analysis.pages import locks
from rulka_analysis.pages.locks import hold_lock

HOLDER = """
import sys
from pathlib import Path
from rulka_analysis.pages.locks import hold_lock

with hold_lock(Path(sys.argv[1]), waiting=lambda line: print(line, flush=True)):
    print("mine", flush=True)
    if sys.argv[2] == "until told":
        sys.stdin.readline()
    elif sys.argv[2] == "and count":
        counter = Path(sys.argv[3])
        for _ in range(50):
            counter.write_text(str(int(counter.read_text()) + 1))
"""


def start(*arguments: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HOLDER, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(locks.__file__).parents[2])},
    )


def never(line: str) -> NoReturn:
    raise AssertionError(f"nobody holds it, but: {line}")


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def test_a_second_process_is_told_who_holds_the_lock_and_waits(tmp_path: Path) -> None:
    path = tmp_path / "made" / "lock"
    first = start(path, "until told")
    assert line_of(first) == "mine\n"
    second = start(path, "and leave")
    assert line_of(second) == (
        f"Another command (process {first.pid}) holds {path}; waiting for it to finish ...\n"
    )
    assert second.poll() is None
    first.communicate("go\n", timeout=10)
    assert second.communicate(timeout=10)[0] == "mine\n"
    assert (first.returncode, second.returncode) == (0, 0)


def test_a_killed_holder_frees_the_lock(tmp_path: Path) -> None:
    holder = start(tmp_path / "lock", "until told")
    assert line_of(holder) == "mine\n"
    holder.kill()
    holder.communicate()
    with hold_lock(tmp_path / "lock", waiting=never):
        pass


def test_processes_take_turns(tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    counter.write_text("0")
    processes = [start(tmp_path / "lock", "and count", counter) for _ in range(4)]
    for process in processes:
        process.communicate(timeout=30)
    assert counter.read_text() == "200"


def test_who_waits_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "SECONDS_BETWEEN_TRIES", 0.01)
    tries: list[bool] = []
    told: list[str] = []
    taken = locks._taken

    def counting(descriptor: int) -> bool:
        tries.append(taken(descriptor))
        if len(tries) == 9:
            holder.communicate("go\n", timeout=10)
        return tries[-1]

    holder = start(tmp_path / "lock", "until told")
    assert line_of(holder) == "mine\n"
    monkeypatch.setattr(locks, "_taken", counting)
    with hold_lock(tmp_path / "lock", waiting=told.append):
        assert tries == [False] * 9 + [True]
    assert len(told) == 1


@pytest.mark.skipif(os.name == "nt", reason="Windows deletes no file that is open")
def test_a_file_that_was_deleted_meanwhile_is_no_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "build" / "lock"
    taken = locks._taken

    def taken_after_a_deletion(descriptor: int) -> bool:
        monkeypatch.setattr(locks, "_taken", taken)
        path.unlink()
        path.parent.rmdir()
        return taken(descriptor)

    monkeypatch.setattr(locks, "_taken", taken_after_a_deletion)
    with hold_lock(path, waiting=never):
        second = start(path, "and leave")
        assert f"(process {os.getpid()}) holds" in line_of(second)
    assert second.communicate(timeout=10)[0] == "mine\n"


@pytest.mark.skipif(os.name == "nt", reason="forks")
def test_a_forked_child_does_not_keep_the_lock(tmp_path: Path) -> None:
    with hold_lock(tmp_path / "lock", waiting=never):
        child = os.fork()
        if child == 0:
            signal.pause()
    try:
        with hold_lock(tmp_path / "lock", waiting=never):
            pass
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_a_lock_that_cannot_be_written_is_an_error_and_no_endless_wait(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(OSError, match="file"),
        hold_lock(tmp_path / "file" / "lock", waiting=never),
    ):
        pass


def test_the_module_needs_no_installed_package() -> None:
    program = f"import sys; sys.path.insert(0, {str(Path(locks.__file__).parents[2])!r})\n"
    program += "import rulka_analysis.pages.locks\n"
    subprocess.run([sys.executable, "-I", "-S", "-c", program], check=True)
