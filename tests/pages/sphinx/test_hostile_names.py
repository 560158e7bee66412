"""Names that steer a terminal, turn what is read or hide: visible in all of the site."""

from __future__ import annotations

import json
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from rulka_analysis.pages.results import Code, encode
from rulka_analysis.pages.sheets import Sheet
from rulka_analysis.pages.sphinx.outputs import show_hidden
from rulka_analysis.values.quantities import Quantity, Sentence
from rulka_analysis.values.tables import Table
from tests.small_site import FILES, SmallSite
from tests.training_logs import TrainingRun, write_run

# Bell, a terminal's command, the direction of writing turned, a blank without width.
NAMES = ["be\x07ll", "cl\x1b[2Jear", "gn\u202epj.exe", "z\u200bero"]
HIDDEN = "\x07\x1b\u202e\u200b"
SHOWN = [r"be\x07ll", r"cl\x1b[2Jear", r"gn\u202epj.exe", r"z\u200bero"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> SmallSite:
    site = SmallSite.made(tmp_path_factory.mktemp("hostile") / "a site")
    definition = FILES["docs/experiments/small.toml"]
    first, second, third, fourth = (json.dumps(name) for name in NAMES)
    text = "\n".join(line.strip() for line in definition.splitlines())
    text = text.replace('baseline = "first"', f"baseline = {first}")
    text = text.replace("[runs.first]", "\n".join(f"[runs.{n}]" for n in (first, third, fourth)))
    text = text.replace("[runs.second]", f"[runs.{second}]")
    text = text.replace('["second"]', f"[{second}, {third}, {fourth}]")
    (site.folder / "docs/experiments/small.toml").write_text(text, encoding="utf-8")
    logs = site.folder / "logs"
    for number, name in enumerate(NAMES):
        write_run(logs, TrainingRun(name, minutes=8, seed=number + 5, loss=0.3))
    listed = site.folder / "notebooks/small/listed.py"
    shown = "\n# %%\nprint(list(map(str, ra.open_logs().runs)))\nprint(*ra.open_logs().runs)\n"
    shown += "import pandas as pd\npd.DataFrame({'run': list(ra.open_logs().runs)})\n"
    shown += "\n# %%\nrows = {str(n): [str(n), ra.open_logs()['first'].name] for n in range(101)}\n"
    shown += "ra.publish('long', ra.Table({'n': 'No.', 'run': 'Run'}, rows))\n"
    listed.write_text(listed.read_text(encoding="utf-8") + shown, encoding="utf-8")
    other = site.folder / "docs/other.rst"
    quoted = "\n.. result:: small/long\n"
    other.write_text(other.read_text(encoding="utf-8") + quoted, encoding="utf-8")
    site.build_well(logs)
    return site


@pytest.mark.skipif(sys.platform == "win32", reason="Windows allows no such names")
def test_no_file_of_the_site_holds_a_hidden_character(site: SmallSite) -> None:
    texts = {
        name: data.decode("utf-8")
        for name, data in site.files().items()
        if not name.startswith(("_static/", "_sources/")) and not name.endswith(".inv")
    }
    assert len(texts) > 15
    for name, text in texts.items():
        assert not set(HIDDEN) & set(text), name
        if name.endswith(".svg"):
            ET.fromstring(text)
    pages = "".join(text for name, text in texts.items() if name.endswith(".html"))
    for shown in SHOWN:
        assert shown in pages
        assert any(name.endswith(".svg") for name in texts)
    said = (site.folder / "_build" / "last_build.json").read_bytes()
    assert not set(HIDDEN) & set(said.decode("utf-8"))


def test_a_table_of_more_than_a_hundred_rows_is_shown_on_demand(site: SmallSite) -> None:
    for name in ("notebooks/small/listed.html", "docs/other.html"):
        page = BeautifulSoup((site.html / name).read_text(encoding="utf-8"), "html.parser")
        (folded,) = page.select("details:has(table)")
        assert folded.summary.get_text() == "All 101 rows"
        assert len(folded.select("tbody tr")) == 101


@pytest.mark.skipif(sys.platform == "win32", reason="Windows allows no such names")
def test_what_a_build_prints_holds_none_either(site: SmallSite, tmp_path: Path) -> None:
    logs = tmp_path / NAMES[2]
    write_run(logs, TrainingRun(NAMES[1], minutes=8, seed=1))
    done = site.build(logs)
    assert done.returncode != 0, "the run that a notebook asks for is not there"
    assert SHOWN[2] in done.stdout
    assert SHOWN[1] in done.stderr + done.stdout
    assert not set(HIDDEN) & set(done.stdout + done.stderr)


names = st.text(st.sampled_from([*"ab<&{}$", *HIDDEN, "\u2066", "\u2028", "\x85", "\n", "\ud800"]))
FORBIDDEN = set(HIDDEN) | set("\u2066\u2028\x85\ud800")


def characters(data: Any) -> set[str]:
    """Return every character of the texts in plain data; keys of tables are for quoting."""
    if isinstance(data, str):
        return set(data)
    parts = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return {character for part in parts for character in characters(part)}


@given(names)
@settings(max_examples=60)
def test_whatever_is_published_shows_every_character(name: str) -> None:
    escaped = name.replace("{", "{{").replace("}", "}}")
    quantity = Quantity(1.5, "s", how=f"of {name}")
    sentence = Sentence(f"{escaped}: {{name}} {{by}}", {"name": name, "by": quantity})
    cells = [name, quantity, sentence]
    table = Table({"a": name, "b": "B", "c": "C"}, {"row": cells}, caption=name, notes=[name])
    for value in (quantity, sentence, table, name, Code(name), Quantity.unknown(name)):
        assert not FORBIDDEN & characters(encode("x", value).data)


@given(names)
@settings(max_examples=60)
def test_whatever_a_cell_puts_out_shows_every_character_but_colours(name: str) -> None:
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": f"\x1b[31m{name}"},
        {"output_type": "display_data", "data": {"text/html": name, "text/plain": [name]}},
    ]
    notebook = {"cells": [{"cell_type": "code", "outputs": outputs}]}
    show_hidden(notebook)
    coloured = str(outputs[0]["text"]).removeprefix("\x1b[31m")
    assert not FORBIDDEN & set(coloured)
    assert not FORBIDDEN & characters(outputs[1])


def test_a_figure_can_be_read_by_an_xml_reader_whatever_the_names() -> None:
    sheet = Sheet(340, 60)
    sheet.title("".join(NAMES), "".join(NAMES))
    sheet.text(0, 50, "".join(NAMES))
    svg = sheet.picture().svg
    ET.fromstring(svg)
    assert not set(HIDDEN) & set(svg)
