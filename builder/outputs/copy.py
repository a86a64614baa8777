"""Images from one place to another without unpacking, whatever the two places are: `pybuild copy`.

NAME[:TAG|@DIGEST], docker://NAME   a registry
store:NAME                          the store
oci:PATH[:TAG], oci-archive:PATH    an OCI layout (an archive of one can be read only)
docker-archive:PATH[:NAME]          what docker save writes and docker load reads
"""

from __future__ import annotations

import os
from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from builder.errors import UsageError
from builder.images.destinations.layout import LayoutDestination
from builder.images.destinations.registry import RegistryDestination
from builder.images.destinations.store import StoreDestination
from builder.images.destinations.types import Destination
from builder.images.docker_archive import load_docker_archive
from builder.images.origins import origins_of
from builder.images.push import Route
from builder.images.resolve import split_tag
from builder.images.sources.store import StoreSource
from builder.images.sources.types import Document, Source
from builder.images.stored import stored_image
from builder.images.transfer import Moved, Transfer, Watch, chosen
from builder.model.digest import Digest
from builder.model.platform import Platform
from builder.model.reference import Reference, parse_tag
from builder.outputs.docker import DockerOutput
from builder.outputs.types import Means, OutputKind, OutputSpec


class PlaceKind(StrEnum):
    REGISTRY = "docker://"
    STORE = "store:"
    OCI = "oci:"
    OCI_ARCHIVE = "oci-archive:"
    DOCKER_ARCHIVE = "docker-archive:"


class CopyPlace(NamedTuple):
    kind: PlaceKind
    rest: str

    @classmethod
    def parse(cls, text: str) -> CopyPlace:
        for kind in PlaceKind:
            if text.startswith(kind):
                return cls(kind, text.removeprefix(kind))
        return cls(PlaceKind.REGISTRY, text)


class Copied(NamedTuple):
    document: Document
    moved: tuple[Moved, ...]


class Copying(NamedTuple):
    """What copies work with."""

    route: Route
    means: Means
    host: Platform
    platform: Platform | None = None
    """Only this one of an image for several."""

    def run(self, source: CopyPlace, target: CopyPlace) -> Copied:
        """Afterwards `target` has the image, whole; an index with all its platforms."""
        where, reference, known_at = self.source_of(source)
        top = where.document(reference)
        platform = self.platform or (self.host if target.kind is PlaceKind.DOCKER_ARCHIVE else None)
        document = chosen(where, top, platform, source.rest)
        destination, names = self.destination_of(target, document)
        watch = Watch(self.route.progress, self.route.access().transport.abort, known_at)
        moved = Transfer(where, destination, watch).run(document, names)
        if target.kind is PlaceKind.DOCKER_ARCHIVE:
            self._write_docker_archive(target.rest, document)
        return Copied(document, moved)

    def source_of(self, place: CopyPlace) -> tuple[Source, str, Callable[[Digest], tuple[str, ...]]]:
        """Where to copy from, what to ask for there, and who else has its blobs."""
        store, open_source = self.route.store, self.route.open_source
        match place.kind:
            case PlaceKind.REGISTRY:
                reference = Reference.parse(place.rest)
                origin = f"registry:{reference.repository}"
                return open_source(origin), str(reference.digest or reference.tag), lambda _: (origin,)
            case PlaceKind.STORE:
                return StoreSource(store, open_source), place.rest, lambda digest: origins_of(store, digest)
            case PlaceKind.DOCKER_ARCHIVE:
                image = load_docker_archive(store, *split_tag(place.rest))
                return StoreSource(store, open_source), image.descriptor.digest, lambda _: ()
        path, tag = split_tag(place.rest)
        kind = "oci-layout" if place.kind is PlaceKind.OCI else "oci-archive"
        return open_source(f"{kind}:{os.path.abspath(path)}"), tag, lambda _: ()

    def destination_of(self, place: CopyPlace, document: Document) -> tuple[Destination, tuple[str, ...]]:
        match place.kind:
            case PlaceKind.REGISTRY:
                reference = Reference.parse(place.rest)
                if reference.digest and reference.digest != document.descriptor.digest:
                    message = f"{place.rest} cannot be the name of {document.descriptor.digest}"
                    raise UsageError("other-digest", message, hint="leave the digest out, or copy what has it")
                client = self.route.access().client(reference.domain)
                return RegistryDestination(client, reference.path), (reference.tag,) if reference.tag else ()
            case PlaceKind.STORE:
                return StoreDestination(self.route.store), (parse_tag(place.rest),)
            case PlaceKind.OCI:
                path, tag = _split_new(place.rest)
                layout = LayoutDestination(path)
                layout.check()
                return layout, (tag,)
            case PlaceKind.OCI_ARCHIVE:
                hint = "copy to oci:PATH, or use `pybuild save --format oci-archive`"
                raise UsageError("not-writable", "oci-archive: can only be copied from", hint=hint)
        return StoreDestination(self.route.store), ()

    def _write_docker_archive(self, rest: str, document: Document) -> None:
        path, _, name = rest.partition(":")
        image = stored_image(self.route.store, document.descriptor, document.descriptor.digest)
        names = (parse_tag(name),) if name else ()
        DockerOutput(OutputSpec(OutputKind.DOCKER, path, names), self.means).write(image)


def _split_new(rest: str) -> tuple[str, str]:
    """`PATH[:TAG]` of a layout that need not be there yet."""
    head, colon, tail = rest.rpartition(":")
    if os.path.exists(rest) or not colon or "/" in tail:
        return rest, ""
    return head, tail
