"""A few notebooks and logs of a test, executed without a site."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rulka_analysis.logs.runs import Logs
from rulka_analysis.pages.execute import Executed, Outcome, execute_notebooks
from rulka_analysis.values.places import project_folder
from tests.event_files import scalar_event, write_event_file

ASKS_FOR_NOTHING = """\
# %%
print(6 * 7)
"""


@dataclass
class Bench:
    """A folder of notebooks and one of logs, and what is reported about executions."""

    folder: Path
    reported: list[Outcome] = field(default_factory=list)

    def run(
        self, *, seconds_a_cell: int = 60, jobs: int = 0, paths: Sequence[Path] | None = None
    ) -> dict[str, Executed]:
        self.reported.clear()
        notebooks = self.folder / "notebooks"
        return execute_notebooks(
            sorted(notebooks.rglob("*.py")) if paths is None else paths,
            notebooks,
            Logs(self.folder / "logs"),
            project=project_folder(),
            store=self.folder / "store",
            seconds_a_cell=seconds_a_cell,
            jobs=jobs,
            report=self.reported.append,
        )

    def reasons(self) -> dict[str, str]:
        """Run, and return why each notebook ran that did."""
        return {name: done.reason for name, done in self.run().items() if done.reason}

    def notebook(self, name: str, source: str) -> Path:
        path = self.folder / "notebooks" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
        return path

    def log(self, run: str, *values: float) -> Path:
        events = [scalar_event("loss", step, value) for step, value in enumerate(values, start=1)]
        path = self.folder / "logs" / run / "events.out.tfevents.1.host"
        path.parent.mkdir(parents=True, exist_ok=True)
        return write_event_file(path, events)
