"""Rules on one run: how it was written, and the shape of its series."""

from __future__ import annotations

from rulka_analysis.values.rules.rule import Rule

_TIME, _READINGS = "Time", "Readings"

READINGS = (
    Rule(
        "RK201", "gap", _TIME, ("warning",),
        meaning="The run, or a tag that is written regularly, has a hole.",
        detection="Within a file, a pause is ten times as long as the writes around it are apart "
        "and at least five minutes; or a tag that is written every so many steps leaves out five "
        "writes or more. Of fewer than twenty writes no interval is known.",
        why="The program or the machine stood still, or events are missing. Minutes may count time "
        "in which nothing was trained.",
        remedy="Compare by steps as well, and see what the machine did at that time.",
        example="run Training/loss: (1 0.9)*20 +30m (1 0.9)*20",
    ),
    Rule(
        "RK202", "beginning_missing", _TIME, ("warning",),
        meaning="The log begins long after training began.",
        detection="The first logged hours of training, or the first step at the pace of the log, "
        "say so.",
        why="Bests, finish rates and times to a target leave out the beginning.",
        remedy="Put the folder in which the run began beside this one.",
        example="run Performance/worker_time_in_rollout_percentage: +9999s 0.9 0.8 0.9 0.8",
    ),
    Rule(
        "RK203", "tag_stops", _TIME, ("warning",),
        meaning="A tag that is written at intervals ends long before the run.",
        detection="It missed its last five writes, fifteen minutes at least and longer than it "
        "pauses otherwise, while others went on.",
        why="What came afterwards is not known.",
        remedy="Compare up to that minute only.",
        example="run Training/loss: 1 0.9 0.8 0.9 0.7\nrun RL/gamma: 0.9*40",
    ),
    Rule(
        "RK204", "clock_backwards", _TIME, ("warning",),
        meaning="Steps or wall times go back within a file.",
        detection="An event has a lower step, or an earlier time, than the one before it of its "
        "tag. What follows from it (holes, bests that seem to come too early) is not told again.",
        why="The clock was set, or two programs wrote into one file: by this clock, late events "
        "may pass for early ones.",
        remedy="If two programs wrote, give each run a folder of its own.",
        example="run Training/loss: 1 0.9 0.8 -60m 0.7 0.6 0.5",
    ),
    Rule(
        "RK205", "counter_backwards", _TIME, ("error",),
        meaning="A tag that counts what was done so far goes back.",
        detection="A value is below the one before it, within one file.",
        why="It counts what was done so far, so this clock is wrong.",
        remedy="Compare on the other clocks.",
        example="run cumul_number_batches_done: 10 20 30 15 40",
    ),
    Rule(
        "RK301", "not_finite", _READINGS, ("note",),
        meaning="A few values are not numbers (NaN or infinite).",
        detection="They are fewer than three, or no more than a tenth, and numbers follow them.",
        why="They are left out of every result.",
        remedy="See what else happened then: losses and gradients first.",
        example="run Training/loss: 1 0.9 nan 0.8 0.7",
    ),
    Rule(
        "RK302", "diverged", _READINGS, ("error", "warning"),
        meaning="Many values of a tag, or its last ones, are not numbers (NaN or infinite).",
        detection="They end the series, or are three and more than a tenth of what follows the "
        "first number.",
        why="Training has diverged, or what computes the tag is broken.",
        remedy="Compare up to that moment only, and see what happened to losses and gradients.",
        example="run Training/loss: 1 0.9 0.8 nan nan nan",
        when="An error where the catalogue of metrics says that the tag must be a number.",
    ),
    Rule(
        "RK303", "frozen_tail", _READINGS, ("error", "warning"),
        meaning="A series that always moved ends in one repeated value.",
        detection="Five equal values or more end a series that went up and down before and hardly "
        "ever stood still.",
        why="The last values do not look measured: what computes them seems to have stopped.",
        remedy="Compare up to that moment only, and see what happened to the run then.",
        example="run Training/loss: (1 0.9 0.95 0.8)*5 0.85*6",
        when="An error where an answer could rest on the tag.",
    ),
    Rule(
        "RK304", "far_last_reading", _READINGS, ("warning",),
        meaning="The last value is far from all before it.",
        detection="It lies farther from the twelve before it than twice their range, farther than "
        "any jump so far, and outside of all values of the second half of the series.",
        why="A result that takes the last value rests on this one.",
        remedy="Take the median of the last three, or an earlier end.",
        example="run Training/loss: (1 0.9 0.95 0.8 0.99 0.85 0.91)*3 9",
    ),
    Rule(
        "RK305", "lone_last_reading", _READINGS, ("note",),
        meaning="A published curve ends, and one more value is known much later.",
        detection="The sidecar says until when the curve is known; a value stands behind it.",
        why="What happened in between is not known, and a last value is of another moment.",
        remedy="Compare up to where the curves are known.",
        example="run Training/loss: 1 0.9 0.8 +60m 0.7\npublished run 3",
    ),
    Rule(
        "RK306", "watch", _READINGS, ("error", "warning", "note"),
        meaning="A rule of the catalogue of metrics is broken.",
        detection="The catalogue has a threshold for the metric. One that scales with a setting is "
        "scaled only where runs with different values of that setting show that the metric does.",
        why="An error: the tag does not hold what it should. A warning: training may have been "
        "disturbed.",
        remedy="Look at the curve there. The metrics reference explains the metric.",
        example="run Performance/learner_percentage_training: 0.7 1.7 0.7",
        when="The catalogue says which; in JSON the kind is watch_ and the metric.",
    ),
    Rule(
        "RK307", "rule_not_checked", _READINGS, ("note",),
        meaning="A threshold of the catalogue could not be checked.",
        detection="It scales with a setting that is not known; or it is broken only if it is "
        "scaled down, and no runs show whether the metric scales.",
        why="The threshold was stated for one value of that setting.",
        remedy="Record the setting in the log or in the experiment's definition.",
        example="run Gradients/norm_before_clip_max: 2 2 120 2",
    ),
)  # fmt: skip
