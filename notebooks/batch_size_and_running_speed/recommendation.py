# %% [markdown]
# # Work out which settings to use
#
# **What this shows:** the settings that the logs in use speak for, the runner-up, where another setting is ahead, and what
# the experiment cannot tell.
#
# **What you learn:** how settings are ranked by the declared objectives in order, ties within the margin broken by the next.
#
# **What it needs:** the log directory in effect. To try it on other logs, give `load_experiment` a second argument:
# `ra.open_logs("path")`.

# %%
import rulka_analysis as ra
from rulka_analysis.health import contradicted
from rulka_analysis.recommendation import recommend
from rulka_analysis.separation import separation

experiment = ra.load_experiment("batch_size_and_running_speed")
found = recommend(experiment, contradicted(experiment.noticed), experiment.evaluation)

# %% [markdown]
# ## What is recommended
#
# Only runs that agree with the baseline in the other settings take part, so that what wins wins by the recommended ones. A
# setting whose value was not recorded cannot win.

# %%
ra.publish("recommendation", found.sentence)
ra.publish("recommendation_why", found.decided_by)
ra.publish("recommendation_runner_up", found.second)
ra.publish("recommendation_strength", found.strength)
ra.publish("recommendation_sensitivity", found.sensitivity)
ra.publish("recommendation_ranking", found.ranking)

# %% [markdown]
# ## Where another setting is ahead
#
# The same ranking at every checkpoint up to the common end.

# %%
ra.publish("recommendation_horizon", found.horizon)
ra.publish("recommendation_horizons", found.horizons)

# %% [markdown]
# ## What to write into the configuration
#
# Nothing, where settings cannot be told apart.

# %%
if found.configuration is None:
    ra.publish("recommendation_configuration", found.sentence)
else:
    ra.publish("recommendation_configuration", ra.Code(found.configuration, language="python"))

# %% [markdown]
# ## What the experiment cannot separate
#
# Runs that differ in several settings at once do not tell what each did. The runs that would settle it, and what they cost.

# %%
apart = separation(experiment)
ra.publish("separation", apart.sentence)
ra.publish("separation_runs", apart.runs)
