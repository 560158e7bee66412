"""A recommendation as tables: all settings ranked, and which is first where one stops."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from rulka_analysis.logs.clocks import Clock
from rulka_analysis.values.quantities import Quantity, Sentence
from rulka_analysis.values.sentences import listed
from rulka_analysis.values.tables import Cell, Table
from rulka_analysis.verdicts.ranking import Ranking, Stretch
from rulka_analysis.verdicts.recommendation_words import (
    Values,
    count_of,
    name_first,
    position_on,
    tell_who_is_left_out,
)
from rulka_analysis.verdicts.tried import SettingsTried, Tried, list_on_clock


def table_of_ranking(
    contest: SettingsTried, ranking: Ranking, values: Values, end: Quantity
) -> Table:
    """Return all settings, the first at the top."""
    columns = {"group": "Setting"}
    settings = contest.experiment.definition.settings
    for name in contest.recommended:
        unit = f" ({settings[name].unit})" if settings[name].unit else ""
        columns[name] = f"{settings[name].title}{unit}"
    columns |= {title: title for title in contest.measures}
    columns["standing"] = "Standing"
    place = {name: n for n, names in enumerate(ranking.places, start=1) for name in names}
    order = sorted(contest.all, key=lambda t: (place.get(t.name, math.inf), bool(t.barred)))
    rows: dict[str, list[Cell]] = {}
    for tried in order:
        cells: list[Cell] = [tried.name]
        cells += [
            value if isinstance(value, str) else value.shown_as(unit="")
            for value in tried.settings.values()
        ]
        unknown = Quantity.unknown(tried.barred or end.missing or "not known at the common end")
        known = values.get(tried.name, {})
        cells += [known.get(title, unknown) for title in contest.measures]
        cells.append(_standing(tried, ranking, place))
        rows[tried.name] = cells
    caption: Sentence | str = "Settings, ranked."
    if end.known:
        caption = Sentence("Settings, ranked at {end}.", {"end": end})
    left_out = tell_who_is_left_out(contest, values)
    return Table(columns, rows, caption, [left_out] if left_out.template else [])


def _standing(tried: Tried, ranking: Ranking, place: Mapping[str, int]) -> Cell:
    if tried.barred:
        return Sentence("cannot win: {why}", {"why": tried.barred})
    if tried.name not in place:
        return "no value"
    if tried.name in ranking.first:
        return "recommended" if len(ranking.first) == 1 else "first, with others"
    if tried.name in ranking.second:
        return "runner-up"
    return Sentence("place {place}", {"place": count_of(place[tried.name])})


def table_of_horizons(contest: SettingsTried, found: Mapping[Clock, Sequence[Stretch]]) -> Table:
    """Return which setting is first, by where one stops."""
    columns = {"clock": "Clock", "from": "From", "to": "To", "first": "First"}
    rows: dict[str, list[Cell]] = {}
    notes = []
    for clock, parts in found.items():
        interpolated = clock == contest.every.clock("steps") and contest.every.steps_interpolated
        named = f"{clock} (interpolated)" if interpolated else clock.name
        for number, stretch in enumerate(parts, start=1):
            rows[f"{clock} {number}"] = [
                named,
                position_on(stretch.begin, clock),
                position_on(stretch.end, clock),
                name_first(contest, stretch.first),
            ]
        there = list_on_clock(contest, clock)
        lacking = [t.name for t in contest.eligible if t not in there]
        if lacking:
            told = "On {clock} without {runs}: no such clock in these logs."
            fields = {"clock": clock.name, "runs": str(listed(lacking))}
            notes.append(Sentence(told, fields))
    return Table(columns, rows, "Which setting is first, by where one stops.", notes)
