"""The settings that were tried, a row a group, all at one cut-off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from rulka_analysis.logs.clocks import MINUTES
from rulka_analysis.pages.blocks.facts import Facts, counted, together
from rulka_analysis.pages.tables.signs import signed_difference
from rulka_analysis.values.quantities import Quantity, Sentence, made
from rulka_analysis.values.sentences import in_words, listed
from rulka_analysis.values.tables import Cell, Table
from rulka_analysis.verdicts.tried import Tried, find_value, find_values, rank_tried, tabulate

if TYPE_CHECKING:
    from rulka_analysis.logs.runs import Run
    from rulka_analysis.metrics.measure import Measure
    from rulka_analysis.verdicts.loaded import LoadedExperiment

# More rows than this stand on a page of their own.
MOST = 10
# Of what does not decide, so many metrics have a column.
_BESIDE = 2


def settings(experiment: LoadedExperiment) -> Table:
    """Return all settings that were tried, the first in the ranking first; see `settings_tried`."""
    return _table(Facts(experiment), most=None)


def settings_tried(experiment: LoadedExperiment, most: int = MOST) -> Table:
    """Return the settings that were tried, at the common end, each beside the baseline.

    A sign beside a difference says whether it matters: better or worse by the margin, or level.

    Parameters
    ----------
    experiment : LoadedExperiment
        The experiment, tied to logs.
    most : int
        No more rows than these: the first in the ranking, and the baseline.
    """
    return _table(Facts(experiment), most)


def _table(facts: Facts, most: int | None) -> Table:
    order = _order(facts)
    shown = order if most is None else _first(facts, order, most)
    columns = _columns(facts)
    rows: dict[str, list[Cell]] = {one.name: _row(facts, one) for one in shown}
    # A column of which nothing is known says nothing.
    unknown = {
        key
        for at, key in enumerate(columns)
        if all(isinstance(c := row[at], Quantity) and not c.known for row in rows.values())
    }
    kept = [at for at, key in enumerate(columns) if key.removesuffix("_against") not in unknown]
    return Table(
        {key: title for at, (key, title) in enumerate(columns.items()) if at in kept},
        {name: [row[at] for at in kept] for name, row in rows.items()},
        _caption(facts),
        [*_left(len(order) - len(shown)), *_throughput(facts)],
        looks={one.name: _look(facts, one) for one in shown},
    )


def _order(facts: Facts) -> list[Tried]:
    tried = facts.tried
    if not facts.end.known:
        return list(tried.all)
    values = find_values(tried, MINUTES, facts.end.number)
    places = rank_tried(tried, tabulate(tried, values)).places
    place = {name: at for at, names in enumerate(places) for name in names}
    return sorted(tried.all, key=lambda one: (place.get(one.name, len(place)), bool(one.barred)))


def _first(facts: Facts, order: Sequence[Tried], most: int) -> list[Tried]:
    first = list(order[:most])
    base = next((one for one in order if one.name == facts.baseline.label), None)
    if base is not None and base not in first:
        first[-1] = base
    return first


def _look(facts: Facts, tried: Tried) -> str:
    if facts.winner is not None and tried.name == facts.winner.name:
        return "winner"
    return "baseline" if tried.name == facts.baseline.label else "other"


def _columns(facts: Facts) -> dict[str, str]:
    """Return the titles of columns, with what stands below them in brackets."""
    named = [facts.definition.settings[name].title for name in facts.tried.recommended]
    below = " · ".join(named[:3])
    columns = {"group": f"Setting ({below})" if below else "Setting"}
    for name, measure in facts.objectives.items():
        columns[name] = _with_unit(short_title(measure), measure.unit)
        columns[f"{name}_against"] = "Difference (to the baseline)"
    steps = facts.experiment.catalogue.domain.conventions.steps
    columns["steps"] = _with_unit(steps.title or steps.name.capitalize(), "a minute")
    for name, measure in _beside(facts).items():
        columns[name] = _with_unit(short_title(measure), measure.unit)
    columns["runs"] = "Run" if facts.counts == (1, 1) else "Runs"
    return columns


def _with_unit(title: str, unit: str) -> str:
    return f"{title} ({unit})" if unit else title


def short_title(measure: Measure) -> str:
    """Return what stands over a column: of bests the variant, which tells them apart."""
    if measure.is_best and measure.variant_title:
        return f"{measure.variant_title} best"
    return measure.title


def _beside(facts: Facts) -> dict[str, Measure]:
    by_minutes = [n for n, m in facts.beside.items() if MINUTES in m.metric.deciding_clocks]
    return {name: facts.beside[name] for name in by_minutes[:_BESIDE]}


def _row(facts: Facts, tried: Tried) -> list[Cell]:
    cells: list[Cell] = [tried.name]
    base = next((one for one in facts.tried.all if one.name == facts.baseline.label), None)
    for name, measure in facts.objectives.items():
        value = _value(facts, tried, measure)
        cells.append(value.shown_as(unit=""))
        if base is None or tried.name == base.name:
            cells.append("baseline")
        else:
            cells.append(_difference(facts, name, measure, value, _value(facts, base, measure)))
    cells.append(_pace(facts, tried))
    cells += [_value(facts, tried, m).shown_as(unit="") for m in _beside(facts).values()]
    several = len(tried.runs) > 1
    cells.append(counted(len(tried.runs), "run") if several else tried.runs[0])
    return cells


def _value(facts: Facts, tried: Tried, measure: Measure) -> Quantity:
    if not facts.end.known:
        return Quantity.unknown(facts.end.missing, measure.unit, label="–")
    present = facts.tried.every.present
    if not all(run in present for run in tried.runs):
        named = together([run for run in tried.runs if run not in present])
        return Quantity.unknown(f"no run {named} in these logs", measure.unit)
    return find_value(facts.tried, tried, measure, MINUTES, facts.end.number)


def _difference(facts: Facts, name: str, measure: Measure, value: Quantity, base: Quantity) -> Cell:
    found = value.minus(base, how="difference to the baseline")
    if not found.known:
        return "–"
    margin = facts.definition.margin(name)
    size = margin.of(base.number) if margin.declared else None
    return signed_difference(found, better=measure.metric.better, margin=size)


def _pace(facts: Facts, tried: Tried) -> Quantity:
    """Return how many steps a setting made a minute, up to the cut-off: the mean of its runs."""
    steps = facts.experiment.catalogue.domain.conventions.steps
    if not facts.end.known:
        return Quantity.unknown(facts.end.missing, label="–")
    end = facts.end.number
    found: list[Quantity] = []
    for name in tried.runs:
        run: Run | None = facts.experiment.run(name)
        if run is None or steps not in run.clocks:
            return Quantity.unknown(f"{name} has no clock of {steps}", label=f"no {steps}")
        place = float(run.at(steps, np.array([end]))[0])
        if not np.isfinite(place):
            return Quantity.unknown(f"not known at {facts.end}", label="–")
        by = made("position", facts.end, run=name, clock=steps.key)
        there = Quantity(place, steps.unit, 0, how=f"{steps} of {name} at {facts.end}", made=by)
        found.append(there.over(facts.end).shown_as(digits=0, unit=""))
    how = f"{steps} at {facts.end}, divided by the minutes"
    if len(found) == 1:
        return replace(found[0], how=how)
    value = float(np.mean([one.number for one in found]))
    return Quantity(value, "", 0, how=how, made=made("mean", *found))


def _caption(facts: Facts) -> Sentence:
    if not facts.end.known:
        return Sentence("Nothing can be compared: {why}.", {"why": facts.end.missing})
    margins = [
        Sentence(
            "{margin}{where}",
            {
                "margin": Quantity(size, measure.unit, measure.digits, how="as declared"),
                "where": f" on {measure.variant_title}" if measure.variant_title else "",
            },
        )
        for name, measure in facts.objectives.items()
        if (size := facts.definition.margin(name).size) is not None
    ]
    under = Sentence(" (under {each})", {"each": str(listed(margins))}) if margins else Sentence("")
    text = (
        "All at {end}, where the shortest data end. Against the baseline: ▲ better, "
        f"▼ worse, = level{under}."
    )
    return Sentence(text, {"end": facts.end})


def _left(count: int) -> list[Sentence]:
    if count < 1:
        return []
    told = "{count} more stand under Runs and logs."
    shown = counted(count, "setting")
    return [Sentence(told, {"count": shown[:1].upper() + shown[1:]})]


def _throughput(facts: Facts) -> list[Sentence]:
    """Say what became of the steps a minute, beside what was set."""
    if facts.pair is None or facts.winner is None:
        return []
    base = next((one for one in facts.tried.all if one.name == facts.baseline.label), None)
    own, other = _pace(facts, facts.winner), None if base is None else _pace(facts, base)
    if other is None or not own.known or not other.known:
        return []
    steps = facts.experiment.catalogue.domain.conventions.steps
    changed = []
    for name, value in facts.winner.settings.items():
        before = facts.pair.baseline.settings.get(name)
        if isinstance(value, Quantity) and value.known and isinstance(before, int | float):
            factor = value.number / before if before else 1.0
            if factor != 1:
                title = in_words(facts.definition.settings[name].title)
                changed.append(f"{factor:.2g} times the {title}")
    at = f", at {together(changed)}" if changed else ""
    text = f"{{own}} {steps} a minute, {{ratio}} the baseline's{at}."
    ratio = own.over(other, how="ratio to the baseline")
    return [Sentence(text, {"own": own, "ratio": ratio})]
