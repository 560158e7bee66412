"""What pages answer follows the logs: other logs, other answers, on every page.

The logs are generated at full resolution and their truth is known. Where `uni_6` is the best, the
whole site is built and read; other changes go through the notebooks' own code.
"""

from __future__ import annotations

import posixpath
import re
import runpy
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag

import rulka_analysis
from rulka_analysis.pages import comparisons
from rulka_analysis.pages.results import Result, as_text, encode
from rulka_analysis.pages.sphinx.answer_boxes import box_id
from rulka_analysis.pages.tables import answer_in_words, claim_in_words, named_answers
from rulka_analysis.project import load_experiment, open_logs
from rulka_analysis.verdicts.answer import Answered, Claimed
from rulka_analysis.verdicts.loaded import LoadedExperiment
from tests.site_of_project import FURTHER, PAGE, PROJECT, Site
from tests.training_logs import TrainingRun, write_runs

NAME = "batch_size_and_running_speed"
DEFINITION = Path("docs/experiments") / f"{NAME}.toml"
LANDING, HEALTH = "index.html", "docs/guides/log_health.html"
NOTEBOOK = f"notebooks/{NAME}/answers.html"

GOOD = TrainingRun("", best={"A01": 24.5, "hock": 60.0}, learning_minutes=12.0, learner_share=0.6)
# By how many times real time the game runs in runs of each declared speed.
REACHED = {160: 40.0, 512: 100.0, 1024: 180.0}


def run(name: str, batch_size: int, speed: int, **changes: Any) -> TrainingRun:
    seed = int(name.removeprefix("uni_"))
    made = replace(GOOD, name=name, batch_size=batch_size, rollout_speed=REACHED[speed], seed=seed)
    return replace(made, **changes)


BEST = {
    "best": {"A01": 23.8, "hock": 52.0},
    "learning_minutes": 4.0,
    "loss": 0.05,
    "q": -0.2,
    "learner_share": 0.9,
}
WORSE = {
    "best": {"A01": 25.0, "hock": 64.0},
    "learning_minutes": 14.0,
    "loss": 0.3,
    "q": -1.0,
    "learner_share": 0.5,
}
RUNS = (
    run("uni_5", 2048, 160),
    run("uni_6", 8192, 160, **BEST),
    run("uni_7", 512, 512, **WORSE),
    run("uni_8", 256, 512),
    run("uni_9", 64, 1024),
    run("uni_10", 512, 512),
    run("uni_11", 512, 512),
    run("uni_12", 512, 512),
)


def without_spaces(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


# --- The whole site, from logs in which uni_6 is the best -----------------------------------------


@dataclass
class Built:
    """A site, the logs it was built from, and what they say."""

    site: Site
    logs: Path

    @cached_property
    def experiment(self) -> LoadedExperiment:
        return load_experiment(NAME, open_logs(self.logs), path=self.site.folder / DEFINITION)

    @cached_property
    def answers(self) -> dict[str, Answered]:
        return named_answers(self.experiment.answers())

    @cached_property
    def claims(self) -> dict[str, Claimed]:
        return {f"{one.comparison}.{one.name}": one for one in self.experiment.claims()}

    @cached_property
    def pages(self) -> dict[str, BeautifulSoup]:
        """Every page as it is read."""
        found = {}
        for path in sorted(self.site.html.rglob("*.html")):
            if path.name.endswith(".evidence.html"):
                continue
            page = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
            found[path.relative_to(self.site.html).as_posix()] = page
        return found

    def text(self, page: str) -> str:
        """Return a page's text without the author's words, which are quoted."""
        text = without_spaces(self.pages[page].get_text())
        for claim in self.claims.values():
            if claim.text:
                text = text.replace(without_spaces(claim.text), "")
        return text

    @cached_property
    def own(self) -> list[str]:
        """The experiment's page and its further pages."""
        return list(self.site.experiment())

    def section(self, page: str, anchor: str) -> Tag:
        found = self.pages[page].find(id=anchor)
        assert isinstance(found, Tag), f"{page} has no #{anchor}"
        return found

    def page_of(self, name: str) -> str:
        """Return the page on which an answer or a claim stands in its box: there is one."""
        (page,) = [page for page in self.own if self.pages[page].find(id=box_id(name))]
        return page

    def box(self, name: str) -> Tag:
        return self.section(self.page_of(name), box_id(name))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    logs = tmp_path_factory.mktemp("uni_6_best") / "logs"
    # As the real program wrote it: another map's best stands under each map's tag.
    write_runs(logs, *(replace(run, best_under_map_just_raced=True) for run in RUNS))
    site = Site.copied(tmp_path_factory.mktemp("site") / "project")
    site.build_well(logs)
    return Built(site, logs)


FLIPPED = {
    "larger_batch.time_A01": "▲ better Better on A01 at 60 min in these two runs: ",
    "larger_batch.time_A01.pace": "▲ sooner Sooner on A01: 8192 · 160× took ",
    "larger_batch.time_hock": "▲ better Better on Hock at 60 min in these two runs: ",
    "larger_batch.time_hock.pace": "▲ sooner Sooner on Hock: 8192 · 160× took ",
    "larger_batch.loss": "▼ lower Lower at 60 min in these two runs: loss per transition ",
    "larger_batch.q": "▲ higher, fragile Higher at ",
    "larger_batch.learner_share": "▲ higher Higher at 60 min",
    "smaller_batch.time_A01": "▼ worse Worse on A01 at 60 min",
    "smaller_batch.time_hock": "▼ worse Worse on Hock at 60 min",
}
WRONG = ["larger_batch.hurts", "larger_batch.no_benefit", "smaller_batch.helps"]
WRONG += ["over_tuning.golden_middle", "over_tuning.golden_middle_strict"]


def test_answers_and_claims_on_the_page_have_flipped(built: Built) -> None:
    for name, words in FLIPPED.items():
        text = without_spaces(built.box(f"answer.{name}").get_text()).removeprefix("#")
        assert text.startswith(words), (name, text[:100])
    for name in WRONG:
        badge = built.box(f"claim.{name}").select_one(".rulka-word")
        assert badge is not None
        assert badge.get_text().startswith("wrong"), name


def test_the_recommendation_and_the_configuration_are_those_of_uni_6(built: Built) -> None:
    code = built.pages[PAGE].select_one(".rulka-card-use pre")
    assert code is not None
    settings = dict(re.findall(r"^(\w+) = (\w+)$", code.get_text(), re.MULTILINE))
    assert settings == {"batch_size": "8192", "running_speed": "160"}
    section = built.section(f"{FURTHER}/answers.html", "recommendations")
    said = without_spaces(section.get_text())
    recommended = "Recommended: batch size 8,192 transitions and running speed 160 × real time"
    assert recommended in said
    assert "batch_size = 8192" in built.text(LANDING)
    # No other setting is recommended anywhere, nor another configuration shown.
    for page in built.pages:
        text = built.text(page)
        assert text.count("Recommended:") == text.count(recommended), page
        assert set(re.findall(r"batch_size = (\d+) ?# config", text)) <= {"8192"}, page
    first = section.select_one("table tbody tr")
    assert first is not None
    assert first.get_text(" ", strip=True).startswith("8192 · 160× 8,192 160")
    assert first.get_text(" ", strip=True).endswith("recommended")


def test_no_page_says_otherwise(built: Built) -> None:
    text = " ".join(built.text(page) for page in built.own)
    for page in built.pages:
        for opposite in ("Worse on A01 at 60 min in these two runs: 23.", "Later on A01: 8192"):
            assert opposite not in built.text(page), page
    # What is looked for is what pages say.
    for answer in built.answers.values():
        assert without_spaces(str(answer.sentence)) in text
    for claim in built.claims.values():
        assert without_spaces(str(claim.sentence)) in text


def test_every_answer_is_told_by_word_wherever_it_stands(built: Built) -> None:
    shown = {box_id(f"answer.{n}"): answer_in_words(one) for n, one in built.answers.items()}
    shown |= {box_id(f"claim.{n}"): claim_in_words(one) for n, one in built.claims.items()}
    page = f"{FURTHER}/answers.html"
    rows = built.pages[page].select("table.rulka-answers tbody tr")
    assert rows
    for link in (link for row in rows for link in row.select("a")):
        there, _, anchor = str(link["href"]).partition("#")
        linked = posixpath.normpath(posixpath.join(posixpath.dirname(page), there))
        assert built.section(linked if there else page, anchor)
        assert link.get_text() == shown[anchor]
    every = [box for page in built.own for box in built.pages[page].select(".rulka-answer")]
    boxes = {str(box["id"]): box for box in every}
    assert len(boxes) == len(every)
    assert set(boxes) == set(shown)
    for anchor, box in boxes.items():
        assert box.get("aria-label")
        link = box.select_one("a.rulka-permalink")
        assert link is not None
        assert link["href"] == f"#{anchor}"
        badge = box.select_one(".rulka-word")
        assert badge is not None
        assert badge.get_text() == shown[anchor]


def test_a_claim_has_no_colour(built: Built) -> None:
    """A faster run is never red, however wrong a claim about it was."""
    for name in built.claims:
        classes = built.box(f"claim.{name}")["class"]
        assert "rulka-claim" in classes
        assert not {"rulka-better", "rulka-worse"} & set(classes)


def test_no_link_within_a_page_leads_nowhere(built: Built) -> None:
    for page, soup in built.pages.items():
        there = {str(tag["id"]) for tag in soup.select("[id]")}
        wanted = {str(link["href"])[1:] for link in soup.select('article a[href^="#"]')} - {""}
        assert wanted <= there, page


def test_findings_that_touch_an_answer_are_told_and_linked(built: Built) -> None:
    listed = [row.get_text(" ") for row in built.pages[HEALTH].select("table tbody tr")]
    touched = {name for name, found in built.answers.items() if found.findings}
    assert "smaller_batch.time_A01" in touched
    for name, answer in built.answers.items():
        box = built.box(f"answer.{name}").select_one(".rulka-findings")
        if name not in touched:
            assert box is None, name
            continue
        assert box is not None, name
        link = box.select_one("a")
        assert link is not None
        page = built.page_of(f"answer.{name}")
        assert (built.site.html / page).parent.joinpath(str(link["href"])).resolve() == (
            built.site.html / HEALTH
        ).resolve()
        told = without_spaces(box.get_text())
        for finding in answer.findings:
            message = without_spaces(finding.message)
            assert f"{finding.severity.capitalize()}: {message}" in told, name
            of_kind = [row for row in listed if finding.kind.replace("_", " ") in row]
            named = re.compile(rf"\b{finding.run}\b")
            assert any(named.search(row) for row in of_kind), (name, message)


def test_no_claim_rests_on_another_maps_best(built: Built) -> None:
    text = without_spaces(built.box("claim.larger_batch.worse_times").get_text())
    assert "best exploring race time on Hock" in text
    assert "alltime_min_ms_hock" in text


# --- What people wrote ----------------------------------------------------------------------------

RATES = re.compile(
    r"\b(better|worse|best|wins?|won|beats?|improv\w+|hurts?|helps?|outperform\w*|sooner|later|"
    r"slower|shorter|recommend\w*)\b"
)
# What is history stays true whatever the logs say.
HISTORY = re.compile(r"\bas it was typed\b|\bonce\b|\bthe author (states|calls|called)\b")


def prose() -> Iterator[tuple[str, str]]:
    """Yield file and sentence of everything written by hand that pages show of the experiment."""
    for page in ("index.rst", *own_sources(), *guides()):
        text = (PROJECT / page).read_text(encoding="utf-8")
        text = re.sub(r"^(\.\. .*|   .*)$", "", text, flags=re.MULTILINE)
        text = re.sub(r":result:`[^`]+`", "", text)
        for sentence in re.split(r"(?<=[.:!?])\s+|\n\s*\n", text):
            yield page, without_spaces(sentence)
    for notebook in sorted((PROJECT / "notebooks").rglob("*.py")):
        text = notebook.read_text(encoding="utf-8")
        for cell in re.findall(r"^# %% \[markdown\]\n((?:#.*\n)+)", text, re.MULTILINE):
            words = re.sub(r"^# ?", "", cell, flags=re.MULTILINE)
            for sentence in re.split(r"(?<=[.:!?])\s+|\n\s*\n", words):
                yield str(notebook.relative_to(PROJECT)), without_spaces(sentence)


def own_sources() -> Iterator[str]:
    yield f"docs/experiments/{NAME}.rst"
    for path in sorted((PROJECT / "docs" / "experiments" / NAME).glob("*.rst")):
        yield path.relative_to(PROJECT).as_posix()


def guides() -> Iterator[str]:
    for path in sorted((PROJECT / "docs" / "guides").glob("*.rst")):
        yield path.relative_to(PROJECT).as_posix()


def test_nobody_rates_a_run_by_hand() -> None:
    sentences = [(page, text) for page, text in prose() if re.search(r"uni_\d", text)]
    assert len(sentences) > 10
    rated = [(page, s) for page, s in sentences if RATES.search(s) and not HISTORY.search(s)]
    assert rated == []


# --- Other changes, through the notebooks' own code -----------------------------------------------

Published = Mapping[str, Result]
NOTEBOOKS = (
    f"{NAME}/answers",
    f"{NAME}/smaller_batch",
    f"{NAME}/over_tuning",
    f"{NAME}/page",
    f"{NAME}/recommendation",
    f"{NAME}/typed_figures",
    "log_health/findings",
)


def published(logs: Path, project: Path = PROJECT) -> dict[str, Result]:
    """Run notebooks on logs and return what they hand to pages."""
    found: dict[str, Result] = {}

    def keep(name: str, value: Any, **shown: Any) -> None:
        assert name not in found
        found[name] = encode(name, value, **shown)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RULKA_LOGDIR", str(logs))
        patch.setenv("RULKA_PROJECT", str(project))
        patch.setattr(rulka_analysis, "publish", keep)
        patch.setattr(comparisons, "publish", keep)
        for name in NOTEBOOKS:
            runpy.run_path(str(PROJECT / "notebooks" / f"{name}.py"))
    return found


def words(data: Any) -> str:
    """Return all text of a result's data."""
    if isinstance(data, str):
        return data
    if isinstance(data, Mapping):
        return as_text(data) if "parts" in data and "text" not in data else words([*data.values()])
    if isinstance(data, list):
        return " ".join(words(part) for part in data)
    return ""


def said(found: Published, name: str) -> str:
    return as_text(found[name].data)


@pytest.fixture(scope="module")
def all_there(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    logs = tmp_path_factory.mktemp("all") / "logs"
    write_runs(logs, *RUNS)
    return published(logs)


def test_without_uni_9_nothing_is_said_of_it(all_there: Published, tmp_path: Path) -> None:
    write_runs(tmp_path / "logs", *(run for run in RUNS if run.name != "uni_9"))
    found = published(tmp_path / "logs")
    answers = [name for name in found if name.startswith("answer.")]
    of_it = [name for name in answers if ".uni_9" in name]
    assert len(of_it) == 8
    for name in of_it:
        assert found[name].data["answer"] == "no data"
        assert as_text(found[name].data["sentence"]).endswith("there is no run uni_9.")
        assert found[name].data["deciding"]["rows"] == []
    # What has nothing to do with it says what it said.
    for name in set(answers) - set(of_it):
        assert found[name].data["sentence"] == all_there[name].data["sentence"]
    for name in ("golden_middle", "raw_loss_does_not_tell", "uni_9_later", "worse"):
        verdict = found[f"claim.over_tuning.{name}"].data["verdict"]
        assert verdict in ("no data", "wrong"), name
    assert "(uni_6)" in said(found, "recommendation")
    told = said(found, "recommendation") + said(found, "recommendation_runner_up")
    assert "uni_9" not in told
    ranking = words(found["recommendation_ranking"].data)
    assert "64 · 1024× cannot win: not in these logs." in ranking
    assert "names runs that are not in these logs: uni_9." in words(found["findings"].data)
    figures = found["typed_figures"].data
    status = [key for key, _ in figures["columns"]].index("status")
    typed = [cells for row, cells in figures["rows"] if ": uni_9" in row]
    assert typed
    assert {as_text(cells[status]) for cells in typed} == {"not in these logs"}


@pytest.mark.long
def test_of_equal_runs_no_difference_is_said(tmp_path: Path) -> None:
    # They differ in their settings, and by chance.
    equal = [
        replace(GOOD, name=r.name, batch_size=r.batch_size, seed=r.seed, noise=0.02) for r in RUNS
    ]
    write_runs(tmp_path / "logs", *equal)
    found = published(tmp_path / "logs")
    differ = {"better", "worse", "higher", "lower", "sooner", "later"}
    answers = {n: r.data["answer"] for n, r in found.items() if n.startswith("answer.")}
    assert not differ & set(answers.values()), answers
    for name in ("smaller_batch.helps", "over_tuning.hurts", "larger_batch.hurts"):
        assert found[f"claim.{name}"].data["verdict"] in ("wrong", "too strong"), name
    assert found["claim.larger_batch.no_benefit"].data["verdict"] == "holds"
    told = said(found, "recommendation")
    assert told.startswith("Nothing is recommended. These settings cannot be told apart by")
    # Nothing to copy into a configuration: the same is said there.
    assert found["recommendation_configuration"].kind == "sentence"
    assert said(found, "recommendation_configuration") == told


def with_replicates(folder: Path, *runs: str) -> Path:
    """Return a project whose definition declares more runs, each like the one it is named after."""
    shutil.copytree(PROJECT / "data" / "published", folder / "data" / "published")
    text = (PROJECT / DEFINITION).read_text(encoding="utf-8")
    for name in runs:
        of = re.search(rf"^{name[:-1]} = (.*)\n", text, re.MULTILINE)
        assert of is not None
        text = text.replace(of[0], f"{of[0]}{name} = {of[1]}\n")
    (folder / DEFINITION).parent.mkdir(parents=True)
    (folder / DEFINITION).write_text(text, encoding="utf-8")
    return folder


def test_three_runs_of_a_setting_give_intervals(all_there: Published, tmp_path: Path) -> None:
    more = [
        replace(run, name=f"{run.name}{letter}", seed=run.seed + 100 * ord(letter))
        for run in RUNS
        if run.name in ("uni_5", "uni_7")
        for letter in "bc"
    ]
    project = with_replicates(tmp_path / "project", *(run.name for run in more))
    truths = write_runs(tmp_path / "logs", *RUNS, *more)
    found = published(tmp_path / "logs", project)
    for map, tag in (
        ("A01", "Race/eval_race_time_robust_trained_A01"),
        ("hock", "Race/explo_race_time_trained_hock"),
    ):
        data = found[f"answer.smaller_batch.time_{map}"].data
        assert data["answer"] == "worse"
        best = {run: truth.best(tag) for run, truth in truths.items()}
        fives, sevens = ([best[f"{run}{x}"] for x in ("", "b", "c")] for run in ("uni_5", "uni_7"))
        said_of = as_text(data["sentence"])
        assert f"{sum(sevens) / 3:.2f} s with 512 · 512× (mean of 3 runs)" in said_of
        assert f"{sum(fives) / 3:.2f} s with 2048 · 160× (mean of 3 runs)" in said_of
        assert "95 % interval of the difference: " in as_text(data["strength"])
        # Every run is shown.
        columns = [key for key, _ in data["deciding"]["columns"]]
        for run in ("uni_5", "uni_5b", "uni_5c", "uni_7", "uni_7b", "uni_7c"):
            cell = data["deciding"]["rows"][0][1][columns.index(run)]
            assert as_text(cell) == f"{best[run]:.2f} s"
        before = as_text(all_there[f"answer.smaller_batch.time_{map}"].data["strength"])
        assert before.startswith("One run a setting: ")
    # One setting with three runs, one with one: a noise limit.
    further = as_text(found["answer.over_tuning.time_A01.uni_9"].data["strength"])
    assert further.startswith("1 against 3 runs: ")
    told = said(found, "recommendation_strength")
    assert told.startswith("Runs of one setting: 2048 · 160×: 3; 512 · 512×: 3.")
