"""A process in the container, its streams, and everyone who is attached to it: the first process, or one of `exec`."""

from __future__ import annotations

import _socket
import contextlib
import json
import os
import select
import signal
from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn

from builder.containers.monitor import wire
from builder.containers.monitor.log import Log
from builder.sandbox import kernel, protocol
from builder.sandbox.console import CONSOLE, ENTERED, STARTED, inner_end, set_size
from builder.sandbox.native import refused
from builder.sandbox.server import carry_out
from builder.sandbox.spec import ExitStatus

_JOB_FAILED = 125
"""As docker: it was not the process that failed."""
_NAMES = {wire.STDOUT: "stdout", wire.STDERR: "stderr"}


class Wanted(NamedTuple):
    """What is to be started, and how."""

    job: str
    args: dict[str, Any]
    first_fds: list[int]
    namespaces: int
    before: Callable[[], None]
    """Called in the child, before the job."""


class Client:
    """Someone who is attached."""

    def __init__(self, sock: _socket.socket, *, watches: bool = False) -> None:
        self.sock = sock
        self.watches = watches
        """Wants to hear of the end, and of nothing else."""
        self.when_gone: Callable[[], None] = lambda: None
        self.unsent: list[bytes] = []

    def give(self, packet: bytes) -> None:
        self.unsent.append(packet)
        self.flush()

    def flush(self) -> None:
        """As much as is taken without waiting; whoever hangs up wants nothing more."""
        try:
            while self.unsent:
                self.sock.send(self.unsent[0], _socket.MSG_DONTWAIT)
                del self.unsent[0]
        except BlockingIOError:
            return
        except OSError:
            self.unsent.clear()


class Session:
    def __init__(self, log: Log | None, *, stdin_once: bool) -> None:
        self.log = log
        self.stdin_once = stdin_once
        self.clients: list[Client] = []
        self.outputs: dict[int, bytes] = {}
        self.input = -1
        self.typed = b""
        self._typing_over = False
        self.process = -1
        """A pidfd."""
        self.child = -1
        """A pidfd of what is to be waited for: the process, or the job that waits for it."""
        self.terminal = False
        self._inner = -1
        """Of the terminal, held open: while nobody has it open, reading fails as if all were over."""
        self.call: _socket.socket | None = None
        self.failure: dict[str, Any] = {}
        """Why it could not be started: `ok` with an ExitStatus, `error` or `bug`, as jobs answer."""

    def start(self, wanted: Wanted, *, interactive: bool, console: bool) -> bool:
        """False: `failure` says why. Returns when the process runs."""
        inner, outer = ([], []) if console else _pipes(interactive)
        notify, told = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
        self.call, answers = _socket.socketpair()
        fds = [*wanted.first_fds, *inner, told.fileno()]
        pid = kernel.fork_into(wanted.namespaces)
        if pid == 0:
            notify.close()
            self.call.close()
            _become(wanted, answers, fds)
        self.child = os.pidfd_open(pid)
        answers.close()
        told.close()
        for fd in inner:
            os.close(fd)
        protocol.send(self.call, wanted.args)
        self.terminal = console
        if not console:
            self.input, output, errors = outer
            self.outputs = {output: wire.STDOUT, errors: wire.STDERR}
        self._hear(notify)
        notify.close()
        if self.failure:
            self._close_streams()
            self._collect()
            return False
        if self.process < 0:
            self.process = os.dup(self.child)
        for fd in (*self.outputs, *([self.input] if self.input >= 0 else [])):
            os.set_blocking(fd, False)
        return True

    def _hear(self, notify: _socket.socket) -> None:
        """Until the process runs, or is known not to: a job that becomes the process closes its sockets with that."""
        call = self.call
        assert call is not None  # noqa: S101 - for the type checker
        poll = select.poll()
        poll.register(notify, select.POLLIN)
        poll.register(call, select.POLLIN)
        said = b""
        while True:
            ready = dict(poll.poll())
            if notify.fileno() in ready:
                word, fds = protocol.receive_call(notify)
                if word.encode() == CONSOLE:
                    self.input = fds[0]
                    self.outputs = {fds[0]: wire.STDOUT}
                    self._inner = inner_end(fds[0])
                elif word.encode() == STARTED:
                    self.process = fds[0]
                    return
                elif word.encode() == ENTERED:
                    self._collect()
                    self.child = fds[0]
                else:
                    poll.unregister(notify)
            if call.fileno() in ready:
                try:
                    data = call.recv(1 << 16)
                except ConnectionResetError:  # it has ended without having read everything
                    data = b""
                said += data
                if not data:
                    break
        answers: dict[str, Any] = {}
        for line in said.splitlines():
            answers |= json.loads(line)
        self.failure = {key: value for key, value in answers.items() if key != "becomes"}
        if not answers:
            self.failure = {"bug": "the process ended before it began"}

    def attach(self, client: Client) -> None:
        self.clients.append(client)

    def resize(self, rows: int, columns: int) -> None:
        if self.terminal and self.input >= 0:
            with contextlib.suppress(OSError):
                set_size(self.input, (rows, columns))

    def signal(self, number: int) -> None:
        if self.process >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.process, number)

    def read(self, fd: int) -> bool:
        """What the process wrote, to the log and to everyone; False: there is nothing (now, or any more)."""
        try:
            data = os.read(fd, wire.MOST)
        except BlockingIOError:
            return False
        except OSError:  # EIO: nobody has the terminal open
            data = b""
        if not data:
            self._close_output(fd)
            return False
        stream = self.outputs[fd]
        if self.log:
            self.log.write(_NAMES[stream], data)
        for client in self.clients:
            if not client.watches:
                client.give(stream + data)
        return True

    def type(self, data: bytes) -> None:
        """Nothing is the end of input."""
        if self.input < 0:
            return
        if data:
            self.typed += data
            self.flush_input()
        elif not self.terminal and self.stdin_once:
            self._typing_over = True
            self.flush_input()

    def flush_input(self) -> None:
        """As much as is taken without waiting; then the end, if it has come."""
        try:
            while self.typed:
                self.typed = self.typed[os.write(self.input, self.typed) :]
        except BlockingIOError:
            return
        except OSError:  # nobody reads any more
            self.typed = b""
        if self._typing_over:
            os.close(self.input)
            self.input = -1

    @property
    def held_up(self) -> bool:
        """Somebody who is attached does not read."""
        return any(client.unsent for client in self.clients)

    def end(self) -> ExitStatus:
        """Collects the process, which has ended, and what it wrote."""
        status = self._collect()
        if self.call:
            for message in protocol.receive_all(self.call):
                if "ok" in message:  # a job that waited for the process
                    status = ExitStatus(**message["ok"])
                elif "becomes" not in message:
                    reason = message["error"]["message"] if "error" in message else message["bug"]
                    status = ExitStatus(_JOB_FAILED, 0, reason)
            self.call.close()
        self._let_go()
        for fd in list(self.outputs):
            while self.read(fd):
                pass
        self._close_streams()
        process, self.process = self.process, -1
        os.close(process)
        return status

    def _collect(self) -> ExitStatus:
        ended = os.waitid(os.P_PIDFD, self.child, os.WEXITED)
        os.close(self.child)
        assert ended is not None  # noqa: S101 - for the type checker: without WNOHANG there is a result
        return ExitStatus.of(ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status)

    def _let_go(self) -> None:
        if self._inner >= 0:
            os.close(self._inner)
            self._inner = -1

    def _close_streams(self) -> None:
        self._let_go()
        for fd in list(self.outputs):
            self._close_output(fd)
        if self.input >= 0:
            os.close(self.input)
            self.input = -1

    def _close_output(self, fd: int) -> None:
        del self.outputs[fd]
        if fd == self.input:
            self.input = -1
        os.close(fd)


def _become(wanted: Wanted, answers: _socket.socket, fds: list[int]) -> NoReturn:
    """What the child does; it must never run on into what the monitor does."""
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        wanted.before()
        carry_out(wanted.job, answers, fds, "")
    except OSError as error:
        protocol.send(answers, protocol.describe(refused(error)))
    finally:
        os._exit(0)


def machine_number(pidfd: int) -> int:
    """As /proc counts, which is the machine's; ours begins anew in our own pid namespace."""
    with open(f"/proc/self/fdinfo/{pidfd}", encoding="ascii") as file:
        fields = dict(line.split(":", 1) for line in file if ":" in line)
    return int(fields["Pid"])


def _pipes(interactive: bool) -> tuple[list[int], list[int]]:
    """Input, output and errors: the process's ends, then ours, with -1 for an input that is empty."""
    out_read, out_write = os.pipe()
    error_read, error_write = os.pipe()
    if not interactive:
        null = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        return [null, out_write, error_write], [-1, out_read, error_read]
    in_read, in_write = os.pipe()
    return [in_read, out_write, error_write], [in_write, out_read, error_read]
