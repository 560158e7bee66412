# %% [markdown]
# # Go further in the same direction
#
# **What this shows:** how `uni_8` and `uni_9`, said to have an even smaller batch at an even faster speed, drive against `uni_7`.
#
# **What you learn:** how several candidates are held against one baseline, and what is said where a setting was not recorded or a run has no clock of frames.
#
# **What it needs:** the log directory in effect. To try it on other logs, give `load_experiment` a second argument:
# `ra.open_logs("path")`.
#
# **How to go on:** ask another outcome or clock below, or look at single events: `comparison.present["uni_9"].scalars(tag)`.

# %%
import rulka_analysis as ra

experiment = ra.load_experiment("batch_size_and_running_speed")
comparison = experiment.comparison("over_tuning")
print(experiment.definition.comparisons["over_tuning"].question)

# %% [markdown]
# ## As data
#
# Every run at checkpoints of the common window, with its difference to the baseline.

# %%
comparison.compare("time_A01", every=15)[["group", "run", "checkpoint", "value", "difference"]]

# %% [markdown]
# ## As a table, and as a figure
#
# Every answer rests on these numbers; what it rests on stands in its `rows`.

# %%
ra.tables.by_run(comparison, comparison.lines, "where all of them are known")

# %%
ra.figures.curves(comparison, "time_A01")

# %% [markdown]
# ## What the page quotes
#
# Runs, numbers, an answer to every outcome, and their figures.

# %%
ra.publish_comparison(experiment, "over_tuning")
