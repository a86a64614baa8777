"""Which folders are watched for one place.

The kernel gives a user only so many watches, one for each folder: what the ignore file leaves out whole (`.git`,
`packages/*/node_modules`) gets none, nor does the store.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from builder.context.ignore import NOT_EXCLUDED, IgnoreRules, Verdict, find_ignore_file, read_ignore_file
from builder.errors import BuilderError
from builder.watching.places import Place


def folders_of(place: Place, store: str) -> Iterator[str]:
    """Those that are there, each before what is in it. Of a place that is not there, the folder that it will appear
    below."""
    if not os.path.isdir(place.folder):
        yield _nearest(place.folder)
        return
    yield place.folder
    if place.is_deep:
        rules = _rules(place)
        yield from _below(place.folder, rules, store) if rules else ()


def _nearest(folder: str) -> str:
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    return folder


def _below(root: str, rules: IgnoreRules, store: str) -> Iterator[str]:
    root = root.rstrip("/")
    pending: list[tuple[str, Verdict]] = [("", NOT_EXCLUDED)]
    while pending:
        above, verdict = pending.pop()
        for name in _directories(f"{root}/{above}"):
            path = above + name
            own = rules.judge(path, name, verdict)
            if f"{root}/{path}" == store or (own.excluded and rules.prunes(path)):
                continue
            yield f"{root}/{path}"
            pending.append((f"{path}/", own))


def _directories(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as found:
            return [entry.name for entry in found if entry.is_dir(follow_symlinks=False)]
    except OSError:  # gone meanwhile, or not to be read: the build tells it, if it wants it
        return []


def _rules(place: Place) -> IgnoreRules | None:
    """None where the ignore file cannot be read: nothing is built before it is mended."""
    try:
        path = find_ignore_file(place.folder, place.buildfile)
        return IgnoreRules.parse(read_ignore_file(path), path) if path else IgnoreRules(())
    except BuilderError:
        return None
