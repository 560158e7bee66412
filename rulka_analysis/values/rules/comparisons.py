"""Rules on settings, and on runs side by side."""

from __future__ import annotations

from rulka_analysis.values.rules.rule import Rule

_SETTINGS, _COMPARISONS = "Settings", "Comparisons"

COMPARISONS = (
    Rule(
        "RK401", "setting_differs", _SETTINGS, ("warning",),
        meaning="A run logs another value of a setting than its definition declares.",
        detection="The tag of the setting holds other values than the declared one.",
        why="The run was trained with another value than declared; the logged one is used.",
        remedy="Correct the definition, or the log directory.",
        example="run Training/batch_size: 512 512\ndeclare run batch_size=64",
    ),
    Rule(
        "RK402", "setting_unrecorded", _SETTINGS, ("warning",),
        meaning="A setting of a run is neither in its log nor in the definition.",
        detection="The definition names the setting and gives the run no value of it.",
        why="What this run shows cannot be repeated, nor attributed to a setting.",
        remedy="Look it up where the training program keeps its configuration, and declare it.",
        example="run Training/loss: 1 0.9\ndeclare run speed=1",
    ),
    Rule(
        "RK403", "setting_changes", _SETTINGS, ("warning",),
        meaning="A setting that is no schedule changes within a run.",
        detection="Its tag holds more than one value.",
        why="What comes after was trained with another setting than what came before.",
        remedy="Compare up to that moment only, or train the run again.",
        example="run Training/batch_size: 512 512 64",
    ),
    Rule(
        "RK404", "settings_changed_together", _SETTINGS, ("warning",),
        meaning="Two runs that are compared differ in more than one setting.",
        detection="Their settings, as logged or else as declared, are compared.",
        why="The runs do not show which setting made the difference.",
        remedy="Train a run that changes one of them only.",
        example="a Training/loss: 1 0.9\nb Training/loss: 1 0.8\n"
        "declare a batch_size=64 speed=1\ndeclare b batch_size=512 speed=2",
    ),
    Rule(
        "RK405", "schedule_differs", _SETTINGS, ("warning",),
        meaning="The schedules of two runs differ at equal steps.",
        detection="More than one in twenty values of one lie outside of what the other had just "
        "before and after.",
        why="Schedules are keyed to steps, so these runs were set up differently.",
        remedy="Treat it as one more setting that was changed.",
        example="a RL/epsilon: 1 0.9 0.8 0.7 0.6 0.5\nb RL/epsilon: 1 0.7 0.5 0.3 0.2 0.1\n"
        "declare a speed=1\ndeclare b speed=2",
    ),
    Rule(
        "RK406", "schedule_differs_by_minutes", _SETTINGS, ("note",),
        meaning="At equal minutes two runs stand at different points of the same schedule.",
        detection="As for equal steps, where those agree.",
        why="Values that depend on the schedule differ for that reason alone.",
        remedy="Compare at equal steps.",
        example="a RL/epsilon: 1 0.9 0.8 0.7 0.6 0.5\n"
        "b RL/epsilon: 1 +2m 0.9 +2m 0.8 +2m 0.7 +2m 0.6 +2m 0.5\n"
        "declare a speed=1\ndeclare b speed=2",
    ),
    Rule(
        "RK407", "scales_with_setting", _SETTINGS, ("note",),
        meaning="A metric grows with a setting that differs between two runs.",
        detection="The catalogue says so of the metric, and the settings differ.",
        why="As logged they compare the setting, not what was learnt.",
        remedy="Compare them divided by the setting.",
        example="a Training/loss: 1 0.9\nb Training/loss: 8 7\n"
        "declare a batch_size=64\ndeclare b batch_size=512",
    ),
    Rule(
        "RK408", "scale_unknown", _SETTINGS, ("warning",),
        meaning="A metric grows with a setting that is not known of a run.",
        detection="The catalogue says so of the metric; neither log nor definition has the value.",
        why="The runs cannot be compared by it, neither as logged nor per unit.",
        remedy="Record the setting. Until then, leave it out of the comparison.",
        example="a Training/loss: 1 0.9\nb Training/loss: 8 7\n"
        "declare a batch_size=64\ndeclare b speed=1",
    ),
    Rule(
        "RK501", "identical_series", _COMPARISONS, ("error",),
        meaning="One log stands under several names.",
        detection="Across the whole log directory: what cannot agree by chance agrees value for "
        "value, from the first or to the last that one of them has, and so do the times between "
        "values, or the steps. Or all that one logs stands in the other at the same moments.",
        why="One log is a copy of the other, or went on from a copy: one observation, not two. An "
        "answer about the pair is: no data.",
        remedy="Leave one of them out, or put back the log that belongs there.",
        example="a Training/loss: 1 0.9 0.95 0.8 0.85 0.7 0.75 0.6\ncopy a b",
    ),
    Rule(
        "RK502", "seed_run_twice", _COMPARISONS, ("warning",),
        meaning="Two runs hold the same numbers, written at other times.",
        detection="As for one log under several names, but the times between values differ.",
        why="One seed was run twice: one observation, not two. An answer about the pair is: no "
        "data.",
        remedy="Leave one of them out, and give each replicate a seed of its own.",
        example="a Training/loss: 1 0.9 0.95 0.8 0.85 0.7 0.75 0.6\n"
        "b Training/loss: 1 0.9 +2m 0.95 0.8 +1m 0.85 0.7 0.75 0.6",
    ),
    Rule(
        "RK503", "durations_differ", _COMPARISONS, ("warning",),
        meaning="Two runs that are compared lasted for different times.",
        detection="They differ by more than a fifth of the longer one.",
        why="Bests and last values of whole runs favour the longer one.",
        remedy="Compare where both are known, or train the shorter one longer.",
        example="a Training/loss: (1 0.9)*9\nb Training/loss: (1 0.8)*20\n"
        "declare a speed=1\ndeclare b speed=2",
    ),
    Rule(
        "RK504", "run_missing", _COMPARISONS, ("note",),
        meaning="The definition names a run that is not in these logs.",
        detection="No folder of the log directory is called so.",
        why="Comparisons with it stay empty.",
        remedy="Put its folder into the log directory, or take it out of the definition.",
        example="a Training/loss: 1 0.9\ndeclare a speed=1\ndeclare b speed=2",
    ),
)  # fmt: skip
