"""A registry that follows a script: each request takes the next answer. For the faults that no real registry shows."""

from __future__ import annotations

import socket
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple


class Reply(NamedTuple):
    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    cut_at: int | None = None
    """Sends only so many bytes of the body, then drops the connection."""
    endless: bool = False
    """Repeats the body for as long as anyone listens, chunked."""
    after: threading.Event | None = None
    """Keeps the client waiting until this is set."""


class Seen(NamedTuple):
    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""


class Script:
    def __init__(self, replies: Sequence[Reply]) -> None:
        self.replies = list(replies)
        self.seen: list[Seen] = []
        self.address = ""


@contextmanager
def scripted(*replies: Reply) -> Generator[Script]:
    script = Script(replies)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            headers = {key.lower(): value for key, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", "0")))
            script.seen.append(Seen(self.command, self.path, headers, body))
            reply = script.replies.pop(0) if script.replies else Reply(599)
            if reply.after:
                reply.after.wait(60)
            self.send_response(reply.status)
            for key, value in reply.headers:
                self.send_header(key, value)
            if reply.endless:
                self._send_endless(reply.body)
                return
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(b"" if self.command == "HEAD" else reply.body[: reply.cut_at])
            if reply.cut_at is not None:
                self.wfile.flush()
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True

        do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815

        def _send_endless(self, body: bytes) -> None:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(body), body))
            except OSError:
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """A client that has seen enough hangs up; nobody needs to read of it."""

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    script.address = f"127.0.0.1:{server.server_address[1]}"
    try:
        yield script
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
