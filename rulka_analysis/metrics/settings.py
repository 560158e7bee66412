"""What was set in a run, and who says so: the one answer that everybody asks for.

A setting may be logged under a tag, stand among the run's hyperparameters or in a text of its log,
be declared by an author, stand in a file beside the log or in the run's name. The first that gives
it is taken, in this order: the log itself was there; a file may have been written again since; a
name is a guess. One that changes within a run has no value, and where two sources disagree both
stay known, so that health can tell.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from rulka_analysis.logs.runs import Run
from rulka_analysis.metrics.catalogue import Catalogue
from rulka_analysis.metrics.incidental import is_incidental
from rulka_analysis.metrics.recorded import Recorded
from rulka_analysis.metrics.run_names import read_name
from rulka_analysis.metrics.settings_files import read_recorded_files, read_recorded_texts
from rulka_analysis.metrics.summaries import last_index
from rulka_analysis.values.plain_data import scalar
from rulka_analysis.values.quantities import Quantity
from rulka_analysis.values.text import name_in_words

# Logs hold numbers as float32: 3e-4 comes back as 0.00030000001.
_SIGNIFICANT = 7
NOT_RECORDED = "not recorded"
DECLARED, HYPERPARAMETERS, ITS_NAME = "declared", "hyperparameters", "name"
# What programs write short.
_SHORT = {"lr": "learningrate", "bs": "batchsize"}


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
        return {round_off(value) for value in self.values} == {
            round_off(value) for value in other.values
        }

    @property
    def how(self) -> str:
        """Whence a value comes that is taken from here, for a reader."""
        ways = {DECLARED: "as declared by the experiment"}
        ways[HYPERPARAMETERS] = "as logged with the hyperparameters"
        ways[ITS_NAME] = "as the run's name says"
        if self.tag is not None:
            return f"as {self.where}"
        return ways.get(self.where, f"as {self.where} says")

    @property
    def says(self) -> str:
        """The source as the subject of a sentence about its run."""
        ways = {DECLARED: "the definition says", HYPERPARAMETERS: "its hyperparameters say"}
        ways[ITS_NAME] = "its name says"
        return ways.get(self.where, f"{self.where} says")

    @property
    def gives(self) -> str:
        """What a run does whose setting is taken from here: a verb, before the setting."""
        ways = {DECLARED: "is declared to have", HYPERPARAMETERS: "has among its hyperparameters"}
        ways[ITS_NAME] = "has in its name"
        if self.tag is not None:
            return "logs"
        return ways.get(self.where, f"has, says {self.where},")

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
    def incidental(self) -> bool:
        """Whether it says where or when a run was made, and nothing about training."""
        return not self.declared and is_incidental(self.name, self.known)

    @property
    def declared(self) -> bool:
        """Whether an author says what it was."""
        return any(source.where == DECLARED for source in self.sources)

    @property
    def disagreeing(self) -> tuple[Source, ...]:
        """Sources that say something else than the one that is taken."""
        if self.changes or self.incidental:
            return ()
        # What a schedule makes of a setting is no contradiction of what it was set to.
        said = [s for s in self.sources if s.tag is None] if self.schedule else self.sources
        return tuple(s for s in said[1:] if not s.agrees(said[0]))


def read_settings(
    name: str, run: Run | None, catalogue: Catalogue, declared: Mapping[str, Declared] | None = None
) -> dict[str, Setting]:
    """Return the settings of a run: those declared, those its log gives, and hyperparameters.

    What an author declares is in the answer whether it is known or not; other settings where
    something gives them, schedules not.
    """
    declared = declared or {}
    logged = catalogue.settings() if run is not None else {}
    before, after = _recorded(run, [*declared, *logged]) if run is not None else ({}, {})
    found: dict[str, Setting] = {}
    for setting in dict.fromkeys([*declared, *logged, *before, *after]):
        own, metric = declared.get(setting, Declared()), logged.get(setting)
        schedule = own.schedule or (metric is not None and metric.schedule)
        recorded = [*before.get(setting, ()), *after.get(setting, ())]
        if schedule and setting not in declared and not recorded:
            continue
        sources: list[Source | None] = []
        if run is not None:
            tags = [own.tag] if own.tag and own.tag in run.tags else []
            if not tags and metric is not None:
                tags = catalogue.tags_for(metric.name, run.tags)[:1]
            sources += [_logged(run, tag) for tag in tags]
        sources += before.get(setting, ())
        if own.value is not None:
            value = own.value if isinstance(own.value, str) else float(own.value)
            sources.append(Source(DECLARED, (value,)))
        sources += after.get(setting, ())
        there = [source for source in sources if source is not None]
        if schedule and recorded and len(there[0].values) > 1:
            # The log holds what became of it; what it was set to stands elsewhere.
            there.remove(recorded[0])
            there.insert(0, recorded[0])
        if there or setting in declared:
            title = own.title or name_in_words(setting)
            unit = own.unit or (metric.display_unit if metric else "")
            what = f"{title.lower()} of {name}"
            value_now = _value(tuple(there), unit, what, schedule, run)
            found[setting] = Setting(setting, title, value_now, tuple(there), schedule)
    return found


def numbers_of(settings: Mapping[str, Setting]) -> dict[str, Quantity]:
    """Return the settings that are numbers, unknown ones included."""
    return {n: s.value for n, s in settings.items() if isinstance(s.value, Quantity)}


def known_of(settings: Mapping[str, Setting]) -> dict[str, float | str]:
    """Return the values of the settings that have one, but for what is incidental."""
    return {
        n: value for n, s in settings.items() if not s.incidental and (value := s.known) is not None
    }


def round_off(value: float | str) -> float | str:
    """Return a value such that equal settings are equal, however many digits a log keeps.

    Examples
    --------
    >>> round_off(float(np.float32(3e-4))) == round_off(3e-4)
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


Sources = dict[str, list[Source]]


def _recorded(run: Run, settings: Iterable[str]) -> tuple[Sources, Sources]:
    """Return what is recorded of settings before an author's word and after it.

    Each goes by the name that a declared or logged setting has, or the first that records it.
    """
    said = {
        name: value
        for name, given in run.hyperparameters.items()
        if (isinstance(given, str) or math.isfinite(given)) and (value := scalar(given)) is not None
    }
    of_log = [Recorded(HYPERPARAMETERS, said), *read_recorded_texts(run)]
    beside = [*read_recorded_files(run), Recorded(ITS_NAME, read_name(run.name))]
    names = {_letters(setting): setting for setting in settings}
    before: Sources = {}
    after: Sources = {}
    for records, found in ((of_log, before), (beside, after)):
        # What is weak comes last, and speaks only of what nothing else does.
        for record in sorted(records, key=lambda one: one.weak):
            called = _called(record.values, names)
            for name, value in record.values.items():
                setting = called[name]
                given = [*before.get(setting, ()), *after.get(setting, ())]
                twice = any(source.where == record.where for source in given)
                if twice or (record.weak and given):
                    continue
                found.setdefault(setting, []).append(Source(record.where, (value,)))
    return before, after


def _called(record: Iterable[str], names: dict[str, str]) -> dict[str, str]:
    """Return what the names of one record go by, and remember those that are new.

    ``model.lr`` is the setting ``lr`` where that is known and nothing else here ends like it.
    """
    record = list(record)
    ends = Counter(_letters(name.rpartition(".")[2]) for name in record)
    called = {}
    for name in record:
        letters, end = _letters(name), _letters(name.rpartition(".")[2])
        by_end = "." in name and ends[end] == 1 and end in names
        called[name] = names[end] if by_end and letters not in names else names.get(letters, name)
    for name in record:
        names.setdefault(_letters(name), called[name])
    return called


def _logged(run: Run, tag: str) -> Source | None:
    values = run.events(tag).values
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
    last = last_index(run.events(taken.tag).values)
    assert last is not None
    evidence = (run.evidence(taken.tag, last),)
    return Quantity(value, unit, digits_of(value), evidence, taken.how)


def _letters(name: str) -> str:
    """Return what a name has in common with other spellings of it; all of it if nothing."""
    letters = re.sub(r"[^a-z0-9]", "", name.casefold()) or name
    return _SHORT.get(letters, letters)
