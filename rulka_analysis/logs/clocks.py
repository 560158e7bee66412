"""Clocks, what orders a run's events, and the window in which compared runs are known.

Three clocks can order a run's events: **minutes** of training (pauses excluded), **steps** (what
the step of an event counts is the program's own) and gradient **updates**. A clock that a log
cannot give is missing, never approximated in silence.

No NumPy here: what a domain calls things is asked before anything is computed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from rulka_analysis.values.errors import RulkaError


class ClockError(RulkaError):
    """A clock was asked for that does not exist, or that a run does not have."""


@dataclass(frozen=True, slots=True)
class Clock:
    """What orders a run's events. Clocks are equal that order by the same, whatever their names.

    Parameters
    ----------
    key : {"minutes", "steps", "updates"}
        Which of the three it is.
    name : str
        What people call it: on the command line, at the head of a column, in a sentence.
    unit : str
        Behind a number.
    every : float
        How far apart checkpoints stand unless asked otherwise, in `unit`.
    title : str
        Heading of a column.
    axis : str
        Label of an axis whose numbers are divided by `scale`.
    scale : float
        What positions are divided by on an axis.
    also : tuple of str
        Other names it is found by.
    """

    key: Literal["minutes", "steps", "updates"]
    name: str = field(compare=False)
    unit: str = field(compare=False)
    every: float = field(compare=False)
    title: str = field(default="", compare=False)
    axis: str = field(default="", compare=False)
    scale: float = field(default=1.0, compare=False)
    also: tuple[str, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        return self.name

    @property
    def names(self) -> tuple[str, ...]:
        """What it is found by: its name first, its key, and its other names."""
        return tuple(dict.fromkeys((self.name, self.key, *self.also)))

    def digits(self, position: float) -> int:
        """Return with how many decimals a position is shown: a run of seconds has minutes, too.

        Examples
        --------
        >>> [MINUTES.digits(at) for at in (85.3, 5.0, 1.83, 0.063)], STEPS.digits(0.5)
        ([0, 0, 1, 2], 0)
        """
        if self.key != "minutes" or not abs(position) < 9.5 or abs(position % 1 - 0.5) > 0.499:
            return 0
        return 1 if abs(position) >= 1 else 2

    def called(self, name: str) -> Clock:
        """Return it under another name; it is still found by the old one.

        Examples
        --------
        >>> found = STEPS.called("environment steps")
        >>> found.axis, found.names, found == STEPS
        ('Environment steps (thousands)', ('environment steps', 'steps'), True)
        """
        title = name[:1].upper() + name[1:]
        _, counted, scale = self.axis.partition(" (")
        return replace(
            self, name=name, unit=name, title=title, axis=title + counted + scale, also=self.names
        )


MINUTES = Clock("minutes", "minutes", "min", 5.0, "Minutes", "Minutes of training")
# What TensorBoard calls step; a program that counts something else by it names its own.
STEPS = Clock("steps", "steps", "steps", 10_000.0, "Steps", "Steps (thousands)", 1e3)
UPDATES = Clock(
    "updates", "updates", "updates", 10_000.0, "Updates", "Gradient updates (thousands)", 1e3
)


@dataclass(frozen=True, slots=True)
class Conventions:
    """How a training program writes its logs, as far as bytes become runs by it.

    Parameters
    ----------
    steps : Clock
        What the step of an event counts.
    hours_tag, updates_tag : str or None
        Tags under which the program logs its own hours of training and its gradient updates.
    segment_steps : tuple of int
        The steps at which the program goes on in another folder: from the first on in ``X_2``, from
        the second on in ``X_3``. Empty for a program that stays in one.
    """

    steps: Clock = STEPS
    hours_tag: str | None = None
    updates_tag: str | None = None
    segment_steps: tuple[int, ...] = ()

    @property
    def clocks(self) -> tuple[Clock, ...]:
        """The clocks a run may have."""
        return MINUTES, self.steps, UPDATES

    def with_steps_called(self, name: str) -> Conventions:
        """Return them with another name for what the step counts, where it is another one."""
        if name == self.steps.name:
            return self
        return replace(self, steps=self.steps.called(name))

    def clock(self, name: str | Clock) -> Clock:
        """Return the clock of a name; see `Clock.names`.

        Raises
        ------
        ClockError
            If there is none of that name.

        Examples
        --------
        >>> Conventions().clock("minutes").unit
        'min'
        """
        if isinstance(name, Clock):
            return name
        for clock in self.clocks:
            if name in clock.names:
                return clock
        raise ClockError(
            f"no clock {name!r}; choose one of {', '.join(clock.name for clock in self.clocks)}"
        )


@dataclass(frozen=True, slots=True)
class Window:
    """The stretch of a clock on which all compared runs are known.

    Parameters
    ----------
    clock : Clock
        The clock.
    end : float
        Where the knowledge of the shortest compared run ends; NaN when nothing is common.
    limited_by : str
        The run that ends first.
    ends : mapping
        Where the knowledge of each run ends.
    tags : mapping
        The tag of each run whose knowledge ends there.
    """

    clock: Clock
    end: float
    limited_by: str
    ends: Mapping[str, float]
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def known(self) -> bool:
        return math.isfinite(self.end)


def common_window(
    clock: Clock, ends: Mapping[str, float], tags: Mapping[str, str] | None = None
) -> Window:
    """Return the common window of runs of which each is known until `ends`, by `tags`.

    Examples
    --------
    >>> window = common_window(MINUTES, {"uni_5": 160.0, "uni_6": 165.0})
    >>> window.end, window.limited_by
    (160.0, 'uni_5')
    """
    if not ends or not all(math.isfinite(end) for end in ends.values()):
        lacking = next((run for run, end in ends.items() if not math.isfinite(end)), "")
        return Window(clock, math.nan, lacking, dict(ends), dict(tags or {}))
    shortest = min(ends, key=lambda run: ends[run])
    return Window(clock, float(ends[shortest]), shortest, dict(ends), dict(tags or {}))
