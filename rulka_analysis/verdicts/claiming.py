"""What somebody said of an experiment, held against its answers.

A claim rests on no other numbers than the answer beside it: both are found by one `Evaluation`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rulka_analysis.experiments.definition import DeclaredClaim, GoldenMiddle
from rulka_analysis.experiments.groups import differing
from rulka_analysis.experiments.said import AtLeast, Said, is_about_time, read_said
from rulka_analysis.logs.clocks import Clock
from rulka_analysis.metrics.measure import Measure
from rulka_analysis.values.quantities import Sentence
from rulka_analysis.values.sentences import in_words, joined
from rulka_analysis.verdicts import claim_words
from rulka_analysis.verdicts.answer import Answered, Claimed
from rulka_analysis.verdicts.claims import (
    Held,
    Stands,
    all_of,
    any_of,
    because_of,
    golden_middle,
    hold,
    hold_amount,
    relation_of,
)
from rulka_analysis.verdicts.deciding import Reached, method_of
from rulka_analysis.verdicts.evaluate import Evaluation, Found, Question, find
from rulka_analysis.verdicts.intervals import amount, can_take_logs, welch
from rulka_analysis.verdicts.relations import Relation, ask_amount, intersection


def claims(evaluation: Evaluation) -> tuple[Claimed, ...]:
    """Return all claims of an experiment, held against its answers."""
    holding = _Holding(evaluation)
    declared = evaluation.definition.claims
    return tuple(
        holding.claim(comparison, name) for comparison in declared for name in declared[comparison]
    )


class _Holding:
    """Holds claims; what several of them need is found once."""

    def __init__(self, evaluation: Evaluation) -> None:
        self.evaluation = evaluation
        self.experiment = evaluation.experiment
        self.definition = evaluation.definition
        self._found: dict[tuple[str, str], Claimed] = {}

    def claim(self, comparison: str, name: str) -> Claimed:
        key = (comparison, name)
        if key not in self._found:
            declared = self.definition.claims[comparison][name]
            if declared.says:
                self._found[key] = self._said(comparison, declared, declared.says)
            elif declared.golden_middle is not None:
                self._found[key] = self._middle(comparison, declared, declared.golden_middle)
            else:
                self._found[key] = self._compound(comparison, declared)
        return self._found[key]

    # --- One thing said ---------------------------------------------------------------------------

    def _said(
        self, comparison: str, declared: DeclaredClaim, text: str, *, part: bool = False
    ) -> Claimed:
        known = [*(group.label for group in self.experiment.groups), *self.definition.runs]
        said = read_said(text, [*known, *self.definition.groups], self.definition.outcomes)
        found = self._answer(comparison, said, declared.clocks)
        answer, about = found.answer, found.about
        claimed = relation_of(
            said.said,
            lower_is_better=found.measure.metric.better == "lower" and answer.kind == "value",
        )
        held = hold(claimed, answer.decided.relation, fragile=answer.decided.fragile)
        told = [claim_words.claim(said.said, about, answer.decided)]
        why = answer.sentence
        if said.least is not None and found.asked:
            sign = _sign(said.said, found.measure)
            met, weak = self._amount(found, said.least, sign)
            held = hold_amount(held, met, fragile=weak)
            if found.numbers is not None:
                numbers = found.numbers
                told.append(claim_words.claimed_amount(about, said.least, sign, numbers, met))
                why = told[-1]
                if answer.decided.relation == "undecided":
                    why = joined([why, Sentence("Which way it differs is undecided.")])
        if declared.because and not part:
            settings = self.definition.settings
            differ = differing(
                answer.candidate,
                answer.baseline,
                [name for name, one in settings.items() if not one.replicate],
            )
            held = because_of(held, declared.because, differ)
            called = {name: in_words(one.title) for name, one in settings.items()}
            cause = claim_words.cause(called[declared.because], [called[name] for name in differ])
            told.append(cause)
        return Claimed(
            name=text if part else declared.name,
            comparison=comparison,
            text="" if part else declared.text,
            held=held,
            brief=joined(told if answer.decided.clocks else [*told, answer.sentence]),
            sentence=joined([*told, answer.sentence]),
            why=why,
            answers=(answer,),
            headline=declared.headline and not part,
            declared=not part,
        )

    def _answer(self, comparison: str, said: Said, clocks: tuple[Clock, ...]) -> Found:
        baseline = said.baseline or self.definition.comparisons[comparison].baseline
        question = Question(
            self.experiment.named(said.candidate).label,
            self.experiment.named(baseline).label,
            said.outcome,
            "pace" if is_about_time(said.said) else "value",
            clocks,
        )
        return find(self.evaluation, question)

    def _amount(self, found: Found, least: AtLeast, sign: int) -> tuple[Relation, bool]:
        """Return whether a difference is as large as said, and whether that is fragile."""
        runs = next(iter(found.asked.values())).runs
        if method_of(runs) != "interval":
            asked = {clock: group.means() for clock, group in found.asked.items()}
            answer = ask_amount(asked, least, sign)
            return answer.relation, answer.fragile
        said: list[Relation] = []
        for group in found.asked.values():
            sample = group.sample()
            if sample is None:
                said.append("undecided")
                continue
            a, b = sample.candidate, sample.baseline
            shares = least.kind != "size"
            if isinstance(group, Reached):
                # They are logarithms already: of a size in minutes nothing is known.
                interval = group.logs().interval(reading=group.reading) if shares else None
            elif shares and not can_take_logs(a, b):
                interval = None
            else:
                interval = welch(a, b, quantum=group.quantum, logs=shares)
            said.append("undecided" if interval is None else amount(interval, least, sign))
        return intersection(said), False

    # --- Several --------------------------------------------------------------------------------

    def _compound(self, comparison: str, declared: DeclaredClaim) -> Claimed:
        # A part made of others is shown and counted by its own parts, each of them once.
        parts = {part.name: part for part in self._innermost(comparison, declared)}
        combine = all_of if declared.all_of else any_of
        held = combine([part.held for part in parts.values()])
        return self._of_parts(comparison, declared, held, tuple(parts.values()))

    def _innermost(self, comparison: str, declared: DeclaredClaim) -> Iterator[Claimed]:
        claims_here = self.definition.claims[comparison]
        for text in declared.all_of or declared.any_of:
            if text not in claims_here:
                yield self._said(comparison, declared, text, part=True)
                continue
            part = claims_here[text]
            same_kind = part.all_of if declared.all_of else part.any_of
            if same_kind:
                yield from self._innermost(comparison, part)
            else:
                yield self.claim(comparison, text)

    def _of_parts(
        self,
        comparison: str,
        declared: DeclaredClaim,
        held: Held,
        parts: tuple[Claimed, ...],
        counted: Sentence | None = None,
    ) -> Claimed:
        # What made it so is said, unless all did: the parts themselves are shown beside it.
        because = [part for part in parts if part.held.verdict == held.verdict]
        several = len({answer.candidate.label for part in parts for answer in part.answers}) > 1
        said = [
            claim_words.of_part(part.answers[0].candidate.label, part.brief)
            if several
            else part.brief
            for part in because
            if held.verdict != "holds"
        ]
        first = counted or claim_words.parts([part.held for part in parts])
        brief = joined([first, *said])
        answers = dict.fromkeys(_key(answer) for part in parts for answer in part.answers)
        by_key = {_key(answer): answer for part in parts for answer in part.answers}
        return Claimed(
            name=declared.name,
            comparison=comparison,
            text=declared.text,
            held=held,
            brief=brief,
            sentence=brief,
            why=brief,
            answers=tuple(by_key[key] for key in answers),
            parts=parts,
            headline=declared.headline,
        )

    def _middle(self, comparison: str, declared: DeclaredClaim, middle: GoldenMiddle) -> Claimed:
        own = self.experiment.named(middle.of).label
        stands: dict[str, list[Stands]] = {}
        answers: dict[str, list[Answered]] = {}
        for name in middle.neighbours:
            neighbour = self.experiment.named(name).label
            found = [find(self.evaluation, Question(own, neighbour, on)) for on in middle.on]
            answers[name] = [one.answer for one in found]
            stands[name] = [
                Stands(one.decided.relation, one.decided.fragile) for one in answers[name]
            ]
        held, by_neighbour = golden_middle(stands, strict=middle.strict)
        parts = tuple(
            Claimed(
                name=f"{declared.name}.{name}",
                comparison=comparison,
                text="",
                held=by_neighbour[name],
                brief=joined([answer.sentence for answer in answers[name]]),
                sentence=joined([answer.sentence for answer in answers[name]]),
                why=joined([answer.sentence for answer in answers[name]]),
                answers=tuple(answers[name]),
                declared=False,
            )
            for name in middle.neighbours
        )
        counted = claim_words.parts(list(by_neighbour.values()), "comparisons with neighbours")
        return self._of_parts(comparison, declared, held, parts, counted)


def _key(answer: Answered) -> Sequence[object]:
    return (answer.candidate.label, answer.baseline.label, answer.outcome, answer.kind)


def _sign(said: str, measure: Measure) -> int:
    """Return on which side a claim puts the candidate: 1 higher or later, -1 lower or sooner."""
    if said in ("better", "worse"):
        return measure.orientation if said == "better" else -measure.orientation
    return 1 if said in ("higher", "later") else -1
