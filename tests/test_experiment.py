"""An experiment's definition: what it says, and every mistake with file, line and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from rulka_analysis import questions
from rulka_analysis.errors import ExperimentError
from rulka_analysis.experiment import load_experiment, read_definition
from rulka_analysis.runs import Logs
from tests import event_files as write
from tests.training_logs import TrainingRun, write_run

DEFINITION = """\
title = "A title"
question = "A question?"
baseline = "one"

[maps]
A01 = "A01"
hock = "Hock"

[settings.batch_size]
title = "Batch size"
unit = "transitions"
tag = "Training/batch_size"

[settings.running_speed]
title = "Running speed"

[runs.one]
description = "Baseline"
settings = { batch_size = 512, running_speed = 160 }

[runs."two, too"]
settings = { running_speed = "fast" }

[metrics.race_time]
reason = "Because."
maps = { A01 = "robust_race_time", hock = "exploring_race_time" }

[targets]
A01 = [25.2, 25]
hock = [70]

[[lines]]
metric = "loss"

[[lines]]
metric = "race_time"
map = "hock"
at = "last"

[comparisons.first]
title = "First"
question = "Which?"
candidates = ["two, too"]
"""


def definition_file(folder: Path, text: str = DEFINITION) -> Path:
    path = folder / "an experiment.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_definition_is_read(tmp_path: Path) -> None:
    definition = read_definition("an experiment", definition_file(tmp_path))
    assert definition.baseline == "one"
    assert list(definition.runs) == ["one", "two, too"]
    assert definition.runs["two, too"].settings == {"running_speed": "fast"}
    assert definition.settings["batch_size"].tag == "Training/batch_size"
    assert definition.targets == {"A01": (25.2, 25.0), "hock": (70.0,)}
    first = definition.comparisons["first"]
    assert (first.baseline, first.candidates) == ("one", ("two, too",))
    assert [line.name for line in definition.lines] == ["loss", "race_time_hock_last"]


# What is replaced, by what; the line the message must name (by its text) and its words.
MISTAKES = {
    "a key misspelt at the top": (
        'baseline = "one"',
        'baselin = "one"',
        "baselin =",
        ["no key 'baselin'", "did you mean 'baseline'?"],
    ),
    "a title that is missing": ('title = "A title"\n', "", "question =", ["title", "add it"]),
    "a title that is no text": ('title = "A title"', "title = 5", "title = 5", ["must be a text"]),
    "a baseline that is no run": (
        'baseline = "one"',
        'baseline = "on"',
        'baseline = "on"',
        ["no run 'on'", "did you mean 'one'?", "There are: one, two, too"],
    ),
    "a map that is no text": ('hock = "Hock"', "hock = 5", "hock = 5", ["must be a text"]),
    "a setting's key misspelt": (
        'unit = "transitions"',
        'units = "transitions"',
        "units =",
        ["no key 'units'", "did you mean 'unit'?"],
    ),
    "a setting without title": (
        'title = "Running speed"\n',
        "",
        "[settings.running_speed]",
        ["lacks 'title'; add it"],
    ),
    "a setting's unit that is no text": (
        'unit = "transitions"',
        "unit = 5",
        "unit = 5",
        ["must be a text"],
    ),
    "a setting that is not declared": (
        "batch_size = 512,",
        "batch_sise = 512,",
        "batch_sise",
        ["no setting 'batch_sise'", "did you mean 'batch_size'?"],
    ),
    "a setting that is a list": (
        "batch_size = 512,",
        "batch_size = [512],",
        "batch_size = [512]",
        ["batch_size must be a number or a text"],
    ),
    "settings that are no table": (
        'settings = { running_speed = "fast" }',
        'settings = "fast"',
        'settings = "fast"',
        ["must be a table such as"],
    ),
    "a run's description that is no text": (
        'description = "Baseline"',
        "description = 5",
        "description = 5",
        ["must be a text"],
    ),
    "a run's key misspelt": (
        'description = "Baseline"',
        'descripton = "Baseline"',
        "descripton",
        ["no key 'descripton'", "did you mean 'description'?"],
    ),
    "runs that are no table": ("[runs.one]", "[run.one]", "[run.one]", ["no key 'run'", "'runs'"]),
    "a metric without reason": (
        'reason = "Because."\n',
        "",
        "[metrics.race_time]",
        ["lacks 'reason'; add it"],
    ),
    "a metric nobody knows": (
        "robust_race_time",
        "robust_race_tim",
        "robust_race_tim",
        ["no metric of the catalogue 'robust_race_tim'", "did you mean 'robust_race_time'?"],
    ),
    "a metric of a map nobody declared": (
        "{ A01 = ",
        "{ A02 = ",
        "{ A02 = ",
        ["no map 'A02'", "did you mean 'A01'?"],
    ),
    "targets that are texts": (
        "A01 = [25.2, 25]",
        'A01 = ["25.2"]',
        'A01 = ["25.2"]',
        ["must be a list of numbers above zero, such as"],
    ),
    "targets that are truths": ("hock = [70]", "hock = [true]", "hock = [true]", ["numbers above"]),
    "no targets": ("hock = [70]", "hock = []", "hock = []", ["numbers above zero"]),
    "targets of a map nobody declared": (
        "hock = [70]",
        "hok = [70]",
        "hok = [70]",
        ["no map 'hok'", "did you mean 'hock'?"],
    ),
    "a line's metric nobody knows": (
        'metric = "loss"',
        'metric = "los"',
        'metric = "los"',
        ["no metric 'los'", "did you mean 'loss'?"],
    ),
    "a later line's map nobody declared": (
        'map = "hock"',
        'map = "hoc"',
        'map = "hoc"',
        ["no map 'hoc'", "did you mean 'hock'?"],
    ),
    "a later line's place": ('at = "last"', 'at = "lst"', 'at = "lst"', ["no place 'lst'", "last"]),
    "a later line's key": ('at = "last"', 'att = "last"', "att =", ["no key 'att'", "'at'"]),
    "a line as logged that is no truth": (
        'at = "last"',
        'as_logged = "no"',
        'as_logged = "no"',
        ["must be true or false"],
    ),
    "a comparison without question": (
        'question = "Which?"\n',
        "",
        "[comparisons.first]",
        ["lacks 'question'; add it"],
    ),
    "a candidate that is no run": (
        '["two, too"]',
        '["two, to"]',
        '["two, to"]',
        ["no run 'two, to'", "did you mean 'two, too'?"],
    ),
    "no candidates": ('["two, too"]', "[]", "candidates = []", ["must be a list of runs such as"]),
    "candidates that are no texts": (
        '["two, too"]',
        "[[1]]",
        "candidates = [[1]]",
        ["no run [1]"],
    ),
    "a baseline that is a candidate, too": (
        '["two, too"]',
        '["one"]',
        'candidates = ["one"]',
        ["the baseline 'one' cannot be a candidate"],
    ),
    "a comparison's baseline that is no run": (
        'candidates = ["two, too"]',
        'candidates = ["two, too"]\nbaseline = "on"',
        'baseline = "on"',
        ["no run 'on'", "did you mean 'one'?"],
    ),
    "a comparison's title that is no text": (
        'title = "First"',
        "title = 5",
        "title = 5",
        ["must be a text"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_with_file_line_and_remedy(tmp_path: Path, mistake: str) -> None:
    before, after, line, words = MISTAKES[mistake]
    assert before in DEFINITION
    # The last one, where the same text stands in several places.
    at = DEFINITION.rindex(before)
    text = DEFINITION[:at] + after + DEFINITION[at + len(before) :]
    if mistake.startswith(("a title", "a baseline that is no run", "a key misspelt")):
        text = DEFINITION.replace(before, after, 1)
    path = definition_file(tmp_path, text)
    with pytest.raises(ExperimentError) as caught:
        read_definition("an experiment", path)
    message = str(caught.value)
    for word in words:
        assert word in message
    # Of a key that is missing at the top, the definition's first line.
    number = next(n for n, found in enumerate(text.splitlines(), start=1) if line in found)
    assert f"{path}, line {number}:" in message


def test_what_is_no_toml_is_named_with_file_and_line(tmp_path: Path) -> None:
    path = definition_file(tmp_path, DEFINITION.replace("[maps]", "[maps"))
    with pytest.raises(ExperimentError, match=r"line 5.*Mend the TOML there") as caught:
        read_definition("an experiment", path)
    assert str(path) in str(caught.value)


def test_a_definition_that_is_no_utf8_is_named(tmp_path: Path) -> None:
    path = tmp_path / "an experiment.toml"
    path.write_bytes(DEFINITION.replace("Because", "Völlig").encode("latin-1"))
    with pytest.raises(ExperimentError) as caught:
        read_definition("an experiment", path)
    assert str(path) in str(caught.value)


def test_a_file_with_windows_line_ends_and_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "an experiment.toml"
    path.write_bytes(b"\xef\xbb\xbf" + DEFINITION.replace("\n", "\r\n").encode())
    assert read_definition("an experiment", path).title == "A title"


def test_an_unknown_experiment_names_the_nearest(bundled: Logs) -> None:
    with pytest.raises(ExperimentError, match="did you mean 'batch_size_and_running_speed'"):
        load_experiment("batch_size_and_runing_speed", bundled)


def test_an_unknown_comparison_names_the_nearest(bundled: Logs) -> None:
    experiment = load_experiment("batch_size_and_running_speed", bundled)
    with pytest.raises(ExperimentError, match="did you mean 'larger_batch'"):
        experiment.comparison("large_batch")


# --- Tied to logs ---------------------------------------------------------------------------------


def test_settings_are_as_logged_else_as_declared_else_not_recorded(tmp_path: Path) -> None:
    path = definition_file(tmp_path)
    write_run(tmp_path / "logs", TrainingRun("one", minutes=10, batch_size=1024))
    experiment = load_experiment("an experiment", Logs(tmp_path / "logs"), path=path)
    one = experiment.settings("one")
    assert (one["batch_size"].text, one["batch_size"].how) == ("1,024 transitions", "as logged")
    assert one["batch_size"].evidence[0].tag == "Training/batch_size"
    assert (one["running_speed"].text, one["running_speed"].evidence) == ("160", ())
    assert "as declared" in one["running_speed"].how
    two = experiment.settings("two, too")
    assert two["batch_size"].text == "not recorded"
    assert "running_speed" not in two
    assert experiment.setting_text("two, too", "running_speed") == "fast"
    assert experiment.absent == ("two, too",)
    # What the log says is used, and that the definition says otherwise is told.
    (finding,) = [f for f in experiment.findings(["one"]) if f.kind == "setting_differs"]
    assert "1024" in finding.message
    assert "512" in finding.message


def test_a_logged_setting_that_is_not_a_number_is_not_taken(tmp_path: Path) -> None:
    path = definition_file(tmp_path)
    events = [write.scalar_event("Training/batch_size", 1, float("nan"))]
    write.write_event_file(tmp_path / "logs" / "one", events)
    experiment = load_experiment("an experiment", Logs(tmp_path / "logs"), path=path)
    setting = experiment.settings("one")["batch_size"]
    assert setting.value is None or setting.value == 512


def test_what_was_asked_is_remembered_absent_runs_included(bundled: Logs, tmp_path: Path) -> None:
    path = definition_file(tmp_path)
    questions.forget()
    experiment = load_experiment("an experiment", bundled, path=path)
    assert experiment.runs == {"one": None, "two, too": None}
    answers = {(q["kind"], q["subject"]): q["answer"] for q in questions.record()}
    assert answers["run", "one"] == "absent"
    assert answers["file", str(path.resolve())] == questions.digest_file(path)
