"""From a request to its endpoint, and from every outcome to an answer."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestHandler

from builder.errors import BuilderError
from builder.registry.server.access import Access
from builder.registry.server.endpoints import blobs, lists, manifests, uploads
from builder.registry.server.endpoints.call import Call, Endpoint
from builder.registry.server.log import Log
from builder.registry.server.refusal import Refusal
from builder.registry.server.registry import Registry
from builder.registry.server.target import parse_target

ENDPOINTS: dict[str, dict[str, Endpoint]] = {
    "base": {"GET": lists.show_version},
    "catalog": {"GET": lists.list_repositories},
    "tags": {"GET": lists.list_tags},
    "referrers": {"GET": lists.list_referrers},
    "manifest": {
        "GET": manifests.get_manifest,
        "PUT": manifests.put_manifest,
        "DELETE": manifests.delete_manifest,
    },
    "blob": {"GET": blobs.get_blob, "DELETE": blobs.delete_blob},
    "uploads": {"POST": uploads.begin_upload},
    "upload": {
        "GET": uploads.show_upload,
        "PATCH": uploads.continue_upload,
        "PUT": uploads.end_upload,
        "DELETE": uploads.cancel_upload,
    },
}
"""By the kind of a target; where there is a GET there is a HEAD."""
_GONE = 499
"""The status in the log for a client that went away, as nginx has it."""


class Policy(NamedTuple):
    read_only: bool
    largest_blob: int
    """Bytes."""
    most_requests: int = 256
    """At once; the others are asked to come again."""


class Dispatch:
    def __init__(self, registry: Registry, access: Access | None, policy: Policy, log: Log) -> None:
        self._registry = registry
        self._access = access
        self._policy = policy
        self._log = log
        self.active: set[RequestHandler] = set()
        """The connections with a request under way."""

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        started = asyncio.get_running_loop().time()
        self.active.add(request.protocol)
        try:
            response = await self._answer(request)
        except asyncio.CancelledError:
            self._log.request(request, _GONE, 0, started)
            raise
        finally:
            self.active.discard(request.protocol)
        if not response.prepared:
            response.headers["Docker-Distribution-API-Version"] = "registry/2.0"
            response.headers["Server"] = "pybuild"
            response.headers["X-Content-Type-Options"] = "nosniff"
        self._log.request(request, response.status, response.content_length or 0, started)
        return response

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await self._endpoint(request)
        except Refusal as refusal:
            request["note"] = refusal.message
            return refusal.response()
        except BuilderError as error:
            request["note"] = error.message
            full = error.code == "disk-full"
            return Refusal(507 if full else 500, "UNKNOWN", "the registry's disk is full" if full else "").response()
        except (ConnectionError, HttpProcessingError, web.RequestPayloadError) as error:
            request["note"] = str(error)[:200]
            return web.Response(status=_GONE)
        except Exception as error:  # noqa: BLE001 - the last resort: a bug of ours must not end the server
            self._log.bug(error)
            return Refusal(500, "UNKNOWN", "a bug in the registry; its log says more").response()

    async def _endpoint(self, request: web.BaseRequest) -> web.StreamResponse:
        if len(self.active) > self._policy.most_requests:
            raise Refusal(429, "TOOMANYREQUESTS", "too many requests at once", headers={"Retry-After": "1"})
        if self._access:
            request["user"] = await self._access.user(request.headers.get("Authorization"))
        target = parse_target(request.raw_path.partition("?")[0])
        methods = ENDPOINTS[target.kind]
        allowed = [name for name in methods if name == "GET" or not self._policy.read_only]
        method = "GET" if request.method == "HEAD" else request.method
        if method not in allowed:
            headers = {"Allow": ", ".join([*allowed, *(["HEAD"] if "GET" in allowed else [])])}
            why = "this registry is read-only" if method in methods else "no such method here"
            raise Refusal(405, "UNSUPPORTED", why, headers=headers)
        return await methods[method](Call(request, target, self._registry, self._policy.largest_blob))
