"""One GET to any web server: proxies of the environment, redirects, and credentials that stay with their host."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

import urllib3
from urllib3.exceptions import HTTPError, LocationParseError

from builder.context.weblink import shown
from builder.errors import ContextError
from builder.http.connections import Connections, release
from builder.http.failures import FailureKind, failure_of
from builder.http.patience import PATIENT, Patience
from builder.http.places import PORTS, REDIRECTS
from builder.http.proxies import PROXY_HINT, proxy_for, shown_proxy

_MOST_REDIRECTS = 10


class Web:
    """Safe to share between threads; connections are kept and reused."""

    def __init__(self, patience: Patience = PATIENT) -> None:
        self._connections = Connections(patience)

    def get(self, url: str, credentials: Callable[[str], str], headers: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        """The answer, whatever its status, its body still to be read; the caller releases it. `credentials` gives the
        Authorization header for the host of `url`; what that host redirects to elsewhere does not see it."""
        first = _split(url)
        authorization = credentials(first.hostname or "") or _basic(first)
        here = first
        for _ in range(_MOST_REDIRECTS + 1):
            sent = dict(headers)
            if authorization and _same_place(first, here):
                sent["Authorization"] = authorization
            response = self._send(here, sent)
            location = response.headers.get("Location")
            if response.status not in REDIRECTS or not location:
                return response
            release(response)
            here = _split(urljoin(here.geturl(), location))
        raise ContextError("fetch-failed", f"{shown(url)} redirects more than {_MOST_REDIRECTS} times")

    def _send(self, url: SplitResult, headers: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        target = url._replace(netloc=url.netloc.rpartition("@")[2], fragment="").geturl()
        try:
            return self._connections.send("GET", target, headers)
        except LocationParseError as error:
            raise ContextError("bad-url", f"not an address: {shown(target)}") from error
        except (HTTPError, UnicodeError) as error:
            raise failure(target, error) from error


def failure(url: str, error: Exception) -> ContextError:
    """The error for a server that gives no (whole) answer."""
    found = failure_of(error)
    host = urlsplit(url).netloc.rpartition("@")[2]
    if found.kind in (FailureKind.CERTIFICATE, FailureKind.NO_TLS):
        return ContextError(
            "bad-certificate",
            f"{host} has no certificate that this machine trusts: {found.cause}",
            hint="add its authority to this machine's certificates (SSL_CERT_FILE names a file of them)",
        )
    if found.kind is FailureKind.NO_SUCH_NAME:
        hint = "check the URL, and whether this machine has a network"
        return ContextError("unreachable", f"no host is known under the name {host}", hint=hint)
    if found.kind is FailureKind.PROXY:
        message = f"the proxy {shown_proxy(proxy_for(url))} does not lead to {host}: {found.cause}"
        return ContextError("unreachable", message, hint=PROXY_HINT)
    return ContextError(
        "unreachable",
        f"{shown(url)} cannot be fetched: {found.cause}",
        hint="check the URL, and whether this machine reaches that host",
        retryable=found.is_passing,
    )


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises where it is none
    except ValueError as error:
        raise ContextError("bad-url", f"not a URL: {url[:200]!r}") from error
    if parts.scheme not in PORTS or not parts.hostname:
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
    return url.port or PORTS[url.scheme]


def _basic(url: SplitResult) -> str:
    """User name and password that stand in the URL itself, as the header they mean."""
    if url.username is None and url.password is None:
        return ""
    pair = f"{unquote(url.username or '')}:{unquote(url.password or '')}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"
