"""Tables for readers: what is known of runs, how they compare, what was noticed and concluded."""

from rulka_analysis.pages.tables.comparison import (
    by_run,
    curve,
    relation,
    summary,
    times_to_targets,
    window,
)
from rulka_analysis.pages.tables.health import (
    contradicted_tags,
    findings,
    findings_by_rule,
    findings_by_run,
    findings_counted,
    muted_findings,
)
from rulka_analysis.pages.tables.overview import groups_in_short, runs, runs_by_group
from rulka_analysis.pages.tables.signs import signed_difference
from rulka_analysis.pages.tables.verdict import (
    answer_in_words,
    answers,
    claim_in_words,
    claims,
    deciding,
    margins,
    named_answers,
)

__all__ = [
    "answer_in_words",
    "answers",
    "by_run",
    "claim_in_words",
    "claims",
    "contradicted_tags",
    "curve",
    "deciding",
    "findings",
    "findings_by_rule",
    "findings_by_run",
    "findings_counted",
    "groups_in_short",
    "margins",
    "muted_findings",
    "named_answers",
    "relation",
    "runs",
    "runs_by_group",
    "signed_difference",
    "summary",
    "times_to_targets",
    "window",
]
