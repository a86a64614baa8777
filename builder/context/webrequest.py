"""One GET to any web server: proxies of the environment, redirects, and credentials that stay with their host."""

from __future__ import annotations

import base64
import urllib.request
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

import urllib3
from urllib3.exceptions import HTTPError, LocationParseError, NameResolutionError, SSLError

from builder.context.weblink import shown
from builder.errors import ContextError

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 10
_PORTS = {"http": 80, "https": 443}


class Patience(NamedTuple):
    """How long a web server is waited for."""

    attempts: int = 4
    first_delay_s: float = 0.5
    connect_timeout_s: float = 15.0
    read_timeout_s: float = 60.0
    """Between two arrivals of bytes, not for the whole body."""

    def delay_s(self, failures: int) -> float:
        """The wait after the `failures`-th failure in a row."""
        return float(self.first_delay_s * 2 ** (failures - 1))


PATIENT = Patience()


class Web:
    """Safe to share between threads; connections are kept and reused."""

    def __init__(self, patience: Patience = PATIENT) -> None:
        self._timeout = urllib3.Timeout(connect=patience.connect_timeout_s, read=patience.read_timeout_s)
        self._pools: dict[str, urllib3.PoolManager] = {}

    def get(self, url: str, credentials: Callable[[str], str], headers: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        """The answer, whatever its status, its body still to be read; the caller releases it. `credentials` gives the
        Authorization header for the host of `url`; what that host redirects to elsewhere does not see it."""
        first = _split(url)
        authorization = credentials(first.hostname or "") or _basic(first)
        here = first
        for _ in range(_MOST_REDIRECTS + 1):
            sent = {**headers, "Accept-Encoding": "identity", "User-Agent": "pybuild"}
            if authorization and _same_place(first, here):
                sent["Authorization"] = authorization
            response = self._send(here, sent)
            location = response.headers.get("Location")
            if response.status not in _REDIRECTS or not location:
                return response
            release(response)
            here = _split(urljoin(here.geturl(), location))
        raise ContextError("fetch-failed", f"{shown(url)} redirects more than {_MOST_REDIRECTS} times")

    def _send(self, url: SplitResult, headers: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        target = url._replace(netloc=url.netloc.rpartition("@")[2], fragment="").geturl()
        try:
            return self._pool(url).request(
                "GET",
                target,
                headers=headers,
                preload_content=False,
                decode_content=False,
                redirect=False,
            )
        except LocationParseError as error:
            raise ContextError("bad-url", f"not an address: {shown(target)}") from error
        except (HTTPError, UnicodeError) as error:
            raise failure(target, error) from error

    def _pool(self, url: SplitResult) -> urllib3.PoolManager:
        proxy = _proxy(url)
        if proxy not in self._pools:
            pool = urllib3.ProxyManager(proxy) if proxy else urllib3.PoolManager()
            pool.connection_pool_kw |= {"retries": False, "timeout": self._timeout}
            self._pools[proxy] = pool
        return self._pools[proxy]


def release(response: urllib3.BaseHTTPResponse) -> None:
    """Gives the connection up. What is left of the body is not read: it may be endless."""
    response.close()
    response.release_conn()


def failure(url: str, error: Exception) -> ContextError:
    """The error for a server that gives no (whole) answer. A refused connection is an answer: waiting does not change
    it."""
    host = urlsplit(url).netloc.rpartition("@")[2]
    if isinstance(error, SSLError):
        return ContextError(
            "bad-certificate",
            f"{host} has no certificate that this machine trusts: {_cause(error)}",
            hint="add its authority to this machine's certificates (SSL_CERT_FILE names a file of them)",
        )
    if isinstance(error, NameResolutionError):
        hint = "check the URL, and whether this machine has a network"
        return ContextError("unreachable", f"no host is known under the name {host}", hint=hint)
    return ContextError(
        "unreachable",
        f"{shown(url)} cannot be fetched: {_cause(error)}",
        hint="check the URL, and whether this machine reaches that host",
        retryable=isinstance(error, HTTPError) and not isinstance(error.__cause__, ConnectionRefusedError),
    )


def _cause(error: Exception) -> str:
    """The operating system's words where it has any: urllib3's own name objects and addresses in memory."""
    inner = error.__cause__ or error.__context__
    if isinstance(inner, OSError) and inner.strerror:
        return inner.strerror.lower()
    return str(error.args[-1] if error.args else error)[:300]


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises where it is none
    except ValueError as error:
        raise ContextError("bad-url", f"not a URL: {url[:200]!r}") from error
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ContextError("bad-url", f"only http and https URLs can be fetched, not {shown(url)[:200]}")
    return parts


def _same_place(first: SplitResult, here: SplitResult) -> bool:
    """Whether credentials for `first` may be sent to `here`: the same host and port, or the same host where it moves
    from http to https."""
    if first.hostname != here.hostname:
        return False
    if first.scheme == here.scheme:
        return _port(first) == _port(here)
    return first.scheme == "http" and _port(first) == 80 and _port(here) == 443


def _port(url: SplitResult) -> int:
    return url.port or _PORTS[url.scheme]


def _basic(url: SplitResult) -> str:
    """User name and password that stand in the URL itself, as the header they mean."""
    if url.username is None and url.password is None:
        return ""
    pair = f"{unquote(url.username or '')}:{unquote(url.password or '')}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def _proxy(url: SplitResult) -> str:
    """The proxy that the environment names for `url`; this machine is always spoken to directly."""
    host = url.hostname or ""
    if host == "localhost" or host.startswith("127.") or host == "::1":
        return ""
    proxies = urllib.request.getproxies_environment()
    if urllib.request.proxy_bypass(url.netloc.rpartition("@")[2]):
        return ""
    return proxies.get(url.scheme, proxies.get("all", ""))
