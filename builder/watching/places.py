"""Where the inputs of a build are on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from builder.context.buildfile import NAMES
from builder.context.origin import named_origins
from builder.pipeline.build import BuildOptions

_LAYOUT = "oci-layout:"


class Place(NamedTuple):
    folder: str
    """Absolute."""
    is_deep: bool
    """Whether what is below its folders counts, too."""
    names: tuple[str, ...] = ()
    """Only files whose names begin so; empty: all."""
    buildfile: str = ""
    """Of the main context: it may have an ignore file of its own."""

    def holds(self, path: str) -> bool:
        """Also that the folder itself, or one above it, came or went."""
        if f"{self.folder.rstrip('/')}/".startswith(f"{path}/"):
            return True
        folder, _, name = path.rpartition("/")
        if self.is_deep:
            return path.startswith(f"{self.folder.rstrip('/')}/")
        return folder == self.folder.rstrip("/") and (not self.names or name.startswith(self.names))


def places_of(options: BuildOptions, root: str, secrets: Mapping[str, str]) -> tuple[Place, ...]:
    """`root`: of the store; `secrets`: their files by id."""
    return tuple(dict.fromkeys(_places(options, root, secrets)))


def _places(options: BuildOptions, root: str, secrets: Mapping[str, str]) -> Iterator[Place]:
    if os.path.exists(options.context):
        yield _of_path(options.context)._replace(buildfile=_buildfile(options))
    if options.file and "://" not in options.file:
        file = os.path.abspath(options.file)
        yield Place(os.path.dirname(file), False, (os.path.basename(file),))  # also FILE.dockerignore
    for origin in named_origins(options.build_contexts).values() if options.build_contexts else ():
        if origin.kind == "folder":
            yield _of_path(origin.place)
        elif origin.place.startswith(_LAYOUT):
            yield _of_path(_without_tag(origin.place.removeprefix(_LAYOUT)))
    for path in secrets.values():
        yield _of_file(path)
    yield Place(os.path.abspath(root), False, ("index.json",))  # what the names of bases mean


def _buildfile(options: BuildOptions) -> str:
    if options.file:
        return os.path.abspath(options.file) if "://" not in options.file else ""
    found = (f"{options.context}/{name}" for name in NAMES)
    return next((os.path.abspath(path) for path in found if os.path.isfile(path)), "")


def _without_tag(text: str) -> str:
    """The folder of a layout: `FOLDER[:TAG|@DIGEST]`."""
    path = text.partition("@sha256:")[0]
    return path if os.path.isdir(path) else path.rpartition(":")[0] or path


def _of_path(path: str) -> Place:
    return Place(os.path.abspath(path), True) if os.path.isdir(path) else _of_file(path)


def _of_file(path: str) -> Place:
    absolute = os.path.abspath(path)
    return Place(os.path.dirname(absolute), False, (os.path.basename(absolute),))
