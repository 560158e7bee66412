"""Groups: runs that agree in every setting but the declared replicate ones, and what to call them.

Pure functions on names and values. A label is made of what tells groups apart, so that readers meet
settings and not the codes of runs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

Value = int | float | str | bool
BETWEEN = " · "
NOT_RECORDED = "settings not recorded"
LEFT_OUT = "left out"


@dataclass(frozen=True, slots=True)
class Varied:
    """A setting as far as groups need it.

    Parameters
    ----------
    title : str
        What it is called, as it stands within a sentence.
    label : str
        What stands for it in a label, ``{}`` for the value; by default title and value.
    named : bool
        It stands in every label. Others do where their value is not the usual one.
    replicate : bool
        It does not tell groups apart: runs that differ in it alone are of one group.
    """

    title: str
    label: str = ""
    named: bool = False
    replicate: bool = False

    def text(self, value: Value) -> str:
        """Return what stands in a label for a value.

        Examples
        --------
        >>> Varied("collectors", "{} collectors").text(4), Varied("learning rate").text(0.00025001)
        ('4 collectors', 'learning rate 0.00025001')
        """
        return (self.label or f"{self.title} {{}}").replace("{}", value_text(value))


@dataclass(frozen=True, slots=True)
class Group:
    """Runs of one setting.

    Parameters
    ----------
    label : str
        What it is called, unlike any other group.
    runs : tuple of str
        Its members, in declared order.
    settings : mapping
        The settings they agree in; empty of those not recorded.
    """

    label: str
    runs: tuple[str, ...]
    settings: Mapping[str, Value] = field(default_factory=dict)

    def beside(self, other: Group) -> str:
        """Return what it is called beside another group: what only it says.

        Examples
        --------
        >>> Group("512 · 4 collectors", ("a",)).beside(Group("512", ("b",)))
        '4 collectors'
        """
        return self.label.removeprefix(f"{other.label}{BETWEEN}")


def value_text(value: Value) -> str:
    """Return a setting's value with every digit it has: two that differ never look the same.

    Examples
    --------
    >>> value_text(512.0), value_text(2.5e-4), value_text(True), value_text("64 Hill")
    ('512', '0.00025', 'yes', '64 Hill')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    number = float(value)
    return f"{int(number)}" if number.is_integer() and abs(number) < 1e15 else repr(number)


def make_groups(
    runs: Mapping[str, Mapping[str, Value]], settings: Mapping[str, Varied]
) -> tuple[Group, ...]:
    """Return the groups of runs, in the order of their first runs.

    A run of which a setting is not recorded agrees with nothing: it is a group alone.

    A setting that is absent was not recorded. Labels name settings in the order given.

    Examples
    --------
    >>> runs = {"a": {"lr": 0.1, "seed": 1}, "b": {"lr": 0.1, "seed": 2}, "c": {"lr": 0.2}}
    >>> settings = {"lr": Varied("learning rate"), "seed": Varied("seed", replicate=True)}
    >>> [(group.label, group.runs) for group in make_groups(runs, settings)]
    [('learning rate 0.1', ('a', 'b')), ('learning rate 0.2', ('c',))]
    """
    telling = [name for name, setting in settings.items() if not setting.replicate]
    members: dict[tuple[object, ...], list[str]] = {}
    for run, found in runs.items():
        complete = all(name in found for name in telling)
        # Numbers agree by value, whichever way they were written; True is no 1.
        key = (
            tuple((isinstance(found[n], str | bool), found[n]) for n in telling) if complete else ()
        )
        members.setdefault((run,) if not complete else key, []).append(run)
    grouped = [
        (tuple(names), {name: runs[names[0]][name] for name in telling if name in runs[names[0]]})
        for names in members.values()
    ]
    labels = _labels(grouped, {name: settings[name] for name in telling})
    return tuple(
        Group(label, names, found) for label, (names, found) in zip(labels, grouped, strict=True)
    )


def group_of(name: str, groups: Sequence[Group]) -> Group | None:
    """Return the group of a label, or of one of its runs.

    Examples
    --------
    >>> group_of("b", [Group("lr 0.1", ("a", "b"))]).label
    'lr 0.1'
    """
    by_label = (group for group in groups if group.label == name)
    by_run = (group for group in groups if name in group.runs)
    return next(by_label, next(by_run, None))


def differing(one: Group, other: Group, settings: Collection[str]) -> tuple[str, ...]:
    """Return the settings in which two groups differ, and those not known of one of them.

    Examples
    --------
    >>> differing(Group("a", ("a",), {"lr": 1}), Group("b", ("b",), {"lr": 1}), ["lr", "size"])
    ('size',)
    """
    return tuple(
        name
        for name in settings
        if name not in one.settings
        or name not in other.settings
        or one.settings[name] != other.settings[name]
    )


def _labels(
    grouped: Sequence[tuple[tuple[str, ...], Mapping[str, Value]]], settings: Mapping[str, Varied]
) -> list[str]:
    complete = [found for _, found in grouped if len(found) == len(settings)]
    values = {name: Counter(value_text(found[name]) for found in complete) for name in settings}
    usual = {
        name: counted.most_common(1)[0][0] if counted else "" for name, counted in values.items()
    }
    varied = [name for name, counted in values.items() if len(counted) > 1]
    always = [name for name in settings if settings[name].named] or varied
    labels = []
    for names, found in grouped:
        if len(found) < len(settings):
            labels.append(f"{names[0]}{BETWEEN}{NOT_RECORDED}")
            continue
        parts = [
            setting.text(found[name])
            for name, setting in settings.items()
            if name in always or (name in varied and value_text(found[name]) != usual[name])
        ]
        labels.append(BETWEEN.join(parts) or names[0])
    # Two settings may read alike; then the first run tells which is meant.
    count = Counter(labels)
    return [
        label if count[label] == 1 else f"{label}{BETWEEN}{names[0]}"
        for label, (names, _) in zip(labels, grouped, strict=True)
    ]
