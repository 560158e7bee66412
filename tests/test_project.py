"""Where things begin: the log directory in effect, and the domain it is read for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rulka_analysis.domains import DOMAINS
from rulka_analysis.logs.runs import Logs
from rulka_analysis.project import domain, load_catalogue, log_directory, open_logs
from rulka_analysis.values.errors import LogDirectoryError, RulkaError
from tests import event_files as write
from tests.training_logs import write_layout


def write_run(folder: Path, *steps: int) -> Path:
    """Write a run with one tag."""
    return write.write_event_file(
        folder / write.NAME, [write.scalar_event("a", step, float(step)) for step in steps]
    )


# --- Which log directory is in effect -------------------------------------------------------------


def test_which_log_directory_is_in_effect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = tmp_path / "project"
    (project / "data").mkdir(parents=True)
    bundled = Path(__file__).parents[1] / "data" / "published"
    (project / "data" / "published").symlink_to(bundled, target_is_directory=True)
    monkeypatch.setenv("RULKA_PROJECT", str(project))
    assert open_logs().path.parent.name == "published"

    write_layout(project / "tensorboard" / "lay_mono")
    assert open_logs().path.parent.name == "published"

    write_run(project / "tensorboard" / "uni_1", 1)
    assert log_directory() == project / "tensorboard"

    named = tmp_path / "named $HOME"
    write_run(named / "uni_2", 1)
    monkeypatch.setenv("RULKA_LOGDIR", str(named))
    assert open_logs().runs == ("uni_2",)

    write_run(tmp_path / "argument" / "uni_3", 1)
    assert open_logs(tmp_path / "argument").runs == ("uni_3",)


def test_a_named_log_directory_that_is_missing_is_an_error_not_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RULKA_LOGDIR", str(tmp_path / "gone"))
    with pytest.raises(LogDirectoryError, match="no log directory"):
        open_logs()


def test_a_snapshot_applies_to_its_own_directory_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_run(tmp_path / "logs" / "run", 1, 2)
    write_run(tmp_path / "other" / "run", 1, 2)
    shorter = path.stat().st_size - 1
    snapshot = tmp_path / "snapshot.json"
    lengths = {f"run/{path.name}": shorter}
    data = {"path": str(tmp_path / "logs"), "lengths": lengths}
    snapshot.write_text(json.dumps(data), encoding="utf-8")
    monkeypatch.setenv("RULKA_SNAPSHOT", str(snapshot))
    assert open_logs(tmp_path / "logs")["run"].scalars("a").step.tolist() == [1]
    assert open_logs(tmp_path / "other")["run"].scalars("a").step.tolist() == [1, 2]


# --- The domain -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DOMAINS)
def test_every_domain_has_a_catalogue_of_its_own(name: str) -> None:
    found = domain(name)
    assert found.name == name
    assert found.catalogue_file.is_file()


def test_a_domain_that_does_not_exist() -> None:
    with pytest.raises(RulkaError, match=r"no domain 'trackmanya' .*; did you mean 'trackmania'"):
        domain("trackmanya")


def test_logs_and_catalogue_are_of_one_domain(tmp_path: Path, bundled: Logs) -> None:
    write_run(tmp_path / "run", 1)
    logs = open_logs(tmp_path)
    assert logs.conventions is load_catalogue().domain.conventions
    assert not logs.bundled
    assert bundled.bundled
