"""A comparison as text: for each measure a table with a row a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from rulka_analysis.cli.blocks import Block, RunValues
from rulka_analysis.cli.comparing import Report, Targets
from rulka_analysis.cli.contents import about, findings_text, minutes_text, print_findings
from rulka_analysis.cli.output import print_table, say
from rulka_analysis.logs.clocks import Clock
from rulka_analysis.metrics.series import position_text
from rulka_analysis.pages.tables.comparison import clock_in_words, curve
from rulka_analysis.values.quantities import NOT_IN_THESE_LOGS, Quantity
from rulka_analysis.values.text import name_in_words


def print_report(report: Report, every: float | None) -> None:
    """Print a comparison; with checkpoints `every` so many units of its clock apart."""
    _print_runs(report)
    for block in report.blocks():
        say()
        _print_block(report, block)
        if every is not None:
            _print_checkpoints(report, block, every)
    for targets in report.targets():
        say()
        _print_targets(report, targets)
    say()
    if report.absent:
        say(f"Not in these logs: {', '.join(report.absent)}.")
    if report.left_out:
        say(f"{report.left_out:,} more tags are not shown; name them with --metric.")
    for remark in report.remarks:
        say(remark)
    if report.findings:
        say()
        say("Noticed about these logs", heading=True)
        print_findings(report.findings)
    else:
        say("Nothing was noticed about these logs.")


def _print_runs(report: Report) -> None:
    comparison = report.comparison
    say(comparison.title, heading=True)
    differing, same = _settings(report)
    titles = ["Run", *(_setting_title(report, name) for name in differing)]
    rows = []
    for name, run in comparison.runs.items():
        shown = f"{name} (baseline)" if name == comparison.baseline else name
        row = [shown, *(differing[setting][name] for setting in differing)]
        if run is None:
            rows.append([*row, NOT_IN_THESE_LOGS, "", ""])
        else:
            clocks = ", ".join(c.name for c in run.conventions.clocks if c in run.clocks)
            own = about(report.findings, name)
            rows.append([*row, minutes_text(run.duration), clocks, findings_text(own)])
    numbers = [len(titles)]
    print_table([*titles, "Minutes", "Clocks", "Findings"], rows, numbers=numbers)
    if same:
        told = (f"{_setting_title(report, name)} {value}" for name, value in same.items())
        say(f"The same in all: {'; '.join(told)}.")
    if report.experiment is not None:
        variant = comparison.catalogue.domain.variant
        what = f"settings, {variant.plural} and targets" if variant else "settings and targets"
        say(
            f"What the logs do not record of {what} is taken from the "
            f"experiment {report.experiment.name}."
        )


def _settings(report: Report) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """Return the settings that differ between the runs, by run, and those that do not."""
    comparison = report.comparison
    by_setting: dict[str, dict[str, str]] = {}
    definition = report.experiment.definition if report.experiment else None
    names = dict.fromkeys(definition.settings if definition else ())
    for settings in comparison.settings.values():
        names |= dict.fromkeys(settings)
    for setting in names:
        for run in comparison.runs:
            text = _setting_text(report, run, setting)
            by_setting.setdefault(setting, {})[run] = text
    differing, same = {}, {}
    for setting, texts in by_setting.items():
        distinct = set(texts.values())
        if len(distinct) > 1:
            differing[setting] = texts
        elif len(texts) > 1:
            same[setting] = distinct.pop()
    if len(comparison.runs) == 1:
        same = {setting: next(iter(texts.values())) for setting, texts in by_setting.items()}
    return differing, same


def _setting_text(report: Report, run: str, setting: str) -> str:
    known = report.comparison.settings[run].get(setting)
    if known is not None:
        return known.shown_as(unit="").text
    experiment = report.experiment
    if experiment is not None and run in experiment.definition.runs:
        return experiment.setting_text(run, setting)
    return "not recorded"


def _setting_title(report: Report, name: str) -> str:
    definition = report.experiment.definition if report.experiment else None
    if definition is not None and name in definition.settings:
        return definition.settings[name].title
    title = name_in_words(name)
    return title[:1].upper() + title[1:]


def _print_block(report: Report, block: Block) -> None:
    if not block.known:
        reason = next(iter(block.runs.values())).last.missing
        say(f"{block.title}: not known of any run; {reason}.")
        return
    say(block.title, heading=True)
    windows = [
        f"{_place(window.end, clock)} (ended by {window.limited_by})"
        for clock, window in block.windows.items()
    ]
    compared = len(block.runs) > 1
    if windows and compared:
        say(f"Common window: up to {', '.join(windows)}.")
    columns = list(_columns(block, compared, report.comparison.catalogue.domain.words.episodes))
    rows = []
    for name, values in block.runs.items():
        if values.last.known or values.smallest.known:
            mark = f" [{values.contradicted.code}]" if values.contradicted else ""
            rows.append([f"{name}{mark}", *(cell(values) for _, cell in columns)])
        else:
            rows.append([name, values.last.text, *[""] * (len(columns) - 1)])
    titles = ["Run", *(title for title, _ in columns)]
    print_table(titles, rows, numbers=range(1, len(titles)))
    for remark in block.remarks:
        say(remark)


def _columns(
    block: Block, compared: bool, episodes: str
) -> Iterator[tuple[str, Callable[[RunValues], str]]]:
    """Yield each column's title, and what makes its cell of a run's values."""

    def number(quantity: Quantity) -> str:
        return _number(quantity, plain=block.is_uncatalogued)

    def spread(values: RunValues) -> str:
        low, high = number(values.smallest), number(values.largest)
        return low if low == high else f"{low} to {high}"

    def at_end(clock: Clock, values: RunValues) -> str:
        return number(values.at_end[clock])

    def difference(clock: Clock, values: RunValues) -> str:
        if clock not in values.difference:
            return ""
        found, ratio = values.difference[clock], values.ratio[clock]
        if not found.known:
            return found.text if found.text.startswith("no data") else "not known"
        if 0 < abs(found.number) <= found.reading_error:
            return "same as far as read"
        shown = f"{'+' if found.number > 0 else ''}{number(found)}"
        return f"{shown} (×{_number(ratio)})" if ratio.known else shown

    def last(values: RunValues) -> str:
        return number(values.last)

    metric = block.measure.metric
    if metric.summary == "finish_rate":
        yield f"All {episodes}", last
    elif metric.better == "neither":
        yield "Range", spread
        yield "Last", last
    else:
        yield "Best", lambda values: number(values.best)
        for clock in dict.fromkeys(c for values in block.runs.values() for c in values.reached):
            yield f"Reached, {clock.unit}", partial(_reached, clock)
        yield "Last", last
    for clock, window in block.windows.items() if compared else ():
        yield f"At {_place(window.end, clock)}", partial(at_end, clock)
        yield "Against baseline", partial(difference, clock)


def _reached(clock: Clock, values: RunValues) -> str:
    found = values.reached.get(clock)
    if found is None or not found.known:
        return "" if found is None else found.text
    return minutes_text(found.number) if clock.key == "minutes" else _number(found)


def _place(position: float, clock: Clock) -> str:
    if clock.key == "minutes":
        return f"{minutes_text(position)} {clock.unit}"
    return position_text(position, clock)


def _number(quantity: Quantity, *, plain: bool = False) -> str:
    """Word a number without its unit; a small one with the digits it takes to tell it from zero.

    `plain`: nothing is known of its size, so six significant digits are shown.
    """
    value = quantity.value
    if value is None:
        return quantity.text
    if plain or 0 < abs(value) < 0.5 * 10**-quantity.digits:
        return f"{value:.{6 if plain else 3}g}".replace("-", "−")
    return quantity.shown_as(unit="").text


def _print_checkpoints(report: Report, block: Block, every: float) -> None:
    table = curve(report.comparison, block.measure, report.clock, every)
    plain = block.is_uncatalogued
    rows = [
        [_number(c, plain=plain) if isinstance(c, Quantity) else str(c) for c in cells]
        for cells in table.rows.values()
    ]
    if rows and block.known:
        print_table(list(table.columns.values()), rows, numbers=range(len(table.columns)))


def _print_targets(report: Report, targets: Targets) -> None:
    by = clock_in_words(report.comparison, targets.clock)
    say(f"{targets.measure.title}: {by} until a target was first reached", heading=True)
    titles = ["Run", *(f"{target:g} {targets.measure.unit}" for target in targets.targets)]
    rows: Sequence[list[str]] = [
        [name, *(_number(time) for time in times)] for name, times in targets.runs.items()
    ]
    print_table(titles, rows, numbers=range(1, len(titles)))
