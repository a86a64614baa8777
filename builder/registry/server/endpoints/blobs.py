"""Blobs that are there: GET, HEAD, DELETE (distribution-spec, Pulling blobs, Deleting Blobs)."""

from __future__ import annotations

from aiohttp import web

from builder.errors import StoreError
from builder.registry.server.endpoints.call import Call
from builder.registry.server.ranges import Range, asked_range
from builder.registry.server.refusal import blob_unknown
from builder.registry.server.sending import Outgoing
from builder.registry.server.threads import on_thread


async def get_blob(call: Call) -> web.StreamResponse:
    digest = call.target.digest
    with await on_thread(_open, call) as blob:
        headers = {"Docker-Content-Digest": digest, "ETag": f'"{digest}"', "Accept-Ranges": "bytes"}
        headers["Content-Type"] = "application/octet-stream"
        if call.has_already(digest):
            return web.Response(status=304, headers=headers)
        part = asked_range(call.header("Range"), blob.size) if _is_range(call, digest) else None
        response = web.StreamResponse(status=206 if part else 200, headers=headers)
        if part:
            response.headers["Content-Range"] = f"bytes {part.first}-{part.last}/{blob.size}"
        response.content_length = part.size if part else blob.size
        await response.prepare(call.request)
        if call.request.method != "HEAD":
            await _send_or_cut(call, response, blob, part)
    return response


def _open(call: Call) -> Outgoing:
    digest = call.target.digest
    with call.registry.opened() as opened:
        if not opened.repositories.has_blob(call.repository, digest):
            raise blob_unknown(digest)
        if call.request.method == "HEAD":  # who finds it here does not send it
            opened.repositories.refresh_blob(call.repository, digest)
        try:
            return Outgoing(opened.store.blobs, digest)
        except StoreError as error:
            if error.code == "blob-missing":
                raise blob_unknown(digest) from None
            raise


def _is_range(call: Call, digest: str) -> bool:
    """Ranges are for GET. If-Range with a date never holds: blobs have none (RFC 9110, sections 13.1.5 and 14.2)."""
    return call.request.method == "GET" and call.header("If-Range") in (None, f'"{digest}"')


async def _send_or_cut(call: Call, response: web.StreamResponse, blob: Outgoing, part: Range | None) -> None:
    """What has been begun can't become a refusal: the client sees that the connection ends too early."""
    try:
        if part or call.target.digest in call.registry.verified:
            await blob.send(call.request, response, part or Range(0, blob.size - 1))
        else:
            await blob.send_verified(call.request, response)
            call.registry.verified.add(call.target.digest)
    except (TimeoutError, StoreError) as error:
        call.request["note"] = error.message if isinstance(error, StoreError) else "the client reads too slowly"
        if call.request.transport:
            call.request.transport.abort()


async def delete_blob(call: Call) -> web.StreamResponse:
    await on_thread(_delete, call)
    return web.Response(status=202)


def _delete(call: Call) -> None:
    with call.registry.opened() as opened, opened.repositories.changing():
        if not opened.repositories.remove_blob(call.repository, call.target.digest):
            raise blob_unknown(call.target.digest)
