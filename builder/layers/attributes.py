"""Which extended attributes a layer that is made here carries.

2026-11-24, as BuildKit's and docker's layers: the capabilities of files, and nothing else. What else files have is
seen by later steps for as long as the files themselves are there, and is in no image; bases keep what they have.
"""

from __future__ import annotations

from builder.model.entry import Entry

CAPABILITY = "security.capability"


def carried(entry: Entry) -> Entry:
    """The entry as a layer says it."""
    if not entry.xattrs:
        return entry
    return entry._replace(xattrs=tuple(pair for pair in entry.xattrs if pair[0] == CAPABILITY))
