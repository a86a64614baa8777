"""Another name for an image of the store."""

from __future__ import annotations

from builder.model.reference import parse_tag
from builder.store.store import Store


def tag_image(store: Store, source: str, target: str) -> str:
    """Afterwards `target` names the image that `source` (a name or an id) means; returns it in familiar form. What it
    named before loses that name."""
    from builder.images.find import find_image

    name = parse_tag(target)
    store.refs.set(name, find_image(store, source).descriptor)
    return name
