"""What was set in a run, and who says so: one answer, whoever asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from rulka_analysis.health import run_findings
from rulka_analysis.logs.runs import Logs
from rulka_analysis.metrics.catalogue import Catalogue
from rulka_analysis.metrics.settings import Declared, Setting, numbers_of, read_settings
from rulka_analysis.project import load_catalogue
from tests import event_files as write

BATCH = "Training/batch_size"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


def logs(
    folder: Path,
    batch: tuple[float, ...] = (),
    hyperparameters: dict[str, bool | float | str] | None = None,
) -> Logs:
    events = [write.scalar_event(BATCH, step, value) for step, value in enumerate(batch)]
    events.append(write.scalar_event("Training/loss", 9, 1.0))
    write.write_event_file(folder / "run", events)
    if hyperparameters:
        write.write_event_file(folder / "run" / "1", [write.hyperparameters_event(hyperparameters)])
    return Logs(folder)


def batch_size(found: dict[str, Setting]) -> tuple[str, str]:
    (number,) = [q for name, q in numbers_of(found).items() if name == "batch_size"]
    return number.text, number.how


DECLARED = {"batch_size": Declared(256, "Batch size", "transitions", BATCH)}


def test_the_tag_is_taken_before_hyperparameters_and_those_before_what_is_declared(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    logged = logs(tmp_path / "a", (512.0, 512.0), {"Batch-Size": 128})["run"]
    beside = logs(tmp_path / "b", (), {"batch size": 128})["run"]
    neither = logs(tmp_path / "c")["run"]
    found = [read_settings("run", run, catalogue, DECLARED) for run in (logged, beside, neither)]
    assert [batch_size(one) for one in found] == [
        ("512 transitions", f"as logged under {BATCH}"),
        ("128 transitions", "as logged with the hyperparameters"),
        ("256 transitions", "as declared by the experiment"),
    ]
    assert numbers_of(found[0])["batch_size"].evidence[0].tag == BATCH
    assert [s.where for s in found[0]["batch_size"].disagreeing] == ["hyperparameters", "declared"]
    assert batch_size(read_settings("run", None, catalogue, DECLARED))[0] == "256 transitions"


def test_what_nothing_gives_is_unknown_with_the_reason(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    run = logs(tmp_path, (float("nan"),))["run"]
    assert "batch_size" not in read_settings("run", run, catalogue)
    declared = {"batch_size": Declared(title="Batch size")}
    found = read_settings("run", run, catalogue, declared)["batch_size"]
    assert (found.known, found.text, found.sources) == (None, "not recorded", ())
    assert numbers_of({"batch_size": found})["batch_size"].missing == (
        "the batch size of run was not recorded"
    )


def test_a_setting_that_changes_is_unknown_and_a_finding_unless_it_is_a_schedule(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    run = logs(tmp_path, (512.0, 512.0, 64.0))["run"]
    found = read_settings("run", run, catalogue, DECLARED)["batch_size"]
    assert (found.known, found.text, found.changes) == (None, "changes", True)
    (finding,) = [f for f in run_findings(run, catalogue) if f.kind == "setting_changes"]
    assert "changes from 512 to 64" in finding.message
    schedule = {"batch_size": Declared(256, "Batch size", tag=BATCH, schedule=True)}
    planned = read_settings("run", run, catalogue, schedule)["batch_size"]
    assert (planned.text, planned.changes, planned.disagreeing) == ("schedule", False, ())


def test_a_log_that_contradicts_its_hyperparameters_is_a_finding(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    run = logs(tmp_path, (512.0,), {"batch_size": 64.0})["run"]
    (finding,) = [f for f in run_findings(run, catalogue) if f.kind == "setting_differs"]
    assert "logs a batch size of 512; its hyperparameters say 64" in finding.message
    agreeing = logs(tmp_path / "agree", (512.0,), {"batch_size": 512.0})["run"]
    assert not [f for f in run_findings(agreeing, catalogue) if f.kind == "setting_differs"]


@pytest.mark.parametrize(
    ("value", "text"), [(3e-4, "0.0003"), (0.5, "0.5"), (512.0, "512"), (1e-10, "0.0000000001")]
)
def test_a_setting_is_shown_with_the_digits_it_needs(
    tmp_path: Path, catalogue: Catalogue, value: float, text: str
) -> None:
    # As a scalar it comes back as float32, and is the same setting.
    run = logs(tmp_path, (value,), {"rate": value})["run"]
    declared = {"batch_size": Declared(value), "rate": Declared(value)}
    found = read_settings("run", run, catalogue, declared)
    assert (found["batch_size"].text, found["rate"].text) == (f"{text} transitions", text)
    assert found["batch_size"].disagreeing == ()


def test_texts_are_settings_too(tmp_path: Path, catalogue: Catalogue) -> None:
    run = logs(tmp_path, (), {"optimizer": "adam", "double": True})["run"]
    found = read_settings("run", run, catalogue, {"Optimizer": Declared("radam")})
    assert found["Optimizer"].text == "adam"
    assert [source.text for source in found["Optimizer"].disagreeing] == ["radam"]
    assert found["double"].known == 1.0
    assert "Optimizer" not in numbers_of(found)
