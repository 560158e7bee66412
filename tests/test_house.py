"""The walls of the house: what a room may know, say and reach for.

The contracts of ``pyproject.toml`` say who may import whom. They see imports, not words, private
names or imports by string: what they cannot see stands here.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from types import ModuleType

import pytest

from tests.site_of_project import PROJECT

PACKAGE = PROJECT / "rulka_analysis"
FILES = sorted(PACKAGE.rglob("*.py"))
Found = Iterator[tuple[int, str]]


def parse(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def expect_none(files: list[Path], find: Callable[[ast.Module], Found]) -> None:
    """Fail with a line for everything found."""
    told = [
        f"{file.relative_to(PROJECT).as_posix()}:{line}: {what}"
        for file in files
        for line, what in sorted(find(parse(file)))
    ]
    if told:
        pytest.fail("\n".join(told), pytrace=False)


# --- Words ---------------------------------------------------------------------------------------

# What only a domain may know.
FOREIGN = {"race", "races", "raced", "racing", "map", "maps", "lap", "laps", "hock", "a01"}
FOREIGN |= {"trackmania", "frames"}
ROOMS: dict[str, list[Path]] = {}
for file in FILES:
    ROOMS.setdefault(file.relative_to(PACKAGE).parts[0], []).append(file)
CORE = sorted(ROOMS.keys() - {"domains"})


def split_words(text: str) -> set[str]:
    """Return the words of a text or an identifier, in lower case; DataFrame is pandas' own."""
    text = re.sub(r"DataFrames?", " ", text)
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", text)
    return set(re.findall(r"[a-z]+[0-9]*", spaced.lower()))


def list_spoken(tree: ast.AST) -> Found:
    """Yield every identifier and every string constant, parts of f-strings included, once.

    Left out is `map` where Python's function is called, and where it is the keyword by which users
    name a variant.
    """
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == "map" and id(node) in called:
            continue
        if isinstance(node, ast.keyword) and node.arg == "map":
            continue
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Constant):
            if isinstance(node.value, str):
                yield line, node.value
            continue
        for _, value in ast.iter_fields(node):
            # Identifiers are the plain strings of a tree: names, attributes, arguments, modules.
            for name in value if isinstance(value, list) else [value]:
                if isinstance(name, str):
                    yield line, name


def find_foreign_words(tree: ast.Module) -> Found:
    for line, text in list_spoken(tree):
        if foreign := split_words(text) & FOREIGN:
            yield line, f"{', '.join(sorted(foreign))} in {text[:60]!r}"


@pytest.mark.parametrize("room", CORE)
def test_only_a_domain_knows_of_its_subject(room: str) -> None:
    names = {part for file in ROOMS[room] for part in file.relative_to(PACKAGE).parts}
    assert not FOREIGN & set().union(*map(split_words, names))
    expect_none(ROOMS[room], find_foreign_words)


@pytest.mark.parametrize(
    "code",
    [
        "race_time = 1",
        "class LapTimes: ...",
        "def f(hock): ...",
        "import x.maps as y",
        "from races import x",
        "a.best_A01",
        "f(frames=1)",
        "try: ...\nexcept E as race: ...",
        "match x:\n    case [*maps]: ...",
        '"""On each map."""',
        "f'{x} Trackmania {y}'",
        "f'{x:{laps}}'",
        "starmap(map, x)",
        "x.map(f)",
        "def f(map): ...",
    ],
)
def test_a_foreign_word_is_found_once(code: str) -> None:
    assert len(list(find_foreign_words(ast.parse(code)))) == 1


@pytest.mark.parametrize(
    "code",
    ["map(f, x)", "compare(map=x)", "pd.DataFrame", "'two DataFrames'", "overlap", "mapping"],
)
def test_python_and_pandas_keep_their_words(code: str) -> None:
    assert not list(find_foreign_words(ast.parse(code)))


# --- Imports by string ---------------------------------------------------------------------------


def find_imports_by_string(tree: ast.Module) -> Found:
    for line, text in list_spoken(tree):
        if text in ("import_module", "__import__"):
            yield line, text


def test_only_the_root_and_the_project_import_by_string() -> None:
    allowed = {PACKAGE / "__init__.py", PACKAGE / "project.py"}
    files = [file for file in FILES if file not in allowed]
    expect_none(files, find_imports_by_string)


@pytest.mark.parametrize(
    "code",
    [
        "importlib.import_module(x)",
        "from importlib import import_module as get",
        "__import__(x)",
        "getattr(importlib, 'import_module')",
    ],
)
def test_an_import_by_string_is_found(code: str) -> None:
    assert list(find_imports_by_string(ast.parse(code)))


# --- Private names -------------------------------------------------------------------------------

# What tuples with names offer to everybody, underscore or not.
OFFERED = {"_replace", "_asdict", "_fields", "_make"}


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name not in OFFERED | {"_"}


def list_own_names(tree: ast.Module) -> set[str]:
    """Return what a module defines: functions, classes, variables, fields, attributes it sets."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif (
            isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Store)
            # What is set on another object is not made here.
            and isinstance(node.value, ast.Name)
            and node.value.id in ("self", "cls")
        ):
            names.add(node.attr)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            # Names of slots are strings.
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, ast.Name) and target.id == "__slots__" for target in targets):
                names |= {part.value for part in ast.walk(node) if isinstance(part, ast.Constant)}
    return names


def find_private_names(tree: ast.Module, made: set[str]) -> Found:
    """Yield private names that another module made; `made` are those of all modules.

    What an object is cannot be seen here, but who makes something of that name: an attribute `_x`
    that this module does not define and another one does is the other's, whoever it is asked of,
    `self` included (a subclass that uses what its base in another module keeps for itself). What
    no module of the package defines is a library's.
    """
    others = made - list_own_names(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom | ast.Import):
            for alias in node.names:
                if any(map(is_private, alias.name.split("."))):
                    yield node.lineno, f"import of {alias.name}"
            if isinstance(node, ast.ImportFrom) and any(
                map(is_private, (node.module or "").split("."))
            ):
                yield node.lineno, f"import from {node.module}"
        elif isinstance(node, ast.Attribute):
            if is_private(node.attr) and node.attr in others:
                yield node.lineno, ast.unparse(node)[-60:]
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in ("getattr", "setattr", "hasattr", "delattr")
            and len(node.args) > 1
            and isinstance(node.args[1], ast.Constant)
            and is_private(str(node.args[1].value))
            and node.args[1].value in others
        ):
            yield node.lineno, ast.unparse(node)[:60]


def test_no_private_name_of_another_module_is_used() -> None:
    made = set().union(*(list_own_names(parse(file)) for file in FILES))
    expect_none(FILES, lambda tree: find_private_names(tree, made))


@pytest.mark.parametrize(
    "code",
    [
        "from x import _y",
        "from x._y import z",
        "import x._y",
        "module._y",
        "other._y = 1",
        "class A(B):\n    def f(self): return self._y",
        "getattr(other, '_y')",
        "def f(): return g().h._y",
    ],
)
def test_a_private_name_is_found(code: str) -> None:
    assert len(list(find_private_names(ast.parse(code), {"_y"}))) == 1


@pytest.mark.parametrize(
    "code",
    [
        "def _y(): ...\n_y()",
        "class A:\n    _y: int\n    def __eq__(self, other): return self._y == other._y",
        "class A:\n    def __init__(self): self._y = 1\ndef f(a): return a._y",
        "class A:\n    __slots__ = ('_y',)\n    def f(self): return self._y",
        "x._replace(y=1)",
        "x.__dict__",
        "for _ in x: ...",
    ],
)
def test_a_module_may_use_what_it_made(code: str) -> None:
    assert not list(find_private_names(ast.parse(code), {"_y"}))


def test_what_nobody_here_made_is_a_librarys() -> None:
    assert not list(find_private_names(ast.parse("app._y"), {"_x"}))


# --- Circles -------------------------------------------------------------------------------------


def name_module(file: Path) -> str:
    parts = file.relative_to(PROJECT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def list_imports(tree: ast.Module, modules: set[str]) -> set[str]:
    """Return which of the modules are imported, inside functions and for types included."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner in modules else node.module)
    return found & modules


def test_no_module_needs_itself() -> None:
    modules = {name_module(file) for file in FILES}
    # The root offers names of all rooms, and nobody imports it.
    needs = {
        name: list_imports(parse(file), modules)
        for file in FILES
        if (name := name_module(file)) != PACKAGE.name
    }
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        pytest.fail("a circle: " + " <- ".join(error.args[1]))


def test_imports_are_seen_wherever_they_stand() -> None:
    code = """\
import a.b
from a import b, c
def f():
    from d import e
"""
    assert list_imports(ast.parse(code), {"a", "a.b", "d"}) == {"a", "a.b", "d"}
    relative = [
        f"{name_module(file)} line {node.lineno}"
        for file in FILES
        for node in ast.walk(parse(file))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert not relative, "imports name the whole way"


# --- Sizes and names -----------------------------------------------------------------------------


def test_modules_are_short_and_lie_in_rooms() -> None:
    top = [file.name for file in PACKAGE.glob("*.py")]
    assert len(top) <= 5, f"at the top of the package: {', '.join(sorted(top))}"
    lengths = {
        file.relative_to(PROJECT).as_posix(): (len(file.read_text("utf-8").splitlines()), longest)
        for folder, longest in (("rulka_analysis", 520), ("build_tasks", 400))
        for file in (PROJECT / folder).rglob("*.py")
    }
    long = {name: length for name, (length, longest) in lengths.items() if length > longest}
    assert not long, f"too long: {long}"


def test_no_module_goes_by_two_names() -> None:
    """See what pytest has imported so far: on the way here it imports all files of tests."""
    known: dict[str, set[int]] = {}
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(module, ModuleType) and file and PROJECT in Path(file).parents:
            known.setdefault(str(Path(file).resolve()), set()).add(id(module))
    in_environment = str((PROJECT / ".venv").resolve())
    twice = [f for f, made in known.items() if len(made) > 1 and not f.startswith(in_environment)]
    assert not twice
