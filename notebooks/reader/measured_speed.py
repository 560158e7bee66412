# %% [markdown]
# # See how fast logs are read, and what other readers lose
#
# **What this shows:** what reading an event file costs with this package, with TensorBoard's own reader and with
# `tbparse`, and how many events and minima each of them loses.
#
# **What you learn:** which reader to take, and what remembering a file that was read before is worth.
#
# **What it needs:** `measured.json` beside this notebook. `make bench` measures on your own machine;
# `python bench/bench_events.py --json notebooks/reader/measured.json` also writes that file.

# %%
import json

import rulka_analysis as ra
from rulka_analysis import figures, questions
from rulka_analysis.places import project_folder

file = project_folder() / "notebooks" / "reader" / "measured.json"
questions.note_file(file)
measured = json.loads(file.read_text(encoding="utf-8"))
sizes = sorted(measured["events"], key=int)

# The readers by name of their row.
READERS = {
    "first": "read_event_file",
    "frame": "read_scalars (DataFrame)",
    "cached": "read_event_file, cached",
    "grown": "read_event_file, grown by 1 %",
    "specification": "specification",
    "accumulator_all": "EventAccumulator, all rows",
    "accumulator": "EventAccumulator, default",
    "tbparse": "tbparse",
    "copy": "copy from the page cache",
}


def number(value, unit="", digits=0, how="measured by bench/bench_events.py"):
    """Return a measured number, or why there is none."""
    if value is None:
        return ra.Quantity.unknown("this reader does not give it", unit, label="–")
    return ra.Quantity(value, unit, digits, how=how)


# %% [markdown]
# ## The machine
#
# Ratios are those of processor time, which other programs on a machine disturb least.

# %%
machine = measured["machine"]
busiest = machine["busiest"]
ra.publish(
    "machine",
    ra.Sentence(
        "Measured on {processor} ({processors} processors, {system}) with {versions}"
        + ("." if busiest is None else "; up to {busiest} programs wanted a processor at a time."),
        {
            "processor": machine["processor"] or "an unnamed processor",
            "processors": number(machine["processors"]),
            "system": machine["system"],
            "versions": ", ".join(f"{name} {at}" for name, at in machine["versions"].items()),
            **({} if busiest is None else {"busiest": number(busiest, digits=1)}),
        },
    ),
)

# %% [markdown]
# ## What each reader costs and loses
#
# A table a size of file. What a reader lost is counted against what was written.

# %%
COLUMNS = {
    "reader": "Reader",
    "time": "An event (µs)",
    "ratio": "Against the first read",
    "process": "Whole process",
    "memory": "Peak memory (MB)",
    "rows": "Events lost",
    "minima": "Minima wrong",
}
for size in sizes:
    found = measured["events"][size]
    rows = {
        key: [
            name,
            number(found[name]["microseconds_an_event"], digits=3),
            number(found[name]["ratio"], "times", digits=2),
            number(found[name]["process_ratio"], "times", digits=2),
            number(found[name]["memory"]),
            number(found[name]["rows_lost"]),
            number(found[name]["minima_lost"]),
        ]
        for key, name in READERS.items()
    }
    caption = (
        "Reading {events} events over {tags} tags: processor time, peak memory and what is lost."
    )
    fields = {"events": number(int(size)), "tags": number(measured["tags"])}
    ra.publish(f"readers_{size}", ra.Table(COLUMNS, rows, ra.Sentence(caption, fields)))

# %% [markdown]
# ## At the largest size
#
# One number for each thing that pages say, and a figure.

# %%
largest = measured["events"][sizes[-1]]
costs = {key: largest[name]["microseconds_an_event"] for key, name in READERS.items()}
ra.publish("events", number(int(sizes[-1]), "events"))
ra.publish("tags", number(measured["tags"], "tags"))
ra.publish("time", number(costs["first"], "µs", digits=2))
for key in ("accumulator_all", "tbparse", "specification"):
    ra.publish(f"faster_than_{key}", number(costs[key] / costs["first"], "times"))
ra.publish("faster_when_cached", number(costs["first"] / costs["cached"], "times", digits=1))
ra.publish("above_copying", number(costs["first"] / costs["copy"], "times"))
memory = {key: largest[name]["memory"] for key, name in READERS.items()}
if memory["first"] is not None:
    share = 100 * memory["first"] / memory["accumulator_all"]
    ra.publish("memory_share", number(share, "%"))
else:
    ra.publish("memory_share", number(None, "%"))
ra.publish("rows_lost", number(largest[READERS["accumulator"]]["rows_lost"], "events"))
ra.publish("minima_lost", number(largest[READERS["accumulator"]]["minima_lost"], "minima"))

# %%
by_cost = sorted((key for key in READERS if key != "grown"), key=costs.__getitem__, reverse=True)
OURS = ("first", "frame", "cached", "specification")


def drawn(width):
    """Draw a bar a reader."""
    names = 200 if width == figures.WIDE else 190
    sheet = figures.Sheet(width, 30 + 26 * len(by_cost))
    sheet.title("Processor time an event", "µs, logarithmic")
    axes = sheet.plot(names, 26, width - 60, sheet.height)
    axes.set_xscale("log")
    axes.set_axis_off()
    axes.set_xlim(min(costs.values()) / 2, max(costs[key] for key in by_cost))
    axes.set_ylim(-0.5, len(by_cost) - 0.5)
    for place, key in enumerate(by_cost):
        colour = "winner" if key in OURS else "other"
        axes.barh([place], [costs[key]], height=0.6, color=figures.colour(colour))
        x, y = sheet.placed(axes, costs[key], place)
        sheet.text(names - 8, y, READERS[key], anchor="end")
        sheet.text(x + 6, y, f"{costs[key]:,.3g}", colour="text")
    return sheet.picture()


caption = (
    "Processor time an event when reading {events} events; this package's readers in green. "
    "It is no metric of the logs, so the Explore page has no view of it."
)
table = ra.Table(
    {"reader": "Reader", "time": "An event (µs)"},
    {key: [READERS[key], number(costs[key], digits=3)] for key in by_cost},
    "Processor time an event.",
)
words = "; ".join(f"{READERS[key]} {costs[key]:,.3g}" for key in reversed(by_cost))
ra.publish(
    "time_an_event",
    figures.Figure(
        picture=drawn(figures.WIDE),
        phone=drawn(figures.PHONE),
        caption=ra.Sentence(caption, {"events": number(int(sizes[-1]))}),
        alt=f"Bars of the microseconds that readers need for an event, fastest first: {words}.",
        table=table,
    ),
)
