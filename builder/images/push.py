"""Images of the store to their registries: what is there is not sent, what another repository of the same registry has
is mounted, and layers that the store itself never fetched go from registry to registry."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from builder.errors import ImageError
from builder.images.destinations.registry import RegistryDestination
from builder.images.index import Built
from builder.images.origins import origins_of, remember_blob
from builder.images.select import image_entries
from builder.images.sources.store import StoreSource
from builder.images.sources.types import Document, OpenSource
from builder.images.stored import stored_image, stored_images
from builder.images.transfer import Moved, Transfer, Watch, is_index, references
from builder.model import media_types
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.platform import Platform
from builder.model.reference import Reference
from builder.registry.access import Access
from builder.store.store import Store

Progress = Callable[[Digest, int, int], None]


class Route(NamedTuple):
    """How the store and the registries are reached."""

    store: Store
    open_source: OpenSource
    access: Callable[[], Access]
    """Makes it when it is first called."""
    progress: Progress | None = None


class Push(NamedTuple):
    """One repository, and what is to go there."""

    repository: str
    """Domain and path."""
    document: Document
    tags: tuple[str, ...]
    """None: by its digest alone."""
    left_out: int = 0
    """Platforms of the index that the store does not have."""


class Outcome(NamedTuple):
    push: Push
    moved: tuple[Moved, ...]
    """Of the image's configs and layers, in order; empty where the registry had the image already."""


def plan_pushes(store: Store, text: str, *, all_tags: bool, platform: Platform | None) -> tuple[Push, ...]:
    """What pushing a name means; with `all_tags` every tag of its repository that the store has. Raises ImageError
    `image-not-found`, and `bad-reference` for a name with a digest: what that means cannot be pushed under it."""
    reference = Reference.parse(text)
    if reference.digest:
        raise ImageError("bad-reference", f"cannot push a digest reference: {text[:300]}", hint="push a tag")
    if not all_tags:
        return (_planned(store, reference, platform),)
    if reference.tag and text.rpartition("/")[2].partition(":")[1]:
        raise ImageError("bad-reference", f"a tag can't be used with --all-tags: {text[:300]}", hint="leave it out")
    known = [Reference.parse(name) for name, _ in store.refs.items()]
    tags = [other for other in known if other.repository == reference.repository and other.tag]
    if not tags:
        name = reference._replace(tag="").familiar
        raise ImageError("image-not-found", f"the store has no image of {name}", hint="`pybuild images` lists them")
    return tuple(_planned(store, tag, platform) for tag in tags)


def _planned(store: Store, reference: Reference, platform: Platform | None) -> Push:
    descriptor = store.refs.get(reference.familiar)
    if descriptor is None:
        raise ImageError(
            "image-not-found",
            f"the store has no image with the tag {reference.familiar}",
            hint="`pybuild images` lists them; `pybuild tag IMAGE NAME` gives one another name",
        )
    document, left_out = _complete(store, descriptor, reference.familiar, platform)
    return Push(reference.repository, document, (reference.tag,), left_out)


def _complete(store: Store, top: Descriptor, name: str, platform: Platform | None) -> tuple[Document, int]:
    """What of an index can be pushed: all of it, or the only platform that the store has."""
    document = Document(top, store.blobs.read(top.digest))
    if platform is not None:
        image = stored_image(store, top, name, platform)
        return Document(image.descriptor, store.blobs.read(image.descriptor.digest)), 0
    if not is_index(document):
        return document, 0
    missing = [child for child in references(document)[0] if not store.blobs.has(child.digest, child.size)]
    if not missing:
        return document, 0
    images = stored_images(store, top, name)
    if len(images) != 1:
        there = ", ".join(sorted(str(image.descriptor.platform) for image in images))
        raise ImageError(
            "incomplete-index",
            f"the store has {len(images)} of the platforms of {name}: {there or 'none'}",
            hint="push one with --platform, or bring the others with `pybuild copy`",
        )
    only = images[0].descriptor._replace(platform=None, annotations=())
    return Document(only, store.blobs.read(only.digest)), len(image_entries(tuple(missing)))


def push(route: Route, wanted: Push) -> Outcome:
    """Afterwards the registry has the image under all of its tags."""
    access = route.access()
    domain, _, path = wanted.repository.partition("/")
    destination = RegistryDestination(access.client(domain), path)
    watch = Watch(route.progress, access.transport.abort, lambda digest: origins_of(route.store, digest))
    source = StoreSource(route.store, route.open_source)
    moved = Transfer(source, destination, watch).run(wanted.document, wanted.tags)
    for blob in moved:
        if blob.descriptor.media_type in media_types.LAYERS:
            remember_blob(route.store, blob.descriptor.digest, destination.origin)
    return Outcome(wanted, moved)


def push_built(route: Route, built: Built, names: tuple[str, ...], *, by_digest: bool) -> None:
    """Afterwards the registries of all `names` have what a build made; under its digest alone where that is wanted."""
    document = Document(built.descriptor, route.store.blobs.read(built.descriptor.digest))
    by_repository: dict[str, list[str]] = {}
    for name in names:
        reference = Reference.parse(name)
        by_repository.setdefault(reference.repository, []).append(reference.tag)
    for repository, tags in by_repository.items():
        push(route, Push(repository, document, () if by_digest else tuple(tags)))
