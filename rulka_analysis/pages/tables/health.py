"""What was noticed about logs, as tables and sentences."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from rulka_analysis.health.by_rule import by_rule
from rulka_analysis.health.mutes import Muted
from rulka_analysis.health.readings import several
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.quantities import Quantity, Sentence
from rulka_analysis.values.tables import Cell, Table, ToRule
from rulka_analysis.values.text import name_in_words, printable

_NUMBER = re.compile(r"(?<![\w.])[-−]?\d(?:[\d,]*\d)?(?:\.\d+)?(?!\w)")
_CLAUSE = re.compile(r"[,;:] ")


def findings(
    found: Sequence[Finding],
    *,
    none: str = "No damage, restart or overlap was found in these logs, and no logged setting "
    "differs from the definition.",
    kinds: bool = False,
    most: int | None = None,
) -> Table | Sentence:
    """Return findings as a table, or a sentence that says there are none.

    Findings of one kind whose words are the same but for run and numbers share a row.

    Parameters
    ----------
    found : sequence of Finding
        In the order to show them.
    none : str
        What to say when there is none.
    kinds : bool
        Also name the rule of each finding, beside its severity.
    most : int, optional
        At most so many rows of one rule; a last one says how many more there are.
    """
    if not found:
        return Sentence("{none}", {"none": none})
    columns = {"severity": "Severity", "run": "Run", "what": "What", "remedy": "What to do"}
    if kinds:
        columns = {"kind": "Kind", "run": "Run", "what": "What, why it matters and what to do"}
    rows: dict[str, list[Cell]] = {}
    told: dict[tuple[str, str], int] = {}
    left_out: dict[tuple[str, str], int] = {}
    for number, together in enumerate(_alike(found), start=1):
        one = together[0]
        rule = (one.severity, one.kind)
        if most is not None and told.get(rule, 0) >= most:
            left_out[rule] = left_out.get(rule, 0) + len(together)
            continue
        told[rule] = told.get(rule, 0) + 1
        run = ", ".join(dict.fromkeys(finding.run or "–" for finding in together))
        what = f"{_told_together(together)} {one.why}".strip()
        rows[str(number)] = (
            # As words a kind can be broken where a column is narrow.
            [_rule(one, f"{one.severity}: "), run, f"{what} {one.remedy}".strip()]
            if kinds
            else [one.severity, run, what, one.remedy]
        )
    notes = [
        Sentence(
            "{count} more findings of {rule}: see the command line.",
            {
                "count": Quantity(count, "", 0, how="counted: findings that are not shown"),
                "rule": str(_rule(next(f for f in found if (f.severity, f.kind) == key))),
            },
        )
        for key, count in left_out.items()
    ]
    return Table(columns, rows, "What was noticed about these logs.", notes)


def findings_by_rule(found: Sequence[Finding]) -> Table | Sentence:
    """Return findings summed by rule, the worst first: what hundreds of runs are told by."""
    if not found:
        return Sentence("No rule found anything in these logs.")
    columns = {
        "rule": "Rule",
        "severity": "Severity",
        "findings": "Findings",
        "runs": "Runs",
        "where": "Where",
    }
    rows: dict[str, list[Cell]] = {}
    for one in by_rule(found):
        rows[f"{one.severity}.{one.code or one.kind}"] = [
            _rule(one.findings[0]),
            one.severity,
            Quantity(len(one.findings), "", 0, how="counted: findings of this rule"),
            Quantity(len(one.runs), "", 0, how="counted: runs that they are about"),
            several(one.runs, 5) or "–",
        ]
    return Table(columns, rows, "By rule, the worst first.")


def findings_by_run(found: Sequence[Finding]) -> Table | Sentence:
    """Return a row a rule and run, the worst first: sorted by run it tells what to know of one."""
    if not found:
        return Sentence("No rule found anything in these logs.")
    columns = {
        "rule": "Rule",
        "run": "Run",
        "severity": "Severity",
        "findings": "Findings",
        "remedy": "What to do",
    }
    rows: dict[str, list[Cell]] = {}
    for one in by_rule(found):
        runs: dict[str, list[Finding]] = {}
        for finding in one.findings:
            runs.setdefault(finding.run or "–", []).append(finding)
        for run, together in runs.items():
            rows[str(len(rows) + 1)] = [
                _rule(together[0]),
                run,
                one.severity,
                Quantity(len(together), "", 0, how="counted: findings of this rule in this run"),
                together[0].remedy,
            ]
    return Table(columns, rows, "By rule and run, the worst first.")


def muted_findings(muted: Muted) -> Sentence:
    """Return a sentence on what is muted, and why."""
    if not muted.muted:
        return Sentence("Nothing is muted.")
    return Sentence("Muted: {reasons}.", {"reasons": "; ".join(muted.reasons)})


def _rule(one: Finding, before: str = "") -> ToRule:
    return ToRule(f"{before}{one.code} {name_in_words(one.kind)}".strip(), one.code)


def _alike(found: Sequence[Finding]) -> list[list[Finding]]:
    """Group findings whose words are the same but for run and numbers; the first says where."""
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for one in found:
        words = [_NUMBER.sub("#", _without_run(t, one)) for t in (one.message, one.why, one.remedy)]
        groups.setdefault((one.severity, one.kind, *words), []).append(one)
    return list(groups.values())


def _without_run(text: str, one: Finding) -> str:
    # uni_1 is no part of uni_11.
    name = rf"(?<!\w){re.escape(printable(one.run))}(?!\w)" if one.run else "(?!)"
    return re.sub(name, "\0", text)


def _told_together(together: Sequence[Finding]) -> str:
    """Tell the first finding in full, and of the others what differs."""
    first, *others = together
    said = [first.message]
    ours = _CLAUSE.split(_without_run(first.message, first).rstrip("."))
    for one in others:
        theirs = _CLAUSE.split(_without_run(one.message, one).rstrip("."))
        differing = [b for a, b in zip(ours, theirs, strict=False) if a != b]
        if len(ours) != len(theirs) or any("\0" in clause for clause in differing):
            said.append(one.message)
        else:
            said.append(f"{printable(one.run or '')}: {', '.join(differing) or 'the same'}.")
    return " ".join(said)


def findings_counted(found: Sequence[Finding], runs: int) -> Sentence:
    """Return a sentence on how many findings of which severity there are.

    Parameters
    ----------
    found : sequence of Finding
    runs : int
        How many runs were looked at.
    """
    fields: dict[str, Quantity | str] = {"runs": Quantity(runs, "", 0, how="runs in these logs")}
    counted = []
    for severity in ("error", "warning", "note"):
        number = sum(finding.severity == severity for finding in found)
        fields[severity] = Quantity(number, "", 0, how=f"counted: findings that are {severity}s")
        counted.append(f"{{{severity}}} {severity}{'' if number == 1 else 's'}")
    where = "run" if runs == 1 else "runs"
    return Sentence(f"{counted[0]}, {counted[1]} and {counted[2]} in {{runs}} {where}.", fields)


def contradicted_tags(contradicted: Mapping[tuple[str, str], Finding]) -> Sentence:
    """Return a sentence on the tags that do not hold what their names say."""
    runs: dict[str, list[str]] = {}
    for run, tag in contradicted:
        runs.setdefault(tag, []).append(run)
    if not runs:
        return Sentence(
            "No tag was found that does not hold what its name says: an answer may rest on any."
        )
    told, fields = [], dict[str, Quantity | str]()
    for number, (tag, names) in enumerate(sorted(runs.items())):
        fields[f"tag{number}"], fields[f"runs{number}"] = tag, ", ".join(names)
        told.append(f"{{tag{number}}} (in {{runs{number}}})")
    listed = " and ".join([", ".join(told[:-1]), told[-1]] if told[1:] else told)
    one = len(told) == 1
    says = "does not hold what its name says" if one else "do not hold what their names say"
    most = max(runs, key=lambda tag: len(runs[tag]))
    fields["example"] = contradicted[runs[most][0], most].message
    text = f"{listed} {says}; no answer rests on {'it' if one else 'them'}. {{example}}"
    return Sentence(text, fields)
