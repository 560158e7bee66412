"""What is to be said of logs that no experiment is about yet: their runs, and what they show."""

from __future__ import annotations

import shlex
from collections import Counter
from functools import cached_property

from rulka_analysis.logs.runs import Logs
from rulka_analysis.pages import tables
from rulka_analysis.pages.answers import log_directory_answer
from rulka_analysis.pages.blocks.spark import spark
from rulka_analysis.pages.multiples import multiples
from rulka_analysis.pages.results import Block, Code, Figure, Figures
from rulka_analysis.project import draft_experiment, load_experiments
from rulka_analysis.values import questions
from rulka_analysis.values.quantities import Sentence
from rulka_analysis.values.sentences import listed
from rulka_analysis.values.tables import Table
from rulka_analysis.values.text import amount
from rulka_analysis.verdicts.answer import Answered
from rulka_analysis.verdicts.loaded import LoadedExperiment

# Of runs; of more, groups are shown, and of answers as many as half.
MOST_ROWS = 24


class TheseLogs:
    """The runs of some logs that no experiment is about, as an experiment that nobody declared.

    Parameters
    ----------
    logs : Logs
        A log directory.
    """

    def __init__(self, logs: Logs) -> None:
        questions.note("log_directory", "", log_directory_answer(logs))
        self.logs = logs
        self.experiments = load_experiments(logs)
        self.others = tuple(
            run
            for run in logs.runs
            if not any(e.definition.declares(run) for e in self.experiments)
        )

    @cached_property
    def drafted(self) -> LoadedExperiment | None:
        """The runs of no experiment as one; None where there is no such run."""
        return draft_experiment(self.logs, self.others) if self.others else None

    def heading(self) -> Sentence:
        """Return how many runs there are, and of which experiments."""
        fields = {
            "runs": amount(len(self.logs.runs), "run"),
            "name": "the bundled curves" if self.logs.bundled else self.logs.name,
            "titles": str(listed([Sentence(_plain(e.title)) for e in self.experiments])),
        }
        if self.drafted is None:
            return Sentence("{runs} of {name}, all of declared experiments: {titles}.", fields)
        fields["groups"] = amount(len(self.drafted.groups), "group")
        if not self.experiments:
            return Sentence("{runs} of {name}, of no experiment, in {groups}.", fields)
        fields["others"] = f"{len(self.others):,}"
        text = "{runs} of {name}, {others} of no experiment, in {groups}; the others of {titles}."
        return Sentence(text, fields)

    def card(self) -> Block | Sentence:
        """Return the card of the landing page; the heading where no run is left to speak of."""
        if self.drafted is None:
            return self.heading()
        others = amount(len(self.others), "run")
        groups = amount(len(self.drafted.groups), "group")
        content = {
            "title": "These logs",
            "question": "What do the runs say that belong to no experiment?",
            "answer": f"{others} of no experiment, in {groups}",
            "use": [],
            "chips": [],
        }
        return Block("card", content)

    def runs(self) -> Table | Sentence:
        """Return the runs group by group, what was set and who says so; of many the groups."""
        if self.drafted is None:
            return Sentence(
                "Settings, length and findings of each stand on its experiment's pages."
            )
        if len(self.others) > MOST_ROWS:
            return tables.groups_in_short(self.drafted, MOST_ROWS)
        return tables.runs_by_group(self.drafted, self.drafted.noticed)

    def told_apart(self) -> Sentence:
        """Return by what groups are told apart, or what is missing to tell them."""
        if self.drafted is None:
            return Sentence("Each is compared on its experiment's page; none is left over.")
        settings = self.drafted.definition.settings
        telling = [one.title for one in settings.values() if not one.replicate]
        if not telling and len(self.drafted.groups) > 1:
            return Sentence(
                "Nothing tells what was varied: no setting stands in the logs, in a file beside "
                "them or in the names of runs. Log the settings, put the file with them into the "
                "folder of each run, or write them into a definition."
            )
        if len(self.drafted.groups) < 2:
            alike = len(self.drafted.groups[0].runs) > 1
            told = "They all have the same settings" if alike else "One run is left"
            return Sentence(f"{told}: there is nothing to compare yet.")
        count = len(self.drafted.definition.exclude)
        left_out = f" {amount(count, 'run')} left out, as the table says." if count else ""
        baseline = _plain(self.drafted.group(self.drafted.definition.baseline).label)
        named = str(listed([Sentence(_plain(title[:1].lower() + title[1:])) for title in telling]))
        return Sentence(
            "Groups are told apart by {settings}. They are held against {baseline}, which is a "
            "guess; nobody declared what difference matters, so none is called level.{left_out}",
            {"settings": named or "their names", "baseline": baseline, "left_out": left_out},
        )

    @cached_property
    def _answers(self) -> tuple[Answered, ...]:
        several = self.drafted is not None and len(self.drafted.groups) > 1
        return self.drafted.answers() if self.drafted is not None and several else ()

    def answers(self) -> Table | Sentence:
        """Return how groups stand to the one that is taken for the baseline; of many how often."""
        if not self._answers:
            return Sentence("")
        if len(self._answers) > MOST_ROWS // 2:
            count = Counter(answer.word for answer in self._answers)
            told = ", ".join(f"{times:,} {word}" for word, times in count.most_common())
            return Sentence("Answers: {told}.", {"told": told})
        return tables.answers(self._answers)

    @cached_property
    def _drawn(self) -> dict[str, Figures]:
        if self.drafted is None:
            return {}
        found = self.drafted
        compared = [name for group in found.groups for name in group.runs]
        runs = {name: run for name in compared if (run := found.run(name)) is not None}
        every, asked = found.all_runs(), found.definition.asked
        first = [s.tag for name in asked for s in every.known_series(every.measure(name)).values()]
        baseline = found.group(found.definition.baseline)
        return multiples(runs, found.groups, baseline, found.catalogue, [*dict.fromkeys(first)])

    def figures(self) -> Figures | Sentence:
        """Return small figures of the metrics that runs have in common, the likely outcomes."""
        if self.drafted is None:
            return Sentence("Explore draws each metric of all of them.")
        return self._drawn.get("") or Sentence("")

    def spark(self) -> Figure | Sentence:
        """Return the likely outcome as a small drawing for a card."""
        return Sentence("") if self.drafted is None else spark(self.drafted)

    def folded(self) -> dict[str, Table | Figures]:
        """Return what is shown on demand, by the words under which it is found."""
        found: dict[str, Table | Figures] = {}
        if self.drafted is not None and len(self.others) > MOST_ROWS:
            every = tables.runs_by_group(self.drafted, self.drafted.noticed)
            found[f"Every run ({len(self.others):,})"] = every
        if len(self._answers) > MOST_ROWS // 2:
            found[f"Every answer ({len(self._answers):,})"] = tables.answers(self._answers)
        for heading, drawn in self._drawn.items():
            if heading:
                count = sum(map(len, drawn.choices.values()))
                found[f"{heading} ({amount(count, 'metric')})"] = drawn
        return found

    def command(self) -> Code:
        """Return the command that makes an experiment of these logs."""
        place = "" if self.logs.bundled else f" --logdir {shlex.quote(self.logs.name)}"
        return Code(f"rulka-analysis new NAME{place}", "console")


def _plain(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
