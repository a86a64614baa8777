"""The contract of an output."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from builder.lean import TYPE_CHECKING, NamedTuple, Protocol
from builder.store.store import Store

if TYPE_CHECKING:
    from builder.images.index import Built
    from builder.images.push import Route
    from builder.images.sources.types import OpenSource
    from builder.layers.compress import Compression
    from builder.outputs.annotations import Annotation
    from builder.sandbox.worker import Worker


class OutputKind(StrEnum):
    IMAGE = "image"
    OCI = "oci"
    DOCKER = "docker"
    LOCAL = "local"
    TAR = "tar"
    REGISTRY = "registry"
    CACHEONLY = "cacheonly"


STDOUT = "-"


class Shape(NamedTuple):
    """In what form an output wants the image; the default is as steps made it."""

    compression: Compression | None = None
    """Of the layers that the build added; None leaves them gzip."""
    level: int | None = None
    """Within `compression.levels`."""
    force: bool = False
    """Also the layers of the base."""
    docker_types: bool = False
    """Docker's media types (schema 2) instead of OCI's."""


class OutputSpec(NamedTuple):
    """One `--output`, checked."""

    kind: OutputKind
    dest: str = ""
    """A path, or `-` for standard output; empty for IMAGE."""
    names: tuple[str, ...] = ()
    """Image names in familiar form."""
    as_tar: bool = True
    """OCI: an archive, not a directory."""
    shape: Shape = Shape()
    annotations: tuple[Annotation, ...] = ()
    push: bool = False
    """To the registries of the names: IMAGE also, REGISTRY only."""
    by_digest: bool = False
    """The names are repositories: no tag is given there, nor a name in the store."""
    insecure: bool = False
    """Those registries may be spoken to by plain http."""

    @property
    def is_archive(self) -> bool:
        """Whether `dest` is one file."""
        return self.as_tar and self.kind in (OutputKind.OCI, OutputKind.DOCKER, OutputKind.TAR)


class Means(NamedTuple):
    """What outputs work with."""

    store: Store
    open_source: OpenSource
    worker: Callable[[], Worker]
    """Makes the worker when it is first called."""
    route: Callable[[], Route]
    """How to push; made when it is first called."""
    stdout_fd: int = 1
    check: Callable[[], None] = lambda: None
    """Called when it is known what the layers hold, before their files are written. Raises where the build had taken
    them for something else."""


class Output(Protocol):
    """One destination. A failed write leaves what was there before, but for a directory of files."""

    def write(self, image: Built) -> None:
        """Afterwards the image, or the index with its images, is whole where the spec says. Repeating gives the same.
        Raises OutputError."""
