# %% [markdown]
# # Take every curve to where it can be explored
#
# **What this shows:** which runs and which tags of the logs the Explore page holds, how its groups are called, and the view
# that it opens with.
#
# **What you learn:** how to draw any view of the Explore page as a figure, from the link to it, and what a page of curves is
# made from.
#
# **What it needs:** the log directory in effect. Change the first line of code to `ra.open_logs("path")` to look into other
# logs; `rulka-analysis explore --logdir path` writes the page itself into a folder.

# %%
import rulka_analysis as ra

curves = ra.exploring.curves(ra.open_logs())

# %% [markdown]
# ## The runs
#
# A group is called by its settings where an experiment declares them, else by its run.

# %%
ra.publish("groups", curves.groups_table())

# %% [markdown]
# ## The metrics
#
# Those of the catalogue come first, under its headings; other tags are shown as they are called.

# %%
ra.publish("metrics", curves.metrics_table())

# %% [markdown]
# ## A view
#
# What the page opens with. Another one: `curves.figure(ra.exploring.View("Training/loss", "minutes"))`.

# %%
ra.publish("first_view", curves.figure())

# %% [markdown]
# ## The curves themselves
#
# Every series, shortened where it is long: extremes, last values and the best so far are exact. Here only the files are
# named that hold them.

# %%
ra.publish("curves", curves)
