# %% [markdown]
# # Halve the number of collectors
#
# **What this shows:** how `uni_10`, with half the collectors, drives against `uni_7`.
#
# **What you learn:** how a follow-up run is compared with the run it repeats.
#
# **What it needs:** the log directory in effect. To try it on other logs, give `load_experiment` a second argument:
# `ra.open_logs("path")`.
#
# **How to go on:** ask another outcome or clock below, or look at single events: `comparison.present["uni_10"].scalars(tag)`.

# %%
import rulka_analysis as ra

experiment = ra.load_experiment("batch_size_and_running_speed")
comparison = experiment.comparison("collectors")
print(experiment.definition.comparisons["collectors"].question)

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
ra.publish_comparison(experiment, "collectors")
