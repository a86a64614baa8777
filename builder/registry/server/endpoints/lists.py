"""Lists, page by page: tags, repositories, referrers (distribution-spec, Content Discovery)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from urllib.parse import urlencode

from aiohttp import web

from builder.model import media_types
from builder.registry.server.endpoints.call import Call
from builder.registry.server.refusal import Refusal
from builder.registry.server.threads import on_thread

_PAGE = 10_000
"""Names that are sent at once; clients that do not know `Link` see no more."""
_REFERRERS_BYTES = 4 << 20
"""A page of referrers is an image index, and no larger than one may be."""


async def show_version(_: Call) -> web.StreamResponse:
    return web.json_response({})


async def list_tags(call: Call) -> web.StreamResponse:
    tags = await on_thread(_tags, call)
    after = call.query("last")
    return _page(call, [tag for tag in tags if tag > after], "tags", {"name": call.repository})


def _tags(call: Call) -> list[str]:
    with call.registry.opened() as opened:
        if not opened.repositories.knows(call.repository):
            raise Refusal(404, "NAME_UNKNOWN", "no such repository", detail={"name": call.repository})
        return list(opened.tags(call.repository))


async def list_repositories(call: Call) -> web.StreamResponse:
    return _page(call, await on_thread(_repositories, call), "repositories", {})


def _repositories(call: Call) -> list[str]:
    with call.registry.repositories() as repositories:
        return repositories.names(call.query("last"), _count(call) + 1)


def _count(call: Call) -> int:
    text = call.query("n")
    if not text:
        return _PAGE
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Refusal(400, "UNSUPPORTED", "n is a number of names")
    return min(int(text), _PAGE)


def _page(call: Call, names: Sequence[str], member: str, value: dict[str, object]) -> web.Response:
    """`names` is what there is after `last`."""
    count = _count(call)
    shown = names[:count]
    headers = {}
    if shown and len(names) > count:
        headers = _next(call, {"n": str(count), "last": shown[-1]})
    return web.json_response({**value, member: list(shown)}, headers=headers)


def _next(call: Call, query: dict[str, str]) -> dict[str, str]:
    path = call.request.raw_path.partition("?")[0]
    return {"Link": f'<{path}?{urlencode(query)}>; rel="next"'}


async def list_referrers(call: Call) -> web.StreamResponse:
    items, more_after = await on_thread(_referrers, call)
    head = {"schemaVersion": 2, "mediaType": media_types.OCI_INDEX}
    body = f'{json.dumps(head)[:-1]}, "manifests": [{", ".join(items)}]}}'
    headers = {"Content-Type": media_types.OCI_INDEX}
    kind = call.query("artifactType")
    if kind:
        headers["OCI-Filters-Applied"] = "artifactType"
    if more_after:
        headers |= _next(call, {"artifactType": kind, "last": more_after} if kind else {"last": more_after})
    return web.Response(body=body.encode(), headers=headers)


def _referrers(call: Call) -> tuple[list[str], str]:
    """Descriptors as JSON; and the digest after which there are more, which did not fit."""
    kind = call.query("artifactType")
    items: list[str] = []
    size, last = 1024, ""
    with call.registry.repositories() as repositories:
        for manifest in repositories.referrers(call.repository, call.target.digest, call.query("last")):
            if kind and manifest.artifact_type != kind:
                continue
            item = json.dumps(manifest.as_referrer())
            size += len(item) + 2
            if items and size > _REFERRERS_BYTES:
                return items, last
            items.append(item)
            last = manifest.digest
    return items, ""
