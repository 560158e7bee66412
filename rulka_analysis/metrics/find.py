"""Finds the series of a measure in a run."""

from __future__ import annotations

from collections.abc import Iterator

from rulka_analysis.logs.run import Run
from rulka_analysis.metrics import summaries
from rulka_analysis.metrics.catalogue import Catalogue
from rulka_analysis.metrics.measure import Measure
from rulka_analysis.metrics.patterns import fill_in
from rulka_analysis.metrics.series import Series, show_values
from rulka_analysis.metrics.settings import NOT_RECORDED
from rulka_analysis.values.errors import nearest
from rulka_analysis.values.quantities import Quantity
from rulka_analysis.values.text import name_in_words


def find_series(
    run: Run, measure: Measure, per_value: Quantity | None, catalogue: Catalogue
) -> Series | Quantity:
    """Return a run's series of a measure, or why there is none.

    `per_value` is that of the setting named by ``measure.per``. The catalogue tells which of the
    run's tags are written after episodes of the same variant.
    """
    tags = catalogue.tags_for(measure.metric, run.tags, **measure.placeholders)
    if not tags:
        wanted = fill_in(measure.metric.pattern, measure.placeholders)
        reason = f"{run.name} has no {wanted} in these logs"
        # A tag that an author typed; what a catalogue knows is spelt right.
        close = nearest(wanted, run.tags) if not measure.metric.group else []
        reason += f" (did you mean {' or '.join(close)}?)" if close else ""
        return Quantity.unknown(reason, measure.unit)
    tag = tags[0]
    factor = measure.metric.display_factor
    divided_by = ""
    if measure.per:
        if per_value is None or not per_value.known:
            reason = f"the {name_in_words(measure.per)} of {run.name} is not recorded"
            if per_value is not None and per_value.label != NOT_RECORDED:
                reason = per_value.missing
            return Quantity.unknown(reason, measure.unit, label="not known")
        factor /= per_value.number
        title = name_in_words(measure.per)
        divided_by = f", divided by the {title} of {per_value.text} ({per_value.how})"
    events = run.events(tag)
    values = events.values
    finished = None
    if measure.metric.summary == "finish_rate":
        finished, values = summaries.finish_rate_so_far(values)
    values, _ = show_values(values, measure.metric, factor)
    return Series(
        run,
        measure,
        tag,
        events,
        values,
        abs(factor),
        catalogue.domain.words,
        divided_by,
        finished,
        tuple(_episode_tags(run, catalogue, measure.variant)),
        per_value if measure.per else None,
    )


def _episode_tags(run: Run, catalogue: Catalogue, variant: str | None) -> Iterator[str]:
    """Yield the run's tags that are written after episodes of a variant."""
    for tag in run.tags if variant is not None else ():
        match = catalogue.match(tag)
        if match and match.metric.written == "episode" and match.variant == variant:
            yield tag
