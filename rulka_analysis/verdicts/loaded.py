"""An experiment that draws its conclusions; what `load_experiment` returns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rulka_analysis.experiments.experiment import Experiment
from rulka_analysis.health import contradicted as contradicted_by
from rulka_analysis.health import experiment_findings
from rulka_analysis.values.findings import Finding
from rulka_analysis.verdicts.answer import Conclusion
from rulka_analysis.verdicts.evaluate import evaluate


class LoadedExperiment(Experiment):
    """An experiment on logs, with the conclusions its definition declares."""

    def conclusions(
        self,
        findings: Iterable[Finding] | None = None,
        contradicted: Mapping[tuple[str, str], Finding] | None = None,
    ) -> tuple[Conclusion, ...]:
        """Return the conclusions the definition declares, with the verdicts of these logs.

        Parameters
        ----------
        findings : iterable of Finding, optional
            What was noticed about the logs; looked for by default.
        contradicted : mapping of (run, tag) to Finding, optional
            Series that no verdict may rest on; by default those that `findings` name.
        """
        noticed = experiment_findings(self) if findings is None else tuple(findings)
        if contradicted is None:
            contradicted = contradicted_by(noticed)
        return evaluate(self, noticed, contradicted)
