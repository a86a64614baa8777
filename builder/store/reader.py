"""Reading a blob is checking it."""

from __future__ import annotations

import io
import os
from contextlib import suppress

from builder.lean import TYPE_CHECKING, new_hash
from builder.model.digest import Digest
from builder.store.failures import mismatch

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_CHUNK = 1 << 20


class VerifiedReader(io.RawIOBase):
    """Reads a blob and raises StoreError `digest-mismatch` at the end, at the latest, when it is damaged.

    Whoever stops before the end has verified nothing: call `finish`. Unless `drop_damaged` is off, a damaged blob is
    dropped from the store, so that it counts as absent from then on. Many small reads want an `io.BufferedReader`.
    """

    def __init__(self, fd: int, path: str, digest: Digest, size: int | None, drop_damaged: bool) -> None:
        super().__init__()
        self._fd = fd
        self._path = path
        self._drop_damaged = drop_damaged
        self._digest = digest
        self.size = os.fstat(fd).st_size
        """How many bytes the blob has."""
        self._hash = new_hash(digest.algorithm, self.size)
        self._seen = 0
        self._verified = False
        if size is not None and size != self.size:
            self._damaged(f"{size} bytes", f"{self.size} bytes")

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._fd

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        count = os.readv(self._fd, [view])
        if count:
            self._hash.update(view[:count])
            self._seen += count
        if not count and len(view):
            self._verify()
        return count

    def finish(self) -> None:
        """Reads what is left, and verifies."""
        rest = bytearray(min(_CHUNK, self.size + 1))
        while not self._verified:
            self.readinto(rest)

    def close(self) -> None:
        if not self.closed:
            os.close(self._fd)
        super().close()

    def _verify(self) -> None:
        actual = f"{self._digest.algorithm}:{self._hash.hexdigest()}"
        if self._seen != self.size:
            self._damaged(f"{self.size} bytes", f"{self._seen} bytes")
        if actual != self._digest:
            self._damaged(self._digest, actual)
        self._verified = True

    def _damaged(self, wanted: str, actual: str) -> None:
        with suppress(OSError):
            if self._drop_damaged and os.path.samestat(os.fstat(self._fd), os.stat(self._path)):
                os.unlink(self._path)
        raise mismatch(self._digest, wanted, actual)
