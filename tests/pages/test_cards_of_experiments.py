"""The card of an experiment on the landing page: what it says, and how it is shown."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from rulka_analysis.logs.runs import Logs
from rulka_analysis.pages import blocks
from rulka_analysis.pages.results import encode
from rulka_analysis.pages.sphinx import card_nodes
from rulka_analysis.project import load_experiment, open_logs
from tests.many_settings import BEST, write_experiment

EVIL = "<script>alert('read me')</script>"


@pytest.fixture(scope="module")
def content(bundled: Logs) -> dict[str, Any]:
    experiment = load_experiment("batch_size_and_running_speed", bundled)
    found: dict[str, Any] = encode("card", blocks.card(experiment)).data["content"]
    return found


def written(content: dict[str, Any]) -> str:
    """The card as HTML."""
    builder = SimpleNamespace(current_docname="index", get_relative_uri=lambda _, to: f"{to}.html")
    writer = SimpleNamespace(body=[], builder=builder)
    node = card_nodes.card_node(content, "docs/experiments/tried")
    card_nodes.visit_card_html(writer, node)
    card_nodes.depart_card_html(writer, node)
    return "".join(writer.body)


def test_a_card_says_question_answer_and_what_to_use(content: dict[str, Any]) -> None:
    assert content["title"] == "Batch size and running speed"
    assert content["question"].endswith("?")
    assert content["use"] == ["batch_size = 512", "running_speed = 512"]
    assert content["chips"] == ["8 runs", "one a setting", "digitised"]
    assert [role for role, _ in content["legend"]] == ["winner", "baseline"]
    assert content["answer"] in written(content)


def test_the_latest_event_of_its_runs_orders_cards(content: dict[str, Any], bundled: Logs) -> None:
    ends = [max(float(run.events(tag).seconds.max()) for tag in run.tags) for run in bundled]
    assert float(content["last_event"]) == max(ends)


def test_a_card_of_replicates_counts_them(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("many")
    definition = write_experiment(folder)
    experiment = load_experiment("many", open_logs(folder / "logs"), path=definition)
    content = encode("card", blocks.card(experiment)).data["content"]
    assert "three a setting" in content["chips"]
    assert not [chip for chip in content["chips"] if "digitised" in chip]
    assert BEST


def test_names_from_logs_are_escaped_and_all_of_it_is_one_link(content: dict[str, Any]) -> None:
    html = written({**content, "title": EVIL, "answer": EVIL, "use": [EVIL], "chips": [EVIL]})
    assert "<script>" not in html
    assert html.count("&lt;script&gt;") == 4
    assert html.count("<a ") == 1
