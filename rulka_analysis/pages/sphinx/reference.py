"""The metrics reference: pages written from the catalogue, with what the logs in use show.

``.. metrics::`` gives a section for each group of the catalogue, one for each metric in it (anchor
and label ``metric-<name>``), and one for the tags that the catalogue does not know.
``.. metric-stages::`` lists which metrics to look at early, midway and late in a training.
``.. metrics-guide::`` shows what the domain of the logs says of its metrics. What the logs show is
quoted from ``notebooks/tensorboard_metrics``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from rulka_analysis.metrics import catalogue as catalogue_module
from rulka_analysis.metrics import catalogue_file
from rulka_analysis.metrics.catalogue import Catalogue, Group, Metric, Stage
from rulka_analysis.metrics.domain import Domain
from rulka_analysis.pages.observed import add_article
from rulka_analysis.pages.results import as_text
from rulka_analysis.pages.sphinx.entries import (
    entry_line,
    folded_section,
    line_of,
    rest,
    trend_node,
)
from rulka_analysis.pages.sphinx.quoting import MissingResultError, look_up, note_missing
from rulka_analysis.pages.sphinx.rendering import (
    disclosure,
    figure_node,
    inline_nodes,
    noted,
    table_node,
)
from rulka_analysis.pages.sphinx.reporting import BuildStopped
from rulka_analysis.project import domain_in_effect, load_catalogue
from rulka_analysis.values.errors import RulkaError
from rulka_analysis.values.text import name_in_words

EXPERIMENT = "tensorboard_metrics"
# Names of what its notebook publishes beside the metrics.
PRESENCE = "presence"
UNCATALOGUED = "uncatalogued"
# A longer list is folded.
ROWS_SHOWN = 12

# By what an entry is found beside its line.
_NAMES = ["rulka-names"]
_PLACEHOLDER = re.compile(r"\{(\w+)\}")

_BETTER = {
    "lower": "Lower is better.",
    "higher": "Higher is better.",
    "neither": "Neither direction is better: it describes and does not rate.",
}
_SUMMARISED = {
    "best": "A run is summed up by its smallest value so far.",
    "last": "A run is summed up by its last value.",
    "trailing_mean": "A run is summed up by its mean over the last tenth of the way.",
    "median_of_last_three": "A run is summed up by the median of its last three values.",
    "finish_rate": "A run is summed up by the share of {episodes} finished.",
    "rate": "It is a share that the log itself has accumulated.",
    "setting": "It is a setting, constant in a run.",
    "clock": "It is a count or time that only grows.",
}
_WRITTEN = {
    "episode": "Written after every {episode}.",
    "aggregate": "Written every five minutes, over what came since the last write.",
}


def add_directives(app: Sphinx) -> None:
    """Register the directives of this module with Sphinx."""
    app.add_directive("metrics", MetricsDirective)
    app.add_directive("metric-stages", StagesDirective)
    app.add_directive("metrics-guide", GuideDirective)


class _CatalogueDirective(SphinxDirective):
    """What both directives need: the catalogue, its texts as nodes, results by name."""

    def catalogue(self) -> Catalogue:
        modules = (catalogue_module.__file__, catalogue_file.__file__, __file__)
        for file in (str(domain_in_effect().catalogue_file), *modules):
            self.env.note_dependency(file)
        try:
            return load_catalogue()
        except RulkaError as error:
            raise BuildStopped(str(error)) from error

    def prose(self, text: str) -> list[nodes.Node]:
        """Return a text of the catalogue, which is reStructuredText on one line."""
        inline, messages = self.parse_inline(text, lineno=self.lineno)
        return [*inline, *messages]

    def quoted(self, name: str) -> tuple[str, str, dict[str, Any]] | None:
        """Return a result's id, its notebook and its content; None where nobody published it."""
        source, line = self.get_source_info()
        try:
            found, data = look_up(self.env, f"{EXPERIMENT}/{name}")
        except MissingResultError as error:
            note_missing(self.env, f"{source}:{line}", str(error))
            return None
        return found.id, found.notebook, data

    def presence(self) -> Presence:
        """Return the table of what is where."""
        found = self.quoted(PRESENCE)
        return (
            Presence("", "", {}) if found is None else Presence(*found[:2], dict(found[2]["rows"]))
        )


@dataclass(frozen=True)
class Presence:
    """The published table of what is where: its id, its notebook, its rows by metric."""

    id: str
    notebook: str
    rows: dict[str, list[Any]]

    def sentence(self, metric: Metric) -> list[nodes.Node]:
        """Return where a metric is."""
        row = self.rows.get(metric.name)
        return [] if row is None else inline_nodes(row[1], self.id, self.notebook)

    def parts(self, metric: Metric) -> list[str]:
        """Return the names under which more of a metric is published; none if it is absent."""
        row = self.rows.get(metric.name)
        names = "–" if row is None else as_text(row[2])
        return [] if names == "–" else names.split(", ")


class MetricsDirective(_CatalogueDirective):
    """Writes an entry for each metric of the catalogue."""

    def run(self) -> list[nodes.Node]:
        catalogue = self.catalogue()
        presence = self.presence()
        groups = catalogue.by_group()
        return [
            *(self._group(group, groups[group.name], presence) for group in catalogue.groups),
            self._uncatalogued(),
            disclosure("", _placeholders(catalogue), summary="What stands in braces"),
        ]

    def _section(
        self, anchor: str, title: Iterable[nodes.Node], kind: type[nodes.section] = nodes.section
    ) -> nodes.section:
        section = kind(ids=[anchor], names=[anchor])
        section += nodes.title("", "", *title)
        # Makes the anchor a label, too: ``:ref:`metric-loss` ``.
        self.state.document.note_explicit_target(section)
        return section

    def _group(self, group: Group, metrics: Iterable[Metric], presence: Presence) -> nodes.section:
        section = self._section(nodes.make_id(f"metrics-{group.name}"), [nodes.Text(group.name)])
        section["classes"].append("rulka-group")
        section += nodes.paragraph("", "", *self.prose(group.description))
        absent = []
        for metric in metrics:
            entry = self._metric(metric, presence)
            if presence.parts(metric):
                section += entry
            else:
                absent.append((metric, entry))
        if absent:
            names = ", ".join(_PLACEHOLDER.sub(r"\1", metric.title) for metric, _ in absent)
            folded = rest("", lead="Not in these logs:", names=names)
            folded += [entry for _, entry in absent]
            section += folded
        return section

    def _line(self, metric: Metric, presence: Presence) -> entry_line:
        """Return what stands beside a metric's name: its tag, how it went, where it ended."""
        parts: dict[str, list[nodes.Node]] = {"tag": [nodes.literal("", metric.pattern)]}
        name = f"{metric.name}.line"
        found = self.quoted(name) if name in presence.parts(metric) else None
        if found is not None:
            parts["trend"] = [trend_node(found[2])]
            # Its numbers open from the tables below; a button in a line that is one is none.
            parts["last"] = [nodes.Text(as_text(found[2]["last"]))]
        return line_of(parts)

    def _metric(self, metric: Metric, presence: Presence) -> nodes.section:
        section = self._section(f"metric-{metric.name}", _title(metric), folded_section)
        section["classes"].append("rulka-metric")
        section += self._line(metric, presence)
        section += nodes.paragraph("", "", *self.prose(metric.description))
        facts = nodes.field_list(classes=["rulka-facts"])
        facts += _field("How to read it", self.prose(metric.interpretation))
        facts += _field("Watch for", self.prose(metric.watch_for))
        facts += _field("In short", [*_in_short(metric, domain_in_effect())])
        if metric.aliases:
            older = [nodes.literal("", alias) for alias in metric.aliases]
            facts += _field("Older tags", [nodes.inline("", "", *_joined(older), classes=_NAMES)])
        code = nodes.literal("", metric.name)
        facts += _field("Name in code", [nodes.inline("", "", code, classes=_NAMES)])
        facts += _field("Logs in use", presence.sentence(metric))
        section += facts
        for name in presence.parts(metric):
            if not name.endswith(".line"):
                section += self._part(name)
        return section

    def _part(self, name: str) -> list[nodes.Node]:
        found = self.quoted(name)
        if found is None:
            return []
        result, notebook, data = found
        if data["kind"] == "figure":
            return [figure_node(data, result, notebook)]
        if data["kind"] != "table":
            return [nodes.paragraph("", "", *inline_nodes(data, result, notebook))]
        shown = noted(_table(data, result, notebook), data, result, notebook)
        if not name.endswith(".tags"):
            return shown
        listed = disclosure()
        listed["summary"] = "The tags"
        listed += shown
        return [listed]

    def _uncatalogued(self) -> nodes.section:
        section = self._section("uncatalogued-tags", [nodes.Text("Uncatalogued tags")])
        text = (
            "Tags that no pattern of the catalogue matches. They are shown as logged: without a "
            "unit, a better direction or a rule to watch by."
        )
        section += nodes.paragraph("", text)
        shown = self._part(UNCATALOGUED)
        if any(len(list(node.findall(nodes.row))) > ROWS_SHOWN for node in shown):
            folded = disclosure("", *shown)
            folded["summary"] = "The tags"
            shown = [folded]
        section += shown
        return section


class StagesDirective(_CatalogueDirective):
    """Lists which metrics to look at early, midway and late, the important ones first."""

    def run(self) -> list[nodes.Node]:
        catalogue = self.catalogue()
        presence = self.presence()
        listed = nodes.definition_list(classes=["rulka-stages"])
        for stage in get_args(Stage):
            metrics = [metric for metric in catalogue if stage in metric.stages]
            here = [metric for metric in metrics if presence.parts(metric)]
            leads = {
                "First: ": [metric for metric in here if metric.important],
                "Then: ": [metric for metric in here if not metric.important],
            }
            definition = nodes.definition()
            for lead, chosen in leads.items():
                if chosen:
                    links = _joined([_link(metric) for metric in chosen])
                    definition += nodes.paragraph("", "", nodes.Text(lead), *links)
            absent = [metric for metric in metrics if metric not in here]
            if absent:
                folded = disclosure("", summary="Not in these logs")
                folded += nodes.paragraph("", "", *_joined([_link(metric) for metric in absent]))
                definition += folded
            term = nodes.term("", stage.capitalize())
            listed += nodes.definition_list_item("", term, definition)
        return [listed]


class GuideDirective(SphinxDirective):
    """Shows what the domain of the logs says of its metrics as a whole."""

    def run(self) -> list[nodes.Node]:
        file = domain_in_effect().guide_file
        if file is None:
            return []
        self.env.note_dependency(str(file))
        text = file.read_text(encoding="utf-8")
        shown = self.parse_text_to_nodes(text, offset=0, allow_section_headings=True)
        return [*shown]


def _placeholders(catalogue: Catalogue) -> nodes.field_list:
    """Return what stands in the braces of patterns."""
    listed = nodes.field_list(classes=["rulka-facts"])
    for placeholder in {p.name: p for metric in catalogue for p in metric.placeholders}.values():
        body: list[nodes.Node] = [nodes.Text(placeholder.description)]
        if placeholder.choices:
            body.append(nodes.Text(": "))
            body += _joined([nodes.literal("", choice) for choice in placeholder.choices])
        listed += _field(f"{{{placeholder.name}}}", body)
    return listed


def _title(metric: Metric) -> Iterator[nodes.Node]:
    """Yield the metric's title, its placeholders as words to be filled in."""
    for number, text in enumerate(_PLACEHOLDER.split(metric.title)):
        if number % 2:
            yield nodes.emphasis("", text)
        elif text:
            yield nodes.Text(text)


def _link(metric: Metric) -> nodes.Node:
    return nodes.reference("", "", *_title(metric), internal=True, refid=f"metric-{metric.name}")


def _in_short(metric: Metric, own: Domain) -> Iterator[nodes.Node]:
    """Yield the facts that need no sentence of their own."""
    said = []
    if metric.display_factor != 1:
        logged = metric.unit or "a plain number"
        said.append(f"Logged as {logged}, shown in {metric.display_unit or 'plain numbers'}.")
    else:
        said.append(f"Unit: {metric.unit}." if metric.unit else "A plain number.")
    episode, episodes = own.words.episode, own.words.episodes
    said += [
        _BETTER[metric.better],
        _SUMMARISED[metric.summary].format(episodes=episodes),
        _WRITTEN[metric.written].format(episode=episode),
    ]
    if metric.schedule:
        said.append(f"It follows a schedule keyed to {own.conventions.steps}.")
    if metric.scales_with:
        settings = " and ".join(name_in_words(setting) for setting in metric.scales_with)
        said.append(f"It grows with the {settings}:")
        if metric.per_unit_name:
            said.append(f"runs are compared by {metric.per_unit_name}.")
        else:
            said.append("runs that differ in it cannot be compared by this metric.")
    if not metric.decides:
        said.append("No answer rests on it.")
    yield nodes.Text(" ".join(said))
    if metric.cutoff_seconds is not None:
        unfinished = add_article(episode).capitalize()
        yield nodes.Text(f" {unfinished} that was not finished logs the cutoff, ")
        yield nodes.literal("", f"{metric.cutoff_seconds:g}")
        yield nodes.Text(" s.")
    if metric.comparable_at_equal:
        yield nodes.Text(" Comparable only where these agree: ")
        yield from _joined([nodes.literal("", name) for name in metric.comparable_at_equal])
        yield nodes.Text(".")


def _field(name: str, body: Sequence[nodes.Node]) -> nodes.field:
    shown = nodes.field_body("", nodes.paragraph("", "", *body))
    return nodes.field("", nodes.field_name("", name), shown)


def _joined(parts: Sequence[nodes.Node]) -> list[nodes.Node]:
    joined: list[nodes.Node] = []
    for part in parts:
        joined += [nodes.Text(", "), part] if joined else [part]
    return joined


def _table(data: dict[str, Any], result: str, notebook: str) -> nodes.table:
    """Return a table of what logs show; tags, untrusted text, stand as literals."""
    table = table_node(data, result, notebook)
    table["ids"] = [nodes.make_id(result)]
    table["classes"].append("rulka-compact")
    if data["columns"][0][0] == "tag":
        for row in next(iter(table.findall(nodes.tbody))).children:
            _as_literal(row.children[0].children[0])
    elif data["columns"][0][0] == "run":
        # The caption of a table with a row a run is the tag.
        _as_literal(table.children[0])
    return table


def _as_literal(element: nodes.Element) -> None:
    text = element.astext()
    element.clear()
    element += nodes.literal("", text)
