"""Rules on event files, and on how the files of a run follow one another."""

from __future__ import annotations

from rulka_analysis.values.rules.rule import Rule

_GROUP = "Files"

FILES = (
    Rule(
        "RK101", "damage", _GROUP, ("error",),
        meaning="Bytes within an event file are not what was written.",
        detection="The checksum of a record does not fit it; reading goes on at the next whole "
        "record.",
        why="Events that stood there are missing from everything computed from this file.",
        remedy="Copy the file again from where the run was trained, or train the run again.",
        example="run Training/loss: 1 0.9 0.8 0.7\nflip run 120",
    ),
    Rule(
        "RK102", "unreadable", _GROUP, ("error",),
        meaning="A file or a folder cannot be read.",
        detection="The operating system refuses it, or reading fails half-way.",
        why="What it holds is missing from everything computed from this folder.",
        remedy="Check that it exists, that you may read it and that its disk is well.",
        example="run Training/loss: 1 0.9\nloop run",
    ),
    Rule(
        "RK103", "not_an_event_file", _GROUP, ("error",),
        meaning="A file is named like an event file and is not one.",
        detection="It does not begin with a whole record.",
        why="Its name says that it holds events, so a run may seem to be there that is not.",
        remedy="Move it out of the log directory, or copy the real file again.",
        example="run Training/loss: 1 0.9\ntext run",
    ),
    Rule(
        "RK104", "zero_filled_tail", _GROUP, ("warning",),
        meaning="An event file ends in zeros.",
        detection="Nothing but zero bytes follows the last whole record.",
        why="The machine stopped before the last events reached the disk: they are lost, and the "
        "run may look as if it had ended earlier than it did.",
        remedy="Nothing brings them back; if the run was resumed, its next file goes on.",
        example="run Training/loss: 1 0.9\nzero run 40",
    ),
    Rule(
        "RK105", "truncated_tail", _GROUP, ("note",),
        meaning="An event file ends within a record.",
        detection="Fewer bytes are left than the last record says it has.",
        why="A run that is still being written ends so, and so does one that was killed; "
        "everything before is complete.",
        remedy="Nothing to do while the run goes on; read the file again later.",
        example="run Training/loss: 1 0.9\ncut run 5",
    ),
    Rule(
        "RK106", "rounded_value", _GROUP, ("note",),
        meaning="A tag holds integers too large to be kept exactly.",
        detection="A tensor of integers has a value beyond nine thousand million million.",
        why="Values are kept with sixteen digits, which is too few for every integer of that size.",
        remedy="Take the difference into account: it is beyond the sixteenth digit.",
        example="tensor run count 9007199254740993",
    ),
    Rule(
        "RK107", "not_a_scalar", _GROUP, ("warning",),
        meaning="A tag says it is a scalar and holds tensors that are not one number.",
        detection="The plugin of the tag is scalars; the tensor has more elements than one.",
        why="Values that the run meant to log are missing.",
        remedy="Look at the program that wrote the tag.",
        example="run Training/loss: 1 0.9\ntensor run count 1 2",
    ),
    Rule(
        "RK108", "tensor_without_plugin", _GROUP, ("note",),
        meaning="A tag holds single numbers as tensors, and nothing says that they are scalars.",
        detection="No event of the tag names a plugin.",
        why="A writer declares a tag with its first event; that event may be in an earlier file "
        "or in a damaged place.",
        remedy="If the tag matters, look for damage in this file or for the file before it.",
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
        meaning="A file holds what another file of the same run holds, or the beginning of it.",
        detection="Every event of it stands in the other one, equal to the last bit.",
        why="A file was copied within the run's folder, or arrived there in part. Its events "
        "count once.",
        remedy="Remove the copy if you like; it changes nothing here.",
        example="run Training/loss: 1 0.9\ntwin run",
    ),
    Rule(
        "RK113", "attempts", _GROUP, ("warning", "note"),
        meaning="A run began anew in its folder.",
        detection="In a later session every tag starts over from its beginning.",
        why="What began anew does not go on from what was trained before: the run is the last "
        "attempt, the others open under its name with a number.",
        remedy="If these are different runs, give each a folder of its own.",
        example="run Training/loss: 1 0.9 0.8 | -30s 1 0.9",
        when="A warning where the last attempt is not the longest by far.",
    ),
    Rule(
        "RK114", "no_one_run", _GROUP, ("warning",),
        meaning="A folder holds many files that do not go on from one another.",
        detection="Four times or more every tag starts over from its beginning.",
        why="Files of several runs lie in one folder, or the program began anew so often. Only "
        "the last attempt is shown.",
        remedy="Give each run a folder of its own, or say which of them is meant.",
        example="run Training/loss: 1 0.9 | -20s 1 0.8 | -20s 1 0.7 | -20s 1 0.6",
    ),
    Rule(
        "RK115", "another_program", _GROUP, ("note",),
        meaning="A file of another program lies in the folder of a run.",
        detection="It starts over with few of the tags that the run had written by then.",
        why="A program that evaluates may log into the folder of the run, with its own steps.",
        remedy="Let it write under tags of its own, or into a folder of its own.",
        example="run Training/loss: 1 0.9 0.8\nrun eval/reward: 1 2 3 | +5m -30s 4 5",
    ),
    Rule(
        "RK116", "wall_time_missing", _GROUP, ("warning",),
        meaning="Events have no usable wall time: it is zero or not finite.",
        detection="Wall times as logged.",
        why="Minutes of these events are read from their steps, where others tell the pace; where "
        "nothing does, the run has no minutes.",
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
        why="The clock of the machine was not set. Dates and the order of files are not to be "
        "trusted; minutes count the time between events, and steps tell the order.",
        remedy="Look at the program that writes, and at the clock of its machine.",
        example="run Training/loss: 1 0.9 0.8\nwall run 1970",
    ),
    Rule(
        "RK119", "clock_set", _GROUP, ("warning",),
        meaning="A clock was set while a run went on.",
        detection="A session goes on, by its steps, from one that is later by the clock; or wall "
        "times leap by more than a month within a file.",
        why="Wall times do not tell how long the run took there: minutes are read from steps, and "
        "steps tell what came first.",
        remedy="Nothing to do, but do not compare with other clocks of that time.",
        example="run Training/loss: 1 0.9 0.8\nwall run forward",
    ),
)  # fmt: skip
