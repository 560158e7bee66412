# %% [markdown]
# # Check the logs before trusting them
#
# **What this shows:** everything that is damaged or contradicts itself in the log directory, whether or not an experiment
# declares the run, and everything that would mislead a comparison of the experiments that have runs here.
#
# **What you learn:** how to ask for findings of one run, of a comparison, of a whole experiment and of a log directory,
# which series no answer may rest on, and how to mute what is known.
#
# **What it needs:** the log directory in effect. To try it on other logs, write `ra.open_logs("path")`.

# %%
import rulka_analysis as ra
from rulka_analysis.health import contradicted, directory_findings, run_findings
from rulka_analysis.health.mutes import mute

logs = ra.open_logs()
catalogue = ra.load_catalogue(logs=logs)
experiments = ra.load_experiments(logs)
every = directory_findings(logs, catalogue, experiments)
mutes = {
    code: why
    for experiment in experiments
    for code, why in experiment.definition.health.mute.items()
}
found = mute(every, mutes)

# %% [markdown]
# ## By rule, and by run
#
# The worst first: errors, then what concerns most runs. What a code means stands in the guide on log health.

# %%
ra.publish("counts", ra.tables.findings_counted(found.told, len(logs.runs)))
ra.publish("by_rule", ra.tables.findings_by_rule(found.told))
ra.publish("by_run", ra.tables.findings_by_run(found.told))
ra.publish("muted", ra.tables.muted_findings(found))

# %% [markdown]
# ## All findings
#
# Errors first: there the log or a tag is wrong. A warning says that a comparison may mislead; a note is good to know.
# Findings that differ only in run and numbers share a row.

# %%
clean = "Nothing was found: these logs are whole, and their tags agree with one another."
ra.publish("findings", ra.tables.findings(found.told, none=clean, kinds=True))

# %% [markdown]
# ## What no answer may rest on
#
# The series of which an error says that they do not hold what they should, muted or not.

# %%
unusable = tuple(contradicted(every).values())
usable = "No series is contradicted: an answer may rest on any of them."
ra.publish("contradicted", ra.tables.findings(unusable, none=usable))

# %% [markdown]
# ## One run alone
#
# The same question for one run, without an experiment.

# %%
first = logs[logs.runs[0]]
for finding in run_findings(first, catalogue):
    print(finding.code, finding)
