"""Which runs belong together, and labels that no two groups share."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from rulka_analysis.experiments.groups import (
    Group,
    Value,
    Varied,
    differing,
    group_of,
    make_groups,
    value_text,
)

SETTINGS = {
    "batch_size": Varied("batch size", "{}", named=True),
    "running_speed": Varied("running speed", "{}×", named=True),
    "collectors": Varied("collectors", "{} collectors"),
    "cycle": Varied("cycle", "{}"),
    "seed": Varied("seed", replicate=True),
}


def run(batch: float, speed: float, collectors: int = 8, cycle: str = "usual") -> dict[str, Value]:
    return {
        "batch_size": batch,
        "running_speed": speed,
        "collectors": collectors,
        "cycle": cycle,
    }


def test_groups_are_called_by_what_tells_them_apart() -> None:
    runs: dict[str, dict[str, Value]] = {
        "uni_5": run(2048, 160),
        "uni_7": run(512, 512),
        "uni_8": {"collectors": 8, "cycle": "usual"},
        "uni_9": run(64, 1024),
        "uni_10": run(512, 512, collectors=4),
        "uni_11": run(512, 512, cycle="256 of each"),
    }
    found = make_groups(runs, SETTINGS)
    assert [group.label for group in found] == [
        "2048 · 160×",
        "512 · 512×",
        "uni_8 · settings not recorded",
        "64 · 1024×",
        "512 · 512× · 4 collectors",
        "512 · 512× · 256 of each",
    ]
    assert group_of("uni_10", found) == group_of("512 · 512× · 4 collectors", found) == found[4]
    assert group_of("nobody", found) is None
    assert differing(found[0], found[1], SETTINGS) == ("batch_size", "running_speed", "seed")
    assert differing(found[1], found[4], ["batch_size", "collectors"]) == ("collectors",)
    assert differing(found[1], found[2], ["batch_size", "collectors"]) == ("batch_size",)


def test_seeds_make_no_groups_and_numbers_agree_however_written() -> None:
    runs: dict[str, dict[str, Value]] = {
        "a": {**run(512, 512), "seed": 1},
        "b": {**run(512.0, 512), "seed": 2},
        "c": {**run(512, 512)},
        "d": {**run(64, 512), "seed": 1},
    }
    found = make_groups(runs, SETTINGS)
    assert [group.runs for group in found] == [("a", "b", "c"), ("d",)]


def test_two_runs_without_a_setting_are_two_groups() -> None:
    runs: dict[str, dict[str, Value]] = {"a": {"lr": 0.1}, "b": {}, "c": {}}
    found = make_groups(runs, {"lr": Varied("learning rate")})
    assert [group.runs for group in found] == [("a",), ("b",), ("c",)]


def test_learning_rates_that_differ_in_the_fifth_digit_have_two_labels() -> None:
    runs: dict[str, dict[str, Value]] = {"a": {"lr": 2.5e-4}, "b": {"lr": 2.5001e-4}}
    found = make_groups(runs, {"lr": Varied("learning rate", "lr {}")})
    assert [group.label for group in found] == ["lr 0.00025", "lr 0.00025001"]
    assert value_text(1e-5) == "1e-05"


def test_what_reads_alike_is_told_apart_by_a_run() -> None:
    settings = {"a": Varied("a", "{}"), "b": Varied("b", "{}")}
    runs: dict[str, dict[str, Value]] = {
        "one": {"a": 1, "b": 21},
        "two": {"a": "1 · 2", "b": 1},
        "three": {"a": 1, "b": "2 · 1"},
    }
    labels = [group.label for group in make_groups(runs, settings)]
    assert labels == ["1 · 21", "1 · 2 · 1 · two", "1 · 2 · 1 · three"]
    one = make_groups({"only": {"a": 1, "b": 1}}, settings)
    assert one == (Group("only", ("only",), {"a": 1, "b": 1}),)


some_value = some.sampled_from([0, 1, True, "1", 0.5, 512, 512.0])
some_run = some.dictionaries(some.sampled_from(list(SETTINGS)), some_value)


@given(some.dictionaries(some.sampled_from("abcdefgh"), some_run, max_size=8))
def test_every_run_is_in_one_group_and_no_two_share_a_label(
    runs: dict[str, dict[str, Value]],
) -> None:
    found = make_groups(runs, SETTINGS)
    assert sorted(name for group in found for name in group.runs) == sorted(runs)
    assert len({group.label for group in found}) == len(found)
