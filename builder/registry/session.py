"""Authorised requests to one registry."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import NamedTuple

from urllib3.exceptions import HTTPError

from builder.errors import RegistryError
from builder.http.connections import ORDINARY, release
from builder.http.patience import RETRIED
from builder.registry.auth import Authorizer, Scopes
from builder.registry.hosts import Endpoint
from builder.registry.refusals import refusal
from builder.registry.transport import (
    MANIFEST_LIMIT,
    Answer,
    Body,
    Opened,
    Request,
    Transport,
    same_place,
    target_of,
)

_ELSEWHERE = frozenset({"unreachable", "no-tls", "bad-certificate"})
"""Codes of failures after which another endpoint may do."""


class Call(NamedTuple):
    """A request below `/v2/`, or to a whole URL that the registry has given us."""

    method: str
    path: str
    scopes: Scopes = ()
    headers: Mapping[str, str] = {}
    body: bytes | Body | None = None
    once: bool = False
    """See `Request.once`; a 401 is answered all the same."""


class Session:
    """One registry. Which of its endpoints serves is found with the first call. Safe to share between threads."""

    def __init__(
        self, domain: str, endpoints: tuple[Endpoint, ...], transport: Transport, authorizer: Authorizer
    ) -> None:
        self.domain = domain
        self.transport = transport
        self._endpoints = endpoints
        self._authorizer = authorizer
        self._endpoint = endpoints[0]
        self._is_found = len(endpoints) == 1
        self._finding = threading.Lock()

    @property
    def url(self) -> str:
        """Of the endpoint that serves, as far as that is known."""
        return self._endpoint.url

    def fetch(self, call: Call, limit: int = MANIFEST_LIMIT) -> Answer:
        """The answer with its body, whatever its status but a 401 that a login answers."""
        return self.transport.read(lambda: self.open(call), limit, once=call.once)

    def open(self, call: Call) -> Opened:
        """The same with the body still to be read; release its response."""
        if not self._is_found:
            opened = self._find(call)
            if opened is not None:
                return opened
        return self._open_at(self._endpoint, call)

    def refusal(self, answer: Answer, what: str) -> RegistryError:
        """The error for an answer that is no success; see `refusals.py`."""
        return refusal(self.domain, answer, what, self._authorizer.user)

    def located(self, url: str, location: str) -> str:
        """The URL that the Location header of an answer from `url` gives. Raises RegistryError `bad-answer`."""
        if not location:
            raise RegistryError("bad-answer", f"{self.domain} does not say where to go on")
        return target_of(url, location)

    def _find(self, call: Call) -> Opened | None:
        with self._finding:
            if self._is_found:  # by another thread, meanwhile
                return None
            opened = self._first(call)
            self._is_found = True
            return opened

    def _first(self, call: Call) -> Opened | None:
        """Tries each endpoint once; the first that answers in the protocol is kept, and its answer returned unless it
        asks for patience. When none does, the first is kept, to fail with its own error."""
        for endpoint in self._endpoints:
            try:
                opened = self._open_at(endpoint, call._replace(once=True))
            except RegistryError as error:
                if error.code not in _ELSEWHERE:
                    raise
                continue
            if endpoint.is_plain and _wants_tls(opened, call.method):
                continue
            self._endpoint = endpoint
            retry_after = opened.header("Retry-After")
            if opened.status not in RETRIED or self.transport.patience.is_hopeless(retry_after):
                return opened
            release(opened.response)
            self.transport.pause(endpoint.url, 1, retry_after)
            return None
        return None

    def _open_at(self, endpoint: Endpoint, call: Call) -> Opened:
        for is_last in (False, True):
            request = self._request(call, endpoint)
            opened = self.transport.open(request)
            if opened.status != 401 or is_last or not same_place(opened.url, endpoint.url):
                break
            release(opened.response)
            sent = {key: value for key, value in request.headers.items() if key == "Authorization"}
            self._authorizer.answer(opened.header("WWW-Authenticate"), call.scopes, endpoint, sent)
        return opened

    def _request(self, call: Call, endpoint: Endpoint) -> Request:
        url = call.path if "://" in call.path else f"{endpoint.url}/v2/{call.path}"
        ours = same_place(url, endpoint.url)
        headers = {**call.headers, **(self._authorizer.headers(call.scopes) if ours else {})}
        security = endpoint.security if ours else ORDINARY
        return Request(call.method, url, headers, call.body, security, call.once)


def _wants_tls(opened: Opened, method: str) -> bool:
    """What the usual web servers answer to plain http on a port for https; to a HEAD they cannot say why. Such an
    answer is released here."""
    if opened.status != 400:
        return False
    try:
        said = opened.response.read(1024, decode_content=False)
    except HTTPError:
        said = b""
    release(opened.response)
    return method == "HEAD" or b"HTTPS" in said
