"""Living experiment documentation: event logs in, numbers with evidence out.

The public names stand below, each with the module it comes from. They are imported when first used
(PEP 562): the command line starts fast, and what a notebook really used can be seen.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rulka_analysis.catalogue import load_catalogue as load_catalogue
    from rulka_analysis.conclusions import Conclusion as Conclusion
    from rulka_analysis.errors import RulkaError as RulkaError
    from rulka_analysis.events import read_scalars as read_scalars
    from rulka_analysis.experiment import Experiment as Experiment
    from rulka_analysis.experiment import load_experiment as load_experiment
    from rulka_analysis.findings import Finding as Finding
    from rulka_analysis.quantities import Evidence as Evidence
    from rulka_analysis.quantities import Quantity as Quantity
    from rulka_analysis.quantities import Sentence as Sentence
    from rulka_analysis.results import Code as Code
    from rulka_analysis.results import publish as publish
    from rulka_analysis.runs import Logs as Logs
    from rulka_analysis.runs import Run as Run
    from rulka_analysis.runs import open_logs as open_logs
    from rulka_analysis.series import Line as Line
    from rulka_analysis.tables import Table as Table

_NAMES = {
    "Code": "results",
    "Conclusion": "conclusions",
    "Evidence": "quantities",
    "Experiment": "experiment",
    "Finding": "findings",
    "Line": "series",
    "Logs": "runs",
    "Quantity": "quantities",
    "RulkaError": "errors",
    "Run": "runs",
    "Sentence": "quantities",
    "Table": "tables",
    "load_catalogue": "catalogue",
    "load_experiment": "experiment",
    "open_logs": "runs",
    "publish": "results",
    "read_scalars": "events",
}
# Modules people reach through the package: ``ra.figures.curves(...)``.
_MODULES = ("figures", "summaries", "tables")

__all__ = sorted([*_NAMES, *_MODULES])


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _NAMES:
        value = getattr(importlib.import_module(f"{__name__}.{_NAMES[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
