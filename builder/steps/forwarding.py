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
        with _short(path) as name:
            listening.bind(name)
        listening.listen()
        thread = threading.Thread(target=_accept, args=(listening, agent), daemon=True)
        thread.start()
        try:
            yield path
        finally:
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            thread.join()


@contextmanager
def _short(path: str) -> Generator[str]:
    """A name for `path`, which may be longer than a socket's name can be."""
    folder, name = os.path.split(path)
    fd = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{fd}/{name}"
    finally:
        os.close(fd)


def _accept(listening: socket.socket, agent: str) -> None:
    while True:
        try:
            client, _ = listening.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(client, agent), daemon=True).start()


def _serve(client: socket.socket, agent: str) -> None:
    with client, socket.socket(socket.AF_UNIX) as upstream, selectors.DefaultSelector() as ready, suppress(OSError):
        with _short(agent) as name:
            upstream.connect(name)
        ready.register(client, selectors.EVENT_READ, upstream)
        ready.register(upstream, selectors.EVENT_READ, client)
        while True:
            for key, _ in ready.select():
                source = key.fileobj
                data = source.recv(_CHUNK) if isinstance(source, socket.socket) else b""
                if not data:
                    return
                key.data.sendall(data)
