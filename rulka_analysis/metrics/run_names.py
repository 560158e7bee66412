"""Settings that people put into the names of runs: guesses, good where nothing else is recorded.

Pure functions on names. `read_name` knows a name by itself, `tell_apart` what parts tell several
names apart.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from rulka_analysis.values.plain_data import Plain, scalar

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
# What may stand before a number without a sign of equality, and what it means.
_KNOWN = {
    "learning_rate": "learning_rate",
    "lr": "lr",
    "seed": "seed",
    "s": "seed",
    "batch_size": "batch_size",
    "batchsize": "batch_size",
    "batch": "batch_size",
    "bs": "batch_size",
    "gamma": "gamma",
    "clip": "clip",
    "ent_coef": "ent_coef",
    "ent": "ent_coef",
    "dropout": "dropout",
    "weight_decay": "weight_decay",
    "wd": "weight_decay",
    "n_steps": "n_steps",
    "nsteps": "n_steps",
    "hidden": "hidden",
    "layers": "layers",
    "epochs": "epochs",
}
_KEYS = "|".join(sorted(map(re.escape, _KNOWN), key=len, reverse=True))
_BEFORE_NUMBER = re.compile(rf"(?<![A-Za-z0-9])({_KEYS})[_-]?({_NUMBER})(?![A-Za-z0-9.])", re.I)
_EQUATION = re.compile(r"([A-Za-z][\w.]*)=([^,;/\s]+?)(?=$|[,;/\s]|[_-][A-Za-z][A-Za-z_.]*=)")
_CLEANRL = re.compile(r"(?P<env>.+?)__(?P<exp>.+?)__(?P<seed>\d{1,10})__(?P<time>\d{9,11})")
_LAST_KEY = re.compile(rf"(?:\A|_)({_KEYS})\Z", re.I)
# Days, times of day, seconds since the epoch, identifiers: other in every name.
_MOMENT = re.compile(
    r"\d{8,}|\d{1,4}-\d{1,2}-\d{1,4}|\d{4,6}|\d{1,2}-\d{2}-\d{2}|[A-Z][a-z]{2}\d{2}"
)


def read_name(name: str) -> dict[str, Plain]:
    """Return the settings that a run's name gives by itself.

    Examples
    --------
    >>> read_name("CartPole-v1__dqn__3__1668832634")
    {'env_id': 'CartPole-v1', 'exp_name': 'dqn', 'seed': 3.0}
    >>> read_name("ppo_lr1e-3_seed2"), read_name("sweep/lr=0.01,net=big/s4")
    ({'lr': 0.001, 'seed': 2.0}, {'lr': 0.01, 'net': 'big', 'seed': 4.0})
    >>> read_name("run_5"), read_name("PPO_Env_lr=0.0050")
    ({}, {'lr': 0.005})
    """
    found: dict[str, Plain] = {}
    for part in name.split("/"):
        if match := _CLEANRL.fullmatch(part):
            found |= {"env_id": match["env"], "exp_name": match["exp"]}
            found["seed"] = float(match["seed"])
            continue
        for key, value in _EQUATION.findall(part):
            if (known := scalar(value)) is not None:
                # What stands before a key that is known is the run's own name.
                short = _LAST_KEY.search(key)
                found[_KNOWN[short[1].lower()] if short else key] = known
        bare = _EQUATION.sub(" ", part)
        for key, value in _BEFORE_NUMBER.findall(bare):
            found.setdefault(_KNOWN[key.lower()], float(value))
    return found


def short_names(names: Iterable[str]) -> dict[str, str]:
    """Return names without the folders that all of them have in common.

    Examples
    --------
    >>> short_names(["logs/a/files", "logs/b/files"]), short_names(["x/a", "x/a/b"])
    ({'logs/a/files': 'a', 'logs/b/files': 'b'}, {'x/a': 'a', 'x/a/b': 'a/b'})
    """
    paths = {name: name.split("/") for name in names}
    if len(paths) < 2:
        return {name: name for name in paths}
    shortest = min(map(len, paths.values()))
    every = list(paths.values())
    start = 0
    while start < shortest - 1 and len({path[start] for path in every}) == 1:
        start += 1
    end = 0
    while end < shortest - start - 1 and len({path[-1 - end] for path in every}) == 1:
        end += 1
    return {name: "/".join(path[start : len(path) - end]) for name, path in paths.items()}


def tell_apart(names: Iterable[str]) -> dict[str, dict[str, Plain]]:
    """Return by which words names differ, where more than one name shares each side of it.

    A word that stands in some names alone is a setting that is 1 or 0; words that take each other's
    place are the values of one, called ``name``. Numbers and moments tell nothing.

    Examples
    --------
    >>> tell_apart(["ppo_1", "ppo_2", "sac_1", "sac_2"])["sac_1"]
    {'name': 'sac'}
    >>> found = tell_apart(["pg_1", "pg_big_2", "pg_na_3", "pg_big_na_4"])
    >>> found["pg_big_2"], found["pg_1"]
    ({'big': 1.0, 'na': 0.0}, {'big': 0.0, 'na': 0.0})
    """
    words = {name: _words(part) for name, part in _parts_of_paths(list(names)).items()}
    count = Counter(word for found in words.values() for word in dict.fromkeys(found))
    telling = [word for word, times in count.items() if times < len(words)]
    # A word of one name alone is that run's own name, not something that was varied.
    if not telling or not any(count[word] > 1 for word in telling):
        return {name: {} for name in words}
    exclusive = all(sum(word in found for word in telling) == 1 for found in words.values())
    if exclusive:
        return {n: {"name": next(w for w in telling if w in ws)} for n, ws in words.items()}
    kept = _distinct({word: frozenset(n for n in words if word in words[n]) for word in telling})
    return {name: {word: float(word in found) for word in kept} for name, found in words.items()}


def _parts_of_paths(names: list[str]) -> dict[str, str]:
    """Return the part of each path that calls a run: the last that words tell apart.

    Folders of a program's own, such as ``version_0``, say nothing. Where each run has a last part
    of its own, that is its name, and what stands above it is where it lies.
    """
    paths = {name: name.split("/") for name in names}
    for depth in range(1, max(map(len, paths.values()), default=0) + 1):
        parts = {name: path[-depth] if depth <= len(path) else "" for name, path in paths.items()}
        all_words = {tuple(_words(part)) for part in parts.values()}
        if len(all_words) > 1 or len(set(parts.values())) == len(parts):
            return parts
    return dict.fromkeys(names, "")


def _words(name: str) -> list[str]:
    bare = _BEFORE_NUMBER.sub(" ", _EQUATION.sub(" ", name))
    parts = re.split(r"[/_ ,.]+", bare)
    return [p for p in parts if p and not p.isdigit() and not _MOMENT.fullmatch(p)]


def _distinct(where: Mapping[str, frozenset[str]]) -> list[str]:
    """Return one word for each way of parting the names."""
    everywhere = frozenset().union(*where.values())
    seen: set[frozenset[frozenset[str]]] = set()
    kept = []
    for word, names in where.items():
        parted = frozenset((names, everywhere - names))
        if parted not in seen:
            seen.add(parted)
            kept.append(word)
    return kept
