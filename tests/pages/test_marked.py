"""Numbers that health says something against are marked where a page shows them."""

from __future__ import annotations

from pathlib import Path

import pytest

from rulka_analysis.experiments.comparison import Comparison
from rulka_analysis.health.mutes import mute
from rulka_analysis.metrics.measure import Line
from rulka_analysis.pages import figures, tables
from rulka_analysis.project import load_catalogue, open_logs
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.quantities import Quantity
from rulka_analysis.values.tables import Table
from tests.rule_examples import find_in

RACES = "{run} Race/explo_race_time_trained_A01: 30 29 28 27 26 25"
BEST = "{run} alltime_min_ms_A01: {best}"
RIGHT, STUCK = "30000 29000 28000 27000 26000 25000", "30000*6"
LOSS = "{run} RL/avg_Q_trained_A01: {values}"
NOISE = "1 0.9 0.95 0.8 0.85 0.7 0.75 0.6"


def compared(folder: Path, text: str, *runs: str) -> Comparison:
    find_in(folder, text)
    logs = open_logs(folder / "logs")
    return Comparison(
        name="all", title="All", runs={run: logs[run] for run in runs}, baseline=runs[0],
        settings={run: {} for run in runs}, catalogue=load_catalogue(),
        variant_titles={"A01": "A01"},
    )  # fmt: skip


@pytest.fixture
def stuck(tmp_path: Path) -> Comparison:
    text = "\n".join(
        f"{RACES.format(run=run)}\n{BEST.format(run=run, best=best)}"
        for run, best in (("good", RIGHT), ("bad", STUCK))
    )
    return compared(tmp_path, text, "good", "bad")


LINES = [Line("all_time_best", "A01", "best"), Line("exploring_race_time", "A01", "best")]


def test_a_contradicted_number_bears_the_code_in_tables(stuck: Comparison) -> None:
    for table in (tables.by_run(stuck, LINES, "told"), tables.summary(stuck, LINES)):
        cells = {str(cell) for row in table.rows.values() for cell in row}
        assert any(cell.endswith("(TM106)") and cell.startswith("30.00") for cell in cells)
        assert "25.00" in {cell.split()[0] for cell in cells}
        (note,) = [str(n) for n in table.notes if "TM106" in str(n)]
        assert note.startswith("TM106: alltime_min_ms_A01 of bad lags behind the races")
    by_run = tables.by_run(stuck, LINES, "told")
    assert isinstance(by_run.rows["good"][1], Quantity)
    assert isinstance(by_run.rows["bad"][2], Quantity)


def test_a_contradicted_number_is_told_of_in_sentences_and_captions(stuck: Comparison) -> None:
    said = str(tables.relation(stuck, LINES[0], "bad"))
    assert "Nothing is to be concluded from it. TM106: alltime_min_ms_A01 of bad" in said
    assert "TM106" not in str(tables.relation(stuck, LINES[1], "bad"))
    figure = figures.curves(stuck, "all_time_best", "A01")
    assert "TM106: alltime_min_ms_A01 of bad" in str(getattr(figure, "caption", figure))
    other = figures.curves(stuck, "exploring_race_time", "A01")
    assert "TM106" not in str(getattr(other, "caption", other))


def test_a_copy_is_held_against_nothing(tmp_path: Path) -> None:
    text = f"{LOSS.format(run='a', values=NOISE)}\ncopy a b"
    copied = compared(tmp_path, text, "a", "b")
    line = Line("average_q", "A01", "last")
    table = tables.summary(copied, [line])
    assert str(table.rows[line.name][-1]) == "no data (RK501)"
    assert any("RK501" in str(note) for note in table.notes)
    assert "no data, b and a are one observation, not two (RK501)" in str(
        tables.relation(copied, line, "b")
    )


def test_values_left_out_are_counted_beneath_a_table(tmp_path: Path) -> None:
    text = LOSS.format(run="a", values="1 nan 0.9 inf 0.8")
    one = compared(tmp_path, text, "a")
    table = tables.by_run(one, [Line("average_q", "A01", "last")], "told")
    told = [str(note) for note in table.notes]
    assert told == ["RL/avg_Q_trained_A01 of a: 2 values are no numbers and are left out."]


def test_findings_are_summed_by_rule_and_long_tables_are_cut() -> None:
    found = [
        Finding("gap", "warning", f"A gap {'again ' * n}here.", remedy="Look.", run=f"run_{n}")
        for n in range(30)
    ]
    found.append(Finding("damage", "error", "Damage.", remedy="Copy.", run="run_1"))
    summed = tables.findings_by_rule(found)
    assert isinstance(summed, Table)
    assert [str(row[0]) for row in summed.rows.values()] == ["RK101 damage", "RK201 gap"]
    assert [str(cell) for cell in summed.rows["warning.RK201"][2:4]] == ["30", "30"]
    cut = tables.findings(found, kinds=True, most=20)
    assert isinstance(cut, Table)
    assert len(cut.rows) == 21
    assert [str(note) for note in cut.notes] == [
        "10 more findings of RK201 gap: see the command line."
    ]
    muted = mute(found, {"RK201": "the machine sleeps"})
    told = "Muted: RK201 gap (30 findings): the machine sleeps."
    assert str(tables.muted_findings(muted)) == told
    assert str(tables.muted_findings(mute(found, {}))) == "Nothing is muted."
    assert str(tables.findings_by_rule([])) == "No rule found anything in these logs."
