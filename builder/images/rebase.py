"""An image's own layers on another base, without building: the same blobs, another stack below them.

What RUN steps computed from the old base stays as it is: a program that was compiled against it is not compiled
again. So files that the layers edited, and that the bases have differently, are refused unless forced.
"""

from __future__ import annotations

from typing import NamedTuple

from builder.errors import ImageError
from builder.images.clash import Clash, clashes
from builder.images.compare import shared_layers
from builder.images.fetch import ensure_blobs
from builder.images.find import entries, find_image
from builder.images.merge import merged_config
from builder.images.sources.types import OpenSource
from builder.images.stored import Image, stored_image, stored_images
from builder.images.unpack import ensure_tables
from builder.layers.tree import Tree
from builder.model import media_types
from builder.model.canonical import canonical
from builder.model.config import History
from builder.model.manifest import Manifest
from builder.model.path_text import path_text
from builder.model.platform import Platform
from builder.model.reference import Reference
from builder.store.store import Store

_BASE_NAME, _BASE_DIGEST = "org.opencontainers.image.base.name", "org.opencontainers.image.base.digest"
"""Annotations of a manifest (OCI image-spec, annotations.md)."""
_SHOWN = 10


class RebaseOptions(NamedTuple):
    onto: str
    """The new base: a name or an id."""
    old: str = ""
    """The base that the image was built on; empty: the image of the store that has most of its lowest layers."""
    name: str = ""
    platform: Platform | None = None
    force: bool = False


class Rebased(NamedTuple):
    image: Image
    name: str
    old: str
    """The old base, as it was found."""
    own_layers: int
    clashes: tuple[Clash, ...]
    """Those that force passed over."""


def rebase_image(store: Store, text: str, options: RebaseOptions, open_source: OpenSource) -> Rebased:
    """Afterwards the result is in the store: as `options.name`, else under the name that `text` is, whose earlier image
    stays without one. Raises ImageError `path-clash` unless forced, and `no-base` where the old one is not known."""
    found = find_image(store, text)
    image = _one(store, text, options.platform)
    new = _one(store, options.onto, image.config.platform)
    if not new.config.platform.matches(image.config.platform):
        wrong = f"{options.onto} is for {new.config.platform}, {text} for {image.config.platform}"
        raise ImageError("other-platform", wrong)
    old_name, old = _old_base(store, image, text, options.old)
    own = image.layers[len(old.layers) :]

    below = [Tree.of(ensure_tables(store, base.layers, open_source)) for base in (old, new)]
    found_clashes = clashes(ensure_tables(store, own, open_source), *below)
    if found_clashes and not options.force:
        raise _refused(text, options.onto, found_clashes)
    result = _stacked(store, image, old, new, options.onto)
    ensure_blobs(store, result.layers, open_source)
    called = options.name or found.by_name
    if called:
        store.refs.set(called, result.descriptor, keep_previous=True)
    else:
        store.refs.keep(result.descriptor)
    return Rebased(result, called, old_name, len(own), tuple(found_clashes))


def _one(store: Store, text: str, platform: Platform | None) -> Image:
    found = find_image(store, text)
    if found.descriptor.media_type in media_types.INDEXES and platform is None:
        raise ImageError("several-platforms", f"{text} is for several platforms", hint="choose one with --platform")
    return stored_image(store, found.descriptor, text, platform)


def _old_base(store: Store, image: Image, text: str, given: str) -> tuple[str, Image]:
    if given:
        old = _one(store, given, image.config.platform)
        if not _is_below(old, image):
            raise ImageError("not-its-base", f"{text} was not built on {given}: its lowest layers are others")
        return given, old
    fitting = [
        (entry.names[0] if entry.names else candidate.id.short, candidate)
        for entry in entries(store)
        for candidate in stored_images(store, entry.descriptor, entry.descriptor.digest)
        if candidate.layers and len(candidate.layers) < len(image.layers) and _is_below(candidate, image)
    ]
    hint = "name it with --from; it must be in the store"
    if not fitting:
        raise ImageError("no-base", f"the store has no image that {text} was built on", hint=hint)
    best = max(fitting, key=lambda pair: (_annotated(pair[1], image), len(pair[1].layers), _tells(pair[1], image)))
    if not _annotated(best[1], image) and _repository(best[0]) == _repository(text):
        message = f"{best[0]} may be an earlier state of {text} and not its base"
        raise ImageError("no-base", message, hint=hint)
    return best


def _repository(name: str) -> str:
    try:
        return Reference.parse(name).repository
    except ImageError:  # an id
        return name


def _is_below(base: Image, image: Image) -> bool:
    count = len(base.layers)
    return shared_layers(base.config.diff_ids, image.config.diff_ids) == count


def _annotated(base: Image, image: Image) -> bool:
    """Whether the image itself says that this is its base."""
    return dict(image.manifest.annotations).get(_BASE_DIGEST) == base.descriptor.digest


def _tells(base: Image, image: Image) -> int:
    """How much of the image's history a base explains, of several with the same layers."""
    length = len(base.config.history)
    return length if image.config.history[:length] == base.config.history else -1


def _stacked(store: Store, image: Image, old: Image, new: Image, onto: str) -> Image:
    count = len(old.layers)
    history = (*new.config.history, *_own_history(image.config.history, old.config.history, count))
    config = merged_config(image.config, old.config, new.config)._replace(
        diff_ids=(*new.config.diff_ids, *image.config.diff_ids[count:]), history=history
    )
    blob = store.blobs.put_bytes(canonical(config.to_json()), media_types.OCI_CONFIG)
    layers = tuple(layer.descriptor for layer in (*new.layers, *image.layers[count:]))
    annotations = dict(image.manifest.annotations) | {_BASE_DIGEST: str(new.descriptor.digest), _BASE_NAME: onto}
    manifest = Manifest(blob, layers, tuple(sorted(annotations.items())))
    return Image(store.blobs.put_bytes(canonical(manifest.to_json()), manifest.media_type), manifest, config)


def _own_history(history: tuple[History, ...], old: tuple[History, ...], layers: int) -> tuple[History, ...]:
    """Without the old base's entries; where those are not known, without the entries of its layers."""
    if old and history[: len(old)] == old:
        return history[len(old) :]
    position = 0
    while layers and position < len(history):
        layers -= not history[position].empty_layer
        position += 1
    return history[position:]


def _refused(text: str, onto: str, found: list[Clash]) -> ImageError:
    lines = [f"  /{path_text(clash.path)}: {clash.why}" for clash in found[:_SHOWN]]
    if len(found) > _SHOWN:
        lines.append(f"  and {len(found) - _SHOWN} more")
    message = "\n".join([f"layers of {text} clash with {onto} at {len(found)} paths:", *lines])
    return ImageError("path-clash", message, hint="build it again on the new base, or force it with -f")
