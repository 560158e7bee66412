# %% [markdown]
# # Compare a larger batch with the baseline
#
# **What this shows:** how `uni_6`, which repeats the baseline `uni_5` with a larger batch, drives, and how soon it gets there.
#
# **What you learn:** how to load an experiment, compare two runs where both are known, on minutes and on frames, and publish a number, a table or a figure for a page to quote.
#
# **What it needs:** the log directory in effect. To try it on other logs, give `load_experiment` a second argument:
# `ra.open_logs("path")`.

# %%
import rulka_analysis as ra

experiment = ra.load_experiment("batch_size_and_running_speed")
comparison = experiment.comparison("larger_batch")

# %% [markdown]
# ## The runs
#
# What was set, how long each run lasted, and up to where all of them are known: the *common window*.

# %%
ra.publish("larger_batch.runs", ra.tables.runs(experiment, comparison.runs))
ra.publish("larger_batch.findings", ra.tables.findings(experiment.findings(comparison.runs)))
ra.publish("larger_batch.window", ra.tables.window(comparison, "race_time", "A01"))

# %% [markdown]
# ## The numbers side by side
#
# A metric that grows with the batch size is compared per transition; the value as logged stands beside it. In words, no
# difference below the reading error is claimed.

# %%
ra.publish("larger_batch.summary", ra.tables.summary(comparison))
for candidate in comparison.candidates:
    for line in comparison.lines:
        said = ra.tables.relation(comparison, line, candidate)
        ra.publish(f"larger_batch.{candidate}.{line.name}", said)

# %% [markdown]
# ## Race times
#
# Robust greedy races on A01 show what the agent can do without exploration noise. No map cycle declared here evaluates on
# Hock, so exploring ones are shown there.

# %%
for map in ("A01", "Hock"):
    for clock in ("minutes", "frames"):
        figure = ra.figures.curves(comparison, "race_time", map, clock)
        ra.publish(f"larger_batch.{map}_{clock}", figure)
    targets = ra.tables.times_to_targets(comparison, "race_time", map)
    ra.publish(f"larger_batch.{map}_targets", targets)
ra.publish(
    "larger_batch.A01_exploring", ra.figures.curves(comparison, "exploring_race_time", "A01")
)

# %% [markdown]
# ## How often races were finished
#
# The rate counts all races from the start, so it lags: it shows, and decides nothing.

# %%
ra.publish("larger_batch.finish_rate", ra.figures.curves(comparison, "finish_rate", "Hock"))

# %% [markdown]
# ## Loss, Q and the learner's share of time
#
# Q is shown by frames where runs have that clock, because the schedules it depends on are keyed to frames.

# %%
ra.publish("larger_batch.loss", ra.figures.curves(comparison, "loss"))
ra.publish("larger_batch.loss_logged", ra.figures.curves(comparison, "loss", as_logged=True))
ra.publish("larger_batch.Q_frames", ra.figures.curves(comparison, "average_q", "A01", "frames"))
ra.publish("larger_batch.Q_minutes", ra.figures.curves(comparison, "average_q", "A01"))
ra.publish("larger_batch.learner_share", ra.figures.curves(comparison, "learner_share"))
