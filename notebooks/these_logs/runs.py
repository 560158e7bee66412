# %% [markdown]
# # Look at logs that no experiment is about yet
#
# **What this shows:** the runs of the log directory that no experiment declares, group by group: what was set and who says
# so, how long they trained, how they compare.
#
# **What you learn:** how far one gets without declaring anything, and what a definition would add.
#
# **What it needs:** the log directory in effect. To try it on other logs, write `ra.open_logs("path")`.

# %%
import rulka_analysis as ra

found = ra.these_logs.TheseLogs(ra.open_logs())

# %% [markdown]
# ## The runs

# %%
ra.publish("heading", found.heading())
ra.publish("card", found.card())
ra.publish("runs", found.runs())

# %% [markdown]
# ## How they compare
#
# What differs between runs makes the groups; what nobody declared is guessed.

# %%
ra.publish("told_apart", found.told_apart())
ra.publish("answers", found.answers())

# %% [markdown]
# ## What they have in common
#
# A small figure of each metric that most runs have, the likely outcomes first.

# %%
ra.publish("curves", found.figures())
ra.publish("spark", found.spark())

# %% [markdown]
# ## On demand
#
# The other metrics, by the first part of their tags; of many runs each of them, and each answer.

# %%
folded = found.folded()
names = {words: f"more.{number}" for number, words in enumerate(folded)}
for words, name in names.items():
    ra.publish(name, folded[words])
ra.publish("more", ra.blocks.folded(names))

# %% [markdown]
# ## To go on
#
# The command that writes an experiment about these runs: a definition to correct, a page, a notebook.

# %%
ra.publish("command", found.command())
