"""The catalogue: every tag of the training program means exactly one metric."""

from __future__ import annotations

import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rulka_analysis.domains.trackmania import DOMAIN, FRAMES
from rulka_analysis.logs.clocks import MINUTES
from rulka_analysis.metrics.catalogue import Catalogue, Metric, PlaceholderError
from rulka_analysis.metrics.catalogue_file import load_catalogue as read_catalogue
from rulka_analysis.values.errors import UnknownMetricError

MAPS = ("A01", "hock", "my_map", "robust_trained_A01", "map_2", "A01 (v2)", "карта")
LAYERS = ("img_head.0.weight", "A_head.2.bias", "iqn_fc.weight", "sq_proj.weight")
PARTS = ("answer_normal_step", "grab_frame", "convert_frame", "request_inputs_and_speed")
QUANTILES = ("q1", "median", "q3", "d9", "d98", "max")
PRIORITIES = ("min", "q1", "mean", "median", "q3", "d9", "c98", "max")


def load_catalogue() -> Catalogue:
    return read_catalogue(DOMAIN)


def today() -> dict[str, str]:
    """Every tag the program writes, as concrete texts, with the metric it must mean."""
    tags = {
        "Training/loss": "loss",
        "Training/loss_test": "test_loss",
        "Training/batch_size": "batch_size",
        "Training/n_steps": "n_steps",
        "Training/learning_rate": "learning_rate",
        "Training/weight_decay": "weight_decay",
        "Training/discard_non_greedy_actions_in_nsteps": "discard_non_greedy_actions",
        "Training/train_on_batch_duration": "batch_duration",
        "RL/gamma": "discount_factor",
        "RL/epsilon": "exploration_epsilon",
        "RL/epsilon_boltzmann": "exploration_epsilon_boltzmann",
        "RL/tau_epsilon_boltzmann": "boltzmann_temperature",
        "Performance/learner_percentage_training": "learner_share",
        "Performance/learner_percentage_waiting_for_workers": "learner_share_waiting",
        "Performance/learner_percentage_testing": "learner_share_testing",
        "Performance/transitions_learned_per_second": "throughput",
        "Performance/worker_time_in_rollout_percentage": "collector_share_in_rollout",
        "Performance/tmi_protection_cutoff": "rollout_cutoff",
        "Buffer/size": "buffer_size",
        "Buffer/max_size": "buffer_max_size",
        "Buffer/number_times_single_memory_is_used_before_discard": "transition_reuse",
        "IQN/quantile_std_action_3": "quantile_spread",
        "IQN/quantile_std_action_11": "quantile_spread",
        "cumul_number_frames_played": "frames_played",
        "cumul_number_batches_done": "gradient_updates",
        "cumul_number_single_memories_used": "transitions_used",
        "cumul_number_single_memories_should_have_been_used": "transitions_due",
        "cumul_number_single_memories_used_next_target_network_update": (
            "next_target_network_update"
        ),
        "cumul_number_memories_generated": "transitions_generated",
        "cumul_number_target_network_updates": "target_network_updates",
        "cumul_training_hours": "training_hours",
    }
    for part in PARTS:
        tags[f"Performance/instrumentation__{part}"] = "rollout_part_duration"
    for quantile in QUANTILES:
        rest = "_max" if quantile == "max" else ""
        tags[f"Gradients/norm_{quantile}"] = f"gradient_norm{rest}"
        tags[f"Gradients/norm_before_clip_{quantile}"] = f"gradient_norm_before_clip{rest}"
    for statistic in PRIORITIES:
        tags[f"Buffer/priorities_{statistic}"] = "buffer_priority"
    for layer in LAYERS:
        for statistic in ("median", "q3", "d9", "max"):
            tags[f"Gradients/by_layer/{layer}/L2_{statistic}"] = "layer_gradient_norm"
            tags[f"Gradients/by_layer/{layer}/Linf_{statistic}"] = "layer_gradient_peak"
        tags[f"Network/weights/{layer}/L2"] = "layer_weight_size"
        tags[f"Network/optimizer/{layer}/adaptive_lr_L2"] = "optimizer_adaptive_rate"
        tags[f"Network/optimizer/{layer}/exp_avg_L2"] = "optimizer_first_moment"
        tags[f"Network/optimizer/{layer}/exp_avg_sq_L2"] = "optimizer_second_moment"
    for map_name in MAPS:
        tags[f"Race/race_time_ratio_{map_name}"] = "rollout_speed"
        tags[f"RL/mean_action_gap_{map_name}"] = "action_gap"
        tags[f"RL/q_value_0_starting_frame_{map_name}"] = "q_at_start"
        tags[f"alltime_min_ms_{map_name}"] = "all_time_best"
        for split in (0, 3, 12):
            tags[f"Race/split_{map_name}_{split}"] = "split_time"
    for status, map_name in product(("trained", "blind"), MAPS):
        of = f"{status}_{map_name}"
        tags[f"Race/eval_race_time_{of}"] = "greedy_race_time"
        tags[f"Race/eval_race_time_finished_{of}"] = "greedy_race_time_finished"
        tags[f"Race/eval_race_time_robust_{of}"] = "robust_race_time"
        tags[f"Race/eval_race_finished_{of}"] = "greedy_race_finished"
        tags[f"Race/explo_race_time_{of}"] = "exploring_race_time"
        tags[f"Race/explo_race_time_finished_{of}"] = "exploring_race_time_finished"
        tags[f"Race/explo_race_finished_{of}"] = "exploring_race_finished"
        tags[f"Race/explo_finish_rate_{of}"] = "exploring_finish_rate"
        tags[f"RL/avg_Q_{of}"] = "average_q"
        tags[f"RL/single_zone_reached_{of}"] = "furthest_zone"
        for reference in ("author", "gold"):
            all_maps = f"Race/eval_agg_ratio_{status}_{reference}"
            tags[f"Race/eval_ratio_{status}_{reference}_{map_name}"] = "robust_time_to_reference"
            tags[all_maps] = "robust_time_to_reference_all_maps"
            tags[f"{all_maps}_{map_name}"] = "robust_time_to_reference_all_maps"
    return tags


TODAY = today()

# The ancestor wrote most tags without their group, and some by another name altogether.
RENAMED = {
    "memory_size": "buffer_size",
    "std_within_iqn_quantiles_for_action3": "quantile_spread",
    **{
        f"grad_norm_history_{quantile}": "gradient_norm" + ("_max" if quantile == "max" else "")
        for quantile in QUANTILES
    },
    **{
        tag.format(layer=layer): metric
        for layer in ("img_head.0.weight", "iqn_fc.weight")
        for tag, metric in {
            "layer_{layer}_L2": "layer_weight_size",
            "lr_ratio_{layer}_L2": "optimizer_adaptive_rate",
            "exp_avg_{layer}_L2": "optimizer_first_moment",
            "exp_avg_sq_{layer}_L2": "optimizer_second_moment",
            "L2_grad_norm_{layer}_median": "layer_gradient_norm",
            "L2_grad_norm_{layer}_c98": "layer_gradient_norm",
            "Linf_grad_norm_{layer}_max": "layer_gradient_peak",
        }.items()
    },
}
# What the ancestor did not log, logged by a name above, or named too vaguely to claim (`size`).
WITHOUT_UNGROUPED_NAME = re.compile(
    r"Gradients/|Network/|IQN/|Buffer/(size|max_size)|Race/explo_finish_rate_"
)
UNGROUPED = {
    tag.split("/", 1)[1]: metric
    for tag, metric in TODAY.items()
    if "/" in tag and not WITHOUT_UNGROUPED_NAME.match(tag)
}
OLDER = RENAMED | UNGROUPED


@pytest.mark.parametrize("tags", [TODAY, OLDER], ids=["today", "older"])
def test_a_tag_matches_exactly_one_pattern(tags: dict[str, str]) -> None:
    catalogue = load_catalogue()
    for tag, metric in tags.items():
        matching = [
            pattern.metric
            for pattern in catalogue.patterns.all
            if pattern.placeholders_of(tag) is not None
        ]
        assert matching == [metric], tag
        match = catalogue.match(tag)
        assert match is not None, tag
        assert match.metric.name == metric


def test_every_metric_is_reached_by_the_tags_above() -> None:
    assert {metric.name for metric in load_catalogue()} == set(TODAY.values())


def test_older_names_are_told_from_todays() -> None:
    catalogue = load_catalogue()
    agg_with_map = re.compile(r"Race/eval_agg_ratio_\w+?_(author|gold)_")
    for tag in TODAY:
        assert catalogue.match(tag).alias is bool(agg_with_map.match(tag)), tag
    for tag in OLDER:
        assert catalogue.match(tag).alias, tag


def test_placeholders_of_a_tag() -> None:
    catalogue = load_catalogue()
    assert catalogue.match("Race/split_A01_2_3").placeholders == {"map": "A01_2", "split": "3"}
    assert catalogue.match("RL/avg_Q_blind_my_map").placeholders == {
        "status": "blind",
        "map": "my_map",
    }
    older = catalogue.match("L2_grad_norm_A_head.0.weight_q3")
    assert older.placeholders == {"layer": "A_head.0.weight", "layer_statistic": "q3"}


def test_what_varies_and_what_is_usual() -> None:
    catalogue = load_catalogue()
    match = catalogue.match("RL/avg_Q_blind_my_map")
    assert (match.variant, match.is_usual, match.metric.varies_by) == ("my_map", False, "map")
    match = catalogue.match("Race/split_A01_2_3")
    assert (match.variant, match.is_usual) == ("A01_2", True)
    # An older name may say of which map it is where today's does not.
    match = catalogue.match("Race/eval_agg_ratio_trained_gold_hock")
    assert (match.variant, match.metric.varies_by) == ("hock", None)
    match = catalogue.match("Training/loss")
    assert (match.variant, match.is_usual, match.metric.varies_by) == (None, True, None)


def test_a_match_may_be_changed_without_changing_the_next() -> None:
    catalogue = load_catalogue()
    catalogue.match("alltime_min_ms_A01").placeholders["map"] = "hock"
    assert catalogue.match("alltime_min_ms_A01").placeholders == {"map": "A01"}


@pytest.mark.parametrize(
    "tag",
    ["", "Loss", "rollout/ep_rew_mean", "Race/eval_race_time_tested_A01", "Race/split_A01_x",
     "alltime_min_ms_", "alltime_min_ms_a/b", "Training/loss ", "times_summary", "size"],
)  # fmt: skip
def test_unknown_tags_are_uncatalogued(tag: str) -> None:
    assert load_catalogue().match(tag) is None


NAMES = st.text(
    st.one_of(st.sampled_from("_0123456789aAxé.- "), st.characters(exclude_characters="/")),
    min_size=1,
)


@given(metric=st.sampled_from(list(load_catalogue())), data=st.data())
def test_a_tag_made_is_read_back(metric: Metric, data: st.DataObject) -> None:
    values = {}
    for placeholder in metric.placeholders:
        kinds = {
            "choice": st.sampled_from(placeholder.choices or ("",)),
            "name": NAMES,
            "number": st.integers(0, 10**6).map(str),
        }
        values[placeholder.name] = data.draw(kinds[placeholder.form])
    match = load_catalogue().match(metric.tag(**values))
    assert match is not None
    assert (match.metric, match.placeholders, match.alias) == (metric, values, False)


def test_a_tag_needs_all_its_placeholders_and_possible_values() -> None:
    metric = load_catalogue()["robust_race_time"]
    with pytest.raises(PlaceholderError, match=r"needs status \(trained, blind\)"):
        metric.tag(map="A01")
    with pytest.raises(PlaceholderError, match="no placeholder 'layer'; it has: status, map"):
        metric.tag(status="trained", map="A01", layer="x")
    with pytest.raises(PlaceholderError, match="status = 'traned' is not possible"):
        metric.tag(status="traned", map="A01")
    with pytest.raises(PlaceholderError, match="without a slash"):
        metric.tag(status="trained", map="a/b")


def test_unknown_metric_names_the_nearest() -> None:
    with pytest.raises(UnknownMetricError, match="did you mean 'robust_race_time'"):
        load_catalogue()["robust_racetime"]
    with pytest.raises(UnknownMetricError, match="its metric is 'average_q'"):
        load_catalogue()["avg_Q_trained_hock"]


def test_what_the_comparison_relies_on() -> None:
    catalogue = load_catalogue()
    for name in ("loss", "gradient_norm_before_clip_max"):
        assert catalogue[name].scales_with == ("batch_size",)
        assert catalogue[name].better == "neither"
    for name in ("robust_race_time", "greedy_race_time", "exploring_race_time", "all_time_best"):
        assert (catalogue[name].summary, catalogue[name].whole_milliseconds) == ("best", True)
    for name in ("greedy_race_time", "exploring_race_time", "all_time_best"):
        assert catalogue[name].cutoff_seconds == 300
    assert catalogue["average_q"].deciding_clocks == (FRAMES,)
    assert catalogue["average_q"].summary == "median_of_last_three"
    assert catalogue["average_q"].comparable_at_equal == ("discount_factor",)
    assert catalogue["learner_share"].deciding_clocks == (MINUTES,)
    assert catalogue["loss"].deciding_clocks == (MINUTES, FRAMES)
    assert not catalogue["exploring_finish_rate"].decides
    assert {"batch_size", "n_steps", "learning_rate"} <= set(catalogue.settings())


def test_gradient_threshold_scales_with_the_batch() -> None:
    rule = load_catalogue()["gradient_norm_before_clip_max"].watch_rules[0]
    assert rule.fires(101, {"batch_size": 2048}) is True
    assert rule.fires(101, {"batch_size": 8192}) is False
    assert rule.fires(26, {"batch_size": 512}) is True
    assert rule.fires(1e9, {}) is None


def test_texts_hold_no_typed_numbers() -> None:
    """Pages show these texts, and there a digit in prose is an error."""
    for metric in load_catalogue():
        texts = [metric.description, metric.interpretation, metric.watch_for]
        texts += [rule.message for rule in metric.watch_rules]
        for text in texts:
            assert text.count("``") % 2 == 0, text
            assert not re.search(r"\d", re.sub(r"``.*?``", "", text)), (metric.name, text)
            assert text.endswith("."), (metric.name, text)
