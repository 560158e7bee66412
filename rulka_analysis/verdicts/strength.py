"""How strong a conclusion is: how many runs of each setting there are, and what follows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rulka_analysis.values.quantities import Quantity, Sentence
from rulka_analysis.values.sentences import joined, listed
from rulka_analysis.verdicts import replicates
from rulka_analysis.verdicts.answer import OnClock
from rulka_analysis.verdicts.wording import filled


def strength(
    candidates: Sequence[str], baselines: Sequence[str], rows: Sequence[OnClock]
) -> Sentence:
    """Return how many runs of each setting there are, and what follows from that."""
    row = rows[0]
    if len(candidates) == len(baselines) == 1:
        text = (
            "Observed once: one run of each setting. How much two runs of one setting differ was "
            "not measured; the margin of {margin} stands in for it. This is no test."
        )
        return joined([Sentence(text, {"margin": row.margin}), *_clocks_agree_by_themselves(rows)])
    told = [_of_setting(candidates, row, row.candidate), _of_setting(baselines, row, row.baseline)]
    values = [_numbers_of(runs, row) for runs in (candidates, baselines)]
    enough = [v for v in values if v is not None]
    if len(enough) == 2:
        low, high = replicates.interval(*enough)
        text = (
            "The difference of the interquartile means is {difference}, with a bootstrap interval "
            "from {low} to {high}, which {holds} zero."
        )
        fields: dict[str, Quantity | str] = {
            "difference": row.difference,
            "low": _bound(low, row.difference),
            "high": _bound(high, row.difference),
            "holds": "holds" if low <= 0 <= high else "does not hold",
        }
        told.append(Sentence(text, fields))
    if enough:
        told.append(_true_coverage(tuple(len(v) for v in enough)))
    else:
        text = "The margin of {margin} stands in for how much runs of one setting differ."
        told.append(Sentence(text, {"margin": row.margin}))
    return joined([*told, *_clocks_agree_by_themselves(rows)])


def _clocks_agree_by_themselves(rows: Sequence[OnClock]) -> list[Sentence]:
    voting = [row for row in rows if row.votes]
    between = [str(row.clock).capitalize() for row in voting if row.interpolated]
    if len(voting) < 2 or not between:
        return []
    text = f"{between[0]} are interpolated, so the clocks are almost one piece of evidence."
    return [Sentence(text)]


def _of_setting(runs: Sequence[str], row: OnClock, together: Quantity) -> Sentence:
    if len(runs) == 1:
        return Sentence("Of the setting of {run} there is one run.", {"run": runs[0]})
    each = listed([_of_run(run, row.by_run[run]) for run in runs])
    values: dict[str, Quantity | str | Sentence] = {"each": each, "run": runs[0]}
    begin = "Replicates of the setting of {run}: {each}"
    numbers = _numbers_of(runs, row)
    if len(runs) < replicates.RUNS_NEEDED:
        return filled(begin + "; two runs are too few for an interval.", values)
    if numbers is None:
        return filled(begin + "; without a value of every run there is no interval.", values)
    low, high = replicates.interval(numbers)
    values |= {"mean": together, "low": _bound(low, together), "high": _bound(high, together)}
    end = "; interquartile mean {mean}, bootstrap interval from {low} to {high}."
    return filled(begin + end, values)


def _of_run(run: str, value: Quantity) -> Sentence:
    return Sentence("{run} {value}", {"run": run, "value": value if value.known else value.text})


def _numbers_of(
    runs: Sequence[str], row: OnClock
) -> np.ndarray[tuple[int], np.dtype[np.float64]] | None:
    """Return the values of a setting's runs, or None where they allow no interval."""
    values = np.array([row.by_run[run].number for run in runs])
    enough = len(values) >= replicates.RUNS_NEEDED and np.isfinite(values).all()
    return values if enough else None


def _bound(value: float, like: Quantity) -> Quantity:
    how = (
        f"percentile bootstrap over runs, stratified by setting, nominal {replicates.LEVEL:.0%}, "
        "seeded"
    )
    return Quantity(value, like.unit, like.digits, like.evidence, how)


def _true_coverage(runs: tuple[int, ...]) -> Sentence:
    """Say how often such an interval holds the true value: of a mean, or of a difference of two."""
    share = replicates.coverage(runs)
    narrow = "Intervals from so few runs are too narrow: of" if share < replicates.LEVEL else "Of"
    return Sentence(
        f"{narrow} intervals of {{what}} called {{level}} about {{true}} hold the true value.",
        {
            "what": "a difference" if len(runs) > 1 else "a mean",
            "level": Quantity(100 * replicates.LEVEL, "%", 0, how="nominal level"),
            "true": Quantity(
                100 * share,
                "%",
                0,
                how="simulated with normally distributed values of equal spread",
            ),
        },
    )


def strength_of_parts(strengths: Sequence[Sentence], *, all_have_data: bool = True) -> Sentence:
    """Return the strength of a compound: no greater than that of the parts that decide it.

    Where it has no data because a part has none, it is that of the parts which do.
    """
    known = [str(found) for found in strengths if str(found)]
    if not known:
        return Sentence("")
    once = all("Observed once" in found for found in known)
    if not all_have_data:
        text = "The parts that have data were observed once: each rests on one run of each setting."
        return Sentence(text if once else "")
    if once:
        return Sentence("Observed once: every part rests on one run of each setting.")
    return Sentence("It is as strong as the weakest of the parts that decide it.")
