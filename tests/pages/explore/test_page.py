"""The files of the Explore page: the same bytes each time, nothing foreign that runs in them."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rulka_analysis.pages.explore import page
from rulka_analysis.pages.explore.data import Explore, ExploreMetric, ExploreSeries, metric_scripts
from rulka_analysis.pages.explore.page import (
    SCRIPTS,
    STATIC,
    ExploreError,
    write_explore,
)
from tests.pages.explore.planted import CLOCKS, GROUPS, HOSTILE, RUNS, made


def handed(script: bytes) -> tuple[str, list[Any]]:
    """Return the function that a script calls, and what it hands over."""
    text = script.decode("ascii")
    found = re.fullmatch(r"rulkaExplore\.(\w+)\((.*)\);\n", text, re.DOTALL)
    assert found, text[:80]
    return found[1], json.loads(f"[{found[2]}]")


def words(bits: int, text: str, count: int) -> np.ndarray[Any, np.dtype[np.uint64]]:
    """Undo the planes of bits, by another way than they were made."""
    data = base64.b64decode(text)
    stride = -(-count // 8)
    assert len(data) == bits * stride
    found = np.zeros(count, dtype=np.uint64)
    for plane in range(bits):
        for i in range(count):
            bit = data[plane * stride + i // 8] >> (i % 8) & 1
            found[i] |= np.uint64(bit << plane)
    return found


def floats(packed: list[Any], count: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    found = words(packed[0], packed[1], count)
    if packed[0] == 32:
        return found.astype(np.uint32).view(np.float32).astype(np.float64)
    return found.view(np.float64)


def integers(packed: list[Any], lengths: list[int]) -> list[int]:
    bits, text, signed = packed
    folded = [int(word) for word in words(bits, text, sum(lengths))]
    found, at = [], 0
    for length in lengths:
        total = 0
        for word in folded[at : at + length]:
            total += (-(word + 1) // 2 if word % 2 else word // 2) if signed else word
            found.append(total)
        at += length
    return found


def of_values(values: list[float], steps: list[int]) -> tuple[Explore, ExploreMetric]:
    places = np.arange(len(values), dtype=np.float64)
    one = ExploreSeries(
        RUNS[0],
        np.array(values, dtype=np.float64),
        np.array(steps, dtype=np.int64),
        ("a", "b"),
        np.arange(len(values)) % 2,
        {"minutes": places, "updates": np.where(places % 3 == 1, np.nan, places)},
    )
    metric = ExploreMetric("tag", "tag", lambda: [one])
    return Explore("x", GROUPS, CLOCKS, (metric,)), metric


@given(st.lists(st.tuples(st.floats(), st.integers(-(2**49), 2**49)), min_size=1, max_size=40))
def test_what_is_handed_over_is_what_was_logged_bit_by_bit(
    events: list[tuple[float, int]],
) -> None:
    values, steps = [v for v, _ in events], [s for _, s in events]
    data, metric = of_values(values, steps)
    script, whole = metric_scripts(data, metric)
    assert whole is None
    function, (place, raw) = handed(script)
    assert (function, place, raw["kept"]) == ("metric", 0, [len(values)])
    got = floats(raw["values"], len(values))
    assert np.array_equal(got, np.array(values), equal_nan=True)
    assert integers(raw["steps"], raw["kept"]) == steps
    assert raw["nan"] == [sum(map(np.isnan, values))]


@given(st.lists(st.floats(width=32), min_size=1, max_size=40))
def test_a_value_logged_as_float32_keeps_its_bits(values: list[float]) -> None:
    data, metric = of_values(values, list(range(len(values))))
    _, (_, raw) = handed(metric_scripts(data, metric)[0])
    assert raw["values"][0] == 32
    bits = words(32, raw["values"][1], len(values)).astype(np.uint32)
    expected = np.array(values, dtype=np.float32)
    finite = ~np.isnan(expected)
    assert np.array_equal(bits[finite], expected.view(np.uint32)[finite])


def test_a_place_that_is_not_known_is_said_to_be_missing() -> None:
    data, metric = of_values([1.0] * 7, list(range(7)))
    _, (_, raw) = handed(metric_scripts(data, metric)[0])
    minutes, steps, updates = raw["clocks"]
    assert minutes["missing"] is None
    assert words(1, steps["missing"], 7).tolist() == [1] * 7
    assert words(1, updates["missing"], 7).tolist() == [0, 1, 0, 0, 1, 0, 0]


def test_a_long_metric_is_written_whole_only_where_there_is_room() -> None:
    data = made()
    long = data.metrics[1]
    assert metric_scripts(data, long, whole_up_to=1000)[1] is None
    short, whole = metric_scripts(data, long, whole_up_to=10**6)
    assert whole is not None
    assert len(short) < len(whole)
    name, (_, raw) = handed(whole)
    assert name == "whole"
    assert raw["kept"] == raw["events"] == [6000] * 6


def test_the_same_data_make_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_explore(tmp_path / name, made())
    first, second = (
        {p.relative_to(tmp_path / name): p.read_bytes() for p in files(tmp_path / name)}
        for name in ("a", "b")
    )
    assert first == second


def files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file())


def test_writing_again_leaves_no_file_of_before_and_touches_none_of_others(tmp_path: Path) -> None:
    write_explore(tmp_path, made())
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    few = made()
    write_explore(tmp_path, Explore("x", few.groups, few.clocks, few.metrics[:1]))
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert [p.name for p in files(tmp_path / "explore" / "data")] == ["0.js", "index.js"]


def test_a_page_of_somebody_else_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("mine", encoding="utf-8")
    with pytest.raises(ExploreError, match="no Explore page"):
        write_explore(tmp_path, made())
    assert (tmp_path / "index.html").read_text(encoding="utf-8") == "mine"


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ExploreError, match="cannot be written"):
        write_explore(tmp_path / "file" / "folder", made())


def test_progress_is_told_tag_by_tag(tmp_path: Path) -> None:
    told: list[str] = []

    def each(tags: Iterable[str]) -> Iterator[str]:
        for tag in tags:
            told.append(tag)
            yield tag

    write_explore(tmp_path, made(), each=each)
    assert told == [metric.tag for metric in made().metrics]


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_nothing_inline_and_no_foreign_name_in_the_markup(tmp_path: Path) -> None:
    data = made()
    hostile = Explore(HOSTILE, data.groups, data.clocks, data.metrics)
    markup = write_explore(tmp_path, hostile).read_text(encoding="utf-8")
    tags = Tags()
    tags.feed(markup)
    for tag, attributes in tags.found:
        assert tag != "style"
        assert tag != "img"
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        if tag == "script":
            assert attributes.get("src", "").startswith("explore/")
    assert HOSTILE in "".join(tags.texts).split("\n")
    for script in files(tmp_path / "explore" / "data"):
        function, arguments = handed(script.read_bytes())
        if function == "index":
            assert HOSTILE in arguments[0]["runs"]


def test_a_part_of_a_site_names_its_files_from_where_it_stands() -> None:
    body = page.page_body("../_static/explore/", '<img src="a.svg" alt="b">')
    assert '<img src="a.svg" alt="b">' in body
    assert all(f'src="../_static/explore/{name}"' in body for name in SCRIPTS)
    names = [name for name, _ in (*page.static_files(), *page.data_files(made()))]
    assert set(SCRIPTS) < set(names)
    assert names[-1] == "data/index.js"


def test_what_comes_from_others_is_what_they_published() -> None:
    folder = STATIC / "uplot"
    told = tomllib.loads((folder / "vendor.toml").read_text(encoding="utf-8"))
    assert {key: told[key] for key in ("name", "version", "licence")} == {
        "name": "uplot",
        "version": "1.6.32",
        "licence": "MIT",
    }
    there = {p.name for p in folder.iterdir()} - {"vendor.toml"}
    assert there == set(told["sha256"])
    for name, digest in told["sha256"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest, name


def zipped(content: bytes) -> int:
    return len(gzip.compress(content, 9, mtime=0))


def test_code_and_data_keep_to_what_they_may_weigh() -> None:
    code = sum(zipped((STATIC / name).read_bytes()) for name in (*SCRIPTS, *page.STYLES))
    assert code <= 60 * 1024
    for runs, limit in ((20, 150 * 1024), (300, 1_300_000)):
        data, metric = many(runs)
        assert zipped(metric_scripts(data, metric)[0]) <= limit, runs


def many(runs: int, events: int = 10_000) -> tuple[Explore, ExploreMetric]:
    """Return runs that compress badly: every bit of a value is chance, on three clocks."""
    names = [f"run_{i}" for i in range(runs)]

    def read() -> list[ExploreSeries]:
        random = np.random.default_rng(1)
        found = []
        for name in names:
            values = 3 * np.exp(-np.arange(events) / events * 4) + random.normal(2, 0.3, events)
            steps = np.cumsum(random.integers(50, 900, events))
            minutes = np.cumsum(random.uniform(0.005, 0.03, events))
            places = {"minutes": minutes, "steps": steps.astype(float), "updates": steps / 7.3}
            single = values.astype(np.float32).astype(np.float64)
            at = np.zeros(events, dtype=np.int64)
            found.append(ExploreSeries(name, single, steps, (f"{name}/events",), at, places))
        return found

    metric = ExploreMetric("tag", "tag", read, better="lower")
    groups = tuple(type(GROUPS[0])(name, (name,)) for name in names)
    return Explore("many", groups, CLOCKS, (metric,)), metric
