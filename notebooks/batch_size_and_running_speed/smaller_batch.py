# %% [markdown]
# # Compare a smaller batch at a faster speed with the baseline
#
# **What this shows:** how `uni_7`, with a smaller batch and a faster running speed than the baseline `uni_5`, drives, and how soon it gets there. Both settings changed at once: what each of them does cannot be told apart.
#
# **What you learn:** why the end of one run is not held against the end of a longer one, and what is left of a headline when it is not.
#
# **What it needs:** the log directory in effect. To try it on other logs, give `load_experiment` a second argument:
# `ra.open_logs("path")`.

# %%
import rulka_analysis as ra

experiment = ra.load_experiment("batch_size_and_running_speed")
comparison = experiment.comparison("smaller_batch")

# %% [markdown]
# ## The runs
#
# What was set, how long each run lasted, and up to where all of them are known: the *common window*.

# %%
ra.publish("smaller_batch.runs", ra.tables.runs(experiment, comparison.runs))
ra.publish("smaller_batch.findings", ra.tables.findings(experiment.findings(comparison.runs)))
ra.publish("smaller_batch.window", ra.tables.window(comparison, "race_time", "A01"))

# %% [markdown]
# ## The numbers side by side
#
# A metric that grows with the batch size is compared per transition; the value as logged stands beside it. In words, no
# difference below the reading error is claimed.

# %%
ra.publish("smaller_batch.summary", ra.tables.summary(comparison))
for candidate in comparison.candidates:
    for line in comparison.lines:
        said = ra.tables.relation(comparison, line, candidate)
        ra.publish(f"smaller_batch.{candidate}.{line.name}", said)

# %% [markdown]
# ## Race times
#
# Robust greedy races on A01 show what the agent can do without exploration noise. No map cycle declared here evaluates on
# Hock, so exploring ones are shown there.

# %%
for map in ("A01", "Hock"):
    for clock in ("minutes", "frames"):
        figure = ra.figures.curves(comparison, "race_time", map, clock)
        ra.publish(f"smaller_batch.{map}_{clock}", figure)
    targets = ra.tables.times_to_targets(comparison, "race_time", map)
    ra.publish(f"smaller_batch.{map}_targets", targets)
ra.publish(
    "smaller_batch.A01_exploring", ra.figures.curves(comparison, "exploring_race_time", "A01")
)

# %% [markdown]
# ## How often races were finished
#
# The rate counts all races from the start, so it lags: it shows, and decides nothing.

# %%
ra.publish("smaller_batch.finish_rate", ra.figures.curves(comparison, "finish_rate", "Hock"))

# %% [markdown]
# ## Loss, Q and the learner's share of time
#
# Q is shown by frames where runs have that clock, because the schedules it depends on are keyed to frames.

# %%
ra.publish("smaller_batch.loss", ra.figures.curves(comparison, "loss"))
ra.publish("smaller_batch.loss_logged", ra.figures.curves(comparison, "loss", as_logged=True))
ra.publish("smaller_batch.Q_frames", ra.figures.curves(comparison, "average_q", "A01", "frames"))
ra.publish("smaller_batch.Q_minutes", ra.figures.curves(comparison, "average_q", "A01"))
ra.publish("smaller_batch.learner_share", ra.figures.curves(comparison, "learner_share"))
