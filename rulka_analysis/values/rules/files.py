"""Rules on event files, and on how the files of a run follow one another."""

from __future__ import annotations

from rulka_analysis.values.rules.rule import Rule

_GROUP = "Files"

FILES = (
    Rule(
        "RK101", "damage", _GROUP, ("error",),
        meaning="Bytes within an event file are not what was written.",
        detection="The checksum of a record does not fit it. Reading goes on at the next whole "
        "record.",
        why="Every number computed from this file lacks the events that stood there.",
        remedy="Copy the file again from where the run was trained.",
        example="run Training/loss: 1 0.9 0.8 0.7\nflip run 120",
    ),
    Rule(
        "RK102", "unreadable", _GROUP, ("error",),
        meaning="A file or a folder cannot be read.",
        detection="The operating system refuses it, or reading fails half-way.",
        why="Every number computed from this folder lacks what it holds.",
        remedy="Check that it is there, that you may read it, and that its disk works.",
        example="run Training/loss: 1 0.9\nloop run",
    ),
    Rule(
        "RK103", "not_an_event_file", _GROUP, ("error",),
        meaning="A file is named like an event file and is not one.",
        detection="It does not begin with a whole record.",
        why="Its name says that it is one, so a run may be missing.",
        remedy="Move it out of the log directory, or copy the real file again.",
        example="run Training/loss: 1 0.9\ntext run",
    ),
    Rule(
        "RK104", "zero_filled_tail", _GROUP, ("warning",),
        meaning="An event file ends in zeros.",
        detection="Nothing but zero bytes follows the last whole record.",
        why="The machine stopped before the last events reached the disk. They are lost: the run "
        "may have ended later than it seems.",
        remedy="Nothing brings them back. If the run was resumed, its next file goes on.",
        example="run Training/loss: 1 0.9\nzero run 40",
    ),
    Rule(
        "RK105", "truncated_tail", _GROUP, ("note",),
        meaning="An event file ends within a record.",
        detection="Fewer bytes are left than the last record says it has.",
        why="The run goes on, or was killed. Everything before is complete.",
        remedy="Nothing to do. While the run goes on, read the file again later.",
        example="run Training/loss: 1 0.9\ncut run 5",
    ),
    Rule(
        "RK106", "rounded_value", _GROUP, ("note",),
        meaning="A tag holds integers too large to be kept exactly.",
        detection="A tensor of integers has a value beyond nine thousand million million.",
        why="Values are kept with sixteen digits, too few for every integer of that size.",
        remedy="Allow for the difference: it is beyond the sixteenth digit.",
        example="tensor run count 9007199254740993",
    ),
    Rule(
        "RK107", "not_a_scalar", _GROUP, ("warning",),
        meaning="A tag is declared a scalar and holds tensors that are not one number.",
        detection="The plugin of the tag is scalars; the tensor has more elements than one.",
        why="Values that the run meant to log are missing.",
        remedy="See what the program logs under this tag.",
        example="run Training/loss: 1 0.9\ntensor run count 1 2",
    ),
    Rule(
        "RK108", "tensor_without_plugin", _GROUP, ("note",),
        meaning="A tag holds single numbers as tensors, and nothing says that they are scalars.",
        detection="No event of the tag names a plugin.",
        why="The numbers are left out. A writer says so in the first event of a tag, which may be "
        "damaged or in another file.",
        remedy="If you need the tag, look for damage, or for the file before this one.",
        example="run Training/loss: 1 0.9\nbare run count 1",
    ),
    Rule(
        "RK110", "restart", _GROUP, ("warning", "note"),
        meaning="A run was resumed, and repeated steps it had logged before.",
        detection="Of a tag, a later session starts at a step that an earlier one had passed, or "
        "declares a restart.",
        why="Steps that were logged twice must count once.",
        remedy="Nothing to do. If these are different runs, give each a folder of its own.",
        example="run Training/loss: 1 0.9 0.8 0.7 | -20s 0.8 0.7 0.6",
        when="A warning where more than a tenth of the run is given up, or half of a tag.",
    ),
    Rule(
        "RK111", "written_at_the_same_time", _GROUP, ("warning",),
        meaning="Two files of one run were written at the same time, under the same tags.",
        detection="A file begins before an earlier one that shares tags with it has ended, and "
        "its steps do not show that a clock was set.",
        why="Several programs may have logged into one folder.",
        remedy="Give each run a folder of its own.",
        example="run Training/loss: 1 0.9 0.8 0.7 | -3m -30s 1.1 0.8 0.9",
    ),
    Rule(
        "RK112", "copy", _GROUP, ("note",),
        meaning="A file holds what another file of the same run holds, or a part of it.",
        detection="Every event of it stands in the other one, equal to the last bit. Damage to the "
        "copy is not told: nothing is lost with it.",
        why="Its events count once. A file was copied, or only a part of it arrived.",
        remedy="Nothing to do. You may remove the copy.",
        example="run Training/loss: 1 0.9\ntwin run",
    ),
    Rule(
        "RK113", "attempts", _GROUP, ("warning", "note"),
        meaning="A run was begun anew in its folder.",
        detection="In a later session every tag starts from its beginning again.",
        why="The last attempt does not go on from what was trained before. It is the run; the "
        "others open under its name with a number.",
        remedy="If these are different runs, give each a folder of its own.",
        example="run Training/loss: 1 0.9 0.8 | -30s 1 0.9",
        when="A warning where the last attempt is not the longest by far.",
    ),
    Rule(
        "RK114", "no_one_run", _GROUP, ("warning",),
        meaning="A folder holds many runs that do not go on from one another.",
        detection="Four sessions or more start from the beginning, or hold many of the events and "
        "few of each other's tags.",
        why="Several runs were logged into one folder, or one was begun anew that often.",
        remedy="Give each run a folder of its own, or open the one you mean by its number.",
        example="run Training/loss: 1 0.9 | -20s 1 0.8 | -20s 1 0.7 | -20s 1 0.6",
    ),
    Rule(
        "RK115", "another_program", _GROUP, ("note",),
        meaning="A file of another program lies in the folder of a run.",
        detection="It starts from the beginning, or goes back, with few of the tags that the run "
        "had written there.",
        why="A program that evaluates may log into the folder of the run, with steps of its own.",
        remedy="Let it log under tags of its own, or into a folder of its own.",
        example="run Training/loss: 1 0.9 0.8\nrun eval/reward: 1 2 3 | +5m -30s 4 5",
    ),
    Rule(
        "RK116", "wall_time_missing", _GROUP, ("warning",),
        meaning="Events have no usable wall time: it is zero or not finite.",
        detection="Wall times as logged.",
        why="Their minutes are computed from their steps, where other events tell the pace. Where "
        "none does, the run has no minutes.",
        remedy="Look at the program that writes, and at the clock of its machine.",
        example="run Training/loss: 1 0.9 0.8\nwall run nan",
    ),
    Rule(
        "RK117", "wall_time_unit", _GROUP, ("warning",),
        meaning="Wall times are in another unit than seconds.",
        detection="As seconds they lie in a far future, as milliseconds (or finer) about now.",
        why="They are read in the unit that fits.",
        remedy="Let the program log seconds.",
        example="run Training/loss: 1 0.9 0.8\nwall run milliseconds",
    ),
    Rule(
        "RK118", "wall_time_years_off", _GROUP, ("warning",),
        meaning="Wall times are years off.",
        detection="They lie decades before or after today.",
        why="The clock of the machine was not set. Steps tell the order of files, and minutes "
        "count the time between events.",
        remedy="Look at the program that writes, and at the clock of its machine.",
        example="run Training/loss: 1 0.9 0.8\nwall run 1970",
    ),
    Rule(
        "RK119", "clock_set", _GROUP, ("warning",),
        meaning="A clock was set while a run went on.",
        detection="A session goes on, by its steps, from one that is later by the clock; or wall "
        "times leap by more than a month within a file.",
        why="Wall times do not tell how long that took: minutes are computed from steps there, and "
        "steps tell what came first.",
        remedy="Nothing to do. Do not compare these dates with those of other machines.",
        example="run Training/loss: 1 0.9 0.8\nwall run forward",
    ),
)  # fmt: skip
