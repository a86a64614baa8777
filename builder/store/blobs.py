"""Blobs by digest, `blobs/ALGORITHM/HEX` of the OCI image layout. Every one is verified as it is written and as it is
read."""

from __future__ import annotations

import os
import stat
from contextlib import suppress

from builder.errors import StoreError
from builder.lean import TYPE_CHECKING
from builder.model.descriptor import Descriptor
from builder.model.digest import HEX_LENGTHS, Digest, is_hex
from builder.store.failures import mismatch, store_error, storing
from builder.store.presence import Presence
from builder.store.temporary import Temporary, discard

if TYPE_CHECKING:
    from builder.store.reader import VerifiedReader
    from builder.store.writer import BlobWriter, RawWriter

READ_LIMIT = 4 << 20
"""Manifests and configs are read whole; none that serves a purpose is larger (the registry protocol's limit too)."""


class Blobs:
    """Safe to share between threads and processes. Adding a blob that is there is harmless and cheap."""

    def __init__(self, folder: str, temporary: Temporary, presence: Presence) -> None:
        self._folder = folder
        self._temporary = temporary
        self._presence = presence

    def path(self, digest: Digest) -> str:
        """Where the blob is, or would be."""
        return f"{self._folder}/{digest.algorithm}/{digest.hex}"

    def has(self, digest: Digest, size: int | None = None) -> bool:
        """Whether the blob is there; one of another size than `size` counts as absent. It stays for as long as we have
        the store open."""
        path = self.path(digest)
        status = _status(path)
        return status is not None and size in (None, status.st_size) and self._presence.keep_found(path, status)

    def size(self, digest: Digest) -> int | None:
        """Of the blob, in bytes; None where there is none. For who looks without using it."""
        status = _status(self.path(digest))
        return None if status is None else status.st_size

    def put_bytes(self, data: bytes, media_type: str) -> Descriptor:
        digest = Digest.of(data)
        if not self.has(digest, len(data)):
            with self.raw_writer() as writer:
                writer.write(data)
                writer.commit_as(digest, len(data))
        return Descriptor(media_type, digest, len(data))

    def writer(self, algorithm: str = "sha256") -> BlobWriter:
        """Hashes what is written to it. Leaving the context without a commit leaves nothing."""
        from builder.store.writer import BlobWriter

        return BlobWriter(self, self._temporary, algorithm)

    def raw_writer(self) -> RawWriter:
        """For a caller that hashes on its own."""
        from builder.store.writer import RawWriter

        return RawWriter(self, self._temporary)

    def adopt(self, path: str, digest: Digest, size: int) -> None:
        """Takes a file of this store's `temporary`, whose content the caller has hashed itself; `path` is gone then."""
        with storing(path):
            actual = os.stat(path).st_size
            if actual != size:
                raise mismatch(digest, f"{size} bytes", f"{actual} bytes")
            if self.has(digest, size):
                discard(path)
                return
            try:
                self._temporary.publish(path, self.path(digest))
            except FileNotFoundError:
                os.makedirs(os.path.dirname(self.path(digest)), exist_ok=True)
                self._temporary.publish(path, self.path(digest))

    def open(self, digest: Digest, size: int | None = None, *, drop_damaged: bool = True) -> VerifiedReader:
        """A reader that checks digest and length; raises StoreError `blob-missing` where there is no such blob. Without
        `drop_damaged` nothing is changed, nor does it count as a use."""
        from builder.store.reader import VerifiedReader

        path = self.path(digest)
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            if drop_damaged:
                self._presence.keep(path)
        except FileNotFoundError:
            raise StoreError(
                "blob-missing", f"the store has no blob {digest}", hint="build or pull the image again"
            ) from None
        except OSError as error:
            raise store_error(error, path) from error
        return VerifiedReader(fd, path, digest, size, drop_damaged)

    def read(self, digest: Digest, limit: int = READ_LIMIT, *, drop_damaged: bool = True) -> bytes:
        """The whole blob, verified; raises StoreError `blob-too-large` for one of more than `limit` bytes."""
        with self.open(digest, drop_damaged=drop_damaged) as reader:
            data = reader.read(min(limit, reader.size) + 1)
            if len(data) > limit:
                raise StoreError(
                    "blob-too-large", f"blob {digest} is larger than the {limit} bytes that are read whole"
                )
            reader.finish()
        return data

    def remove(self, digest: Digest) -> int:
        """Bytes freed; 0 where there was no such blob."""
        path = self.path(digest)
        with storing(path):
            try:
                size = os.stat(path).st_size
                os.unlink(path)
            except FileNotFoundError:
                return 0
        return size

    def stats(self) -> dict[Digest, os.stat_result]:
        """Of every blob there is. For who looks without using them."""
        found = {}
        for digest in self.all():
            with suppress(FileNotFoundError):
                found[digest] = os.stat(self.path(digest), follow_symlinks=False)
        return found

    def all(self) -> list[Digest]:
        """Every blob there is, sorted. Files with other names than digests are left out."""
        found = []
        for algorithm, length in HEX_LENGTHS.items():
            try:
                names = os.listdir(f"{self._folder}/{algorithm}")
            except FileNotFoundError:
                continue
            found += [Digest.parse(f"{algorithm}:{name}") for name in names if is_hex(name, length)]
        return sorted(found)


def _status(path: str) -> os.stat_result | None:
    """Of a file; None where there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status if stat.S_ISREG(status.st_mode) else None
