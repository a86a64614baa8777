"""Sending a blob: by the kernel's sendfile where there is no TLS, verified all the same."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING

from builder.registry.server.ranges import Range
from builder.registry.server.threads import on_thread
from builder.store.failures import storing

if TYPE_CHECKING:
    from aiohttp import web

    from builder.model.digest import Digest
    from builder.store.blobs import Blobs

_PIECE = 4 << 20
_HASHED = 256 << 10
_SLOWEST = 8 << 10
"""Bytes a second that a client must read."""


_TRUSTED_S = 3600.0
_MOST_TRUSTED = 10_000


class Verified:
    """Which blobs this process has found to be right, as they came or as they went, within the last hour. Hashing takes
    as much time as sending; what is damaged is found all the same, some time later."""

    def __init__(self) -> None:
        self._until: dict[Digest, float] = {}

    def add(self, digest: Digest) -> None:
        while len(self._until) >= _MOST_TRUSTED:
            self._until.pop(next(iter(self._until)))
        self._until[digest] = time.monotonic() + _TRUSTED_S

    def __contains__(self, digest: Digest) -> bool:
        return self._until.get(digest, 0.0) > time.monotonic()


class Outgoing:
    """A blob that is open. A context manager."""

    def __init__(self, blobs: Blobs, digest: Digest) -> None:
        self._reader = blobs.open(digest)
        self.size = self._reader.size
        with storing(blobs.path(digest)):
            self._file = open(f"/proc/self/fd/{self._reader.fileno()}", "rb", buffering=0)  # noqa: SIM115 - see __exit__

    async def send(self, request: web.BaseRequest, response: web.StreamResponse, part: Range) -> None:
        """The body of a `response` that is prepared. Raises TimeoutError for a client that does not read."""
        for position in range(part.first, part.last + 1, _PIECE):
            await self._send(request, response, position, min(_PIECE, part.last + 1 - position))

    async def send_verified(self, request: web.BaseRequest, response: web.StreamResponse) -> None:
        """As `send`, all of it; it is hashed meanwhile, and the last piece goes out when the digest is known to be
        right. Raises StoreError when it is not."""
        last = max(0, (self.size - 1) // _PIECE * _PIECE)
        for position in range(0, last, _PIECE):
            hashing = asyncio.ensure_future(on_thread(self._hash, _PIECE))
            try:
                await self._send(request, response, position, _PIECE)
            finally:
                await hashing
        await on_thread(self._reader.finish)
        await self._send(request, response, last, self.size - last)

    def _hash(self, size: int) -> None:
        buffer = memoryview(bytearray(_HASHED))
        while size:
            count = self._reader.readinto(buffer[:size])
            if not count:
                return
            size -= count

    async def _send(self, request: web.BaseRequest, response: web.StreamResponse, position: int, size: int) -> None:
        transport = request.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("the client has gone")
        async with asyncio.timeout(30 + size / _SLOWEST):
            if transport.get_extra_info("sslcontext"):
                await response.write(await on_thread(os.pread, self._file.fileno(), size, position))
            elif size:
                await asyncio.get_running_loop().sendfile(transport, self._file, position, size)

    def __enter__(self) -> Outgoing:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._reader.close()
