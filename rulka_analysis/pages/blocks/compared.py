"""The blocks of a comparison's page: its heading, its answers as one table, its figures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rulka_analysis.experiments.groups import differing
from rulka_analysis.pages.blocks.facts import (
    Facts,
    Pair,
    counted,
    pace_numbers,
    together,
    word_of,
)
from rulka_analysis.pages.blocks.heading import of_candidates, of_one
from rulka_analysis.pages.results import Block
from rulka_analysis.values.quantities import Quantity, Sentence
from rulka_analysis.values.sentences import in_words
from rulka_analysis.values.tables import Cell, Jump, Table

if TYPE_CHECKING:
    from rulka_analysis.verdicts.answer import Answered
    from rulka_analysis.verdicts.loaded import LoadedExperiment
    from rulka_analysis.verdicts.words import Pace

# Under which name the figure of all targets stands among those of outcomes.
_TARGETS = "targets reached"


def compared_heading(experiment: LoadedExperiment, comparison: str) -> Block:
    """Return how the candidates of a comparison stand, as a heading.

    Parameters
    ----------
    experiment : LoadedExperiment
        The experiment, tied to logs.
    comparison : str
        One of those it declares.
    """
    facts = Facts(experiment)
    pairs = _pairs(experiment, comparison)
    baseline = pairs[0].baseline.label if pairs else facts.baseline.label
    names = [pair.candidate.beside(pair.baseline) for pair in pairs]
    shown = together(names) if len(names) <= 2 else counted(len(names), "setting")
    kicker = [f"{shown} against {baseline}", _runs(pairs), *_differing(experiment, pairs)]
    if len(pairs) == 1:
        text = of_one(facts, pairs[0])
    else:
        text = ". ".join(of_candidates(pairs, facts.objectives)) + "."
    return Block("heading", {"kicker": " · ".join(kicker), "text": text.strip()})


def _pairs(experiment: LoadedExperiment, comparison: str) -> list[Pair]:
    baseline, candidates = experiment.compared(comparison)
    return [Pair(experiment, candidate, baseline) for candidate in candidates]


def _runs(pairs: list[Pair]) -> str:
    groups = [group for pair in pairs for group in (pair.candidate, pair.baseline)]
    counts = {len(group.runs) for group in groups} or {0}
    if len(counts) > 1:
        return f"{counted(min(counts), '', ' ').strip()} to {counted(max(counts), 'run')} each"
    return f"{counted(counts.pop(), 'run')} each"


def _differing(experiment: LoadedExperiment, pairs: list[Pair]) -> Iterator[str]:
    settings = {n: s for n, s in experiment.definition.settings.items() if not s.replicate}
    found = {name for pair in pairs for name in differing(pair.candidate, pair.baseline, settings)}
    titles = [in_words(settings[name].title) for name in settings if name in found]
    if len(titles) == 1:
        yield f"only the {titles[0]} differs"
    elif titles:
        yield f"{together(titles)} differ"


def compared_answers(experiment: LoadedExperiment, comparison: str) -> Table:
    """Return the answers of a comparison as one table: question, answer, values, how robust.

    Parameters
    ----------
    experiment : LoadedExperiment
        The experiment, tied to logs.
    comparison : str
        One of those it declares.
    """
    found = experiment.answers(comparison)
    several = len({answer.candidate.label for answer in found}) > 1
    figures = _figures(experiment, comparison)
    rows: dict[str, list[Cell]] = {}
    for answer in found:
        cells: list[Cell] = [_question(answer)]
        cells += [answer.candidate.beside(answer.baseline)] if several else []
        outcome = answer.outcome if answer.kind == "value" else _TARGETS
        figure = figures.get(outcome) if answer.decided.relation != "no data" else None
        number = [*figures].index(outcome) + 1 if figure else 0
        checks = f"{answer.decided.agreeing} of {answer.decided.asked}"
        cells += [
            word_of(answer),
            _values(experiment, answer),
            checks if answer.decided.asked else "–",
            Jump(str(number), figure) if figure else "–",
        ]
        rows[f"{answer.name}.{answer.candidate.label}"] = cells
    columns = {"question": "Question", **({"candidate": "Setting"} if several else {})}
    columns |= {"answer": "Answer", "values": "Values, the baseline second"}
    columns |= {"robust": "Robust", "figure": "Figure"}
    return Table(columns, rows)


def _question(answer: Answered) -> str:
    return f"Time to targets: {in_words(answer.title)}" if answer.kind == "pace" else answer.title


def _values(experiment: LoadedExperiment, answer: Answered) -> Cell:
    """Return the two values an answer rests on; of targets the ratio of times; else why not."""
    pair = Pair(experiment, answer.candidate, answer.baseline)
    if answer.decided.relation == "no data" or not answer.rows:
        return answer.sentence
    if answer.kind == "pace":
        return _ratio(pace_numbers(pair.pace(answer.outcome)))
    row = answer.rows[0]
    if not row.candidate.known or not row.baseline.known:
        return answer.sentence
    fields: dict[str, Quantity | str] = {"own": row.candidate, "base": row.baseline}
    return Sentence("{own} against {base} at {end}", {**fields, "end": row.end})


def _ratio(pace: Pace | None) -> Cell:
    if pace is None or not pace.ratio.known:
        return (pace.ratio.missing if pace else "") or "–"
    bound = {"at least": "≥ ", "at most": "≤ ", "": ""}.get(pace.bound, "about ")
    fields: dict[str, Quantity | str] = {"ratio": pace.ratio.shown_as(unit="")}
    text = bound + "{ratio}×"
    if pace.low is not None and pace.high is not None:
        fields |= {"low": pace.low, "high": pace.high}
        text += ", {low} to {high}"
    over = f"{pace.targets} of {pace.asked}" if pace.targets < pace.asked else f"{pace.asked}"
    return Sentence(
        f"{text}; {{over}} targets by {{clock}}", {**fields, "over": over, "clock": pace.clock}
    )


def compared_figures(experiment: LoadedExperiment, comparison: str) -> Block:
    """Return which figures of a comparison stand on its page, two abreast.

    Parameters
    ----------
    experiment : LoadedExperiment
        The experiment, tied to logs.
    comparison : str
        One of those it declares.
    """
    return Block("figures", {"results": [*_figures(experiment, comparison).values()]})


def _figures(experiment: LoadedExperiment, comparison: str) -> dict[str, str]:
    """Return the names of a comparison's figures, by outcome, as far as something can be drawn.

    The last one shows when targets were reached, where there are any.
    """
    compared = experiment.comparison(comparison)
    asked = experiment.definition.asked
    drawn = [name for name in asked if compared.known_series(compared.measure(name))]
    figures = {name: f"{comparison}.{name}" for name in drawn}
    if any(experiment.definition.targets(name) for name in drawn):
        figures[_TARGETS] = f"{comparison}.sooner"
    return figures
