"""The walls of the house: what a room may know and say.

The contracts of ``pyproject.toml`` say who may import whom; the rest stands here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "rulka_analysis"
# What only a domain may know. `DataFrame` is pandas' word, and `map` a function of Python's.
FOREIGN = {"race", "races", "raced", "racing", "map", "maps", "lap", "laps", "hock", "a01"}
FOREIGN |= {"trackmania", "frames"}
CORE = sorted(p for p in PACKAGE.rglob("*.py") if "domains" not in p.relative_to(PACKAGE).parts)


def words(text: str) -> set[str]:
    """Return the words of a text or an identifier, in lower case.

    Examples
    --------
    >>> sorted(words("race_time of mapsTried"))
    ['maps', 'of', 'race', 'time', 'tried']
    """
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text)
    return set(re.findall(r"[a-z]+[0-9]*", spaced.lower()))


def spoken(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield every identifier and string constant with its line; calls of `map` are no word."""
    calls = {id(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)}
    # `map` handed to another function, as in `starmap(map, …)`, would be one; there is none.
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Name):
            if not (node.id == "map" and id(node) in calls):
                yield line, node.id
        elif isinstance(node, ast.Attribute):
            yield line, node.attr
        elif isinstance(node, ast.arg | ast.keyword) and node.arg:
            yield line, node.arg
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield line, node.name
        elif isinstance(node, ast.alias):
            yield line, node.asname or node.name
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield line, node.value


@pytest.mark.parametrize("file", CORE, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_only_the_domain_knows_of_its_subject(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    found = [
        f"line {line}: {sorted(foreign)} in {text[:60]!r}"
        for line, text in spoken(tree)
        if (foreign := words(text) & FOREIGN)
    ]
    assert not found, f"{file.relative_to(PACKAGE)} knows of races:\n" + "\n".join(found)
