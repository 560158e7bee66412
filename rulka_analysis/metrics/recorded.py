"""What a text or a file that a program wrote says of its settings, whatever program it was.

Pure functions on texts. Each format becomes one flat `Recorded`; what cannot be read is a reason
in words, never an error: the text is untrusted, and a run is of use without it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rulka_analysis.values.plain_data import (
    MOST_VALUES,
    Flat,
    Plain,
    PlainDataError,
    flatten,
    read_json,
    read_yaml,
    scalar,
)

# Text tags that hold settings; PyTorch appends to them.
TEXT_TAGS = ("hyperparameters", "args", "config", "hparams")
_SUFFIX = "/text_summary"
# Keys that say which program wrote the file.
_OF_PROGRAM = ("wandb_version", "_wandb", "__annotations__", "__class__")


@dataclass(frozen=True, slots=True)
class Recorded:
    """Settings that one place records.

    Parameters
    ----------
    where : str
        The place in words.
    values : mapping of str to (float or str)
        Setting to value.
    skipped : tuple of str
        Names whose values are of no use: objects, long texts.
    problem : str
        Why it could not be read; empty where it could.
    weak : bool
        Only what nothing else of the run's own gives: defaults, and what stands above all runs.
    """

    where: str
    values: Mapping[str, Plain] = field(default_factory=dict)
    skipped: tuple[str, ...] = ()
    problem: str = ""
    weak: bool = False

    def plain(self) -> dict[str, Any]:
        """Return it as data for an archive."""
        return {
            "where": self.where,
            "values": dict(self.values),
            "skipped": list(self.skipped),
            "problem": self.problem,
            "weak": self.weak,
        }


def recorded_of(plain: Mapping[str, Any]) -> Recorded:
    """Return what `Recorded.plain` made data of.

    Examples
    --------
    >>> one = Recorded("a/args.json", {"lr": 0.1}, ("model",), weak=True)
    >>> recorded_of(one.plain()) == one
    True
    """
    return Recorded(**{**plain, "skipped": tuple(plain["skipped"])})


def read_text_tag(tag: str, text: str) -> Recorded | None:
    """Return the settings that a text logged under a tag holds; None for other texts.

    A table of two columns is CleanRL's way, JSON that of Hugging Face's Trainer.

    Examples
    --------
    >>> read_text_tag("hyperparameters/text_summary", "|param|value|\\n|-|-|\\n|lr|1e-3|").values
    {'lr': 0.001}
    >>> read_text_tag("args", '{"lr": 0.1}').where
    'the text args'
    """
    name = tag.removesuffix(_SUFFIX)
    if name not in TEXT_TAGS:
        return None
    where = f"the text {name}"
    if text.lstrip().startswith("|"):
        return _recorded(where, text, read_table)
    # Markdown shows JSON in a fence, or as a block that is indented.
    bare = re.sub(r"\A\s*```\w*\n|\n```\s*\Z", "", text)
    if bare.lstrip().startswith("{"):
        return _recorded(where, bare, lambda text: flatten(read_json(text)))
    return None


def read_table(text: str) -> Flat:
    """Return the settings of a table ``|name|value|``; its heading and its rule are none."""
    values: dict[str, Plain] = {}
    skipped: list[str] = []
    rows = text.splitlines()
    if len(rows) > MOST_VALUES:
        raise PlainDataError(f"has more than {MOST_VALUES:,} lines")
    for row in rows[2:]:
        # A value may hold the sign between columns: only the first one parts them.
        name, parted, value = row.strip().removeprefix("|").partition("|")
        if parted and name.strip() and value.endswith("|"):
            known = scalar(value.removesuffix("|"))
            if known is None:
                skipped.append(name.strip())
            else:
                values[name.strip()] = known
    return Flat(values, tuple(skipped))


def read_file(name: str, text: str, where: str) -> Recorded:
    """Return the settings of a file, by the name that its program gives it."""
    if name.endswith("overrides.yaml"):
        return _recorded(where, text, _read_overrides)
    read = read_json if name.endswith(".json") else read_yaml
    if name == "config_snapshot.yaml":
        return _recorded(where, text, lambda text: _without_sections(flatten(read(text))))
    return _recorded(where, text, lambda text: flatten(_unwrapped(read(text))))


def _read_overrides(text: str) -> Flat:
    """Return what was varied on a command line: ``- model.lr=0.1``, ``+`` and ``~`` in front."""
    data = read_yaml(text)
    values: dict[str, Plain] = {}
    skipped: list[str] = []
    for line in data[:MOST_VALUES] if isinstance(data, list) else []:
        name, given, value = line.partition("=") if isinstance(line, str) else ("", "", "")
        # A name in front of `@` is a group of configurations, put elsewhere.
        name = name.lstrip("+").strip()
        known = scalar(value.strip().strip("'\"")) if given else None
        if known is None or name.startswith("~"):
            skipped.append(name)
        else:
            values[name] = known
    return Flat(values, tuple(skipped))


def _without_sections(flat: Flat) -> Flat:
    """Leave out the section before a name, where no two sections have the name."""
    short = [name.partition(".")[2] or name for name in flat.values]
    twice = {name for name in short if short.count(name) > 1}
    named = zip(short, flat.values.items(), strict=True)
    return Flat({s if s not in twice else n: v for s, (n, v) in named}, flat.skipped)


def _unwrapped(data: Any) -> Any:
    """Return the mapping that a file stands for.

    Weights & Biases wraps each value: ``lr: {desc: null, value: 0.1}``. Older programs list pairs.
    """
    if isinstance(data, list) and all(isinstance(p, list) and len(p) == 2 for p in data):
        data = {str(name): value for name, value in data if isinstance(name, str)}
    if not isinstance(data, dict):
        raise PlainDataError("holds no settings by name")
    data = {name: value for name, value in data.items() if name not in _OF_PROGRAM}
    wrapped = {n: v for n, v in data.items() if isinstance(v, dict) and "value" in v}
    if wrapped and all(set(v) <= {"desc", "value"} for v in wrapped.values()):
        data = {n: v["value"] if n in wrapped else v for n, v in data.items()}
    return data


def _recorded(where: str, text: str, read: Callable[[str], Flat]) -> Recorded:
    try:
        flat = read(text)
    except PlainDataError as error:
        return Recorded(where, problem=str(error))
    return Recorded(where, flat.values, flat.skipped)
