"""The evidence of a page as data and as a table."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from bs4 import BeautifulSoup

from rulka_analysis.pages.evidence import PageEvidence, as_script, as_table
from rulka_analysis.pages.results import encode
from rulka_analysis.values.operations import OPERATIONS
from rulka_analysis.values.quantities import Evidence, Quantity, made
from tests.evidence_files import read_script

EVENT = Evidence("run", "loss", "run/events", 7, 1.5, 0.25, minutes=3.0, sha256="ab" * 32)
BEST = Quantity(
    0.25, "", 2, (EVENT,), "smallest", made=made("least", run="run", tag="loss", until=5.0)
)
HOSTILE = "<script>alert('x')</script>"


def added(*quantities: Quantity) -> dict:
    page = PageEvidence({"minutes": "hours"})
    for quantity in quantities:
        page.add(encode("name", quantity).data, "notebooks/a")
    return read_script(as_script(page.plain()))


def test_a_number_leads_down_to_its_events_and_their_file() -> None:
    data = added(BEST)
    (entry,) = data["entries"]
    assert (entry["operation"], entry["value"], entry["text"]) == ("least", 0.25, "0.25")
    assert entry["parameters"] == {"run": "run", "tag": "loss", "until": 5.0}
    (event,) = (data["events"][place] for place in entry["events"])
    assert (event["step"], event["wall_time"], event["value"]) == (7, 1.5, 0.25)
    assert data["files"][event["file"]] == {"name": "run/events", "sha256": "ab" * 32}
    assert data["notebooks"] == ["notebooks/a"]
    assert data["clocks"] == {"minutes": "hours"}


def test_a_derived_number_names_its_inputs_and_leaves_events_to_them() -> None:
    data = added(BEST.minus(replace(BEST, value=0.5)))
    entry = data["entries"][-1]
    assert entry["operation"] == "difference"
    assert [data["entries"][at]["value"] for at in entry["inputs"]] == [0.25, 0.5]
    assert "events" not in entry


def test_a_difference_without_its_sign_turns_its_inputs_around() -> None:
    data = added(BEST.minus(replace(BEST, value=0.5)).size())
    entry = data["entries"][-1]
    assert entry["value"] == 0.25
    assert [data["entries"][at]["value"] for at in entry["inputs"]] == [0.5, 0.25]


def test_what_nobody_computed_is_stated_by_somebody() -> None:
    (entry,) = added(Quantity(3.0, "", 0, how="runs in these logs"))["entries"]
    assert entry["operation"] == "stated"
    assert entry["parameters"] == {"source": "runs in these logs"}


def test_an_unknown_number_says_why() -> None:
    (entry,) = added(Quantity.unknown("no run 'x'"))["entries"]
    assert (entry["value"], entry["missing"]) == (None, "no run 'x'")
    assert "operation" not in entry


def test_an_operation_outside_the_list_is_refused() -> None:
    assert len(OPERATIONS) <= 15
    with pytest.raises(ValueError, match="there is no operation 'guess'"):
        made("guess")
    with pytest.raises(ValueError, match="has no parameter 'mood'"):
        made("least", mood="good")


def test_equal_numbers_are_one_entry_and_those_of_another_origin_are_not() -> None:
    other = replace(BEST, made=made("least", run="run", tag="loss", until=4.0))
    assert len(added(BEST, BEST, other)["entries"]) == 2


def test_numbers_that_only_look_alike_are_two() -> None:
    zero, minus = (replace(BEST, evidence=(replace(EVENT, value=v),)) for v in (0.0, -0.0))
    data = added(zero, minus)
    assert [str(event["value"]) for event in data["events"]] == ["0.0", "-0.0"]
    assert [entry["events"] for entry in data["entries"]] == [[0], [1]]


def test_an_event_leads_to_its_file_which_is_told_once() -> None:
    many = [replace(BEST, evidence=(replace(EVENT, step=step),)) for step in range(5)]
    table = as_table(added(*many), "Page", "page.html", "page.evidence.js", "evidence.css")
    soup = BeautifulSoup(table, "html.parser")
    assert table.count("ab" * 32) == 1
    assert {link["href"] for link in soup.select("td a[href^='#f']")} == {"#f0"}
    assert "run/events, SHA-256 abab" in soup.select_one("#f0").get_text()


def test_a_wall_time_that_is_none_is_still_json() -> None:
    strange = replace(BEST, evidence=(replace(EVENT, wall_time=float("nan")),))
    (event,) = added(strange)["events"]
    assert event["wall_time"] == "nan"


def test_names_from_logs_are_text_in_the_table_and_in_the_script() -> None:
    hostile = replace(
        BEST,
        about=HOSTILE,
        evidence=(replace(EVENT, run=HOSTILE, tag=HOSTILE, file=HOSTILE),),
        made=made("least", run=HOSTILE, tag=HOSTILE),
    )
    data = added(hostile)
    table = as_table(data, HOSTILE, "page.html", "page.evidence.js", "evidence.css")
    soup = BeautifulSoup(table, "html.parser")
    assert not soup.select("script")
    assert HOSTILE in soup.select_one("tbody").get_text()
    assert json.dumps(HOSTILE) in as_script(data)
    assert as_script({"entries": [{"about": "\u2028\u202e"}]}).isascii()
