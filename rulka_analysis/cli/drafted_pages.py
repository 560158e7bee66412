"""The page and the notebook of a drafted experiment: what each begins with, for its author to edit.

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


def write_page(title: str, question: str, outcomes: Sequence[Shown]) -> str:
    """Return the experiment's page."""
    blocks = [
        f"{_plain(title)}\n{'=' * len(_plain(title))}",
        _plain(question),
        _heading("Answers"),
        f".. answers::\n   :of: {EVERY_GROUP}",
        ":result:`how_sure`",
        _heading("What to use"),
        ":result:`recommendation` :result:`recommendation_why` :result:`recommendation_strength`",
        ".. result:: recommendation_ranking\n   :folded: All settings, ranked",
        "**What cannot be told apart:** :result:`separation`",
        _heading("The runs"),
        f".. result:: {EVERY_GROUP}.runs",
        f".. result:: {EVERY_GROUP}.summary",
        f":result:`{EVERY_GROUP}.window`",
    ]
    for outcome in outcomes:
        own = f"{EVERY_GROUP}.{outcome.name}"
        blocks += [
            _heading(_plain(outcome.title)),
            f".. answers::\n   :of: {EVERY_GROUP}\n   :outcomes: {outcome.name}\n   :boxes:",
            f".. result:: {own}",
        ]
        blocks += [
            f".. result:: {own}_{clock}\n   :folded: The same by {clock}"
            for clock in outcome.clocks
        ]
        if outcome.targets:
            folded = "When each target was first reached"
            blocks.append(f".. result:: {own}_targets\n   :folded: {folded}")
    blocks += [_heading("What was noticed"), f".. result:: {EVERY_GROUP}.findings"]
    return "\n\n".join(blocks) + "\n"


def write_notebook(name: str, first: str) -> str:
    """Return the experiment's one notebook.

    Parameters
    ----------
    name : str
        The experiment.
    first : str
        The outcome that is shown as data and drawn.
    """
    return f'''# %% [markdown]
# # Answer what the experiment asks
#
# **What this shows:** how every group stands to the baseline, on every outcome declared.
#
# **What it needs:** the log directory in effect. To try it on other logs, give `load_experiment` a
# second argument: `ra.open_logs("path")`.
#
# **How to go on:** ask another outcome or clock below, or look at single events:
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
# ## What the page quotes
#
# Runs, numbers, an answer to every outcome, and their figures.

# %%
ra.publish_comparison(experiment, "{EVERY_GROUP}")
ra.publish("answers", ra.tables.answers(experiment.answers()))
ra.publish("how_sure", experiment.how_sure())

# %% [markdown]
# ## What to use
#
# By the objectives of the definition, in order.

# %%
found = recommend(experiment, contradicted(experiment.noticed), experiment.evaluation)
ra.publish("card", ra.blocks.card(experiment))
ra.publish("recommendation", found.sentence)
ra.publish("recommendation_why", found.decided_by)
ra.publish("recommendation_strength", found.strength)
ra.publish("recommendation_ranking", found.ranking)
ra.publish("separation", separation(experiment).sentence)
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


def _heading(text: str) -> str:
    return f"{text}\n{'-' * len(text)}"


def _plain(text: str) -> str:
    """Return a text on one line without what reStructuredText would read in it."""
    shown = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return "".join(f"\\{c}" if c in "\\*`_|<>:" else c for c in shown) or "Experiment"
