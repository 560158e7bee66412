"""What notebooks hand to pages: there and back, nothing unshowable, nothing unescaped."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import matplotlib.figure
import nbformat
import numpy as np
import pytest

import rulka_analysis as ra
from rulka_analysis.experiments.comparison import Comparison
from rulka_analysis.logs.runs import Logs
from rulka_analysis.pages import tables
from rulka_analysis.pages.evidence import PageEvidence
from rulka_analysis.pages.results import (
    MIME,
    Figure,
    Figures,
    Panel,
    as_text,
    collect,
    encode,
    pictures,
    publish,
    written_in,
)
from rulka_analysis.pages.sheets import Picture
from rulka_analysis.project import load_catalogue, open_logs
from rulka_analysis.values.errors import ResultError
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.quantities import Evidence, Quantity, Sentence, average
from rulka_analysis.values.tables import Table
from tests import event_files as write
from tests.training_logs import TrainingRun, write_runs

SCRIPT = "<script>alert('1')</script>"
EVENT = Evidence("uni_5", "Training/loss", "uni_5/events", 7, 1.0, 300.96)
NUMBER = Quantity(300.96, "a batch", 2, (EVENT,), "last value")
SENTENCE = Sentence("{run} has {x}.", {"run": "uni_5", "x": NUMBER})
TABLE = Table({"b": "B", "a": "A"}, {"z": ["z", NUMBER], "y": [SENTENCE, "–"]}, SENTENCE, ["note"])
WIDE, NARROW = Picture("<svg>w</svg>", 464, 252), Picture("<svg>n</svg>", 340, 270)
FIGURE = Figure(WIDE, SENTENCE, 'said "so"', TABLE, ("#x=minutes", ""), NARROW)
PANEL = Panel("Hock", WIDE, NARROW, "seen", ("#x=minutes", "as logged"), SENTENCE)
FIGURES = Figures("Best", {"Minutes": [PANEL, PANEL], "Frames": [PANEL]}, SENTENCE, TABLE)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Return what `publish` shows, in place of a notebook."""
    outputs: list[dict[str, Any]] = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: outputs.append(data))
    return outputs


def notebook_of(outputs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return an executed notebook as it is read back from its file."""
    cells = [nbformat.v4.new_markdown_cell("# Title"), nbformat.v4.new_code_cell("")]
    for output in outputs:
        shown = nbformat.v4.new_output("display_data", data=output)
        cells.append(nbformat.v4.new_code_cell("publish(…)", outputs=[shown]))
    text = nbformat.writes(nbformat.v4.new_notebook(cells=cells))
    return json.loads(text)  # type: ignore[no-any-return]


# --- There and back -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value", [NUMBER, SENTENCE, TABLE, FIGURE, FIGURES, 5, "a text with {braces}"]
)
def test_what_was_published_is_read_back(shown: list[dict[str, Any]], value: Any) -> None:
    publish("a_name", value)
    publish("another", 1.5, unit="s", digits=1)
    first, second = collect(notebook_of(shown))
    expected = encode("a_name", value)
    assert (first.name, first.kind) == ("a_name", expected.kind)
    assert first.data == json.loads(json.dumps(expected.data))
    assert second.data["text"] == "1.5 s"


def test_rows_and_columns_keep_their_order(shown: list[dict[str, Any]]) -> None:
    publish("table", TABLE)
    (table,) = collect(notebook_of(shown))
    assert [key for key, _ in table.data["columns"]] == ["b", "a"]
    assert [key for key, _ in table.data["rows"]] == ["z", "y"]


def test_a_number_brings_its_evidence(shown: list[dict[str, Any]]) -> None:
    publish("number", NUMBER)
    (number,) = collect(notebook_of(shown))
    assert number.data["evidence"][0]["tag"] == "Training/loss"
    assert number.data["how"] == "last value"
    assert shown[0]["text/plain"] == "300.96 a batch"


def test_what_numbers_were_made_of_is_written_once(shown: list[dict[str, Any]]) -> None:
    runs = {f"run_{at}": replace(NUMBER, value=float(at)) for at in range(100)}
    mean = average(runs)
    differences = [mean.minus(Quantity(float(at))) for at in range(30)]
    publish("table", Table({str(at): "" for at in range(30)}, {"row": differences}))
    (written,) = written_in(notebook_of(shown))
    content = json.loads(written["content"])
    assert len(content["events"]) == 1
    assert len(content["numbers"]) == 100 + 1 + 30
    (table,) = collect(notebook_of(shown))
    ((_, cells),) = table.data["rows"]
    assert [len(cell["inputs"][0]["inputs"]) for cell in cells] == [100] * 30
    assert len({id(cell["inputs"][0]) for cell in cells}) == 1
    page = PageEvidence()
    assert len({page.add(cell) for cell in cells}) == 30
    entries = page.plain()["entries"]
    assert len(entries) == 100 + 1 + 30 + 30
    assert "run_7" not in entries[-1]["how"]


def test_an_unknown_number_brings_its_reason() -> None:
    data = encode("x", Quantity.unknown("no run uni_6 in these logs", "s")).data
    assert (data["value"], data["text"]) == (None, "not in these logs")
    assert data["missing"] == "no run uni_6 in these logs"


@pytest.mark.parametrize("value", [np.float64(1.5), np.float32(1.5), np.int64(2), 2])
def test_a_number_of_any_kind_is_a_number(value: Any) -> None:
    result = encode("x", value, digits=1)
    assert json.loads(json.dumps(result.data))["text"] == f"{float(value):.1f}"


def test_what_other_outputs_hold_is_left_alone() -> None:
    notebook = {"cells": [{"outputs": [{"text": "x"}, {"data": {"text/plain": "1"}}]}, {}]}
    assert list(collect(notebook)) == []


def test_every_page_can_show_a_whole_comparison(bundled: Logs, shown: list[dict[str, Any]]) -> None:
    experiment = ra.load_experiment("batch_size_and_running_speed", bundled)
    comparison = experiment.comparison("over_tuning")
    publish("runs", tables.runs(experiment, comparison.runs))
    publish("summary", tables.summary(comparison))
    publish("figure", ra.figures.curves(comparison, "time_A01"))
    assert [r.kind for r in collect(notebook_of(shown))] == ["table", "table", "figure"]
    for output in shown:
        json.dumps(output, allow_nan=False)


# --- What is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        math.inf,
        np.float64("nan"),
        Quantity(math.nan),
        Sentence("{x}", {"x": Quantity(math.nan)}),
        Table({"a": "A"}, {"r": [Quantity(math.inf)]}),
        Table({"a": "A"}, {"r": ["x"]}, Sentence("{x}", {"x": Quantity(math.nan)})),
    ],
)
def test_what_is_no_number_is_refused_by_name(value: Any) -> None:
    with pytest.raises(ResultError, match=r"result 'x' cannot be shown.*finite number"):
        encode("x", value)


@pytest.mark.parametrize(
    "value", [None, True, np.True_, [1], {"a": 1}, 1j, pytest.param(10**400, id="too large")]
)
def test_what_cannot_be_shown_is_refused_by_name(value: Any) -> None:
    with pytest.raises(ResultError, match="result 'x' cannot be shown"):
        encode("x", value)


def test_a_figure_of_matplotlib_is_refused() -> None:
    with pytest.raises(ResultError, match="a Figure is none of"):
        encode("x", matplotlib.figure.Figure())


@pytest.mark.parametrize("name", ["", "a b", "a/b", ".a", "-a", "é", "a\n", "a{b}", "<b>"])
def test_a_name_that_pages_cannot_quote_is_refused(name: str) -> None:
    with pytest.raises(ResultError, match="cannot be a result's name: use letters"):
        encode(name, 1)


@pytest.mark.parametrize("name", ["a", "loss_last", "A01.best-so-far", "5"])
def test_a_name_that_pages_can_quote(name: str) -> None:
    assert encode(name, 1).name == name


def test_a_table_whose_rows_do_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="row 'r' has 1 cells for 2 columns"):
        Table({"a": "A", "b": "B"}, {"r": ["x"]})


# --- Untrusted text -------------------------------------------------------------------------------


class Tags(HTMLParser):
    """Collects the elements in a text, and their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.attributes: dict[str, str | None] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(tag)
        self.attributes |= dict(attrs)


def test_text_from_logs_is_escaped_in_what_jupyter_shows(shown: list[dict[str, Any]]) -> None:
    sentence = Sentence("{run}", {"run": SCRIPT})
    table = Table({SCRIPT: SCRIPT}, {SCRIPT: [SCRIPT], "b": [sentence]}, sentence, [SCRIPT])
    quoted = f'"{SCRIPT}" onload="alert(1)'
    publish("table", table)
    publish("figure", Figure(Picture("<svg></svg>", 1, 1), sentence, quoted, table))
    publish("findings", tables.findings([Finding("k", "error", SCRIPT, run=SCRIPT)]))
    for output in shown:
        parsed = Tags(output["text/html"])
        assert "script" not in parsed.found
        assert "onload" not in parsed.attributes
        assert "&lt;script&gt;" in output["text/html"] or "figure" in parsed.found
    assert Tags(shown[1]["text/html"]).attributes["alt"] == quoted


@pytest.mark.parametrize("name", [SCRIPT, r"$\frac{1$", "a&b", "_hidden", "神舟革命"])
def test_a_run_of_any_name_can_be_drawn(
    tmp_path: Path, shown: list[dict[str, Any]], name: str
) -> None:
    folder = tmp_path / "run"
    loss = [
        write.scalar_event("Training/loss", n, 1.0 + n, write.STARTED + n * 300) for n in range(9)
    ]
    write.write_event_file(folder / write.NAME, loss)
    run = open_logs(tmp_path)["run"]
    # A folder cannot have every name; the run's name is what is drawn.
    run.name = name
    settings = {name: {}}
    comparison = Comparison(name, name, {name: run}, name, settings, load_catalogue(), {})
    publish("figure", ra.figures.curves(comparison, "loss", as_logged=True))
    publish("table", tables.summary(comparison, [ra.Line("loss", as_logged=True)]))
    data = json.loads(shown[0][MIME]["content"])["value"]
    assert len(list(pictures(data))) == 2
    for svg in (*pictures(data), shown[0]["text/html"], shown[1]["text/html"]):
        assert "script" not in Tags(svg).found
    assert name in data["alt"]
    assert [name, name] in data["table"]["columns"]


def test_published_text_is_not_taken_for_a_template() -> None:
    assert as_text(encode("x", "uni_{5} and {}").data) == "uni_{5} and {}"


# --- Bytes ----------------------------------------------------------------------------------------


def test_the_same_logs_give_the_same_bytes(tmp_path: Path) -> None:
    runs = (TrainingRun("uni_5", minutes=20), TrainingRun("uni_6", minutes=20, batch_size=8192))
    texts = []
    for place in ("a", "b"):
        write_runs(tmp_path / place / "logs", *runs)
        logs = open_logs(tmp_path / place / "logs")
        experiment = ra.load_experiment("batch_size_and_running_speed", logs)
        comparison = experiment.comparison("larger_batch")
        figure = encode("f", ra.figures.curves(comparison, "time_A01"))
        table = encode("t", tables.summary(comparison))
        texts.append(json.dumps([figure.data, table.data], allow_nan=False))
    assert texts[0] == texts[1]
    assert str(tmp_path) not in texts[0]
