"""What ``extract`` writes as CSV is executed by no spreadsheet, and hides nothing."""

from __future__ import annotations

import csv
import io
import string
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from rulka_analysis.cli import app
from rulka_analysis.cli.extracting import safe_cell
from tests import event_files as write

FORMULAS = ["=1+1", "+1", "-1", "@sum", "\tx", "\rx"]
HIDDEN = "loss\u202egpj.exe\x1b[2J"


@pytest.fixture(scope="module")
def logdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("logs")
    events = [write.scalar_event(tag, 1, -2.5) for tag in [*FORMULAS, HIDDEN, "loss"]]
    write.write_event_file(folder / "=cmd", events)
    return folder


def rows(logdir: Path, *arguments: str) -> list[list[str]]:
    command = ["extract", "--metrics", "*", "--logdir", str(logdir), *arguments]
    result: Any = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.stderr
    return list(csv.reader(io.StringIO(result.stdout, newline="")))


def test_texts_that_are_formulas_get_an_apostrophe_and_numbers_stay_numbers(logdir: Path) -> None:
    head, *cells = rows(logdir)
    assert {row[head.index("run")] for row in cells} == {"'=cmd"}
    shown = {row[head.index("tag")] for row in cells}
    assert shown == {"'=1+1", "'+1", "'-1", "'@sum", r"'\tx", r"'\rx", r"loss\u202egpj.exe\x1b[2J",
                     "loss"}  # fmt: skip
    assert {row[head.index("value")] for row in cells} == {"-2.5"}
    assert all(row[head.index("file")].startswith("'=cmd/") for row in cells)


def test_headings_of_a_wide_table_are_texts_too(logdir: Path) -> None:
    head, cells = rows(logdir, "--wide")
    assert "'=cmd loss" in head
    assert set(cells) == {"1", "-2.5"}


def test_raw_is_for_programs(logdir: Path) -> None:
    head, *cells = rows(logdir, "--raw")
    assert {row[head.index("run")] for row in cells} == {"=cmd"}
    assert {row[head.index("tag")] for row in cells} == {*FORMULAS, HIDDEN, "loss"}


@given(st.text())
def test_no_cell_is_a_formula_or_hides_a_character(text: str) -> None:
    shown = safe_cell(text)
    assert not shown.startswith(tuple("=+-@\t\r"))
    joiners = "\u200c\u200d"
    for character in shown:
        hidden = unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")
        assert not hidden
        assert unicodedata.bidirectional(character) not in (
            "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"
        )  # fmt: skip
    if set(text) <= set(string.printable + joiners) - set("\n\r\t\x0b\x0c"):
        assert shown.lstrip("'") == text.lstrip("'")
