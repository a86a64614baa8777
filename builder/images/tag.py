"""Another name for an image of the store."""

from __future__ import annotations

from builder.errors import ImageError
from builder.model.reference import Reference
from builder.store.store import Store


def tag_image(store: Store, source: str, target: str) -> str:
    """Afterwards `target` names the image that `source` (a name or an id) means; returns it in familiar form. What it
    named before loses that name."""
    from builder.images.find import find_image

    name = parse_tag(target)
    store.refs.set(name, find_image(store, source).descriptor)
    return name


def parse_tag(text: str) -> str:
    """A name that an image is given, in familiar form. Raises ImageError `bad-reference` for one with a digest: what
    a digest means can't be chosen."""
    reference = Reference.parse(text)
    if reference.digest:
        raise ImageError("bad-reference", f"a name that is given to an image has no digest: {text[:300]!r}")
    return reference.familiar
