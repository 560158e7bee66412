"""Files written whole: the old one or the new, whatever happens."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import pytest

from rulka_analysis.values.files import write_whole


def test_a_file_that_cannot_be_finished_is_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "kept.json"
    write_whole(file, "old\n")

    def half(stream: BinaryIO) -> None:
        stream.write(b"half")
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        write_whole(file, half)
    assert file.read_bytes() == b"old\n"
    assert list(tmp_path.iterdir()) == [file]
    write_whole(file, lambda stream: stream.write(b"new"))
    assert file.read_bytes() == b"new"


def test_a_long_name_and_a_lone_surrogate_can_be_written(tmp_path: Path) -> None:
    file = tmp_path / ("n" * 200)
    write_whole(file, "\udcff")
    assert file.read_text(encoding="utf-8") == "\\udcff"


def test_what_is_written_may_be_read_as_any_file_may(tmp_path: Path) -> None:
    ordinary = tmp_path / "ordinary"
    ordinary.write_text("", encoding="utf-8")
    write_whole(tmp_path / "whole", "")
    assert (tmp_path / "whole").stat().st_mode == ordinary.stat().st_mode
