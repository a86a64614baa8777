"""One request to a registry and its answer: patience, redirects, and the names of what goes wrong."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError, LocationParseError

from builder.errors import RegistryError
from builder.http.connections import ORDINARY, Connections, Security, release
from builder.http.failures import FailureKind, failure_of
from builder.http.patience import PATIENT, RETRIED, Patience, wish_s
from builder.http.places import REDIRECTS, host_of, is_loopback, place_of
from builder.http.proxies import PROXY_HINT, proxy_for, shown_proxy
from builder.registry.waits import Waits

MANIFEST_LIMIT = 4 << 20
"""Bytes of a manifest, index or token answer that are read at most (distribution-spec, Pushing Manifests)."""

_CREDENTIALS = frozenset({"authorization", "cookie", "proxy-authorization"})
_MOST_REDIRECTS = 5

Body = Callable[[], Generator[bytes]]
"""Gives the pieces of a body, from its start each time that it is called."""


class Request(NamedTuple):
    method: str
    url: str
    headers: Mapping[str, str] = {}
    body: bytes | Body | None = None
    security: Security = ORDINARY
    once: bool = False
    """Sent a second time it would mean something else: the caller sees every failure at once."""


class Answer(NamedTuple):
    """An answer whose body has been read whole (bounded)."""

    status: int
    headers: Mapping[str, str]
    """Keys in lower case; what came several times is joined by commas."""
    body: bytes
    url: str
    """Of the last request: redirects change it."""


class Opened(NamedTuple):
    """An answer whose body is still to be read; `release` its response."""

    response: BaseHTTPResponse
    url: str

    @property
    def status(self) -> int:
        return self.response.status

    def header(self, name: str) -> str:
        return self.response.headers.get(name, "")


class Transport:
    """Sends requests. Safe to share between threads; connections are kept and reused."""

    def __init__(self, patience: Patience = PATIENT, sleep: Callable[[float], object] | None = None) -> None:
        self.patience = patience
        self.waits = Waits(patience.short_wait_s)
        self._aborted = threading.Event()
        self._sleep = sleep or self._aborted.wait
        self._connections = Connections(patience)

    def close(self) -> None:
        self._connections.close()

    def abort(self) -> None:
        """Whoever waits for an answer, or to ask again, gets an error now, and so does everyone who asks."""
        self._aborted.set()
        self._connections.abort()

    def pause(self, url: str, failures: int, retry_after: str | None = None) -> None:
        """Waits after the `failures`-th failure in a row, as long as patience has it and the host of `url` wishes."""
        seconds = self.patience.delay_s(failures, retry_after)
        wish = math.ceil(wish_s(retry_after))
        why = f"it asked to wait {wish} s" if wish >= seconds else f"it failed, and is asked again in {seconds:.0f} s"
        with self.waits.before(host_of(url), seconds, why):
            self._sleep(seconds)

    def fetch(self, request: Request, limit: int = MANIFEST_LIMIT) -> Answer:
        """The answer with its body, whatever its status. Raises RegistryError `unreachable` when no whole answer
        comes, `too-large` when the body exceeds `limit`."""
        return self.read(lambda: self.open(request), limit, once=request.once)

    def read(self, open_once: Callable[[], Opened], limit: int, *, once: bool = False) -> Answer:
        """`fetch` of what `open_once` opens, which is called again when the body breaks off."""
        for failures in range(1, self.patience.attempts + 1):
            opened = open_once()
            try:
                headers = {key.lower(): value for key, value in opened.response.headers.itermerged()}
                return Answer(opened.status, headers, _read(opened, limit), opened.url)
            except HTTPError as error:
                cause = unreachable(opened.url, error)
            finally:
                release(opened.response)
            if once:
                break
            self.pause(opened.url, failures)
        raise cause

    def open(self, request: Request) -> Opened:
        """The answer with its body still to be read, whatever its status; the caller releases it. Has been tried
        again while that could help. Raises RegistryError `unreachable` when no answer comes."""
        failures = 0
        while True:
            failures += 1
            is_last = request.once or failures >= self.patience.attempts
            try:
                opened = self._open_once(request)
            except RegistryError as error:
                if is_last or not error.retryable:
                    raise
                retry_after = None
            else:
                retry_after = opened.header("Retry-After")
                if is_last or opened.status not in RETRIED or self.patience.is_hopeless(retry_after):
                    return opened
                release(opened.response)
            self.pause(request.url, failures, retry_after)

    def _open_once(self, request: Request) -> Opened:
        """One attempt, redirects followed."""
        here = request
        for _ in range(_MOST_REDIRECTS + 1):
            response = self._send(here)
            location = response.headers.get("Location")
            if response.status not in REDIRECTS or not location:
                return Opened(response, here.url)
            release(response)
            if here.body is not None and response.status not in (307, 308):
                raise RegistryError(
                    "bad-answer", f"{host_of(here.url)} redirects an upload with status {response.status}"
                )
            here = _follow(here, location)
        raise RegistryError("bad-answer", f"{host_of(request.url)} redirects more than {_MOST_REDIRECTS} times")

    def _send(self, request: Request) -> BaseHTTPResponse:
        if self._aborted.is_set():
            raise RegistryError("stopped", f"what {host_of(request.url)} was asked for has been given up")
        method, url, headers, body, security, _ = request
        try:
            if callable(body):  # that takes its time, and shows how far it is
                with closing(body()) as pieces:  # which may hold a connection to where they come from
                    return self._connections.send(method, url, headers, pieces, security)
            with self.waits.answer_of(host_of(url)):
                return self._connections.send(method, url, headers, body, security)
        except LocationParseError as error:
            raise RegistryError("bad-answer", f"not an address: {request.url[:200]}") from error
        except (HTTPError, UnicodeError) as error:
            raise unreachable(request.url, error) from error


def unreachable(url: str, error: Exception) -> RegistryError:
    """The error for a host that gives no (whole) answer, with what the user can do about it."""
    found = failure_of(error)
    host = host_of(url)
    match found.kind:
        case FailureKind.CERTIFICATE:
            return RegistryError(
                "bad-certificate",
                f"{host} has no certificate that this machine trusts: {found.cause}",
                hint=f"put its authority into /etc/docker/certs.d/{host}/ca.crt (or ~/.docker/certs.d), or say "
                f"--insecure-registry {host}",
            )
        case FailureKind.NO_TLS:
            hint = f"if it speaks plain http, say --insecure-registry {host}"
            return RegistryError("no-tls", f"{host} does not speak https: {found.cause}", hint=hint)
        case FailureKind.NO_SUCH_NAME:
            hint = "check the registry's name, and whether this machine has a network"
            return RegistryError("unreachable", f"no registry is known under the name {host}", hint=hint)
        case FailureKind.PROXY:
            message = f"the proxy {shown_proxy(proxy_for(url))} does not lead to {host}: {found.cause}"
            return RegistryError("unreachable", message, hint=PROXY_HINT)
    return RegistryError(
        "unreachable",
        f"{host} does not answer: {found.cause}",
        hint="check that the registry runs and that this machine reaches it",
        retryable=found.is_passing,
    )


def same_place(url: str, other: str) -> bool:
    """Whether scheme, host and port are the same: only then a credential may go along."""
    try:
        return place_of(url) == place_of(other)
    except ValueError:
        return False


def target_of(url: str, location: str) -> str:
    """Where a Location header leads. Http is entered only from http, on this machine or staying with its host, so
    that nobody who redirects makes us speak in clear. Raises RegistryError `bad-answer`."""
    try:
        target = urljoin(url, location)
        place = place_of(target)
    except ValueError as error:
        raise RegistryError("bad-answer", f"{host_of(url)} redirects to what is no address of a web server") from error
    here = place_of(url)
    in_clear = here[0] == "http" and (here[1] == place[1] or (is_loopback(here[1]) and is_loopback(place[1])))
    if place[0] != "https" and not in_clear:
        hint = "a web server before it has to pass `X-Forwarded-Proto: https` on" if here[1] == place[1] else None
        message = f"{host_of(url)} redirects to {place[0]}://{host_of(target)}, not to https"
        raise RegistryError("bad-answer", message, hint=hint)
    return target


def without_credentials(headers: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in headers.items() if key.lower() not in _CREDENTIALS}


def _follow(request: Request, location: str) -> Request:
    """The request that a redirect asks for. Credentials stay with scheme, host and port, and so do the certificates
    that the user has for a host."""
    target = target_of(request.url, location)
    if same_place(request.url, target):
        return request._replace(url=target)
    security = request.security if urlsplit(request.url).hostname == urlsplit(target).hostname else ORDINARY
    return request._replace(url=target, headers=without_credentials(request.headers), security=security)


def _read(opened: Opened, limit: int) -> bytes:
    parts, size = [], 0
    for chunk in opened.response.stream(1 << 16, decode_content=False):
        size += len(chunk)
        if size > limit:
            raise RegistryError("too-large", f"{host_of(opened.url)} answers with more than {limit} bytes of metadata")
        parts.append(chunk)
    return b"".join(parts)
