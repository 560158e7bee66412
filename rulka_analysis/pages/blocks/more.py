"""Where to go on: the further pages of an experiment, and what stands on each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rulka_analysis.pages.results import Block

if TYPE_CHECKING:
    from rulka_analysis.verdicts.loaded import LoadedExperiment

# A title; the page, one of the experiment's own beginning with a dot; its sections, or what it is.
_LINKS: tuple[tuple[str, str, tuple[str, ...] | str], ...] = (
    ("Explore these runs", "/docs/explore", "every metric"),
    (
        "All answers and claims",
        "./answers",
        ("Results", "Detailed comparisons", "Conclusions", "Recommendations"),
    ),
    ("Runs and logs", "./runs", ("Overview", "Run analysis", "Configuration", "Hardware")),
    ("Original claims", "./claims", ("Typed against regenerated", "What became of the advice")),
    ("Other metrics", "./metrics", "throughput, gradients"),
    ("Notebooks", "./notebooks", "to run"),
    ("Method", "/docs/guides/answers", "how answers are reached"),
    ("Tools", "./tools", "command lines"),
)


def more(experiment: LoadedExperiment) -> Block:
    """Return links to everything else there is of an experiment; pages that are not there drop out.

    Parameters
    ----------
    experiment : LoadedExperiment
        The experiment, tied to logs.
    """
    folder = f"/docs/experiments/{experiment.name}"
    links = []
    for title, page, about in _LINKS:
        told = {"about": about} if isinstance(about, str) else {"sections": about}
        links.append({"title": title, "page": page.replace("./", f"{folder}/", 1), **told})
    return Block("links", {"links": links})
