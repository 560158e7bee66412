# %% [markdown]
# # Go further in the same direction
#
# **What this shows:** how `uni_8` and `uni_9`, said to have an even smaller batch at an even faster speed, drive against `uni_7`.
#
# **What you learn:** how several candidates are held against one baseline, and what is said where a setting was not recorded or a run has no clock of frames.
#
# **What it needs:** the log directory in effect. To try it on other logs, give `load_experiment` a second argument:
# `ra.open_logs("path")`.

# %%
import rulka_analysis as ra

experiment = ra.load_experiment("batch_size_and_running_speed")
comparison = experiment.comparison("over_tuning")

# %% [markdown]
# ## The runs
#
# What was set, how long each run lasted, and up to where all of them are known: the *common window*.

# %%
ra.publish("over_tuning.runs", ra.tables.runs(experiment, comparison.runs))
ra.publish("over_tuning.findings", ra.tables.findings(experiment.findings(comparison.runs)))
ra.publish("over_tuning.window", ra.tables.window(comparison, "race_time", "A01"))

# %% [markdown]
# ## The numbers side by side
#
# A metric that grows with the batch size is compared per transition; the value as logged stands beside it. In words, no
# difference below the reading error is claimed.

# %%
ra.publish("over_tuning.summary", ra.tables.summary(comparison))
for candidate in comparison.candidates:
    for line in comparison.lines:
        said = ra.tables.relation(comparison, line, candidate)
        ra.publish(f"over_tuning.{candidate}.{line.name}", said)

# %% [markdown]
# ## Race times
#
# Robust greedy races on A01 show what the agent can do without exploration noise. No map cycle declared here evaluates on
# Hock, so exploring ones are shown there.

# %%
for map in ("A01", "Hock"):
    for clock in ("minutes", "frames"):
        figure = ra.figures.curves(comparison, "race_time", map, clock)
        ra.publish(f"over_tuning.{map}_{clock}", figure)
    targets = ra.tables.times_to_targets(comparison, "race_time", map)
    ra.publish(f"over_tuning.{map}_targets", targets)
ra.publish("over_tuning.A01_exploring", ra.figures.curves(comparison, "exploring_race_time", "A01"))

# %% [markdown]
# ## How often races were finished
#
# The rate counts all races from the start, so it lags: it shows, and decides nothing.

# %%
ra.publish("over_tuning.finish_rate", ra.figures.curves(comparison, "finish_rate", "Hock"))

# %% [markdown]
# ## Loss, Q and the learner's share of time
#
# Q is shown by frames where runs have that clock, because the schedules it depends on are keyed to frames.

# %%
ra.publish("over_tuning.loss", ra.figures.curves(comparison, "loss"))
ra.publish("over_tuning.loss_logged", ra.figures.curves(comparison, "loss", as_logged=True))
ra.publish("over_tuning.Q_frames", ra.figures.curves(comparison, "average_q", "A01", "frames"))
ra.publish("over_tuning.Q_minutes", ra.figures.curves(comparison, "average_q", "A01"))
ra.publish("over_tuning.learner_share", ra.figures.curves(comparison, "learner_share"))
