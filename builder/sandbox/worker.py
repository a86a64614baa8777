"""The main process's side of the worker: start it when first needed, call it from any thread, end it."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Sequence
from typing import Any

from builder.errors import SandboxError
from builder.sandbox import protocol
from builder.sandbox.own_process import start_module
from builder.sandbox.spec import ExitStatus

_AT_ONCE = 32 << 10


class Call:
    """A job under way. `result` is for one thread; `cancel` may come from any other."""

    def __init__(self, job: str, sock: socket.socket, forget: Callable[[Call], None]) -> None:
        self._job = job
        self._socket = sock
        self._forget = forget
        self._cancelled = False

    def cancel(self) -> None:
        """Makes `result` raise, after the job and all that it started are gone. Safe to repeat, and when it is over."""
        self._cancelled = True
        with contextlib.suppress(OSError):  # over already
            self._socket.shutdown(socket.SHUT_WR)

    def send(self, request: bytes) -> None:
        """Unless the worker is gone: then `result` says so."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._socket.sendall(request)

    def result(self) -> dict[str, Any]:
        """Waits for the end. Raises the BuilderError that the job raised; RuntimeError with its traceback for a bug."""
        with self._socket:
            answers: dict[str, Any] = {}
            for message in protocol.receive_all(self._socket):
                answers |= message
        self._forget(self)
        if self._cancelled:
            raise SandboxError("canceled", f"{self._job} was canceled")
        if "error" in answers:
            raise protocol.revive(answers["error"])
        if "bug" in answers:
            raise RuntimeError(f"in the worker's job {self._job}:\n{answers['bug']}")
        if "ok" in answers:
            result: dict[str, Any] = answers["ok"]
            return result
        if "becomes" in answers and "ended" in answers:
            return ExitStatus.of(answers["ended"])._asdict()
        raise SandboxError(
            "worker-died",
            f"the process that carried out {self._job} {protocol.end_of(answers.get('ended'))}",
            hint="the machine may be out of memory; see the kernel's log (dmesg)",
        )


class Worker:
    """Does what needs namespaces, mounts or other users' files. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._control: socket.socket | None = None
        self._starter = 0
        self._calls: set[Call] = set()

    def start(self) -> None:
        """Starts the process if there is none, without waiting for it: a first call then finds it ready."""
        with self._lock:
            self._running_control()

    def begin(self, job: str, args: dict[str, Any], fds: Sequence[int] = ()) -> Call:
        """Hands a job over. The worker gets copies of `fds`; whoever opened them still closes them."""
        request = protocol.encode(args)
        ours, theirs = socket.socketpair()
        call = Call(job, ours, self._calls.discard)
        if len(request) <= _AT_ONCE:  # the socket holds so much: the job finds it there, and nobody is woken twice
            ours.sendall(request)
            request = b""
        with theirs, self._lock:
            packet = [theirs.fileno(), *fds]
            try:
                protocol.send_call(self._running_control(), job, packet)
            except (BrokenPipeError, ConnectionResetError):
                self._end()
                protocol.send_call(self._running_control(), job, packet)
            self._calls.add(call)
        call.send(request)
        return call

    def call(self, job: str, args: dict[str, Any], fds: Sequence[int] = ()) -> dict[str, Any]:
        """Does a job and waits for its result; see `Call.result` for what it raises."""
        return self.begin(job, args, fds).result()

    def cancel_all(self) -> None:
        """Every call under way raises SandboxError `canceled`, once its processes are gone."""
        with self._lock:
            calls = list(self._calls)
        for call in calls:
            call.cancel()

    def close(self) -> None:
        """Cancels every call and ends the worker. Safe to repeat; a later call starts it anew."""
        self.cancel_all()
        with self._lock:
            self._end()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _running_control(self) -> socket.socket:
        """Interrupted in between there is none: what was started sees that nobody is there, and ends."""
        if self._control is None:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                try:
                    starter = start_module("builder.sandbox.server", [theirs.fileno()])
                except BaseException:
                    ours.close()
                    raise
            self._starter, self._control = starter, ours
        return self._control

    def _end(self) -> None:
        """Interrupted in between the process ends all the same, and nobody waits for it a second time."""
        control, self._control = self._control, None
        if control is None:
            return
        with control:
            os.waitpid(self._starter, 0)
            worker = _read_number(control)
        if worker:
            os.waitpid(int(worker), 0)


def _read_number(control: socket.socket) -> bytes:
    """That a worker was killed with calls that it had not read is told first, once, then what it sent before."""
    try:
        return control.recv(32)
    except ConnectionResetError:
        return control.recv(32)
