"""What is said of a verdict: sentences whose numbers come from what decided it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from string import Formatter

import numpy as np

from rulka_analysis.experiments.claims import ByAtLeast, Claim, Outcome
from rulka_analysis.experiments.definition import DeclaredConclusion
from rulka_analysis.logs.clocks import Clock, Window
from rulka_analysis.metrics.domain import Variant
from rulka_analysis.metrics.series import Measure, Series, position_text
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.quantities import Quantity, Sentence
from rulka_analysis.values.sentences import joined
from rulka_analysis.verdicts.answer import OnClock
from rulka_analysis.verdicts.rule import (
    Agreement,
    Decision,
    Tally,
    Times,
    Values,
    Verdict,
    sign_of,
)
from rulka_analysis.verdicts.sensitivity import counted_variations

OUTCOME_OF: dict[Verdict, Outcome] = {
    "supported": "supported",
    "contradicted": "contradicted",
    "cannot tell": "cannot_tell",
    "no data": "no_data",
}
# Which way a contradicted claim went.
_WAYS: dict[Outcome, str] = {
    "opposite": "the opposite",
    "no_difference": "no difference",
    "less_than_claimed": "less than claimed",
    "mixed": "mixed",
}
# How parts stand, in the order in which they are counted.
_PARTS: dict[Verdict, str] = {
    "supported": "supported",
    "contradicted": "contradicted",
    "cannot tell": "cannot be told",
    "no data": "without data",
}


def way(claim: Claim | None, outcome: Outcome) -> str:
    """Return which way a contradicted claim went, in words; empty for any other outcome.

    Examples
    --------
    >>> way("better", "no_difference"), way("same", "opposite"), way("better", "supported")
    ('no difference', 'a difference', '')
    """
    if claim == "same" and outcome == "opposite":
        return "a difference"
    return _WAYS.get(outcome, "")


def claimed(least: ByAtLeast, unit: str) -> Quantity:
    """Return how large a difference is claimed to be; `unit` is that of a difference."""
    unit = {"percent": "%", "times": "times"}.get(least.kind, unit)
    digits = len(f"{least.amount:g}".partition(".")[2])
    return Quantity(least.amount, unit, digits, how="as claimed by the author")


def found(
    least: ByAtLeast, sign: int, candidate: Quantity, baseline: Quantity, difference: Quantity
) -> Quantity:
    """Return how large a difference is, in the unit and the direction of what is claimed.

    Examples
    --------
    >>> candidate, baseline = Quantity(0.365, "", 3), Quantity(0.142, "", 3)
    >>> found(ByAtLeast("times", 9.84), 1, candidate, baseline, candidate.minus(baseline)).text
    '2.57 times'
    >>> found(ByAtLeast("percent", 74), -1, candidate, baseline, candidate.minus(baseline)).text
    '−157.0 %'
    """
    how = "in the direction claimed"
    if not difference.known or least.kind == "size":
        return _turned(difference, sign, f"{difference.how}, {how}")
    if least.kind == "times":
        if min(candidate.number, baseline.number) <= 0:
            return Quantity.unknown("a ratio needs two values above zero", "times")
        high, low = (candidate, baseline) if sign > 0 else (baseline, candidate)
        return high.over(low, how=how)
    share = _percent(candidate.over(baseline, how=how), sign)
    # What lies above a baseline below zero is nearer to zero.
    return replace(share, value=-share.number) if baseline.number < 0 and share.known else share


def _percent(ratio: Quantity, sign: int) -> Quantity:
    """Return by how much percent a ratio is above one, or with the sign of lower, below."""
    if not ratio.known:
        return Quantity.unknown(ratio.missing, "%", label=ratio.label)
    size, error = 100 * (ratio.number - 1), 100 * ratio.reading_error
    how = f"difference in percent of the baseline ({ratio.how})"
    return _turned(Quantity(size, "%", 1, ratio.evidence, how, error), sign, how)


def _turned(value: Quantity, sign: int, how: str) -> Quantity:
    return value if value.value is None else replace(value, value=sign * value.value, how=how)


def filled(template: str, values: Mapping[str, Quantity | str | Sentence]) -> Sentence:
    """Fill a template's fields, sentences included.

    Examples
    --------
    >>> inner = Sentence("{value} against {base}", {"value": Quantity(24.7, "s"), "base": "24.6 s"})
    >>> print(filled("{run}: {numbers}.", {"run": "uni_6", "numbers": inner}))
    uni_6: 24.70 s against 24.6 s.
    """
    parts = []
    for text, name, _, _ in Formatter().parse(template):
        parts.append(Sentence("{text}", {"text": text}))
        if name:
            value = values[name]
            parts.append(
                value if isinstance(value, Sentence) else Sentence("{value}", {"value": value})
            )
    return joined(parts, "")


@dataclass(frozen=True)
class Told:
    """What a sentence of a conclusion may speak of."""

    declared: DeclaredConclusion
    measure: Measure
    variant: Variant | None
    row: OnClock
    asked: Values | Times
    decision: Decision
    agreement: Agreement

    def sentence(self, outcome: Outcome) -> Sentence:
        """Return the declared sentence of an outcome with its numbers."""
        declared, row = self.declared, self.row
        ratio = self._ratio()
        return filled(
            declared.sentences[outcome],
            {
                "candidate": declared.candidate,
                "baseline": declared.baseline,
                "title": title_within(self.measure),
                **variant_field(self.variant, self.measure),
                "value": row.candidate,
                "base": row.baseline,
                "by": row.difference.size(),
                "percent": _percent(ratio, 1).size(),
                "ratio": ratio,
                "end": row.end,
                "claimed": row.claimed or Quantity.unknown("nothing was claimed of its size"),
                "found": self._found(ratio),
                "direction": self._direction(),
                "numbers": self._numbers(),
                "reason": self._reason(),
            },
        )

    def _numbers(self) -> Sentence:
        """Return the numbers behind any outcome, without a word of direction."""
        row = self.row
        if isinstance(self.asked, Times):
            return self._times(self.asked)
        values = {"value": row.candidate, "base": row.baseline}
        # What has no value is said in words: an episode that was never finished is no reason for
        # silence about the rest.
        shown = {name: v if v.known else v.text for name, v in values.items()}
        return Sentence("{value} against {base} at {end}", {**shown, "end": row.end})

    def _times(self, asked: Times) -> Sentence:
        ratios = self._ratios()
        if not len(ratios):
            return self._reached_by_one(asked)
        count, of = len(ratios), len(asked.candidate)
        fields: dict[str, Quantity | str] = {
            "candidate": self.declared.candidate,
            "baseline": self.declared.baseline,
            "clock": self.row.clock.name,
            "ratio": self._ratio(),
            "count": Quantity(count, "", 0, how="targets that both reached"),
            "of": Quantity(of, "", 0, how="targets declared"),
        }
        needed = "{candidate} needed {ratio} {baseline}'s {clock}"
        if count == 1:
            return Sentence(f"{needed} (for the one of {{of}} targets that both reached)", fields)
        how = "ratio of the times to a target, over the targets that both reached"
        fields["low"] = Quantity(float(ratios.min()), "", 2, how=f"smallest {how}")
        fields["high"] = Quantity(float(ratios.max()), "", 2, how=f"largest {how}")
        over = "{of} targets" if count == of else "the {count} of {of} targets that both reached"
        return Sentence(f"{needed} (median of {over}; from {{low}} to {{high}})", fields)

    def _reached_by_one(self, asked: Times) -> Sentence:
        """Say which targets one of two reached, where none was reached by both."""
        if len(self.row.by_run) > 2:
            return Sentence("no target was reached by every run of both settings")
        late, soon = self.declared.candidate, self.declared.baseline
        ends, reached, at = asked.candidate, asked.baseline_reached, asked.baseline
        # Who reached a hard target reached the easy ones, too: at most one of both reached any.
        if asked.candidate_reached.any():
            late, soon = soon, late
            ends, reached, at = asked.baseline, asked.candidate_reached, asked.candidate
        if not reached.any():
            return Sentence("neither reached any of the targets")
        clock, until = self.row.clock, float(ends[0])
        before = int((reached & (at < until)).sum())
        return Sentence(
            "{late} had reached none of the {of} targets by {until}, {soon} {before} of them "
            "before that",
            {
                "late": late,
                "soon": soon,
                "of": Quantity(len(reached), "", 0, how="targets declared"),
                "before": Quantity(before, "", 0, how=f"targets reached before, by {clock}"),
                "until": Quantity(until, clock.unit, 0, how=f"where the data of {late} end"),
            },
        )

    def _both_reached(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        assert isinstance(self.asked, Times)
        return np.asarray(self.asked.candidate_reached & self.asked.baseline_reached)

    def _ratios(self) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        assert isinstance(self.asked, Times)
        both = self._both_reached()
        return np.asarray(self.asked.candidate[both] / self.asked.baseline[both])

    def _ratio(self) -> Quantity:
        declared = self.declared
        if not isinstance(self.asked, Times):
            how = f"{declared.candidate} over {declared.baseline}"
            return self.row.candidate.over(self.row.baseline, how=how)
        ratios = self._ratios()
        if not len(ratios):
            return Quantity.unknown("no target was reached by both", "times")
        how = (
            f"median, over {len(ratios)} targets that both reached, of the {self.row.clock} of "
            f"{declared.candidate} over those of {declared.baseline}"
        )
        # The hardest target's events stand for it; the table of targets has them all.
        evidence = self.row.candidate.evidence + self.row.baseline.evidence
        return Quantity(float(np.median(ratios)), "times", 2, evidence, how)

    def _found(self, ratio: Quantity) -> Sentence:
        """Return how large the difference is, in the unit of the claim: of targets, the median."""
        declared, row = self.declared, self.row
        least = declared.by_at_least
        if least is None or declared.claim is None:
            return Sentence("nothing claimed of its size")
        sign = sign_of(declared.claim, lower_is_better=self.measure.metric.better == "lower")
        value = row.found or Quantity.unknown("not known")
        if isinstance(self.asked, Times):
            value = self._found_of_targets(least, sign, ratio)
        if not value.known:
            return Sentence("a size that is not known")
        if least.kind == "times":
            who = "" if sign > 0 else f"{declared.baseline} "
            as_much = "as long" if declared.about_time else "as high"
            return Sentence(f"{{who}}{{value}} {as_much}", {"who": who, "value": value})
        if not value.number:
            return Sentence("none")
        words = ("sooner", "later") if declared.about_time else ("lower", "higher")
        word = words[sign * value.number > 0]
        return Sentence("{value} {word}", {"value": value.size(), "word": word})

    def _found_of_targets(self, least: ByAtLeast, sign: int, ratio: Quantity) -> Quantity:
        assert isinstance(self.asked, Times)
        if least.kind == "percent" or not ratio.known:
            return _percent(ratio, sign)
        if least.kind == "times":
            return ratio if sign > 0 else replace(ratio, value=1 / ratio.number)
        both = self._both_reached()
        differences = sign * (self.asked.candidate[both] - self.asked.baseline[both])
        unit = self.row.clock.unit
        how = "median difference over the targets that both reached"
        return Quantity(float(np.median(differences)), unit, 0, ratio.evidence, how)

    def _direction(self) -> str:
        difference = self.row.difference
        if not difference.known or not difference.number:
            return "different"
        if self.measure.unit == "s" and self.measure.metric.better == "lower":
            return "slower" if difference.number > 0 else "faster"
        return "higher" if difference.number > 0 else "lower"

    def _reason(self) -> Sentence:
        """Return why it cannot be told."""
        if self.decision.verdict != "cannot tell":
            return Sentence(
                "the rule itself says {verdict}, but so do only {agreeing} of {asked} variations "
                "of it, and at least half of them must",
                {"verdict": self.decision.verdict, **counted_variations(self.agreement)},
            )
        tallies = self.decision.tallies
        told = joined([self._of(clock, found) for clock, found in tallies.items()], "; ")
        if all(t.holds or t.fails or not t.tells for t in tallies.values()):
            return told
        rule = "to hold it must be true at four fifths of them and {last}"
        return joined([told, Sentence(rule, {"last": self._last})], "; ")

    @property
    def _about(self) -> str:
        return "targets" if isinstance(self.asked, Times) else "checkpoints"

    @property
    def _last(self) -> str:
        return "for the hardest" if isinstance(self.asked, Times) else "at the end"

    def _of(self, clock: str, found: Tally) -> Sentence:
        about = self._about
        fields: dict[str, Quantity | str] = {"clock": clock, "what": about, "last": self._last}
        fields["known"] = Quantity(found.known, "", 0, how=f"{about} that can be decided")
        fields["asked"] = Quantity(found.asked, "", 0, how=f"{about} in all")
        fields["true"] = Quantity(found.true, "", 0, how=f"{about} at which the claim is true")
        if not found.tells:
            text = "by {clock} only {known} of {asked} {what} can be decided"
            if found.known >= found.asked / 2 and not isinstance(self.asked, Times):
                text = "by {clock} how they stand {last} is not known"
        elif found.holds or found.fails:
            holds = "holds" if found.holds else "does not hold"
            text = f"by {{clock}} it {holds} (true at {{true}} of {{known}} {{what}})"
        elif found.at_end:
            text = "by {clock} it is true {last}, but at only {true} of {known} {what}"
        else:
            text = "by {clock} it is true at {true} of {known} {what}, but not {last}"
        return Sentence(text, fields)


def title_within(measure: Measure) -> str:
    """Return a measure's title as it stands within a sentence.

    Only a plain word loses its capital: ``Q`` and names keep theirs. Of times the best is meant.
    What stands behind a comma is closed by another one.
    """
    first, _, rest = measure.title.partition(" ")
    plain = first[1:].replace("-", "").islower()
    title = f"{first.lower() if plain else first} {rest}".strip()
    title = f"{title}," if "," in title else title
    return f"best {title}" if measure.is_best and "best" not in title else title


def variant_field(variant: Variant | None, measure: Measure) -> dict[str, str]:
    """Return the field of a sentence that names the variant, by what the domain calls one."""
    return {variant.name: measure.variant_title} if variant else {}


def without_numbers(
    declared: DeclaredConclusion,
    measure: Measure,
    variant: Variant | None,
    outcome: Outcome,
    reason: Sentence,
) -> Sentence:
    """Return the sentence of an outcome for which there are no numbers."""
    unknown = Quantity.unknown(str(reason))
    values: dict[str, Quantity | str | Sentence] = {
        "candidate": declared.candidate,
        "baseline": declared.baseline,
        "title": title_within(measure),
        **variant_field(variant, measure),
        "reason": reason,
        "numbers": reason,
    }
    names = ("value", "base", "by", "percent", "ratio", "end", "claimed", "found", "direction")
    return filled(declared.sentences[outcome], {**dict.fromkeys(names, unknown), **values})


def compound(
    declared: DeclaredConclusion, outcome: Outcome, because: Sequence[Sentence]
) -> Sentence:
    """Return the sentence of a compound, with the sentences of the parts that made it so."""
    template = declared.sentences[outcome]
    values: dict[str, Quantity | str | Sentence] = {
        "candidate": declared.candidate,
        "reason": joined(because),
    }
    return filled(template, values)


def counted(begin: str, found: Sequence[Verdict]) -> Sentence:
    """Count how the parts of a compound stand.

    Examples
    --------
    >>> print(counted("Of its {number} parts", ["supported", "no data", "supported"]))
    Of its 3 parts: 2 supported, 1 without data.
    """
    fields = {"number": Quantity(len(found), "", 0, how="parts of the claim")}
    told = []
    for verdict, words in _PARTS.items():
        number = list(found).count(verdict)
        if number:
            how = f"parts with the verdict: {verdict}"
            fields[words.replace(" ", "_")] = Quantity(number, "", 0, how=how)
            told.append(f"{{{words.replace(' ', '_')}}} {words}")
    return Sentence(f"{begin}: {', '.join(told)}.", fields)


def instead_of(
    declared: DeclaredConclusion, typed: Measure, judged: Measure, finding: Finding
) -> Sentence:
    """Say that a conclusion rests on another metric than the author's; why, the finding says."""
    tag = finding.tag or typed.metric.name
    told = Sentence(
        "This is judged by the {judged}, because {tag} does not hold what its name says.",
        {"judged": title_within(judged).rstrip(","), "tag": tag},
    )
    note = declared.fallback_note
    return joined([told, Sentence("{note}", {"note": note})]) if note else told


def no_clock(measure: Measure, wanted: Sequence[Clock], series: Mapping[str, Series]) -> Sentence:
    """Say that on no deciding clock there is a common window, and whose clock is missing."""
    lacking = [run for run, s in series.items() if not set(wanted) & set(s.run.clocks)]
    fields = {
        "title": title_within(measure),
        "clocks": " and ".join(map(str, wanted)),
        "none": " or ".join(map(str, wanted)),
        "runs": " and ".join(lacking or series),
    }
    if lacking:
        text = (
            "the {title} is compared by {clocks}, and these logs have no clock of {none} for {runs}"
        )
        return Sentence(text, fields)
    return Sentence("{runs} have no common window by {clocks}", fields)


def how_at_end(measure: Measure, window: Window) -> str:
    """Say how the value at the end of a common window comes about."""
    where = f"at {position_text(window.end, window.clock)}"
    return {
        "best": f"best so far, {where}",
        "median_of_last_three": f"median of the last three readings, {where}",
    }.get(measure.metric.summary, f"last value logged, {where}")
