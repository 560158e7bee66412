"""How much a conclusion depends on the rule, in words."""

from __future__ import annotations

from rulka_analysis.experiments.definition import DeclaredConclusion
from rulka_analysis.values.quantities import Quantity, Sentence
from rulka_analysis.verdicts.rule import (
    FACTORS,
    WINDOWS,
    Agreement,
    Decision,
    Variation,
    Verdict,
)

# In a sentence no more variations than these are named.
_NAMED = 3

_WINDOW_WORDS = {
    WINDOWS[1]: "over the last third of the common window",
    WINDOWS[2]: "over the last two thirds of the common window",
}
_TARGET_WORDS = {WINDOWS[1]: "without the hardest target", WINDOWS[2]: "without the easiest target"}
_FACTOR_WORDS = {FACTORS[1]: "with half the margin", FACTORS[2]: "with twice the margin"}


def sensitivity(
    declared: DeclaredConclusion, verdict: Verdict, decision: Decision, agreement: Agreement
) -> Sentence:
    """Return how much a verdict depends on the rule."""
    about = "targets" if declared.about_time else "window"
    fields: dict[str, Quantity | str] = {**counted_variations(agreement), "about": about}
    named = breaks(declared, agreement)
    fields["breaks"] = ", ".join(named[:_NAMED]) + (", …" if len(named) > _NAMED else "")
    over = "{agreeing} of {asked} variations of {about}, margin and clock"
    if decision.verdict == "cannot tell":
        return Sentence(f"It cannot be told in {over}.", fields)
    if verdict == "cannot tell":
        fields["rule"] = decision.verdict
        return Sentence(f"The rule itself says {{rule}}, but so do only {over}.", fields)
    text = f"The verdict is the same in {over}."
    if agreement.fragile:
        text += " It is fragile: another verdict comes {breaks}."
    elif named:
        text += " Another verdict comes {breaks}."
    return Sentence(text, fields)


def counted_variations(agreement: Agreement) -> dict[str, Quantity]:
    """Return how many variations of the rule agree with it, and of how many."""
    return {
        "agreeing": Quantity(agreement.agreeing, "", 0, how="variations with the same verdict"),
        "asked": Quantity(agreement.asked, "", 0, how="variations of the rule"),
    }


def sensitivity_of_parts(verdict: Verdict, fragile: int, asked: int) -> Sentence:
    """Return how many of the parts that decide a compound are fragile; each part says it itself."""
    if verdict not in ("supported", "contradicted"):
        return Sentence("")
    if not fragile:
        return Sentence("None of the parts that decide it is fragile.")
    fields = {
        "fragile": Quantity(fragile, "", 0, how="parts that decide it and are fragile"),
        "asked": Quantity(asked, "", 0, how="parts that decide it"),
    }
    if fragile == asked:
        one = "The one part that decides it is fragile."
        return Sentence(
            one if asked == 1 else "All {asked} parts that decide it are fragile.", fields
        )
    are = "is" if fragile == 1 else "are"
    return Sentence(f"Of the {{asked}} parts that decide it {{fragile}} {are} fragile.", fields)


def breaks(declared: DeclaredConclusion, agreement: Agreement) -> tuple[str, ...]:
    """Return the smallest changes of the rule that give another verdict, in words."""
    return tuple(variation_words(v, about_time=declared.about_time) for v in agreement.breaking)


def variation_words(variation: Variation, *, about_time: bool = False) -> str:
    """Word a variation of the rule.

    Examples
    --------
    >>> variation_words(Variation(factor=2.0, clock="steps"))
    'with twice the margin and by steps alone'
    """
    windows = _TARGET_WORDS if about_time else _WINDOW_WORDS
    words = [windows.get(variation.window, ""), _FACTOR_WORDS.get(variation.factor, "")]
    words.append(f"by {variation.clock} alone" if variation.clock else "")
    return " and ".join(word for word in words if word)
