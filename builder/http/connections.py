"""One request on a pooled connection."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import urllib3

from builder.http.patience import PATIENT, Patience
from builder.http.proxies import proxy_for, through
from builder.http.steady import Live, steady_pools
from builder.lean import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import ssl

_SEND_BLOCK = 256 << 10


class Security(NamedTuple):
    """How the other side proves who it is, and how we do."""

    verify: bool = True
    authorities: tuple[str, ...] = ()
    """Files of certificates that are trusted beside this machine's own."""
    pairs: tuple[tuple[str, str], ...] = ()
    """Our certificate and its key, as files; several are tried in order by who asks for one."""


ORDINARY = Security()
"""Https to hosts that somebody whom this machine trusts vouches for."""


class Connections:
    """Safe to share between threads; connections are kept and reused."""

    def __init__(self, patience: Patience = PATIENT) -> None:
        self._patience = patience
        self._pools: dict[tuple[str, Security], urllib3.PoolManager] = {}
        self._live = Live()

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | Iterable[bytes] | None = None,
        security: Security = ORDINARY,
    ) -> urllib3.BaseHTTPResponse:
        """The answer, whatever its status, its body still to be read; `release` it. A body in pieces needs its
        Content-Length among the headers. Raises urllib3's HTTPError, or UnicodeError for a host that is no name."""
        return self._pool(url, security).request(
            method,
            url,
            headers={"Accept-Encoding": "identity", "User-Agent": "pybuild", **headers},
            body=body,
            preload_content=False,
            decode_content=False,
            redirect=False,
        )

    def close(self) -> None:
        """Closes what is idle. Safe to repeat."""
        for pool in self._pools.values():
            pool.clear()

    def abort(self) -> None:
        """Cuts every connection, also those that other threads are waiting on: for a command that is interrupted."""
        self._live.cut()

    def _pool(self, url: str, security: Security) -> urllib3.PoolManager:
        proxy = proxy_for(url)
        key = (proxy, security)
        if key not in self._pools:
            pool = through(proxy) if proxy else urllib3.PoolManager()
            pool.pool_classes_by_scheme = steady_pools(self._patience, self._live)
            pool.connection_pool_kw |= {
                "retries": False,
                "timeout": urllib3.Timeout(self._patience.connect_timeout_s, self._patience.read_timeout_s),
                "maxsize": 16,
                "blocksize": _SEND_BLOCK,
            }
            if security != ORDINARY:
                pool.connection_pool_kw["ssl_context"] = _context(security)
            self._pools[key] = pool
        return self._pools[key]


def release(response: urllib3.BaseHTTPResponse) -> None:
    """Gives the connection up. What is left of the body is not read: it may be endless."""
    response.close()
    response.release_conn()


def _context(security: Security) -> ssl.SSLContext:
    import ssl

    context = ssl.create_default_context()
    if not security.verify:
        from urllib3 import disable_warnings
        from urllib3.exceptions import InsecureRequestWarning

        disable_warnings(InsecureRequestWarning)  # whoever listed the host knows
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if security.authorities:
        # Python 3.13 and later refuse authorities without a key usage, such as `openssl req -x509` makes them; docker
        # and earlier Pythons believe those that the user has put there.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    for path in security.authorities:
        context.load_verify_locations(cafile=path)
    for certificate, key in security.pairs:
        context.load_cert_chain(certificate, key)
    return context
