"""What was typed on the page, held against the published logs and against others."""

from __future__ import annotations

import csv
import math
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from rulka_analysis.experiments.experiment import Experiment
from rulka_analysis.logs.runs import Logs
from rulka_analysis.project import load_experiment, open_logs
from rulka_analysis.values import questions
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.quantities import Quantity
from rulka_analysis.verdicts.typed_figures import Regenerated, regenerate, typed_figures
from rulka_analysis.verdicts.typed_file import TypedFigure, TypedFiguresError, read_typed_figures
from tests.training_logs import TrainingRun, Truth, rewrite_event_file, write_runs

EXPERIMENT = "batch_size_and_running_speed"
FILE = Path(__file__).parents[2] / "data" / "published" / "hand_typed_figures.csv"
HOCK, A01 = "alltime_min_ms_hock", "alltime_min_ms_A01"
LOSS, SHARE = "Training/loss", "Performance/learner_percentage_training"
HEADER = "section,run,against,tag,statistic,value,unit,step\n"


def doubts(tag: str = HOCK) -> dict[tuple[str, str], Finding]:
    return {
        (f"uni_{n}", tag): Finding("wrong", "error", f"{tag} of uni_{n} is another map's.")
        for n in range(5, 13)
    }


def typed_in(folder: Path, *rows: str) -> tuple[TypedFigure, ...]:
    path = folder / "typed.csv"
    path.write_text(HEADER + "\n".join(rows) + "\n", encoding="utf-8")
    return read_typed_figures(path)


# --- The published curves -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def published(bundled: Logs) -> dict[str, Regenerated]:
    found = regenerate(read_typed_figures(), load_experiment(EXPERIMENT, bundled), doubts())
    return {one.typed.name: one for one in found}


OF_LARGER, OF_SMALLER, OF_OVER = "Larger batch", "Smaller batch + faster speed", "Over-tuning"
MISLEADING = [
    f"{OF_SMALLER}: uni_5, {HOCK}, best",
    f"{OF_SMALLER}: uni_7, {HOCK}, best",
    f"{OF_SMALLER}: uni_7 against uni_5, {HOCK}, fewer steps to best",
    f"{OF_SMALLER}: uni_7 against uni_5, {A01}, fewer steps to best",
    f"{OF_OVER}: uni_7, {HOCK}, best",
    f"{OF_OVER}: uni_8, {HOCK}, best",
]
# After a curve's end only what was typed is known.
ITSELF = [
    f"{OF_LARGER}: uni_5, {LOSS}, last",
    f"{OF_LARGER}: uni_5, RL/avg_Q_*, last",
    f"{OF_LARGER}: uni_6, RL/avg_Q_*, last",
    f"{OF_LARGER}: uni_6, {SHARE}, last",
    f"{OF_OVER}: uni_7, {LOSS}, last",
    f"{OF_OVER}: uni_7, RL/avg_Q_*, last",
    f"{OF_OVER}: uni_9, {SHARE}, last",
]
ITSELF_MISLEADING = [
    f"{OF_LARGER}: uni_6_2, {HOCK}, best",
    f"{OF_LARGER}: uni_6, {LOSS}, last",
    f"{OF_LARGER}: uni_6 against uni_5, {LOSS}, ratio of last",
    f"{OF_SMALLER}: uni_7, {LOSS}, last",
    f"{OF_SMALLER}: uni_7 against uni_5, {LOSS}, ratio of last",
    f"{OF_SMALLER}: uni_7 against uni_5, {LOSS}, lower by",
    f"{OF_SMALLER}: uni_7, RL/avg_Q_*, last",
    f"{OF_OVER}: uni_9, {HOCK}, best",
    f"{OF_OVER}: uni_9, {A01}, best",
    f"{OF_OVER}: uni_8, {LOSS}, last",
    f"{OF_OVER}: uni_9, {LOSS}, last",
    f"{OF_OVER}: uni_8, RL/avg_Q_*, last",
    f"{OF_OVER}: uni_9, RL/avg_Q_*, last",
]
LAST_LOGGED = [f"{OF_LARGER}: uni_5, {HOCK}, best", f"{OF_LARGER}: uni_6, {HOCK}, best"]
OFF = [f"{OF_SMALLER}: uni_7 against uni_5, {SHARE}, difference"]


def test_every_typed_figure_has_its_status(published: dict[str, Regenerated]) -> None:
    with FILE.open(encoding="utf-8", newline="") as stream:
        assert len(published) == sum(1 for _ in csv.DictReader(stream))
    statuses = {name: one.status for name, one in published.items()}
    expected = dict.fromkeys(published, "reproduced")
    expected |= dict.fromkeys(MISLEADING, "reproduced but misleading")
    expected |= dict.fromkeys(ITSELF, "the typed value itself")
    expected |= dict.fromkeys(ITSELF_MISLEADING, "the typed value itself, and misleading")
    expected |= dict.fromkeys(LAST_LOGGED, "last logged and not first reached")
    expected |= dict.fromkeys(OFF, "off by")
    assert statuses == expected


def test_first_reached_stands_beside_last_logged(published: dict[str, Regenerated]) -> None:
    steps = {name: (published[name].typed.step, published[name].found_step) for name in LAST_LOGGED}
    assert [(typed, found.value if found else None) for typed, found in steps.values()] == [
        (5_507_000, 3_658_108),
        (5_806_096, 3_523_284),
    ]
    why = str(published[LAST_LOGGED[0]].why)
    assert "near the last event, at 5,871,020 frames" in why
    assert "first reached at 3,658,108 frames" in why


@pytest.mark.parametrize(
    ("name", "words"),
    [
        # Per transition, from the typed values: 2962.12 / 8192 and 300.96 / 2048.
        (
            ITSELF_MISLEADING[2],
            ["0.362 against 0.147, 2.46 times", "8,192 transitions against 2,048"],
        ),
        (
            ITSELF_MISLEADING[5],
            ["1.03 times", "of uni_7 is at 90 min, that of uni_5 at 165 min", "it is 14 %"],
        ),
        (ITSELF_MISLEADING[10], ["0.454 against 0.152, 2.99 times"]),
        (ITSELF_MISLEADING[9], ["that of uni_8 was not recorded"]),
        (MISLEADING[2], ["different bests, 24.63 s and 24.56 s", "uni_7 took 14 % fewer"]),
        (MISLEADING[3], ["different bests, 24.58 s and 24.56 s", "took as many"]),
        (MISLEADING[1], ["Other tags contradict alltime_min_ms_hock of uni_7", "58.76 s"]),
        (ITSELF_MISLEADING[8], ["At 80 min, where both are known, it is 27.090 s against 24.590"]),
        (ITSELF_MISLEADING[8], ["uni_9 has no clock of frames", "stands alone"]),
        (ITSELF_MISLEADING[11], ["1,732,154 frames", "Read as RL/avg_Q_trained_A01"]),
        (ITSELF[1], ["A single reading; comparisons take the median of the last three."]),
        (
            f"{OF_SMALLER}: uni_7, {SHARE}, last",
            ["78.4 % against 53.5 %. Neither is off", "more than the margin of 5.0 points."],
        ),
        (OFF[0], ["which were rounded before"]),
    ],
)
def test_why_a_figure_misleads(
    name: str, words: list[str], published: dict[str, Regenerated]
) -> None:
    for word in words:
        assert word in str(published[name].why)


def test_off_by_how_much(published: dict[str, Regenerated]) -> None:
    difference = published[OFF[0]].difference
    assert difference is not None
    # 78.390 − 53.849, and 24.6 was typed.
    assert difference.value == pytest.approx(24.5405 - 24.6, abs=2e-3)
    assert difference.text == "−0.06 percentage points"


def test_every_number_rests_on_events_of_its_run(published: dict[str, Regenerated]) -> None:
    for one in published.values():
        assert one.found.evidence
        runs = {event.run for event in one.found.evidence}
        assert runs == {
            "uni_6" if r == "uni_6_2" else r for r in (one.typed.run, one.typed.against) if r
        }
        folders = {event.file.partition("/")[0] for event in one.found.evidence}
        assert folders == {r for r in (one.typed.run, one.typed.against) if r}


def test_without_a_finding_the_number_is_what_it_is(bundled: Logs) -> None:
    experiment = load_experiment(EXPERIMENT, bundled)
    found = {one.typed.name: one for one in regenerate(read_typed_figures(), experiment)}
    assert found[MISLEADING[0]].status == "reproduced"
    assert found[MISLEADING[0]].finding is None


def test_the_table(bundled: Logs) -> None:
    table = typed_figures(load_experiment(EXPERIMENT, bundled), doubts())
    assert str(table.caption) == (
        "Of 37 typed figures 20 are the typed value itself: nothing but what was typed is known of "
        "them, so that they agree proves nothing; 13 of these mislead all the same. Of the other "
        "17: reproduced: 8; off: 1; last logged and not first reached: 2; not in these logs: 0; "
        "reproduced but misleading: 6."
    )
    assert str(table.cell(OFF[0], "status")) == "off by −0.06 percentage points"
    assert str(table.cell(LAST_LOGGED[0], "typed")) == "24.560 s at 5,507,000 frames"
    assert str(table.cell(LAST_LOGGED[0], "found")) == "24.560 s at 3,658,108 frames"
    notes = [str(note) for note in table.notes]
    assert notes[0] == f"{HOCK} of uni_5 is another map's."


# --- Other logs -----------------------------------------------------------------------------------


def logs_of(folder: Path, *runs: TrainingRun) -> tuple[Experiment, dict[str, Truth]]:
    truths = write_runs(folder / "logs", *runs)
    return load_experiment(EXPERIMENT, open_logs(folder / "logs")), truths


FIVE = TrainingRun("uni_5", minutes=40, batch_size=2048, seed=1)
SEVEN = TrainingRun(
    "uni_7", minutes=40, batch_size=512, seed=2, best={"A01": 24.3, "hock": 57.0}, loss=0.4
)


def test_other_logs_say_other_things(tmp_path: Path) -> None:
    experiment, _ = logs_of(tmp_path, FIVE, SEVEN)
    found = regenerate(read_typed_figures(), experiment)
    statuses = Counter(one.status for one in found)
    assert set(statuses) == {"off by", "not in these logs"}
    for one in found:
        absent = {one.typed.run, one.typed.against} - {"uni_5", "uni_7", ""}
        assert (one.status == "not in these logs") == bool(absent), one.typed.name
        if absent:
            assert str(one.why) == f"Not known: no run {absent.pop()} in these logs."


def test_what_the_truth_says_is_reproduced(tmp_path: Path) -> None:
    experiment, truths = logs_of(tmp_path, FIVE, SEVEN)
    best = {
        run: truth.of(A01).sort_values(["value", "minute"]).iloc[0] for run, truth in truths.items()
    }
    fewer = 100 * (1 - best["uni_7"].step / best["uni_5"].step)
    share = {run: float(truth.of(SHARE).value.iloc[-1]) for run, truth in truths.items()}
    loss = {run: float(truth.of(LOSS).value.iloc[-1]) for run, truth in truths.items()}
    typed = typed_in(
        tmp_path,
        *(f"S,{run},,{A01},best,{row.value / 1000:.2f},s,{row.step}" for run, row in best.items()),
        f"S,uni_5,,{LOSS},last,{loss['uni_5']:.2f},loss,",
        f"S,uni_7,uni_5,{SHARE},difference,{100 * (share['uni_7'] - share['uni_5']):.1f},%,",
        f"S,uni_7,uni_5,{LOSS},ratio of last,{loss['uni_7'] / loss['uni_5']:.2f},times,",
        f"S,uni_7,uni_5,{LOSS},lower by,{100 * (1 - loss['uni_7'] / loss['uni_5']):.0f},%,",
        f"S,uni_7,uni_5,{A01},fewer steps to best,{fewer:.0f},%,",
    )
    found = regenerate(typed, experiment)
    assert [one.status for one in found] == [
        "reproduced",
        "reproduced",
        "reproduced",
        "reproduced",
        # Loss grows with the batch size; the two bests are different times.
        "reproduced but misleading",
        "reproduced but misleading",
        "reproduced but misleading",
    ]
    assert [one.status for one in regenerate(typed[:1], experiment, doubts(A01))] == [
        "reproduced but misleading"
    ]


def test_half_the_values_are_off_by_half(tmp_path: Path) -> None:
    _, truths = logs_of(tmp_path, FIVE)
    last = float(truths["uni_5"].of(LOSS).value.iloc[-1])
    typed = typed_in(tmp_path, f"S,uni_5,,{LOSS},last,{last:.2f},loss,")
    for file in (tmp_path / "logs" / "uni_5").iterdir():
        rewrite_event_file(file, lambda tag, value: value / 2 if tag == LOSS else value)
    experiment = load_experiment(EXPERIMENT, open_logs(tmp_path / "logs"))
    (found,) = regenerate(typed, experiment)
    assert found.status == "off by"
    assert found.difference is not None
    assert found.difference.value == pytest.approx(-last / 2, rel=1e-3)


@pytest.mark.parametrize(
    ("factor", "status"), [(1.05, "reproduced"), (1.5, "reproduced but misleading")]
)
def test_a_run_of_another_length_misleads_where_it_moved_since(
    factor: float, status: str, tmp_path: Path
) -> None:
    write_runs(tmp_path / "logs", FIVE, replace(SEVEN, minutes=20))
    # The learner share of the longer run moves after the shorter one's end; the margin is 5 points.
    (file,) = (tmp_path / "logs" / "uni_5").iterdir()
    seen: list[float] = []

    def later_more(tag: str, value: float) -> float:
        seen.extend([value] if tag == SHARE else [])
        return value * factor if tag == SHARE and len(seen) > 4 else value

    rewrite_event_file(file, later_more)
    experiment = load_experiment(EXPERIMENT, open_logs(tmp_path / "logs"))
    curves = {run: experiment.logs[run].scalars(SHARE) for run in ("uni_5", "uni_7")}
    rows = [
        f"S,{run},,{SHARE},last,{100 * float(curve.value.iloc[-1]):.1f},%,"
        for run, curve in curves.items()
    ]
    found = regenerate(typed_in(tmp_path, *rows), experiment)
    # The first run of a section is what the others are held against.
    assert [one.status for one in found] == ["reproduced", status]
    assert "of uni_7 is at 20 min, that of uni_5 at 40 min" in str(found[1].why)
    then = 100 * float(curves["uni_5"].query("minutes <= 20").value.iloc[-1])
    assert f"against {then:.1f} %." in str(found[1].why)


@pytest.mark.parametrize(
    ("at", "status"),
    [
        ("first", "reproduced"),
        ("last", "last logged and not first reached"),
        ("early", "off by"),
        ("between", "off by"),
    ],
)
def test_the_step_of_a_best(at: str, status: str, tmp_path: Path) -> None:
    experiment, truths = logs_of(tmp_path, replace(FIVE, minutes=90, learning_minutes=3, noise=0.0))
    curve = truths["uni_5"].of(A01)
    first = int(curve.value.idxmin())
    assert first < len(curve) - 4
    index = {"first": first, "last": len(curve) - 1, "early": 1, "between": first + 1}[at]
    step = curve.step[index]
    best = curve.value.min() / 1000
    (found,) = regenerate(
        typed_in(tmp_path, f"S,uni_5,,{A01},best,{best:.3f},s,{step}"), experiment
    )
    assert found.status == status
    assert found.found_step is not None
    assert found.found_step.value == curve.step[first]


def test_a_best_at_the_very_end_is_not_taken_for_the_last_logged(tmp_path: Path) -> None:
    experiment, truths = logs_of(tmp_path, replace(FIVE, minutes=20, noise=0.0))
    curve = truths["uni_5"].of(A01)
    assert curve.value.idxmin() == len(curve) - 1
    row = f"S,uni_5,,{A01},best,{curve.value.min() / 1000:.3f},s,{curve.step.iloc[-2]}"
    (found,) = regenerate(typed_in(tmp_path, row), experiment)
    assert found.status == "off by"


def test_a_step_is_as_exact_as_it_was_typed(tmp_path: Path) -> None:
    one, other = typed_in(
        tmp_path, f"S,uni_5,,{A01},best,24.5,s,1390000", f"S,uni_5,,{A01},best,24.5,s,1390001"
    )
    assert (one.step_precision, other.step_precision) == (5000, 0.5)


def test_a_segment_is_read_apart(tmp_path: Path) -> None:
    run = TrainingRun("uni_6", minutes=60, frames_a_minute=200_000)
    experiment, truths = logs_of(tmp_path, run)
    assert truths["uni_6"].folders == ("uni_6", "uni_6_2")
    curve = truths["uni_6"].of(A01)
    rows = []
    for folder in truths["uni_6"].folders:
        best = curve[curve.folder == folder].sort_values(["value", "minute"]).iloc[0]
        rows.append(f"{folder},{folder},,{A01},best,{best.value / 1000:.3f},s,{best.step}")
    found = regenerate(typed_in(tmp_path, *rows), experiment)
    assert [one.status for one in found] == ["reproduced", "reproduced"]
    assert found[0].found.value != found[1].found.value


@pytest.mark.parametrize(("errors", "status"), [(0.9, "reproduced"), (1.1, "off by")])
def test_a_reading_error_is_allowed_for(
    errors: float, status: str, tmp_path: Path, bundled: Logs
) -> None:
    curve = bundled["uni_5"].scalars(LOSS)
    lowest = curve.loc[curve.value.idxmin()]
    assert lowest.reading_error > 0
    typed = lowest.value + errors * lowest.reading_error
    figures = typed_in(tmp_path, f"S,uni_5,,{LOSS},best,{typed:.6f},loss,")
    (found,) = regenerate(figures, load_experiment(EXPERIMENT, bundled))
    assert found.status == status


def test_a_star_stands_for_the_first_map(tmp_path: Path) -> None:
    experiment, truths = logs_of(tmp_path, FIVE)
    last = float(truths["uni_5"].of("RL/avg_Q_trained_A01").value.iloc[-1])
    rows = [f"S,uni_5,,RL/avg_Q_*,last,{last:.4f},return,", "S,uni_5,,No/such_*,last,1,,"]
    found, nowhere = regenerate(typed_in(tmp_path, *rows), experiment)
    assert found.status == "reproduced"
    assert str(found.why) == (
        "Read as RL/avg_Q_trained_A01. A single reading; comparisons take the median of the last "
        "three."
    )
    assert nowhere.status == "not in these logs"
    assert str(nowhere.why) == "Not known: uni_5 has no No/such_* in these logs."


# --- The file -------------------------------------------------------------------------------------


def test_figures_are_read_with_the_digits_typed(tmp_path: Path) -> None:
    (figure,) = typed_in(tmp_path, f"S,uni_5,,{A01},best,24.560,s,5507000")
    assert figure.value == Quantity(24.56, "s", 3, how="as typed on the page")
    assert figure.step == 5_507_000


def test_reading_the_file_is_noted() -> None:
    read_typed_figures()
    subjects = [entry["subject"] for entry in questions.record()]
    assert "data/published/hand_typed_figures.csv" in subjects


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (f"S,uni_5,,{A01},bets,24.5,s,", r"line 2: no statistic 'bets'. There are: best, last"),
        (f"S,uni_5,,{A01},best,fast,s,", "line 2: value and step must be numbers"),
        (f"S,uni_5,,{A01},best,24.5,s", "line 2: there must be 8 fields"),
        (f"S,uni_5,,{A01},best,24.5,s,,9", "line 2: there must be 8 fields"),
        (f"S,uni_5,uni_7,{A01},best,24.5,s,", "line 2: 'best' names no run"),
        (f"S,uni_5,,{A01},difference,24.5,s,", "line 2: 'difference' names run"),
    ],
)
def test_a_mistake_is_named_with_its_line(row: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(TypedFiguresError, match=problem):
        typed_in(tmp_path, row)


def test_a_file_that_is_missing_or_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(TypedFiguresError, match="Restore the file"):
        read_typed_figures(tmp_path / "none.csv")
    (tmp_path / "other.csv").write_text("a,b\n", encoding="utf-8")
    with pytest.raises(TypedFiguresError, match="line 1: the columns must be section, run"):
        read_typed_figures(tmp_path / "other.csv")


def test_no_difference_is_shown_as_nothing(bundled: Logs, tmp_path: Path) -> None:
    figures = typed_in(
        tmp_path, f"S,uni_5,,{A01},best,24.561,s,", f"S,uni_5,,{LOSS},last,301,loss,"
    )
    first, second = regenerate(figures, load_experiment(EXPERIMENT, bundled))
    assert first.difference is not None
    assert first.difference.text == "−0.001 s"
    assert second.status == "the typed value itself"
    assert not math.isnan(second.found.number)
