"""Uploads of blobs: begun, mounted, continued, asked for, ended, cancelled (distribution-spec, Pushing blobs)."""

from __future__ import annotations

from contextlib import closing

from aiohttp import web

from builder.model.digest import HEX_LENGTHS, Digest
from builder.registry.server.body import check_length, pieces
from builder.registry.server.endpoints.call import Call
from builder.registry.server.ranges import chunk_range, received_range
from builder.registry.server.refusal import Refusal, digest_invalid
from builder.registry.server.target import parse_digest
from builder.registry.server.threads import on_thread
from builder.registry.server.uploads import UploadWriter


async def begin_upload(call: Call) -> web.StreamResponse:
    """Also a mount, which needs no upload, and the whole of an upload in one request."""
    mounted = _queried(call, "mount")
    if mounted:
        found = await on_thread(_mount, call, mounted)
        if found:
            return _created(call, mounted)
    digest = _queried(call, "digest")
    algorithm = digest.algorithm if digest else call.query("digest-algorithm") or "sha256"
    if algorithm not in HEX_LENGTHS:
        raise digest_invalid(algorithm)
    check_length(call.request, call.largest_blob)
    name = await on_thread(call.registry.uploads.begin, call.repository, algorithm)
    if digest:
        return await _end(call, name, digest)
    return _accepted(call, name, 0)


async def continue_upload(call: Call) -> web.StreamResponse:
    name = call.target.reference
    with closing(await on_thread(call.registry.uploads.open, call.repository, name)) as writer:
        await _receive(call, writer, name)
        return _accepted(call, name, writer.size)


async def show_upload(call: Call) -> web.StreamResponse:
    size = await on_thread(call.registry.uploads.size, call.repository, call.target.reference)
    return web.Response(status=204, headers=_progress(call, call.target.reference, size))


async def cancel_upload(call: Call) -> web.StreamResponse:
    await on_thread(call.registry.uploads.cancel, call.repository, call.target.reference)
    return web.Response(status=204)


async def end_upload(call: Call) -> web.StreamResponse:
    return await _end(call, call.target.reference, parse_digest(call.query("digest")))


def _queried(call: Call, name: str) -> Digest | None:
    text = call.query(name)
    return parse_digest(text) if text else None


async def _end(call: Call, name: str, digest: Digest) -> web.StreamResponse:
    with closing(await on_thread(call.registry.uploads.open, call.repository, name)) as writer:
        await _receive(call, writer, name)
        await on_thread(_commit, call, writer, digest)
    call.registry.verified.add(digest)
    return _created(call, digest)


async def _receive(call: Call, writer: UploadWriter, name: str) -> None:
    """What has come before a connection breaks stays, for the client to go on from; a chunk that is not what it says
    does not."""
    chunk = chunk_range(call.header("Content-Range"))
    before = writer.size
    if chunk and chunk.first != before:
        message = f"the next chunk begins at {before}"
        raise Refusal(416, "BLOB_UPLOAD_INVALID", message, headers=_progress(call, name, before))
    if chunk and call.request.content_length not in (None, chunk.size):
        raise Refusal(400, "SIZE_INVALID", "Content-Range and Content-Length differ")
    async for piece in pieces(call.request, call.largest_blob - before):
        await on_thread(writer.write, piece)
    if chunk and writer.size - before != chunk.size:
        await on_thread(writer.go_back, before)
        raise Refusal(400, "SIZE_INVALID", "the chunk is not as long as Content-Range says")


def _commit(call: Call, writer: UploadWriter, digest: Digest) -> None:
    with call.registry.opened() as opened:
        writer.finish(opened.store, digest)
        opened.repositories.add_blob(call.repository, digest)


def _mount(call: Call, digest: Digest) -> bool:
    """From whichever repository has it: every user may read all of them."""
    with call.registry.opened() as opened:
        if not opened.repositories.holds(digest) or not opened.store.blobs.has(digest):
            return False
        opened.repositories.add_blob(call.repository, digest)
    return True


def _created(call: Call, digest: Digest) -> web.Response:
    return web.Response(status=201, headers={**call.location("blobs", digest), "Docker-Content-Digest": digest})


def _accepted(call: Call, name: str, size: int) -> web.Response:
    return web.Response(status=202, headers=_progress(call, name, size))


def _progress(call: Call, name: str, size: int) -> dict[str, str]:
    location = call.location("blobs/uploads", name)
    return {**location, "Range": received_range(size), "Docker-Upload-UUID": name}
