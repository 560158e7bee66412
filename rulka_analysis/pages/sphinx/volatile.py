"""The directive that lists the notebooks that run in every build, and why."""

from __future__ import annotations

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from rulka_analysis.pages.execute import list_volatile
from rulka_analysis.pages.sphinx.state import notes_of_current, state_of


class VolatileDirective(SphinxDirective):
    """``.. volatile::`` lists the notebooks that run in every build, and why."""

    def run(self) -> list[nodes.Node]:
        told = list_volatile(state_of(self.env).executed.values())
        notes_of_current(self.env).volatile = told
        if not told:
            text = "Each notebook runs again when an answer it got has changed, and only then."
            return [nodes.paragraph("", text)]
        intro = (
            "Each notebook runs again when an answer it got has changed. Of these nobody can tell, "
            "so that they run in every build unless their author knows better:"
        )
        items = [nodes.list_item("", nodes.paragraph("", f"{line}.")) for line in told]
        return [nodes.paragraph("", intro), nodes.bullet_list("", *items)]
