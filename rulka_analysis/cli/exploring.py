"""A folder in which the curves of logs can be looked at, without a server."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rulka_analysis.cli.output import Waiting, note
from rulka_analysis.logs.runs import Logs
from rulka_analysis.metrics.catalogue import Catalogue
from rulka_analysis.pages.explore.data import ExploreGroup
from rulka_analysis.pages.explore.page import refuse_foreign, write_explore
from rulka_analysis.pages.explore.reading import from_logs
from rulka_analysis.pages.exploring import Curves, list_first_views
from rulka_analysis.pages.figures import Figure
from rulka_analysis.values.text import amount


def explore(logs: Logs, names: Sequence[str], catalogue: Catalogue, output: Path) -> Path:
    """Write the Explore page of some runs into a folder, telling how far it is.

    Raises
    ------
    ExploreError
        If the folder cannot be written.
    """
    # Before it takes long.
    refuse_foreign(output)
    with Waiting("reading the logs") as reading:
        # Each run is read once, whatever the number of its tags.
        for name in reading.each(names):
            _ = logs[name].tags
    groups = [ExploreGroup(name, (name,)) for name in names]
    data = from_logs(
        logs, catalogue, groups, title="The bundled curves" if logs.bundled else logs.name
    )
    views = list_first_views(data, catalogue)
    with Waiting("drawing figures") as drawing:
        drawn = {
            view.tag: Curves(data, views).figure(view)
            for view, _ in zip(views, drawing.each([view.tag for view in views]), strict=True)
        }
    # Where no script runs, and the names of tags are untrusted: they are numbered.
    stills = [figure for figure in drawn.values() if isinstance(figure, Figure)]
    with Waiting("writing the page") as reading:
        page = write_explore(output, data, stills=stills, each=reading.each)
    written = f"{amount(len(data.metrics), 'metric')} of {amount(len(data.runs), 'run')}"
    note(f"wrote {written}; open {page}")
    return page
