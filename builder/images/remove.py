"""Taking names off images; what nobody needs any more goes with the last one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from builder.errors import ImageError
from builder.images.find import find_image
from builder.images.origins import lookups
from builder.images.stored import stored_image, stored_images
from builder.images.uses import Use, users_of
from builder.model import media_types
from builder.model.digest import Digest
from builder.model.layer import Layer
from builder.store.gc import Roots, collect
from builder.store.store import Store
from builder.store.trees import Remover, remove_tree


class Removed(NamedTuple):
    untagged: tuple[str, ...]
    deleted: tuple[Digest, ...]
    """Ids of images that have no name left."""
    freed_bytes: int
    """Of blobs. What running builds use is freed by a later removal."""


def remove_images(
    store: Store,
    images: Sequence[str],
    cached: Callable[[], Sequence[Layer]],
    *,
    uses: Callable[[], Sequence[Use]] = lambda: (),
    force: bool = False,
    remover: Remover = remove_tree,
) -> Removed:
    """Afterwards none of `images` (names or ids) is in the index, and blobs, tables and snapshots that neither another
    image nor the `cached` layers nor one of the `uses` need are gone. Everything is found before anything is removed;
    an image that is used goes by force only, and then what it holds stays for as long as it is used."""
    if not force:
        for text in images:
            _check(store, text, uses())
    untagged: list[str] = []
    deleted: list[Digest] = []
    for text in images:
        names, identifier = _remove_one(store, text)
        untagged += names
        deleted += [identifier] if identifier else []
    collected = collect(store, lambda: roots_of(store, cached, uses), remover)
    return Removed(tuple(untagged), tuple(deleted), collected.size)


def _check(store: Store, text: str, uses: Sequence[Use]) -> None:
    found = find_image(store, text)
    if not found.by_name and len(found.names) > 1:
        names = ", ".join(found.names)
        raise ImageError(
            "image-in-use", f"image {text} has {len(found.names)} names", hint=f"force it, or remove {names}"
        )
    if found.by_name and len(found.names) > 1:
        return  # it keeps a name
    manifests = [image.descriptor for image in stored_images(store, found.descriptor, text)]
    users = users_of(uses, [found.descriptor, *manifests])
    if users:
        raise ImageError(
            "image-in-use",
            f"image {text} is used by {', '.join(users)}",
            hint="remove or unmount that first, or force it with -f",
        )


def _remove_one(store: Store, text: str) -> tuple[tuple[str, ...], Digest | None]:
    """The names that are gone, and the id when no name is left."""
    found = find_image(store, text)
    is_index = found.descriptor.media_type in media_types.INDEXES
    identifier = found.descriptor.digest if is_index else stored_image(store, found.descriptor, text).id
    if found.by_name and len(found.names) > 1:
        store.refs.remove(found.by_name)
        return (found.by_name,), None
    store.refs.forget(found.descriptor.digest)
    return found.names, identifier


def roots_of(store: Store, cached: Callable[[], Sequence[Layer]], uses: Callable[[], Sequence[Use]]) -> Roots:
    """Beside what is used and the cache, the documents of images that builds began with: without them the next build
    would have to ask the registry. Their layers stay as far as they have been fetched."""
    used = uses()
    documents = (*(lookup.descriptor for lookup in lookups(store)), *(use.image for use in used))
    mounted = (Layer(snapshot, use.image) for use in used for snapshot in use.snapshots)
    return Roots(documents, (*cached(), *mounted))
