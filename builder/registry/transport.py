"""One request to a registry and its answer: connections, patience, redirects, and the names of what goes wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

import urllib3
from urllib3.exceptions import HTTPError, LocationParseError, NameResolutionError, SSLError

from builder.errors import RegistryError
from builder.registry.hosts import is_loopback

MANIFEST_LIMIT = 4 << 20
"""Bytes of a manifest, index or token answer that are read at most (distribution-spec, Pushing Manifests)."""

_RETRIED = frozenset({408, 429, 500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CREDENTIALS = frozenset({"authorization", "cookie", "proxy-authorization"})
_MOST_REDIRECTS = 5


class Patience(NamedTuple):
    """How long a registry is waited for."""

    attempts: int = 5
    first_delay_s: float = 0.5
    longest_delay_s: float = 60.0
    """Also the most of a Retry-After that is honoured: a registry can't put us to sleep for a day."""
    connect_timeout_s: float = 15.0
    read_timeout_s: float = 60.0
    """Between two arrivals of bytes, not for the whole body."""

    def delay_s(self, failures: int, retry_after: str | None = None) -> float:
        """The wait after the `failures`-th failure in a row."""
        asked = float(retry_after) if retry_after and retry_after.isdecimal() else 0.0
        own: float = self.first_delay_s * 2 ** (failures - 1)
        return min(max(asked, own), self.longest_delay_s)


PATIENT = Patience()


class Request(NamedTuple):
    method: str
    url: str
    headers: Mapping[str, str] = {}


class Answer(NamedTuple):
    """An answer whose body has been read whole (bounded)."""

    status: int
    headers: Mapping[str, str]
    """Keys in lower case."""
    body: bytes


class Transport:
    """Sends requests. Safe to share between threads; connections are kept and reused."""

    def __init__(self, patience: Patience = PATIENT, sleep: Callable[[float], None] = time.sleep) -> None:
        self.patience = patience
        self.sleep = sleep
        self._pool = urllib3.PoolManager(
            num_pools=16,
            maxsize=8,
            retries=False,
            timeout=urllib3.Timeout(connect=patience.connect_timeout_s, read=patience.read_timeout_s),
        )

    def close(self) -> None:
        self._pool.clear()

    def fetch(self, request: Request, limit: int = MANIFEST_LIMIT) -> Answer:
        """The answer with its body, whatever its status. Raises RegistryError `unreachable` when no whole answer
        comes, `too-large` when the body exceeds `limit`."""
        for failures in range(1, self.patience.attempts + 1):
            response = self.open(request)
            try:
                body = _read(response, limit, request.url) if request.method != "HEAD" else b""
                headers = {key.lower(): value for key, value in response.headers.items()}
                return Answer(response.status, headers, body)
            except HTTPError as error:
                cause = unreachable(request.url, error)
            finally:
                release(response)
            self.sleep(self.patience.delay_s(failures))
        raise cause

    def open(self, request: Request) -> urllib3.BaseHTTPResponse:
        """The answer with its body still to be read, whatever its status; the caller releases it. Has been tried
        again while that could help. Raises RegistryError `unreachable` when no answer comes."""
        failures = 0
        while True:
            failures += 1
            is_last = failures >= self.patience.attempts
            try:
                response = self._open_once(request)
            except RegistryError as error:
                if is_last or not error.retryable:
                    raise
                retry_after = None
            else:
                if is_last or response.status not in _RETRIED:
                    return response
                retry_after = response.headers.get("Retry-After")
                release(response)
            self.sleep(self.patience.delay_s(failures, retry_after))

    def _open_once(self, request: Request) -> urllib3.BaseHTTPResponse:
        """One attempt, redirects followed."""
        url, headers = request.url, dict(request.headers)
        for _ in range(_MOST_REDIRECTS + 1):
            response = self._send(request.method, url, headers)
            location = response.headers.get("Location")
            if response.status not in _REDIRECTS or not location:
                return response
            release(response)
            url, headers = _follow(url, location, headers)
        raise RegistryError("bad-answer", f"{host_of(request.url)} redirects more than {_MOST_REDIRECTS} times")

    def _send(self, method: str, url: str, headers: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        try:
            return self._pool.request(
                method,
                url,
                headers={"Accept-Encoding": "identity", "User-Agent": "pybuild", **headers},
                preload_content=False,
                decode_content=False,
                redirect=False,
            )
        except LocationParseError as error:
            raise RegistryError("bad-answer", f"not an address: {url[:200]}") from error
        except HTTPError as error:
            raise unreachable(url, error) from error


def release(response: urllib3.BaseHTTPResponse) -> None:
    """Gives the connection up. What is left of the body is not read: it may be endless."""
    response.close()
    response.release_conn()


def unreachable(url: str, error: HTTPError) -> RegistryError:
    """The error for a host that gives no (whole) answer, with what the user can do about it. A refused connection is
    an answer: nothing listens there, and waiting does not change that."""
    host = host_of(url)
    if isinstance(error, SSLError):
        return RegistryError(
            "bad-certificate",
            f"{host} has no certificate that this machine trusts: {_cause(error)}",
            hint="registries other than this machine's own are spoken to over https only",
        )
    if isinstance(error, NameResolutionError):
        hint = "check the registry's name, and whether this machine has a network"
        return RegistryError("unreachable", f"no registry is known under the name {host}", hint=hint)
    return RegistryError(
        "unreachable",
        f"{host} does not answer: {_cause(error)}",
        hint="check that the registry runs and that this machine reaches it",
        retryable=not isinstance(error.__cause__, ConnectionRefusedError),
    )


def host_of(url: str) -> str:
    """Host and port of a URL, for messages: paths and queries may hold signatures."""
    return urlsplit(url).netloc.rpartition("@")[2]


def _cause(error: HTTPError) -> str:
    """The operating system's words where it has any: urllib3's own name objects and addresses in memory."""
    inner = error.__cause__ or error.__context__
    if isinstance(inner, OSError) and inner.strerror:
        return inner.strerror.lower()
    return str(error.args[-1] if error.args else error)[:300]


def _read(response: urllib3.BaseHTTPResponse, limit: int, url: str) -> bytes:
    parts, size = [], 0
    for chunk in response.stream(1 << 16, decode_content=False):
        size += len(chunk)
        if size > limit:
            raise RegistryError("too-large", f"{host_of(url)} answers with more than {limit} bytes of metadata")
        parts.append(chunk)
    return b"".join(parts)


def _follow(url: str, location: str, headers: dict[str, str]) -> tuple[str, dict[str, str]]:
    """Where a redirect leads and with which headers. Credentials stay with scheme, host and port; http is entered
    only from this machine to this machine, so that nobody who redirects makes us speak in clear."""
    target = urljoin(url, location)
    old, new = urlsplit(url), urlsplit(target)
    both_here = is_loopback(old.hostname or "") and is_loopback(new.hostname or "")
    if new.scheme != "https" and not (new.scheme == "http" and old.scheme == "http" and both_here):
        raise RegistryError("bad-answer", f"{host_of(url)} redirects to {new.scheme}://{host_of(target)}, not to https")
    if (old.scheme, old.netloc) != (new.scheme, new.netloc):
        headers = {key: value for key, value in headers.items() if key.lower() not in _CREDENTIALS}
    return target, headers
