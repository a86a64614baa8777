"""An image of the store, by what people type: a name in any spelling, an id, or the beginning of one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from builder.errors import BuilderError, ImageError, StoreError
from builder.images.stored import Image, stored_images
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.reference import Reference
from builder.store.store import Store

_ID = re.compile(r"(?:sha256:)?([0-9a-f]{4,64})")


class Found(NamedTuple):
    descriptor: Descriptor
    """As the index has it: of a manifest, or of an index of several platforms."""
    names: tuple[str, ...]
    """All names of it, sorted."""
    by_name: str
    """The name in familiar form that it was found by; empty when it was by id."""


class Entry(NamedTuple):
    """An image of the store's index."""

    descriptor: Descriptor
    names: tuple[str, ...]
    image: Image
    """The first of `images`."""
    images: tuple[Image, ...]
    """All platforms of an index that the store has."""


def entries(store: Store) -> Iterator[Entry]:
    """Every image of the index once, those with names first, in the order of the names; damaged ones are left out:
    `store check` speaks of them."""
    names: dict[Descriptor, list[str]] = {}
    for name, descriptor in store.refs.items():
        names.setdefault(descriptor, []).append(name)
    for descriptor in store.refs.untagged():
        names.setdefault(descriptor, [])
    for descriptor, known in names.items():
        try:
            images = stored_images(store, descriptor, known[0] if known else descriptor.digest)
        except (StoreError, ImageError):
            continue
        if images:
            yield Entry(descriptor, tuple(known), images[0], images)


def find_image(store: Store, text: str) -> Found:
    """Names come before ids, as docker has it. Raises ImageError `image-not-found` or `ambiguous-id`."""
    name, wanted = _by_name(store, text)
    if wanted is None:
        wanted = _by_id(store, text)
    return Found(wanted, tuple(known for known, other in store.refs.items() if other == wanted), name)


def _by_name(store: Store, text: str) -> tuple[str, Descriptor | None]:
    try:
        reference = Reference.parse(text)
    except BuilderError:
        return "", None
    if reference.digest:
        return "", _by_digest(store, reference.digest)
    descriptor = store.refs.get(reference.familiar)
    return (reference.familiar if descriptor else ""), descriptor


def _by_digest(store: Store, digest: Digest) -> Descriptor | None:
    descriptors = [*(row[1] for row in store.refs.items()), *store.refs.untagged()]
    return next((descriptor for descriptor in descriptors if descriptor.digest == digest), None)


def _by_id(store: Store, text: str) -> Descriptor:
    match = _ID.fullmatch(text)
    found = {}
    if match:
        for entry in entries(store):
            digests = (entry.descriptor.digest, *(image.id for image in entry.images))
            if any(digest.hex.startswith(match[1]) for digest in digests):
                found[entry.descriptor.digest] = entry.descriptor
    if not found:
        raise _not_found(store, text[:300])
    if len(found) > 1:
        raise ImageError("ambiguous-id", f"{text} begins the ids of {len(found)} images", hint="write more of the id")
    return next(iter(found.values()))


def _not_found(store: Store, text: str) -> ImageError:
    from difflib import get_close_matches

    near = get_close_matches(text, [name for name, _ in store.refs.items()], n=1, cutoff=0.75)
    hint = "`pybuild images` lists them"
    hint = f"did you mean {near[0]}? {hint}" if near else hint
    return ImageError("image-not-found", f"the store has no image {text}", hint=hint)
