"""What is told of a rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rulka_analysis.values.text import name_in_words

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Rule:
    """Something health looks for.

    Texts are plain sentences without markup.

    Parameters
    ----------
    code : str
        Stays the same for good: letters for whose rule it is, a digit for its group, two for
        itself.
    kind : str
        What its findings are called in code and in JSON, in ``snake_case``.
    group : str
        The heading it stands under.
    severities : tuple of {"error", "warning", "note"}
        What its findings may be, the gravest first.
    meaning, detection, why, remedy : str
        What it means, how it is detected, why it matters, what to do.
    example : str
        A smallest log in which it is found, see the guide on log health; tests write it.
    when : str
        Where findings differ in severity: when they are what.
    """

    code: str
    kind: str
    group: str
    severities: tuple[Severity, ...]
    meaning: str
    detection: str
    why: str
    remedy: str
    example: str
    when: str = ""

    @property
    def title(self) -> str:
        """The kind as words."""
        return name_in_words(self.kind)

    @property
    def anchor(self) -> str:
        """Where the guide on log health tells of it."""
        return self.code.lower()
