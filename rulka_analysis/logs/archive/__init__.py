"""The scalars of a log directory as columns, with digests, for where the logs are not.

An archive is a folder: ``archive.toml`` (`index`) and one Parquet file a run beneath ``runs/``
(`parts`). `writing` makes one of a log directory; `files` gives its event files back, so that runs
are made of them as of those of a log directory (`rulka_analysis.logs.source`).
"""

from rulka_analysis.logs.archive.files import ArchivedFiles, is_archive, source_at
from rulka_analysis.logs.archive.index import ArchiveError

__all__ = ["ArchiveError", "ArchivedFiles", "is_archive", "source_at"]
