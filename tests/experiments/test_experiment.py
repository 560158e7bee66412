"""An experiment's definition: what it says, and every mistake with file, line and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from rulka_analysis.experiments.claims import ByAtLeast
from rulka_analysis.experiments.definition import Definition, Objective
from rulka_analysis.experiments.experiment import Experiment
from rulka_analysis.experiments.reader import read_definition
from rulka_analysis.logs.clocks import MINUTES, STEPS
from rulka_analysis.logs.runs import Logs
from rulka_analysis.metrics.catalogue_file import load_catalogue as read_catalogue
from rulka_analysis.metrics.domain import Domain, Variant
from rulka_analysis.project import load_catalogue, load_experiment, open_logs
from rulka_analysis.values import questions
from rulka_analysis.values.errors import ExperimentError
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

[margins.race_time]
size = { A01 = 0.10, hock = 1 }
reason = "Less does not matter."

[margins.loss]
percent = 10
reason = "Less does not matter."

[margins.time_to_target]
percent = 10
at_least = "one reading"
reason = "Nobody looks in between."

[sentences.drives_worse]
supported = "{candidate} drives worse: {numbers}."
opposite = "It does not."
no_difference = "No difference."
mixed = "It changes."
cannot_tell = "It cannot be told: {reason}."
no_data = "Not known: {reason}."

[sentences.all_of]
supported = "All."
contradicted = "Not all. {reason}"
cannot_tell = "It cannot be told. {reason}"
no_data = "Not known. {reason}"

[conclusions.slower]
section = "first"
as_typed = "10% slower"
claim = "worse"
candidate = "two, too"
metric = "race_time"
map = "A01"
sentences = "drives_worse"

[conclusions.later]
section = "first"
claim = "later"
candidate = "two, too"
metric = "race_time"
map = "hock"
clocks = ["minutes"]
sentences = "drives_worse"

[conclusions.less]
section = "first"
claim = "lower"
candidate = "two, too"
metric = "loss"
by_at_least = { percent = 74 }
[conclusions.less.sentences]
supported = "Lower by {claimed}."
opposite = "Higher."
no_difference = "No difference."
less_than_claimed = "Lower, but not by {claimed}."
mixed = "It changes."
cannot_tell = "It cannot be told: {reason}."
no_data = "Not known: {reason}."

[conclusions.both]
section = "first"
all_of = ["slower", "later"]

[recommendation]
objectives = [{ metric = "race_time", map = "A01" }, { metric = "race_time", map = "hock" }]
settings = ["batch_size", "running_speed"]
configuration = { batch_size = "training.py" }
reason = "One is raced most."
"""


def definition_file(folder: Path, text: str = DEFINITION) -> Path:
    path = folder / "an experiment.toml"
    path.write_text(text, encoding="utf-8")
    return path


def read(path: Path) -> Definition:
    return read_definition("an experiment", path, load_catalogue())


def test_a_definition_is_read(tmp_path: Path) -> None:
    definition = read(definition_file(tmp_path))
    assert definition.baseline == "one"
    assert list(definition.runs) == ["one", "two, too"]
    assert definition.runs["two, too"].settings == {"running_speed": "fast"}
    assert definition.settings["batch_size"].tag == "Training/batch_size"
    assert definition.targets == {"A01": (25.2, 25.0), "hock": (70.0,)}
    first = definition.comparisons["first"]
    assert (first.baseline, first.candidates) == ("one", ("two, too",))
    assert [line.name for line in definition.lines] == ["loss", "race_time_hock_last"]


def test_titles_of_variants_go_by_the_domain_s_word_too(tmp_path: Path) -> None:
    definition = read(definition_file(tmp_path))
    assert definition.variant_titles == {"A01": "A01", "hock": "Hock"}
    # Notebooks say it this way, whatever a domain calls it.
    assert getattr(definition, "maps") == definition.variant_titles  # noqa: B009
    assert not hasattr(definition, "levels")


def test_margins_are_read(tmp_path: Path) -> None:
    definition = read(definition_file(tmp_path))
    assert definition.margin("race_time", "A01").of(24.6) == 0.1
    assert definition.margin("race_time", "hock").of(60.0) == 1.0
    # What has no maps has one margin; it holds whatever map is asked for.
    assert definition.margin("loss", "A01").of(-2.0) == pytest.approx(0.2)
    late = definition.margin("time_to_target", "hock")
    assert (late.of(80.0, 5.0), late.of(20.0, 5.0), late.of(float("nan"), 5.0)) == (8.0, 5.0, 5.0)
    with pytest.raises(ExperimentError, match=r"no margin for average_q on A01; add \[margins"):
        definition.margin("average_q", "A01")
    with pytest.raises(ExperimentError, match="no margin for race_time;"):
        definition.margin("race_time")


def test_conclusions_are_read(tmp_path: Path) -> None:
    declared = read(definition_file(tmp_path)).conclusions
    slower = declared["slower"]
    assert (slower.baseline, slower.candidate, slower.variant) == ("one", "two, too", "A01")
    assert (slower.typed, slower.by_at_least, slower.targets) == ("10% slower", None, ())
    assert slower.sentences["mixed"] == "It changes."
    assert declared["later"].targets == (70.0,)
    assert declared["later"].clocks == (MINUTES,)
    assert declared["less"].by_at_least == ByAtLeast("percent", 74.0)
    assert declared["less"].sentences["less_than_claimed"] == "Lower, but not by {claimed}."
    # A set of sentences that nobody named is the one called after the claim.
    assert declared["both"].all_of == ("slower", "later")
    assert declared["both"].sentences["supported"] == "All."


def test_the_recommendation_is_read(tmp_path: Path) -> None:
    found = read(definition_file(tmp_path)).recommendation
    assert found is not None
    assert found.objectives == (Objective("race_time", "A01"), Objective("race_time", "hock"))
    assert found.settings == ("batch_size", "running_speed")
    assert found.configuration == {"batch_size": "training.py"}
    text = DEFINITION[: DEFINITION.index("[recommendation]")]
    assert read(definition_file(tmp_path, text)).recommendation is None


# --- Another domain's words -----------------------------------------------------------------------

METRICS = """
[[group]]
name = "Play"
description = "How well it plays."

[placeholder.level]
form = "name"
description = "a level"

[[metric]]
name = "score"
pattern = "Play/score_{level}"
title = "Score on {level}"
group = "Play"
unit = ""
digits = 0
better = "higher"
summary = "last"
written = "episode"
description = "What it scores."
interpretation = "Higher is better."
watch_for = "Nothing."
"""
OF_LEVELS = """\
title = "A title"
question = "A question?"
baseline = "one"

[levels]
cave = "The cave"

[runs.one]

[runs.two]

[margins.score]
size = { cave = 1 }
reason = "Less does not matter."

[comparisons.first]
title = "First"
question = "Which?"
candidates = ["two"]

[conclusions.higher]
section = "first"
claim = "better"
candidate = "two"
metric = "score"
level = "cave"
clocks = ["steps"]
[conclusions.higher.sentences]
supported = "Better on {level}."
opposite = "Worse."
no_difference = "No difference."
mixed = "It changes."
cannot_tell = "It cannot be told: {reason}."
no_data = "Not known: {reason}."

[[lines]]
metric = "score"
level = "cave"
"""


@pytest.fixture
def play(tmp_path: Path) -> Domain:
    file = tmp_path / "catalogue.toml"
    file.write_text(METRICS, encoding="utf-8")
    return Domain("play", file, variant=Variant("level", "levels"))


def test_a_definition_speaks_of_variants_as_its_domain_does(tmp_path: Path, play: Domain) -> None:
    file = definition_file(tmp_path, OF_LEVELS)
    definition = read_definition("an experiment", file, read_catalogue(play))
    assert definition.conclusions["higher"].variant == "cave"
    assert definition.conclusions["higher"].clocks == (STEPS,)
    assert [line.name for line in definition.lines] == ["score_cave"]
    assert getattr(definition, "levels") == {"cave": "The cave"}  # noqa: B009


@pytest.mark.parametrize(
    ("before", "after", "line", "words"),
    [
        ("[levels]", "[maps]", "[maps]", ["no key 'maps'", "levels"]),
        ('level = "cave"\nclocks', 'map = "cave"\nclocks', "map =", ["no key 'map'"]),
        ('level = "cave"\nclocks', "clocks", 'metric = "score"', ["on a level; add level = …"]),
        ('level = "cave"\nclocks', 'level = "cove"\nclocks', "cove", ["no level 'cove'", "cave"]),
        ("{level}", "{map}", "{map}", ["no field of a sentence 'map'"]),
        ('["steps"]', '["frames"]', "frames", ["no clock 'frames'", "minutes, steps, updates"]),
    ],
)
def test_mistakes_are_told_in_the_domain_s_words(
    tmp_path: Path, play: Domain, before: str, after: str, line: str, words: list[str]
) -> None:
    assert OF_LEVELS.count(before) == 1
    text = OF_LEVELS.replace(before, after)
    path = definition_file(tmp_path, text)
    with pytest.raises(ExperimentError) as caught:
        read_definition("an experiment", path, read_catalogue(play))
    number = next(n for n, found in enumerate(text.splitlines(), start=1) if line in found)
    assert f"{path}, line {number}:" in str(caught.value)
    for word in words:
        assert word in str(caught.value)


# --- Mistakes -------------------------------------------------------------------------------------

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


# The same for what stands after the comparisons: margins, conclusions, the recommendation. What is
# replaced stands there only once.
MISTAKES_OF_CONCLUSIONS = {
    "a margin of a metric nobody knows": (
        "[margins.loss]",
        "[margins.los]",
        "[margins.los]",
        ["no metric 'los'", "did you mean 'loss'?"],
    ),
    "a margin without size": (
        'percent = 10\nreason = "Less',
        'reason = "Less',
        "[margins.loss]",
        ["lacks a size or a percent; add one"],
    ),
    "a margin below zero": (
        "size = { A01 = 0.10,",
        "size = { A01 = -1,",
        "size = { A01 = -1",
        ["must be a number above zero"],
    ),
    "a margin that is a truth": (
        'percent = 10\nreason = "Less',
        'percent = true\nreason = "Less',
        "percent = true",
        ["must be a number above zero"],
    ),
    "a margin of a map nobody declared": (
        "hock = 1 }",
        "hok = 1 }",
        "hok = 1 }",
        ["no map 'hok'", "did you mean 'hock'?"],
    ),
    "a margin without reason": (
        'reason = "Nobody looks in between."\n',
        "",
        "[margins.time_to_target]",
        ["lacks 'reason'; add it"],
    ),
    "a least margin of no time": (
        'percent = 10\nreason = "Less',
        'percent = 10\nat_least = "one reading"\nreason = "Less',
        'at_least = "one reading"\nreason = "Less',
        ["only time_to_target is measured in readings"],
    ),
    "a least margin nobody knows": (
        '"one reading"',
        '"two readings"',
        '"two readings"',
        ["no least margin 'two readings'", "one reading"],
    ),
    "a sentence for an outcome there is not": (
        'mixed = "It changes."\ncannot_tell = "It cannot be told: {reason}."\nno_data = '
        '"Not known: {reason}."\n\n[sentences.all_of]',
        'mixed = "It changes."\nmixd = "It changes."\ncannot_tell = "It cannot be told: '
        '{reason}."\nno_data = "Not known: {reason}."\n\n[sentences.all_of]',
        "mixd =",
        ["no outcome 'mixd'", "did you mean 'mixed'?"],
    ),
    "an outcome without sentence": (
        'less_than_claimed = "Lower, but not by {claimed}."\n',
        "",
        "[conclusions.less.sentences]",
        ["lacks a sentence for 'less_than_claimed'; add it"],
    ),
    "a field that no sentence has": (
        "Lower by {claimed}",
        "Lower by {claim}",
        "{claim}",
        ["no field of a sentence 'claim'", "did you mean 'claimed'?"],
    ),
    "a brace by itself": (
        "Lower by {claimed}",
        "Lower by {claimed",
        "Lower by",
        ["write a brace as two of it"],
    ),
    "a set of sentences there is not": (
        'clocks = ["minutes"]\nsentences = "drives_worse"',
        'clocks = ["minutes"]\nsentences = "drives_wors"',
        'sentences = "drives_wors"',
        ["no set of sentences 'drives_wors'", "did you mean 'drives_worse'?"],
    ),
    "a conclusion whose claim has no sentences": (
        'clocks = ["minutes"]\nsentences = "drives_worse"',
        'clocks = ["minutes"]',
        "[conclusions.later]",
        ["no set of sentences 'later'", "drives_worse"],
    ),
    "a conclusion of no comparison": (
        'section = "first"\nclaim = "lower"',
        'section = "frist"\nclaim = "lower"',
        'section = "frist"',
        ["no comparison 'frist'", "did you mean 'first'?"],
    ),
    "a claim nobody knows": (
        'claim = "later"',
        'claim = "latter"',
        'claim = "latter"',
        ["no claim 'latter'", "did you mean 'later'?"],
    ),
    "neither a claim nor parts": (
        'all_of = ["slower", "later"]\n',
        "",
        "[conclusions.both]",
        ["needs one of 'claim', 'all_of' and 'golden_middle'"],
    ),
    "a part that is no conclusion": (
        'all_of = ["slower", "later"]',
        'all_of = ["slower", "latr"]',
        'all_of = ["slower", "latr"]',
        ["no conclusion 'latr'", "did you mean 'later'?"],
    ),
    "a part of itself": (
        'all_of = ["slower", "later"]',
        'all_of = ["slower", "both"]',
        'all_of = ["slower", "both"]',
        ["a conclusion cannot be a part of itself"],
    ),
    "a compound with a metric": (
        'all_of = ["slower", "later"]',
        'all_of = ["slower", "later"]\nmetric = "loss"',
        'metric = "loss"',
        ["no key 'metric'"],
    ),
    "a candidate that is the baseline": (
        'candidate = "two, too"\nmetric = "loss"',
        'candidate = "one"\nmetric = "loss"',
        'candidate = "one"',
        ["'one' is the baseline"],
    ),
    "a conclusion without map": (
        'metric = "race_time"\nmap = "hock"\nclocks',
        'metric = "race_time"\nclocks',
        'metric = "race_time"\nclocks',
        ["'race_time' is measured on a map; add map"],
    ),
    "a metric without margin": (
        'metric = "loss"\nby_at_least',
        'metric = "learner_share"\nby_at_least',
        'metric = "learner_share"',
        ["no margin for learner_share", "add [margins.learner_share]"],
    ),
    "a metric that decides nothing": (
        'metric = "loss"\nby_at_least',
        'metric = "learning_rate"\nby_at_least',
        'metric = "learning_rate"',
        ["no verdict may rest on 'learning_rate'"],
    ),
    "a claim of better about what is neither": (
        'claim = "lower"\n',
        'claim = "better"\n',
        'claim = "better"',
        ["'loss' is neither better nor worse; claim 'higher' or 'lower'"],
    ),
    "a loss that reaches targets": (
        'claim = "lower"\n',
        'claim = "sooner"\n',
        'claim = "sooner"',
        ["'loss' has no best that reaches targets"],
    ),
    "a size of no known kind": (
        "by_at_least = { percent = 74 }",
        "by_at_least = { percent = 74, times = 2 }",
        "by_at_least",
        ["must be one of { percent = 74 }"],
    ),
    "a size below zero": (
        "by_at_least = { percent = 74 }",
        "by_at_least = { percent = -74 }",
        "by_at_least",
        ["must be a number above zero"],
    ),
    "a size of what has none": (
        'claim = "lower"\n',
        'claim = "not higher"\n',
        "by_at_least",
        ["a claim of 'not higher' has no size; drop it"],
    ),
    "a clock nobody knows": (
        'clocks = ["minutes"]',
        'clocks = ["minute"]',
        'clocks = ["minute"]',
        ["no clock 'minute'", "did you mean 'minutes'?"],
    ),
    "a clock that does not decide": (
        'clocks = ["minutes"]',
        'clocks = ["updates"]',
        'clocks = ["updates"]',
        ["'exploring_race_time' is compared by minutes and frames only"],
    ),
    "an objective nobody knows": (
        'objectives = [{ metric = "race_time", map = "A01" }',
        'objectives = [{ metric = "racetime", map = "A01" }',
        "objectives",
        ["no metric 'racetime'", "did you mean 'race_time'?"],
    ),
    "objectives that are no list": (
        "objectives = [{",
        'objectives = "race_time" # [{',
        "objectives",
        ["must be a list such as"],
    ),
    "a recommended setting nobody declared": (
        'settings = ["batch_size", "running_speed"]',
        'settings = ["batch_sise"]',
        'settings = ["batch_sise"]',
        ["no setting 'batch_sise'", "did you mean 'batch_size'?"],
    ),
    "a file for a setting that is not recommended": (
        'configuration = { batch_size = "training.py" }',
        'configuration = { collectors = "training.py" }',
        "configuration",
        ["no recommended setting 'collectors'"],
    ),
    "a recommendation without reason": (
        'reason = "One is raced most."\n',
        "",
        "[recommendation]",
        ["lacks 'reason'; add it"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES_OF_CONCLUSIONS)
def test_a_mistake_in_conclusions_is_named_with_file_line_and_remedy(
    tmp_path: Path, mistake: str
) -> None:
    before, after, line, words = MISTAKES_OF_CONCLUSIONS[mistake]
    assert DEFINITION.count(before) == 1, "what is replaced stands there once"
    text = DEFINITION.replace(before, after)
    path = definition_file(tmp_path, text)
    with pytest.raises(ExperimentError) as caught:
        read(path)
    message = str(caught.value)
    for word in words:
        assert word in message
    number = text[: text.rindex(line)].count("\n") + 1
    assert f"{path}, line {number}:" in message


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
        read(path)
    message = str(caught.value)
    for word in words:
        assert word in message
    # Of a key that is missing at the top, the definition's first line.
    number = next(n for n, found in enumerate(text.splitlines(), start=1) if line in found)
    assert f"{path}, line {number}:" in message


def test_what_is_no_toml_is_named_with_file_and_line(tmp_path: Path) -> None:
    path = definition_file(tmp_path, DEFINITION.replace("[maps]", "[maps"))
    with pytest.raises(ExperimentError, match=r"line 5.*Mend the TOML there") as caught:
        read(path)
    assert str(path) in str(caught.value)


def test_a_definition_that_is_no_utf8_is_named(tmp_path: Path) -> None:
    path = tmp_path / "an experiment.toml"
    path.write_bytes(DEFINITION.replace("Because", "Völlig").encode("latin-1"))
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


# --- Tied to logs ---------------------------------------------------------------------------------


def test_settings_are_as_logged_else_as_declared_else_not_recorded(tmp_path: Path) -> None:
    path = definition_file(tmp_path)
    write_run(tmp_path / "logs", TrainingRun("one", minutes=10, batch_size=1024))
    experiment = Experiment(read(path), open_logs(tmp_path / "logs"), load_catalogue())
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
    experiment = Experiment(read(path), open_logs(tmp_path / "logs"), load_catalogue())
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
