"""What a build knows while it goes on, and what the environment keeps of each page."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from rulka_analysis.logs.clocks import Conventions
from rulka_analysis.pages.execute import Executed
from rulka_analysis.pages.sphinx.published import Registry
from rulka_analysis.pages.sphinx.reporting import BuildReport, FailedWrites


@dataclass
class BuildState:
    """What is known of one build.

    Parameters
    ----------
    report : BuildReport
        What the build says of itself.
    lock : ExitStack
        Holds the lock on the doctrees; closed at the end of the build.
    force : bool
        Whether every page is read again.
    executed : dict of str to Executed
        The notebooks, by document.
    registry : Registry
        What they published.
    banner : str
        The words that say which data pages are built from.
    conventions : Conventions
        How the logs tell minutes and updates.
    site_before : list of str
        The files of the last good build's site.
    absent : dict of str to str
        The experiments that no run of the logs is of, and what is said in their place.
    patterns : list of str
        What the configuration leaves out of the site.
    failed_writes : FailedWrites
        Hears what Sphinx tells as a warning where a file could not be written.
    """

    report: BuildReport = field(default_factory=BuildReport)
    lock: ExitStack = field(default_factory=ExitStack)
    force: bool = False
    executed: dict[str, Executed] = field(default_factory=dict)
    registry: Registry = field(default_factory=Registry)
    banner: str = ""
    conventions: Conventions = field(default_factory=Conventions)
    site_before: list[str] = field(default_factory=list)
    absent: dict[str, str] = field(default_factory=dict)
    patterns: list[str] = field(default_factory=list)
    failed_writes: FailedWrites = field(default_factory=FailedWrites)


_builds: WeakKeyDictionary[Sphinx | BuildEnvironment, BuildState] = WeakKeyDictionary()


def state_of(place: Sphinx | BuildEnvironment) -> BuildState:
    """Return the state of the build that an application, or its environment, belongs to."""
    return _builds.setdefault(place, BuildState())


def share_state(app: Sphinx) -> None:
    """Let the environment of an application answer with the application's state.

    Directives and roles know the environment; its way to the application is deprecated.
    """
    _builds[app.env] = state_of(app)


@dataclass(frozen=True, slots=True)
class Prose:
    """A text of a page that holds a digit: where it stands, and the line it begins at."""

    file: str
    line: int
    text: str


@dataclass
class PageNotes:
    """What the environment keeps of a page.

    Parameters
    ----------
    quotes : dict of str to str
        The results it quotes, with the digest each had.
    notebook : str
        Digest of the executed notebook it was made from; empty for other pages.
    missing : list of str
        What it quotes that nobody published, with its place.
    banner : str
        Digest of the banner it shows; empty where it shows none.
    figures : dict of str to str
        Figures it shows: the result, by file.
    drawn : dict of str to str
        Pictures drawn for it, and published nowhere, by file.
    explorer : str
        The published curves that it explores; empty for any page but one.
    prose : list of Prose
        What of it is prose with a digit in it.
    evidence : str
        The evidence of its numbers, as JSON; empty where it has none.
    policy : str
        What its notebook's metadata says of its content security policy.
    volatile : list of str or None
        The notebooks it says run in every build; None where it says nothing of them.
    absent : dict of str to str
        The experiments it says are not in the logs, and how.
    boxes : list of str
        The answers and claims that stand on it in their box.
    blocked : bool
        Whether it was told, cell by cell, what of its output the policy blocks.
    """

    quotes: dict[str, str] = field(default_factory=dict)
    notebook: str = ""
    missing: list[str] = field(default_factory=list)
    banner: str = ""
    figures: dict[str, str] = field(default_factory=dict)
    drawn: dict[str, str] = field(default_factory=dict)
    explorer: str = ""
    prose: list[Prose] = field(default_factory=list)
    evidence: str = ""
    policy: str = ""
    volatile: list[str] | None = None
    absent: dict[str, str] = field(default_factory=dict)
    boxes: list[str] = field(default_factory=list)
    blocked: bool = False


def notes_of_pages(env: BuildEnvironment) -> dict[str, PageNotes]:
    """Return what is kept of each page; it is pickled with the environment."""
    notes: dict[str, PageNotes] = vars(env).setdefault("rulka_pages", {})
    return notes


def notes_of_current(env: BuildEnvironment) -> PageNotes:
    """Return what is kept of the page that is being read."""
    return notes_of_pages(env).setdefault(env.current_document.docname, PageNotes())
