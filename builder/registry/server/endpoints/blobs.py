"""Blobs that are there: GET, HEAD, DELETE (distribution-spec, Pulling blobs, Deleting Blobs)."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import closing

from aiohttp import web

from builder.errors import StoreError
from builder.registry.server.body import IDLE_S
from builder.registry.server.endpoints.call import Call, on_thread
from builder.registry.server.ranges import Range, asked_range
from builder.registry.server.refusal import blob_unknown
from builder.store.reader import VerifiedReader

_PIECE = 512 << 10


async def get_blob(call: Call) -> web.StreamResponse:
    digest = call.target.digest
    reader = await on_thread(_open, call)
    with closing(reader):
        headers = {"Docker-Content-Digest": digest, "ETag": f'"{digest}"', "Accept-Ranges": "bytes"}
        headers["Content-Type"] = "application/octet-stream"
        if call.header("If-None-Match") in (f'"{digest}"', "*"):
            return web.Response(status=304, headers=headers)
        wanted = asked_range(call.header("Range"), reader.size) if _range_holds(call, digest) else None
        response = web.StreamResponse(status=206 if wanted else 200, headers=headers)
        if wanted:
            response.headers["Content-Range"] = f"bytes {wanted.first}-{wanted.last}/{reader.size}"
        response.content_length = wanted.size if wanted else reader.size
        await response.prepare(call.request)
        if call.request.method != "HEAD":
            await _send_or_cut(call, response, _part_of(reader, wanted) if wanted else lambda: reader.read(_PIECE))
    return response


async def _send_or_cut(call: Call, response: web.StreamResponse, read: Callable[[], bytes | None]) -> None:
    """What has been begun can't become a refusal: the client sees that the connection ends too early."""
    try:
        await _send(response, read)
    except (TimeoutError, StoreError) as error:
        call.request["note"] = error.message if isinstance(error, StoreError) else "the client reads too slowly"
        if call.request.transport:
            call.request.transport.abort()


def _open(call: Call) -> VerifiedReader:
    digest = call.target.digest
    with call.registry.opened() as opened:
        if not opened.repositories.has_blob(call.repository, digest):
            raise blob_unknown(digest)
        if call.request.method == "HEAD":  # who finds it here does not send it
            opened.repositories.refresh_blob(call.repository, digest)
        try:
            return opened.store.blobs.open(digest)
        except StoreError as error:
            if error.code == "blob-missing":
                raise blob_unknown(digest) from None
            raise


def _range_holds(call: Call, digest: str) -> bool:
    """RFC 9110, If-Range: what a date would say never holds, since blobs do not change."""
    return call.header("If-Range") in (None, f'"{digest}"')


def _part_of(reader: VerifiedReader, wanted: Range) -> Callable[[], bytes]:
    position = wanted.first

    def read() -> bytes:
        nonlocal position
        piece = os.pread(reader.fileno(), min(_PIECE, wanted.last + 1 - position), position)
        position += len(piece)
        return piece

    return read


async def _send(response: web.StreamResponse, read: Callable[[], bytes | None]) -> None:
    """Two pieces are read before the first goes out: a reader that ends has verified all of them before the last one
    does. The next is read while one is sent."""
    piece = await on_thread(read)
    following = await on_thread(read) if piece else None
    while piece:
        ahead = asyncio.ensure_future(on_thread(read)) if following else None
        try:
            async with asyncio.timeout(IDLE_S):
                await response.write(piece)
        finally:
            third = await ahead if ahead else None
        piece, following = following, third


async def delete_blob(call: Call) -> web.StreamResponse:
    await on_thread(_delete, call)
    return web.Response(status=202)


def _delete(call: Call) -> None:
    with call.registry.opened() as opened, opened.repositories.changing():
        if not opened.repositories.remove_blob(call.repository, call.target.digest):
            raise blob_unknown(call.target.digest)
