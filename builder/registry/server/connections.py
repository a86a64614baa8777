"""As many connections as this process may have files open: each is one, and each request opens some more."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Collection
from typing import Any, NamedTuple

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

BACKLOG = 32
"""Connections that are taken at once, before any of them is counted."""
_FILES_OF_A_REQUEST = 6
_OTHER_FILES = 64
_MOST_CONNECTIONS = 10_000
_MOST_REQUESTS = 256


class Capacity(NamedTuple):
    connections: int
    requests: int
    """At once."""


def raised_capacity() -> Capacity:
    """What this process can do once it may open all the files that the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return capacity_of(hard if hard != resource.RLIM_INFINITY else 1 << 20)


def capacity_of(files: int) -> Capacity:
    requests = max(4, min(_MOST_REQUESTS, files // 16))
    others = files - BACKLOG - _OTHER_FILES - requests * _FILES_OF_A_REQUEST
    return Capacity(max(8, min(_MOST_CONNECTIONS, others)), requests)


class Connections(web.Server):
    """Who comes when all are taken gets the place of whoever has been here longest without asking anything: connections
    that are only held keep nobody out."""

    def __init__(self, handler: Any, active: Collection[RequestHandler], most: int, **settings: Any) -> None:
        """`active` are those that have a request under way."""
        super().__init__(handler, **settings)
        self._active = active
        self._most = most

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        super().connection_made(handler, transport)
        there = self.connections
        if len(there) > self._most:
            idle = (other for other in there if other not in self._active and _is_open(other))
            (next(idle, handler).transport or transport).abort()


def _is_open(handler: RequestHandler) -> bool:
    return handler.transport is not None and not handler.transport.is_closing()
