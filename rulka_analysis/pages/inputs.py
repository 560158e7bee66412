"""What a build was made from: logs, definitions, package, versions; nothing of when or where."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from rulka_analysis.logs.clocks import MINUTES
from rulka_analysis.logs.runs import Logs, Run
from rulka_analysis.logs.wall_times import EARLIEST, LATEST
from rulka_analysis.pages.answers import log_directory_answer
from rulka_analysis.project import domain_in_effect
from rulka_analysis.values import questions
from rulka_analysis.values.digests import digest_file, digest_of
from rulka_analysis.values.places import project_folder
from rulka_analysis.values.quantities import Quantity, Sentence, placed
from rulka_analysis.values.tables import Cell, Table

DIGITS_SHOWN = 16
"""Hexadecimal digits of a SHA-256 that are shown: enough to compare by eye."""

PACKAGES = (
    "sphinx",
    "myst-nb",
    "myst-parser",
    "pydata-sphinx-theme",
    "jupytext",
    "nbclient",
    "ipykernel",
    "matplotlib",
    "numpy",
    "pandas",
    "tensorboard",
    "protobuf",
)
"""What pages are made with, besides this package."""


def log_directory(logs: Logs) -> Sentence:
    """Return a sentence that names the log directory and how fine its data are."""
    runs = Quantity(float(len(logs)), "runs" if len(logs) != 1 else "run", 0, how="counted")
    stated = [run.provenance for run in logs if run.provenance is not None]
    finest = sorted({p.resolution_minutes for p in stated if p.resolution_minutes})
    questions.note("log_directory", "", log_directory_answer(logs))
    text = "The bundled curves of published runs: {runs}" if logs.bundled else "{name}: {runs}"
    fields: dict[str, Quantity | str] = {"name": logs.name, "runs": runs}
    if finest:
        text += ", one point every {resolution}"
        fields["resolution"] = Quantity(finest[0], "min", 0, how="stated beside the logs")
    elif not stated:
        text += ", at full resolution"
    return Sentence(text + ".", fields)


def logs_table(logs: Logs) -> Table:
    """Return a row a run: how much was read, its digest, and its last event.

    When that was written is shown where it is known of any run.
    """
    columns = {
        "run": "Run",
        "files": "Files",
        "bytes": "Bytes read",
        "digest": "Digest",
        "last": "Last event",
        "step": "Its step",
    }
    rows: dict[str, list[Cell]] = {}
    written = {}
    for run in logs:
        states = logs.file_states(run.name).values()
        last = _last_event(run)
        rows[run.name] = [
            run.name,
            Quantity(float(len(states)), "", 0, how="files read"),
            Quantity(float(sum(length for length, _ in states)), "", 0, how="bytes read"),
            logs.digest(run.name)[:DIGITS_SHOWN],
            last,
            _step(run, last),
        ]
        written[run.name] = _written(last)
    if any(written.values()):
        columns["written"] = "Written (UTC)"
        for name, when in written.items():
            rows[name].append(when or "not known")
    told = (
        "A digest covers every byte that was read of a run's files, and their names (SHA-256); its "
        "first {digits} digits are shown."
    )
    caption = "The logs that were read, up to the length they had at the start."
    return Table(columns, rows, caption, [Sentence(told, {"digits": _digits_shown()})])


def _digits_shown() -> Quantity:
    return Quantity(float(DIGITS_SHOWN), "", 0, how="of 64 hexadecimal digits")


def _step(run: Run, last: Quantity) -> Quantity:
    steps = run.conventions.steps
    if steps not in run.clocks:
        # Its events carry seconds in place of a step.
        return Quantity.unknown(f"{run.name} has no clock of {steps}", label="not known")
    (event,) = last.evidence
    how = "step of the last event"
    return Quantity(float(event.step), "", 0, (event,), how, made=placed(event, steps.key))


def _last_event(run: Run) -> Quantity:
    """Return the minute of the event that was written last, resting on it."""
    tag, index = run.last_event()
    event = run.evidence(tag, index)
    if event.minutes is None:
        reason = f"nothing in the log of {run.name} tells how long it took"
        return replace(Quantity.unknown(reason, "min", label="not known"), evidence=(event,))
    how = "minutes of training up to the last event"
    return Quantity(event.minutes, "min", 1, (event,), how, made=placed(event, MINUTES.key))


def _written(last: Quantity) -> str:
    """Return when the last event was written; empty where that is not known."""
    event = last.evidence[0]
    # A wall time that is none, or that no calendar holds, says nothing.
    if event.published or not EARLIEST <= event.wall_time <= LATEST:
        return ""
    written = datetime.fromtimestamp(event.wall_time, tz=UTC)
    return f"{written:%Y-%m-%d %H:%M:%S}"


def definitions_table() -> Table:
    """Return the digests of what people declare: experiments, the catalogue, the package."""
    project = project_folder()
    folder = project / "docs" / "experiments"
    questions.note(
        "definitions",
        folder.relative_to(project).as_posix(),
        questions.definitions_digest(folder),
    )
    rows: dict[str, list[Cell]] = {}
    for path in [*sorted(folder.glob("*.toml")), domain_in_effect().catalogue_file]:
        questions.note_file(path)
        name = path.relative_to(project).as_posix() if path.is_relative_to(project) else path.name
        rows[name] = [name, digest_file(path)[:DIGITS_SHOWN]]
    rows["package"] = ["the package rulka_analysis", _package_digest()[:DIGITS_SHOWN]]
    told = (
        "A digest covers every byte of a file, of the package those of all its modules (SHA-256); "
        "its first {digits} digits are shown."
    )
    columns = {"what": "What", "digest": "Digest"}
    caption = "What was declared, and the code that read it."
    return Table(columns, rows, caption, [Sentence(told, {"digits": _digits_shown()})])


def _package_digest() -> str:
    folder = questions.package_folder()
    files = (file.relative_to(folder.parent).with_suffix("") for file in folder.rglob("*.py"))
    modules = (file.parent if file.name == "__init__" else file for file in files)
    names = sorted(".".join(module.parts) for module in modules if module.name != "__main__")
    digests = {name: questions.module_digest(name) for name in names}
    for name, digest in digests.items():
        questions.note("module", name, digest)
    return digest_of(digests)


def versions_table() -> Table:
    """Return the versions of what pages are made with."""
    rows: dict[str, list[Cell]] = {"python": ["Python", questions.python_version()]}
    for name in PACKAGES:
        version = questions.package_version(name)
        questions.note("package", name, version)
        rows[name] = [name, version]
    return Table({"what": "What", "version": "Version"}, rows, "Versions in use.")
