"""The bytes of event files → columns of scalars, and what was wrong with the files.

Every scalar event comes back, in the order written, value for value; nothing is sampled.
Length and payload checksum of every record are checked, and what is wrong with a file is
data (`EventFile.findings`), never an exception and never silence.

The parts, each with one job, from the bytes upwards:

==================  ==========================================================================
`contents`          what reading a file gives: `EventFile`, `TextEvent`
`file_findings`     the wording of everything that can be wrong with a file
`decoding`          one record's payload → scalars, texts, hyperparameters (protobuf)
`specification`     the plain sequential reader: what reading a file *means*
`listing`           which files beneath a folder are event files
`reading`           the functions people call
==================  ==========================================================================
"""

from rulka_analysis.events.contents import EventFile, EventFileWarning, TextEvent
from rulka_analysis.events.listing import find_event_files, is_event_file_name
from rulka_analysis.events.reading import has_scalars, read_event_file, read_scalars

__all__ = [
    "EventFile",
    "EventFileWarning",
    "TextEvent",
    "find_event_files",
    "has_scalars",
    "is_event_file_name",
    "read_event_file",
    "read_scalars",
]
