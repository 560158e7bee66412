"""A finding: something noticed about logs that a reader of the results must know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rulka_analysis.values.rules import code_of, rule_of
from rulka_analysis.values.rules.rule import Severity

__all__ = ["Finding", "Severity"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something noticed about a log: what, where, why it matters and what to do.

    Parameters
    ----------
    kind : str
        Its rule, in ``snake_case`` (``"truncated_tail"``, ``"damage"``, …); gives the code.
    severity : {"error", "warning", "note"}
        *error*: data are lost or wrong; *warning*: a reader may be misled; *note*: good to know.
    message : str
        One sentence that names the thing and the cause.
    why, remedy : str
        Why it matters, and what to do about it; what its rule says unless this one knows more.
    run, tag, file : str or None
        What it is about; `file` is the file's path as text.
    byte, unread_bytes : int or None
        Position in `file`, and how many bytes could not be read there.
    tags : tuple of str
        What it is about, where that is several tags.
    runs : tuple of str
        All runs it is about, where it is about several side by side.

    Examples
    --------
    >>> Finding("tag_stops", "warning", "a stops.").remedy
    'Compare up to that minute only.'
    >>> Finding("tag_stops", "warning", "a stops.", remedy="Wait.").remedy
    'Wait.'
    """

    kind: str
    severity: Severity
    message: str
    why: str = ""
    remedy: str = ""
    run: str | None = None
    tag: str | None = None
    file: str | None = None
    byte: int | None = None
    unread_bytes: int | None = None
    tags: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        rule = rule_of(self.kind)
        if rule is not None:
            object.__setattr__(self, "why", self.why or rule.why)
            object.__setattr__(self, "remedy", self.remedy or rule.remedy)

    def __str__(self) -> str:
        return f"{self.severity}: {self.message}"

    @property
    def code(self) -> str:
        """The code of its rule, which stays; empty for a rule that nobody registered."""
        return code_of(self.kind)

    def as_dict(self) -> dict[str, Any]:
        """Return the fields that are set, and the code, for JSON."""
        return {
            name: value
            for name in ("code", *self.__slots__)
            if (value := getattr(self, name)) not in (None, "", ())
        }
