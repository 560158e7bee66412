"""Living experiment documentation: event logs in, numbers with evidence out.

The public names stand below, each with the module it comes from. They are imported when first used
(PEP 562): the command line starts fast, and what a notebook really used can be seen.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rulka_analysis.experiments.experiment import Experiment as Experiment
    from rulka_analysis.logs.events import read_scalars as read_scalars
    from rulka_analysis.logs.runs import Logs as Logs
    from rulka_analysis.logs.runs import Run as Run
    from rulka_analysis.metrics.measure import Line as Line
    from rulka_analysis.pages.comparisons import publish_comparison as publish_comparison
    from rulka_analysis.pages.results import Code as Code
    from rulka_analysis.pages.results import publish as publish
    from rulka_analysis.project import draft_experiment as draft_experiment
    from rulka_analysis.project import load_catalogue as load_catalogue
    from rulka_analysis.project import load_experiment as load_experiment
    from rulka_analysis.project import load_experiments as load_experiments
    from rulka_analysis.project import open_logs as open_logs
    from rulka_analysis.values.errors import RulkaError as RulkaError
    from rulka_analysis.values.findings import Finding as Finding
    from rulka_analysis.values.quantities import Evidence as Evidence
    from rulka_analysis.values.quantities import Quantity as Quantity
    from rulka_analysis.values.quantities import Sentence as Sentence
    from rulka_analysis.values.questions import note_file as note_file
    from rulka_analysis.values.questions import stable as stable
    from rulka_analysis.values.questions import volatile as volatile
    from rulka_analysis.values.tables import Table as Table
    from rulka_analysis.verdicts.answer import Answered as Answered
    from rulka_analysis.verdicts.answer import Claimed as Claimed

_NAMES = {
    "Answered": "verdicts.answer",
    "Claimed": "verdicts.answer",
    "Code": "pages.results",
    "Evidence": "values.quantities",
    "Experiment": "experiments.experiment",
    "Finding": "values.findings",
    "Line": "metrics.measure",
    "Logs": "logs.runs",
    "Quantity": "values.quantities",
    "RulkaError": "values.errors",
    "Run": "logs.runs",
    "Sentence": "values.quantities",
    "Table": "values.tables",
    "draft_experiment": "project",
    "load_catalogue": "project",
    "load_experiment": "project",
    "load_experiments": "project",
    "note_file": "values.questions",
    "open_logs": "project",
    "publish": "pages.results",
    "publish_comparison": "pages.comparisons",
    "read_scalars": "logs.events",
    "stable": "values.questions",
    "volatile": "values.questions",
}
# Modules people reach through the package, ``ra.figures.curves(...)``, and the room each is in.
_MODULES = {
    "blocks": "pages",
    "exploring": "pages",
    "figures": "pages",
    "inputs": "pages",
    "places": "values",
    "questions": "values",
    "recommendation": "verdicts",
    "reference": "pages",
    "separation": "verdicts",
    "summaries": "metrics",
    "tables": "pages",
    "these_logs": "pages",
    "typed_figures": "verdicts",
}

__all__ = sorted([*_NAMES, *_MODULES])


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{_MODULES[name]}.{name}")
    if name in _NAMES:
        value = getattr(importlib.import_module(f"{__name__}.{_NAMES[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])


class _PublicModules(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Lets notebooks say ``from rulka_analysis.tables import …``: public names have no room."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        package, _, module = name.rpartition(".")
        if package != __name__ or module not in _MODULES:
            return None
        return importlib.machinery.ModuleSpec(name, self)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        module: ModuleType = __getattr__(spec.name.rpartition(".")[2])
        # One module under one name: what is imported is the module of the room itself.
        self._own = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._own


sys.meta_path.append(_PublicModules())
