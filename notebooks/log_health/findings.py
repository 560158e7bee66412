# %% [markdown]
# # Check the logs before trusting them
#
# **What this shows:** everything that is damaged or contradicts itself in the experiment's logs, and everything that would
# mislead a comparison of its runs.
#
# **What you learn:** how to ask for findings of one run, of a comparison and of a whole experiment, and which series no
# answer may rest on.
#
# **What it needs:** the log directory in effect. To try it on other logs, give `load_experiment` a second argument:
# `ra.open_logs("path")`.

# %%
import rulka_analysis as ra
from rulka_analysis.health import contradicted, experiment_findings, run_findings

experiment = ra.load_experiment("batch_size_and_running_speed")
found = experiment_findings(experiment)
present = [run for run in experiment.runs.values() if run is not None]

# %% [markdown]
# ## All findings
#
# Errors first: there the log or a tag is wrong. A warning says that a comparison may mislead; a note is worth knowing.

# %%
ra.publish("counts", ra.tables.findings_counted(found, len(present)))
clean = "Nothing was found: these logs are whole, and their tags agree with one another."
ra.publish("findings", ra.tables.findings(found, none=clean, kinds=True))

# %% [markdown]
# ## What no answer may rest on
#
# The series of which an error says that they do not hold what they should.

# %%
unusable = tuple(contradicted(found).values())
usable = "No series is contradicted: an answer may rest on any of them."
ra.publish("contradicted", ra.tables.findings(unusable, none=usable))

# %% [markdown]
# ## One run alone
#
# The same question for one run, without an experiment.

# %%
maps = experiment.definition.maps
for finding in run_findings(present[0], experiment.catalogue, maps=maps) if present else ():
    print(finding)
