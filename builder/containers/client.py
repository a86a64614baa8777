"""The other side of a monitor: asking it for something, and being attached to one of its processes."""

from __future__ import annotations

import _socket
import os
import select
import signal
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from builder.containers.monitor import wire
from builder.containers.records import folder_of
from builder.containers.start import raise_failure
from builder.errors import OutputError, StoreError, UsageError
from builder.sandbox.spec import ExitStatus
from builder.sandbox.terminal import raw_mode, size_of
from builder.store.store import Store

DETACH_KEYS = b"\x10\x11"
"""Ctrl-P Ctrl-Q."""
_FORWARDED = (
    "SIGINT SIGTERM SIGHUP SIGQUIT SIGUSR1 SIGUSR2 SIGALRM SIGCONT SIGPOLL SIGPROF SIGVTALRM SIGIO SIGPWR SIGWINCH"
)
_INSISTING = 3


class Manner(NamedTuple):
    """How to be attached."""

    interactive: bool = False
    """What we read goes to the process."""
    tty: bool = False
    detach_keys: bytes = DETACH_KEYS
    forward_signals: bool = True


class Detached(Exception):  # noqa: N818 - carries a result
    """The user has left; the process goes on."""


def ask(store: Store, identifier: str, name: str, request: dict[str, Any]) -> tuple[_socket.socket, list[int]]:
    """The connection, after the monitor has done what it was asked for, and the descriptors that it sent. Raises
    StoreError `not-running`, and what the monitor tells."""
    try:
        sock = wire.connect(folder_of(store, identifier))
    except OSError as error:
        raise not_running(name) from error
    with suppress(BrokenPipeError, ConnectionResetError):  # it has just ended, and answers nothing
        wire.send(sock, request)
    packet, fds = wire.receive(sock)
    if not packet:
        sock.close()
        raise not_running(name)
    raise_failure(wire.unpack(packet) or {})
    return sock, fds


def not_running(name: str) -> StoreError:
    return StoreError("not-running", f"container {name} does not run", hint=f"`pybuild start {name}`")


def wait_for_end(sock: _socket.socket, seconds: float | None = None) -> ExitStatus | None:
    """Of an attached process; None: it has not ended in time. A monitor that is killed takes its process along."""
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    while poll.poll(None if seconds is None else seconds * 1000):
        packet, _ = wire.receive(sock)
        message = wire.unpack(packet)
        if message and "ended" in message:
            return ExitStatus(**message["ended"])
        if not packet:
            return ExitStatus(137, signal.SIGKILL)
    return None


def parse_detach_keys(text: str) -> bytes:
    """`ctrl-p,ctrl-q`, docker's spelling."""
    keys = []
    for word in text.split(","):
        if len(word) == 1:
            keys.append(word.encode())
        elif word.startswith("ctrl-") and len(word) == 6 and (word[5].isalpha() or word[5] in "@[\\]^_"):
            keys.append(bytes([ord(word[5].upper()) & 0x1F]))
        else:
            raise UsageError("bad-option", f"--detach-keys {text}: no such keys", hint="such as ctrl-p,ctrl-q")
    return b"".join(keys)


class Attendance:
    """Shows what a process writes and gives it what is typed."""

    def __init__(self, sock: _socket.socket, manner: Manner, streams: Sequence[int] = (0, 1, 2)) -> None:
        self._sock = sock
        self._manner = manner
        self._input, *outputs = streams
        self._outputs = dict(zip((wire.STDOUT, wire.STDERR), outputs, strict=True))
        self._held = b""
        """The beginning of the keys that detach, typed and not sent."""
        self._interrupts = 0
        self._unsent: list[bytes] = []
        """What the monitor does not take yet. Nothing more is read meanwhile, but what the process writes is shown:
        each side that waited for the other would wait for ever."""

    def run(self) -> ExitStatus:
        """Until it ends; within `signals()`. Raises Detached, BrokenPipeError when nobody reads our output any more,
        and OutputError `output-failed` where it cannot be written."""
        terminal = self._manner.tty and self._manner.interactive and os.isatty(self._input)
        with raw_mode(self._input if terminal else -1):
            self._tell_size()
            reading = self._manner.interactive
            while True:
                poll = select.poll()
                poll.register(self._sock, select.POLLIN | (select.POLLOUT if self._unsent else 0))
                if reading and not self._unsent:
                    poll.register(self._input, select.POLLIN)
                ready = dict(poll.poll())
                if ready.get(self._sock.fileno(), 0) & ~select.POLLOUT:
                    status = self._read_output()
                    if status is not None:
                        return status
                if self._input in ready:
                    reading = self._read_input()
                self._flush()

    def _read_output(self) -> ExitStatus | None:
        packet, _ = wire.receive(self._sock)
        if packet[:1] in self._outputs:
            _write_all(self._outputs[packet[:1]], packet[1:])
            return None
        message = wire.unpack(packet)
        if message and "ended" in message:
            return ExitStatus(**message["ended"])
        if not packet:  # killed, and the process with it
            return ExitStatus(137, signal.SIGKILL)
        return None

    def _read_input(self) -> bool:
        """False: there is nothing more."""
        try:
            data = os.read(self._input, wire.MOST)
        except BlockingIOError:  # whoever shares it with us has set it so, and was quicker
            return True
        except OSError:  # a terminal that is gone; a folder
            data = b""
        if not self._manner.tty:
            self._send(wire.STDIN + data)
            return bool(data)
        passed, detached = self._without_keys(data)
        if passed:
            self._send(wire.STDIN + passed)
        if detached:
            raise Detached
        return bool(data)

    def _without_keys(self, data: bytes) -> tuple[bytes, bool]:
        """What goes on to the process, and whether all the keys that detach were typed in a row."""
        keys, passed = self._manner.detach_keys, b""
        for at in range(len(data)):
            self._held += data[at : at + 1]
            if self._held == keys:
                return passed, True
            while self._held and not keys.startswith(self._held):
                passed += self._held[:1]
                self._held = self._held[1:]
        return passed, False

    def _send(self, packet: bytes) -> None:
        self._unsent.append(packet)
        self._flush()

    def _flush(self) -> None:
        """A signal may come in between, which is sent as well: what is being sent is nobody else's."""
        while self._unsent:
            packet = self._unsent.pop(0)
            try:
                self._sock.send(packet, _socket.MSG_DONTWAIT)
            except BlockingIOError:
                self._unsent.insert(0, packet)
                return
            except (BrokenPipeError, ConnectionResetError):  # it has ended, as we are about to read
                self._unsent.clear()

    @contextmanager
    def signals(self) -> Generator[None]:
        """They go to the process meanwhile, if that is wanted."""
        numbers = [signal.Signals[name] for name in _FORWARDED.split()] if self._manner.forward_signals else []
        if self._manner.tty and signal.SIGWINCH not in numbers:
            numbers.append(signal.SIGWINCH)
        before = {number: signal.signal(number, self._forward) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _forward(self, number: int, _frame: object) -> None:
        if number == signal.SIGWINCH:
            self._tell_size()
            return
        if number in (signal.SIGINT, signal.SIGTERM):
            self._interrupts += 1
            if self._interrupts >= _INSISTING:
                raise KeyboardInterrupt
        self._send(wire.pack({"signal": number}))

    def _tell_size(self) -> None:
        size = size_of(self._outputs[wire.STDOUT]) if self._manner.tty else None
        if size:
            self._send(wire.pack({"size": size}))


def _write_all(fd: int, data: bytes) -> None:
    """Also to what does not wait by itself: others who share it with us may have set it so."""
    while data:
        try:
            data = data[os.write(fd, data) :]
        except BlockingIOError:
            poll = select.poll()
            poll.register(fd, select.POLLOUT)
            poll.poll()
        except BrokenPipeError:
            raise
        except OSError as error:
            message = f"what the container writes cannot be shown: {error.strerror}"
            raise OutputError("output-failed", message, hint="`pybuild logs` has it") from error
