"""Which setting leads if training stops earlier: a strip a clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rulka_analysis.logs.clocks import Clock
from rulka_analysis.metrics.series import position_text
from rulka_analysis.pages.blocks.subject import Subject, subject_of, view_of_groups
from rulka_analysis.pages.charts import nice, tick_text, unit_of
from rulka_analysis.pages.drawing import place_text
from rulka_analysis.pages.palette import LOOKS
from rulka_analysis.pages.results import Figures, Panel
from rulka_analysis.pages.sheets import LABEL, PHONE, WHOLE, Picture, Sheet, width_of
from rulka_analysis.values.quantities import Sentence
from rulka_analysis.values.sentences import listed
from rulka_analysis.values.tables import Cell, Table
from rulka_analysis.verdicts.loaded import LoadedExperiment
from rulka_analysis.verdicts.ranking import Stretch

# Between a phone's and a page's.
WIDTH = 640
MOST_MARKED = 40
_BAR, _ROW = 28, 60


@dataclass(frozen=True)
class Strip:
    """Who leads along a clock.

    Parameters
    ----------
    clock : Clock
    stretches : tuple of Stretch
        Neighbouring ones touch: each reaches from the checkpoint before it to its last one.
    """

    clock: Clock
    stretches: tuple[Stretch, ...]

    @property
    def end(self) -> float:
        return self.stretches[-1].end

    @property
    def checkpoints(self) -> Sequence[float]:
        """Where it was asked who leads; none where they are too many to be told apart."""
        count = int(self.end / self.clock.every)
        return [n * self.clock.every for n in range(1, count + 1)] if count <= MOST_MARKED else []


def leads(experiment: LoadedExperiment) -> Figures | Sentence:
    """Draw which setting leads by the objectives if training stops at each checkpoint.

    Returns
    -------
    Figures or Sentence
        A strip a clock. A sentence where nothing is known of who leads.

    Examples
    --------
    >>> import rulka_analysis as ra
    >>> shown = leads(ra.load_experiment("batch_size_and_running_speed"))
    >>> print(shown.choices["leads"][0].alt.partition(", 512")[0])
    Strips of who leads if training stops earlier. By minutes: nobody up to 5 min, 2048 · 160× up \
to 35 min
    """
    subject = subject_of(experiment)
    if subject.facts.alone:
        return Sentence("There is one setting: nobody to lead before.")
    if not experiment.definition.objectives:
        return Sentence("No objectives are declared: nobody leads.")
    strips = [
        Strip(clock, found) for clock in subject.clocks if (found := subject.facts.leads(clock))
    ]
    if not strips:
        return Sentence("Nothing is known of who leads where.")
    rows: dict[str, list[Cell]] = {}
    for strip in strips:
        for number, stretch in enumerate(strip.stretches):
            who = str(listed(list(stretch.first))) if stretch.first else "nobody"
            rows[f"{strip.clock.name}.{number}"] = [
                strip.clock.name,
                position_text(stretch.begin, strip.clock),
                position_text(stretch.end, strip.clock),
                who,
            ]
    measure = subject.measure(subject.outcomes[0])
    first = dict.fromkeys(who for strip in strips for one in strip.stretches for who in one.first)
    groups = [experiment.group(label) for label in first]
    return Figures(
        title="",
        choices={
            "leads": [
                Panel(
                    name=measure.title,
                    picture=_drawn(subject, strips, WIDTH),
                    phone=_drawn(subject, strips, PHONE),
                    wide=_drawn(subject, strips, WHOLE),
                    alt=_alternative_text(strips),
                    view=view_of_groups(subject.shown, measure, strips[0].clock, groups),
                )
            ]
        },
        caption=Sentence("Who leads by the objectives if training stops there. Pale: nobody yet."),
        table=Table(
            {"clock": "Clock", "from": "From", "until": "Until", "who": "Leads"},
            rows,
            "Who leads at which checkpoints.",
        ),
    )


def _drawn(subject: Subject, strips: Sequence[Strip], width: int) -> Picture:
    sheet = Sheet(width, _ROW * len(strips))
    left = max(width_of(strip.clock.name.capitalize(), LABEL) for strip in strips) + 18
    for number, strip in enumerate(strips):
        top = number * _ROW + 2
        sheet.text(0, top + _BAR / 2, strip.clock.name.capitalize(), colour="text", size=LABEL)
        scale = (width - left) / strip.end
        begin = left
        for stretch in strip.stretches:
            end = left + stretch.end * scale
            _draw_stretch(sheet, subject, stretch, begin, end, top)
            begin = end
        for checkpoint in strip.checkpoints:
            x = left + checkpoint * scale
            sheet.line([(x, top + _BAR - 4), (x, top + _BAR)], "page")
        _draw_places(sheet, strip, left, scale, top + _BAR + 14)
    return sheet.picture()


def _draw_stretch(
    sheet: Sheet, subject: Subject, stretch: Stretch, begin: float, end: float, top: float
) -> None:
    fill, ink = "quiet", "muted"
    words = " = ".join(stretch.first) or "nobody"
    if len(stretch.first) == 1:
        role = subject.role(subject.experiment.group(stretch.first[0]))
        # Names stand on it: the grey of lines is too light for that.
        fill, ink = ("muted" if role == "other" else LOOKS[role].colour), "page"
    elif stretch.first:
        fill, ink = "band", "text"
    sheet.box(begin, top, end - 1.5, top + _BAR, fill)
    bold = bool(stretch.first)
    for said in (words, "level" if len(stretch.first) > 1 else ""):
        if said and width_of(said, LABEL, bold=bold) + 8 <= end - begin:
            sheet.text(
                (begin + end) / 2, top + _BAR / 2, said, colour=ink, size=LABEL, bold=bold,
                anchor="middle",
            )  # fmt: skip
            break


def _draw_places(sheet: Sheet, strip: Strip, left: float, scale: float, y: float) -> None:
    clock = strip.clock
    last = f"{place_text(strip.end, clock)} {unit_of(clock)}"
    sheet.text(sheet.width, y, last, anchor="end")
    room = sheet.width - width_of(last) - 12
    ticks = [tick for tick in nice(0, strip.end / clock.scale, 6) if tick > 0]
    step = ticks[1] - ticks[0] if len(ticks) > 1 else 1.0
    before = left - 12
    for tick in ticks:
        x, words = left + tick * clock.scale * scale, tick_text(tick, step)
        half = width_of(words) / 2
        if x - half >= before + 12 and x + half <= room:
            sheet.text(x, y, words, anchor="middle")
            before = x + half


def _alternative_text(strips: Sequence[Strip]) -> str:
    said = ["Strips of who leads if training stops earlier."]
    for strip in strips:
        parts = [
            f"{' and '.join(stretch.first) or 'nobody'} up to "
            f"{position_text(stretch.end, strip.clock)}"
            for stretch in strip.stretches
        ]
        said.append(f"By {strip.clock.name}: {', '.join(parts)}.")
    return " ".join(said)
