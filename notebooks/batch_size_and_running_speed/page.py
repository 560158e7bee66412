# %% [markdown]
# # Say what to use, what it gains, and how sure that is
#
# **What this shows:** the blocks of the experiment's page, from its heading to the claims it once made.
#
# **What you learn:** that a block is a function of an experiment, and that any page can quote what it returns.
#
# **What it needs:** the log directory in effect. To try it on other logs, give `load_experiment` a second argument:
# `ra.open_logs("path")`.
#
# **How to go on:** `help(ra.blocks)` lists all of them; publish one under another name and quote it where you like.

# %%
import rulka_analysis as ra

experiment = ra.load_experiment("batch_size_and_running_speed")

# %% [markdown]
# ## The answer
#
# The heading is a sentence made of answers; the cards say what to set, what it gains, and how sure that is.

# %%
ra.publish("heading", ra.blocks.heading(experiment))
ra.publish("cards", ra.blocks.cards(experiment))
ra.publish("hero", ra.blocks.hero(experiment))
ra.publish("sooner", ra.blocks.sooner(experiment))
ra.publish("spark", ra.blocks.spark(experiment))

# %% [markdown]
# The landing page has the same in one card.

# %%
ra.publish("card", ra.blocks.card(experiment))

# %% [markdown]
# ## The settings that were tried
#
# All at one cut-off, which stands above the table. The page shows the first in the ranking; all of them stand with the runs.

# %%
ra.publish("settings_tried", ra.blocks.settings_tried(experiment))
ra.publish("settings", ra.blocks.settings(experiment))

# %% [markdown]
# ## What else differed
#
# Diagnostics beside the objectives, and settings with one more change.

# %%
ra.publish("why", ra.blocks.why(experiment))
ra.publish("follow_ups", ra.blocks.follow_ups(experiment))

# %% [markdown]
# ## How sure that is

# %%
ra.publish("leads", ra.blocks.leads(experiment))
ra.publish("sure", ra.blocks.sure(experiment))

# %% [markdown]
# ## What was claimed, and where to go on

# %%
ra.publish("claimed", ra.blocks.claimed(experiment))
ra.publish("more", ra.blocks.more(experiment))

# %% [markdown]
# ## The logs
#
# What each consists of, who says what was set, and what was noticed.

# %%
ra.publish("logs", ra.blocks.logs(experiment))
ra.publish("logs_noticed", ra.tables.findings(experiment.noticed))
