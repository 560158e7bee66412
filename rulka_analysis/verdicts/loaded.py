"""An experiment that is answered; what `load_experiment` returns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

from rulka_analysis.experiments.experiment import Experiment
from rulka_analysis.health import contradicted as contradicted_by
from rulka_analysis.health import experiment_findings
from rulka_analysis.health.readings import readings_of
from rulka_analysis.health.settings import setting_findings
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.quantities import Sentence
from rulka_analysis.values.sentences import joined
from rulka_analysis.verdicts.answer import Answered, Claimed
from rulka_analysis.verdicts.claiming import claims
from rulka_analysis.verdicts.evaluate import Evaluation, answer_comparisons
from rulka_analysis.verdicts.noise import how_sure_at_all
from rulka_analysis.verdicts.recommendation import Recommendation, recommend


class LoadedExperiment(Experiment):
    """An experiment on logs, with an answer to every comparison, and what was claimed."""

    def findings(self, runs: Iterable[str]) -> tuple[Finding, ...]:
        """Return what was noticed about runs: reading them, and of what was set in them."""
        found: list[Finding] = []
        for name in runs:
            if (run := self.run(name)) is not None:
                log = readings_of(run, self.catalogue)
                found += [*run.findings, *setting_findings(log, self.all_settings(name))]
        return tuple(found)

    @cached_property
    def noticed(self) -> tuple[Finding, ...]:
        """What was noticed about its logs."""
        return experiment_findings(self)

    @cached_property
    def evaluation(self) -> Evaluation:
        return self.evaluated(self.noticed)

    def evaluated(
        self,
        findings: Iterable[Finding],
        contradicted: Mapping[tuple[str, str], Finding] | None = None,
    ) -> Evaluation:
        """Return what answers questions, with other findings than those of the logs.

        Which series no answer may rest on is told by the findings, unless said.
        """
        noticed = tuple(findings)
        series = contradicted_by(noticed) if contradicted is None else contradicted
        return Evaluation(self, noticed, series)

    def answers(self, *comparisons: str) -> tuple[Answered, ...]:
        """Return how every candidate stands to its baseline on every outcome.

        Parameters
        ----------
        *comparisons : str
            Of these comparisons only.
        """
        return answer_comparisons(self.evaluation, comparisons)

    @cached_property
    def recommended(self) -> Recommendation:
        """What its logs speak for."""
        return recommend(self, contradicted_by(self.noticed), self.evaluation)

    def how_sure(self) -> Sentence:
        """Return how sure answers can be at all: what was planned, what one run can bear."""
        return joined(how_sure_at_all(self.evaluation))

    def claims(self) -> tuple[Claimed, ...]:
        """Return what was claimed, held against the answers."""
        return claims(self.evaluation)
