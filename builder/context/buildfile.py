"""Which file a build reads: what `-f` names, else Buildfile, Dockerfile or Containerfile of the context."""

from __future__ import annotations

import os
import sys

from builder.errors import ContextError
from builder.lean import NamedTuple

NAMES = ("Buildfile", "Dockerfile", "Containerfile", "dockerfile")
MAX_BYTES = 64 << 20


class BuildfileText(NamedTuple):
    name: str
    """As messages show it: relative to the working directory where it is below it."""
    path: str
    """Absolute; `-` for standard input."""
    data: bytes


def read_buildfile(context_root: str, given: str | None) -> BuildfileText:
    """Raises ContextError `no-buildfile` with the names that were tried."""
    if given == "-":
        return BuildfileText("-", "-", sys.stdin.buffer.read(MAX_BYTES))
    path = os.path.abspath(given) if given else _find(context_root)
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES)
    except OSError as error:
        raise ContextError("no-buildfile", f"cannot read {given or path}: {error.strerror}") from error
    return BuildfileText(_shown(path), path, data)


def _find(context_root: str) -> str:
    for name in NAMES:
        path = os.path.join(os.path.abspath(context_root), name)
        if os.path.isfile(path):
            return path
    if not os.path.isdir(context_root):
        raise ContextError("no-context", f"{context_root} is not a folder", hint="name the folder that COPY reads")
    hint = "name the file with -f FILE"
    raise ContextError("no-buildfile", f"no {', '.join(NAMES[:3])} in {context_root}", hint=hint)


def _shown(path: str) -> str:
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative
