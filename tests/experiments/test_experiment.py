"""An experiment's definition: what it says, and every mistake with file, line and remedy."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rulka_analysis.experiments.definition import Definition, Margin
from rulka_analysis.experiments.experiment import Experiment
from rulka_analysis.experiments.reader import EVERY_GROUP, read_definition
from rulka_analysis.health import experiment_findings
from rulka_analysis.logs.clocks import MINUTES
from rulka_analysis.logs.run import Run
from rulka_analysis.logs.runs import Logs
from rulka_analysis.metrics.catalogue_file import load_catalogue as read_catalogue
from rulka_analysis.metrics.domain import Domain, Variant
from rulka_analysis.project import load_catalogue, load_experiment, open_logs
from rulka_analysis.values import questions
from rulka_analysis.values.errors import ExperimentError
from tests import event_files as write
from tests.training_logs import TrainingRun, write_run

PROJECT = Path(__file__).parents[2]

DEFINITION = """\
title = "A title"
question = "A question?"
baseline = "one"
objectives = ["time", "hock"]

[maps]
A01 = "A01"
hock = "Hock"

[settings.batch_size]
title = "Batch size"
unit = "transitions"
tag = "Training/batch_size"
label = "{}"
named = true

[settings.running_speed]
title = "Running speed"
label = "{}×"
named = true

[settings.seed]
replicate = true

[every_run]
running_speed = 160

[runs]
one = { about = "Baseline", batch_size = 512, seed = 1 }
"two, too" = { batch_size = 64, running_speed = "fast", seed = 1 }
three = { batch_size = 64, running_speed = "fast", seed = 2 }

[comparisons.first]
title = "First"
question = "Which?"
candidates = ["three"]

[outcomes.time]
metric = "robust_race_time"
map = "A01"
margin = 0.10
reason = "Less does not matter."
targets = [25.2, 25]

[outcomes.hock]
metric = ["exploring_race_time", "all_time_best"]
map = "hock"

[outcomes.loss]
metric = "loss"
margin = [0.1, "10 %"]
reason = "As it is."

[outcomes.best]
metric = "all_time_best"
map = "A01"
instead = "time"
instead_note = "It may be another's."
only_claims = true

[outcomes.own]
tag = "Own/score"
better = "higher"
summary = "trailing mean"
unit = "points"
scales_with = "batch_size"

[pace]
margin = "10 %"
at_least = "one reading"
reason = "Nobody looks in between."

[[shown]]
metric = "learner_share"

[claims.first]
slower = { text = "10% slower", says = "three worse on best" }
later = { says = "64 · fast× later on time", clocks = ["minutes"] }
less = { says = "three lower on loss by 74 %", because = "batch_size", headline = true }
both = { text = "All of it", all_of = ["slower", "three no better on hock"] }
middle = { golden_middle = { of = "one", neighbours = ["three"], on = ["time", "hock"] } }

[sentences.first]
loss = "{candidate} ended {by} {answer} at {end}."
"""


def definition_file(folder: Path, text: str = DEFINITION) -> Path:
    path = folder / "an experiment.toml"
    path.write_text(text, encoding="utf-8")
    return path


def read(path: Path) -> Definition:
    return read_definition("an experiment", path, load_catalogue())


def test_a_definition_is_read(tmp_path: Path) -> None:
    found = read(definition_file(tmp_path))
    assert (found.name, found.title, found.baseline) == ("an experiment", "A title", "one")
    assert found.runs["one"].about == "Baseline"
    assert found.runs["one"].settings == {"batch_size": 512, "running_speed": 160, "seed": 1}
    assert found.runs["three"].settings["running_speed"] == "fast"
    assert found.settings["seed"].title == "Seed"
    assert getattr(found, "maps") == {"A01": "A01", "hock": "Hock"}  # noqa: B009
    assert found.comparisons["first"].baseline == "one"
    assert list(found.asked) == ["time", "hock", "loss", "own"]
    assert [clock.name for clock in found.clocks] == ["minutes", "frames"]


def test_margins_and_targets_are_those_of_what_answers_instead(tmp_path: Path) -> None:
    found = read(definition_file(tmp_path))
    assert found.margin("time") == Margin(size=0.1, reason="Less does not matter.")
    assert found.margin("best") == found.margin("time")
    assert found.targets("best") == found.targets("time") == (25.2, 25)
    assert found.margin("loss") == Margin(size=0.1, percent=10, reason="As it is.")
    assert found.margin("loss").in_percent is None
    assert not found.margin("hock").declared
    assert found.pace.allowed == Margin(percent=10, one_reading=True, reason=found.pace.reason)


def test_claims_are_read(tmp_path: Path) -> None:
    claims = read(definition_file(tmp_path)).claims["first"]
    assert claims["later"].clocks == (MINUTES,)
    assert claims["less"].because == "batch_size"
    assert claims["less"].headline
    assert claims["both"].all_of == ("slower", "three no better on hock")


SMALLEST = """
title = "Learning rate"
baseline = "lr 0.001"
replicates = ["seed"]
domain = "rl"
[groups]
"lr 0.001" = { runs = "slow_*", lr = 0.001 }
"lr 0.0003" = { runs = ["fast_1", "fast_2"], lr = 0.0003 }
[outcomes.return]
tag = "rollout/ep_rew_mean"
better = "higher"
summary = "trailing mean"
"""


def test_the_smallest_definition_of_logs_nobody_knows(tmp_path: Path) -> None:
    for number, name in enumerate(("slow_1", "slow_2", "fast_1", "other")):
        events = [
            write.scalar_event("rollout/ep_rew_mean", step, step * number, 1.7e9 + step)
            for step in range(0, 6_000, 60)
        ]
        write.write_event_file(tmp_path / "logs" / name, events)
    path = definition_file(tmp_path, SMALLEST)
    experiment = load_experiment("x", path=path, logdir=tmp_path / "logs")
    found = experiment.definition
    assert list(found.runs) == ["slow_1", "slow_2", "fast_1", "fast_2"]
    assert found.objectives == ("return",)
    assert [clock.name for clock in found.clocks] == ["minutes", "steps"]
    assert [(g.label, g.runs) for g in experiment.groups] == [
        ("lr 0.001", ("slow_1", "slow_2")),
        ("lr 0.0003", ("fast_1", "fast_2")),
    ]
    (answer,) = experiment.answers()
    assert answer.comparison == EVERY_GROUP
    assert (answer.candidate.label, answer.baseline.label) == ("lr 0.0003", "lr 0.001")
    measure = experiment.all_runs().measure("return")
    assert (measure.title, measure.orientation) == ("Return", 1)


def test_a_metric_of_ones_own_is_divided_by_what_it_grows_with(tmp_path: Path) -> None:
    events = [write.scalar_event("Own/score", n, 512.0 * n, 1.7e9 + 60 * n) for n in range(1, 31)]
    write.write_event_file(tmp_path / "logs" / "one", events)
    path = definition_file(tmp_path)
    experiment = load_experiment("x", open_logs(tmp_path / "logs"), path=path)
    comparison = experiment.comparison("first")
    measure = comparison.measure("own")
    assert measure.title == "Own per unit of batch size"
    value = comparison.last(measure)["one"]
    assert value.text == "30.00 points"
    # The mean over the last tenth of the way.
    series = comparison.known_series(measure)["one"]
    on_clock = series.clock(MINUTES)
    inside = series.values[on_clock > 0.9 * on_clock[-1]]
    assert len(inside) == 3
    assert series.at_one(MINUTES, on_clock[-1], "").number == pytest.approx(inside.mean())
    assert comparison.measure("own", as_logged=True).unit == "points"


# --- Another domain's words -----------------------------------------------------------------------

METRICS = """
[[group]]
name = "Play"
description = "Playing."
[placeholder.level]
form = "name"
description = "a level"
[[metric]]
name = "score"
pattern = "score_{level}"
title = "Score in {level}"
group = "Play"
unit = ""
digits = 1
better = "higher"
summary = "last"
written = "aggregate"
description = "It."
interpretation = "Higher."
watch_for = "Nothing."
"""
OF_LEVELS = """\
title = "T"
baseline = "one"
[levels]
cave = "The cave"
[runs]
one = { size = 1 }
two = { size = 2 }
[outcomes.score]
metric = "score"
level = "cave"
[claims.every_group]
higher = { says = "two higher on score", clocks = ["steps"] }
"""


@pytest.fixture
def play(tmp_path: Path) -> Domain:
    file = tmp_path / "catalogue.toml"
    file.write_text(METRICS, encoding="utf-8")
    return Domain("play", file, variant=Variant("level", "levels"))


def test_a_definition_speaks_of_variants_as_its_domain_does(tmp_path: Path, play: Domain) -> None:
    file = definition_file(tmp_path, OF_LEVELS)
    definition = read_definition("an experiment", file, read_catalogue(play))
    assert definition.outcomes["score"].variant == "cave"
    assert getattr(definition, "levels") == {"cave": "The cave"}  # noqa: B009


@pytest.mark.parametrize(
    ("before", "after", "line", "words"),
    [
        ("[levels]", "[maps]", "[maps]", ["no key 'maps'", "levels"]),
        ('level = "cave"', 'map = "cave"', "map =", ["no key 'map'"]),
        ('level = "cave"', "", 'metric = "score"', ["on a level; add level = …"]),
        ('level = "cave"', 'level = "cove"', "cove", ["no level 'cove'", "cave"]),
        ('["steps"]', '["frames"]', "frames", ["no clock 'frames'", "minutes, steps, updates"]),
    ],
)
def test_mistakes_are_told_in_the_domain_s_words(
    tmp_path: Path, play: Domain, before: str, after: str, line: str, words: list[str]
) -> None:
    check_mistake(tmp_path, OF_LEVELS, before, after, line, words, domain=play)


# --- Mistakes -------------------------------------------------------------------------------------


def check_mistake(
    folder: Path,
    text: str,
    before: str,
    after: str,
    line: str,
    words: list[str],
    domain: Domain | None = None,
) -> None:
    assert text.count(before) == 1, before
    text = text.replace(before, after)
    path = definition_file(folder, text)
    catalogue = load_catalogue() if domain is None else read_catalogue(domain)
    with pytest.raises(ExperimentError) as caught:
        read_definition("an experiment", path, catalogue)
    number = next(n for n, found in enumerate(text.splitlines(), start=1) if line in found)
    message = str(caught.value)
    assert f"{path}, line {number}:" in message, message
    for word in words:
        assert word in message


TIME = '[outcomes.time]\nmetric = "robust_race_time"'
FIRST = "[claims.first]\n"
MISTAKES = {
    "a key": ('title = "A title"', "tittle = 1", "tittle", ["no key 'tittle'", "'title'"]),
    "no baseline": ('baseline = "one"', "", "title", ["lacks 'baseline'; add it"]),
    "baseline": ('baseline = "one"', 'baseline = "on"', "baseline", ["no group 'on'", "'one'"]),
    "setting": ("{ batch_size = 64, running_speed = \"fast\", seed = 2 }", "{ batch = 64 }",
                "three = {", ["no setting 'batch'", "'batch_size'"]),
    "candidate": ('candidates = ["three"]', 'candidates = ["one"]', 'candidates = ["one"]',
                  ["the baseline 'one' cannot be a candidate"]),
    "objective": ('objectives = ["time", "hock"]', 'objectives = ["time", "loss"]', "objectives",
                  ["'loss' is neither better nor worse"]),
    "metric": ('"robust_race_time"', '"robust_time"', "robust_time",
               ["no metric of the catalogue 'robust_time'"]),
    "metric and tag": (TIME, TIME + '\ntag = "T"', "[outcomes.time]", ["one of them only"]),
    "unit of a metric": (TIME, TIME + '\nunit = "s"', 'unit = "s"', ["the catalogue says this"]),
    "no better": ('better = "higher"\n', "", "[outcomes.own]", ["lacks 'better'"]),
    "no reason": ('reason = "As it is."\n', "", "margin = [0.1", ["lacks its reason"]),
    "no margin": ('margin = [0.1, "10 %"]\n', "", "As it is", ["no margin it could be the reason"]),
    "a margin": ('[0.1, "10 %"]', '"10"', 'margin = "10"', ['a share such as "10 %"']),
    "margin below zero": ("margin = 0.10", "margin = -0.1", "margin = -0.1", ["above zero"]),
    "baseline left out": ('[maps]', 'exclude = { one = "a" }\n[maps]', "baseline = ",
                          ["left out by exclude; name another baseline"]),
    "candidates left out": ('[maps]', 'exclude = { three = "a" }\n[maps]', "candidates = ",
                            ["all are left out by exclude"]),
    "targets of a loss": ('reason = "As it is."', 'reason = "As it is."\ntargets = [1]',
                          "targets = [1]", ["only the summaries best and trailing mean"]),
    "no map": ('map = "A01"\nmargin', "margin", "robust_race_time", ["on a map; add map = …"]),
    "instead": ('instead = "time"', 'instead = "best"', "instead", ["leads back to itself"]),
    "pace": ('margin = "10 %"\nat_least', "margin = 3\nat_least", "margin = 3",
             ["a share of a time"]),
    "cannot read": ("three worse on best", "three is worse on best", "slower = {", ["three is"]),
    "cannot be said": ("three worse on best", "three worse than best", "slower = {",
                       ["cannot read", "<group> <what is said>"]),
    "rated": ("three lower on loss by 74 %", "three better on loss", "less = {",
              ["say higher or lower"]),
    "no targets": ("later on time", "later on loss", "later = {", ["'loss' has no targets"]),
    "clock": ('says = "three worse on best"', 'says = "three worse on best", clocks = ["updates"]',
              "slower = {", ["is compared by minutes and frames only"]),
    "two kinds": ('says = "three worse on best"', 'says = "three worse on best", all_of = ["less"]',
                  "slower = {", ["needs one of 'says'"]),
    "part of itself": ('"slower", "three no', '"both", "three no', "both = {",
                       ["a part of itself"]),
    "neighbour": ('neighbours = ["three"]', 'neighbours = ["one"]', "middle", ["of itself"]),
    "comparison": (FIRST, "[claims.second]\n", "[claims.second]", ["no comparison 'second'"]),
    "sentence": ("{by} {answer}", "{found}", "{found}", ["no field of a sentence 'found'"]),
    "brace": ("{by} {answer}", "{by", "{by", ["a brace"]),
    # What old definitions hold, and what is written instead.
    "conclusions": (FIRST, "[conclusions.a]\nclaim = 1\n" + FIRST, "[conclusions", ["[claims."]),
    "metrics": (FIRST, "[metrics.a]\nreason = 'b'\n" + FIRST, "[metrics", ["[outcomes.<name>]"]),
    "targets": (FIRST, "[targets]\nA01 = [1]\n" + FIRST, "[targets]", ["targets = [ … ] in [out"]),
    "margins": (FIRST, "[margins.a]\nsize = 1\n" + FIRST, "[margins", ["margin = 0.1"]),
    "lines": (FIRST, "[[lines]]\nmetric = 'loss'\n" + FIRST, "[[lines]]", ["[[shown]]"]),
    "recommendation": (FIRST, "[recommendation]\nreason = ''\n" + FIRST, "[recommend",
                       ["objectives = "]),
    "sentences": ("[sentences.first]\n", "[sentences.worse]\n", "[sentences.worse]",
                  ["sentences come with the package"]),
    "description": ('about = "Baseline"', 'description = "B"', "one = {", ['write about = "…"']),
    "settings of a run": ('about = "Baseline"', "settings = { batch_size = 1 }", "one = {",
                          ["write one = {"]),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_with_file_line_and_remedy(tmp_path: Path, mistake: str) -> None:
    check_mistake(tmp_path, DEFINITION, *MISTAKES[mistake])


def test_what_is_no_toml_is_named_with_file_and_line(tmp_path: Path) -> None:
    path = definition_file(tmp_path, DEFINITION.replace("[maps]", "[maps"))
    with pytest.raises(ExperimentError, match=r"line 6.*Mend the TOML there") as caught:
        read(path)
    assert str(path) in str(caught.value)


def test_a_definition_that_is_no_utf8_is_named(tmp_path: Path) -> None:
    path = tmp_path / "an experiment.toml"
    path.write_bytes(DEFINITION.replace("Baseline", "Völlig").encode("latin-1"))
    with pytest.raises(ExperimentError) as caught:
        read(path)
    assert str(path) in str(caught.value)


def test_a_file_with_windows_line_ends_and_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "an experiment.toml"
    path.write_bytes(b"\xef\xbb\xbf" + DEFINITION.replace("\n", "\r\n").encode())
    assert read(path).title == "A title"


def test_an_unknown_experiment_names_the_nearest(bundled: Logs) -> None:
    with pytest.raises(ExperimentError, match="did you mean 'batch_size_and_running_speed'"):
        load_experiment("batch_size_and_runing_speed", bundled)


def test_an_unknown_comparison_names_the_nearest(bundled: Logs) -> None:
    experiment = load_experiment("batch_size_and_running_speed", bundled)
    with pytest.raises(ExperimentError, match="did you mean 'larger_batch'"):
        experiment.comparison("large_batch")


def test_the_bundled_definition_says_only_what_its_author_knows() -> None:
    file = PROJECT / "docs" / "experiments" / "batch_size_and_running_speed.toml"
    text = file.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 250
    claims = read_definition("x", file, load_catalogue()).claims
    assert sum(map(len, claims.values())) == 36


# --- Tied to logs ---------------------------------------------------------------------------------


def test_groups_are_runs_that_agree_but_for_a_seed(tmp_path: Path) -> None:
    write_run(tmp_path / "logs", TrainingRun("one", minutes=10, batch_size=512))
    path = definition_file(tmp_path)
    experiment = Experiment(read(path), open_logs(tmp_path / "logs"), load_catalogue())
    assert [(group.label, group.runs) for group in experiment.groups] == [
        ("512 · 160×", ("one",)),
        ("64 · fast×", ("two, too", "three")),
    ]
    comparison = experiment.comparison("first")
    assert list(comparison.runs) == ["one", "two, too", "three"]
    assert comparison.candidates == ("two, too", "three")
    assert [group.label for group in comparison.candidate_groups] == ["64 · fast×"]
    with pytest.raises(ExperimentError, match="no group '65'"):
        experiment.group("65")


def test_groups_hang_on_no_log_where_the_definition_says_it_all(tmp_path: Path) -> None:
    write_run(tmp_path / "logs", TrainingRun("one", minutes=10, batch_size=512))
    experiment = load_experiment(
        "an experiment", open_logs(tmp_path / "logs"), path=definition_file(tmp_path)
    )
    questions.forget()
    assert len(experiment.groups) == 2
    assert not [asked for asked in questions.record() if asked["kind"] == "run"]


def test_a_setting_that_only_the_log_knows_tells_groups_apart(tmp_path: Path) -> None:
    text = DEFINITION.replace('about = "Baseline", batch_size = 512, ', "")
    path = definition_file(tmp_path, text)
    write_run(tmp_path / "logs", TrainingRun("one", minutes=10, batch_size=1024))
    experiment = Experiment(read(path), open_logs(tmp_path / "logs"), load_catalogue())
    assert experiment.group("one").label == "1024 · 160×"
    write_run(tmp_path / "other", TrainingRun("three", minutes=10))
    elsewhere = Experiment(read(path), open_logs(tmp_path / "other"), load_catalogue())
    assert elsewhere.group("one").label == "one · settings not recorded"


def test_an_excluded_run_is_in_no_group_and_said_to_be_left_out(tmp_path: Path) -> None:
    from rulka_analysis.pages import tables

    path = definition_file(tmp_path)
    definition = replace(read(path), exclude={"two, too": "stopped by a power cut"})
    write_run(tmp_path / "logs", TrainingRun("one", minutes=10))
    experiment = Experiment(definition, open_logs(tmp_path / "logs"), load_catalogue())
    assert experiment.group("three").runs == ("three",)
    assert "two, too" not in experiment.all_runs().runs
    shown = tables.runs(experiment, list(definition.runs))
    assert "two, too is left out: stopped by a power cut." in map(str, shown.notes)
    with pytest.raises(ExperimentError, match=r"left out .*power cut"):
        experiment.group("two, too")


def test_members_follow_the_definition_and_logs_are_asked_where_it_is_silent(
    tmp_path: Path,
) -> None:
    asked: list[str] = []

    class Watched(Logs):
        def get(self, name: str) -> Run | None:
            asked.append(name)
            return super().get(name)

    # The log says another batch size: health tells of it, and the group stays the declared one.
    write_run(tmp_path / "logs", TrainingRun("one", minutes=10, batch_size=1024))
    logs = Watched(tmp_path / "logs", conventions=load_catalogue().domain.conventions)
    whole = Experiment(read(definition_file(tmp_path)), logs, load_catalogue())
    assert whole.group("one").label == "512 · 160×"
    assert not asked
    text = DEFINITION.replace('about = "Baseline", batch_size = 512, ', "")
    (tmp_path / "silent").mkdir()
    silent = Experiment(read(definition_file(tmp_path / "silent", text)), logs, load_catalogue())
    assert silent.group("one").label == "1024 · 160×"
    assert set(asked) == {"one"}


def test_settings_are_as_logged_else_as_declared_else_not_recorded(tmp_path: Path) -> None:
    path = definition_file(tmp_path)
    write_run(tmp_path / "logs", TrainingRun("one", minutes=10, batch_size=1024))
    experiment = Experiment(read(path), open_logs(tmp_path / "logs"), load_catalogue())
    one = experiment.settings("one")
    assert one["batch_size"].text == "1,024 transitions"
    assert one["batch_size"].how == "as logged under Training/batch_size"
    assert one["batch_size"].evidence[0].tag == "Training/batch_size"
    assert (one["running_speed"].text, one["running_speed"].evidence) == ("160", ())
    assert "as declared" in one["running_speed"].how
    two = experiment.settings("two, too")
    assert "running_speed" not in two
    assert experiment.setting_text("two, too", "running_speed") == "fast"
    assert experiment.absent == ("two, too", "three")
    # What the log says is used, and that the definition says otherwise is told.
    (finding,) = [f for f in experiment_findings(experiment) if f.kind == "setting_differs"]
    assert "1024" in finding.message
    assert "512" in finding.message


def test_a_logged_setting_that_is_not_a_number_is_not_taken(tmp_path: Path) -> None:
    path = definition_file(tmp_path)
    events = [write.scalar_event("Training/batch_size", 1, float("nan"))]
    write.write_event_file(tmp_path / "logs" / "one", events)
    experiment = Experiment(read(path), open_logs(tmp_path / "logs"), load_catalogue())
    setting = experiment.settings("one")["batch_size"]
    assert setting.value is None or setting.value == 512


def test_what_was_asked_is_remembered_absent_runs_included(bundled: Logs, tmp_path: Path) -> None:
    path = definition_file(tmp_path)
    questions.forget()
    experiment = load_experiment("an experiment", bundled, path=path)
    assert set(experiment.runs.values()) == {None}
    asked = {(entry["kind"], entry["subject"]): entry["answer"] for entry in questions.record()}
    assert asked["run", "one"] == asked["run", "two, too"] == "absent"
