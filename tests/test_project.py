"""Where things begin: the log directory in effect, and the domain it is read for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rulka_analysis.domains import DOMAINS
from rulka_analysis.logs.runs import Logs
from rulka_analysis.project import (
    domain,
    domain_for,
    load_catalogue,
    load_experiment,
    open_logs,
)
from rulka_analysis.values import questions
from rulka_analysis.values.digests import digest_file
from rulka_analysis.values.errors import LogDirectoryError, RulkaError
from rulka_analysis.values.places import project_folder
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
    assert open_logs().path == project / "tensorboard"

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


def test_logs_are_looked_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = tmp_path / "project"
    (project / "data" / "published").mkdir(parents=True)
    monkeypatch.setenv("RULKA_PROJECT", str(project))
    monkeypatch.delenv("RULKA_LOGDIR", raising=False)
    write_run(project / "tensorboard" / "uni_1", 1)
    made: list[Path] = []
    make = Logs.__init__

    def count(logs: Logs, path: Path, **rest: object) -> None:
        made.append(path)
        make(logs, path, **rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Logs, "__init__", count)
    assert open_logs().runs == ("uni_1",)
    assert made == [project / "tensorboard"]


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
    assert logs.conventions is load_catalogue(logs=logs).domain.conventions
    assert not logs.bundled
    assert bundled.bundled


def test_who_only_asks_the_catalogue_depends_on_its_file(tmp_path: Path) -> None:
    own = domain().catalogue_file
    questions.forget()
    load_catalogue()
    other = tmp_path / "catalogue.toml"
    other.write_bytes(own.read_bytes())
    load_catalogue(other)
    asked = {q["subject"]: q["answer"] for q in questions.record() if q["kind"] == "file"}
    assert asked == {
        own.relative_to(project_folder()).as_posix(): digest_file(own),
        str(other): digest_file(other),
    }
    questions.forget()


def test_an_experiment_says_what_was_noticed_of_some_of_its_runs(tmp_path: Path) -> None:
    events = [write.scalar_event("Training/batch_size", 1, 1024.0)]
    write.write_event_file(tmp_path / "uni_5", events)
    experiment = load_experiment("batch_size_and_running_speed", open_logs(tmp_path))
    (finding,) = experiment.findings(["uni_5", "uni_6"])
    assert finding.kind == "setting_differs"
    assert "a batch size of 1024; the definition says 2048" in finding.message


def test_a_domain_is_chosen_by_what_tags_look_like(tmp_path: Path) -> None:
    write.write_event_file(
        tmp_path / "a" / "run", [write.scalar_event("rollout/ep_rew_mean", 1, 2)]
    )
    write.write_event_file(tmp_path / "b" / "run", [write.scalar_event("Training/loss", 1, 2)])
    write.write_event_file(tmp_path / "c" / "run", [write.scalar_event("own", 1, 2)])
    found = {name: open_logs(tmp_path / name) for name in "abc"}
    assert {n: domain_for(logs).name for n, logs in found.items()} == {
        "a": "rl",
        "b": "trackmania",
        "c": "rl",
    }
    assert load_catalogue(logs=found["a"]).domain is domain("rl")
    assert [str(clock) for clock in found["b"]["run"].clocks] == ["minutes", "frames"]
    assert [str(clock) for clock in found["c"]["run"].clocks] == ["minutes", "steps"]


def test_a_domain_may_be_declared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write.write_event_file(tmp_path / "run", [write.scalar_event("rollout/ep_rew_mean", 1, 2)])
    assert domain_for(open_logs(tmp_path, of=domain("trackmania"))).name == "trackmania"
    monkeypatch.setenv("RULKA_DOMAIN", "trackmania")
    assert domain_for(open_logs(tmp_path)).name == "trackmania"
    monkeypatch.setenv("RULKA_DOMAIN", "rally")
    with pytest.raises(RulkaError, match="no domain 'rally'"):
        open_logs(tmp_path)


def test_the_domain_of_a_definition_holds_for_its_logs(tmp_path: Path) -> None:
    write.write_event_file(tmp_path / "logs" / "a", [write.scalar_event("own", 1, 2.0)])
    definition = tmp_path / "one.toml"
    definition.write_text(
        'title = "One"\nquestion = "Which?"\nbaseline = "a"\ndomain = "trackmania"\n'
        "[runs.a]\n[comparisons]\n",
        encoding="utf-8",
    )
    experiment = load_experiment("one", open_logs(tmp_path / "logs"), path=definition)
    assert experiment.catalogue.domain.name == "trackmania"
    assert experiment.logs.conventions is experiment.catalogue.domain.conventions
