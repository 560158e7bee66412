"""Patterns of tags, such as ``Play/score_{mode}_{level}``, and which tags they match.

No two patterns of a catalogue may match the same tag. `common_tag` proves that, or finds a tag that
two patterns share.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal


@dataclass(frozen=True, slots=True)
class Placeholder:
    """The variable part of a pattern, such as ``{level}``.

    Parameters
    ----------
    name : str
        The word between the braces.
    description : str
        What it stands for.
    form : {"choice", "name", "number"}
        One of `choices`; any text without ``/``; decimal digits.
    choices : tuple of str
        The texts it may stand for, where `form` is ``"choice"``.
    usual : str or None
        What it stands for wherever a comparison does not say otherwise.
    varies : bool
        Its values are the domain's variants: outcomes of their own.
    """

    name: str
    description: str
    form: Literal["choice", "name", "number"]
    choices: tuple[str, ...] = ()
    usual: str | None = None
    varies: bool = False

    @property
    def expression(self) -> str:
        """Regular expression of the texts it may stand for."""
        if self.form == "number":
            return "[0-9]+"
        if self.form == "name":
            return "[^/]+"
        return "|".join(re.escape(choice) for choice in self.choices)


# `{layer!sq_}`: a layer whose name does not begin with `sq_`.
PLACEHOLDER = re.compile(r"\{(?P<name>\w+)(?:!(?P<excluded>\w+))?\}")


def filled(text: str, values: Mapping[str, str | int]) -> str:
    return PLACEHOLDER.sub(lambda found: str(values.get(found["name"], found[0])), text)


@dataclass(frozen=True, slots=True)
class Variable:
    placeholder: Placeholder
    excluded: str | None


class Pattern:
    """One pattern of one metric: today's or an older name."""

    def __init__(self, text: str, metric: str, alias: bool, known: Mapping[str, Placeholder]):
        self.text = text
        self.metric = metric
        self.alias = alias
        self.parts: list[str | Variable] = []
        end = 0
        for found in PLACEHOLDER.finditer(text):
            self.parts.append(text[end : found.start()])
            self.parts.append(Variable(known[found["name"]], found["excluded"]))
            end = found.end()
        self.parts.append(text[end:])

    @property
    def placeholders(self) -> tuple[Placeholder, ...]:
        return tuple(part.placeholder for part in self.parts if isinstance(part, Variable))

    @property
    def literal_start(self) -> str:
        return str(self.parts[0])

    @property
    def is_literal(self) -> bool:
        return len(self.parts) == 1

    @cached_property
    def expression(self) -> re.Pattern[str]:
        pieces: list[str] = []
        for part in self.parts:
            if isinstance(part, str):
                pieces.append(re.escape(part))
            else:
                without = f"(?!{re.escape(part.excluded)})" if part.excluded else ""
                pieces.append(
                    f"{without}(?P<{part.placeholder.name}>{part.placeholder.expression})"
                )
        return re.compile("".join(pieces))

    def placeholders_of(self, tag: str) -> dict[str, str] | None:
        """Return what the placeholders stand for in a tag, or None if it does not match."""
        found = self.expression.fullmatch(tag)
        return None if found is None else found.groupdict()


class Patterns:
    """All patterns, found by the text before their first placeholder.

    A log may hold ten thousand tags: looking up the few lengths that such texts have leaves one or
    two expressions to try instead of all.
    """

    def __init__(self, patterns: Iterable[Pattern]):
        self.all = tuple(patterns)
        self._literal = {pattern.text: pattern for pattern in self.all if pattern.is_literal}
        self._by_start: dict[str, list[Pattern]] = {}
        for pattern in self.all:
            if not pattern.is_literal:
                self._by_start.setdefault(pattern.literal_start, []).append(pattern)
        self._lengths = sorted({len(start) for start in self._by_start})

    def find(self, tag: str) -> tuple[Pattern, tuple[tuple[str, str], ...]] | None:
        """Return the pattern that matches a tag and what its placeholders stand for."""
        if tag in self._literal:
            return self._literal[tag], ()
        for length in self._lengths:
            for pattern in self._by_start.get(tag[:length], ()):
                values = pattern.placeholders_of(tag)
                if values is not None:
                    return pattern, tuple(values.items())
        return None


def common_tag(first: Pattern, second: Pattern) -> str | None:
    """Return a shortest tag that both patterns match, or None when there is none.

    Both are read as finite automata and walked in step (the product construction), over the
    letters that occur in either and one representative for all other letters and digits.
    """
    if not (
        first.literal_start.startswith(second.literal_start)
        or second.literal_start.startswith(first.literal_start)
    ):
        return None
    written = set(first.text + second.text)
    for pattern in (first, second):
        for placeholder in pattern.placeholders:
            written.update("".join(placeholder.choices))
    others = [letter for letter in "xyzabcdefghijklmnopqrstuvw" if letter not in written][:1]
    digits = [digit for digit in "1234567890" if digit not in written][:1]
    alphabet = sorted(written | set(others or "¤") | set(digits))

    one, two = Automaton(first, alphabet), Automaton(second, alphabet)
    waiting = deque([(0, 0, "")])
    seen = {(0, 0)}
    while waiting:
        here, there, tag = waiting.popleft()
        if here in one.accepting and there in two.accepting:
            return tag
        for letter in alphabet:
            for step in one.steps.get((here, letter), ()):
                for other in two.steps.get((there, letter), ()):
                    if (step, other) not in seen:
                        seen.add((step, other))
                        waiting.append((step, other, tag + letter))
    return None


class Automaton:
    """A pattern as a nondeterministic finite automaton: state 0 starts, `accepting` ends."""

    def __init__(self, pattern: Pattern, alphabet: Iterable[str]):
        self.steps: dict[tuple[int, str], set[int]] = {}
        self._alphabet = tuple(alphabet)
        self._states = 1
        ends = {0}
        for part in pattern.parts:
            if isinstance(part, str):
                ends = self._text(ends, part)
            elif part.placeholder.form == "choice":
                ends = {
                    end
                    for choice in part.placeholder.choices
                    if not (part.excluded and choice.startswith(part.excluded))
                    for end in self._text(ends, choice)
                }
            else:
                ends = self._repeated(ends, part)
        self.accepting = ends

    def _new(self) -> int:
        self._states += 1
        return self._states - 1

    def _step(self, starts: Iterable[int], letter: str, end: int) -> None:
        for start in starts:
            self.steps.setdefault((start, letter), set()).add(end)

    def _text(self, starts: set[int], text: str) -> set[int]:
        for letter in text:
            end = self._new()
            self._step(starts, letter, end)
            starts = {end}
        return starts

    def _repeated(self, starts: set[int], variable: Variable) -> set[int]:
        letters = [
            letter
            for letter in self._alphabet
            if (letter in "0123456789" if variable.placeholder.form == "number" else letter != "/")
        ]
        free = self._new()
        ends = {free}
        for avoided in variable.excluded or "":
            # On the way along the excluded beginning, any other letter sets free.
            further = self._new()
            for letter in letters:
                self._step(starts, letter, further if letter == avoided else free)
            starts = {further}
            ends.add(further)
        if variable.excluded:
            ends -= starts
        else:
            for letter in letters:
                self._step(starts, letter, free)
        for letter in letters:
            self._step({free}, letter, free)
        return ends
