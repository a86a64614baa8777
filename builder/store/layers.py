"""Which blobs carry a layer: compressing a layer again is never needed where it was done once."""

from __future__ import annotations

import json
import os
from contextlib import suppress

from builder.errors import BuilderError
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest, is_hex
from builder.model.layer import Layer
from builder.store.blobs import Blobs
from builder.store.failures import storing
from builder.store.temporary import Temporary


class LayerBlobs:
    """Diff ids to descriptors of blobs that are in the store. Derived: what it forgets is compressed once more."""

    def __init__(self, folder: str, blobs: Blobs, temporary: Temporary) -> None:
        self._folder = folder
        self._blobs = blobs
        self._temporary = temporary

    def find(self, diff_id: Digest, media_type: str | None = None) -> Descriptor | None:
        """The blob that was remembered last for `diff_id`, of that media type if one is given."""
        for descriptor in self.all_of(diff_id):
            if media_type in (None, descriptor.media_type) and self._blobs.has(descriptor.digest, descriptor.size):
                return descriptor
        return None

    def remember(self, layer: Layer) -> None:
        """Afterwards `find` knows that the layer's blob carries it. One write at most; two processes at once may cost
        the memory of one."""
        known = self.all_of(layer.diff_id)
        if layer.descriptor in known:
            return
        rows = [layer.descriptor.to_json(), *(descriptor.to_json() for descriptor in known)]
        self._temporary.write(self.path(layer.diff_id), json.dumps(rows).encode())

    def all_of(self, diff_id: Digest) -> list[Descriptor]:
        """Every blob that was remembered for `diff_id`, newest first, whether it is still there or not."""
        try:
            with open(self.path(diff_id), "rb") as file:
                rows = json.load(file)
            return [Descriptor.from_json(row) for row in rows]
        except (OSError, ValueError, TypeError, RecursionError, BuilderError):
            return []

    def forget(self, diff_id: Digest) -> None:
        with storing(self._folder), suppress(FileNotFoundError):
            os.unlink(self.path(diff_id))

    def all(self) -> list[Digest]:
        """The diff ids that something is remembered for, sorted."""
        stems = (name.removesuffix(".json") for name in os.listdir(self._folder))
        return [Digest.from_hex(stem) for stem in sorted(stems) if is_hex(stem)]

    def path(self, diff_id: Digest) -> str:
        return f"{self._folder}/{diff_id.hex}.json"
