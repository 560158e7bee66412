"""tasks.py: how commands are understood, and what is decided about the virtual environment."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import tasks

PROJECT = Path(tasks.__file__).parent


def understood(*arguments: str, typed_in: Path, **environment: str) -> tasks.Order:
    return tasks.understood(arguments, environment, typed_in)


# --- Commands ------------------------------------------------------------------------------------


def test_settings_come_from_the_command_line_before_the_environment(tmp_path: Path) -> None:
    for name in ("typed", "exported", "older"):
        (tmp_path / name).mkdir()
    older = {"RULKA_LOGDIR": "older"}

    def chosen(*arguments: str, **environment: str) -> Path | None:
        return understood("html", *arguments, typed_in=tmp_path, **environment).log_directory

    assert chosen("LOGDIR=typed", LOGDIR="exported", **older) == tmp_path / "typed"
    assert chosen(LOGDIR="exported", **older) == tmp_path / "exported"
    assert chosen(**older) == tmp_path / "older"
    assert chosen("LOGDIR=", **older) is None
    assert chosen() is None


def test_what_stands_behind_the_dashes_is_passed_on(tmp_path: Path) -> None:
    order = understood("test", "--", "-k", "LOGDIR=x", typed_in=tmp_path)
    assert order == tasks.Order("test", passed=("-k", "LOGDIR=x"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["htlm"], "unknown target 'htlm'; did you mean 'html'?"),
        (["html", "logdir=x"], "unknown setting 'logdir'; did you mean 'LOGDIR'?"),
        (["html", "JOBS=0"], "JOBS is '0'; it must be a whole number from 1 on"),
        (["html", "LOGDIR=my", "logs"], "one target at a time, not 'html' and 'logs'"),
        (["clean", "--", "-v"], "clean takes no arguments after --"),
    ],
)
def test_a_wrong_command_is_explained(tmp_path: Path, arguments: list[str], message: str) -> None:
    (tmp_path / "my").mkdir()
    with pytest.raises(tasks.UsageError) as caught:
        understood(*arguments, typed_in=tmp_path)
    assert message in str(caught.value)


def test_a_setting_without_use_is_not_dropped_in_silence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    understood("test", "LOGDIR=nowhere", typed_in=tmp_path)
    assert "test does not use LOGDIR" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "whole"),
    [
        (["html", "LOGDIR", r"C:\logs"], ["html", r"LOGDIR=C:\logs"]),
        (["LOGDIR", r"C:\a b\c", "html"], [r"LOGDIR=C:\a b\c", "html"]),
        (["html", "LOGDIR", r"C:\a=b"], ["html", r"LOGDIR=C:\a=b"]),
        (["html", r'LOGDIR=C:\a b" JOBS=2'], ["html", r"LOGDIR=C:\a b", "JOBS=2"]),
        (["html", r'LOGDIR=C:\a b"'], ["html", r"LOGDIR=C:\a b"]),
        (["html", r"LOGDIR=C:\a b\c"], ["html", r"LOGDIR=C:\a b\c"]),
    ],
)
def test_what_windows_does_to_arguments_is_undone(arguments: list[str], whole: list[str]) -> None:
    assert tasks.mended(arguments, windows=True) == whole


def test_elsewhere_a_quote_belongs_to_the_name() -> None:
    assert tasks.mended(['LOGDIR=a" b'], windows=False) == ['LOGDIR=a" b']


# --- The log directory ---------------------------------------------------------------------------


def test_a_relative_log_directory_is_relative_to_where_it_was_typed(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    assert tasks.absolute_log_directory("logs", tmp_path) == tmp_path / "logs"
    assert tasks.absolute_log_directory("../logs", tmp_path / "logs") == tmp_path / "logs"


def test_quotes_and_tilde_no_shell_has_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "logs").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert tasks.absolute_log_directory("'logs'", tmp_path) == tmp_path / "logs"
    assert tasks.absolute_log_directory("~/logs", PROJECT) == tmp_path / "logs"


def test_a_missing_log_directory_is_named_with_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "tensorboard" / "uni_5").mkdir(parents=True)
    with pytest.raises(tasks.TaskError) as caught:
        tasks.absolute_log_directory("tensorbord/uni_5", tmp_path)
    assert f"there is no folder {tmp_path / 'tensorbord' / 'uni_5'}" in str(caught.value)
    assert f"did you mean {tmp_path / 'tensorboard'}?" in str(caught.value)


def test_a_missing_log_directory_unlike_any_other_is_answered_with_what_there_is(
    tmp_path: Path,
) -> None:
    for number in range(9):
        (tmp_path / f"run {number}").mkdir()
    with pytest.raises(tasks.TaskError, match=r"are: run 0, .*, run 7 and 1 more"):
        tasks.absolute_log_directory("xyz", tmp_path)


def test_a_file_is_no_log_directory(tmp_path: Path) -> None:
    (tmp_path / "events").touch()
    with pytest.raises(tasks.TaskError, match="is no folder"):
        tasks.absolute_log_directory("events", tmp_path)


def test_backslashes_a_shell_took_are_recognised(tmp_path: Path) -> None:
    with pytest.raises(tasks.TaskError, match="single quotes"):
        tasks.absolute_log_directory("C:logsmy run", tmp_path)


NAMES = [
    "plain",
    "my logs",
    "C:\\logs\\my $run",
    "ends with \\",
    "$HOME $$ ${HOME} $(HOME) $(",
    "$(shell echo pwned > pwned)",
    "'single' \"double\" `back`",
    "a#b %PATH% (c) [d] {e}",
    "a;b&c|d>e<f!g*h?i~j=k,l:=m",
    "-x",
    "größe 日本",
    "two\nlines",
]


@pytest.mark.skipif(os.name == "nt" or not shutil.which("make"), reason="needs make and its names")
@pytest.mark.parametrize("through", ["argument", "environment"])
@pytest.mark.parametrize("name", NAMES)
def test_make_hands_on_the_log_directory_unchanged(tmp_path: Path, name: str, through: str) -> None:
    (tmp_path / "rulka_analysis").mkdir()
    for file in (
        "Makefile",
        "tasks.py",
        "rulka_analysis/__init__.py",
        "rulka_analysis/pages/locks.py",
    ):
        shutil.copy(PROJECT / file, tmp_path / file)
    folder = tmp_path / "logs" / name.replace("/", "_")
    folder.mkdir(parents=True)
    environment = {key: value for key, value in os.environ.items() if "MAKE" not in key}
    command = ["make", "--silent", "logdir", f"PYTHON={sys.executable}"]
    if through == "argument":
        command.append(f"LOGDIR={folder}")
    else:
        environment["LOGDIR"] = str(folder)
    answer = subprocess.run(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE)
    assert os.fsdecode(answer.stdout) == f"{folder}\n"
    assert not (tmp_path / "pwned").exists()


def test_programs_get_the_log_directory_and_no_leftovers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGDIR", "JOBS", "RULKA_LOGDIR", "PYTHONPATH", "PYTHONHOME", "MAKEFLAGS"):
        monkeypatch.setenv(name, "left over")
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    given = tasks.child_environment(tasks.Order("html", Path("/my $run"), jobs=3))
    assert given["RULKA_LOGDIR"] == str(Path("/my $run"))
    assert given["RULKA_JOBS"] == "3"
    assert given["PYTHONHASHSEED"] == "7"
    assert "left over" not in given.values()
    assert given["PATH"].split(os.pathsep)[0] == str(tasks.PYTHON.parent)
    assert "RULKA_LOGDIR" not in tasks.child_environment(tasks.Order("html"))


# --- What is needed of the lock ------------------------------------------------------------------

SMALL_LOCK = """\
# This file was autogenerated by uv via the following command:
#    python tasks.py lock
alpha==1.0 \\
    --hash=sha256:aa \\
    --hash=sha256:ab
    # via
    #   -c (workspace)
    #   rulka-analysis (pyproject.toml)
beta-two==2.0 ; sys_platform == 'win32' \\
    --hash=sha256:bb
    # via alpha
gamma[extra]==3.0 \\
    --hash=sha256:cc
    # via
    #   beta-two
    #   delta
delta==4.0 \\
    --hash=sha256:dd
    # via
    #   gamma
    #   rulka-analysis (pyproject.toml)
omega==5.0 \\
    --hash=sha256:ee
    # via rulka-analysis (pyproject.toml)
"""


def names(pins: list[tasks.Pin]) -> list[str]:
    return [pin.name for pin in pins]


def test_a_subset_follows_who_wants_what_also_in_circles() -> None:
    pins = tasks.pins_in(SMALL_LOCK)
    assert names(tasks.subset(pins, ["Alpha>=1"])) == ["alpha", "beta-two", "gamma", "delta"]
    assert names(tasks.subset(pins, ["gamma"])) == ["gamma", "delta"]
    assert names(tasks.subset(pins, ["omega"])) == ["omega"]
    assert names(tasks.subset(pins, [])) == []


def test_what_only_lab_wants_through_an_extra_is_not_installed_for_pages() -> None:
    pins = tasks.pins_in(tasks.LOCK.read_text(encoding="utf-8"))
    declared = tasks.declaration()
    pages, lab = (
        set(names(tasks.subset(pins, tasks.roots(declared, frozenset({extra})))))
        for extra in ("html", "lab")
    )
    assert "jsonschema" in pages & lab
    assert "rfc3987-syntax" in lab - pages
    assert "idna" in pages, "wanted by others, too"


def test_a_subset_keeps_markers_and_digests() -> None:
    _, beta, *_ = tasks.pins_in(SMALL_LOCK)
    assert beta.lines == ("beta-two==2.0 ; sys_platform == 'win32' \\", "    --hash=sha256:bb")


def test_a_root_that_is_not_in_the_lock_is_named() -> None:
    with pytest.raises(tasks.TaskError, match=r"does not hold psi, zeta.*tasks\.py lock"):
        tasks.subset(tasks.pins_in(SMALL_LOCK), ["zeta", "alpha", "psi>2"])


@pytest.mark.parametrize("target", [name for name, t in tasks.TARGETS.items() if t.extras])
def test_the_lock_serves_every_target_with_no_more_than_it_needs(target: str) -> None:
    pins = tasks.pins_in(tasks.LOCK.read_text(encoding="utf-8"))
    extras = tasks.TARGETS[target].extras
    assert extras is not None
    needed = set(names(tasks.subset(pins, tasks.roots(tasks.declaration(), extras))))
    assert {"numpy", "tensorboard", "setuptools"} <= needed
    assert ("sphinx" in needed) == ("html" in extras)
    assert ("jupyterlab" in needed) == ("lab" in extras)
    assert ("pytest" in needed) == ("test" in extras)


# --- What is to be done about the virtual environment --------------------------------------------

FOUND = tasks.Interpreter("3.11", Path("site-packages"))
WANTED = tasks.Wanted("/project", "lock", "declared", frozenset({"html"}))
STAMP = {
    "finished": True,
    "project": "/project",
    "python": "3.11",
    "lock": "lock",
    "declared": "declared",
    "extras": ["html", "test"],
    "packages": ["sphinx-9.0.4.dist-info"],
}
PRESENT = {"sphinx-9.0.4.dist-info", "somebody_s_own-1.0.dist-info"}


def test_nothing_is_done_when_nothing_changed() -> None:
    assert tasks.needed_change(STAMP, FOUND, WANTED, PRESENT) is None


@pytest.mark.parametrize(
    ("stamp", "found", "present", "rebuild", "reason"),
    [
        (STAMP, None, set(), True, "does not start"),
        (None, FOUND, PRESENT, False, "nothing was installed by this command"),
        (None, tasks.Interpreter("3.9", Path()), PRESENT, True, "its Python is 3.9"),
        ({}, FOUND, PRESENT, True, "interrupted"),
        ({"finished": False}, FOUND, PRESENT, True, "interrupted"),
        (STAMP | {"project": "/elsewhere"}, FOUND, PRESENT, True, "moved or copied"),
        (STAMP | {"python": "3.10"}, FOUND, PRESENT, True, "was 3.10 and is now 3.11"),
        (STAMP | {"lock": "older"}, FOUND, PRESENT, False, "requirements.lock changed"),
        (STAMP | {"declared": "older"}, FOUND, PRESENT, False, "pyproject.toml changed"),
        (STAMP | {"extras": ["lab"]}, FOUND, PRESENT, False, "more is needed: html"),
        (STAMP, FOUND, {"sphinx-9.1.dist-info"}, False, "sphinx-9.0.4 was removed or replaced"),
    ],
)
def test_every_change_is_seen_and_said(
    stamp: dict[str, object] | None,
    found: tasks.Interpreter | None,
    present: set[str],
    rebuild: bool,
    reason: str,
) -> None:
    change = tasks.needed_change(stamp, found, WANTED, present)
    assert change is not None
    assert change.rebuild is rebuild
    assert reason in change.reason


def test_where_the_python_of_an_environment_is() -> None:
    folder = Path(".venv")
    assert tasks.python_in(folder, windows=True) == folder / "Scripts" / "python.exe"
    assert tasks.python_in(folder, windows=False) == folder / "bin" / "python"


def test_a_folder_that_is_no_environment_is_not_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "ENVIRONMENT", tmp_path / ".venv")
    monkeypatch.setattr(tasks, "STAMP", tmp_path / ".venv" / "installed.json")
    precious = tmp_path / ".venv" / "precious"
    precious.parent.mkdir()
    precious.touch()
    with pytest.raises(tasks.InstallationError, match="move it out of the way"):
        tasks.remove_environment()
    assert precious.exists()


@pytest.mark.parametrize(
    ("said", "explanation"),
    [
        (
            "WARNING: Retrying after connection broken by 'NewConnectionError(...): Temporary "
            "failure in name resolution'\nERROR: No matching distribution found for numpy==2.4.6",
            "cannot be reached",
        ),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "mirror"),
        ("ERROR: No matching distribution found for numpy==2.4.6", "no ready package"),
        ("ERROR: Could not install packages: [Errno 28] No space left on device", "disk is full"),
        ("SSLError(SSLCertVerificationError(1, 'certificate verify failed'))", "not trusted"),
        ("ERROR: something nobody has seen yet", "it gives itself"),
    ],
)
def test_the_cause_of_a_failed_installation_is_recognised(said: str, explanation: str) -> None:
    assert explanation in tasks.cause(said)


def test_python_without_venv_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(tasks.InstallationError, match=r"apt install python3\.\d+-venv"):
        tasks.check_that_environments_can_be_made()


# --- Targets -------------------------------------------------------------------------------------


def test_an_older_python_gets_a_message_and_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Path(tasks.__file__).read_text(encoding="utf-8")
    # Python reads the whole file before it runs the first line.
    ast.parse(source, feature_version=(3, 7))
    monkeypatch.setattr(sys, "version_info", (3, 10, 4))
    with pytest.raises(SystemExit, match=r"Python 3\.11 or newer is needed"):
        exec(compile(source, "tasks.py", "exec"), {"__name__": "tasks"})


@pytest.mark.parametrize("failing", [None, "ruff", "mypy", "pytest"])
def test_every_check_runs_also_after_one_that_failed(
    monkeypatch: pytest.MonkeyPatch, failing: str | None
) -> None:
    ran = []

    def run(command: list[str], **_: object) -> int:
        ran.append(command[2:])
        return int(command[2] == failing)

    monkeypatch.setattr(tasks, "run", run)
    monkeypatch.setattr(tasks, "ready", lambda order: "python")
    status = tasks.test(tasks.Order("test", passed=("-k", "name")))
    assert status == (failing is not None)
    assert ran == [
        ["ruff", "check"],
        ["ruff", "format", "--check"],
        ["mypy"],
        ["pytest", "-n", "2", "-k", "name"],
    ]


def test_clean_deletes_what_was_built_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "tensorboard" / "events"
    log.parent.mkdir()
    log.touch()
    build = tmp_path / "_build"
    (build / "html").mkdir(parents=True)
    if os.name != "nt":
        (build / "link").symlink_to(log.parent)
        (build / "html" / "link").symlink_to(log.parent)
    (build / "file").touch()
    monkeypatch.setattr(tasks, "BUILD", build)
    assert tasks.clean(tasks.Order("clean")) == 0
    assert tasks.clean(tasks.Order("clean")) == 0
    # Windows deletes no open file, and the lock is one.
    left = list(build.iterdir()) if build.exists() else []
    assert left == ([build / tasks.BUILD_LOCK] if os.name == "nt" else [])
    assert log.exists()


@pytest.mark.skipif(os.name == "nt", reason="symbolic links need a privilege on Windows")
def test_clean_follows_no_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "_build").symlink_to(tmp_path / "logs")
    monkeypatch.setattr(tasks, "BUILD", tmp_path / "_build")
    with pytest.raises(tasks.TaskError, match="is a link"):
        tasks.clean(tasks.Order("clean"))
    assert (tmp_path / "logs").exists()


def test_tensorboard_shows_the_bundled_logs_to_this_machine_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ran: list[list[str]] = []
    monkeypatch.setattr(tasks, "ready", lambda order: "python")
    monkeypatch.setattr(tasks, "run", lambda command, **_: ran.append(command) or 0)
    answer = SimpleNamespace(returncode=0, stdout='wrote them\n"/bundled logs"\n')
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: answer)
    tasks.tensorboard(tasks.Order("tensorboard"))
    tasks.tensorboard(tasks.Order("tensorboard", tmp_path, passed=("--port", "7")))
    program = ["python", "-m", "tensorboard.main", "--logdir"]
    assert ran[0] == [*program, str(Path("/bundled logs")), "--host", "localhost"]
    assert ran[1] == [*program, str(tmp_path), "--host", "localhost", "--port", "7"]
