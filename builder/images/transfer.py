"""Images from one place to another, as they are: documents byte for byte, blobs in parallel, nothing that is there.

An index goes with all that it refers to, attestations too. The order keeps the destination whole at every moment: blobs
first, then the manifests that refer to them, then indexes, then names.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import NamedTuple

from builder.errors import BuilderError, ImageError
from builder.images.destinations.types import Destination
from builder.images.fetch import Progress
from builder.images.parallel import side_by_side
from builder.images.select import choose
from builder.images.sources.types import DOCUMENT_LIMIT, Document, Source
from builder.model import media_types
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.manifest import Index, Manifest
from builder.model.platform import Platform
from builder.registry.upload import Pushed

_DEEPEST = 4
"""How deep indexes of indexes are followed."""
_MOST_DOCUMENTS = 1000
_ELSEWHERE = ("nondistributable", ".foreign.")
"""In media types of layers that their owner wants to be fetched from its own servers only."""


class Moved(NamedTuple):
    """A config or a layer, and how it came there."""

    descriptor: Descriptor
    how: Pushed


class Watch(NamedTuple):
    """Who looks on."""

    progress: Progress | None = None
    stop: Callable[[], None] = lambda: None
    """Cuts what is under way, when something has failed or somebody has interrupted it."""
    known_at: Callable[[Digest], tuple[str, ...]] = lambda _: ()
    """Origins that are known to have a blob: it may be had from there without being sent."""


class Transfer:
    def __init__(self, source: Source, destination: Destination, watch: Watch = Watch()) -> None:  # noqa: B008
        self._source = source
        self._destination = destination
        self._watch = watch
        self._stopped = False

    def run(self, top: Document, names: tuple[str, ...]) -> tuple[Moved, ...]:
        """Afterwards the destination has `top`, whole, under all of `names`; under its digest alone where there are
        none. Returns what its manifests refer to, in their order, unless all of it was there already."""
        moved: tuple[Moved, ...] = ()
        if not self._destination.has_document(top.descriptor):
            documents: list[Document] = []
            blobs: dict[Digest, Descriptor] = {}
            self._collect(top, documents, blobs, 0)
            moved = tuple(side_by_side(self._move, blobs.values(), self._stop))
            for document in documents[:-1]:
                self._destination.put_document(document)
        if not names:  # what is there may still be missing from the list of its subject's referrers
            self._destination.put_document(top)
        for name in names:
            self._destination.name(top, name)
        return moved

    def _stop(self) -> None:
        self._stopped = True
        self._watch.stop()

    def _collect(
        self, document: Document, documents: list[Document], blobs: dict[Digest, Descriptor], depth: int
    ) -> None:
        """What `document` refers to and the destination lacks; documents come after those that they refer to."""
        children, content = references(document)
        if depth > _DEEPEST:
            raise ImageError("bad-index", f"{document.descriptor.digest} nests indexes too deeply")
        if len(documents) >= _MOST_DOCUMENTS:
            raise ImageError("bad-index", f"more than {_MOST_DOCUMENTS} manifests and indexes are to go together")
        for child in children:
            if not self._destination.has_document(child):
                self._collect(fetched(self._source, child), documents, blobs, depth + 1)
        blobs.update({blob.digest: blob for blob in content if blob.digest not in blobs})
        documents.append(document)

    def _move(self, blob: Descriptor) -> Moved:
        if self._destination.has_blob(blob):
            return Moved(blob, Pushed.THERE)

        progress = self._watch.progress if blob.media_type not in media_types.CONFIGS else None

        def content(start: int) -> Iterator[bytes]:
            done = start
            for chunk in self._source.blob(blob, start):
                if self._stopped:
                    raise ImageError("stopped", "another transfer has failed")
                done += len(chunk)
                if progress:
                    progress(blob.digest, done, blob.size)
                yield chunk

        return Moved(blob, self._destination.put_blob(blob, content, self._watch.known_at(blob.digest)))


def references(document: Document) -> tuple[tuple[Descriptor, ...], tuple[Descriptor, ...]]:
    """The documents and the blobs that a document refers to. Raises ImageError `bad-manifest` for what is none."""
    try:
        value = json.loads(document.data)
        if document.descriptor.media_type in media_types.INDEXES or "manifests" in value:
            return Index.from_json(value).manifests, ()
        manifest = Manifest.from_json(value)
    except (ValueError, TypeError, RecursionError) as error:
        raise ImageError("bad-manifest", f"{document.descriptor.digest} is neither manifest nor index") from error
    layers = [layer for layer in manifest.layers if not any(word in layer.media_type for word in _ELSEWHERE)]
    return (), (manifest.config, *layers)


def fetched(source: Source, descriptor: Descriptor) -> Document:
    """The document that a descriptor means. Raises ImageError for one that no document can be."""
    if descriptor.size > DOCUMENT_LIMIT:
        raise ImageError("bad-manifest", f"a manifest of {descriptor.size} bytes is larger than any can be")
    document = source.document(str(descriptor.digest))
    if document.descriptor.digest != descriptor.digest or len(document.data) != descriptor.size:
        raise ImageError("bad-manifest", f"{descriptor.digest} has another size than what refers to it says")
    return Document(descriptor, document.data)


def chosen(source: Source, top: Document, platform: Platform | None, name: str) -> Document:
    """`top`, or the manifest of one platform where it is an index and one is wanted."""
    for _ in range(_DEEPEST):
        children, _ = references(top)
        if platform is None or not children:
            return top
        entry = choose(children, platform, name)
        top = fetched(source, entry._replace(annotations=(), platform=None))
    raise ImageError("bad-index", f"{name} nests indexes too deeply")


def is_index(document: Document) -> bool:
    try:
        return bool(references(document)[0])
    except BuilderError:
        return False
