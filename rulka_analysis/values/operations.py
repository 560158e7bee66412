"""How a number was made: a closed list of operations, which a stranger can do again.

A number that reaches a page says which operation made it, from what, with which parameters. Those
that run on the events of a tag name run and tag; the others name the numbers they were made of. So
each number leads down to events of files, or to what somebody stated.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

Parameter = str | float | bool | None

OPERATIONS: Mapping[str, str] = MappingProxyType(
    {
        "stated": "Said by somebody, not computed from events: a constant, a setting, a target, a "
        "margin, a count; `source` says by whom.",
        "event": "The value of one event.",
        "last": "The last value of a tag that is a number.",
        "least": "The smallest value of a tag, where it first stands; or the smallest input.",
        "greatest": "The largest value of a tag, where it first stands; or the largest input.",
        "median": "The median of the last `values` values of a tag; or of the inputs.",
        "mean": "The mean of the values of a tag over the last `share` of the way, or from the "
        "start without one; or of the inputs.",
        "reached": "Where on a clock a tag first came to `target` or beyond it.",
        "position": "Where on a clock the event of its input stands.",
        "end": "Until where on a clock a tag of a run is known.",
        "difference": "The first input minus the second.",
        "ratio": "The first input divided by the second.",
        "sum": "The sum of the inputs.",
        "count": "How many values of a tag there are.",
        "interval": "A limit by a rule of statistics; its inputs can be computed again.",
    }
)
"""All operations there are, with their meaning."""


PARAMETERS: Mapping[str, str] = MappingProxyType(
    {
        "source": "who says a stated number, or what was counted",
        "run": "the run",
        "tag": "its tag",
        "folder": "only events of this folder of the run count",
        "clock": "minutes, steps or updates",
        "until": "the place on the clock up to which events count; all where it is missing",
        "factor": "what a logged value is multiplied by to be shown",
        "cutoff": "a value of so many seconds or more is an episode that was not finished, and "
        "does not count",
        "in_milliseconds": "the tag logs milliseconds",
        "whole_milliseconds": "shown seconds are rounded to whole milliseconds",
        "flags": "values above one half count as one, the others as zero, all of them up to the "
        "last, in the order written",
        "values": "how many values a median is taken of",
        "share": "the share of the way that a mean is taken over; of a target, the mean reaches it",
        "target": "what was to be reached",
        "upwards": "reached from below: higher is better",
        "of_size": "divided by the size of the second input, without its sign",
        "less_than_whole": "one minus the ratio",
        "times": "the result is multiplied by this",
        "unsigned": "the result is shown without its sign",
        "logarithms": "the mean is taken of logarithms: a geometric mean",
        "rule": "the rule behind a limit, in words",
    }
)
"""All parameters of operations, with their meaning."""
