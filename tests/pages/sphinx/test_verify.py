"""Every number of the site, computed again by a script that knows nothing of the package."""

from __future__ import annotations

import ast
import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rulka_analysis.domains.trackmania.published import published_logs
from rulka_analysis.logs.archive.writing import write_archive
from rulka_analysis.project import open_logs
from tests.evidence_files import evidence_of, pages_with_numbers
from tests.site_of_project import FURTHER, PROJECT

VERIFY = PROJECT / "scripts" / "verify.py"
PAGE = f"{FURTHER}/larger_batch.html"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive") / "logs"
    write_archive(open_logs(published_logs()), folder)
    return folder


@pytest.fixture
def copied(bundled_pages: Path, archive: Path, tmp_path: Path) -> tuple[Path, Path]:
    """One page with its evidence, and the archive, to be tampered with."""
    site = tmp_path / "site"
    site.mkdir()
    page = bundled_pages / PAGE
    for file in (page, page.with_suffix(".evidence.js")):
        shutil.copy(file, site)
    shutil.copytree(archive, tmp_path / "archive")
    return site, tmp_path / "archive"


def verified(site: Path, archive: Path) -> tuple[int, str]:
    # Apart from the project: nothing of it can be imported.
    done = subprocess.run(
        [sys.executable, "-I", str(VERIFY), str(site), str(archive)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={"PYTHONIOENCODING": "utf-8"},
        check=False,
    )
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout


def test_every_number_of_the_site_reproduces(bundled_pages: Path, archive: Path) -> None:
    status, said = verified(bundled_pages, archive)
    wrong = [line for line in said.splitlines() if re.search(": (differs|cannot be)", line)]
    assert wrong == []
    assert status == 0
    pages = pages_with_numbers(bundled_pages)
    entries = sum(len(evidence_of(page)["entries"]) for page in pages)
    assert said.count("\n") == entries + 1
    assert said.splitlines()[-1].startswith(f"{len(pages)} pages")


def test_the_script_is_short_and_imports_nothing_of_ours() -> None:
    text = VERIFY.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 300
    imported = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            imported |= {one.name.split(".")[0] for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").split(".")[0])
    assert imported - set(sys.stdlib_module_names) == {"numpy", "pyarrow"}


def replaced(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def another_number_on_the_page(site: Path, archive: Path) -> None:
    replaced(site / "larger_batch.html", ">24.56 s<", ">24.50 s<")


def another_number_in_both(site: Path, archive: Path) -> None:
    another_number_on_the_page(site, archive)
    file = site / "larger_batch.evidence.js"
    text = file.read_text(encoding="utf-8")
    line = next(one for one in text.splitlines() if '"text":"24.56 s"' in one)
    other = line.replace("24.56 s", "24.50 s").replace('"value":24.56', '"value":24.5')
    file.write_text(text.replace(line, other), encoding="utf-8")


def no_evidence(site: Path, archive: Path) -> None:
    (site / "larger_batch.evidence.js").unlink()


def a_flipped_byte(site: Path, archive: Path) -> None:
    part = next((archive / "runs").glob("uni_5-*"))
    data = bytearray(part.read_bytes())
    data[len(data) // 3] ^= 1
    part.write_bytes(data)


def other_values_with_their_digest(site: Path, archive: Path) -> None:
    """What somebody does who knows how an archive is made."""
    part = next((archive / "runs").glob("uni_6-*"))
    table = pq.read_table(part)
    values = pa.array([value * 0.5 for value in table.column("value").to_pylist()], pa.float32())
    at = table.schema.get_field_index("value")
    changed = table.set_column(at, table.schema.field(at), values)
    before = hashlib.sha256(part.read_bytes()).hexdigest()
    pq.write_table(changed, part)
    replaced(archive / "archive.toml", before, hashlib.sha256(part.read_bytes()).hexdigest())


def another_event_file(site: Path, archive: Path) -> None:
    text = (archive / "archive.toml").read_text(encoding="utf-8")
    (digest,) = re.findall(r'"uni_6/events[^}]*sha256 = "(\w+)"', text)
    replaced(archive / "archive.toml", digest, "0" * 64)


@pytest.mark.parametrize(
    ("tampered", "said"),
    [
        (another_number_on_the_page, "the page shows '24.50 s'"),
        (another_number_in_both, "24.5 is said, 24.56 computed"),
        (no_evidence, "the evidence of its numbers, is missing"),
        (a_flipped_byte, "is not the part that archive.toml names"),
        (other_values_with_their_digest, "no such event"),
        (another_event_file, "is another one in the archive"),
    ],
)
def test_what_was_tampered_with_is_found(
    copied: tuple[Path, Path], tampered: Callable[[Path, Path], None], said: str
) -> None:
    assert verified(*copied)[0] == 0
    tampered(*copied)
    status, told = verified(*copied)
    assert status == 1
    assert said in told


def test_a_run_that_the_archive_lacks_cannot_be_computed(copied: tuple[Path, Path]) -> None:
    site, archive = copied
    index = archive / "archive.toml"
    text = index.read_text(encoding="utf-8")
    index.write_text(text.replace('run = "uni_6"', 'run = "other"'), encoding="utf-8")
    status, told = verified(site, archive)
    assert status == 0
    assert "cannot be computed: the archive holds no run uni_6" in told


def test_a_folder_that_is_no_archive_is_named(copied: tuple[Path, Path]) -> None:
    site, _ = copied
    command = [sys.executable, "-I", str(VERIFY), str(site), str(site)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"{site} is no archive: it holds no archive.toml" in done.stderr
