"""Numbers that know where they come from.

A `Quantity` is a number with its unit, the events behind it (`Evidence`) and how it was computed
from them. It is what summaries return, tables hold and pages quote, so that a number can always be
asked where it comes from. A quantity that cannot be known carries the reason instead of a value.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from string import Formatter
from typing import Any, Literal

from rulka_analysis.values.operations import OPERATIONS, PARAMETERS, Parameter
from rulka_analysis.values.text import visible

NOT_IN_THESE_LOGS = "not in these logs"
MANY = 12
"""Of more runs than this, readers are told what groups are, not each run."""
Extreme = Literal["least", "greatest"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One event of a log: what a number rests on.

    Parameters
    ----------
    run, tag, file : str
        Run, TensorBoard tag, and event file (relative to the log directory, with ``/``).
    step : int
        The event's step as logged.
    wall_time : float
        Seconds since the epoch as logged.
    value : float
        The value as logged, before any display factor.
    minutes, steps : float or None
        Position on the run's clocks; None where the run has no such clock.
    reading_error : float
        One standard error of the reading, in the unit of `value`; 0 for a value logged directly.
    published : bool
        The event was written from a published curve: its value was read off a figure or a page,
        and its wall time was made up.
    steps_interpolated : bool
        `steps` is a straight line between few known points.
    steps_unit : str
        What the run counts as steps.
    sha256 : str
        Digest of the file, as far as it was read.
    """

    run: str
    tag: str
    file: str
    step: int
    wall_time: float
    value: float
    minutes: float | None = None
    steps: float | None = None
    reading_error: float = 0.0
    published: bool = False
    steps_interpolated: bool = False
    steps_unit: str = "steps"
    sha256: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the event as plain data for JSON.

        Of very many numbers, `dataclasses.asdict` takes longer than all that is computed.
        """
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Made:
    """How a number was made.

    Parameters
    ----------
    operation : str
        One of `OPERATIONS`.
    inputs : tuple of Quantity
        The numbers it was made of. Of a number that was made of a tag, what its values were divided
        by, if by anything.
    parameters : tuple of (str, value)
        What else it takes to do it again, by name; see `PARAMETERS`.

    Raises
    ------
    ValueError
        If there is no such operation, or no such parameter.

    Examples
    --------
    >>> made("least", run="a", tag="loss", clock="minutes", until=75.0).parameters
    (('run', 'a'), ('tag', 'loss'), ('clock', 'minutes'), ('until', 75.0))
    """

    operation: str
    inputs: tuple[Quantity, ...] = ()
    parameters: tuple[tuple[str, Parameter], ...] = ()

    def __post_init__(self) -> None:
        if self.operation not in OPERATIONS:
            raise ValueError(
                f"there is no operation {self.operation!r}: use one of {', '.join(OPERATIONS)}"
            )
        strange = [name for name, _ in self.parameters if name not in PARAMETERS]
        if strange:
            raise ValueError(
                f"{self.operation} has no parameter {strange[0]!r}: use one of "
                f"{', '.join(PARAMETERS)}"
            )


def made(operation: str, *inputs: Quantity, **parameters: Parameter) -> Made:
    """Return how a number was made, without the parameters that say nothing."""
    kept = tuple((name, v) for name, v in parameters.items() if v is not None and v is not False)
    return Made(operation, inputs, kept)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with unit and evidence, or the reason why there is none.

    Parameters
    ----------
    value : float or None
        The number in `unit`; None when it cannot be known.
    unit : str
        Unit as displayed; empty for a pure number.
    digits : int
        Decimals shown.
    evidence : tuple of Evidence
        The events the number was computed from.
    how : str
        How it was computed from them, in words.
    reading_error : float
        One standard error of the reading, in `unit`; 0 when the events are exact.
    missing : str
        Why there is no value.
    label : str
        What stands in place of the number when there is no value.
    made : Made or None
        The operation that made it, with its inputs. None for what was stated, by `how`.
    about : str
        What it is, in a few words: "loss at the end, uni_7".
    signed : bool
        Show a plus sign, too: the number is a difference.

    Examples
    --------
    >>> Quantity(2962.12, "", 2).text, Quantity(0.5, "s", 1, signed=True).text
    ('2,962.12', '+0.5 s')
    >>> Quantity(None, "s", 2, missing="no run uni_6").text
    'not in these logs'
    """

    value: float | None
    unit: str = ""
    digits: int = 2
    evidence: tuple[Evidence, ...] = ()
    how: str = ""
    reading_error: float = 0.0
    missing: str = ""
    label: str = ""
    signed: bool = False
    made: Made | None = None
    about: str = ""

    @classmethod
    def unknown(cls, reason: str, unit: str = "", *, label: str = NOT_IN_THESE_LOGS) -> Quantity:
        """Return a quantity without a value that says why; `label` stands in its place."""
        return cls(None, unit, missing=reason, label=label)

    @property
    def known(self) -> bool:
        return self.value is not None and math.isfinite(self.value)

    @property
    def number(self) -> float:
        """The value for arithmetic and plotting; NaN when it is unknown."""
        return math.nan if self.value is None else float(self.value)

    @property
    def text(self) -> str:
        """The number as pages show it, with its unit."""
        if self.value is None:
            return self.label or NOT_IN_THESE_LOGS
        shown = format_number(self.value, self.digits)
        if self.signed and self.value > 0 and any(c in "123456789" for c in shown):
            shown = f"+{shown}"
        return f"{shown} {self.unit}" if self.unit else shown

    def __str__(self) -> str:
        return self.text

    def minus(self, other: Quantity, *, how: str = "difference", unit: str = "") -> Quantity:
        """Return this quantity minus `other`, resting on the evidence of both."""
        by = made("difference", self, other)
        return self._with(other, lambda a, b: a - b, how, unit or self.unit, self.digits, by)

    def over(self, other: Quantity, *, how: str = "ratio", digits: int = 2) -> Quantity:
        """Return this quantity divided by `other` as a pure number (``times``)."""
        by = made("ratio", self, other)
        ratio = self._with(
            other, lambda a, b: a / b if b else math.nan, how, "times", digits, by, relative=True
        )
        if ratio.value is not None and not math.isfinite(ratio.value):
            return Quantity.unknown("a ratio to zero is not defined", "times", label="not defined")
        return ratio

    def size(self) -> Quantity:
        """Return the quantity without its sign: by how much, whichever way."""
        if self.value is None or self.value >= 0:
            return self
        if self.made is not None and self.made.operation == "difference":
            turned = replace(self.made, inputs=self.made.inputs[::-1])
            return replace(self, value=-self.value, made=turned)
        by = None
        if self.made is not None:
            by = replace(self.made, parameters=(*self.made.parameters, ("unsigned", True)))
        return replace(self, value=-self.value, made=by)

    def _with(
        self,
        other: Quantity,
        combine: Any,
        how: str,
        unit: str,
        digits: int,
        by: Made,
        *,
        relative: bool = False,
    ) -> Quantity:
        for part in (self, other):
            if part.value is None:
                return Quantity.unknown(part.missing, unit, label=part.label)
        assert self.value is not None
        assert other.value is not None
        value = float(combine(self.value, other.value))
        if relative:
            # First-order propagation of independent errors; written so that a value of zero is one.
            parts = (self.reading_error, value * other.reading_error)
            error = math.hypot(*parts) / abs(other.value) if math.isfinite(value) else 0.0
        else:
            error = math.hypot(self.reading_error, other.reading_error)
        # What was done to the parts belongs to how the whole came about.
        ways = "; ".join(dict.fromkeys(part.how for part in (self, other) if part.how))
        told = f"{how} ({ways})" if ways else how
        return Quantity(value, unit, digits, self.evidence + other.evidence, told, error, made=by)

    def shown_as(self, *, digits: int | None = None, unit: str | None = None) -> Quantity:
        """Return the same quantity with other decimals or another unit label."""
        return replace(
            self,
            digits=self.digits if digits is None else digits,
            unit=self.unit if unit is None else unit,
        )

    def as_dict(self, *, parts: bool = True) -> dict[str, Any]:
        """Return the quantity as plain data for JSON.

        Parameters
        ----------
        parts : bool
            With its events, and the numbers it was made of.
        """
        data: dict[str, Any] = {
            name: getattr(self, name)
            for name in self.__slots__
            # Whether it has a sign, the text says.
            if name not in ("evidence", "made", "signed")
        }
        by = self.made
        if parts:
            data["evidence"] = [event.as_dict() for event in self.evidence]
            data["inputs"] = [one.as_dict() for one in by.inputs] if by else []
        data["operation"] = by.operation if by else ""
        data["parameters"] = dict(by.parameters) if by else {}
        data["text"] = self.text
        return data


def average(by_run: Mapping[str, Quantity]) -> Quantity:
    """Return the value of a group: its run's, or the mean over its runs.

    Examples
    --------
    >>> print(average({"uni_5": Quantity(3.0, "s"), "uni_6": Quantity(4.0, "s")}))
    3.50 s
    """
    found = list(by_run.values())
    if len(found) == 1:
        return found[0]
    # A mean of the others would flatter the group.
    if (lacking := _lacking(found)) is not None:
        return lacking
    first = found[0]
    each = ""
    if len(found) <= MANY:
        each = f" ({', '.join(f'{run} {value.text}' for run, value in by_run.items())})"
    return Quantity(
        sum(value.number for value in found) / len(found),
        first.unit,
        first.digits,
        tuple(event for value in found for event in value.evidence),
        f"mean of {len(found)} runs{each}; {first.how}",
        max(value.reading_error for value in found),
        made=made("mean", *found),
        about=f"mean of {len(found)} runs",
    )


def extreme(found: Sequence[Quantity], which: Extreme) -> Quantity:
    """Return the least or the greatest value of a group's runs.

    Examples
    --------
    >>> print(extreme([Quantity(3.0, "s"), Quantity(4.0, "s")], "greatest"))
    4.00 s
    """
    if (lacking := _lacking(found)) is not None:
        return lacking
    one = (min if which == "least" else max)(found, key=lambda value: value.number)
    how = f"the {which} of {len(found)} runs; {one.how}"
    return replace(one, how=how, made=made(which, *found), about=f"{which} of {len(found)} runs")


def _lacking(found: Sequence[Quantity]) -> Quantity | None:
    """Return what is said of a group some of whose runs have no value; None where all have one."""
    lacking = next((value for value in found if not value.known), None)
    if lacking is None:
        return None
    known = sum(value.known for value in found)
    label = f"{known} of {len(found)} runs have a value"
    return Quantity.unknown(lacking.missing, lacking.unit, label=label)


def placed(event: Evidence, clock: str) -> Made | None:
    """Return how it is found where on a clock an event stands; None for one without a value.

    Examples
    --------
    >>> placed(Evidence("a", "loss", "a/events", 7, 1.5, 0.25), "steps").inputs[0].text
    '0.2500'
    """
    if not math.isfinite(event.value):
        return None
    by = made("event", run=event.run, tag=event.tag)
    value = Quantity(event.value, "", 4, (event,), "as logged", made=by, about=event.tag)
    return made("position", value, clock=clock)


def format_number(value: float, digits: int) -> str:
    """Format a number for readers: thousands separated, a true minus sign, no ``-0``.

    Raises
    ------
    ValueError
        If the number is not finite: a page must say why instead.

    Examples
    --------
    >>> format_number(-0.5848, 3), format_number(5871020, 0), format_number(-0.0001, 2)
    ('−0.585', '5,871,020', '0.00')
    """
    if not math.isfinite(value):
        raise ValueError(f"cannot format {value!r}: only a finite number can be shown")
    text = f"{value:,.{digits}f}"
    if text.startswith("-"):
        digits_only = text[1:]
        return "−" + digits_only if any(c in "123456789" for c in digits_only) else digits_only
    return text


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence whose numbers and direction words come from data.

    Parameters
    ----------
    template : str
        Text with named fields, as in `str.format`.
    values : mapping
        What stands in the fields: a `Quantity`, or text such as a direction word or a run's name.

    Examples
    --------
    >>> print(Sentence("uni_6 is {by} slower.", {"by": Quantity(0.21, "s")}))
    uni_6 is 0.21 s slower.
    >>> print(Sentence("uni_6 is {by} slower.", {"by": Quantity.unknown("no run 'uni_6'")}))
    Not known: no run 'uni_6'.
    """

    template: str
    values: Mapping[str, Quantity | str] = field(default_factory=dict)

    def parts(self) -> list[str | Quantity]:
        """Return text and quantities in reading order.

        A sentence with an unknown quantity claims nothing: it says what is not known instead.
        """
        used = [name for _, name, _, _ in Formatter().parse(self.template) if name]
        unknown = [
            value.missing or NOT_IN_THESE_LOGS
            for name in used
            if isinstance(value := self.values[name], Quantity) and value.value is None
        ]
        if unknown:
            return [f"Not known: {'; '.join(dict.fromkeys(unknown))}."]
        parts: list[str | Quantity] = []
        for text, name, _, _ in Formatter().parse(self.template):
            if text:
                parts.append(text)
            if name:
                value = self.values[name]
                # Most texts are names, which are untrusted.
                parts.append(visible(value, keep="") if isinstance(value, str) else value)
        return parts

    def __str__(self) -> str:
        return "".join(str(part) for part in self.parts())
