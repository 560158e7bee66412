"""TOML files: where everything in them stands, and what a table may hold."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from annotated_types import MinLen

from rulka_analysis.values.errors import RulkaError
from rulka_analysis.values.toml import (
    NAMED,
    NOT_IN_FILE,
    NamedTable,
    Positive,
    Reference,
    Table,
    Text,
    TomlFile,
    Where,
)

# Every value is the number of the line it stands on.
NUMBERED = """\
one = 1 # [no.header]
"a key = with # signs" = 2

[table."of names".in-it] # three = 4
text = '''
[[not.a.header]]
not = 7
'''
other = \"\"\"
[no.header]
no = 11 \\\"\"\"
\"\"\" # thirteen
five = 13
list = [ # a comment ]
  15,
  [16, 16], { six = 16, seven = [16] }, # and more
  { eight.nine = 17, ten = "]" },
]
dotted.'ele.ven' = 19
date = 1979-05-27 07:32:00

[[many]]
twelve = 23
[[many.inside]]
thirteen = 25
[[many.inside]]
thirteen = 27
[many.beneath]
fourteen = 29
[[many]]
[[many.inside]]
thirteen = 32
"""


def leaves(data: Any, where: Where = ()) -> Iterator[tuple[Where, Any]]:
    if isinstance(data, dict | tuple):
        items = data.items() if isinstance(data, dict) else enumerate(data)
        for part, value in items:
            yield from leaves(value, (*where, part))
    else:
        yield where, data


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_every_value_is_found_on_its_line(tmp_path: Path, ends: str) -> None:
    file = tmp_path / "numbered.toml"
    file.write_bytes(b"\xef\xbb\xbf" + NUMBERED.replace("\n", ends).encode())
    toml = TomlFile(file, RulkaError)
    found = {where: toml.line(where) for where, _ in leaves(toml.data)}
    numbers = {where: value for where, value in leaves(toml.data) if isinstance(value, int)}
    assert len(numbers) == 15
    assert {where: found[where] for where in numbers} == numbers
    assert toml.line(("many", 1)) == 30
    assert toml.line(("many", 0, "beneath")) == 28
    # What is not there stands where it would belong.
    assert toml.line(("many", 0, "inside", 1, "missing", "deeper")) == 26
    assert toml.line(("nowhere",)) == 1


@dataclass(frozen=True, slots=True)
class Part(NamedTable):
    level: Annotated[str, Reference("level")]
    made: int = field(default=7, kw_only=True, metadata=NOT_IN_FILE)


@dataclass(frozen=True, slots=True)
class Whole(Table):
    title: Text
    mode: Literal["calm", "wild"] = "calm"
    at: Annotated[tuple[Positive, ...], MinLen(1)] = ()


@dataclass(frozen=True, slots=True)
class File(Table):
    whole: Whole
    parts: Annotated[dict[str, Part], NAMED]


GOOD = """\
[whole]
title = "A title"
mode = "wild"
at = [1, 2.5]

[parts.one]
stage = "two"
"""


def read(tmp_path: Path, text: str) -> File:
    file = tmp_path / "some.toml"
    file.write_text(text, encoding="utf-8")
    known = {"level": ["one", "two"]}
    return TomlFile(file, RulkaError).read_as(File, known, {"level": "stage"})


def test_a_file_becomes_its_class(tmp_path: Path) -> None:
    found = read(tmp_path, GOOD)
    assert found.whole == Whole("A title", "wild", (1.0, 2.5))
    assert found.parts == {"one": Part("two", name="one")}


@pytest.mark.parametrize(
    ("before", "after", "line", "told"),
    [
        ("mode", "mood", 3, "whole.mood: no key 'mood'; did you mean 'mode'? There are: title"),
        ('"wild"', '"mild"', 3, "must be one of: calm, wild; it is 'mild', did you mean 'wild'?"),
        ('"wild"', "true", 3, "whole.mode: must be one of: calm, wild; it is True"),
        ('title = "A title"', "", 1, "whole: lacks 'title'; add it"),
        ('"A title"', '""', 2, "whole.title: must be a text that is not empty; it is ''"),
        ("2.5", "false", 4, "whole.at number 2: must be a number; it is false"),
        ("2.5", "-2", 4, "must be a number above zero; it is -2"),
        ("2.5", "inf", 4, "must be a finite number"),
        ("[1, 2.5]", "[]", 4, "must be a list such as [ … ] that is not empty; it is []"),
        ("[1, 2.5]", "1", 4, "must be a list such as [ … ]; it is 1"),
        ("[parts.one]\nstage", "[parts]\none", 7, "parts.one: must be a table such as"),
        ('"two"', '"too"', 7, "parts.one.stage: no stage 'too'; did you mean 'two'?"),
        ("stage", "level", 7, "parts.one.level: no key 'level'. There are: stage"),
        ('"two"', '"two"\nname = "x"', 8, "parts.one.name: no key 'name'"),
        ('"two"', '"two"\nmade = 1', 8, "parts.one.made: no key 'made'"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line(
    tmp_path: Path, before: str, after: str, line: int, told: str
) -> None:
    assert before in GOOD
    with pytest.raises(RulkaError) as caught:
        read(tmp_path, GOOD.replace(before, after, 1))
    assert f"some.toml, line {line}: " in str(caught.value)
    assert told in str(caught.value)


def test_of_several_mistakes_the_first_is_told(tmp_path: Path) -> None:
    with pytest.raises(RulkaError, match=r"line 2: whole\.title"):
        read(tmp_path, GOOD.replace('"A title"', "5").replace('"two"', "2"))


def test_what_reads_no_file_does_not_wait_for_pydantic() -> None:
    program = (
        "import sys, rulka_analysis.project, rulka_analysis.logs.files;"
        "import rulka_analysis.metrics.catalogue_file, rulka_analysis.experiments.reader;"
        "sys.exit(sorted(n for n in sys.modules if n.startswith('pydantic')) or None)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
