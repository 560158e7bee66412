# %% [markdown]
# # See what this site was built from
#
# **What this shows:** the logs that were read, what was declared about them, and the versions of what made the pages.
#
# **What you learn:** how to tell whether two sites come from the same data.
#
# **What it needs:** the log directory in effect. Nothing here depends on when or where a site is built: same inputs, same
# page.

# %%
import rulka_analysis as ra
from rulka_analysis import inputs

logs = ra.open_logs()

# %% [markdown]
# ## The logs
#
# A digest stands for every byte of a run's files that was read.

# %%
ra.publish("log_directory", inputs.log_directory(logs))
ra.publish("logs", inputs.logs_table(logs))

# %% [markdown]
# ## Definitions, package and versions

# %%
ra.publish("definitions", inputs.definitions_table())
ra.publish("versions", inputs.versions_table())
