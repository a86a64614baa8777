"""What a name of the index points to is whole, and stays."""

from __future__ import annotations

from builder.errors import StoreError
from builder.model.descriptor import Descriptor
from builder.store.blobs import Blobs
from builder.store.reach import reach


def hold(blobs: Blobs, name: str, descriptor: Descriptor) -> None:
    """Afterwards every blob that `descriptor` stands for is there for as long as we have the store open. Raises
    StoreError `blob-missing` where one is not: what a caller had found may have been removed by another process."""
    lost = [digest for digest in sorted(reach(blobs, [descriptor]).blobs) if not blobs.has(digest)]
    if lost:
        title = f"image {name}" if name else "the image"
        raise StoreError(
            "blob-missing",
            f"{title} cannot be kept: {lost[0]} is not in the store",
            hint="it may have been removed meanwhile: build or pull it again",
            retryable=True,
        )
