"""Compute every number of a site again, from an archive of its logs.

    python scripts/verify.py SITE ARCHIVE [--quiet]

Beside each page of SITE stands its `.evidence.js`; ARCHIVE is what `rulka-analysis archive` wrote.
The exit status is 1 if a number differs. Nothing that made the site is imported: what operations
mean is written here a second time. Of a limit of an interval the inputs are computed, not itself.
"""

import argparse
import hashlib
import html
import json
import math
import re
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

SAME = 1e-9  # What differs by less, in proportion, differs by rounding.
NO_PAUSE = 30 * 86_400.0  # Seconds without an event that only a clock that was set can make.
NUMBER = re.compile(r'data-entry="(\d+)"[^>]*>([^<]*)<')
Array = np.ndarray[Any, Any]


class Differs(Exception):
    """Something is not what the evidence says."""


class Archive:
    """The runs of an archive, each read when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.runs = folder, dict[str, "Run"]()
        index = tomllib.loads((folder / "archive.toml").read_text(encoding="utf-8"))
        self.parts = {part["run"]: part for part in index["parts"]}
        self.files = {f["name"]: f["sha256"] for p in self.parts.values() for f in p["files"]}

    def run(self, name: str, clocks: dict[str, str]) -> "Run":
        if name not in self.runs:
            of, _, attempt = (name, "", "0") if name in self.parts else name.rpartition("@")
            if of not in self.parts or not attempt.isdigit():
                raise LookupError(f"the archive holds no run {name}")
            self.runs[name] = Run(self.folder, self.parts[of], int(attempt), clocks)
        return self.runs[name]


class Run:
    """The events of a run, by columns, and where they are on each clock."""

    def __init__(self, folder: Path, part: Any, attempt: int, clocks: dict[str, str]) -> None:
        file = pq.ParquetFile(folder / part["part"])
        table = file.read().to_pydict()
        attempt = attempt or max((one["attempt"] for one in part["sessions"]), default=1)
        stands = (np.array(table["attempt"]) == attempt) & ~np.array(table["given_up"], bool)
        kinds = {"tag": str, "file": str, "step": float, "wall_time": float, "value": float}
        self.columns = {name: np.array(table[name], kind)[stands] for name, kind in kinds.items()}
        texts = json.loads(file.metadata.metadata[b"rulka_analysis"])["sidecars"]
        self.sidecars = [tomllib.loads(text) for text in texts.values()]
        self.sessions = [one for one in part["sessions"] if one["attempt"] == attempt]
        has = all(sidecar.get("step_clock", True) for sidecar in self.sidecars)
        self.positions: dict[str, Array] = {"steps": self.columns["step"] * (1 if has else np.nan)}
        self.clocks = clocks

    def rows(self, tag: str) -> Array:
        return np.flatnonzero(self.columns["tag"] == tag)

    def on(self, clock: str) -> Array:
        """Return where all events are on a clock; NaN where the run has no such clock."""
        if clock not in self.positions:
            at = self.minutes() if clock == "minutes" else self.on("minutes")
            rows = self.rows(self.clocks.get(clock, ""))
            known = through(at, at[rows], self.columns["value"][rows])
            self.positions[clock] = at if clock == "minutes" else known
        return self.positions[clock]

    def minutes(self) -> Array:
        """Count minutes of training: as logged, else by wall time, without pauses."""
        listed = [name for session in self.sessions for name in session["files"]]
        if len(set(listed)) < len(listed):
            raise LookupError("a file of the run holds several sessions")
        found, ended = np.full(len(self.columns["step"]), np.nan), 0.0
        for session in self.sessions:
            here = np.isin(self.columns["file"], session["files"])
            wall = self.columns["wall_time"][here]
            if not np.isfinite(wall).all() or (np.diff(np.sort(wall)) > NO_PAUSE).any():
                raise LookupError("wall times of the run were mended")
            begin = min(session.get("began", math.inf), wall.min(initial=math.inf))
            found[here] = ended + (wall - begin) / 60
            logged = self.rows(self.clocks.get("minutes", ""))
            logged = logged[here[logged] & np.isfinite(self.columns["value"][logged])]
            if len(logged):
                at, hours = found[logged] - ended, self.columns["value"][logged]
                found[here] = through((wall - begin) / 60, at, hours * 60, beyond=True)
            ended = found[here].max(initial=ended)
        return found

    def until(self, tag: str, clock: str) -> float:
        """Return until where a tag is known: to the last event, or as a sidecar says."""
        if not self.sidecars:
            return float(np.nanmax(self.on(clock)))
        own = [one["tags"][tag] for one in self.sidecars if tag in one.get("tags", {})]
        stated = [one["known_until"] for one in own if "known_until" in one]
        minute = stated[0] if stated else self.on("minutes")[self.rows(tag)].max()
        return float(minute) if clock == "minutes" else self.at(float(minute), clock)

    def at(self, minute: float, clock: str) -> float:
        """Return where on a clock the run is at a minute, by straight lines between events."""
        return float(through(np.array([minute]), self.on("minutes"), self.on(clock))[0])


def through(places: Array, at: Array, known: Array, beyond: bool = False) -> Array:
    """Return `known` at places by straight lines; `beyond` known points on with a slope of one."""
    usable = np.isfinite(at) & np.isfinite(known)
    order = np.flatnonzero(usable)[np.argsort(at[usable], kind="stable")]
    if not len(order):
        return np.full(len(places), np.nan)
    at, known = at[order], known[order]
    found = np.interp(places, at, known, left=np.nan, right=np.nan)
    if beyond:
        found = np.where(places < at[0], known[0] - (at[0] - places), found)
        found = np.maximum(np.where(places > at[-1], known[-1] + places - at[-1], found), 0.0)
    return found


class Page:
    """The evidence of one page."""

    def __init__(self, script: str, archive: Archive) -> None:
        self.data = json.loads(script[script.index("(") + 1 : script.rindex(")")])
        self.entries: list[Any] = self.data["entries"]
        self.archive, self.known = archive, dict[int, float]()

    def compute(self, number: int) -> float:
        """Return an entry's number, from its inputs, themselves computed again."""
        if number not in self.known:
            entry = self.entries[number]
            given = entry.get("parameters", {})
            inputs = [self.compute(one) for one in entry.get("inputs", ())]
            found = [self.find(place) for place in entry.get("events", ())]
            if entry["operation"] in ("stated", "interval"):
                result = entry["value"]
            elif entry["operation"] == "position" and "run" in given:
                run = self.archive.run(given["run"], self.data["clocks"])
                result = run.at(inputs[0], given["clock"])
            elif entry["operation"] == "position":
                run, row = self.find(self.entries[entry["inputs"][0]]["events"][-1])
                result = run.on(given["clock"])[row]
            elif "run" in given:
                run = self.archive.run(given["run"], self.data["clocks"])
                result = of_events(entry["operation"], given, inputs, run, found)
            else:
                result = of_numbers(entry["operation"], given, inputs)
            result = float(result) * given.get("times", 1)
            result = abs(result) if given.get("unsigned") else result
            if abs(result - entry["value"]) > SAME * max(1.0, abs(entry["value"])):
                raise Differs(f"{entry['value']!r} is said, {result!r} computed")
            self.known[number] = result
        return self.known[number]

    def find(self, place: int) -> tuple[Run, int]:
        """Return the run and row of an event; it must stand there just as the evidence says."""
        event = self.data["events"][place]
        file = self.data["files"][event["file"]]
        run = self.archive.run(event["run"], self.data["clocks"])
        if self.archive.files.get(file["name"]) != file["sha256"]:
            raise Differs(f"the SHA-256 of {file['name']} is another one in the archive")
        there = (run.columns["tag"] == event["tag"]) & (run.columns["file"] == file["name"])
        for name in ("step", "wall_time", "value"):
            there &= np.isclose(run.columns[name], float(event[name]), 0, 0, equal_nan=True)
        if not there.any():
            raise Differs(f"the archive has no such event of {event['tag']} in {file['name']}")
        return run, int(np.flatnonzero(there)[0])

    def judge(self, number: int) -> tuple[str, str]:
        entry = self.entries[number]
        if entry["value"] is None:
            return "no value", entry.get("missing", "")
        try:
            if entry["text"].lstrip("+") != in_words(entry):
                raise Differs(f"it is shown as {entry['text']!r}, and is {in_words(entry)!r}")
            self.compute(number)
        except Differs as error:
            return "differs", str(error)
        except (OSError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            return "cannot be computed", f"{error or type(error).__name__}"
        return ("stated" if entry["operation"] == "stated" else "reproduces"), ""


def of_events(operation: str, given: Any, inputs: list[float], run: Run, found: Any) -> Any:
    """Return the number that an operation makes of the events of a tag."""
    if operation == "end":
        return run.until(given["tag"], given["clock"])
    own = run.rows(given["tag"])
    if "folder" in given:
        own = own[np.char.startswith(run.columns["file"][own], given["folder"] + "/")]
    values = shown(run.columns["value"][own], given, inputs)
    if operation == "event":
        return values[own == found[0][1]][0]
    at = run.on(given["clock"])[own] if "clock" in given else np.arange(len(own), dtype=float)
    order = np.argsort(at, kind="stable")
    order = order[np.isfinite(at[order]) & np.isfinite(values[order])]
    order = order[at[order] <= given.get("until", math.inf) * (1 + SAME)]
    if not len(order):
        raise Differs("there is no value")
    if given.get("flags"):  # All up to there count, in the order written.
        return np.nanmean(values[: order[-1] + 1])
    values, at = values[order], at[order]
    if operation == "reached":
        if "share" in given:
            begins = np.searchsorted(at, at * (1 - given["share"]) * (1 + SAME), side="right")
            values = np.array([values[min(b, i) : i + 1].mean() for i, b in enumerate(begins)])
        sign = -1 if given.get("upwards") else 1
        return at[sign * values <= sign * given["target"]][0]
    if operation == "mean" and "share" in given:
        late = at > given["until"] * (1 - given["share"]) * (1 + SAME)
        return values[late].mean() if late.any() else values[-1]
    simple: Any = {"least": np.min, "greatest": np.max, "mean": np.mean, "median": np.median}
    values = values[-int(given.get("values", 0)) :]
    return values[-1] if operation == "last" else simple[operation](values)


def shown(values: Array, given: Any, inputs: list[float]) -> Array:
    """Return logged values as they are shown: NaN for episodes that were not finished."""
    seconds = values * (0.001 if given.get("in_milliseconds") else 1.0)
    late = np.rint(seconds * 1000) / 1000 >= given.get("cutoff", math.inf)
    values = np.where(late, np.nan, values)
    if given.get("flags"):
        values = np.where(np.isfinite(values), values > 0.5, np.nan)
    values = values * (given.get("factor", 1) / (inputs[0] if inputs else 1))
    return np.rint(values * 1000) / 1000 if given.get("whole_milliseconds") else values


def of_numbers(operation: str, given: Any, inputs: list[float]) -> Any:
    """Return the number that an operation makes of others."""
    if operation == "ratio":
        ratio = inputs[0] / (abs(inputs[1]) if given.get("of_size") else inputs[1])
        return 1 - ratio if given.get("less_than_whole") else ratio
    if operation == "difference":
        return inputs[0] - inputs[1]
    if given.get("logarithms"):
        return math.exp(np.mean(np.log(inputs)))
    simple: Any = {"least": min, "greatest": max, "median": np.median, "mean": np.mean, "sum": sum}
    return simple[operation](inputs)


def in_words(entry: Any) -> str:  # As pages show it.
    text = f"{entry['value']:,.{entry.get('digits', 0)}f}".replace("-", "−")
    text = text if re.search("[1-9]", text) else text.lstrip("−")
    return f"{text} {entry['unit']}" if entry.get("unit") else text


def check(site: Path, archive: Archive, quiet: bool) -> "Counter[str]":
    """Check all pages, say what was found, and return how often each word was said."""
    totals: Counter[str] = Counter()

    def say(what: str, word: str, why: str) -> None:
        totals[word] += 1
        if not quiet or word in ("differs", "cannot be computed"):
            print(f"{what}: {word}{': ' + why if why else ''}")

    for part in archive.parts.values():
        path = archive.folder / part["part"]
        data = path.read_bytes() if path.is_file() else b""
        if hashlib.sha256(data).hexdigest() != part["sha256"]:
            say("archive", "differs", f"{part['part']} is not the part that archive.toml names")
    for path in sorted(site.rglob("*.html")):
        numbers = NUMBER.findall(path.read_text(encoding="utf-8"))
        script, name = path.with_suffix(".evidence.js"), path.relative_to(site).as_posix()
        if not numbers or not script.is_file():
            if numbers:
                say(name, "differs", f"{script.name}, the evidence of its numbers, is missing")
            continue
        page = Page(script.read_text(encoding="utf-8"), archive)
        totals["pages"] += 1
        for number, entry in enumerate(page.entries):
            say(f"{name} {number}: {entry['text']}", *page.judge(number))
        for place, text in numbers:
            told = page.entries[int(place)]["text"] if int(place) < len(page.entries) else "nothing"
            if html.unescape(text) != told:
                say(name, "differs", f"the page shows {text!r}, its entry {place} says {told!r}")
    for word in ("pages", "reproduces", "stated", "differs", "cannot be computed", "no value"):
        print(f"{totals[word]:,} {word}", end=", " if word != "no value" else "\n")
    return totals if totals["pages"] else Counter(differs=1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("site", type=Path, help="the folder with the pages")
    parser.add_argument("archive", type=Path, help="an archive of the logs they were built from")
    parser.add_argument("--quiet", action="store_true", help="say only what does not reproduce")
    asked = parser.parse_args()
    if not (asked.archive / "archive.toml").is_file():
        parser.error(f"{asked.archive} is no archive: it holds no archive.toml")
    sys.exit(1 if check(asked.site, Archive(asked.archive), asked.quiet)["differs"] else 0)
