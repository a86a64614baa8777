"""Which file a build reads: what `-f` names, else Buildfile, Dockerfile or Containerfile of the context."""

from __future__ import annotations

import os
import sys

from builder.errors import ContextError
from builder.lean import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import BinaryIO

    from builder.context.opened import Places

NAMES = ("Buildfile", "Dockerfile", "Containerfile", "dockerfile")
MAX_BYTES = 64 << 20


class BuildfileText(NamedTuple):
    name: str
    """As messages show it: relative to the working directory where it is below it."""
    path: str
    """What tells it from others: an absolute path; `-` at its end is standard input."""
    data: bytes


def read_buildfile(context_root: str, given: str | None, places: Places | None = None) -> BuildfileText:
    """The Buildfile that `given` names: a path, `-` or a URL; None: the one in the context. `places` is what
    fetching needs; without it nothing is fetched. Raises ContextError `no-buildfile` with the names that were
    tried."""
    if places and given and given.startswith(("http://", "https://")):
        from builder.context.http import HttpCache
        from builder.context.weblink import shown

        cache = HttpCache(f"{places.cache}/http", places.secret, keep=places.keep)
        with open(cache.fetch(given).path, "rb") as fetched:
            return BuildfileText(shown(given), shown(given), fetched.read(MAX_BYTES))
    if given == "-":
        refuse_terminal("a Buildfile", "pybuild -f - . < Buildfile")
        data = _whole("standard input", sys.stdin.buffer)
        return BuildfileText("-", f"{os.path.abspath(context_root)}/-", data)
    path = _lower_case(os.path.abspath(given)) if given else _find(context_root)
    try:
        with open(path, "rb") as file:
            data = _whole(given or path, file)
    except OSError as error:
        hint = _elsewhere(given, path, context_root) if isinstance(error, FileNotFoundError) and given else None
        raise ContextError("no-buildfile", f"cannot read {given or path}: {error.strerror}", hint=hint) from error
    return BuildfileText(_shown(path), path, data)


def _whole(name: str, file: BinaryIO) -> bytes:
    data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        size = f"{MAX_BYTES >> 20} MiB"
        raise ContextError("buildfile-too-large", f"{name} has more than the {size} that a Buildfile may have")
    return data


def _elsewhere(given: str, path: str, context_root: str) -> str | None:
    """What may have been meant by a file that is not there."""
    inside = os.path.join(context_root, given)
    if os.path.isfile(inside):
        return f"the current directory is where it is looked for: say -f {inside}"
    from difflib import get_close_matches

    folder, name = os.path.split(path)
    near = get_close_matches(name, os.listdir(folder), n=1) if os.path.isdir(folder) else []
    return f"did you mean {os.path.join(os.path.dirname(given), near[0])}?" if near else None


def _find(context_root: str) -> str:
    for name in NAMES:
        path = os.path.join(os.path.abspath(context_root), name)
        if os.path.isfile(path):
            return path
    if not os.path.isdir(context_root):
        raise ContextError("no-context", f"{context_root} is not a folder", hint="name the folder that COPY reads")
    hint = "name the file with -f FILE; `pybuild --help` lists what else there is to do"
    raise ContextError("no-buildfile", f"no {', '.join(NAMES[:3])} in {context_root}", hint=hint)


def _shown(path: str) -> str:
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative


def refuse_terminal(what: str, example: str) -> None:
    """Raises ContextError `stdin-is-terminal`: whoever forgot to redirect it would wait for ever."""
    if sys.stdin.isatty():
        raise ContextError("stdin-is-terminal", f"standard input is a terminal, and not {what}", hint=f"e.g. {example}")


def _lower_case(path: str) -> str:
    """A file that is asked for as `Dockerfile` may be called `dockerfile`, as docker has it."""
    folder, name = os.path.split(path)
    lower = os.path.join(folder, "dockerfile")
    return lower if name == "Dockerfile" and not os.path.exists(path) and os.path.exists(lower) else path
