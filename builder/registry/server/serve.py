"""The process: it listens, says where, logs, and ends when it is told to."""

from __future__ import annotations

import asyncio
import signal
import ssl
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import NamedTuple

from aiohttp import web

from builder.errors import RegistryError, UsageError
from builder.registry.server.access import Access
from builder.registry.server.collect import GRACE_S
from builder.registry.server.connections import BACKLOG, Connections, raised_capacity
from builder.registry.server.dispatch import Dispatch, Policy
from builder.registry.server.log import Log
from builder.registry.server.registry import Registry

_HEADERS_S = 60.0
"""How long a connection may take for the headers of a request, the time between two requests included."""
_LINE = 8 << 10
"""Bytes of a request line, and of a header."""
_HEADERS = 64
_BUFFER = 256 << 10
"""Bytes of a body that wait to be written; twice that at most."""
_GRACE_S = 10.0
"""How long requests may go on after the signal to end."""
_TIDY_S = 3600.0
_THREADS = 32
"""They wait for disks, not for each other: a large blob on its way to the disk holds one for seconds."""


class Address(NamedTuple):
    host: str
    """Empty: every address of the machine."""
    port: int
    """0: one that is free."""

    @property
    def is_loopback(self) -> bool:
        return self.host in ("localhost", "::1") or self.host.startswith("127.")


class Options(NamedTuple):
    root: str
    address: Address
    policy: Policy
    htpasswd: str | None = None
    certificate: tuple[str, str] | None = None
    """Files of the certificate, with its chain, and of its key."""


def parse_address(text: str) -> Address:
    """Of `127.0.0.1:5000`, `[::1]:5000`, `:5000`. Raises UsageError."""
    host, colon, port = text.rpartition(":")
    host = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not colon or not (port.isascii() and port.isdecimal() and int(port) < 65536) or "/" in host:
        raise UsageError("bad-address", f"not an address: {text!r}", hint="an address is HOST:PORT, 127.0.0.1:5000")
    return Address(host, int(port))


def serve(options: Options, log: Log, ready: Callable[[str], None]) -> None:
    """Until SIGTERM or SIGINT. `ready` is called once, with the URL."""
    asyncio.run(_serve(options, log, ready))


async def _serve(options: Options, log: Log, ready: Callable[[str], None]) -> None:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_THREADS, "disk"))
    registry = await asyncio.to_thread(Registry, options.root)
    access = Access(options.htpasswd) if options.htpasswd else None
    context = _tls(options.certificate) if options.certificate else None
    capacity = raised_capacity()
    dispatch = Dispatch(registry, access, options.policy._replace(most_requests=capacity.requests), log)
    server = Connections(
        dispatch,
        dispatch.active,
        capacity.connections,
        access_log=None,
        logger=log.of_the_library(),
        keepalive_timeout=_HEADERS_S,
        max_line_size=_LINE,
        max_field_size=_LINE,
        max_headers=_HEADERS,
        read_bufsize=_BUFFER,
        auto_decompress=False,
    )
    runner = web.ServerRunner(server, shutdown_timeout=_GRACE_S)
    await runner.setup()
    tidying = asyncio.ensure_future(_tidy(registry, log))
    try:
        with registry.repositories():  # whoever is the last to close the database puts its log in order
            url = await _listen(runner, options.address, context)
            ending = _when_told(options, context, log)
            ready(url)
            await ending.wait()
            log.event("ending: requests may go on for a moment")
            await runner.cleanup()
    finally:
        tidying.cancel()
        with suppress(asyncio.CancelledError):
            await tidying
        await runner.cleanup()
        if access:
            access.close()


async def _listen(runner: web.ServerRunner, address: Address, context: ssl.SSLContext | None) -> str:
    host = address.host or None
    try:
        await web.TCPSite(runner, host, address.port, ssl_context=context, backlog=BACKLOG).start()
    except OSError as error:
        where = f"{address.host}:{address.port}"
        hint = "choose another with --addr"
        raise RegistryError("cannot-listen", f"cannot listen on {where}: {error.strerror}", hint=hint) from None
    bound = runner.addresses[0]
    shown = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
    return f"{'https' if context else 'http'}://{shown}:{bound[1]}"


def _tls(certificate: tuple[str, str]) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(*certificate)
    except (OSError, ssl.SSLError) as error:
        hint = "--tls-cert and --tls-key name PEM files that belong together"
        raise UsageError("bad-certificate", f"cannot use {certificate[0]}: {error}", hint=hint) from None
    return context


def _when_told(options: Options, context: ssl.SSLContext | None, log: Log) -> asyncio.Event:
    """Set by SIGTERM and SIGINT. SIGHUP reads the certificate again, for connections to come."""
    loop = asyncio.get_running_loop()
    ending = asyncio.Event()

    def reload() -> None:
        if context and options.certificate:
            try:
                context.load_cert_chain(*options.certificate)
                log.event("the certificate was read again")
            except (OSError, ssl.SSLError) as error:
                log.event(f"the certificate stays as it was: {error}")

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.set)
    loop.add_signal_handler(signal.SIGHUP, reload)
    return ending


async def _tidy(registry: Registry, log: Log) -> None:
    """Gives up uploads that nobody goes on with."""
    while True:
        count = await asyncio.to_thread(registry.uploads.expire, time.time() - GRACE_S)
        if count:
            log.event(f"{count} unfinished uploads were given up")
        await asyncio.sleep(_TIDY_S)
