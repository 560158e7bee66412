"""What notebooks published in a build, by id."""

from __future__ import annotations

from dataclasses import dataclass, field

from rulka_analysis.pages.execute import Executed
from rulka_analysis.pages.results import Result
from rulka_analysis.pages.sphinx.reporting import BuildStopped


@dataclass(frozen=True)
class Published:
    """A result with the notebook it came from."""

    id: str
    name: str
    executed: Executed
    notebook: str
    digest: str

    @property
    def result(self) -> Result:
        """The result itself; its notebook is read when a page first quotes something of it."""
        return self.executed.by_name[self.name]


@dataclass
class Registry:
    """Everything notebooks published in this build, by id."""

    results: dict[str, Published] = field(default_factory=dict)

    @classmethod
    def of(cls, notebooks: list[Executed], prefix: str) -> Registry:
        """Gather the results of executed notebooks.

        Raises
        ------
        BuildStopped
            If two publish the same id.
        """
        registry = cls()
        for notebook in notebooks:
            document = f"{prefix}/{notebook.name}"
            for name, _, digest in notebook.published:
                result_id = f"{notebook.experiment}/{name}"
                before = registry.results.get(result_id)
                if before is not None:
                    raise BuildStopped(
                        f"result {result_id!r} is published twice, by {before.notebook} and by "
                        f"{prefix}/{notebook.name}; rename one of them"
                    )
                found = Published(result_id, name, notebook, document, digest)
                registry.results[result_id] = found
        return registry
