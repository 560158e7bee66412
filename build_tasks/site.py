"""The site that is published.

Sphinx writes in place and leaves what earlier builds wrote, so it builds in a folder of its own:
``_build/stage``. What is published is a copy of the files that belong to the site, made beside the
published site and put in its place in one step.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from build_tasks.programs import hold
from build_tasks.project import Project
from build_tasks.systems import delete, rename, try_to_exchange, try_to_link
from build_tasks.telling import TaskError, say, word_failure


class Site(NamedTuple):
    """The folders of the site in `_build`."""

    published: Path
    new: Path
    """A copy that is being made, or an old site that is being deleted."""
    old: Path
    """The old site, while the new one takes its place and the system cannot exchange folders."""
    stage: Path
    listing: Path
    """Written by our extension of Sphinx after a build that went well, deleted when one begins."""


def locate_site(build: Path) -> Site:
    """Return where the parts of the site are."""
    html = build / "html"
    listing = build / "doctrees" / "html" / "site_files.json"
    return Site(html, build / "html.new", build / "html.old", build / "stage", listing)


@contextmanager
def hold_build(project: Project) -> Iterator[None]:
    """Wait until no other command writes into `_build`, and undo what a killed one left there."""
    with hold(project.build_lock):
        put_in_order(locate_site(project.build))
        yield


def put_in_order(site: Site) -> None:
    """Give the published site its name back if a kill took it, and delete what is left over."""
    if is_lost(site):
        rename(site.old, site.published)
        say(f"A command was killed while it replaced {site.published}; the old site is back.")
    delete(site.new)
    if site.old.exists():
        # Half deleted, it must not be what is given back one day.
        rename(site.old, site.new)
        delete(site.new)


def is_lost(site: Site) -> bool:
    """Tell whether a command was killed between the two renames that publish."""
    return site.old.exists() and not site.published.exists()


def publish(site: Site) -> None:
    """Put the files that belong to the site in the place of what is published, all at once.

    Nothing is touched when they are published already.

    Raises
    ------
    TaskError
        If that cannot be done; what is published is then what it was.
    """
    if site.published.is_symlink():
        raise TaskError(f"{site.published} is a link and not replaced. Remove it and try again")
    wanted = list_files(site)
    present = {
        path.relative_to(site.published)
        for path in site.published.rglob("*")
        if path.is_symlink() or not path.is_dir()
    }
    try:
        unchanged = {
            path
            for path in wanted & present
            if (site.stage / path).read_bytes() == (site.published / path).read_bytes()
        }
        if unchanged == wanted == present:
            return
        for path in wanted:
            (site.new / path).parent.mkdir(parents=True, exist_ok=True)
            if path not in unchanged or not try_to_link(site.published / path, site.new / path):
                # Never linked: Sphinx writes into the files it has.
                shutil.copy2(site.stage / path, site.new / path)
    except OSError as error:
        # What there is of it would take the room that the next try needs.
        shutil.rmtree(site.new, ignore_errors=True)
        raise TaskError(f"the pages cannot be copied: {word_failure(error)}") from None
    put_in_place(site)
    # What is in use stays; the next command deletes it.
    shutil.rmtree(site.new, ignore_errors=True)


def list_files(site: Site) -> set[Path]:
    """Return the files that belong to the site, relative to the stage."""
    remedy = "Build everything again: make clean, then make html"
    try:
        names = json.loads(site.listing.read_text(encoding="utf-8"))["files"]
        paths = [Path(name) for name in names]
        if not paths:
            raise ValueError("it names no file")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TaskError(
            f"which files belong to the site is not known: {site.listing} cannot be read "
            f"({error!r}). {remedy}"
        ) from None
    for path in paths:
        if path.anchor or ".." in path.parts:
            raise TaskError(f"{site.listing} names {path}, which is not in the site. {remedy}")
        if not (site.stage / path).is_file():
            raise TaskError(f"{site.stage / path} is missing from the site. {remedy}")
    return set(paths)


def put_in_place(site: Site) -> None:
    """Exchange the new site and the published one: in one step if the system can."""
    if not site.published.exists():
        rename(site.new, site.published)
    elif not try_to_exchange(site.new, site.published):
        rename(site.published, site.old)
        try:
            rename(site.new, site.published)
        except TaskError:
            rename(site.old, site.published)
            raise
        # The site is published: what hinders this is told to the next command.
        with suppress(TaskError):
            rename(site.old, site.new)
