"""The wording of everything that can be wrong with an event file."""

from __future__ import annotations

from copy import copy

from rulka_analysis.values.findings import Finding
from rulka_analysis.values.text import amount, printable

MOST_DAMAGES_LISTED = 100
"""A file with more damaged places than this gets one finding for all the others."""


def truncated_tail(file: str, byte: int, unread: int) -> Finding:
    return Finding(
        kind="truncated_tail",
        severity="note",
        message=f"{printable(file)} ends within a record: truncated tail of {amount(unread)} "
        f"at byte {byte:,}",
        file=file,
        byte=byte,
        unread_bytes=unread,
    )


def damage(file: str, byte: int, unread: int, cause: str, *, goes_on: bool) -> Finding:
    after = "reading went on at the next whole record" if goes_on else "nothing after it is whole"
    return Finding(
        kind="damage",
        severity="error",
        message=f"{printable(file)}: damage at byte {byte:,}: {cause}; {amount(unread)} not "
        f"read, {after}",
        file=file,
        byte=byte,
        unread_bytes=unread,
    )


def zero_filled_tail(file: str, byte: int, unread: int) -> Finding:
    return Finding(
        kind="zero_filled_tail",
        severity="warning",
        message=f"{printable(file)}: zero-filled tail of {amount(unread)} at byte {byte:,}",
        file=file,
        byte=byte,
        unread_bytes=unread,
    )


def not_an_event_file(file: str, unread: int, cause: str) -> Finding:
    return Finding(
        kind="not_an_event_file",
        severity="error",
        message=f"{printable(file)} is not an event file: {cause} (from byte 0, "
        f"{amount(unread)} not read)",
        file=file,
        byte=0,
        unread_bytes=unread,
    )


def unreadable(file: str, byte: int, unread: int | None, cause: str) -> Finding:
    return Finding(
        kind="unreadable",
        severity="error",
        message=f"{printable(file)} is unreadable at byte {byte:,}: {printable(cause)}",
        file=file,
        byte=byte,
        unread_bytes=unread,
    )


def unreadable_folder(folder: str, cause: str) -> Finding:
    return Finding(
        kind="unreadable",
        severity="error",
        message=f"folder {printable(folder)} is unreadable: {printable(cause)}",
        file=folder,
    )


def unreadable_link(link: str, cause: str) -> Finding:
    return Finding(
        kind="unreadable",
        severity="warning",
        message=f"link {printable(link)} cannot be followed: {printable(cause)}",
        why="A run that it was to show, if there is one, is missing from everything computed.",
        remedy="Mend the link, or remove it.",
        file=link,
    )


def rounded_value(file: str, tag: str) -> Finding:
    return Finding(
        kind="rounded_value",
        severity="note",
        message=f"{printable(file)}: tag {printable(tag)} holds integers beyond 2^53, which were "
        "rounded",
        tag=tag,
        file=file,
    )


def not_a_scalar(file: str, tag: str) -> Finding:
    return Finding(
        kind="not_a_scalar",
        severity="warning",
        message=f"{printable(file)}: tag {printable(tag)} is declared a scalar but holds tensors "
        "that are not one number; they were passed over",
        tag=tag,
        file=file,
    )


def tensor_without_plugin(file: str, tag: str) -> Finding:
    return Finding(
        kind="tensor_without_plugin",
        severity="note",
        message=f"{printable(file)}: tag {printable(tag)} holds single numbers as tensors, but "
        "nothing in the file says that they are scalars; they were passed over",
        tag=tag,
        file=file,
    )


class FindingList:
    """The findings of one file, in file order; of many damaged places the first one by one.

    A file that is damaged in a million places must not need memory for a million findings, and
    no reader reads them.
    """

    def __init__(self) -> None:
        self._listed: list[Finding] = []
        self.damages = 0
        self._first_other: Finding | None = None
        self._others_unread = 0

    def add(self, finding: Finding) -> None:
        if finding.kind == "damage":
            self.damages += 1
            if self.damages > MOST_DAMAGES_LISTED:
                self._first_other = self._first_other or finding
                self._others_unread += finding.unread_bytes or 0
                return
        self._listed.append(finding)

    def copy(self) -> FindingList:
        twin = copy(self)
        twin._listed = list(self._listed)
        return twin

    def all(self) -> list[Finding]:
        """Return the findings, those not listed one by one as the last."""
        other = self._first_other
        if other is None:
            return list(self._listed)
        others = self.damages - MOST_DAMAGES_LISTED
        cause = f"the first of {amount(others, 'further damaged place')}"
        assert other.file is not None
        assert other.byte is not None
        summed_up = damage(other.file, other.byte, self._others_unread, cause, goes_on=True)
        return [*self._listed, summed_up]
