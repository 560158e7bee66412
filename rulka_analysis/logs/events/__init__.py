"""The bytes of event files → columns of scalars, and what was wrong with the files.

Every scalar event comes back, in the order written, value for value; nothing is sampled.
Length and payload checksum of every record are checked, and what is wrong with a file is
data (`EventFile.findings`), never an exception and never silence.

The parts, each with one job, from the bytes upwards:

==================  ==========================================================================
`checksums`         CRC-32C of many records at once
`framing`           the frame around a record, and every one of a block at once
`window`            the block of a file that is in memory, and the digest of what was read
`decoding`          one record's payload → scalars, texts, hyperparameters (protobuf)
`templates`         thousands of payloads at once, by comparison with decoded ones
`columns`           scalar events as they are collected
`specification`     the plain sequential reader: what reading a file *means*
`block_reader`      the fast reader: runs of records at once, single steps elsewhere
`file_findings`     the wording of everything that can be wrong with a file
`contents`          what reading a file gives: `EventFile`, `TextEvent`
`listing`           which files beneath a folder are event files
`reading`           the functions people call
`many`              many files, one after the other or in several processes
`cache`             files that were read before, as columns on disk
==================  ==========================================================================

The fast reader is held against the specification: for whatever bytes, both give the same.
"""

from rulka_analysis.logs.events.cache import EventCache
from rulka_analysis.logs.events.contents import EventFile, EventFileWarning, TextEvent
from rulka_analysis.logs.events.listing import find_event_files, is_event_file_name
from rulka_analysis.logs.events.many import read_event_files
from rulka_analysis.logs.events.reading import (
    file_state,
    has_scalars,
    read_event_file,
    read_on,
    read_scalars,
)
from rulka_analysis.logs.events.templates import Lessons, lessons_so_far

__all__ = [
    "EventCache",
    "EventFile",
    "EventFileWarning",
    "Lessons",
    "TextEvent",
    "file_state",
    "find_event_files",
    "has_scalars",
    "is_event_file_name",
    "lessons_so_far",
    "read_event_file",
    "read_event_files",
    "read_on",
    "read_scalars",
]
