"""``rulka-analysis runs | tags | compare | explore | extract | archive | check | answers``.

A thin shell. Everything that takes time to import is imported by the command that needs it, so
that ``--help`` answers at once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from rulka_analysis.cli.command import Command, end_with
from rulka_analysis.cli.making import init, new
from rulka_analysis.cli.options import (
    DOMAIN,
    AsJson,
    Asked,
    ChosenByName,
    ChosenMetrics,
    ClockName,
    LogDirectory,
    Runs,
    Variants,
)
from rulka_analysis.cli.output import (
    Waiting,
    flush_output,
    make_output_safe,
    note,
    print_json,
    say,
)
from rulka_analysis.values.errors import RulkaError, listing

if TYPE_CHECKING:
    from rulka_analysis.cli.selection import ChosenRuns
    from rulka_analysis.logs.runs import Logs, Run
    from rulka_analysis.values.findings import Finding

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="Read TensorBoard event logs: list runs and tags, compare runs, extract scalars.",
)


@app.command(cls=Command)
def runs(names: Runs = None, logdir: LogDirectory = None, json: AsJson = False) -> None:
    """List runs: folders, files, events, tags, duration, last step, clocks and findings.

    Without names, all runs of the log directory.
    """
    from rulka_analysis.cli.contents import (
        RunFacts,
        about,
        print_findings,
        print_runs,
        print_without_scalars,
        run_facts,
    )
    from rulka_analysis.cli.selection import log_directory_in_words
    from rulka_analysis.health import logs_findings
    from rulka_analysis.project import load_catalogue

    logs, chosen = _open(logdir, names)
    found: tuple[Finding, ...] = ()
    told_of: dict[str, RunFacts] = {}
    problems = list(chosen.problems)

    def list_run(run: Run) -> None:
        try:
            if run.name in chosen.names:
                told_of[run.name] = run_facts(run, ())
        except RulkaError as error:
            # One run that cannot be read hides no other.
            problems.append(str(error))

    with Waiting("reading the logs") as reading:
        if chosen.names:
            catalogue = load_catalogue(logs=logs)
            asked = chosen.names if names else None
            found = logs_findings(logs, catalogue, asked, opened=reading.each, each=list_run)
        for name in chosen.names:
            if name not in logs.runs:
                list_run(logs[name])
    facts = [
        replace(told_of[name], findings=tuple(about(found, name)))
        for name in chosen.names
        if name in told_of
    ]
    without = logs.without_scalars if not names else {}
    if json:
        folders = [{"folder": folder, "files": count} for folder, count in without.items()]
        told = [finding.as_dict() for finding in logs.findings]
        listed = {"runs": [run.as_data() for run in facts], "without_scalars": folders}
        print_json({**_log_directory(logs), **listed, "findings": told})
    else:
        say(f"Log directory: {log_directory_in_words(logs, logdir)}")
        say()
        print_runs(facts)
        print_without_scalars(without)
        if not names and logs.findings:
            say()
            print_findings(logs.findings)
    end_with(problems)


@app.command(cls=Command)
def tags(
    names: Runs = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only tags of this metric, by name or pattern."),
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Only these tags, such as 'Training/*'."),
    ] = None,
    logdir: LogDirectory = None,
    json: AsJson = False,
) -> None:
    """List the tags of runs: metric, events, first and last step, min, max and last value.

    Without names, of all runs. A tag that is not in the catalogue of metrics is uncatalogued.
    """
    from rulka_analysis.cli.contents import named
    from rulka_analysis.cli.selection import is_pattern
    from rulka_analysis.project import load_catalogue, open_logs

    for word in metric or []:
        if not is_pattern(word):
            load_catalogue(logs=open_logs(logdir))[word]  # its error names the nearest metrics
    _list_tags(
        logdir,
        names,
        lambda t, m: (not metric or named(m, metric)) and (not tag or named(t, tag)),
        [*(metric or []), *(tag or [])],
        json=json,
    )


def _list_tags(
    logdir: str | None,
    names: Sequence[str] | None,
    wanted: Callable[[str, str | None], bool],
    words: Sequence[str],
    *,
    json: bool,
) -> None:
    from rulka_analysis.cli.contents import print_tags, tag_facts
    from rulka_analysis.project import load_catalogue

    logs, chosen = _open(logdir, names)
    with Waiting("reading the logs") as reading:
        found, problems = {}, list(chosen.problems)
        for name in reading.each(chosen.names):
            try:
                found[name] = tag_facts(logs[name], load_catalogue(logs=logs), wanted)
            except RulkaError as error:
                problems.append(str(error))
    if found and not any(found.values()):
        problems.append(f"{' '.join(words)!r} fits no tag of {listing(found)}")
    if json:
        rows = [facts.as_data() for tags in found.values() for facts in tags]
        print_json({**_log_directory(logs), "tags": rows})
    else:
        for number, (name, facts) in enumerate(found.items()):
            if number:
                say()
            print_tags(name, facts)
    end_with(problems)


@app.command(
    cls=Command,
    help=f"""Compare runs where all of them are known, by minutes and by {DOMAIN.conventions.steps}.

    The first run is the baseline. Without --metric, the important metrics that the runs have.
    """,
)
def compare(
    names: Runs = None,
    baseline: Annotated[
        str | None, typer.Option(metavar="RUN", help="The run the others are held against.")
    ] = None,
    experiment: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Comparisons of docs/experiments/NAME.toml."),
    ] = None,
    comparison: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only this comparison of an experiment.")
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A metric, a tag, or a pattern; may be repeated."),
    ] = None,
    variant: Variants = None,
    clock: Annotated[
        ClockName, typer.Option(help="The clock of checkpoints and figures.")
    ] = "minutes",
    every: Annotated[
        float | None,
        typer.Option(metavar="N", help="Also show checkpoints this far apart on the clock."),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Draw each metric as SVG into this folder.")
    ] = None,
    logdir: LogDirectory = None,
    json: AsJson = False,
) -> None:
    """Print the comparisons that are asked for; what `--help` says stands above."""
    from rulka_analysis.cli.comparing import as_data
    from rulka_analysis.cli.reports import make_reports
    from rulka_analysis.cli.selection import log_directory_in_words
    from rulka_analysis.cli.showing import print_report

    if every is not None and not every > 0:
        raise typer.BadParameter("must be above zero", param_hint="--every")
    if not (names or experiment or comparison):
        raise typer.BadParameter("name runs, or an experiment with --experiment", param_hint="RUN")
    if plot is not None:
        from rulka_analysis.cli.plots import make_folder

        make_folder(plot)
    logs, chosen = _open(logdir, names)
    reports = make_reports(
        logs, chosen if names else None, experiment, comparison, baseline, metric, variant, clock
    )
    problems = list(chosen.problems) if names else []
    if json:
        data = [as_data(report, every) for report in reports]
        print_json({**_log_directory(logs), "comparisons": data})
    else:
        say(f"Log directory: {log_directory_in_words(logs, logdir)}")
        for report in reports:
            say()
            print_report(report, every)
    if plot is not None:
        from rulka_analysis.cli.plots import write_plots

        for line in write_plots(reports, plot):
            note(line)
    for report in reports:
        problems += report.problems
    end_with(problems)


@app.command(cls=Command)
def explore(
    names: Runs = None,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FOLDER", help="Made if it is not there; ready to hand on."
        ),
    ] = Path("explore"),
    logdir: LogDirectory = None,
) -> None:
    """Write a folder in which the curves can be explored: open its index.html by double click.

    Every tag of the runs that are named; without names, of all runs. It needs no network, and no
    program but a browser.
    """
    from rulka_analysis.cli import exploring
    from rulka_analysis.project import load_catalogue

    logs, chosen = _open(logdir, names)
    if chosen.names:
        exploring.explore(logs, chosen.names, load_catalogue(logs=logs), output)
    end_with(chosen.problems)


@app.command(cls=Command)
def extract(
    runs: ChosenByName = None,
    metrics: ChosenMetrics = None,
    list_tags: Annotated[bool, typer.Option("--list-tags", help="List tags instead.")] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Otherwise CSV to standard output."),
    ] = None,
    format: Annotated[
        Literal["csv", "parquet", "json"] | None,
        typer.Option(help="Otherwise from the file's ending."),
    ] = None,
    wide: Annotated[
        bool, typer.Option("--wide", help="One row a step, one column a run and tag.")
    ] = False,
    raw: Annotated[
        bool, typer.Option("--raw", help="Names in CSV as they are: for programs.")
    ] = False,
    logdir: LogDirectory = None,
) -> None:
    """Write every scalar event of some tags as CSV, Parquet or JSON.

    One row an event; where a run has no such clock, its column is empty. A name that a spreadsheet
    would execute gets an apostrophe, hidden characters are escaped; not with --raw.
    """
    from rulka_analysis.cli import extracting
    from rulka_analysis.cli.contents import named
    from rulka_analysis.cli.selection import Tagged, is_pattern
    from rulka_analysis.project import load_catalogue

    if list_tags:
        words = metrics or ["*"]
        _list_tags(logdir, runs, lambda t, m: named(t, words) or named(m, words), words, json=False)
        return
    if not metrics:
        raise typer.BadParameter("name metrics or tags ('*' for all)", param_hint="--metrics")
    chosen_format = extracting.choose_format(format, output)
    extracting.check_output(output)
    logs, chosen = _open(logdir, runs)
    with Waiting("reading the logs") as reading:
        found = [logs[name] for name in reading.each(chosen.names) if logs[name].tags]
    tagged = Tagged(found, load_catalogue(logs=logs))
    chosen_tags, problems = tagged.tags_named(metrics) if found else ([], [])
    by_name, _ = tagged.tags_named([w for w in metrics if not is_pattern(w)]) if found else ([], [])
    for run in found:
        lacking = [tag for tag in by_name if tag not in run.tags]
        if lacking:
            note(f"{run.name} has no {listing(lacking)}")
        if wide and (steps := logs.conventions.steps) not in run.clocks:
            note(f"the steps of {run.name} are no number of {steps}")
    if chosen_tags:
        table = extracting.long_table(found, chosen_tags, logs.conventions)
        make = extracting.wide_extract if wide else extracting.long_extract
        extracting.write_extract(make(table), chosen_format, output, raw=raw)
        if output is not None:
            note(f"wrote {len(table):,} events to {output}")
    end_with([*chosen.problems, *problems])


@app.command(cls=Command)
def archive(
    log_directory: Annotated[
        str, typer.Argument(metavar="LOGDIR", help="The folder that holds one folder a run.")
    ],
    output: Annotated[
        Path, typer.Argument(metavar="OUT", help="A new or empty folder, or an archive.")
    ],
    runs: ChosenByName = None,
    metrics: ChosenMetrics = None,
    jobs: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Processes; otherwise one a processor."),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            envvar="DASK_SCHEDULER_ADDRESS",
            metavar="ADDRESS",
            help="Of a Dask cluster whose workers read instead; they must see LOGDIR and OUT.",
        ),
    ] = None,
) -> None:
    """Write the scalars of a log directory as one Parquet file a run, with digests.

    What OUT holds already and has not changed is kept. Wherever a LOGDIR is asked for, OUT will do.
    """
    from rulka_analysis.cli.archiving import INDEX, archive_logs, executor_of, in_words

    logs, chosen = _open(log_directory, runs)
    if not chosen.names:
        end_with(chosen.problems)
        return
    with executor_of(scheduler if jobs is None else None) as executor:
        written, problems = archive_logs(
            logs, chosen, output, runs=runs, metrics=metrics, jobs=jobs, executor=executor
        )
    say(in_words(written, output))
    say(f"SHA-256 of {INDEX}: {written.sha256}")
    end_with(problems)


@app.command(cls=Command)
def check(
    names: Runs = None,
    experiment: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Also the definition and the comparisons of docs/experiments/NAME.toml.",
        ),
    ] = None,
    mute: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CODE=REASON",
            help="Do not tell findings of a rule, but this reason; may be repeated.",
        ),
    ] = None,
    fail_on: Annotated[
        Literal["error", "warning", "note", "never"],
        typer.Option(help="From which severity on the exit status is 1."),
    ] = "error",
    each: Annotated[
        bool, typer.Option("--each", help="Every finding by itself, however many runs there are.")
    ] = False,
    logdir: LogDirectory = None,
    json: AsJson = False,
) -> None:
    """Check logs: damage, gaps, tags that contradict each other, what would mislead a comparison.

    Without names, all runs of the log directory, whether or not an experiment declares them; of
    many runs, summed by rule. The exit status is 1 if a log or a tag is wrong (an error; see
    --fail-on) or if a run that is named is not there, else 0; 2 is wrong usage.
    """
    from rulka_analysis.cli.checking import check_experiment, check_runs, print_checked
    from rulka_analysis.cli.declared import load_named
    from rulka_analysis.cli.selection import log_directory_in_words
    from rulka_analysis.health.mutes import read_mutes
    from rulka_analysis.project import load_catalogue

    mutes = read_mutes(mute or ())
    logs, chosen = _open(logdir, names)
    if names and not chosen.names:
        end_with(chosen.problems)
    if experiment:
        checked = check_experiment(
            load_named(logs, experiment), chosen.names if names else (), mutes
        )
    else:
        catalogue = load_catalogue(logs=logs)
        checked = check_runs(logs, chosen.names, catalogue, every=not names, mutes=mutes)
    if json:
        print_json({**_log_directory(logs), **checked.as_data()})
    else:
        say(f"Log directory: {log_directory_in_words(logs, logdir)}")
        say()
        print_checked(checked, each=each)
    end_with(chosen.problems)
    if checked.fails(fail_on):
        flush_output()
        raise typer.Exit(1)


@app.command(cls=Command)
def answers(experiment: Asked = None, logdir: LogDirectory = None, json: AsJson = False) -> None:
    """Say how settings stand to one another, and what became of what was claimed.

    An answer is better, worse, level, no worse, no better, undecided or no data (of what only
    describes, higher and lower; of targets, sooner and later); a fragile one hangs on the rule.
    """
    from rulka_analysis.cli import answering
    from rulka_analysis.cli.selection import log_directory_in_words
    from rulka_analysis.project import open_logs

    with Waiting("looking for runs"):
        logs = open_logs(logdir)
    asked = answering.choose_experiment(logs, experiment)
    found, claims = answering.answer(asked)
    if json:
        print_json({**_log_directory(logs), **answering.as_data(asked, found, claims)})
    else:
        say(f"Log directory: {log_directory_in_words(logs, logdir)}")
        answering.print_answers(asked, found, claims)


@app.command(cls=Command, hidden=True)
def conclusions(
    experiment: Asked = None, logdir: LogDirectory = None, json: AsJson = False
) -> None:
    """Do what `answers` does: its old name."""
    answers(experiment, logdir, json)


app.command(cls=Command)(new)
app.command(cls=Command)(init)


def _open(logdir: str | None, names: Sequence[str] | None) -> tuple[Logs, ChosenRuns]:
    from rulka_analysis.cli.selection import choose_runs
    from rulka_analysis.project import open_logs

    with Waiting("looking for runs"):
        logs = open_logs(logdir)
        chosen = choose_runs(logs, names or ())
    for remark in chosen.notes:
        note(remark)
    return logs, chosen


def _log_directory(logs: Logs) -> dict[str, Any]:
    return {"log_directory": str(logs.path), "bundled": logs.bundled}


def main(
    arguments: Sequence[str] | None = None,
    *,
    command: str | None = None,
    program: str | None = None,
) -> None:
    """Run the command line; does not return.

    `command` is what the arguments are for, where the program is a door into that one.

    Raises
    ------
    SystemExit
        Always. Status 0: done; 1: something asked for was not found or failed; 2: wrong usage;
        130: interrupted.
    """
    make_output_safe()
    # Drawn help is for a terminal; anywhere else it is plain.
    app.rich_markup_mode = "rich" if sys.stdout.isatty() and sys.stderr.isatty() else None
    chosen: Any = typer.main.get_command(app)
    if command is not None:
        chosen = chosen.commands[command]
    given = sys.argv[1:] if arguments is None else list(arguments)
    chosen.main(args=given, prog_name=program or "rulka-analysis")
