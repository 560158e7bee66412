"""What pages conclude follows the logs: other logs, other conclusions, on every page.

The logs are generated at full resolution and their truth is known. Where `uni_6` is the best, the
whole site is built and read; other changes go through the notebooks' own code.
"""

from __future__ import annotations

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
from rulka_analysis.experiments.definition import DeclaredConclusion
from rulka_analysis.experiments.experiment import Experiment
from rulka_analysis.logs.runs import Logs
from rulka_analysis.pages.results import Result, as_text, encode
from rulka_analysis.pages.sphinx.conclusions import conclusion_id
from rulka_analysis.project import load_experiment
from rulka_analysis.verdicts.evaluate import Conclusion
from rulka_analysis.verdicts.wording import title_within
from tests.site_of_project import PAGE, PROJECT, Site
from tests.training_logs import TrainingRun, write_runs

NAME = "batch_size_and_running_speed"
DEFINITION = Path("docs/experiments") / f"{NAME}.toml"
LANDING, HEALTH = "index.html", "docs/guides/log_health.html"
NOTEBOOK = f"notebooks/{NAME}/conclusions.html"

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


def evaluated(logs: Path, definition: Path) -> tuple[Experiment, dict[str, Conclusion]]:
    experiment = load_experiment(NAME, Logs(logs), path=definition)
    return experiment, {conclusion.name: conclusion for conclusion in experiment.conclusions()}


# --- The whole site, from logs in which uni_6 is the best -----------------------------------------


@dataclass
class Built:
    """A site, the logs it was built from, and what they say."""

    site: Site
    logs: Path

    @cached_property
    def _evaluated(self) -> tuple[Experiment, dict[str, Conclusion]]:
        return evaluated(self.logs, self.site.folder / DEFINITION)

    @property
    def experiment(self) -> Experiment:
        return self._evaluated[0]

    @property
    def conclusions(self) -> dict[str, Conclusion]:
        return self._evaluated[1]

    @cached_property
    def pages(self) -> dict[str, BeautifulSoup]:
        """Every page as it is read: without what is hidden behind a number."""
        found = {}
        for path in sorted(self.site.html.rglob("*.html")):
            page = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
            for hidden in page.select(".rulka-evidence"):
                hidden.decompose()
            found[path.relative_to(self.site.html).as_posix()] = page
        return found

    def text(self, page: str) -> str:
        """Return a page's text without the author's words, which are quoted."""
        text = without_spaces(self.pages[page].get_text())
        for conclusion in self.conclusions.values():
            if conclusion.typed:
                text = text.replace(without_spaces(conclusion.typed), "")
        return text

    def section(self, page: str, anchor: str) -> Tag:
        found = self.pages[page].find(id=anchor)
        assert isinstance(found, Tag), f"{page} has no #{anchor}"
        return found

    def box(self, name: str) -> Tag:
        return self.section(PAGE, conclusion_id(name))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    logs = tmp_path_factory.mktemp("uni_6_best") / "logs"
    # As the real program wrote it: another map's best stands under each map's tag.
    write_runs(logs, *(replace(run, best_under_map_just_raced=True) for run in RUNS))
    site = Site.copied(tmp_path_factory.mktemp("site") / "project")
    site.build_well(logs)
    return Built(site, logs)


FLIPPED = {
    "larger_batch_worse_A01": "uni_6 does not drive worse than uni_5 on A01 but better",
    "larger_batch_worse_hock": "uni_6 does not drive worse than uni_5 on Hock but better",
    "larger_batch_not_better_A01": "uni_6 drives better than uni_5 on A01",
    "larger_batch_not_better_hock": "uni_6 drives better than uni_5 on Hock",
    "larger_batch_later_A01": "uni_6 does not reach the targets on A01 later than uni_5 but sooner",
    "larger_batch_later_hock": (
        "uni_6 does not reach the targets on Hock later than uni_5 but sooner"
    ),
    "larger_batch_loss_higher": (
        "In uni_6 the loss per transition is not higher than in uni_5 but lower"
    ),
    "larger_batch_Q_lower": "In uni_6 the average Q on A01 is not lower than in uni_5 but higher",
    "larger_batch_share_no_gain": (
        "In uni_6 the learner time spent training is higher than in uni_5"
    ),
    "smaller_batch_better_A01": "uni_7 does not drive better than uni_5 on A01 but worse",
    "smaller_batch_better_hock": "uni_7 does not drive better than uni_5 on Hock but worse",
}
COMPOUNDS = ["larger_batch_hurts", "larger_batch_no_benefit", "smaller_batch_helps"]


def test_conclusions_on_the_page_have_flipped(built: Built) -> None:
    for name, words in FLIPPED.items():
        text = without_spaces(built.box(name).get_text())
        assert re.match(r"#?✗ Contradicted\b", text), name
        assert words in text, name
    for name in [*COMPOUNDS, "golden_middle", "golden_middle_strict"]:
        text = without_spaces(built.box(name).get_text())
        assert re.match(r"#?✗ Contradicted\b", text), name


def test_the_recommendation_and_the_configuration_are_those_of_uni_6(built: Built) -> None:
    section = built.section(PAGE, "what-to-use")
    code = section.select_one("pre")
    assert code is not None
    settings = dict(re.findall(r"^(\w+) = (\w+)$", code.get_text(), re.MULTILINE))
    assert settings == {"batch_size": "8192", "running_speed": "160"}
    said = without_spaces(section.get_text())
    recommended = "Recommended: batch size 8,192 transitions and running speed 160 × real time"
    assert recommended in said
    assert f"{recommended} (uni_6)" in built.text(LANDING)
    # No other setting is recommended anywhere, nor another configuration shown.
    for page in built.pages:
        text = built.text(page)
        assert text.count("Recommended:") == text.count(recommended), page
        assert set(re.findall(r"batch_size = (\d+) ?# config", text)) <= {"8192"}, page
    first = section.select_one("table tbody tr")
    assert first is not None
    assert first.get_text(" ", strip=True).startswith("uni_6 8,192 160")
    assert first.get_text(" ", strip=True).endswith("recommended")


def claim(built: Built, name: str) -> str:
    """Return what a page would say if the logs supported a conclusion, up to its first number."""
    declared = built.experiment.definition.conclusions[name]
    template = re.split(
        r"(?<=:) \{|(?<= )\(\{title|\{claimed|\{reason", declared.sentences["supported"]
    )[0]
    fields = {"candidate": declared.candidate, "baseline": declared.baseline}
    if declared.metric and not declared.golden_middle:
        measure = built.experiment.all_runs().measure(
            declared.metric, declared.map, as_logged=declared.as_logged
        )
        fields |= {"title": title_within(measure), "map": measure.map_title}
    return without_spaces(template.format(**fields))


def test_no_page_says_otherwise(built: Built) -> None:
    conclusions = built.conclusions
    texts = {page: built.text(page) for page in built.pages}
    said = {name: claim(built, name) for name in conclusions}
    not_so = {c: n for n, c in said.items() if conclusions[n].verdict != "supported"}
    assert len(not_so) > 20
    for page, text in texts.items():
        for words in not_so:
            # "Whether it is so cannot be told" does not say that it is.
            assert not re.search(rf"(?<!Whether ){re.escape(words)}", text), (page, words)
    # What is looked for is what pages say: of conclusions that hold, it is found.
    holds = [said[name] for name, found in conclusions.items() if found.verdict == "supported"]
    assert holds
    for words in holds:
        assert words in texts[PAGE]
        assert words in texts[NOTEBOOK]


def test_every_verdict_is_told_by_word_wherever_it_stands(built: Built) -> None:
    word = {name: found.verdict.capitalize() for name, found in built.conclusions.items()}
    for page in (LANDING, PAGE):
        rows = built.pages[page].select("table.rulka-verdicts tbody tr")
        assert rows
        for row in rows:
            link = row.select_one("a")
            assert link is not None
            (name,) = (n for n in word if str(link["href"]).endswith(f"#{conclusion_id(n)}"))
            assert re.match(rf"\W {word[name]}\b", link.get_text()), (page, name)
            sentence = without_spaces(str(built.conclusions[name].sentence))
            assert sentence in without_spaces(row.get_text()), (page, name)
    for name, verdict in word.items():
        badge = built.box(name).select_one(".rulka-verdict")
        assert badge is not None
        assert re.match(rf"\W {verdict}\b", badge.get_text()), name


def test_every_conclusion_has_a_permanent_link(built: Built) -> None:
    anchors = [conclusion_id(name) for name in built.conclusions]
    boxes = [str(box["id"]) for box in built.pages[PAGE].select(".rulka-conclusion")]
    assert sorted(boxes) == sorted(anchors)
    for name, anchor in zip(built.conclusions, anchors, strict=True):
        box = built.box(name)
        assert box.get("aria-label")
        link = box.select_one("a.rulka-permalink")
        assert link is not None
        assert link["href"] == f"#{anchor}"
    for link in built.pages[LANDING].select("table.rulka-verdicts a"):
        page, _, anchor = str(link["href"]).partition("#")
        assert page == PAGE
        assert anchor in anchors


def test_no_link_within_a_page_leads_nowhere(built: Built) -> None:
    for page, soup in built.pages.items():
        there = {str(tag["id"]) for tag in soup.select("[id]")}
        wanted = {str(link["href"])[1:] for link in soup.select('article a[href^="#"]')} - {""}
        assert wanted <= there, page


def test_findings_that_touch_a_conclusion_are_told_and_linked(built: Built) -> None:
    listed = [row.get_text(" ") for row in built.pages[HEALTH].select("table tbody tr")]
    touched = {name for name, found in built.conclusions.items() if found.findings}
    assert {"larger_batch_worse_hock", "smaller_batch_better_A01"} <= touched
    for name, conclusion in built.conclusions.items():
        box = built.box(name).select_one(".rulka-findings")
        if name not in touched:
            assert box is None, name
            continue
        assert box is not None, name
        link = box.select_one("a")
        assert link is not None
        assert (built.site.html / PAGE).parent.joinpath(str(link["href"])).resolve() == (
            built.site.html / HEALTH
        ).resolve()
        told = without_spaces(box.get_text())
        for finding in conclusion.findings:
            message = without_spaces(finding.message)
            assert f"{finding.severity.capitalize()}: {message}" in told, name
            of_kind = [row for row in listed if finding.kind.replace("_", " ") in row]
            named = re.compile(rf"\b{finding.run}\b")
            assert any(named.search(row) for row in of_kind), (name, message)


def test_no_verdict_rests_on_another_maps_best(built: Built) -> None:
    text = without_spaces(built.box("larger_batch_worse_hock").get_text())
    assert "best exploring race time on Hock" in text
    assert "alltime_min_ms_hock" in text
    assert "Error: " in text


# --- What people wrote ----------------------------------------------------------------------------

RATES = re.compile(
    r"\b(better|worse|best|wins?|won|beats?|improv\w+|hurts?|helps?|outperform\w*|sooner|later|"
    r"slower|shorter|recommend\w*)\b"
)
# What is history stays true whatever the logs say.
HISTORY = re.compile(r"\bas it was typed\b|\bonce\b|\bthe author (states|calls|called)\b")


def prose() -> Iterator[tuple[str, str]]:
    """Yield file and sentence of everything written by hand that pages show of the experiment."""
    for page in ("index.rst", f"docs/experiments/{NAME}.rst", *guides()):
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
    f"{NAME}/conclusions",
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


def verdict(found: Published, name: str) -> str:
    return str(found[f"conclusion.{name}"].data["verdict"])


def sentence(found: Published, name: str) -> str:
    return as_text(found[f"conclusion.{name}"].data["sentence"])


@pytest.fixture(scope="module")
def all_there(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    logs = tmp_path_factory.mktemp("all") / "logs"
    write_runs(logs, *RUNS)
    return published(logs)


def test_without_uni_9_nothing_is_said_of_it(all_there: Published, tmp_path: Path) -> None:
    write_runs(tmp_path / "logs", *(run for run in RUNS if run.name != "uni_9"))
    found = published(tmp_path / "logs")
    names = [name.removeprefix("conclusion.") for name in found if name.startswith("conclusion.")]
    of_it = [name for name in names if "uni_9" in name]
    assert len(of_it) > 8
    for name in of_it:
        assert verdict(found, name) == "no data", name
        assert sentence(found, name).endswith("is not known: there is no run uni_9."), name
        assert found[f"conclusion.{name}"].data["deciding"]["rows"] == []
    # Where it is one of several, the others may contradict; nothing is supported.
    declared = load_experiment(NAME, Logs(tmp_path / "logs")).definition.conclusions
    of_several = [name for name in names if name not in of_it and involves(declared, name, "uni_9")]
    assert "golden_middle" in of_several
    assert "raw_loss_does_not_tell" in of_several
    for name in of_several:
        assert verdict(found, name) in ("no data", "contradicted"), name
    # What has nothing to do with it says what it said.
    for name in set(names) - {*of_it, *of_several}:
        assert sentence(found, name) == sentence(all_there, name), name
    assert "(uni_6)" in said(found, "recommendation")
    assert "uni_9" not in said(found, "recommendation") + said(found, "recommendation_runner_up")
    assert "uni_9 cannot win: not in these logs." in words(found["recommendation_ranking"].data)
    assert "Not in these logs, but in the definition: uni_9." in words(found["findings"].data)
    figures = found["typed_figures"].data
    status = [key for key, _ in figures["columns"]].index("status")
    typed = [cells for row, cells in figures["rows"] if ": uni_9" in row]
    assert typed
    assert {as_text(cells[status]) for cells in typed} == {"not in these logs"}


def involves(declared: Mapping[str, DeclaredConclusion], name: str, run: str) -> bool:
    """Tell whether a conclusion, or a part of it, is about a run."""
    one = declared[name]
    neighbours = one.golden_middle.neighbours if one.golden_middle else ()
    return run in (one.candidate, one.baseline, *neighbours) or any(
        involves(declared, part, run) for part in one.all_of
    )


def test_of_equal_runs_no_difference_is_claimed(tmp_path: Path) -> None:
    # They differ in their settings, and by chance.
    equal = [
        replace(GOOD, name=r.name, batch_size=r.batch_size, seed=r.seed, noise=0.02) for r in RUNS
    ]
    write_runs(tmp_path / "logs", *equal)
    found = published(tmp_path / "logs")
    declared = load_experiment(NAME, Logs(tmp_path / "logs")).definition.conclusions
    differences = ("worse", "better", "higher", "lower", "sooner", "later")
    for name, one in declared.items():
        # The loss as logged is a sum over the batch: that it differs is true.
        if one.claim in differences and not one.as_logged:
            assert verdict(found, name) in ("contradicted", "cannot tell"), name
            assert " but " not in sentence(found, name).partition(":")[0], name
        if one.claim and one.claim.startswith("not "):
            assert verdict(found, name) == "supported", name
    for name in ("larger_batch_hurts", "smaller_batch_helps", "over_tuning_hurts", "golden_middle"):
        assert verdict(found, name) == "contradicted"
    assert verdict(found, "over_tuning_no_better_driving") == "supported"
    told = said(found, "recommendation")
    assert told.startswith("Nothing is recommended. These settings cannot be told apart by")
    # Nothing to copy into a configuration: the same is said there.
    assert found["recommendation_configuration"].kind == "sentence"
    assert said(found, "recommendation_configuration") == told
    assert said(found, "recommendation_runner_up") == "There is no runner-up."


def with_replicates(folder: Path, *runs: str) -> Path:
    """Return a project whose definition declares more runs, each like the one it is named after."""
    shutil.copytree(PROJECT / "data" / "published", folder / "data" / "published")
    text = (PROJECT / DEFINITION).read_text(encoding="utf-8")
    for name in runs:
        of = re.search(rf"\[runs\.{name[:-1]}\]\n.*\n(settings = .*)\n", text)
        assert of is not None
        text += f'\n[runs.{name}]\ndescription = "Again"\n{of[1]}\n'
    (folder / DEFINITION).parent.mkdir(parents=True)
    (folder / DEFINITION).write_text(text, encoding="utf-8")
    return folder


INTERVAL = re.compile(
    r"The difference of the interquartile means is (\S+) s, with a bootstrap interval from (\S+) s "
    r"to (\S+) s, which does not hold zero\."
)


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
        name = f"smaller_batch_better_{map}"
        assert verdict(found, name) == "contradicted"
        strength = as_text(found[f"conclusion.{name}"].data["strength"])
        assert "Observed once" not in strength
        best = {run: truth.best(tag) for run, truth in truths.items()}
        for run in ("uni_5", "uni_5b", "uni_5c", "uni_7", "uni_7b", "uni_7c"):
            assert f"{run} {best[run]:.2f} s" in strength
        interval = INTERVAL.search(strength)
        assert interval is not None, strength
        difference, low, high = numbers(interval.groups())
        fives, sevens = ([best[f"{run}{x}"] for x in ("", "b", "c")] for run in ("uni_5", "uni_7"))
        assert difference == pytest.approx(sum(sevens) / 3 - sum(fives) / 3, abs=0.006)
        assert min(sevens) - max(fives) - 0.006 <= low <= difference <= high
        assert high <= max(sevens) - min(fives) + 0.006
        assert "hold the true value" in strength
        # With one run of each setting there is none.
        before = as_text(all_there[f"conclusion.{name}"].data["strength"])
        assert before.startswith("Observed once")
        assert "interval" not in before
    # One setting with three runs, one with one: no interval of the difference.
    larger = as_text(found["conclusion.larger_batch_worse_A01"].data["strength"])
    assert "interquartile mean" in larger
    assert "Of the setting of uni_6 there is one run." in larger
    assert INTERVAL.search(larger) is None
    told = said(found, "recommendation_strength")
    assert told.startswith(
        "Runs of one setting: uni_5, uni_5b, uni_5c: 3; uni_7, uni_7b, uni_7c: 3."
    )
    assert "Run once: uni_6 and uni_9" in told
    assert "(uni_6)" in said(found, "recommendation")


def numbers(texts: tuple[str, ...]) -> list[float]:
    return [float(text.replace("\u2212", "-")) for text in texts]
