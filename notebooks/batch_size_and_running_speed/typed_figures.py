# %% [markdown]
# # Hold what was typed against what the logs say
#
# **What this shows:** every figure that was typed on the page by hand, beside the same statistic of the logs in use.
#
# **What you learn:** what became of each: reproduced, off by how much, read off the last point instead of the first, not in
# these logs, or right as a number and misleading as a statement, and why; and which agree with nothing but themselves.
#
# **What it needs:** the log directory in effect, and the typed figures in `data/published`. To try it on other logs, give
# `load_experiment` a second argument: `ra.open_logs("path")`.

# %%
import rulka_analysis as ra
from rulka_analysis.health import contradicted, experiment_findings
from rulka_analysis.typed_figures import typed_figures

experiment = ra.load_experiment("batch_size_and_running_speed")
doubted = contradicted(experiment_findings(experiment))

# %% [markdown]
# ## Typed against regenerated
#
# A figure is reproduced when it is equal to the typed digits or within the reading error. It misleads when it rests on a tag
# that other tags contradict, grows with a setting that differs, or compares runs that end at different times and stood
# otherwise where both are known. A figure that was published as a curve can be held against it; after the curve's end nothing
# but the typed value itself is known, which proves nothing.

# %%
table = typed_figures(experiment, doubted)
ra.publish("typed_figures", table)
ra.publish("typed_figures_counts", table.caption)
