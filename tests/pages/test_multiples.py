"""Small multiples: what runs have in common, of a few runs and of many."""

from __future__ import annotations

from pathlib import Path

import pytest

from rulka_analysis.logs.runs import Logs
from rulka_analysis.pages import multiples
from rulka_analysis.pages.results import Figures
from rulka_analysis.pages.these_logs import MOST_ROWS, TheseLogs
from rulka_analysis.project import domain_for, load_catalogue
from tests import event_files as write
from tests.program_logs import write_yaml

TAGS = [f"part{n % 3}/value{n:02}" for n in range(20)]

BINNED = "By minutes, the median in each of 60 parts of the axis."


def write_run(folder: Path, level: float, tags: list[str]) -> None:
    events = [
        write.scalar_event(tag, 10 * step, level * step, write.STARTED + 60.0 * step)
        for step in range(1, 13)
        for tag in tags
    ]
    events += [write.scalar_event("constant", 10 * step, 1.0) for step in range(1, 13)]
    write.write_event_file(folder, events)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "project" / "docs" / "experiments").mkdir(parents=True)
    monkeypatch.setenv("RULKA_PROJECT", str(tmp_path / "project"))
    monkeypatch.setenv("RULKA_BUILD", str(tmp_path / "build"))
    return tmp_path / "logs"


def titles(found: Figures) -> list[str]:
    (panels,) = found.choices.values()
    return [panel.name for panel in panels]


def test_a_dozen_stands_open_and_the_rest_by_prefix(project: Path) -> None:
    for name, rate in (("a", 0.1), ("b", 0.2)):
        write_run(project / name, rate, ["rollout/ep_rew_mean", *TAGS])
        write_yaml(project / name / "hparams.yaml", {"lr": rate})
    found = TheseLogs(Logs(project))
    opened = found.figures()
    assert isinstance(opened, Figures)
    assert len(titles(opened)) == multiples.OPEN <= 12
    assert titles(opened)[0] == "Mean return"
    assert str(opened.caption) == (
        f"{BINNED} Blue, dashed: learning rate 0.1. Dash and dot: learning rate 0.2."
    )
    assert str(opened.choices["all"][0].sentence) == "Ends at 1.20 to 2.40."
    folded = found.folded()
    assert set(folded) == {"part1 (6 metrics)", "part2 (6 metrics)"}
    shown = titles(opened) + [t for f in folded.values() for t in titles(f)]
    # Each once, and not what stays as it is.
    assert sorted(shown) == sorted(["Mean return", *TAGS])


def test_of_many_groups_their_middle_half_is_drawn(project: Path) -> None:
    for number in range(40):
        write_run(project / f"run{number}", 1.0 + number, ["score", "loss"])
        write_yaml(project / f"run{number}" / "hparams.yaml", {"lr": number / 100})
    found = TheseLogs(Logs(project))
    opened = found.figures()
    assert isinstance(opened, Figures)
    assert str(opened.caption) == f"{BINNED} The middle half of all groups, and the median."
    assert opened.choices["all"][0].picture.svg.count("<path") < 40
    # Rows by group, and not all of them; what there is of runs and answers is folded.
    assert len(found.runs().rows) == MOST_ROWS
    assert str(found.answers()).startswith("Answers: ")
    assert "Every run (40)" in found.folded()
    assert any(words.startswith("Every answer (") for words in found.folded())


def test_a_tag_of_few_runs_is_not_in_common(project: Path) -> None:
    for name in ("a", "b", "c"):
        write_run(project / name, 1.0, ["score", *(["rare"] if name == "a" else [])])
    logs = Logs(project)
    found = multiples.common_tags(list(logs), load_catalogue(of=domain_for(logs)), ["score"])
    assert [one.tag for one in found] == ["score", "constant"]
