"""Waits for everything at once: the processes, what they write, who is attached, who comes with a request."""

from __future__ import annotations

import _socket
import os
import select
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from builder.containers.monitor import wire
from builder.containers.monitor.session import Client, Session
from builder.sandbox.spec import ExitStatus

_GONE = select.POLLHUP | select.POLLERR
Handler = Callable[[], None]
Answer = Callable[[_socket.socket, dict[str, Any]], "tuple[Session, Client] | None"]
"""Answers a request; gives the session that the connection is attached to from now on, and as what."""


class Loop:
    def __init__(self, listener: _socket.socket, main: Session, answer: Answer) -> None:
        self._listener = listener
        self._main = main
        self._answer = answer
        self._sessions = [main]
        self._asking: list[_socket.socket] = []
        """Connections whose request has not come yet."""
        self._leaving: list[Client] = []
        """What they were attached to has ended, and they have not taken everything yet."""

    def add(self, session: Session) -> None:
        self._sessions.append(session)

    def run(self) -> ExitStatus:
        """Until the main process has ended and all it wrote has been passed on, as far as anyone takes it now. Who is
        attached has not heard of the end yet."""
        turn = 0
        while True:
            handlers = self._handlers()
            poll = select.poll()
            for fd, (events, _) in handlers.items():
                poll.register(fd, events)
            ready = [fd for fd, _ in poll.poll()]
            turn += 1
            fd = ready[turn % len(ready)]  # one at a time, as it may close others; each in its turn
            if fd == self._main.child:
                return self._main.end()
            handlers[fd][1]()

    def linger(self, clients: list[Client]) -> None:
        """Until these have taken everything, or hung up."""
        while waiting := [client for client in clients if client.unsent]:
            poll = select.poll()
            for client in waiting:
                poll.register(client.sock, select.POLLOUT)
            for fd, events in poll.poll():
                client = next(client for client in waiting if client.sock.fileno() == fd)
                if events & _GONE:
                    client.unsent.clear()
                client.flush()

    def _handlers(self) -> dict[int, tuple[int, Handler]]:
        handlers: dict[int, tuple[int, Handler]] = {
            self._listener.fileno(): (select.POLLIN, self._accept),
        }
        for sock in self._asking:
            handlers[sock.fileno()] = select.POLLIN, _bound(self._hear, sock)
        for client in self._leaving:
            handlers[client.sock.fileno()] = select.POLLOUT, self._see_off
        for session in self._sessions:
            handlers |= self._of_session(session)
        return handlers

    def _of_session(self, session: Session) -> dict[int, tuple[int, Handler]]:
        """The one terminal is input and output: it has one handler for both."""
        handlers: dict[int, tuple[int, Handler]] = {session.child: (select.POLLIN, _bound(self._end, session))}
        for fd in () if session.held_up else session.outputs:
            handlers[fd] = select.POLLIN, _bound(session.read, fd)
        if session.typed and session.input >= 0:
            both = handlers.get(session.input)
            if both:
                handlers[session.input] = both[0] | select.POLLOUT, _bound(_read_and_write, session)
            else:
                handlers[session.input] = select.POLLOUT, session.flush_input
        for client in session.clients:
            events = select.POLLRDHUP | (select.POLLOUT if client.unsent else 0)
            events |= 0 if session.typed else select.POLLIN
            handlers[client.sock.fileno()] = events, _bound(self._serve, session, client)
        return handlers

    def _accept(self) -> None:
        with suppress(OSError):  # too many at once; they see that nobody answers
            fd, _ = self._listener._accept()  # type: ignore[attr-defined] # as socket.accept has it
            self._asking.append(_socket.socket(fileno=fd))

    def _hear(self, sock: _socket.socket) -> None:
        """What cannot be done, since the one who asks is gone or the machine refuses, ends the connection alone."""
        self._asking.remove(sock)
        attached = None
        with suppress(OSError):
            packet, fds = wire.receive(sock)
            request = wire.unpack(packet)
            for fd in fds:
                os.close(fd)
            attached = self._answer(sock, request) if request else None
        if attached is None:
            sock.close()
            return
        session, client = attached
        session.attach(client)

    def _serve(self, session: Session, client: Client) -> None:
        client.flush()
        try:
            packet = client.sock.recv(256 << 10, _socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            packet = b""
        if packet[:1] == wire.STDIN:
            session.type(packet[1:])
            return
        request = wire.unpack(packet)
        if request is None:  # hung up
            session.clients.remove(client)
            client.sock.close()
            client.when_gone()
            if not client.watches:
                session.type(b"")
        elif "size" in request:
            session.resize(*request["size"])
        elif "signal" in request:
            session.signal(request["signal"])

    def _end(self, session: Session) -> None:
        """One of `exec`."""
        status = session.end()
        self._sessions.remove(session)
        for client in session.clients:
            client.give(wire.pack({"ended": status._asdict()}))
        self._leaving += session.clients
        self._see_off()

    def _see_off(self) -> None:
        """Who has taken everything, or has hung up, is let go."""
        for client in self._leaving:
            client.flush()
            if not client.unsent:
                client.sock.close()
        self._leaving = [client for client in self._leaving if client.unsent]


def _read_and_write(session: Session) -> None:
    terminal = session.input
    session.flush_input()
    os.set_blocking(terminal, False)
    session.read(terminal)


def _bound(call: Callable[..., object], *args: object) -> Handler:
    def handler() -> None:
        call(*args)

    return handler
