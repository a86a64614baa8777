"""Between a client and a real registry: counts what passes, and does what goes wrong on networks."""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

_CHUNK = 64 << 10


class Fault(NamedTuple):
    """What happens to one request instead of being passed on, or while it is."""

    status: int = 0
    """Answered at once with this, and `headers` and `body`."""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    cut_request: int | None = None
    """The connection is dropped after so many bytes of the request's body; the registry sees those."""
    cut_response: int | None = None
    change: Callable[[bytes], bytes] | None = None
    """Another body instead, with its own length."""
    endless: bool = False
    """The body again and again, without a length."""
    drip_s: float = 0.0
    """One byte at a time, with this pause after each."""


class Exchange(NamedTuple):
    method: str
    path: str
    status: int
    sent: int
    """Bytes of the request's body."""
    received: int
    """Bytes of the answer's body."""
    headers: dict[str, str]
    """Of the request, names in lower case."""

    @property
    def line(self) -> str:
        return f"{self.method} {self.path.partition('?')[0]}"


class Proxy:
    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.address = ""
        self.exchanges: list[Exchange] = []
        self._faults: list[tuple[re.Pattern[str], Fault]] = []
        self._lock = threading.Condition()
        self._under_way = 0
        self.met = threading.Event()
        """Somebody has met a fault."""

    def fail(self, pattern: str, *faults: Fault) -> None:
        """Each of the next requests that match (`METHOD /path`) meets one of them, in order."""
        self._faults += [(re.compile(pattern), fault) for fault in faults]

    def heal(self) -> None:
        """Nothing goes wrong any more."""
        with self._lock:
            self._faults.clear()

    def take(self) -> list[Exchange]:
        """What has passed since this was last asked. Who has an answer may be quicker than we are to note it."""
        with self._lock:
            self._lock.wait_for(lambda: not self._under_way, 60)
            passed, self.exchanges = self.exchanges, []
        return passed

    def fault_for(self, line: str) -> Fault:
        with self._lock:
            for position, (pattern, fault) in enumerate(self._faults):
                if pattern.search(line):
                    del self._faults[position]
                    self.met.set()
                    return fault
        return Fault()

    def begin(self) -> None:
        with self._lock:
            self._under_way += 1

    def note(self, exchange: Exchange) -> None:
        with self._lock:
            self.exchanges.append(exchange)
            self._under_way -= 1
            self._lock.notify_all()


class _Gone(Exception):  # noqa: N818 - not an error of the test
    """The connection has been dropped."""


@contextmanager
def running_proxy(upstream: str) -> Generator[Proxy]:
    """A proxy on a port of its own before the registry at `upstream`."""
    proxy = Proxy(upstream)

    class Handler(_Handler):
        owner = proxy

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that has seen enough hangs up."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    proxy.address = f"127.0.0.1:{server.server_port}"
    try:
        yield proxy
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    owner: Proxy
    protocol_version = "HTTP/1.1"

    def handle_any(self) -> None:
        self._sent = self._received = 0
        self._status = 0
        self.owner.begin()
        fault = self.owner.fault_for(f"{self.command} {self.path}")
        try:
            if fault.status:
                self._read_all()
                self._answer(fault.status, list(fault.headers), fault.body, fault)
            else:
                self._pass_on(fault)
        except (_Gone, OSError):
            self.close_connection = True
        finally:
            headers = {key.lower(): value for key, value in self.headers.items()}
            self.owner.note(Exchange(self.command, self.path, self._status, self._sent, self._received, headers))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815

    def _pass_on(self, fault: Fault) -> None:
        upstream = http.client.HTTPConnection(self.owner.upstream, timeout=60)
        try:
            upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for key, value in self.headers.items():
                upstream.putheader(key, value)
            upstream.endheaders()
            self._send_body(upstream, fault)
            response = upstream.getresponse()
            headers = [(key, value) for key, value in response.getheaders() if key.lower() != "transfer-encoding"]
            if fault == Fault() and self.command != "HEAD":
                self._stream(response, headers)
            else:
                self._answer(response.status, headers, response.read(), fault)
        finally:
            upstream.close()

    def _send_body(self, upstream: http.client.HTTPConnection, fault: Fault) -> None:
        left = int(self.headers.get("Content-Length", "0"))
        while left:
            most = _CHUNK if fault.cut_request is None else min(_CHUNK, fault.cut_request - self._sent)
            if most <= 0:
                self._drop()
            data = self.rfile.read(min(most, left))
            if not data:
                raise _Gone
            left -= len(data)
            self._sent += len(data)
            upstream.send(data)

    def _stream(self, response: http.client.HTTPResponse, headers: list[tuple[str, str]]) -> None:
        self._head(response.status, headers, response.headers.get("Content-Length") or "0")
        while data := response.read(_CHUNK):
            self.wfile.write(data)
            self._received += len(data)

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes, fault: Fault) -> None:
        body = fault.change(body) if fault.change else body
        if fault.endless:
            self._send_endless(status, headers, body or b"x" * _CHUNK)
        length = dict(headers).get("Content-Length", "0") if self.command == "HEAD" else str(len(body))
        self._head(status, headers, length, drip_s=fault.drip_s)
        for position in range(len(body) if fault.drip_s else 0):
            self.wfile.write(body[position : position + 1])
            time.sleep(fault.drip_s)
        if not fault.drip_s and self.command != "HEAD":
            self.wfile.write(body[: fault.cut_response])
            self._received = len(body[: fault.cut_response])
        if fault.cut_response is not None:
            self._drop()

    def _head(self, status: int, headers: list[tuple[str, str]], length: str, drip_s: float = 0.0) -> None:
        self._status = status
        lines = [f"HTTP/1.1 {status} X"]
        lines += [f"{key}: {value}" for key, value in headers if key.lower() != "content-length"]
        data = "\r\n".join([*lines, f"Content-Length: {length}", "", ""]).encode()
        for position in range(0, len(data), 1 if drip_s else len(data)):
            self.wfile.write(data[position : position + (1 if drip_s else len(data))])
            if drip_s:
                time.sleep(drip_s)

    def _send_endless(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self._status = status
        self.send_response(status)
        for key, value in headers:
            if key.lower() != "content-length":
                self.send_header(key, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while True:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(body), body))
            self._received += len(body)

    def _read_all(self) -> None:
        left = int(self.headers.get("Content-Length", "0"))
        while left and (data := self.rfile.read(min(_CHUNK, left))):
            left -= len(data)
            self._sent += len(data)

    def _drop(self) -> None:
        with contextlib.suppress(OSError):
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
        raise _Gone

    def log_message(self, *_: object) -> None:
        pass
