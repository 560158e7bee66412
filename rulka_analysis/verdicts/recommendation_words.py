"""What a recommendation says: which setting, how it was decided, how sure it is, in sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from rulka_analysis.logs.clocks import MINUTES, Clock, Window
from rulka_analysis.values.quantities import Quantity, Sentence
from rulka_analysis.values.sentences import in_words, joined, listed
from rulka_analysis.verdicts.answer import Answered
from rulka_analysis.verdicts.evaluate import Evaluation, Question, find
from rulka_analysis.verdicts.ranking import Ranking, Stretch
from rulka_analysis.verdicts.tried import Apart, SettingsTried, Tried, rank_tried, tabulate
from rulka_analysis.verdicts.words import filled

# The values of each setting by each objective.
Values = Mapping[str, Mapping[str, Quantity]]
# As many other answers a sentence lists; the table has all.
_STRETCHES_TOLD = 3
# The ranking again with margins half and twice as large.
OTHER_MARGINS = {"half": 0.5, "twice": 2.0}


def tell_who_is_better(
    contest: SettingsTried, evaluation: Evaluation, winner: Tried
) -> Sentence | None:
    """Say so where the first in the ranking is worse than another on the first objective.

    A ranking holds values at one end; an answer may look at more than that.
    """
    first = next(iter(contest.measures))
    for other in contest.eligible:
        if other.name == winner.name:
            continue
        answer = _answer(contest, evaluation, winner, other, first)
        if answer.decided.relation == "worse":
            told = "Nothing is recommended: {name} is first, yet worse than {other}. {why}"
            return filled(told, {"name": winner.name, "other": other.name, "why": answer.sentence})
    return None


def tell_how_it_stands(
    contest: SettingsTried,
    evaluation: Evaluation,
    winner: Tried | None,
    runner_up: Sequence[Tried],
    ranking: Ranking,
) -> Iterator[Sentence]:
    """Say how the winner stands to the runner-up on the objective that decided."""
    if winner is None or not runner_up or not ranking.steps:
        return
    title = ranking.steps[-1].objective
    for other in runner_up:
        answer = _answer(contest, evaluation, winner, other, title)
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


def _answer(
    contest: SettingsTried, evaluation: Evaluation, one: Tried, other: Tried, title: str
) -> Answered:
    outcome = contest.outcomes[title]
    return find(evaluation, Question(one.name, other.name, outcome)).answer


def tell_what_is_recommended(
    contest: SettingsTried, level: Sequence[Tried], end: Quantity, window: Window
) -> Sentence:
    """Say what is recommended, or why nothing is."""
    if not level:
        reason = end.missing or "no setting that could win has a value of any objective"
        if not contest.rated:
            reason = "no outcome says which way is better"
        return Sentence("Nothing can be recommended: {reason}.", {"reason": reason})
    objectives = listed([in_words(title) for title in contest.measures], ", then by ")
    at: dict[str, Quantity | str] = {"end": end, "run": window.limited_by}
    where = Sentence("at {end}, where the data of {run} end", at)
    if len(level) > 1:
        several = joined([tried.described(contest.titles) for tried in level], "; ")
        parts = [
            Sentence("Nothing is recommended. These settings cannot be told apart by"),
            objectives,
            joined([where, Sentence(": "), several, _DOT], ""),
        ]
        return joined(parts)
    single = Sentence("Only one setting could be ranked.")
    parts = [
        joined([Sentence("Recommended: "), _described(contest, level), Sentence(", first by")], ""),
        objectives,
        joined([where, Sentence(".")], ""),
    ]
    alone = len(contest.eligible) == 1
    return joined([*parts, single] if alone else parts)


def _described(contest: SettingsTried, several: Sequence[Tried]) -> Sentence:
    return listed([tried.described(contest.titles) for tried in several])


def tell_what_decided(contest: SettingsTried, ranking: Ranking, values: Values) -> Sentence:
    """Say how the objectives decided, one after the other."""
    barred = [tried for tried in contest.all if tried.barred]
    said = [_cannot_win(contest, tried, values) for tried in barred] if ranking.steps else []
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
        fields["margin"] = _margin(contest, step.objective, step.margin)
        told = among + "{leader} is best by {title} ({best})"
        others = [_with(name, value) for name, value in column.items() if name != leader]
        if others:
            within = Sentence(told + "; within the margin of {margin}: ", fields)
            said.append(joined([within, listed(others), _DOT], ""))
        else:
            said.append(Sentence(told + ", and no other is within {margin} of it.", fields))
        among = "Of these, "
    return joined(said)


def _margin(contest: SettingsTried, title: str, size: float) -> Quantity:
    measure = contest.measures[title]
    return Quantity(size, measure.unit, measure.digits, how=contest.margins[title].reason)


def tell_runner_up(contest: SettingsTried, runner_up: Sequence[Tried], values: Values) -> Sentence:
    """Say who is second, with all values."""
    if not runner_up:
        return Sentence("There is no runner-up.")
    told = [
        joined(
            [
                tried.described(contest.titles),
                Sentence(": "),
                listed([_of(title, value) for title, value in values[tried.name].items()]),
            ],
            "",
        )
        for tried in runner_up
    ]
    head = "Runner-up: " if len(runner_up) == 1 else "Runners-up, which cannot be told apart: "
    return joined([Sentence(head), joined(told, "; "), Sentence(".")], "")


def tell_of_other_ends(
    contest: SettingsTried, level: Sequence[Tried], found: Mapping[Clock, Sequence[Stretch]]
) -> Sentence:
    """Say whether another setting is ahead at other ends."""
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
            end, count = position_on(parts[-1].end, clock), count_of(len(parts) - 1)
            said.append(Sentence(told, {"clock": clock.name, "count": count, "end": end}))
        else:
            for stretch in other:
                elsewhere.setdefault(stretch.first, []).append(_where(contest, stretch, clock))
    for names, where in elsewhere.items():
        places = joined([listed(where, ", and "), _would_be(names)], ", ")
        template = places.template[:1].upper() + places.template[1:]
        said.append(Sentence(template, places.values))
    if same:
        told = "By {clocks} the answer is the same at every checkpoint."
        said.append(Sentence(told, {"clocks": str(listed(same))}))
    return joined(said)


def _where(contest: SettingsTried, stretch: Stretch, clock: Clock) -> Sentence:
    begin, end = (position_on(at, clock) for at in (stretch.begin, stretch.end))
    interpolated = clock == contest.every.clock("steps") and contest.every.steps_interpolated
    after = " (interpolated)" if interpolated else ""
    if stretch.begin == stretch.end:
        return Sentence("at {end}" + after, {"end": end})
    fields = {"begin": begin.shown_as(unit=""), "end": end}
    return Sentence("from {begin} to {end}" + after, fields)


def _would_be(names: Sequence[str]) -> Sentence:
    if not names:
        return Sentence("nobody has a value yet.")
    told = "{runs} would be recommended."
    if len(names) > 1:
        told = "{runs} could not be told apart."
    return Sentence(told, {"runs": str(listed([*names]))})


def name_first(contest: SettingsTried, names: Sequence[str]) -> Sentence:
    """Name the settings that share the first place."""
    several = [one for one in contest.all if one.name in names]
    if not several:
        return Sentence("nobody has a value yet")
    if len(several) == 1:
        return several[0].described(contest.titles)
    told = listed([tried.name for tried in several])
    return joined([told, Sentence("cannot be told apart")])


def tell_who_is_left_out(contest: SettingsTried, values: Values) -> Sentence:
    """Say who cannot win or was not ranked, and why."""
    said = [_cannot_win(contest, tried, values) for tried in contest.all if tried.barred]
    return joined([*said, *_not_ranked(contest)])


def _not_ranked(contest: SettingsTried) -> Iterator[Sentence]:
    """Say which runs take no part because they differ in other settings, too, and in which."""
    runs: dict[Apart, list[str]] = {}
    for run, apart in contest.apart.items():
        runs.setdefault(apart, []).append(run)
    if not runs:
        return
    baseline = contest.every.baseline_group.label
    told = []
    for apart, names in runs.items():
        fields = {"runs": str(listed(names)), "baseline": baseline}
        parts = []
        if apart.differs:
            fields["settings"] = str(listed([contest.titles[name] for name in apart.differs]))
            verb = "differs" if len(names) == 1 else "differ"
            parts.append(f"{verb} from {{baseline}} in {{settings}}")
        if apart.unrecorded:
            fields["lacking"] = str(listed([contest.titles[name] for name in apart.unrecorded]))
            parts.append("may differ from {baseline} in {lacking}, which was not recorded")
        told.append(Sentence("{runs} " + " and ".join(parts), fields))
    yield joined([Sentence("Not ranked: "), joined(told, "; "), Sentence(".")], "")


def _cannot_win(contest: SettingsTried, tried: Tried, values: Values) -> Sentence:
    among = rank_tried(contest, tabulate(contest, values), also=[tried.name])
    told = "{run} cannot win: {why}."
    if tried.name in among.first:
        told = "{run} would be first, but cannot win: {why}."
    return Sentence(told, {"run": tried.name, "why": tried.barred})


def tell_how_often_run(contest: SettingsTried) -> Sentence:
    """Say how often each setting was run."""
    counts = {tried.name: len(tried.runs) for tried in contest.eligible}
    if all(count == 1 for count in counts.values()):
        return Sentence(
            "Each setting was run once: how much two runs of one setting differ was not "
            "measured, and the margins stand in for it."
        )
    several = [
        Sentence("{name}: {count}", {"name": name, "count": count_of(count)})
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


def tell_of_other_margins(contest: SettingsTried, values: Values, ranking: Ranking) -> Sentence:
    """Say what smaller and larger margins would tell."""
    if not ranking.places:
        return Sentence("Nothing was ranked.")
    if not any(margin.declared for margin in contest.margins.values()):
        return Sentence("No margin is declared: which difference is too small to matter is open.")
    said = []
    for word, times in OTHER_MARGINS.items():
        other = rank_tried(contest, tabulate(contest, values), times)
        if other.first == ranking.first:
            told = "With margins {word} as large the answer is the same."
            said.append(Sentence(told, {"word": word}))
        else:
            told = "With margins {word} as large it would be another: "
            head = Sentence(told, {"word": word})
            answer = name_first(contest, other.first)
            said.append(joined([head, answer, _DOT], ""))
    return joined(said)


_DOT = Sentence(".")


def _with(name: str, value: Quantity) -> Sentence:
    return Sentence("{name} ({value})", {"name": name, "value": value})


def _of(title: str, value: Quantity) -> Sentence:
    shown = value if value.known else value.text
    return Sentence("{title} of {value}", {"value": shown, "title": in_words(title)})


def position_on(at: float, clock: Clock) -> Quantity:
    return Quantity(at, clock.unit, clock.digits(at), how="a checkpoint")


def count_of(number: int) -> Quantity:
    return Quantity(float(number), "", 0, how="counted")
