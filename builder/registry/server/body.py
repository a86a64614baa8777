"""Reading what clients send: piece by piece, with an end to size and patience."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from aiohttp import web

from builder.registry.server.refusal import Refusal, too_large

IDLE_S = 60.0
"""How long a client may send nothing, and read nothing."""
SLOWEST = 1024
"""Bytes a second that a client must send on average, after the first IDLE_S."""


def check_length(request: web.BaseRequest, limit: int) -> None:
    """Raises Refusal for a body that says itself that it is too large."""
    if (request.content_length or 0) > limit:
        raise too_large(limit)


async def pieces(request: web.BaseRequest, limit: int) -> AsyncIterator[bytes]:
    """The body, as it comes. Raises Refusal when it is larger than `limit`, or too slow."""
    check_length(request, limit)
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0
    clock = asyncio.get_running_loop()
    started, received = clock.time(), 0
    while True:
        ahead = received / SLOWEST - (clock.time() - started)
        try:
            async with asyncio.timeout(IDLE_S + min(0.0, ahead)):
                piece = await request.content.readany()
        except TimeoutError:
            raise Refusal(
                408, "BLOB_UPLOAD_INVALID", "the body comes too slowly", headers={"Connection": "close"}
            ) from None
        if not piece:
            return
        received += len(piece)
        if received > limit:
            raise too_large(limit)
        yield piece


async def whole(request: web.BaseRequest, limit: int) -> bytes:
    data = bytearray()
    async for piece in pieces(request, limit):
        data += piece
    return bytes(data)
