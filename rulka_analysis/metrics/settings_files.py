"""Where a run's settings are recorded besides its scalars: texts in its log, files beside it.

Looked for in the run's folder and in those above it up to the log directory, under the names that
training programs use. Each file that is read, and that one is not there, is a question that pages
follow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from rulka_analysis.logs.run import Run
from rulka_analysis.metrics.recorded import (
    TEXT_TAGS,
    Recorded,
    read_file,
    read_text_tag,
    recorded_of,
)
from rulka_analysis.values import questions
from rulka_analysis.values.once import once_each
from rulka_analysis.values.plain_data import MOST_BYTES
from rulka_analysis.values.text import printable

# Which program writes which. What stands earlier says more of what was meant: Hydra's overrides
# are what somebody typed, and the arguments of a zoo hold -1 for what its configuration decides.
NAMES = (
    ".hydra/overrides.yaml",  # Hydra
    ".hydra/config.yaml",
    "hparams.yaml",  # Lightning
    "config.yml",  # Stable-Baselines3 zoo
    "args.yml",
    "params.json",  # RLlib
    "files/config.yaml",  # Weights & Biases, from the folder above
    "config.yaml",  # and from its own
    "config.json",  # Sacred
    "args.json",
)
# Only for what no other file of the run gives.
DEFAULTS = ("args.yml",)
SNAPSHOT = "config_snapshot.yaml"

# Programs write settings before anything else: whole logs would be read a second time for a few
# lines of text.
_HEAD = 1 << 16


@once_each
def read_recorded_texts(run: Run) -> list[Recorded]:
    """Return what the run's log says of settings in words."""
    found: dict[str, Recorded] = {}
    for text in run.texts_within(_HEAD, TEXT_TAGS):
        one = read_text_tag(text.tag, text.text)
        if one is not None:
            # What is logged again by a run that was resumed is what it went on with.
            found[text.tag] = one
    return list(found.values())


def read_recorded_files(run: Run) -> list[Recorded]:
    """Return what files beside the run, and above it, say of settings; the nearest first."""
    if run.recorded is not None:
        return [recorded_of(one) for one in run.recorded]
    return read_recorded_beside(run.name, run.folders, run.files[0].path) if run.files else []


def read_recorded_beside(run: str, folders: Sequence[str], first: Path) -> list[Recorded]:
    """Return what files beside a run say of settings."""
    levels = list(folders_above(folders, first))
    top = levels[-1]
    found: dict[Path, Recorded] = {}
    for number, folder in enumerate(levels):
        shared = folder == top and number > 0
        for name in _asked(folder):
            # A file may be found from its own folder and from the one above.
            if folder / name not in found:
                weak = shared or name.endswith(DEFAULTS)
                found[folder / name] = _read(folder, name, top, weak=weak)
    snapshot = top.parent / "save" / Path(run).name
    for name in _asked(snapshot):
        if name == SNAPSHOT:
            found[snapshot / name] = _read(snapshot, name, top.parent)
    return list(found.values())


def _asked(folder: Path) -> Sequence[str]:
    questions.note("settings", questions.subject_of(folder), listing(folder))
    return listed(folder)


def folders_above(folders: Sequence[str], first: Path) -> Iterator[Path]:
    """Yield a run's folder and those above it, the log directory last."""
    folder = first.parent
    yield folder
    # A run is called by its path, so its name says how far above it the log directory is.
    own = next((name for name in folders if _is_called(folder, name)), ".")
    for _ in Path(own).parts:
        folder = folder.parent
        yield folder


def _is_called(folder: Path, name: str) -> bool:
    parts = Path(name).parts
    return bool(parts) and folder.parts[-len(parts) :] == parts


def listed(folder: Path) -> Sequence[str]:
    """Return which files of settings there are in a folder, by their paths beneath it."""
    # Stable-Baselines3's zoo keeps them in a folder named as its own without the number: `Env_1`
    # holds `Env`.
    inner = re.sub(r"_\d+\Z", "", folder.name)
    beneath = [f"{inner}/{name}" for name in ("config.yml", "args.yml")]
    names = [*NAMES, *(beneath if inner != folder.name else ()), SNAPSHOT]
    return [name for name in names if (folder / name).is_file()]


def listing(folder: Path) -> str:
    """Return the digest of which files of settings there are in a folder."""
    return questions.digest_of(list(listed(folder)))


def _read(folder: Path, name: str, top: Path, *, weak: bool = False) -> Recorded:
    path = folder / name
    questions.note_file(path)
    where = printable(path.relative_to(top).as_posix())
    try:
        with path.open("rb") as stream:
            data = stream.read(MOST_BYTES * 4 + 1)
        text = data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        return Recorded(where, problem=f"cannot be read: {type(error).__name__}")
    read = read_file(name.rpartition("/")[2] if SNAPSHOT in name else name, text, where)
    return Recorded(where, read.values, read.skipped, read.problem, weak)
