"""What a notebook keeps in files: found by digest, never trusted blindly, let go when unnamed."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from rulka_analysis.pages import kept
from rulka_analysis.pages.answers import word_change
from rulka_analysis.pages.kept import KeptFileError, digest_kept, forget_unnamed, keep, read_kept
from rulka_analysis.values import questions
from rulka_analysis.values.digests import ABSENT


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RULKA_BUILD", str(tmp_path))
    return tmp_path / "kept"


def test_what_is_kept_is_found_again_and_is_a_question_of_the_notebook() -> None:
    digest = keep(b"curves")
    assert keep(b"curves") == digest
    assert read_kept(digest) == b"curves"
    asked = [a for a in questions.record() if a["kind"] == "kept"]
    assert asked == [{"kind": "kept", "subject": digest, "answer": digest}]
    assert digest_kept(digest) == digest


def test_a_file_that_is_gone_or_another_is_said_and_written_again(folder: Path) -> None:
    digest = keep(b"curves")
    (folder / digest).write_bytes(b"forged")
    assert digest_kept(digest) not in (digest, ABSENT)
    with pytest.raises(KeptFileError, match="is not what was written"):
        read_kept(digest)
    assert keep(b"curves") == digest
    assert read_kept(digest) == b"curves"
    (folder / digest).unlink()
    assert digest_kept(digest) == ABSENT
    with pytest.raises(KeptFileError, match="Build again"):
        read_kept(digest)
    assert word_change("kept", digest, digest, ABSENT) == "a file that it had kept is gone"


def test_what_no_execution_names_is_let_go_after_a_while(folder: Path, tmp_path: Path) -> None:
    named, old, new = (keep(word) for word in (b"named", b"old", b"new"))
    executed = tmp_path / "executed" / "e" / "curves"
    executed.mkdir(parents=True)
    record = [{"kind": "kept", "subject": named, "answer": named}]
    (executed / "1.json").write_text(json.dumps({"record": record}), encoding="utf-8")
    (executed / "half.json").write_text("{", encoding="utf-8")
    past = time.time() - kept.SPARED_SECONDS - 10
    for digest in (named, old):
        os.utime(folder / digest, (past, past))
    forget_unnamed(tmp_path / "executed")
    assert {path.name for path in folder.iterdir()} == {named, new}
