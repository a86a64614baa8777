"""An SSH agent's socket, forwarded: the process gets a socket of its own, with the owner and mode that it needs."""

from __future__ import annotations

import os
import selectors
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress

_CHUNK = 1 << 16


@contextmanager
def forward(agent: str, folder: str) -> Generator[str]:
    """The path of a socket in `folder`; whoever connects to it talks to `agent`, until the end of the context."""
    path = f"{folder}/agent"
    with socket.socket(socket.AF_UNIX) as listening:
        folder_fd = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            listening.bind(f"/proc/self/fd/{folder_fd}/agent")  # a path of any length
        finally:
            os.close(folder_fd)
        listening.listen()
        thread = threading.Thread(target=_accept, args=(listening, agent), daemon=True)
        thread.start()
        try:
            yield path
        finally:
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def _accept(listening: socket.socket, agent: str) -> None:
    while True:
        try:
            client, _ = listening.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(client, agent), daemon=True).start()


def _serve(client: socket.socket, agent: str) -> None:
    with client, socket.socket(socket.AF_UNIX) as upstream, selectors.DefaultSelector() as ready, suppress(OSError):
        upstream.connect(agent)
        ready.register(client, selectors.EVENT_READ, upstream)
        ready.register(upstream, selectors.EVENT_READ, client)
        while True:
            for key, _ in ready.select():
                source = key.fileobj
                data = source.recv(_CHUNK) if isinstance(source, socket.socket) else b""
                if not data:
                    return
                key.data.sendall(data)
