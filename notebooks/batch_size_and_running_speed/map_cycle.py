# %% [markdown]
# # Stay longer on one map
#
# **What this shows:** how `uni_11` and `uni_12`, which stay longer on one map before they change to the other, drive against `uni_7`.
#
# **What you learn:** how answers are given to questions nobody had claimed anything about.
#
# **What it needs:** the log directory in effect. To try it on other logs, give `load_experiment` a second argument:
# `ra.open_logs("path")`.
#
# **How to go on:** ask another outcome or clock below, or look at single events: `comparison.present["uni_11"].scalars(tag)`.

# %%
import rulka_analysis as ra

experiment = ra.load_experiment("batch_size_and_running_speed")
comparison = experiment.comparison("map_cycle")
print(experiment.definition.comparisons["map_cycle"].question)

# %% [markdown]
# ## As data
#
# Every run at checkpoints of the common window, with its difference to the baseline.

# %%
comparison.compare("time_hock", every=15)[["group", "run", "checkpoint", "value", "difference"]]

# %% [markdown]
# ## As a table, and as a figure
#
# Every answer rests on these numbers; what it rests on stands in its `rows`.

# %%
ra.tables.by_run(comparison, comparison.lines, "where all of them are known")

# %%
ra.figures.curves(comparison, "time_hock")

# %% [markdown]
# ## What the page quotes
#
# Runs, numbers, an answer to every outcome, and their figures.

# %%
ra.publish_comparison(experiment, "map_cycle")
