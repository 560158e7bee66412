"""The settings to use, computed: settings ranked by the declared objectives where all are known.

A setting takes part if it differs from the baseline in the recommended settings only, so that what
wins wins by them. Its value is the mean of its group's runs. A setting cannot win when one of its
recommended values was not recorded, or when an objective has no data of it; the ranking shows it,
and why. It is a decision and no test: how sure it is, the answers say.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from rulka_analysis.experiments.comparison import window_end
from rulka_analysis.experiments.experiment import Experiment
from rulka_analysis.logs.clocks import MINUTES, Clock, Window
from rulka_analysis.logs.positions import checkpoints
from rulka_analysis.values.quantities import Quantity, Sentence
from rulka_analysis.values.sentences import joined
from rulka_analysis.values.tables import Table
from rulka_analysis.verdicts import recommendation_tables as tables
from rulka_analysis.verdicts import recommendation_words as words
from rulka_analysis.verdicts.answer import Contradicted
from rulka_analysis.verdicts.evaluate import Evaluation
from rulka_analysis.verdicts.ranking import Stretch, stretches
from rulka_analysis.verdicts.tried import (
    SettingsTried,
    Tried,
    find_tried,
    find_values,
    find_window,
    rank_tried,
    tabulate,
    tabulate_along,
    write_configuration,
)

MOST_RANKED = 100
"""Settings are ranked at no more points of a clock than these."""


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
    contest = find_tried(experiment, series, asked.same)
    window = find_window(contest, MINUTES)
    values = find_values(contest, MINUTES, window.end) if window.known else {}
    ranking = rank_tried(contest, tabulate(contest, values))
    by_name = {one.name: one for one in contest.all}
    level = tuple(by_name[name] for name in ranking.first)
    winner = level[0] if len(level) == 1 else None
    better = winner and words.tell_who_is_better(contest, asked, winner)
    if better:
        winner = None
    runner_up = tuple(by_name[name] for name in ranking.second)
    end = _end_of(window)
    horizons = {
        clock: _rank_along(contest, clock) for clock in (MINUTES, contest.every.clock("steps"))
    }
    second = [
        words.tell_runner_up(contest, runner_up, values),
        *words.tell_how_it_stands(contest, asked, winner, runner_up, ranking),
    ]
    return Recommendation(
        winner=winner,
        level=level,
        runner_up=runner_up,
        end=end,
        sentence=better or words.tell_what_is_recommended(contest, level, end, window),
        decided_by=words.tell_what_decided(contest, ranking, values),
        second=joined(second),
        horizon=words.tell_of_other_ends(contest, level, horizons),
        left_out=words.tell_who_is_left_out(contest, values),
        strength=words.tell_how_often_run(contest),
        sensitivity=words.tell_of_other_margins(contest, values, ranking),
        ranking=tables.table_of_ranking(contest, ranking, values, end),
        horizons=tables.table_of_horizons(contest, horizons),
        configuration=write_configuration(contest, winner),
    )


def _end_of(window: Window) -> Quantity:
    if not window.known:
        return Quantity.unknown(
            "no setting that could win has data of every objective", MINUTES.unit
        )
    how = f"the common end: the data of {window.limited_by} end there"
    return replace(window_end(window), how=how, about="the common end")


def _rank_along(contest: SettingsTried, clock: Clock) -> tuple[Stretch, ...]:
    positions = checkpoints(find_window(contest, clock), clock.every, MOST_RANKED)
    rankings = [rank_tried(contest, v) for v in tabulate_along(contest, clock, positions)]
    return stretches([float(at) for at in positions], rankings)
