"""One request, with what its endpoint needs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from aiohttp import web

from builder.registry.server.registry import Registry
from builder.registry.server.target import Target


class Call(NamedTuple):
    request: web.BaseRequest
    target: Target
    registry: Registry
    largest_blob: int
    """Bytes."""

    @property
    def repository(self) -> str:
        return self.target.repository

    def query(self, name: str) -> str:
        return self.request.query.get(name, "")

    def header(self, name: str) -> str | None:
        return self.request.headers.get(name)

    def has_already(self, digest: str) -> bool:
        """The client has what `digest` names (RFC 9110, If-None-Match)."""
        return any(tag.value in (digest, "*") for tag in self.request.if_none_match or ())

    def location(self, kind: str, reference: str) -> dict[str, str]:
        """Relative: whatever stands before us, the client knows how it came here."""
        return {"Location": f"/v2/{self.repository}/{kind}/{reference}"}


Endpoint = Callable[[Call], Awaitable[web.StreamResponse]]
