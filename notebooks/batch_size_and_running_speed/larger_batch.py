# %% [markdown]
# # Compare a larger batch with the baseline
#
# **What this shows:** how `uni_6`, which repeats the baseline `uni_5` with a larger batch, drives, and how soon it gets there.
#
# **What you learn:** how runs that differ in one setting are compared by minutes and by frames, and why the loss is divided by the batch size first.
#
# **What it needs:** the log directory in effect. To try it on other logs, give `load_experiment` a second argument:
# `ra.open_logs("path")`.
#
# **How to go on:** ask another outcome or clock below, or look at single events: `comparison.present["uni_6"].scalars(tag)`.

# %%
import rulka_analysis as ra

experiment = ra.load_experiment("batch_size_and_running_speed")
comparison = experiment.comparison("larger_batch")
print(experiment.definition.comparisons["larger_batch"].question)

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
ra.publish_comparison(experiment, "larger_batch")
