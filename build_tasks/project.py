"""Where the parts of a project's folder are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from build_tasks.systems import locate_python

LOCK_NAME = "requirements.lock"


@dataclass(frozen=True)
class Project:
    """The folder of the project."""

    root: Path

    @property
    def build(self) -> Path:
        """What can be made again."""
        return self.root / "_build"

    @property
    def build_lock(self) -> Path:
        """Held by whoever writes into `build`."""
        return self.build / ".lock"

    @property
    def requirements(self) -> Path:
        """The packages, versions and digests that are installed."""
        return self.root / LOCK_NAME

    @property
    def environment(self) -> Path:
        """The virtual environment in which targets run."""
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        """The Python of the virtual environment."""
        return locate_python(self.environment)

    @property
    def stamp(self) -> Path:
        """What the last installation left."""
        return self.environment / "installed.json"

    @property
    def installation_lock(self) -> Path:
        """Beside the environment, which may be deleted and made anew while it is held."""
        return self.root / ".venv.lock"
