"""What is known of one kind of training program, as one object that the core asks.

The core knows runs, tags and clocks. Which tags there are and what they mean, what the step counts,
what varies within a tag, what a run's values must be held against: a `Domain` says it. Domains
stand in ``domains/``, above the rooms that use them; ``project`` chooses one and hands it down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rulka_analysis.logs.clocks import Conventions
from rulka_analysis.values.errors import RulkaError

if TYPE_CHECKING:
    from rulka_analysis.values.findings import Finding

# Rules take what the health room makes of a run (or of two), which stands above this module.
Rule = Callable[[Any], "Iterable[Finding]"]


class VariantError(RulkaError, ValueError):
    """A comparison was asked for variants that the domain does not have."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a domain calls the things that the core speaks of.

    Parameters
    ----------
    episode, episodes : str
        One attempt of the agent at its task, and several of them.
    """

    episode: str = "episode"
    episodes: str = "episodes"


@dataclass(frozen=True, slots=True)
class Variant:
    """The placeholder whose values are outcomes of their own, such as ``{level}``.

    Parameters
    ----------
    name, plural : str
        What it is called in tags, in definitions, by keywords and on the command line.
    """

    name: str
    plural: str


# One object, so equal to itself alone: that also lets what is made of a domain be kept by it.
@dataclass(frozen=True, eq=False)
class Domain:
    """All that is known of one kind of training program.

    Parameters
    ----------
    name : str
        What it is called by.
    catalogue_file : Path
        What its tags mean; see `load_catalogue`.
    guide_file : Path or None
        What to know of its metrics, as reStructuredText; a part of the metrics reference.
    conventions : Conventions
        What its step counts, and which tags hold its clocks.
    words : Words
        What it calls things.
    variant : Variant or None
        The placeholder by which its outcomes are told apart; None where there is none.
    placeholders : mapping of str to str
        Values that other placeholders have wherever a comparison does not say otherwise.
    rules_of_run, rules_of_pair : tuple of callable
        Health rules of its own: of a run's readings, and of two that are compared.
    bundled_logs : callable or None
        Writes the logs that come with the package, and returns their folder.
    is_bundled : callable
        Tells whether a log directory is that folder.
    """

    name: str
    catalogue_file: Path
    guide_file: Path | None = None
    conventions: Conventions = field(default_factory=Conventions)
    words: Words = field(default_factory=Words)
    variant: Variant | None = None
    placeholders: Mapping[str, str] = field(default_factory=dict)
    rules_of_run: tuple[Rule, ...] = ()
    rules_of_pair: tuple[Rule, ...] = ()
    bundled_logs: Callable[[], Path] | None = None
    is_bundled: Callable[[Path], bool] = lambda path: False

    def with_steps_called(self, name: str) -> Domain:
        """Return it with another name for what the step counts: of each name one object."""
        return self if name == self.conventions.steps.name else _renamed(self, name)

    def choose_variant(self, variant: str | None, named: Mapping[str, str | None]) -> str | None:
        """Return the variant asked for, by position or by its keyword (``level="one"``).

        Raises
        ------
        VariantError
            If a keyword is not this domain's, or the variant is given twice.
        """
        own = self.variant.name if self.variant else ""
        for name in named:
            if name != own:
                has = f"it has: {own}" if own else "it has none"
                raise VariantError(f"no variant {name!r} in the domain {self.name!r}; {has}")
        if own not in named:
            return variant
        if variant is not None:
            raise VariantError(f"{own} is given twice: {variant!r} and {named[own]!r}; leave one")
        return named[own]


# Kept, because catalogues are kept by the domain they are read for.
@cache
def _renamed(domain: Domain, steps: str) -> Domain:
    return replace(domain, conventions=domain.conventions.with_steps_called(steps))
