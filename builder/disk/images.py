"""Images of the index, with and without a name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from builder.disk.holdings import HeldImage, Holdings
from builder.disk.types import Item, Kind
from builder.errors import BuilderError
from builder.images.stored import read_image
from builder.images.uses import users_of
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.store.store import Store
from builder.store.trees import Remover


class Images:
    """Its own are the blobs that no other image holds. Those of cached layers stay for the cache."""

    kind = Kind.IMAGES

    def __init__(self, store: Store, holdings: Holdings) -> None:
        self._store = store
        self._holdings = holdings

    def items(self) -> list[Item]:
        holders = Counter(blob for image in self._holdings.images for blob in image.holds.blobs)
        return [self._item(image, holders) for image in self._holdings.images]

    def _item(self, image: HeldImage, holders: Counter[Digest]) -> Item:
        own = {blob for blob in image.holds.blobs if holders[blob] == 1}
        manifests = [image.descriptor, *(image.descriptor._replace(digest=blob) for blob in image.holds.blobs)]
        return Item(
            self.kind,
            image.descriptor.digest,
            ", ".join(image.names) or "<none>",
            self._holdings.bytes_of(own),
            self._holdings.bytes_of(image.holds.blobs - own),
            self._created(image),
            ", ".join(users_of(self._holdings.uses, manifests)),
            only_all=bool(image.names),
        )

    def _created(self, image: HeldImage) -> float:
        """As it says itself, and as docker has it; 0 where it does not."""

        def read(document: Descriptor) -> bytes:
            return self._store.blobs.read(document.digest, drop_damaged=False)

        with suppress(BuilderError, ValueError):
            return datetime.fromisoformat(read_image(read, image.descriptor, "").config.created).timestamp()
        return 0.0

    def remove(self, ids: Sequence[str], remover: Remover) -> list[str]:  # noqa: ARG002 - blobs go with the cache's
        return [text for text in ids if self._store.refs.forget(Digest(text))]
