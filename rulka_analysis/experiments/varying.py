"""Which settings tell runs apart, which are chance, and the groups that follow.

Pure functions on names and values. A configuration holds a hundred settings; what matters is what
differs between runs, and of that as little as tells them apart. What always changed together with a
setting that is named is told beside it: nothing here could say which of them did it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rulka_analysis.experiments.groups import BETWEEN, Group, Value, Varied, make_groups
from rulka_analysis.metrics.incidental import is_incidental, is_seed
from rulka_analysis.metrics.run_names import short_names, tell_apart
from rulka_analysis.values.text import name_in_words

# What stands for a setting that a run's own configuration does not have.
NOT_SET = "not set"
Known = Mapping[str, Mapping[str, Value]]
Parts = frozenset[frozenset[str]]


@dataclass(frozen=True, slots=True)
class Varying:
    """What tells runs apart.

    Parameters
    ----------
    settings : mapping of str to Varied
        As few as tell runs apart, then those that are chance.
    together : mapping of str to tuple of str
        Settings that changed exactly where a named one did.
    values : mapping of str to mapping
        What was set in each run of these; a run of which nothing is recorded has none.
    groups : tuple of Group
        The runs that agree.
    by_name : bool
        Settings are read from words in the names of runs, because none is recorded that differs.
    """

    settings: Mapping[str, Varied]
    values: Known
    groups: tuple[Group, ...]
    together: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    by_name: bool = False

    @property
    def replicates(self) -> tuple[str, ...]:
        """The settings that are chance."""
        return tuple(name for name, setting in self.settings.items() if setting.replicate)

    @property
    def telling(self) -> tuple[str, ...]:
        """The settings that tell groups apart."""
        return tuple(name for name, setting in self.settings.items() if not setting.replicate)


def find_varying(runs: Known, titles: Mapping[str, str] | None = None) -> Varying:
    """Return what tells runs apart.

    Parameters
    ----------
    runs : mapping of str to mapping
        What is known to have been set in each run, numbers to as many digits as count.
    titles : mapping of str to str, optional
        What settings are called, where that is more than their name.

    Examples
    --------
    >>> runs = {f"{lr}_{seed}": {"lr": lr, "seed": seed, "gamma": 0.9, "steps": 2 * lr}
    ...         for lr in (0.1, 0.2) for seed in (1, 2)}
    >>> found = find_varying(runs)
    >>> [(group.label, len(group.runs)) for group in found.groups], found.replicates
    ([('lr 0.1', 2), ('lr 0.2', 2)], ('seed',))
    >>> found.together
    {'lr': ('steps',)}
    """
    recorded = {run: values for run, values in runs.items() if values}
    names = list(dict.fromkeys(name for values in recorded.values() for name in values))
    filled = {
        run: {name: values.get(name, NOT_SET) for name in names} for run, values in recorded.items()
    }
    parts = {name: _parts(filled, name) for name in names}
    differing = [name for name in names if len(parts[name]) > 1]
    seeds = [name for name in differing if is_seed(name)]
    kept, together = _fewest(_contrasts(filled, differing, parts, recorded), parts, list(filled))
    by_name = not kept
    if by_name:
        # Nothing that is recorded differs but chance: then names say what was meant.
        words = tell_apart(runs)
        kept = list(dict.fromkeys(word for found in words.values() for word in found))
        together = {}
        filled = {run: {**filled.get(run, {}), **words[run]} for run in runs}
    settings = {name: _varied(name, titles or {}) for name in kept}
    settings |= {name: Varied(_title(name, titles or {}), replicate=True) for name in seeds}
    values = {
        run: {name: filled[run][name] for name in settings if name in filled.get(run, {})}
        for run in runs
    }
    if not kept and not recorded:
        # Nothing tells: whether runs are alike is not known, so none are put together.
        groups = tuple(Group(short, (run,)) for run, short in short_names(runs).items())
    else:
        groups = make_groups(values, settings) if kept else _of_one_setting(runs, recorded)
    if by_name and kept not in ([], ["name"]):
        groups = tuple(replace(group, label=_words_of(group, kept)) for group in groups)
    return Varying(settings, values, groups, together, by_name and bool(kept))


def _words_of(group: Group, words: Sequence[str]) -> str:
    """Return a group's label by the words that stand in the names of its runs."""
    own = [word for word in words if group.settings.get(word) == 1.0]
    return BETWEEN.join(own) or f"without {', '.join(words)}"


def _of_one_setting(runs: Known, recorded: Known) -> tuple[Group, ...]:
    """Return the groups where all that is recorded agrees: one of those, and the others alone."""
    alike = tuple(run for run in runs if run in recorded)
    label = "one setting" if len(alike) > 1 else alike[0]
    others = (Group(run, (run,)) for run in runs if run not in recorded)
    return (Group(label, alike, {}), *others)


def _varied(name: str, titles: Mapping[str, str]) -> Varied:
    title = _title(name, titles)
    # A word of a name stands for itself: the value is what readers know.
    return Varied(title, label="{}" if name == "name" else "", named=True)


def _title(name: str, titles: Mapping[str, str]) -> str:
    return titles.get(name) or name_in_words(name.rpartition(".")[2] or name)


def _parts(filled: Known, name: str) -> Parts:
    """Return how a setting parts the runs."""
    by_value: dict[object, set[str]] = {}
    for run, values in filled.items():
        value = values[name]
        by_value.setdefault((isinstance(value, str), value), set()).add(run)
    return frozenset(frozenset(found) for found in by_value.values())


def _contrasts(
    filled: Known, differing: Iterable[str], parts: Mapping[str, Parts], recorded: Known
) -> list[str]:
    """Return what may have been varied on purpose, the likeliest first."""
    found = [
        name
        for name in differing
        if not is_seed(name)
        and not any(is_incidental(name, values[name]) for values in filled.values())
    ]
    # A text that is another one in every run is most likely its name.
    coarse = [name for name in found if len(parts[name]) < len(filled)]
    if coarse and len(filled) > 2:
        found = [
            name
            for name in found
            if name in coarse or not all(isinstance(v[name], str) for v in filled.values())
        ]
    order = {name: at for at, name in enumerate(found)}

    def likelihood(name: str) -> tuple[bool, bool, int, int, int]:
        everywhere = all(name in values for values in recorded.values())
        # What has few values was chosen; what has one for each choice of others follows from them.
        finest = len(parts[name])
        return (not everywhere, name.endswith("_target_"), name.count("."), finest, order[name])

    return sorted(found, key=likelihood)


def _fewest(
    contrasts: Sequence[str], parts: Mapping[str, Parts], runs: Sequence[str]
) -> tuple[list[str], dict[str, tuple[str, ...]]]:
    """Return as few settings as part the runs like all of them do, and what changed with each."""
    together: dict[str, list[str]] = {}
    by_parts: dict[Parts, str] = {}
    for name in contrasts:
        first = by_parts.setdefault(parts[name], name)
        together.setdefault(first, [])
        if first != name:
            together[first].append(name)
    kept: list[str] = []
    joint: Parts = frozenset([frozenset(runs)])
    for name in together:
        finer = frozenset(both for one in joint for other in parts[name] if (both := one & other))
        if len(finer) > len(joint):
            kept.append(name)
            joint = finer
    # What came first may be told by what came later: two settings that were crossed need no third.
    for name in list(kept):
        others = [parts[other] for other in kept if other != name]
        if others and len(_joined(others, runs)) == len(joint):
            kept.remove(name)
    return kept, {name: tuple(together[name]) for name in kept if together[name]}


def _joined(many: Iterable[Parts], runs: Sequence[str]) -> Parts:
    joint: Parts = frozenset([frozenset(runs)])
    for parts in many:
        joint = frozenset(both for one in joint for other in parts if (both := one & other))
    return joint
