# %% [markdown]
# # Set all runs side by side
#
# **What this shows:** all runs of the experiment side by side: their settings, how long they lasted, their best times, and
# how they stand where all of them are known.
#
# **What you learn:** how to look at many runs at once, and what a table may and may not compare: best times of whole runs
# mix durations, times at the common end do not.
#
# **What it needs:** the log directory in effect. To try it on other logs, give `load_experiment` a second argument:
# `ra.open_logs("path")`.

# %%
import rulka_analysis as ra

experiment = ra.load_experiment("batch_size_and_running_speed")
every = experiment.all_runs()

# %% [markdown]
# ## The runs and their settings

# %%
ra.publish(
    "overview.runs", ra.tables.runs(experiment, experiment.definition.runs, experiment.noticed)
)

# %% [markdown]
# ## Run by run
#
# Each run over all that is known of it. Runs may differ in length: these numbers describe; they do not compare.

# %%
whole = [
    ra.Line("time_A01", at="best"),
    ra.Line("all_time_best", "A01", "best"),
    ra.Line("time_hock", at="best"),
    ra.Line("loss", at="last", as_logged=True),
    ra.Line("loss", at="last"),
    ra.Line("average_q", "A01", "last"),
    ra.Line("learner_share", at="last"),
]
ra.publish("overview.by_run", ra.tables.by_run(every, whole, "each over all that is known of it"))

# %% [markdown]
# ## Where all runs are known
#
# The shortest run ends the common window: these numbers can be compared.

# %%
common = [
    ra.Line("time_A01"),
    ra.Line("time_hock"),
    ra.Line("loss"),
    ra.Line("average_q", "A01"),
    ra.Line("learner_share"),
]
ra.publish("overview.window", ra.tables.window(every, "time_A01"))
ra.publish("overview.common", ra.tables.by_run(every, common, "where all of them are known"))
ra.publish("overview.A01", ra.figures.curves(every, "time_A01", whole=True))
ra.publish("overview.Hock", ra.figures.curves(every, "time_hock", whole=True))
ra.publish("overview.curves", ra.blocks.abreast("overview.Hock", "overview.A01"))

# %% [markdown]
# ## Other metrics
#
# Throughput and gradient norms tell about speed and stability.

# %%
ra.publish("overview.throughput", ra.figures.curves(every, "throughput", whole=True))
ra.publish(
    "overview.gradients", ra.figures.curves(every, "gradient_norm_before_clip_max", whole=True)
)
