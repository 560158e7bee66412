# %% [markdown]
# # Ask the logs for every answer, and hold what was claimed against them
#
# **What this shows:** how every setting stands to the one it is held against, on every outcome, and what became of each claim
# of the page as it was once typed.
#
# **What you learn:** that answers come by themselves, without anybody claiming anything, and how to look at what one rests on.
#
# **What it needs:** the log directory in effect. To try it on other logs, give `load_experiment` a second argument:
# `ra.open_logs("path")`.
#
# **How to go on:** `answer.as_dict()` has everything behind an answer; `rulka-analysis answers --json` writes all of them.

# %%
import rulka_analysis as ra
from rulka_analysis.health import contradicted

experiment = ra.load_experiment("batch_size_and_running_speed")
answers = experiment.answers()
claims = experiment.claims()

# %% [markdown]
# ## All answers
#
# Only the strongest is given: who is better is no worse, too.

# %%
ra.publish("answers", ra.tables.answers(answers))

# %% [markdown]
# ## What was claimed
#
# Each claim is held against the answer to the same question, so it rests on the same numbers.

# %%
ra.publish("claims", ra.tables.claims(claims))
for claim in claims:
    ra.publish(f"claim.{claim.comparison}.{claim.name}", claim)

# %% [markdown]
# ## What they rest on
#
# How sure they can be, with so few runs. From which difference on a difference matters is declared, the same whatever the
# logs say; tags that other tags contradict are left aside.

# %%
ra.publish("how_sure", ra.blocks.sure_in_full(experiment))
ra.publish("margins", ra.tables.margins(experiment.definition))
ra.publish("contradicted_tags", ra.tables.contradicted_tags(contradicted(experiment.noticed)))
