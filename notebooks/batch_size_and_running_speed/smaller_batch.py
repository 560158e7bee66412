# %% [markdown]
# # Compare a smaller batch at a faster speed with the baseline
#
# **What this shows:** how `uni_7`, with a smaller batch and a faster running speed than the baseline `uni_5`, drives, and how soon it gets there. Both settings changed at once: what each of them does cannot be told apart.
#
# **What you learn:** why the end of one run is not held against the end of a longer one, and what is left of a headline when it is not.
#
# **What it needs:** the log directory in effect. To try it on other logs, give `load_experiment` a second argument:
# `ra.open_logs("path")`.
#
# **How to go on:** ask another outcome or clock below, or look at single events: `comparison.present["uni_7"].scalars(tag)`.

# %%
import rulka_analysis as ra

experiment = ra.load_experiment("batch_size_and_running_speed")
comparison = experiment.comparison("smaller_batch")
print(experiment.definition.comparisons["smaller_batch"].question)

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
ra.publish_comparison(experiment, "smaller_batch")
