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
        message=f"{printable(file)} ends within a record, at byte {byte:,}. Left out: "
        f"{amount(unread)}.",
        file=file,
        byte=byte,
        unread_bytes=unread,
    )


def damage(file: str, byte: int, unread: int, cause: str, *, goes_on: bool) -> Finding:
    after = "reading goes on at the next whole record" if goes_on else "no whole record follows"
    return Finding(
        kind="damage",
        severity="error",
        message=f"{printable(file)} is damaged at byte {byte:,}: {cause}. Left out: "
        f"{amount(unread)}; {after}.",
        file=file,
        byte=byte,
        unread_bytes=unread,
    )


def zero_filled_tail(file: str, byte: int, unread: int) -> Finding:
    return Finding(
        kind="zero_filled_tail",
        severity="warning",
        message=f"{printable(file)} ends in zeros: {amount(unread)} from byte {byte:,} on.",
        file=file,
        byte=byte,
        unread_bytes=unread,
    )


def not_an_event_file(file: str, unread: int, cause: str) -> Finding:
    return Finding(
        kind="not_an_event_file",
        severity="error",
        message=f"{printable(file)} is not an event file: {cause}. Left out: {amount(unread)}.",
        file=file,
        byte=0,
        unread_bytes=unread,
    )


def unreadable(file: str, byte: int, unread: int | None, cause: str) -> Finding:
    return Finding(
        kind="unreadable",
        severity="error",
        message=f"{printable(file)} cannot be read{f' from byte {byte:,} on' if byte else ''}: "
        f"{printable(cause)}.",
        file=file,
        byte=byte,
        unread_bytes=unread,
    )


def unreadable_folder(folder: str, cause: str) -> Finding:
    return Finding(
        kind="unreadable",
        severity="error",
        message=f"The folder {printable(folder)} cannot be listed: {printable(cause)}.",
        file=folder,
    )


def unreadable_link(link: str, cause: str) -> Finding:
    return Finding(
        kind="unreadable",
        severity="warning",
        message=f"The link {printable(link)} cannot be followed: {printable(cause)}.",
        why="If it leads to runs, they are missing.",
        remedy="Mend the link, or remove it.",
        file=link,
    )


def rounded_value(file: str, tag: str) -> Finding:
    return Finding(
        kind="rounded_value",
        severity="note",
        message=f"{printable(tag)} in {printable(file)} holds integers beyond 2^53, which are "
        "rounded.",
        tag=tag,
        file=file,
    )


def not_a_scalar(file: str, tag: str) -> Finding:
    return Finding(
        kind="not_a_scalar",
        severity="warning",
        message=f"{printable(tag)} in {printable(file)} is declared a scalar, but some values are "
        "not one number. They are left out.",
        tag=tag,
        file=file,
    )


def tensor_without_plugin(file: str, tag: str) -> Finding:
    return Finding(
        kind="tensor_without_plugin",
        severity="note",
        message=f"{printable(tag)} in {printable(file)} holds single numbers as tensors, but "
        "nothing in the file says that they are scalars. They are left out.",
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
