# %% [markdown]
# # Ask the logs what they say to each conclusion
#
# **What this shows:** every conclusion of the experiment with the verdict of the logs in use: supported, contradicted,
# cannot tell or no data.
#
# **What you learn:** how a conclusion is evaluated, and how to look at what decided it.
#
# **What it needs:** the log directory in effect. To try it on other logs, give `load_experiment` a second argument:
# `ra.open_logs("path")`.

# %%
import rulka_analysis as ra
from rulka_analysis.health import contradicted, experiment_findings

experiment = ra.load_experiment("batch_size_and_running_speed")
noticed = experiment_findings(experiment)
found = experiment.conclusions(noticed)

# %% [markdown]
# ## All of them
#
# The conclusions are declared in the experiment's definition, with a sentence for each outcome.

# %%
ra.publish("conclusions", ra.tables.conclusions(found))

# %% [markdown]
# ## One by one
#
# Each with the numbers that decided, how strong it is and what would break it.

# %%
for conclusion in found:
    ra.publish(f"conclusion.{conclusion.name}", conclusion)

# %% [markdown]
# ## What they rest on
#
# From which difference on a difference matters is declared, the same whatever the logs say; tags that other tags contradict are left
# aside.

# %%
ra.publish("margins", ra.tables.margins(experiment.definition))
ra.publish("contradicted_tags", ra.tables.contradicted_tags(contradicted(noticed)))
