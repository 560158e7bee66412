"""What is told of the rules of races, of all-time bests and of settings that must show."""

from __future__ import annotations

from rulka_analysis.values.rules import Rule

_BESTS, _RACES, _EFFECTS = "All-time best", "Races", "Settings that must show"
_EXPLORING = "run Race/explo_race_time_trained_A01:"
_BEST = "run alltime_min_ms_A01:"
_NOT_THE_BEST = "The tag is not the best of the races in this log."
_USE_RACES = "Use the race times of the map, which are logged race by race."

RULES = (
    Rule(
        "TM101", "all_time_best_of_another_map", _BESTS, ("error",),
        meaning="The all-time best of a map holds race times of another map.",
        detection="Two thirds of its values are times of races on the other map and of none on its "
        "own, or one of them lies far below every race of its own.",
        why="The tag says how the agent drives on another map.",
        remedy="Use the race times. Some versions of the training program wrote every map's best "
        "under the map just raced.",
        example="run Race/explo_race_time_trained_hock: 70 69 68 67 66 65\n"
        f"{_EXPLORING} 30 29 28 27 26 25\n"
        "run alltime_min_ms_hock: 30000 29000 28000 27000 26000 25000",
    ),
    Rule(
        "TM102", "all_time_best_below_races", _BESTS, ("error",),
        meaning="The all-time best of a map is faster than every race on it.",
        detection="Its lowest value lies below the fastest finished race of a whole log.",
        why=_NOT_THE_BEST,
        remedy=_USE_RACES,
        example=f"{_EXPLORING} 30 29 28 27 26\n{_BEST} 30000 29000 28000 27000 20000\n"
        "run Race/eval_race_time_trained_A01: 30 29 28 27 26",
    ),
    Rule(
        "TM103", "all_time_best_before_first_race", _BESTS, ("error",),
        meaning="The all-time best of a map holds a time before any race on it was finished.",
        detection="A value stands before the first finished race of a whole log.",
        why=_NOT_THE_BEST,
        remedy=_USE_RACES,
        example=f"{_EXPLORING} 300 300 300 28\n{_BEST} 28000 28000 28000 28000",
    ),
    Rule(
        "TM104", "all_time_best_without_race", _BESTS, ("error",),
        meaning="The all-time best of a map falls to a time that no race had.",
        detection="No finished race on the map had that time by then; the log is whole.",
        why=_NOT_THE_BEST,
        remedy=_USE_RACES,
        example=f"{_EXPLORING} 30 29 28 27 26\n{_BEST} 30000 29000 28500 27000 26000",
    ),
    Rule(
        "TM105", "all_time_best_rises", _BESTS, ("error",),
        meaning="The all-time best of a map gets worse.",
        detection="A value lies above the one before it.",
        why=_NOT_THE_BEST,
        remedy=_USE_RACES,
        example=f"{_EXPLORING} 30 29 28 27\n{_BEST} 30000 29000 30000 27000",
    ),
    Rule(
        "TM106", "all_time_best_late", _BESTS, ("error", "warning"),
        meaning="The all-time best of a map stays behind the races on it.",
        detection="A race was faster, longer ago than the tag is usually written; a tag that still "
        "says that no race was finished counts as slower than all.",
        why="The tag is not written after every race, so it is not the best so far at each "
        "moment.",
        remedy=_USE_RACES,
        example=f"{_EXPLORING} 30 29 28 27 26 25\n{_BEST} 300000*6",
        when="An error where it is still behind when the log ends.",
    ),
    Rule(
        "TM201", "flag_contradicts_time", _RACES, ("error",),
        meaning="The flag of a race says that it was finished and its time says that it was not, "
        "or the other way round.",
        detection="Both are written after every race, at the same moment: a finished race has a "
        "time below the cutoff.",
        why="Finish rates and best times of this run are about different races.",
        remedy="Look at the version of the training program that wrote the log.",
        example=f"{_EXPLORING} 30 300 28\nrun Race/explo_race_finished_trained_A01: 1 1 1",
    ),
    Rule(
        "TM202", "time_without_race", _RACES, ("error",),
        meaning="A tag of finished races holds a time that no race had at that moment.",
        detection="Both are written after every race, at the same moment.",
        why="A time under this tag must be the time of a race.",
        remedy="Use the tag of all races.",
        example=f"{_EXPLORING} 30 29 28\nrun Race/explo_race_time_finished_trained_A01: 30 20 28",
    ),
    Rule(
        "TM203", "value_before_first_race", _RACES, ("warning",),
        meaning="A tag that is written after races on a map has a value before the first one.",
        detection="Its first event is earlier than the first race on that map in a whole log.",
        why="What is written after a race cannot be there before the first one.",
        remedy="See whether events of another run or map were written under this name.",
        example=f"{_EXPLORING} - - 30 29\nrun RL/mean_action_gap_A01: 0.1 0.1 0.1 0.1",
    ),
    Rule(
        "TM204", "few_records", _RACES, ("note",),
        meaning="The best of a run that is compared rests on one or two finished races.",
        detection="So few of its races on the map were finished.",
        why="So few races say little about how the agent usually drives.",
        remedy="Train longer, or look at exploring races and the finish rate as well.",
        example=f"{_EXPLORING} 300 300 28\nother Race/explo_race_time_trained_A01: 30 29 28\n"
        "declare run speed=1\ndeclare other speed=2",
    ),
    Rule(
        "TM205", "still_improving", _RACES, ("note",),
        meaning="A run that is compared was still getting faster when its data end.",
        detection="The last tenth brought two new bests, one and a half percent, and a tenth of "
        "what the second half brought.",
        why="Its best says where training was stopped, not how well the setting can drive.",
        remedy="Train longer, or compare where the other runs were at that moment.",
        example=f"{_EXPLORING} 40*17 39 38 37\nother Race/explo_race_time_trained_A01: 40*20\n"
        "declare run speed=1\ndeclare other speed=2",
    ),
    Rule(
        "TM206", "races_unequal", _RACES, ("warning",),
        meaning="One of two runs drove many more races in the same time.",
        detection="Within the time both are known, the numbers differ by more than a fifth.",
        why="A best so far favours the run with more races: it had more chances.",
        remedy="Look at quantiles and finish rates as well, or compare at equal frames.",
        example=f"{_EXPLORING} (40 41)*5\nother Race/explo_race_time_trained_A01: (40 - 42 -)*3\n"
        "declare run speed=1\ndeclare other speed=2",
    ),
    Rule(
        "TM301", "setting_without_effect", _EFFECTS, ("warning",),
        meaning="A setting differs between two runs, and what it acts on does not.",
        detection="Of the running speed, game time per second of rollout; of the batch size, "
        "memories per update.",
        why="The setting may not have taken effect.",
        remedy="Check how the run was started, and what limits it.",
        example="run Race/race_time_ratio_A01: 40 41 40\nother Race/race_time_ratio_A01: 41 40 41\n"
        "declare run running_speed=160\ndeclare other running_speed=512",
    ),
    Rule(
        "TM302", "setting_derived", _EFFECTS, ("note",),
        meaning="No tag records the batch size of a run; it follows from its counters.",
        detection="Memories trained on per update, from the first count to the last; several "
        "stretches of the run must agree on a whole number.",
        why="Metrics that grow with the batch size can be compared once it is known.",
        remedy="Declare it in the experiment's definition, if nothing speaks against it.",
        example="run cumul_number_batches_done: 100 200 300 400 500\n"
        "run cumul_number_single_memories_used: 51200 102400 153600 204800 256000",
    ),
)  # fmt: skip
"""The rules of this domain; those of all others stand with `rulka_analysis.values.rules`."""
