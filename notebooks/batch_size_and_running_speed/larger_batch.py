# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Compare a larger batch with the baseline
#
# **What this shows:** how the run with the larger batch, `uni_6`, drives, and how soon it gets there, held against the
# baseline `uni_5`.
#
# **What you learn:** how to load an experiment, compare two runs where both are known, on minutes and on frames, and
# publish a number, a table or a figure for a page to quote.
#
# **What it needs:** the log directory in effect. Change the first line to `ra.load_experiment("…", ra.open_logs("path"))`
# to try it on other logs.

# %%
import rulka_analysis as ra

experiment = ra.load_experiment("batch_size_and_running_speed")
comparison = experiment.comparison("larger_batch")

# %% [markdown]
# ## The runs
#
# What was set, how long each run lasted, and what was noticed while reading its log.

# %%
ra.publish("larger_batch_runs", ra.tables.runs(experiment, comparison.runs))
ra.publish("larger_batch_findings", ra.tables.findings(comparison.findings))
ra.publish("larger_batch_window", ra.tables.window(comparison, "race_time", "A01"))

# %% [markdown]
# ## The numbers side by side
#
# At the end of the *common window*: the last moment at which both runs are known. A metric that grows with the batch
# size is compared per transition; the value as logged stands beside it.

# %%
lines = [
    ra.Line("robust_race_time", "A01"),
    ra.Line("exploring_race_time", "A01"),
    ra.Line("exploring_race_time", "Hock"),
    ra.Line("loss"),
    ra.Line("loss", at="last"),
    ra.Line("loss", at="last", as_logged=True),
    ra.Line("average_q", "A01"),
    ra.Line("average_q", "A01", at="last"),
    ra.Line("learner_share"),
    ra.Line("exploring_finish_rate", "Hock"),
]
ra.publish("larger_batch", ra.tables.summary(comparison, lines))

# %% [markdown]
# The same in words. Below the reading error no difference is claimed.

# %%
for line in lines:
    name = "larger_batch_" + line.key.replace(" ", "_")
    ra.publish(name, ra.tables.relation(comparison, line, "uni_6"))

# %% [markdown]
# ## Race times on A01
#
# Robust greedy races show what the agent can do without exploration noise. Exploring races are another metric: more of
# them are driven, each with random actions mixed in.

# %%
ra.publish("larger_batch_a01_minutes", ra.figures.curves(comparison, "race_time", "A01", "minutes"))
ra.publish("larger_batch_a01_frames", ra.figures.curves(comparison, "race_time", "A01", "frames"))
ra.publish(
    "larger_batch_a01_exploring", ra.figures.curves(comparison, "exploring_race_time", "A01")
)
ra.publish("larger_batch_a01_targets", ra.tables.times_to_targets(comparison, "race_time", "A01"))

# %% [markdown]
# ## Race times on Hock

# %%
ra.publish("larger_batch_hock_minutes", ra.figures.curves(comparison, "race_time", "Hock"))
ra.publish("larger_batch_hock_frames", ra.figures.curves(comparison, "race_time", "Hock", "frames"))
ra.publish("larger_batch_hock_targets", ra.tables.times_to_targets(comparison, "race_time", "Hock"))

# %% [markdown]
# ## Loss, Q and the learner's share of time
#
# Q is shown by frames, because the schedules it depends on are keyed to frames.

# %%
ra.publish("larger_batch_loss", ra.figures.curves(comparison, "loss"))
ra.publish("larger_batch_loss_logged", ra.figures.curves(comparison, "loss", as_logged=True))
ra.publish("larger_batch_q", ra.figures.curves(comparison, "average_q", "A01", "frames"))
ra.publish("larger_batch_learner_share", ra.figures.curves(comparison, "learner_share"))
