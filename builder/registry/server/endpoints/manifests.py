"""Manifests and tags: GET, HEAD, PUT, DELETE (distribution-spec, Pulling manifests, Pushing Manifests, Content
Management)."""

from __future__ import annotations

import json

from aiohttp import web

from builder.errors import StoreError
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.registry.server.body import whole
from builder.registry.server.document import Document, read_document
from builder.registry.server.endpoints.call import Call
from builder.registry.server.refusal import Refusal, digest_invalid, manifest_unknown
from builder.registry.server.registry import Opened
from builder.registry.server.repositories import StoredManifest
from builder.registry.server.target import is_tag, parse_digest
from builder.registry.server.threads import on_thread

_LARGEST = 4 << 20
"""distribution-spec: clients and registries should expect to support 4 megabytes at least."""
_MOST_TAGS = 100


async def get_manifest(call: Call) -> web.StreamResponse:
    """What can be no tag is none that is there: the conformance suite wants it so."""
    found, data = await on_thread(_read, call)
    headers = {"Docker-Content-Digest": found.digest, "ETag": f'"{found.digest}"', "Content-Type": found.media_type}
    if call.has_already(found.digest):
        return web.Response(status=304, headers=headers)
    return web.Response(body=data, headers=headers)


def _read(call: Call) -> tuple[StoredManifest, bytes]:
    reference = call.target.reference
    with call.registry.opened() as opened:
        found = opened.find(call.repository, reference)
        if found is None:
            raise manifest_unknown(reference)
        try:
            return found, opened.store.blobs.read(found.digest, _LARGEST)
        except StoreError as error:
            if error.code in ("blob-missing", "digest-mismatch"):  # dropped, so that it can be pushed again
                raise manifest_unknown(reference) from None
            raise


async def put_manifest(call: Call) -> web.StreamResponse:
    reference = call.target.reference
    tags = _tags(call)
    data = await whole(call.request, _LARGEST)
    document = await on_thread(read_document, data, call.header("Content-Type") or "")
    digest = await on_thread(_keep, call, data, document, tags)
    headers = {**call.location("manifests", digest), "Docker-Content-Digest": digest}
    if document.subject:
        headers["OCI-Subject"] = document.subject
    if ":" in reference and tags:
        headers["OCI-Tag"] = ", ".join(tags)
    return web.Response(status=201, headers=headers)


def _tags(call: Call) -> tuple[str, ...]:
    """That the manifest is to have. Raises Refusal for what can be none, and for what can be no digest."""
    reference = call.target.reference
    if ":" in reference:
        parse_digest(reference)
        tags = tuple(call.request.query.getall("tag", []))
    else:
        tags = (reference,)
    if len(tags) > _MOST_TAGS:
        raise Refusal(414, "UNSUPPORTED", f"more than {_MOST_TAGS} tags at once")
    for tag in tags:
        if not is_tag(tag):
            raise Refusal(400, "MANIFEST_INVALID", "not a tag", detail={"tag": tag[:200]})
    return tags


def _keep(call: Call, data: bytes, document: Document, tags: tuple[str, ...]) -> Digest:
    expected = call.target.digest if ":" in call.target.reference else None
    algorithm = expected.algorithm if expected else "sha256"
    parts = tuple(part.digest for part in (*document.blobs, *document.manifests))
    with call.registry.opened() as opened, opened.repositories.changing():
        _require_parts(opened, call.repository, document)
        try:
            with opened.store.blobs.writer(algorithm) as writer:
                writer.write(data)
                digest, size = writer.commit(expected)
            stored = StoredManifest(digest, document.media_type, size, *_as_referrer(document))
            opened.put(call.repository, stored, parts, tags)
        except StoreError as error:
            if error.code == "digest-mismatch":
                raise digest_invalid(call.target.reference, error.message) from None
            if error.code == "blob-missing":  # below a manifest that this one refers to
                raise Refusal(404, "MANIFEST_BLOB_UNKNOWN", error.message) from None
            raise
    return digest


def _as_referrer(document: Document) -> tuple[str, str, str]:
    """Annotations can be as large as the manifest: they are kept apart from it only where lists need them."""
    annotations = json.dumps(dict(document.annotations)) if document.subject and document.annotations else ""
    return document.subject or "", document.artifact_type, annotations


def _require_parts(opened: Opened, repository: str, document: Document) -> None:
    missing = [part for part in document.blobs if not _has(opened, repository, part)]
    missing += [part for part in document.manifests if not opened.repositories.manifest(repository, part.digest)]
    if missing:
        detail = [part.to_json() for part in missing[:20]]
        raise Refusal(404, "MANIFEST_BLOB_UNKNOWN", "the manifest refers to what is not here", detail=detail)


def _has(opened: Opened, repository: str, part: Descriptor) -> bool:
    return opened.has_blob(repository, part.digest) and opened.store.blobs.size(part.digest) == part.size


async def delete_manifest(call: Call) -> web.StreamResponse:
    await on_thread(_delete, call)
    return web.Response(status=202)


def _delete(call: Call) -> None:
    reference, repository = call.target.reference, call.repository
    with call.registry.opened() as opened, opened.repositories.changing():
        if ":" in reference:
            removed = opened.remove(repository, call.target.digest)
        else:
            removed = reference in opened.tags(repository) and opened.store.refs.remove(f"{repository}:{reference}")
        if not removed:
            raise manifest_unknown(reference)
