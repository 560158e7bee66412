"""Rules: each has a code that stays, an example in which it is found, and a place in the guide."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from rulka_analysis.project import domain
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.rules import Rule, all_rules, code_of, named_rule, register, rule_of
from tests.rule_examples import find_in
from tests.site_of_project import PROJECT

assert domain()  # Its rules are registered when it is imported.
RULES = all_rules()

# A code is never given to another rule. Add to this; do not change it.
CODES = """
RK101 damage · RK102 unreadable · RK103 not_an_event_file · RK104 zero_filled_tail
RK105 truncated_tail · RK106 rounded_value · RK107 not_a_scalar · RK108 tensor_without_plugin
RK110 restart · RK111 written_at_the_same_time · RK112 copy · RK113 attempts · RK114 no_one_run
RK115 another_program · RK116 wall_time_missing · RK117 wall_time_unit · RK118 wall_time_years_off
RK119 clock_set
RK201 gap · RK202 beginning_missing · RK203 tag_stops · RK204 clock_backwards
RK205 counter_backwards
RK301 not_finite · RK302 diverged · RK303 frozen_tail · RK304 far_last_reading
RK305 lone_last_reading · RK306 watch · RK307 rule_not_checked
RK401 setting_differs · RK402 setting_unrecorded · RK403 setting_changes
RK404 settings_changed_together · RK405 schedule_differs · RK406 schedule_differs_by_minutes
RK407 scales_with_setting · RK408 scale_unknown
RK501 identical_series · RK502 seed_run_twice · RK503 durations_differ · RK504 run_missing
TM101 all_time_best_of_another_map · TM102 all_time_best_below_races
TM103 all_time_best_before_first_race · TM104 all_time_best_without_race
TM105 all_time_best_rises · TM106 all_time_best_late
TM201 flag_contradicts_time · TM202 time_without_race · TM203 value_before_first_race
TM204 few_records · TM205 still_improving · TM206 races_unequal
TM301 setting_without_effect · TM302 setting_derived
"""


def test_codes_stay() -> None:
    kept = dict(re.findall(r"([A-Z]{2}\d{3}) (\w+)", CODES))
    now = {rule.code: rule.kind for rule in RULES}
    assert {code: now.get(code) for code in kept} == kept
    assert now.keys() == kept.keys(), "write new codes down here as well"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_is_found_in_its_example(rule: Rule, tmp_path: Path) -> None:
    found = find_in(tmp_path, rule.example)
    codes = {finding.code: finding.severity for finding in found}
    assert rule.code in codes, [f"{f.code} {f.message}" for f in found]
    assert codes[rule.code] in rule.severities


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_all_is_told_of_a_rule(rule: Rule) -> None:
    told = (rule.meaning, rule.detection, rule.why, rule.remedy)
    assert all(text[0].isupper() and text[-1] == "." for text in told)
    # The guide is written from them, and a number typed in prose stops the build.
    assert not re.search(r"\d", " ".join((*told, rule.when)))
    assert bool(rule.when) == (len(rule.severities) > 1)


def test_every_kind_that_code_finds_has_a_rule() -> None:
    kinds = set()
    for file in (PROJECT / "rulka_analysis").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Finding"):
                given = [*node.args[:1], *(k.value for k in node.keywords if k.arg == "kind")]
                kinds |= {a.value for a in given[:1] if isinstance(a, ast.Constant)}
    assert len(kinds) > 30
    assert not {kind for kind in kinds if not code_of(kind)}


def test_a_rule_is_known_by_code_and_by_kind() -> None:
    assert named_rule("rk501") == named_rule("identical series") == rule_of("identical_series")
    assert named_rule("RK999") is None
    assert code_of("watch_loss") == "RK306"
    assert Finding("gap", "warning", "A gap.").as_dict()["code"] == "RK201"
    assert "code" not in Finding("of_nobody", "note", "Odd.").as_dict()


def test_a_code_belongs_to_one_rule() -> None:
    first = RULES[0]
    register([first])
    with pytest.raises(ValueError, match="is taken by RK101"):
        register([Rule("RK101", "other", "", (), *[""] * 5)])
