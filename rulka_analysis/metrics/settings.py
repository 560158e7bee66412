"""What was set in a run, and who says so: the one answer that everybody asks for.

A setting may be logged under a tag, stand among the run's hyperparameters or be declared by an
author. The first that gives it is taken, in this order. One that changes within a run has no value,
and where two sources disagree both stay known, so that health can tell.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from rulka_analysis.logs.runs import Run
from rulka_analysis.metrics.catalogue import Catalogue
from rulka_analysis.metrics.summaries import last_index
from rulka_analysis.values.quantities import Quantity

# Logs hold numbers as float32: 3e-4 comes back as 0.00030000001.
_SIGNIFICANT = 7
NOT_RECORDED = "not recorded"


@dataclass(frozen=True, slots=True)
class Declared:
    """What an author says of a setting.

    Parameters
    ----------
    value : number, text or None
        Its value in one run; None where it was not recorded.
    title, unit : str
        What it is called, and what it is counted in.
    tag : str or None
        Where a log records it.
    schedule : bool
        It is meant to change within a run.
    """

    value: float | str | None = None
    title: str = ""
    unit: str = ""
    tag: str | None = None
    schedule: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """One that gives a setting: where, and which values. More than one where it changes."""

    where: str
    values: tuple[float | str, ...]
    tag: str | None = None

    def agrees(self, other: Source) -> bool:
        """Tell whether both say the same, to the digits that a log keeps."""
        return {rounded(value) for value in self.values} == {
            rounded(value) for value in other.values
        }

    @property
    def how(self) -> str:
        """Whence a value comes that is taken from here, for a reader."""
        ways = {"declared": "as declared by the experiment"}
        ways["hyperparameters"] = "as logged with the hyperparameters"
        return ways.get(self.where, f"as {self.where}")

    @property
    def text(self) -> str:
        return ", ".join(v if isinstance(v, str) else f"{v:g}" for v in self.values)


@dataclass(frozen=True, slots=True)
class Setting:
    """What one setting was in one run.

    Parameters
    ----------
    name, title : str
        What it goes by, and what readers know it by.
    value : Quantity or str
        A number with its source, or why there is none; a text where it is no number.
    sources : tuple of Source
        All that give it, the one that is taken first.
    schedule : bool
        It is meant to change within a run.
    """

    name: str
    title: str
    value: Quantity | str
    sources: tuple[Source, ...] = ()
    schedule: bool = False

    @property
    def known(self) -> float | str | None:
        """The value by itself; None where it is not known."""
        if isinstance(self.value, str):
            return self.value
        return self.value.number if self.value.known else None

    @property
    def text(self) -> str:
        return str(self.value)

    @property
    def changes(self) -> bool:
        """Whether it changes within the run and is no schedule."""
        return not self.schedule and any(len(source.values) > 1 for source in self.sources)

    @property
    def disagreeing(self) -> tuple[Source, ...]:
        """Sources that say something else than the one that is taken."""
        if self.schedule or self.changes:
            return ()
        return tuple(s for s in self.sources[1:] if not s.agrees(self.sources[0]))


def read_settings(
    name: str, run: Run | None, catalogue: Catalogue, declared: Mapping[str, Declared] | None = None
) -> dict[str, Setting]:
    """Return the settings of a run: those declared, those its log gives, and hyperparameters.

    Parameters
    ----------
    name : str
        The run.
    run : Run or None
        Its log; None where there is none.
    catalogue : Catalogue
        Which tags hold settings.
    declared : mapping of str to Declared, optional
        What an author says of it, by setting; in the answer whether it is known or not.
        Other settings are there where something gives them, schedules not.
    """
    declared = declared or {}
    logged = catalogue.settings() if run is not None else {}
    hyperparameters = _hyperparameters(run, [*declared, *logged]) if run is not None else {}
    found: dict[str, Setting] = {}
    for setting in dict.fromkeys([*declared, *logged, *hyperparameters]):
        own, metric = declared.get(setting, Declared()), logged.get(setting)
        schedule = own.schedule or (metric is not None and metric.schedule)
        if schedule and setting not in declared and setting not in hyperparameters:
            continue
        sources: list[Source | None] = []
        if run is not None:
            tags = [own.tag] if own.tag and own.tag in run.tags else []
            if not tags and metric is not None:
                tags = catalogue.tags_for(metric.name, run.tags)[:1]
            sources += [_logged(run, tag) for tag in tags]
        sources.append(hyperparameters.get(setting))
        if own.value is not None:
            value = own.value if isinstance(own.value, str) else float(own.value)
            sources.append(Source("declared", (value,)))
        there = tuple(source for source in sources if source is not None)
        if there or setting in declared:
            title = own.title or setting.replace("_", " ")
            unit = own.unit or (metric.display_unit if metric else "")
            value_now = _value(there, unit, f"{title.lower()} of {name}", schedule, run)
            found[setting] = Setting(setting, title, value_now, there, schedule)
    return found


def numbers_of(settings: Mapping[str, Setting]) -> dict[str, Quantity]:
    """Return the settings that are numbers, unknown ones included."""
    return {n: s.value for n, s in settings.items() if isinstance(s.value, Quantity)}


def known_of(settings: Mapping[str, Setting]) -> dict[str, float | str]:
    """Return the values of the settings that have one."""
    return {n: value for n, s in settings.items() if (value := s.known) is not None}


def rounded(value: float | str) -> float | str:
    """Return a value such that equal settings are equal, however many digits a log keeps.

    Examples
    --------
    >>> rounded(float(np.float32(3e-4))) == rounded(3e-4)
    True
    """
    return value if isinstance(value, str) else float(f"{value:.{_SIGNIFICANT - 2}e}")


def digits_of(value: float) -> int:
    """Return how many decimals a setting needs.

    Examples
    --------
    >>> [digits_of(value) for value in (512, 0.5, 3e-4, 2.5e-9, 0.30000001192092896)]
    [0, 1, 4, 10, 1]
    """
    mantissa, _, exponent = f"{value:.{_SIGNIFICANT - 1}e}".partition("e")
    return max(len(mantissa.rstrip("0").partition(".")[2]) - int(exponent), 0)


def _hyperparameters(run: Run, settings: Iterable[str]) -> dict[str, Source]:
    """Return a run's hyperparameters, under the names that settings go by here."""
    by_letters = {_letters(setting): setting for setting in settings}
    found: dict[str, Source] = {}
    for name, value in run.hyperparameters.items():
        if isinstance(value, str) or math.isfinite(value):
            given = value if isinstance(value, str) else float(value)
            setting = by_letters.get(_letters(name), name)
            found.setdefault(setting, Source("hyperparameters", (given,)))
    return found


def _logged(run: Run, tag: str) -> Source | None:
    values = run.scalars(tag).value.to_numpy(dtype=np.float64)
    known = values[np.isfinite(values)]
    _, first = np.unique(known, return_index=True)
    distinct = tuple(float(known[at]) for at in sorted(first))
    return Source(f"logged under {tag}", distinct, tag) if distinct else None


def _value(
    sources: tuple[Source, ...], unit: str, what: str, schedule: bool, run: Run | None
) -> Quantity | str:
    if not sources:
        return Quantity.unknown(f"the {what} was not recorded", unit, label=NOT_RECORDED)
    taken = sources[0]
    if len(taken.values) > 1:
        low, high = min(taken.values), max(taken.values)
        does = "follows a schedule" if schedule else "changes within the run"
        reason = f"the {what} {does}, from {low:g} to {high:g}"
        return Quantity.unknown(reason, unit, label="schedule" if schedule else "changes")
    (value,) = taken.values
    if isinstance(value, str):
        return value
    if taken.tag is None or run is None:
        return Quantity(value, unit, digits_of(value), how=taken.how)
    last = last_index(run.scalars(taken.tag).value.to_numpy(dtype=np.float64))
    assert last is not None
    evidence = (run.evidence(taken.tag, last),)
    return Quantity(value, unit, digits_of(value), evidence, taken.how)


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())
