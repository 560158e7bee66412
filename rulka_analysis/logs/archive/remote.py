"""Archives at an address: brought here once, each file held against its digest.

A web address is trusted only if a file of digests gives the SHA-256 of the ``archive.toml`` that
stands there; with it, nothing is asked of the network once all is here::

    ["https://example.org/our-archive"]
    sha256 = "…"

Other addresses (``s3://…``, ``gs://…``, ``memory://…``) are read by fsspec, where it and what it
needs for such an address are installed. A digest that is given for one is held against it, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from rulka_analysis.logs.archive.index import INDEX, ArchiveError, Index, read_index
from rulka_analysis.values.digests import digest_bytes, digest_file, digest_text
from rulka_analysis.values.files import write_whole
from rulka_analysis.values.toml import TomlFile

Fetch = Callable[[str, str | None, Path], None]
"""Brings a file of an archive, by its name, with its SHA-256 if that is known, to a place."""


def is_address(text: str) -> bool:
    """Tell whether a text is an address, and no path.

    Examples
    --------
    >>> is_address("https://example.org/a"), is_address("C:/logs"), is_address("logs")
    (True, False, False)
    """
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", text) is not None


def fetch_archive(address: str, digests: Path, cache: Path) -> Path:
    """Bring an archive here, unless it is here already, and return its folder.

    Parameters
    ----------
    address : str
        Of the folder that holds its ``archive.toml``.
    digests : Path
        The file that gives digests of archives by address.
    cache : Path
        The folder in which archives are kept, one folder a digest.

    Raises
    ------
    ArchiveError
        If there is no digest for a web address, or what stands there is something else, or cannot
        be had.
    """
    address = address.rstrip("/").removesuffix(f"/{INDEX}")
    known = known_digest(address, digests)
    if address.startswith(("https://", "http://")):
        if known is None:
            raise ArchiveError(
                f"nothing says which archive {address} must be. Write into {digests}:\n"
                f'["{address}"]\nsha256 = "…"\n'
                f"with the SHA-256 of its {INDEX}, which `rulka-analysis archive` printed"
            )
        fetch = _web(address)
    else:
        fetch = _file_system(address)
    if known is None:
        # What stands there today decides which of the archives that are here it is.
        today = cache / f"at-{digest_text(address)[:16]}"
        today.mkdir(parents=True, exist_ok=True)
        fetch(INDEX, None, today / INDEX)
        known = digest_file(today / INDEX)
    # Called as it is there: pages name it.
    folder = cache / known[:16] / (re.sub(r"\W+", "_", address.rpartition("/")[2]) or "archive")
    (folder / "runs").mkdir(parents=True, exist_ok=True)
    fetch_if_needed(fetch, INDEX, known, folder)
    for name, digest in _parts(read_index(folder)):
        fetch_if_needed(fetch, name, digest, folder)
    return folder


def known_digest(address: str, file: Path) -> str | None:
    """Return the SHA-256 that a file gives for the archive at an address; None without one.

    Raises
    ------
    ArchiveError
        If the file cannot be understood.
    """
    if not file.is_file():
        return None
    found = None
    for name, told in TomlFile(file, ArchiveError).data.items():
        digest = told.get("sha256") if isinstance(told, dict) else None
        if not isinstance(digest, str) or not re.fullmatch(r"[0-9a-f]{64}", digest):
            raise ArchiveError(
                f'{file}: ["{name}"] needs sha256 = "…", the SHA-256 of its {INDEX} in 64 small '
                "hexadecimal digits"
            )
        if name.rstrip("/") == address:
            found = digest
    return found


def fetch_if_needed(fetch: Fetch, name: str, digest: str, folder: Path) -> None:
    """Bring a file, unless the one that is here is that of the digest."""
    place = folder / name
    if not place.is_file() or digest_file(place) != digest:
        fetch(name, digest, place)


def _parts(index: Index) -> list[tuple[str, str]]:
    for record in index.records:
        # An index from elsewhere must not name a place outside of its archive.
        if not re.fullmatch(r"(runs/)?[A-Za-z0-9_-]+\.parquet", record.part):
            raise ArchiveError(f"{INDEX} names {record.part!r}, which no archive holds")
    return [(record.part, record.sha256) for record in index.records]


def _web(address: str) -> Fetch:
    def fetch(name: str, digest: str | None, place: Path) -> None:
        import pooch

        # Its lines about each download would stand among those of the build.
        pooch.get_logger().setLevel("WARNING")
        try:
            pooch.retrieve(
                f"{address}/{name}",
                known_hash=f"sha256:{digest}",
                fname=place.name,
                path=place.parent,
            )
        except ValueError as error:
            raise ArchiveError(
                f"{address}/{name} is not what was archived: {error}. Compare the digest with that "
                "of whoever wrote the archive"
            ) from error
        except (OSError, RuntimeError) as error:
            raise _cannot_be_had(address, name, error) from error

    return fetch


def _file_system(address: str) -> Fetch:
    kind = address.partition("://")[0]
    remedy = "Install it with: python -m pip install"
    try:
        import fsspec

        system, root = fsspec.core.url_to_fs(address)
    except ImportError as error:
        missing = error.name or "fsspec"
        raise ArchiveError(
            f"{address}: addresses that begin with {kind}:// need a package that is not installed "
            f"({error}). {remedy} {missing}"
        ) from error
    except ValueError as error:
        raise ArchiveError(f"{address}: {error}. Give a folder, or an https:// address") from error

    def fetch(name: str, digest: str | None, place: Path) -> None:
        try:
            data: bytes = system.cat_file(f"{root}/{name}")
        except Exception as error:  # Each backend has errors of its own.
            raise _cannot_be_had(address, name, error) from error
        found = digest_bytes(data)
        if digest is not None and found != digest:
            raise ArchiveError(
                f"{address}/{name} is not what was archived: its SHA-256 is {found}, not {digest}. "
                "Compare the digest with that of whoever wrote the archive"
            )
        write_whole(place, data)

    return fetch


def _cannot_be_had(address: str, name: str, error: Exception) -> ArchiveError:
    return ArchiveError(
        f"{address}/{name} cannot be had: {str(error) or type(error).__name__}. Check the address "
        "and the network, and try again: what has arrived stays"
    )
