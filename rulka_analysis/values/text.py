"""Words from data: counts, names that nobody vouches for, and the order of names."""

from __future__ import annotations

import re

# Controls, surrogates, line separators, and format characters that are not seen or turn the
# direction of writing. Not the two joiners, which some scripts need.
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0001-\U000e007f]"
)


def printable(text: str) -> str:
    r"""Escape what could disturb a terminal or a log: names are untrusted text.

    Examples
    --------
    >>> print(printable("uni_6\x1b[2J"))
    uni_6\x1b[2J
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else _escape(character) for character in text
    )


def visible(text: str, *, keep: str = "\n\t") -> str:
    r"""Escape control characters and those that turn the direction of writing.

    For texts of several lines, and those in which typography is meant: a narrow space stays.

    Examples
    --------
    >>> visible("uni_6\u202egpj.exe\x00, 24.5\u00a0s") == "uni_6\\u202egpj.exe\\x00, 24.5\u00a0s"
    True
    """
    # Nothing that is hidden is printable, and nearly every text is: it is asked of millions.
    if text.isprintable():
        return text
    return _HIDDEN.sub(lambda found: found[0] if found[0] in keep else _escape(found[0]), text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def amount(count: int, noun: str = "byte") -> str:
    """Word a count.

    Examples
    --------
    >>> amount(1), amount(1482)
    ('1 byte', '1,482 bytes')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def percent(share: float) -> str:
    """Word a part of a whole.

    Examples
    --------
    >>> percent(0.123), percent(0.0004)
    ('12 %', 'below 0.1 %')
    """
    if 0 < share < 0.001:
        return "below 0.1 %"
    return f"{100 * share:.0f} %" if share >= 0.1 else f"{100 * share:.1f} %"


def name_in_words(name: str) -> str:
    """Return a name of code as words.

    Examples
    --------
    >>> name_in_words("batch_size")
    'batch size'
    """
    return name.replace("_", " ")


def natural_order(name: str) -> list[tuple[int, int | str]]:
    """Sort key that puts ``uni_5`` before ``uni_10``.

    Examples
    --------
    >>> sorted(["uni_10", "uni_5"], key=natural_order)
    ['uni_5', 'uni_10']
    """
    parts = re.split(r"(\d+)", name)
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in parts if part]
