"""The settings to use, computed: settings ranked by the declared objectives where all are known.

A setting takes part if it differs from the baseline in the recommended settings only, so that what
wins wins by them. Its value is the mean of its group's runs. A setting cannot win when one of its
recommended values was not recorded, or when an objective has no data of it; the ranking shows it,
and why. It is a decision and no test: how sure it is, the answers say.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rulka_analysis.experiments.comparison import window_end
from rulka_analysis.experiments.experiment import Experiment
from rulka_analysis.logs.clocks import MINUTES, Clock, Window
from rulka_analysis.logs.positions import checkpoints
from rulka_analysis.values.quantities import Quantity, Sentence
from rulka_analysis.values.sentences import in_words, joined, listed
from rulka_analysis.values.tables import Cell, Table
from rulka_analysis.verdicts.answer import Answered, Contradicted
from rulka_analysis.verdicts.evaluate import Evaluation, Question
from rulka_analysis.verdicts.ranking import Ranking, Stretch, stretches
from rulka_analysis.verdicts.tried import SettingsTried, Tried
from rulka_analysis.verdicts.words import filled

# As many other answers a sentence lists; the table has all.
_STRETCHES_TOLD = 3
# The ranking again with margins half and twice as large.
OTHER_MARGINS = {"half": 0.5, "twice": 2.0}


@dataclass(frozen=True)
class Recommendation:
    """What is recommended, and how sure that is.

    Parameters
    ----------
    winner : Tried or None
        The recommended setting; None where settings cannot be told apart, or nothing is known.
    level : tuple of Tried
        Those that share the first place.
    runner_up : tuple of Tried
        Those on the second place.
    end : Quantity
        The common end, where they were ranked.
    sentence : Sentence
        What is recommended.
    decided_by : Sentence
        How the objectives decided.
    second : Sentence
        The runner-up.
    horizon : Sentence
        Whether another setting is ahead elsewhere.
    left_out : Sentence
        Who could not win or did not take part, and why; empty when there is nobody.
    strength : Sentence
        How often each setting was run.
    sensitivity : Sentence
        What smaller and larger margins would say.
    ranking, horizons : Table
        All settings at the common end; which is first where on each clock.
    configuration : str or None
        What to write into the configuration files, as Python.
    """

    winner: Tried | None
    level: tuple[Tried, ...]
    runner_up: tuple[Tried, ...]
    end: Quantity
    sentence: Sentence
    decided_by: Sentence
    second: Sentence
    horizon: Sentence
    left_out: Sentence
    strength: Sentence
    sensitivity: Sentence
    ranking: Table
    horizons: Table
    configuration: str | None

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data for JSON."""

        def plain(tried: Tried) -> dict[str, Any]:
            settings = {
                name: value.as_dict() if isinstance(value, Quantity) else value
                for name, value in tried.settings.items()
            }
            return {"label": tried.name, "runs": list(tried.runs), "settings": settings}

        return {
            "winner": None if self.winner is None else plain(self.winner),
            "level": [plain(tried) for tried in self.level],
            "runner_up": [plain(tried) for tried in self.runner_up],
            "end": self.end.as_dict(),
            "sentence": str(self.sentence),
            "decided_by": str(self.decided_by),
            "second": str(self.second),
            "horizon": str(self.horizon),
            "left_out": str(self.left_out),
            "strength": str(self.strength),
            "sensitivity": str(self.sensitivity),
            "ranking": _plain(self.ranking),
            "horizons": _plain(self.horizons),
            "configuration": self.configuration,
        }


def _plain(table: Table) -> list[dict[str, str]]:
    return [dict(zip(table.columns, map(str, cells), strict=True)) for cells in table.rows.values()]


def recommend(
    experiment: Experiment,
    contradicted: Contradicted | None = None,
    evaluation: Evaluation | None = None,
) -> Recommendation:
    """Return which settings the logs in use speak for.

    Parameters
    ----------
    experiment : Experiment
        Its objectives decide, in order.
    contradicted : mapping of (run, tag) to Finding, optional
        Series that something else in the log contradicts: nothing rests on them.
    evaluation : Evaluation, optional
        What answers how the winner stands to others; by default one on these series.
    """
    series = contradicted or {}
    asked = evaluation or Evaluation(experiment, (), series)
    return _Answer(SettingsTried(experiment, series, asked.same), asked).recommendation()


class _Answer:
    """Words and tables for a ranking."""

    def __init__(self, tried: SettingsTried, evaluation: Evaluation) -> None:
        self.tried = tried
        self.evaluation = evaluation
        self.titles = tried.titles
        self.measures = tried.measures
        self.by_name = {one.name: one for one in tried.all}
        self.steps = tried.every.clock("steps")

    def recommendation(self) -> Recommendation:
        window = self.tried.window(MINUTES)
        values = self.tried.values(MINUTES, window.end) if window.known else {}
        ranking = self.tried.ranked(self.tried.table(values))
        by_name = self.by_name
        level = tuple(by_name[name] for name in ranking.first)
        winner = level[0] if len(level) == 1 else None
        withheld = self._worse_than(winner) if winner is not None else None
        if withheld is not None:
            winner = None
        runner_up = tuple(by_name[name] for name in ranking.second)
        end = self._end(window)
        horizons = {clock: self._horizon(clock) for clock in (MINUTES, self.steps)}
        return Recommendation(
            winner=winner,
            level=level,
            runner_up=runner_up,
            end=end,
            sentence=withheld or self._sentence(level, end, window),
            decided_by=self._decided_by(ranking, values),
            second=joined(
                [self._second(runner_up, values), *self._stands(winner, runner_up, ranking)]
            ),
            horizon=self._horizon_sentence(level, horizons),
            left_out=self._left_out(values),
            strength=self._strength(),
            sensitivity=self._sensitivity(values, ranking, by_name),
            ranking=self._ranking_table(ranking, values, end),
            horizons=self._horizons_table(horizons, by_name),
            configuration=self.tried.configuration(winner),
        )

    def _answer(self, one: Tried, other: Tried, title: str) -> Answered:
        outcome = self.tried.outcomes[title]
        return self.evaluation.found(Question(one.name, other.name, outcome)).answer

    def _worse_than(self, winner: Tried) -> Sentence | None:
        """Say so where the first in the ranking is worse than another on the first objective.

        A ranking holds values at one end; an answer may look at more than that.
        """
        first = next(iter(self.measures))
        for other in self.tried.eligible:
            if other.name == winner.name:
                continue
            answer = self._answer(winner, other, first)
            if answer.decided.relation == "worse":
                told = "Nothing is recommended: {name} is first, yet worse than {other}. {why}"
                return filled(
                    told, {"name": winner.name, "other": other.name, "why": answer.sentence}
                )
        return None

    def _stands(
        self, winner: Tried | None, runner_up: Sequence[Tried], ranking: Ranking
    ) -> Iterator[Sentence]:
        """Say how the winner stands to the runner-up on the objective that decided."""
        if winner is None or not runner_up or not ranking.steps:
            return
        title = ranking.steps[-1].objective
        for other in runner_up:
            answer = self._answer(winner, other, title)
            once = ", observed once" if answer.decided.method == "observed once" else ""
            told = "By {title}, which decided, {winner} is {word} against {other}{once}."
            yield Sentence(
                told,
                {
                    "title": in_words(title),
                    "winner": winner.name,
                    "word": answer.word,
                    "other": other.name,
                    "once": once,
                },
            )

    def _end(self, window: Window) -> Quantity:
        if not window.known:
            return Quantity.unknown(
                "no setting that could win has data of every objective", MINUTES.unit
            )
        how = f"the common end: the data of {window.limited_by} end there"
        return replace(window_end(window), how=how, about="the common end")

    def _described(self, several: Sequence[Tried]) -> Sentence:
        return listed([tried.described(self.titles) for tried in several])

    def _sentence(self, level: Sequence[Tried], end: Quantity, window: Window) -> Sentence:
        if not level:
            reason = end.missing or "no setting that could win has a value of any objective"
            return Sentence("Nothing can be recommended: {reason}.", {"reason": reason})
        objectives = listed([in_words(title) for title in self.measures], ", then by ")
        at: dict[str, Quantity | str] = {"end": end, "run": window.limited_by}
        where = Sentence("at {end}, where the data of {run} end", at)
        if len(level) > 1:
            several = joined([tried.described(self.titles) for tried in level], "; ")
            parts = [
                Sentence("Nothing is recommended. These settings cannot be told apart by"),
                objectives,
                joined([where, Sentence(": "), several, _DOT], ""),
            ]
            return joined(parts)
        single = Sentence("Only one setting could be ranked.")
        parts = [
            joined([Sentence("Recommended: "), self._described(level), Sentence(", first by")], ""),
            objectives,
            joined([where, Sentence(".")], ""),
        ]
        alone = len(self.tried.eligible) == 1
        return joined([*parts, single] if alone else parts)

    def _decided_by(
        self, ranking: Ranking, values: Mapping[str, Mapping[str, Quantity]]
    ) -> Sentence:
        barred = [tried for tried in self.tried.all if tried.barred]
        said = [self._cannot_win(tried, values) for tried in barred] if ranking.steps else []
        among = "Of the others, " if said else ""
        for step in ranking.steps:
            fields: dict[str, Quantity | str] = {"title": in_words(step.objective)}
            if math.isnan(step.best):
                told = among + ("nobody" if among else "Nobody")
                said.append(Sentence(told + " has a value by {title}.", fields))
                continue
            column = {name: values[name][step.objective] for name in step.level}
            leader = min(column, key=lambda name: abs(column[name].number - step.best))
            fields |= {"leader": leader, "best": column[leader]}
            fields["margin"] = self._margin(step.objective, step.margin)
            told = among + "{leader} is best by {title} ({best})"
            others = [_with(name, value) for name, value in column.items() if name != leader]
            if others:
                within = Sentence(told + "; within the margin of {margin}: ", fields)
                said.append(joined([within, listed(others), _DOT], ""))
            else:
                said.append(Sentence(told + ", and no other is within {margin} of it.", fields))
            among = "Of these, "
        return joined(said)

    def _margin(self, title: str, size: float) -> Quantity:
        measure = self.measures[title]
        return Quantity(size, measure.unit, measure.digits, how=self.tried.margins[title].reason)

    def _second(
        self, runner_up: Sequence[Tried], values: Mapping[str, Mapping[str, Quantity]]
    ) -> Sentence:
        if not runner_up:
            return Sentence("There is no runner-up.")
        told = [
            joined(
                [
                    tried.described(self.titles),
                    Sentence(": "),
                    listed([_of(title, value) for title, value in values[tried.name].items()]),
                ],
                "",
            )
            for tried in runner_up
        ]
        head = "Runner-up: " if len(runner_up) == 1 else "Runners-up, which cannot be told apart: "
        return joined([Sentence(head), joined(told, "; "), Sentence(".")], "")

    def _horizon(self, clock: Clock) -> tuple[Stretch, ...]:
        positions = checkpoints(self.tried.window(clock), clock.every)
        rankings = [self.tried.ranked(v) for v in self.tried.over_time(clock, positions)]
        return stretches([float(at) for at in positions], rankings)

    def _horizon_sentence(
        self, level: Sequence[Tried], found: Mapping[Clock, Sequence[Stretch]]
    ) -> Sentence:
        if not found[MINUTES]:
            return Sentence("Nothing is known of other horizons.")
        first = {tried.name for tried in level}
        said: list[Sentence] = []
        same: list[str] = []
        elsewhere: dict[tuple[str, ...], list[Sentence]] = {}
        for clock, parts in found.items():
            other = [stretch for stretch in parts if set(stretch.first) != first]
            if parts and not other:
                same.append(clock.name)
            elif len(other) > _STRETCHES_TOLD:
                told = "By {clock} the answer changes {count} times up to {end}."
                end, count = _position(parts[-1].end, clock), _count(len(parts) - 1)
                said.append(Sentence(told, {"clock": clock.name, "count": count, "end": end}))
            else:
                for stretch in other:
                    elsewhere.setdefault(stretch.first, []).append(self._where(stretch, clock))
        for names, where in elsewhere.items():
            places = joined([listed(where, ", and "), self._would_be(names)], ", ")
            template = places.template[:1].upper() + places.template[1:]
            said.append(Sentence(template, places.values))
        if same:
            told = "By {clocks} the answer is the same at every checkpoint."
            said.append(Sentence(told, {"clocks": str(listed(same))}))
        return joined(said)

    def _where(self, stretch: Stretch, clock: Clock) -> Sentence:
        begin, end = (_position(at, clock) for at in (stretch.begin, stretch.end))
        interpolated = clock == self.steps and self.tried.every.steps_interpolated
        after = " (interpolated)" if interpolated else ""
        if stretch.begin == stretch.end:
            return Sentence("at {end}" + after, {"end": end})
        fields = {"begin": begin.shown_as(unit=""), "end": end}
        return Sentence("from {begin} to {end}" + after, fields)

    def _would_be(self, names: Sequence[str]) -> Sentence:
        if not names:
            return Sentence("nobody has a value yet.")
        told = "{runs} would be recommended."
        if len(names) > 1:
            told = "{runs} could not be told apart."
        return Sentence(told, {"runs": str(listed([*names]))})

    def _ahead(self, stretch: Stretch, by_name: Mapping[str, Tried]) -> Sentence:
        several = [by_name[name] for name in stretch.first]
        if not several:
            return Sentence("nobody has a value yet")
        if len(several) == 1:
            return several[0].described(self.titles)
        told = listed([tried.name for tried in several])
        return joined([told, Sentence("cannot be told apart")])

    def _left_out(self, values: Mapping[str, Mapping[str, Quantity]]) -> Sentence:
        said = [self._cannot_win(tried, values) for tried in self.tried.all if tried.barred]
        return joined([*said, *self.tried.not_ranked()])

    def _cannot_win(self, tried: Tried, values: Mapping[str, Mapping[str, Quantity]]) -> Sentence:
        among = self.tried.ranked(self.tried.table(values), also=[tried.name])
        told = "{run} cannot win: {why}."
        if tried.name in among.first:
            told = "{run} would be first, but cannot win: {why}."
        return Sentence(told, {"run": tried.name, "why": tried.barred})

    def _strength(self) -> Sentence:
        counts = {tried.name: len(tried.runs) for tried in self.tried.eligible}
        if all(count == 1 for count in counts.values()):
            return Sentence(
                "Each setting was run once: how much two runs of one setting differ was not "
                "measured, and the margins stand in for it."
            )
        several = [
            Sentence("{name}: {count}", {"name": name, "count": _count(count)})
            for name, count in counts.items()
            if count > 1
        ]
        once = [name for name, count in counts.items() if count == 1]
        told = [joined([Sentence("Runs of one setting: "), joined(several, "; "), _DOT], "")]
        if once:
            text = (
                "Run once: {names}; how much two runs of such a setting differ was not measured, "
                "and the margins stand in for it."
            )
            told.append(Sentence(text, {"names": str(listed(once))}))
        return joined(told)

    def _sensitivity(
        self,
        values: Mapping[str, Mapping[str, Quantity]],
        ranking: Ranking,
        by_name: Mapping[str, Tried],
    ) -> Sentence:
        if not ranking.places:
            return Sentence("Nothing was ranked.")
        said = []
        for word, times in OTHER_MARGINS.items():
            other = self.tried.ranked(self.tried.table(values), times)
            if other.first == ranking.first:
                told = "With margins {word} as large the answer is the same."
                said.append(Sentence(told, {"word": word}))
            else:
                told = "With margins {word} as large it would be another: "
                head = Sentence(told, {"word": word})
                answer = self._ahead(Stretch(0.0, 0.0, other.first), by_name)
                said.append(joined([head, answer, _DOT], ""))
        return joined(said)

    def _ranking_table(
        self, ranking: Ranking, values: Mapping[str, Mapping[str, Quantity]], end: Quantity
    ) -> Table:
        columns = {"group": "Setting"}
        settings = self.tried.experiment.definition.settings
        for name in self.tried.recommended:
            unit = f" ({settings[name].unit})" if settings[name].unit else ""
            columns[name] = f"{settings[name].title}{unit}"
        columns |= {title: title for title in self.measures}
        columns["standing"] = "Standing"
        place = {name: n for n, names in enumerate(ranking.places, start=1) for name in names}
        order = sorted(self.tried.all, key=lambda t: (place.get(t.name, math.inf), bool(t.barred)))
        rows: dict[str, list[Cell]] = {}
        for tried in order:
            cells: list[Cell] = [tried.name]
            cells += [
                value if isinstance(value, str) else value.shown_as(unit="")
                for value in tried.settings.values()
            ]
            unknown = Quantity.unknown(tried.barred or end.missing or "not known at the common end")
            known = values.get(tried.name, {})
            cells += [known.get(title, unknown) for title in self.measures]
            cells.append(self._standing(tried, ranking, place))
            rows[tried.name] = cells
        caption: Sentence | str = "Settings, ranked."
        if end.known:
            caption = Sentence("Settings, ranked at {end}.", {"end": end})
        left_out = self._left_out(values)
        return Table(columns, rows, caption, [left_out] if left_out.template else [])

    def _standing(self, tried: Tried, ranking: Ranking, place: Mapping[str, int]) -> Cell:
        if tried.barred:
            return Sentence("cannot win: {why}", {"why": tried.barred})
        if tried.name not in place:
            return "no value"
        if tried.name in ranking.first:
            return "recommended" if len(ranking.first) == 1 else "first, with others"
        if tried.name in ranking.second:
            return "runner-up"
        return Sentence("place {place}", {"place": _count(place[tried.name])})

    def _horizons_table(
        self, found: Mapping[Clock, Sequence[Stretch]], by_name: Mapping[str, Tried]
    ) -> Table:
        columns = {"clock": "Clock", "from": "From", "to": "To", "first": "First"}
        rows: dict[str, list[Cell]] = {}
        notes = []
        for clock, parts in found.items():
            interpolated = clock == self.steps and self.tried.every.steps_interpolated
            named = f"{clock} (interpolated)" if interpolated else clock.name
            for number, stretch in enumerate(parts, start=1):
                rows[f"{clock} {number}"] = [
                    named,
                    _position(stretch.begin, clock),
                    _position(stretch.end, clock),
                    self._ahead(stretch, by_name),
                ]
            there = self.tried.on(clock)
            lacking = [t.name for t in self.tried.eligible if t not in there]
            if lacking:
                told = "On {clock} without {runs}: no such clock in these logs."
                fields = {"clock": clock.name, "runs": str(listed(lacking))}
                notes.append(Sentence(told, fields))
        return Table(columns, rows, "Which setting is first, by where one stops.", notes)


_DOT = Sentence(".")


def _with(name: str, value: Quantity) -> Sentence:
    return Sentence("{name} ({value})", {"name": name, "value": value})


def _of(title: str, value: Quantity) -> Sentence:
    shown = value if value.known else value.text
    return Sentence("{title} of {value}", {"value": shown, "title": in_words(title)})


def _position(at: float, clock: Clock) -> Quantity:
    return Quantity(at, clock.unit, 0, how="a checkpoint")


def _count(number: int) -> Quantity:
    return Quantity(float(number), "", 0, how="counted")
