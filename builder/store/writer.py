"""Writing a blob: what is not committed was never there."""

from __future__ import annotations

import hashlib
import os
from types import TracebackType
from typing import TYPE_CHECKING, Self

from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.store.failures import FULL, mismatch, storing
from builder.store.temporary import Temporary, discard

if TYPE_CHECKING:
    from builder.store.blobs import Blobs

_BUFFER = 1 << 18
_WRITE_BACK = 16 << 20
"""The kernel starts to write so much to the disk at a time, so that the sync at the end finds little left to do."""


class RawWriter:
    """Writes a new blob that becomes visible by `commit_as` only. One thread at a time."""

    def __init__(self, blobs: Blobs, temporary: Temporary) -> None:
        self._blobs = blobs
        with storing(blobs.path(Digest("sha256:"))):
            fd, self._path = temporary.file()
        self._file = open(fd, "wb", buffering=_BUFFER)  # noqa: SIM115 - closed by commit or by __exit__
        self.size = 0
        """Bytes written so far."""
        self._started = 0

    def write(self, data: bytes | bytearray | memoryview) -> int:
        with storing(self._path):
            count = self._file.write(data)
            self.size += count
            if self.size - self._started >= _WRITE_BACK:
                self._start_write_back()
        return count

    def _start_write_back(self) -> None:
        """POSIX_FADV_DONTNEED starts writing what is dirty and drops what is clean: of bytes just written, nothing."""
        self._file.flush()
        os.posix_fadvise(self._file.fileno(), self._started, self.size - self._started, os.POSIX_FADV_DONTNEED)
        self._started = self.size

    def commit_as(self, digest: Digest, size: int) -> None:
        """Afterwards the blob is in the store, as `digest`, which the caller vouches for."""
        with storing(self._path):
            self._file.close()
        self._blobs.adopt(self._path, digest, size)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._file.close()
        except OSError as failure:
            if failure.errno not in FULL:
                raise
            # What could not be flushed is thrown away anyway; the error that led here is the one to report.
        discard(self._path)


class BlobWriter(RawWriter):
    """Hashes while it writes."""

    def __init__(self, blobs: Blobs, temporary: Temporary, algorithm: str) -> None:
        super().__init__(blobs, temporary)
        self._algorithm = algorithm
        self._hash = hashlib.new(algorithm)

    def write(self, data: bytes | bytearray | memoryview) -> int:
        self._hash.update(data)
        return super().write(data)

    def commit(self, expected: Descriptor | Digest | None = None) -> tuple[Digest, int]:
        """Afterwards the blob is in the store. Raises StoreError `digest-mismatch`, leaving nothing, when it is not
        what was `expected`."""
        digest = Digest(f"{self._algorithm}:{self._hash.hexdigest()}")
        if isinstance(expected, Descriptor) and expected.size != self.size:
            raise mismatch(expected.digest, f"{expected.size} bytes", f"{self.size} bytes")
        wanted = expected.digest if isinstance(expected, Descriptor) else expected
        if wanted is not None and wanted != digest:
            raise mismatch(wanted, wanted, digest)
        self.commit_as(digest, self.size)
        return digest, self.size
