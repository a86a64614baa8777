"""One request, with what its endpoint needs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple, ParamSpec, TypeVar

from aiohttp import web

from builder.registry.server.registry import Registry
from builder.registry.server.target import Target

_P = ParamSpec("_P")
_T = TypeVar("_T")


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

    def location(self, kind: str, reference: str) -> dict[str, str]:
        """Relative: whatever stands before us, the client knows how it came here."""
        return {"Location": f"/v2/{self.repository}/{kind}/{reference}"}


Endpoint = Callable[[Call], Awaitable[web.StreamResponse]]


async def on_thread(function: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """Like `asyncio.to_thread`, but comes back only when the thread is done, even when the request is cancelled: what
    it works with is about to be closed."""
    running = asyncio.ensure_future(asyncio.to_thread(function, *args, **kwargs))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise
