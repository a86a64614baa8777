"""What an overlay's upper directory changes, path by path; and the job `changed` that lists it.

Descriptor of the job: where the list goes, JSON, a line for each path.
"""

from __future__ import annotations

import json
import os
from typing import Any, NamedTuple

from builder.layers.scan import scan_upper
from builder.model.entry import Kind
from builder.sandbox.merged import Merged

_BUFFER = 1 << 18


class Changed(NamedTuple):
    letter: str
    """`A`, `C` or `D`: added, changed, deleted."""
    path: str


def job(args: dict[str, Any], fds: list[int]) -> dict[str, Any]:
    [out] = fds
    with open(out, "w", encoding="ascii", buffering=_BUFFER) as file:
        for change in changed(args["upper"], tuple(args["lowers"])):
            file.write(f"{json.dumps(change)}\n")
    return {}


def changed(upper: str, lowers: tuple[str, ...]) -> list[Changed]:
    """In the order of their paths. An opaque directory hides each name that it does not have itself."""
    below = Merged(lowers)
    entries = [entry for entry, _ in scan_upper(upper)]
    present = {entry.path for entry in entries}
    found = []
    for entry in entries:
        path = f"/{entry.path}"
        if entry.kind is Kind.OPAQUE:
            hidden = [name for name in below.names(path) if f"{entry.path}/{name}" not in present]
            found += [Changed("D", f"{path}/{name}") for name in hidden]
        elif entry.kind is Kind.WHITEOUT:
            found += [Changed("D", path)] if below.exists(path) else []
        else:
            found.append(Changed("C" if below.exists(path) else "A", path))
    return sorted(found, key=lambda change: os.fsencode(change.path))
