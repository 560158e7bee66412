"""The sources of a drafted experiment: what each begins with, for its author to edit.

Pure functions on names: whatever the logs say tomorrow, the same blocks are there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

EVERY_GROUP = "every_group"
"""The comparison of all groups with the baseline, which a definition has without declaring it."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What page and notebook show of one outcome; `clocks` besides the first that decides."""

    name: str
    title: str
    clocks: tuple[str, ...]
    targets: bool


def write_pages(name: str, title: str, outcomes: Sequence[Shown]) -> dict[str, str]:
    """Return the experiment's page and its further pages, by path beside its definition."""
    shown = [outcome for outcome in outcomes if outcome.name]
    main = [
        _titled(_plain(title), "="),
        ".. result:: heading",
        ".. result:: cards",
        ".. result:: hero",
        _titled("How much sooner"),
        ".. result:: sooner",
        _titled("Settings tried"),
        ".. result:: settings_tried",
        _titled("Why"),
        "What else differed; no cause by itself.",
        ".. result:: why",
        _titled("How sure"),
        ".. result:: leads",
        ".. result:: sure",
        _titled("More"),
        ".. result:: more",
        ".. toctree::\n   :hidden:\n",
    ]
    further = {
        EVERY_GROUP: _compared(shown),
        "answers": _ANSWERS,
        "runs": _RUNS,
        "notebooks": _NOTEBOOKS.format(name=name),
    }
    toctree = "".join(f"   {name}/{page}\n" for page in further)
    return {
        f"{name}.rst": "\n\n".join(main) + f"\n{toctree}",
        **{f"{name}/{page}.rst": text for page, text in further.items()},
    }


def _compared(outcomes: Sequence[Shown]) -> str:
    """Return the page of the comparison: everything side by side, then outcome by outcome."""
    own = EVERY_GROUP
    blocks = [
        _titled("All groups", "="),
        f".. result:: {own}.heading",
        f".. result:: {own}.questions",
        f".. result:: {own}.summary\n   :folded: All numbers side by side",
        f".. answers::\n   :of: {own}\n   :boxes:\n   :folded: What each answer rests on",
    ]
    for outcome in outcomes:
        blocks += [_titled(_plain(outcome.title)), f".. result:: {own}.{outcome.name}"]
        blocks += [
            f".. result:: {own}.{outcome.name}_{clock}\n   :folded: The same by {clock}"
            for clock in outcome.clocks
        ]
        if outcome.targets:
            folded = "When each target was first reached"
            blocks.append(f".. result:: {own}.{outcome.name}_targets\n   :folded: {folded}")
    return "\n\n".join(blocks) + "\n"


_ANSWERS = """\
All answers
===========

How an answer is reached is in :doc:`/docs/guides/answers`.

Results
-------

.. answers::
   :filter:

Recommendations
---------------

:result:`recommendation` :result:`recommendation_why` :result:`recommendation_strength`

.. result:: recommendation_ranking
   :folded: All settings, ranked

:result:`separation`

.. result:: how_sure
"""

_RUNS = """\
Runs and logs
=============

Overview
--------

.. result:: settings

Logs
----

Where each setting was read, and what the logs consist of:

.. result:: logs

.. result:: findings
   :folded: Every finding
"""

_NOTEBOOKS = """\
Notebooks
=========

They run while the site is built, and publish what its pages show.

.. toctree::
   :maxdepth: 1
   :glob:

   /notebooks/{name}/*
"""


def write_notebook(name: str, first: str) -> str:
    """Return the experiment's one notebook.

    Parameters
    ----------
    name : str
        The experiment.
    first : str
        The outcome that is shown as data.
    """
    return f'''# %% [markdown]
# # Answer what the experiment asks
#
# **What this shows:** the blocks of the experiment's pages, and how every group stands to the
# baseline on every outcome.
#
# **What it needs:** the log directory in effect. To try it on other logs, give `load_experiment` a
# second argument: `ra.open_logs("path")`.
#
# **How to go on:** `help(ra.blocks)` lists all blocks; look at single events with
# `comparison.present["<run>"].scalars(tag)`.

# %%
import rulka_analysis as ra
from rulka_analysis.health import contradicted
from rulka_analysis.recommendation import recommend
from rulka_analysis.separation import separation

experiment = ra.load_experiment("{name}")
comparison = experiment.comparison("{EVERY_GROUP}")

# %% [markdown]
# ## As data
#
# Every run at checkpoints of the common window, with its difference to the baseline.

# %%
comparison.compare("{first}")[["group", "run", "checkpoint", "value", "difference"]]

# %% [markdown]
# ## The page

# %%
ra.publish("heading", ra.blocks.heading(experiment))
ra.publish("cards", ra.blocks.cards(experiment))
ra.publish("hero", ra.blocks.hero(experiment))
ra.publish("sooner", ra.blocks.sooner(experiment))
ra.publish("spark", ra.blocks.spark(experiment))
ra.publish("card", ra.blocks.card(experiment))
ra.publish("settings_tried", ra.blocks.settings_tried(experiment))
ra.publish("why", ra.blocks.why(experiment))
ra.publish("leads", ra.blocks.leads(experiment))
ra.publish("sure", ra.blocks.sure(experiment))
ra.publish("more", ra.blocks.more(experiment))

# %% [markdown]
# ## All answers
#
# What to use is decided by the objectives of the definition, in order.

# %%
ra.publish_comparison(experiment, "{EVERY_GROUP}")
ra.publish("answers", ra.tables.answers(experiment.answers()))
ra.publish("how_sure", ra.blocks.sure_in_full(experiment))
found = recommend(experiment, contradicted(experiment.noticed), experiment.evaluation)
ra.publish("recommendation", found.sentence)
ra.publish("recommendation_why", found.decided_by)
ra.publish("recommendation_strength", found.strength)
ra.publish("recommendation_ranking", found.ranking)
ra.publish("separation", separation(experiment).sentence)

# %% [markdown]
# ## Runs and logs

# %%
ra.publish("settings", ra.blocks.settings(experiment))
ra.publish("logs", ra.blocks.logs(experiment))
ra.publish("findings", ra.tables.findings(experiment.noticed))
'''


def enter_in_index(index: str, name: str, title: str) -> str:
    """Return the landing page with the experiment in its list of pages.

    It stands after the last experiment that is there; without a list, the page stays as it is.
    """
    entry = f"docs/experiments/{name}"
    # A list of whatever is there has it.
    if f"<{entry}>" in index or "docs/experiments/*" in index:
        return index
    lines = index.splitlines()
    at = [n for n, line in enumerate(lines) if line.rstrip().endswith(">") and "<docs/" in line]
    if not at:
        return index
    after = [n for n in at if "<docs/experiments/" in lines[n] and lines[n].startswith(" ")]
    where = after[-1] + 1 if after else at[0]
    lines.insert(where, f"   {_plain(title)} <{entry}>")
    return "\n".join(lines) + "\n"


def _titled(text: str, underline: str = "-") -> str:
    return f"{text}\n{underline * len(text)}"


def _plain(text: str) -> str:
    """Return a text on one line without what reStructuredText would read in it."""
    shown = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return "".join(f"\\{c}" if c in "\\*`_|<>:" else c for c in shown) or "Experiment"
