"""Which folders are watched for one place.

The kernel gives a user only so many watches, one for each folder: what the ignore file leaves out whole at the top of a
context (`node_modules`, `.git`) gets none.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from builder.context.ignore import IgnoreRules, find_ignore_file, read_ignore_file
from builder.errors import BuilderError
from builder.watching.places import Place

_MOST = 64
"""Each of these costs a thread: with more of them all is watched."""


def folders_of(place: Place) -> Iterator[tuple[str, bool]]:
    """Those that are there; true: with all that is in them."""
    if not os.path.isdir(place.folder):
        return
    tops = _tops(place.folder) if place.is_deep else []
    rules = _rules(place) if tops else None
    counting = [top for top in tops if rules is None or not (rules.excluded(top) and rules.prunes(top))]
    if len(counting) == len(tops) or len(counting) > _MOST:
        yield place.folder, place.is_deep
        return
    yield place.folder, False
    yield from ((f"{place.folder.rstrip('/')}/{top}", True) for top in counting)


def _tops(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as found:
            return sorted(entry.name for entry in found if entry.is_dir(follow_symlinks=False))
    except OSError:
        return []


def _rules(place: Place) -> IgnoreRules | None:
    try:
        path = find_ignore_file(place.folder, place.buildfile)
        return IgnoreRules.parse(read_ignore_file(path), path) if path else None
    except BuilderError:  # the build tells it
        return None
