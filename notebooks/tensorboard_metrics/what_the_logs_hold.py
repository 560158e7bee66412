# %% [markdown]
# # See what the logs hold of each metric
#
# **What this shows:** which metrics of the catalogue are in the logs, in which runs and under which tags, how far their
# values range, the last one, and how the important ones went.
#
# **What you learn:** how tags become metrics, and what to expect of a log before comparing anything.
#
# **What it needs:** the log directory in effect. Change the first line of code to `ra.open_logs("path")` to look into
# other logs; those of another program show their tags as uncatalogued.

# %%
import rulka_analysis as ra
from rulka_analysis.reference import Reference

reference = Reference(ra.open_logs())

# %% [markdown]
# ## What is there
#
# Every metric of the catalogue, and the names under which more of it is published for the metrics reference.

# %%
ra.publish("presence", reference.presence())

# %% [markdown]
# ## Metric by metric
#
# A row a run, or a row a tag where there are many. Values as logged, in the unit shown; a figure of the important ones.

# %%
for metric in reference.present:
    for name, part in reference.parts(metric).items():
        ra.publish(name, part)

# %% [markdown]
# ## Tags that the catalogue does not know
#
# Shown as logged, never refused.

# %%
ra.publish("uncatalogued", reference.uncatalogued())
