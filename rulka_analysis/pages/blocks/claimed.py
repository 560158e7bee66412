"""What a page once claimed: the claims that are marked, beside what the logs say now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rulka_analysis.pages.tables.verdict import claim_in_words
from rulka_analysis.values.quantities import Quantity, Sentence
from rulka_analysis.values.tables import Cell, Table, Word

if TYPE_CHECKING:
    from rulka_analysis.verdicts.answer import Claimed
    from rulka_analysis.verdicts.loaded import LoadedExperiment

MOST = 5


def claimed(experiment: LoadedExperiment, most: int = MOST) -> Table | Sentence:
    """Return the claims marked `headline`: what was said, how it stands, and why.

    Parameters
    ----------
    experiment : LoadedExperiment
        The experiment, tied to logs.
    most : int
        No more of them than these.
    """
    marked = [claim for claim in experiment.claims() if claim.headline][:most]
    if not marked:
        return Sentence("No claim is marked as one of the few that stand here.")
    rows: dict[str, list[Cell]] = {
        f"{claim.comparison}.{claim.name}": [
            f"“{shortened(claim.text)}”" if claim.text else claim.name.replace("_", " "),
            Word(claim_in_words(claim), "plain"),
            _why(claim),
        ]
        for claim in marked
    }
    return Table({"claim": "Claim", "now": "Now", "why": "Why"}, rows)


def _why(claim: Claimed) -> Sentence:
    """Return why a claim stands as it does; of one thing said, the two values are enough."""
    answer = claim.answers[0] if len(claim.answers) == 1 and not claim.parts else None
    if answer is None or claim.why != answer.sentence or answer.kind == "pace" or not answer.rows:
        return claim.why
    row = answer.rows[0]
    if not (row.candidate.known and row.baseline.known):
        return claim.why
    fields: dict[str, Quantity | str] = {"own": row.candidate, "base": row.baseline}
    return Sentence("{own} against {base} at {end}.", {**fields, "end": str(row.end)})


def shortened(text: str) -> str:
    """Return an author's words from the arrow on: what stands before it are the numbers.

    Examples
    --------
    >>> shortened("a 300.96; b 2,962.12 → 9.84× higher in b."), shortened("It hurts.")
    ('→ 9.84× higher in b', 'It hurts.')
    """
    _, arrow, rest = text.rpartition("→")
    return f"→ {rest.strip().rstrip('.')}" if arrow else text
