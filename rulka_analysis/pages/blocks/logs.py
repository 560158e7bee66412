"""What the logs of an experiment consist of, and where each setting was read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rulka_analysis.pages.blocks.facts import together
from rulka_analysis.pages.results import Block
from rulka_analysis.values.quantities import Quantity, Sentence
from rulka_analysis.values.sentences import in_words
from rulka_analysis.values.tables import Cell, Table

if TYPE_CHECKING:
    from rulka_analysis.verdicts.loaded import LoadedExperiment


def logs(experiment: LoadedExperiment) -> Table:
    """Return what the log of each run consists of, and who says what was set.

    Parameters
    ----------
    experiment : LoadedExperiment
        The experiment, tied to logs.
    """
    columns = {"run": "Run", "group": "Setting", "files": "Files", "attempt": "Attempt"}
    columns |= {"events": "Events", "given_up": "Given up", "settings": "Settings, by source"}
    sources = {n: _sources(experiment, n) for group in experiment.groups for n in group.runs}
    # Of a hundred runs of one program it is a hundred times the same.
    alike = len(sources) > 1 and len(set(sources.values())) == 1
    notes = []
    if alike:
        del columns["settings"]
        said = {"sources": next(iter(sources.values()))}
        notes.append(Sentence("Settings of every run, by source: {sources}.", said))
    rows: dict[str, list[Cell]] = {}
    for group in experiment.groups:
        for name in group.runs:
            run = experiment.run(name)
            cells: list[Cell] = [name, group.label]
            if run is None:
                gone = Quantity.unknown(f"no run {name} in these logs")
                cells += [gone, "–", "–", "–"]
            else:
                cells += [
                    _count(len(run.files), "event files"),
                    f"{len(run.earlier) + 1}",
                    _count(run.count, "events"),
                    _count(sum(run.given_up.values()), "events that a resumed session repeated"),
                ]
            rows[name] = cells if alike else [*cells, sources[name]]
    return Table(columns, rows, notes=notes)


def _count(number: int, what: str) -> Quantity:
    return Quantity(number, "", 0, how=f"counted: {what}")


def _sources(experiment: LoadedExperiment, run: str) -> str:
    """Return who says what was set in a run, each with the settings it gives."""
    told: dict[str, list[str]] = {}
    found = experiment.all_settings(run)
    for name, declared in experiment.definition.settings.items():
        sources = found[name].sources
        where = " and ".join(dict.fromkeys(source.where for source in sources)) or "not recorded"
        told.setdefault(where, []).append(in_words(declared.title))
    return "; ".join(f"{where}: {together(names)}" for where, names in told.items())


def folded(names: Mapping[str, str]) -> Block:
    """Return published results that are shown on demand.

    Parameters
    ----------
    names : mapping of str to str
        By the words under which each is found, the name under which it is published in the same
        notebook folder.
    """
    return Block("folded", {"results": [[words, name] for words, name in names.items()]})


def abreast(*names: str) -> Block:
    """Return published figures as they stand side by side.

    Parameters
    ----------
    *names : str
        The names under which figures are published in the same notebook folder.
    """
    return Block("figures", {"results": list(names)})
