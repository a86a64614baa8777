"""Images of registries to the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from builder.errors import ImageError
from builder.images.fetch import Progress, ensure_blobs
from builder.images.resolve import PullPolicy, StoreResolver
from builder.images.select import serves
from builder.images.sources.types import OpenSource
from builder.images.stored import Image
from builder.model.descriptor import Descriptor
from builder.model.platform import Platform
from builder.model.reference import Reference
from builder.registry.access import Access
from builder.store.store import Store


class PullOptions(NamedTuple):
    platform: Platform
    platform_given: bool = False
    """An image of another platform will not do."""
    progress: Progress | None = None
    stop: Callable[[], None] = lambda: None
    """Cuts what is under way, when something has failed or somebody has interrupted it."""


class Pulled(NamedTuple):
    reference: Reference
    top: Descriptor
    """What the registry has under the name: a manifest, or an index of several platforms."""
    image: Image
    is_new: bool
    """Whether the store had another image of that name, or none."""


def wanted_references(access: Access, texts: Sequence[str], *, all_tags: bool) -> Iterator[Reference]:
    """What names mean; with `all_tags` every tag that the registry has of each repository."""
    for text in texts:
        reference = Reference.parse(text)
        if not all_tags:
            yield reference
            continue
        if reference.digest or text.rpartition("/")[2].partition(":")[1]:
            hint = "leave the tag or digest out"
            raise ImageError("bad-reference", f"a tag can't be used with --all-tags: {text[:300]}", hint=hint)
        for tag in sorted(access.client(reference.domain).tags(reference.path)):
            yield Reference.parse(f"{reference.repository}:{tag}")


def pull_image(store: Store, open_source: OpenSource, reference: Reference, options: PullOptions) -> Pulled:
    """Afterwards the store has the image that the registry has under the name, whole for one platform, and the name
    means it. Raises ImageError `no-such-platform`, RegistryError."""
    name = reference.familiar
    image, found = StoreResolver(store, open_source, PullPolicy.ALWAYS).from_registry(reference, name, options.platform)
    offered = image.config.platform
    if options.platform_given and not serves(offered, options.platform):
        hint = f"it is for {offered}"
        raise ImageError("no-such-platform", f"{name} has no image for {options.platform}", hint=hint)
    ensure_blobs(store, image.layers, open_source, options.progress, options.stop)
    before = None if reference.digest else store.refs.get(name)
    top = Descriptor(found.descriptor.media_type, found.descriptor.digest, found.descriptor.size)
    if reference.digest:
        store.refs.keep(top)
    else:
        store.refs.set(name, top)
    return Pulled(reference, top, image, before != top)
