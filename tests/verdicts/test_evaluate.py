"""Conclusions on generated logs whose truth is known, and on the bundled curves.

The project's own definition is evaluated: its conclusions must flip when the logs do.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from rulka_analysis.experiments.claims import ByAtLeast
from rulka_analysis.experiments.definition import Definition
from rulka_analysis.experiments.reader import read_definition
from rulka_analysis.logs.runs import Logs
from rulka_analysis.pages.results import as_text, encode
from rulka_analysis.pages.tables import deciding, verdict_in_words
from rulka_analysis.project import load_catalogue, load_experiment, open_logs
from rulka_analysis.values.errors import ExperimentError
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.quantities import Quantity
from rulka_analysis.verdicts import wording
from rulka_analysis.verdicts.answer import Conclusion
from rulka_analysis.verdicts.loaded import LoadedExperiment
from rulka_analysis.verdicts.tried import replicates_of
from tests import event_files as write
from tests.training_logs import TrainingRun, rewrite_event_file, write_runs

PROJECT = Path(__file__).parents[2]
NAME = "batch_size_and_running_speed"
DEFINITION = PROJECT / "docs" / "experiments" / f"{NAME}.toml"
CURVES = PROJECT / "data" / "published" / "published_curves.csv"

GOOD = TrainingRun("", best={"A01": 24.5, "hock": 57.0}, learning_minutes=12.0, loss=0.15)
BAD = TrainingRun("", best={"A01": 25.1, "hock": 66.0}, learning_minutes=20.0, loss=0.4)
BEST = replace(GOOD, best={"A01": 24.5, "hock": 53.0})

UNI_5 = replace(GOOD, name="uni_5", batch_size=2048, seed=5, learner_share=0.55)
UNI_6 = replace(BAD, name="uni_6", batch_size=8192, seed=6, learner_share=0.55)
UNI_7 = replace(BEST, name="uni_7", batch_size=512, seed=7, learner_share=0.8)
UNI_9 = replace(BAD, name="uni_9", batch_size=64, seed=9, learner_share=0.9)
RUNS = (UNI_5, UNI_6, UNI_7, UNI_9)


def evaluated(
    folder: Path,
    *runs: TrainingRun,
    definition: Path = DEFINITION,
    contradicted: Mapping[tuple[str, str], Finding] | None = None,
) -> dict[str, Conclusion]:
    write_runs(folder, *runs)
    return by_name(experiment_on(folder, definition), contradicted)


def experiment_on(folder: Path, definition: Path = DEFINITION) -> LoadedExperiment:
    return load_experiment(NAME, open_logs(folder), path=definition)


def declared_in(file: Path) -> Definition:
    return read_definition(NAME, file, load_catalogue())


def by_name(
    experiment: LoadedExperiment, contradicted: Mapping[tuple[str, str], Finding] | None = None
) -> dict[str, Conclusion]:
    found = experiment.conclusions(findings=(), contradicted=contradicted or {})
    return {conclusion.name: conclusion for conclusion in found}


def verdicts(found: Mapping[str, Conclusion], names: Iterable[str]) -> list[tuple[str, str]]:
    return [(found[name].verdict, found[name].outcome) for name in names]


LARGER = ["larger_batch_worse_A01", "larger_batch_worse_hock"]
LARGER_LATER = ["larger_batch_later_A01", "larger_batch_later_hock"]
SUPPORTED, OPPOSITE = ("supported", "supported"), ("contradicted", "opposite")


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Conclusion]:
    return evaluated(tmp_path_factory.mktemp("logs"), *RUNS)


def test_what_is_true_of_the_logs_is_supported(truth: dict[str, Conclusion]) -> None:
    names = [*LARGER, *LARGER_LATER, "larger_batch_loss_higher", "larger_batch_share_no_gain"]
    assert verdicts(truth, names) == [SUPPORTED] * 6
    assert truth["larger_batch_hurts"].verdict == "supported"
    assert truth["larger_batch_hurts"].parts
    # 0.4 against 0.15 per transition, though 10.7 times as much in the sum over the batch.
    raw = truth["larger_batch_loss_higher_as_typed"]
    assert (raw.verdict, raw.outcome) == ("contradicted", "less_than_claimed")
    assert truth["over_tuning_uni_9_worse_A01"].verdict == "supported"
    assert truth["over_tuning_uni_9_raw_loss_lower"].verdict == "supported"
    assert truth["over_tuning_uni_9_share_higher"].verdict == "supported"
    assert not truth["larger_batch_worse_A01"].fragile


def test_uni_6_made_best_turns_its_conclusions(
    tmp_path: Path, truth: dict[str, Conclusion]
) -> None:
    best = replace(UNI_6, best={"A01": 23.9, "hock": 54.0}, learning_minutes=3.0, loss=0.05)
    found = evaluated(tmp_path, UNI_5, best, UNI_7, UNI_9)
    names = [*LARGER, *LARGER_LATER, "larger_batch_loss_higher"]
    assert verdicts(found, names) == [OPPOSITE] * 5
    assert found["larger_batch_hurts"].verdict == "contradicted"
    assert found["larger_batch_no_benefit"].verdict == "contradicted"
    for name in [*names, "larger_batch_hurts"]:
        assert str(found[name].sentence) != str(truth[name].sentence)
    for name in names:
        assert verdict_in_words(found[name]) == "✗ Contradicted: the opposite"
    assert verdict_in_words(found["larger_batch_hurts"]) == "✗ Contradicted"
    assert "does not drive worse" in str(found["larger_batch_worse_A01"].sentence)
    # What has nothing to do with uni_6 says what it said before.
    for name, conclusion in truth.items():
        if not name.startswith("larger_batch"):
            assert str(found[name].sentence) == str(conclusion.sentence)


def test_runs_made_equal_have_no_difference(tmp_path: Path) -> None:
    twin = replace(UNI_5, name="uni_6", batch_size=8192)
    found = evaluated(tmp_path, UNI_5, twin)
    for name in [*LARGER, *LARGER_LATER, "larger_batch_loss_higher"]:
        assert (found[name].verdict, found[name].outcome) == ("contradicted", "no_difference")
        assert verdict_in_words(found[name]).startswith("✗ Contradicted: no difference")
    assert found["larger_batch_not_better_A01"].verdict == "supported"


def test_runs_that_differ_by_chance_only_support_no_claim(tmp_path: Path) -> None:
    other = replace(UNI_5, name="uni_6", batch_size=8192, seed=66)
    found = evaluated(tmp_path, UNI_5, other)
    for name in [*LARGER, *LARGER_LATER, "larger_batch_loss_higher"]:
        assert found[name].verdict in ("contradicted", "cannot tell")
        assert found[name].outcome in ("no_difference", "mixed", "cannot_tell")


def test_a_run_that_is_gone_is_named(tmp_path: Path, truth: dict[str, Conclusion]) -> None:
    found = evaluated(tmp_path, UNI_5, UNI_6, UNI_7)
    gone = {n: c for n, c in found.items() if n.startswith("over_tuning_uni_9")}
    assert len(gone) > 5
    for name, conclusion in gone.items():
        assert (conclusion.verdict, conclusion.outcome) == ("no data", "no_data"), name
        assert "no run uni_9" in str(conclusion.sentence)
        assert conclusion.rests_on == frozenset()
    assert found["golden_middle"].verdict == "no data"
    assert "no run uni_9" in str(found["golden_middle"].sentence)
    assert found["larger_batch_worse_A01"].sentence == truth["larger_batch_worse_A01"].sentence


def test_a_tag_that_is_missing_is_named(truth: dict[str, Conclusion]) -> None:
    assert truth["over_tuning_uni_8_worse_A01"].verdict == "no data"
    throughput = truth["collectors_throughput_lower"]
    assert "no run uni_10" in str(throughput.sentence)


# --- What must not matter -------------------------------------------------------------------------


def said(found: Mapping[str, Conclusion]) -> dict[str, tuple[str, str, str, str]]:
    return {
        name: (c.verdict, c.outcome, str(c.sentence), str(c.sensitivity))
        for name, c in found.items()
    }


def test_how_files_are_split_does_not_matter(tmp_path: Path, truth: dict[str, Conclusion]) -> None:
    split = [replace(run, segment_frames=(400_000, 900_000, 1_500_000)) for run in RUNS]
    write_runs(tmp_path, *split)
    assert (tmp_path / "uni_6_3").is_dir()
    # The program itself splits later: here it is declared.
    names = sorted(folder.name for folder in tmp_path.iterdir())
    continues = {name: name[:5] for name in names if name[5:6] == "_"}
    logs = open_logs(tmp_path, continues=continues)
    assert logs.runs == tuple(run.name for run in RUNS)
    found = by_name(load_experiment(NAME, logs, path=DEFINITION), None)
    assert said(found) == said(truth)


def test_when_a_run_was_started_does_not_matter(
    tmp_path: Path, truth: dict[str, Conclusion]
) -> None:
    moved = [replace(run, started=run.started + 86_400 * (n + 1)) for n, run in enumerate(RUNS)]
    assert said(evaluated(tmp_path, *moved)) == said(truth)


def test_the_order_of_runs_does_not_matter(tmp_path: Path, truth: dict[str, Conclusion]) -> None:
    text = DEFINITION.read_text(encoding="utf-8")
    begin, end = text.index("[runs.uni_5]"), text.index("# What a metric means on a map")
    tables = text[begin:end].strip().split("\n\n")
    turned = tmp_path / "turned.toml"
    other = text[:begin] + "\n\n".join(reversed(tables)) + "\n\n" + text[end:]
    turned.write_text(other, encoding="utf-8")
    found = evaluated(tmp_path / "logs", *reversed(RUNS), definition=turned)
    assert said(found) == said(truth)


def test_no_value_past_the_common_window_is_used(tmp_path: Path) -> None:
    short = replace(UNI_6, minutes=40)
    found = evaluated(tmp_path / "one", UNI_5, short, UNI_7, UNI_9)
    # The same run goes on for longer; up to the end of the shorter one every event is the same.
    longer = evaluated(tmp_path / "other", replace(UNI_5, minutes=90), short, UNI_7, UNI_9)
    names = [n for n in found if n.startswith("larger_batch") and "later" not in n]
    names.remove("larger_batch_hurts")
    assert len(names) > 6
    for name in names:
        assert said(found)[name] == said(longer)[name]
    ends = {row.clock.name: row.end.number for row in found["larger_batch_worse_A01"].deciding}
    assert ends["minutes"] == pytest.approx(40)
    assert ends["frames"] == pytest.approx(40 * short.frames_a_minute)


# --- What is shown --------------------------------------------------------------------------------


def test_the_numbers_of_a_sentence_rest_on_events(truth: dict[str, Conclusion]) -> None:
    conclusion = truth["larger_batch_worse_A01"]
    numbers = [part for part in conclusion.sentence.parts() if isinstance(part, Quantity)]
    tag = "Race/eval_race_time_robust_trained_A01"
    assert [number.evidence[0].run for number in numbers[:2]] == ["uni_6", "uni_5"]
    assert all(number.evidence[0].tag == tag for number in numbers[:2])
    assert conclusion.rests_on == {("uni_5", tag), ("uni_6", tag)}


def test_deciding_clocks_and_those_beside_them(truth: dict[str, Conclusion]) -> None:
    race = {row.clock.name: row for row in truth["larger_batch_worse_A01"].deciding}
    assert {clock: row.votes for clock, row in race.items()} == {
        "minutes": True,
        "frames": True,
        # Updates a frame depend on the batch size: shown, without a vote.
        "updates": False,
    }
    row = race["minutes"]
    assert row.holds is True
    assert row.difference.number == pytest.approx(row.candidate.number - row.baseline.number)
    assert row.margin.text == "0.10 s"
    assert row.share.number == 100
    assert [r.clock.name for r in truth["larger_batch_Q_lower"].deciding] == ["frames"]
    assert [r.clock.name for r in truth["larger_batch_share_no_gain"].deciding] == ["minutes"]
    later = truth["larger_batch_later_A01"].deciding[0]
    assert later.target is not None
    assert later.target.unit == "s"
    assert later.margin.unit == "min"


def test_a_claim_of_a_size_is_held_against_the_size_found(truth: dict[str, Conclusion]) -> None:
    conclusion = truth["larger_batch_loss_higher_as_typed"]
    row = conclusion.deciding[0]
    assert row.claimed is not None
    assert row.found is not None
    assert row.claimed.text == "9.84 times"
    assert row.found.number == pytest.approx(row.candidate.number / row.baseline.number)
    assert f"{row.found.text} as high where 9.84 times is claimed" in str(conclusion.sentence)
    table = deciding(conclusion)
    assert [table.cell("minutes", key) for key in ("claimed", "found")] == [row.claimed, row.found]
    assert "found" not in deciding(truth["larger_batch_loss_higher"]).columns


@pytest.mark.parametrize(
    ("least", "sign", "text"),
    [
        (ByAtLeast("percent", 50), -1, "20.0 %"),
        (ByAtLeast("percent", 50), 1, "−20.0 %"),
        (ByAtLeast("times", 2), -1, "1.25 times"),
        (ByAtLeast("times", 2), 1, "0.80 times"),
        (ByAtLeast("size", 30), -1, "10.00"),
        (ByAtLeast("size", 30), 1, "−10.00"),
    ],
)
def test_what_is_found_has_the_unit_and_direction_of_the_claim(
    least: ByAtLeast, sign: int, text: str
) -> None:
    candidate, baseline = Quantity(40.0), Quantity(50.0)
    difference = candidate.minus(baseline)
    assert wording.found(least, sign, candidate, baseline, difference).text == text
    # Below zero, 40 below and 50 below: the candidate is higher.
    below = Quantity(-40.0), Quantity(-50.0)
    turned = wording.found(least, -sign, *below, below[0].minus(below[1]))
    assert turned.text == text if least.kind != "times" else not turned.known
    unknown = Quantity.unknown("none finished")
    missing = wording.found(least, sign, unknown, baseline, unknown.minus(baseline))
    assert not missing.known


def test_times_to_targets_are_named_without_a_direction(
    tmp_path: Path, truth: dict[str, Conclusion]
) -> None:
    both = str(truth["smaller_batch_sooner_hock"].sentence)
    assert re.search(r"uni_7 needed [\d.]+ times uni_5's minutes \(median of .*; from .* to", both)
    never = replace(UNI_6, first_finish=1000.0)
    found = evaluated(tmp_path, UNI_5, never)
    later = found["larger_batch_later_hock"]
    assert later.verdict == "supported"
    assert re.search(
        r"uni_6 had reached none of the 6 targets by 60 min, uni_5 \d of them before that\.",
        str(later.sentence),
    )
    assert deciding(later).columns["candidate"] == "Reached by candidate at"


def test_one_run_of_each_setting_is_observed_once(truth: dict[str, Conclusion]) -> None:
    strength = str(truth["larger_batch_worse_A01"].strength)
    assert strength.startswith("Observed once")
    assert "0.10 s" in strength
    assert "This is no test" in strength


def test_conclusions_are_plain_data(truth: dict[str, Conclusion]) -> None:
    for conclusion in truth.values():
        data = json.loads(json.dumps(conclusion.as_dict(), allow_nan=False))
        assert data["sentence"] == str(conclusion.sentence)
        assert data["verdict"] in ("supported", "contradicted", "cannot tell", "no data")


def test_every_sentence_can_be_read(truth: dict[str, Conclusion]) -> None:
    for conclusion in truth.values():
        text = str(conclusion.sentence)
        assert "{" not in text
        assert not text.startswith("Not known"), conclusion.name
        assert text.endswith((".", '"')), text


def test_what_is_not_known_names_its_metric() -> None:
    definition = declared_in(DEFINITION)
    for name, declared in definition.conclusions.items():
        if declared.claim is None or name == "collectors_throughput_lower":
            continue
        told = declared.sentences if declared.about_time else ("cannot_tell", "no_data")
        for outcome in told:
            assert "{title}" in declared.sentences[outcome], (name, outcome)


def test_the_authors_words_stand_beside_one_conclusion_each() -> None:
    declared = declared_in(DEFINITION).conclusions.values()
    typed = [conclusion.typed for conclusion in declared if conclusion.typed]
    assert len(typed) > 20
    assert len(set(typed)) == len(typed)


def test_parts_have_sentences_of_their_own(truth: dict[str, Conclusion]) -> None:
    for name in ("larger_batch_hurts", "golden_middle", "raw_loss_misleads"):
        data = encode("name", truth[name]).data
        assert [part["name"] for part in data["parts"]] == [p.name for p in truth[name].parts]
        for part, of in zip(data["parts"], truth[name].parts, strict=True):
            assert as_text(part["sentence"]) == str(of.sentence)
            assert part["shown"] == verdict_in_words(of)
            # Only what is declared has a box that a link could lead to.
            assert part["by_itself"] == (part["name"] in truth)
            assert not of.parts
    assert not any(part.by_itself for part in truth["golden_middle"].parts)


# --- Replicates -----------------------------------------------------------------------------------


def with_replicates(folder: Path, *runs: str) -> Path:
    """Declare more runs, each with the settings of the run it is named after."""
    text = DEFINITION.read_text(encoding="utf-8")
    for name in runs:
        begin = text.index("settings = {", text.index(f"[runs.{name[:-1]}]"))
        settings = text[begin : text.index("\n", begin)]
        text += f'\n[runs.{name}]\ndescription = "Again"\n{settings}\n'
    path = folder / "replicated.toml"
    path.write_text(text, encoding="utf-8")
    return path


def again(run: TrainingRun, letter: str) -> TrainingRun:
    return replace(run, name=run.name + letter, seed=run.seed + 100 * ord(letter))


def test_three_runs_of_each_setting_give_intervals(tmp_path: Path) -> None:
    definition = with_replicates(tmp_path, "uni_5b", "uni_5c", "uni_6b", "uni_6c")
    more = [again(run, letter) for run in (UNI_5, UNI_6) for letter in "bc"]
    found = evaluated(tmp_path / "logs", UNI_5, UNI_6, *more, definition=definition)
    conclusion = found["larger_batch_worse_A01"]
    assert conclusion.verdict == "supported"
    row = conclusion.deciding[0]
    assert list(row.by_run) == ["uni_5", "uni_5b", "uni_5c", "uni_6", "uni_6b", "uni_6c"]
    each = [row.by_run[name].number for name in ("uni_6", "uni_6b", "uni_6c")]
    assert row.candidate.number == pytest.approx(sum(each) / 3)
    assert len(row.candidate.evidence) == 3
    strength = str(conclusion.strength)
    for name, value in row.by_run.items():
        assert f"{name} {value.text}" in strength
    assert "bootstrap interval" in strength
    assert "which does not hold zero" in strength
    assert "hold the true value" in strength
    assert "Observed once" not in strength
    # The learner's share is the same in both.
    assert "which holds zero" in str(found["larger_batch_share_no_gain"].strength)


def test_two_runs_are_shown_without_an_interval(tmp_path: Path) -> None:
    definition = with_replicates(tmp_path, "uni_6b")
    found = evaluated(tmp_path / "logs", UNI_5, UNI_6, again(UNI_6, "b"), definition=definition)
    conclusion = found["larger_batch_worse_A01"]
    strength = str(conclusion.strength)
    assert "too few for an interval" in strength
    assert "bootstrap" not in strength
    assert "Of the setting of uni_5 there is one run. The margin of 0.10 s stands in" in strength
    row = conclusion.deciding[0]
    mean = (row.by_run["uni_6"].number + row.by_run["uni_6b"].number) / 2
    assert row.candidate.number == pytest.approx(mean)
    assert f"{row.by_run['uni_6b'].text}" in strength


def test_replicates_are_runs_that_agree_in_all_settings(tmp_path: Path) -> None:
    definition = with_replicates(tmp_path, "uni_6b", "uni_7b", "uni_8b")
    # uni_6b logs another batch size than was declared: what is logged counts.
    other = replace(again(UNI_6, "b"), batch_size=4096)
    uni_8 = replace(UNI_7, name="uni_8")
    runs = [UNI_5, UNI_6, other, UNI_7, again(UNI_7, "b"), uni_8, again(uni_8, "b")]
    write_runs(tmp_path / "logs", *runs)
    experiment = experiment_on(tmp_path / "logs", definition)
    assert replicates_of(experiment, "uni_6") == ("uni_6",)
    assert replicates_of(experiment, "uni_7") == ("uni_7", "uni_7b")
    # The speed of uni_8 was not recorded: it agrees with nothing, not even with another like it.
    assert replicates_of(experiment, "uni_8") == ("uni_8",)


def test_a_replicate_that_says_otherwise_is_heard(tmp_path: Path) -> None:
    definition = with_replicates(tmp_path, "uni_6b", "uni_6c")
    fast = replace(UNI_6, best={"A01": 22.0, "hock": 45.0}, learning_minutes=3.0)
    more = [again(fast, letter) for letter in "bc"]
    found = evaluated(tmp_path / "logs", UNI_5, UNI_6, *more, definition=definition)
    assert found["larger_batch_worse_A01"].outcome == "opposite"


# --- Metrics that health contradicts --------------------------------------------------------------

TAG = "alltime_min_ms_hock"
FINDING = Finding(
    "all_time_best_of_another_map", "error", "it is not the best of hock.", run="uni_6", tag=TAG
)
JUDGED = (
    "This is judged by the best exploring race time on Hock, because alltime_min_ms_hock does not "
    "hold what its name says."
)


def test_a_contradicted_metric_gives_way_to_the_fallback(
    tmp_path: Path, truth: dict[str, Conclusion]
) -> None:
    assert truth["larger_batch_worse_hock"].instead_of is None
    assert ("uni_6", "alltime_min_ms_hock") in truth["larger_batch_worse_hock"].rests_on
    contradicted = {("uni_6", "alltime_min_ms_hock"): FINDING}
    found = evaluated(tmp_path, *RUNS, contradicted=contradicted)
    conclusion = found["larger_batch_worse_hock"]
    assert conclusion.instead_of == FINDING
    assert FINDING in conclusion.findings
    assert {tag for _, tag in conclusion.rests_on} == {"Race/explo_race_time_trained_hock"}
    assert str(conclusion.sentence).endswith(JUDGED)
    # The finding itself is shown beside it.
    assert encode("name", conclusion).data["instead_of"] == FINDING.message
    # Of other runs nothing was found.
    assert found["over_tuning_uni_9_worse_hock"].instead_of is None


def test_a_compound_leaves_to_its_parts_why_they_rest_on_a_fallback(tmp_path: Path) -> None:
    contradicted = {("uni_6", "alltime_min_ms_hock"): FINDING}
    best = replace(UNI_6, best={"A01": 23.9, "hock": 54.0}, learning_minutes=3.0)
    found = evaluated(tmp_path, UNI_5, best, contradicted=contradicted)
    assert JUDGED in str(found["larger_batch_worse_hock"].sentence)
    compound = found["larger_batch_hurts"]
    assert "uni_6 does not drive worse than uni_5 on Hock but better" in str(compound.sentence)
    assert "This is judged by" not in str(compound.sentence)
    assert compound.instead_of == FINDING


def test_the_note_on_a_fallback_is_shown_with_the_fallback_only(
    tmp_path: Path, truth: dict[str, Conclusion]
) -> None:
    name = "smaller_batch_sooner_hock_as_typed"
    note = declared_in(DEFINITION).conclusions[name].fallback_note
    assert note
    assert note not in str(truth[name].sentence)
    found = evaluated(tmp_path, *RUNS, contradicted={("uni_7", TAG): FINDING})
    assert str(found[name].sentence).endswith(note)


def test_a_note_without_a_fallback_is_a_mistake(tmp_path: Path) -> None:
    text = DEFINITION.read_text(encoding="utf-8")
    begin = text.index("[conclusions.smaller_batch_sooner_hock_as_typed]")
    other = text[:begin] + text[begin:].replace('fallback = "race_time"\n', "", 1)
    (tmp_path / "wrong.toml").write_text(other, encoding="utf-8")
    with pytest.raises(ExperimentError, match=r"fallback_note: there is no 'fallback'"):
        declared_in(tmp_path / "wrong.toml")


def test_without_anything_left_to_rest_on_it_cannot_be_told(tmp_path: Path) -> None:
    tags = ["alltime_min_ms_hock", "Race/explo_race_time_trained_hock", "Training/loss"]
    contradicted = {("uni_6", tag): FINDING for tag in tags}
    found = evaluated(tmp_path, *RUNS, contradicted=contradicted)
    for name in ("larger_batch_worse_hock", "larger_batch_loss_higher"):
        assert (found[name].verdict, found[name].outcome) == ("cannot tell", "cannot_tell")
        assert found[name].rests_on == frozenset()
        assert "it is not the best of hock" in str(found[name].sentence)


def test_findings_that_touch_a_conclusion_go_with_it(tmp_path: Path) -> None:
    write_runs(tmp_path, *RUNS)
    tag = "Race/eval_race_time_robust_trained_A01"
    about = [
        Finding("gap", "warning", "A gap.", run="uni_6", tag=tag),
        Finding("gap", "warning", "The whole run.", run="uni_5"),
        Finding("gap", "warning", "Another tag.", run="uni_6", tag="Training/loss"),
        Finding("gap", "warning", "Another run.", run="uni_7"),
        Finding("pair", "warning", "Both runs.", run="uni_6", runs=("uni_5", "uni_6")),
        Finding("pair", "warning", "One of both.", run="uni_6", runs=("uni_6", "uni_7")),
    ]
    conclusions = experiment_on(tmp_path).conclusions(about, {})
    found = {c.name: c for c in conclusions}["larger_batch_worse_A01"]
    assert found.findings == (*about[:2], about[4])


# --- Special values -------------------------------------------------------------------------------


def test_a_run_that_never_finishes_drives_worse(tmp_path: Path) -> None:
    never = replace(UNI_6, first_finish=1000.0)
    found = evaluated(tmp_path, UNI_5, never, UNI_7, UNI_9)
    conclusion = found["larger_batch_not_better_hock"]
    assert conclusion.verdict == "supported"
    assert "none finished against" in str(conclusion.sentence)
    better = found["larger_batch_worse_hock"]
    # The all-time best of a run that never finished is no time either.
    assert better.verdict == "supported"


def test_runs_that_have_hardly_begun_tell_nothing(tmp_path: Path) -> None:
    """One event at the very start: there is no common window on any clock."""
    tags = ["Race/eval_race_time_robust_trained_A01", "Training/loss", "Training/batch_size"]
    for run, value in (("uni_5", 25.0), ("uni_6", 30.0)):
        events = [write.scalar_event(tag, 0, value, wall_time=1e9) for tag in tags]
        write.write_event_file(tmp_path / run, events)
    found = by_name(experiment_on(tmp_path))
    for name in ("larger_batch_worse_A01", "larger_batch_later_A01", "larger_batch_loss_higher"):
        assert found[name].verdict == "no data"
        assert "no common window by minutes and frames" in str(found[name].sentence)


def test_short_runs_are_evaluated(tmp_path: Path) -> None:
    found = evaluated(tmp_path, replace(UNI_5, minutes=6), replace(UNI_6, minutes=6))
    for name, conclusion in found.items():
        assert conclusion.verdict in ("supported", "contradicted", "cannot tell", "no data"), name


def test_q_is_compared_at_equal_schedules_only(tmp_path: Path) -> None:
    write_runs(tmp_path, *RUNS)
    told = by_name(experiment_on(tmp_path))["larger_batch_Q_lower"]
    assert told.verdict != "cannot tell"
    for file in (tmp_path / "uni_6").glob("events*"):
        rewrite_event_file(file, lambda tag, v: 0.99 if tag == "RL/gamma" else v)
    found = by_name(experiment_on(tmp_path))["larger_batch_Q_lower"]
    assert found.verdict == "cannot tell"
    assert "how they stand at the end is not known" in str(found.sentence) or "only" in str(
        found.sentence
    )


# --- The bundled curves ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def published(bundled: Logs) -> dict[str, Conclusion]:
    experiment = load_experiment(NAME, bundled)
    return {conclusion.name: conclusion for conclusion in experiment.conclusions()}


def best_until(run: str, tag: str, minute: float) -> float:
    curves = pd.read_csv(CURVES)
    rows = curves[(curves.run == run) & (curves.tag == tag) & (curves.minute <= minute)]
    return float(rows.value[rows.value < 300].min())


@pytest.mark.parametrize(
    ("name", "verdict", "outcome"),
    [
        ("larger_batch_hurts", "supported", "supported"),
        ("larger_batch_loss_higher", "supported", "supported"),
        ("larger_batch_loss_higher_as_typed", "contradicted", "less_than_claimed"),
        ("smaller_batch_sooner_hock", "supported", "supported"),
        ("smaller_batch_better_A01", "contradicted", "no_difference"),
        ("smaller_batch_better_hock", "supported", "supported"),
        ("smaller_batch_sooner_A01_as_typed", "contradicted", "mixed"),
        ("smaller_batch_loss_lower_as_typed", "contradicted", "mixed"),
        ("smaller_batch_share_higher", "supported", "supported"),
        ("over_tuning_uni_9_worse_A01", "supported", "supported"),
        ("over_tuning_uni_8_worse_hock", "supported", "supported"),
        ("over_tuning_uni_9_Q_lower", "no data", "no_data"),
        ("golden_middle", "supported", "supported"),
        ("golden_middle_strict", "contradicted", "contradicted"),
        ("collectors_throughput_lower", "no data", "no_data"),
        # Contradicted by the rule itself, but by less than half of its variations.
        ("map_cycle_256_same_A01", "cannot tell", "cannot_tell"),
    ],
)
def test_what_the_published_curves_say(
    published: dict[str, Conclusion], name: str, verdict: str, outcome: str
) -> None:
    assert (published[name].verdict, published[name].outcome) == (verdict, outcome)


def test_a_compound_says_how_its_parts_stand(published: dict[str, Conclusion]) -> None:
    compound = published["over_tuning_hurts"]
    standing = [part.verdict for part in compound.parts]
    supported, unclear = standing.count("supported"), standing.count("cannot tell")
    assert (len(standing), standing.count("no data")) == (6, 1)
    assert (
        f"Of its 6 parts: {supported} supported, {unclear} cannot be told, 1 without data."
        in str(compound.sentence)
    )
    assert str(compound.strength).startswith("The parts that have data were observed once")
    # Of what is nested only the innermost reason is given.
    assert str(published["raw_loss_misleads"].sentence).count("not all of it") == 1


def test_why_it_cannot_be_told_is_no_support(published: dict[str, Conclusion]) -> None:
    conclusion = published["over_tuning_uni_8_worse_A01"]
    minutes, frames = conclusion.deciding
    assert (minutes.holds, frames.holds) == (True, None)
    text = str(conclusion.sentence)
    assert "by minutes it holds (true at 8 of 8 checkpoints)" in text
    assert "by frames it is true at the end, but at only 5 of 7 checkpoints" in text
    assert text.endswith("to hold it must be true at four fifths of them and at the end.")


def test_a_clock_that_was_not_published_is_not_called_unlogged(
    published: dict[str, Conclusion],
) -> None:
    text = str(published["over_tuning_uni_9_Q_lower"].sentence)
    assert text.endswith("these logs have no clock of frames for uni_9.")


def test_published_numbers_are_those_of_the_curves(published: dict[str, Conclusion]) -> None:
    row = published["larger_batch_worse_hock"].deciding[0]
    tag = "Race/explo_race_time_trained_hock"
    assert row.end.number == 160
    assert row.candidate.number == pytest.approx(best_until("uni_6", tag, 160))
    assert row.baseline.number == pytest.approx(best_until("uni_5", tag, 160))
    row = published["smaller_batch_better_hock"].deciding[0]
    assert (row.end.number, row.candidate.number) == (85, best_until("uni_7", tag, 85))
    assert row.baseline.number == pytest.approx(best_until("uni_5", tag, 85))


def test_a_fragile_verdict_says_what_breaks_it(published: dict[str, Conclusion]) -> None:
    fragile = published["smaller_batch_better_A01"]
    assert fragile.fragile
    assert fragile.breaks == ("with half the margin",)
    assert "It is fragile: another verdict comes with half the margin." in str(fragile.sensitivity)
    sound = published["larger_batch_worse_A01"]
    assert (sound.fragile, sound.breaks) == (False, ())
    assert "27 of 27 variations" in str(sound.sensitivity)


def test_interpolated_frames_are_no_second_piece_of_evidence(
    published: dict[str, Conclusion], truth: dict[str, Conclusion]
) -> None:
    rows = {
        row.clock.name: row.interpolated for row in published["larger_batch_worse_A01"].deciding
    }
    assert rows == {"minutes": False, "frames": True}
    assert "almost one piece of evidence" in str(published["larger_batch_worse_A01"].strength)
    # One clock alone is one piece of evidence anyway; logged frames are a second one.
    assert "piece of evidence" not in str(published["over_tuning_uni_9_worse_A01"].strength)
    assert "piece of evidence" not in str(truth["larger_batch_worse_A01"].strength)


def test_no_published_verdict_rests_on_the_best_of_another_map(
    published: dict[str, Conclusion],
) -> None:
    rested = {tag for c in published.values() for _, tag in c.rests_on}
    assert "alltime_min_ms_hock" not in rested
    assert "alltime_min_ms_A01" in rested
    judged = [c for c in published.values() if c.typed and c.instead_of is not None]
    assert {c.name for c in judged} >= {"larger_batch_worse_hock", "over_tuning_uni_8_worse_hock"}


def test_what_is_typed_of_the_first_part_is_not_carried_past_a_run(
    published: dict[str, Conclusion],
) -> None:
    # uni_9's lone typed values at the end of its run stretch no window.
    ends = [r.end.number for r in published["over_tuning_uni_9_raw_loss_lower"].deciding]
    assert ends == [80]


def test_a_target_reached_when_the_other_run_ends_is_not_decided(
    published: dict[str, Conclusion],
) -> None:
    # uni_7 reached 24.6 s at 75 minutes, where what is known of uni_9 ends.
    row = published["over_tuning_uni_9_later_A01"].deciding[0]
    assert row.target is not None
    assert row.target.number == 24.7
    assert row.baseline.number == 65
    assert "5 of the 5 targets where that is known, of 6" in row.share.how
    assert str(published["over_tuning_uni_9_later_A01"].sentence).endswith(
        "uni_9 had reached none of the 6 targets by 75 min, uni_7 5 of them before that."
    )


def test_removing_a_run_from_the_bundled_curves(bundled: Logs, tmp_path: Path) -> None:
    folder = tmp_path / "curves"
    shutil.copytree(bundled.path, folder)
    shutil.rmtree(folder / "uni_9")
    found = {c.name: c for c in load_experiment(NAME, open_logs(folder)).conclusions()}
    assert found["over_tuning_uni_9_worse_A01"].verdict == "no data"
    assert "uni_9" in str(found["over_tuning_worse"].sentence)
    # Without the run there is nothing to judge, by whatever metric.
    gone = found["over_tuning_uni_9_worse_hock"]
    assert (gone.verdict, gone.instead_of) == ("no data", None)
