"""The worker process: single-threaded, so that it may fork. Every job is a child with namespaces of its own.

Three descriptors tell it everything: the control socket (a new call, or the end of the main process), each call's
socket (the caller hung up: cancelled) and each child's pidfd. A child is process 1 of a pid namespace: when it ends,
by itself or by SIGKILL, the kernel ends everything it started before the caller hears of it.
"""

from __future__ import annotations

import _socket
import contextlib
import gc
import json
import os
import select
import signal
import sys
from typing import Any, NoReturn

from builder.errors import BuilderError
from builder.sandbox import kernel, protocol
from builder.sandbox.jobs import find_job

_HANGUP = select.POLLRDHUP | select.POLLHUP | select.POLLERR


class _Running:
    """A job under way: its process and the caller's socket."""

    def __init__(self, pid: int, call: _socket.socket) -> None:
        self.pid = pid
        self.pidfd = os.pidfd_open(pid)
        self.call = call

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def reap(self) -> None:
        """Collects the process; the caller learns of an end without an answer, and in any case hears end of file."""
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        if status:
            protocol.send(self.call, {"died": status})
        os.close(self.pidfd)
        self.call.close()


class Server:
    def __init__(self, control: _socket.socket) -> None:
        self._control = control
        self._poll = select.poll()
        self._poll.register(control, select.POLLIN)
        self._by_pidfd: dict[int, _Running] = {}
        self._by_call: dict[int, _Running] = {}

    def serve(self) -> None:
        """Until the main process closes its end or dies; afterwards no job is left."""
        while True:
            for fd, _ in self._poll.poll():
                if fd in self._by_pidfd:
                    self._finish(self._by_pidfd[fd])
                elif fd in self._by_call:
                    self._poll.unregister(fd)
                    self._by_call.pop(fd).kill()
                elif fd == self._control.fileno() and not self._accept():
                    for running in list(self._by_pidfd.values()):
                        running.kill()
                        self._finish(running)
                    return

    def _accept(self) -> bool:
        name, fds = protocol.receive_call(self._control)
        if not fds:
            return False
        call = _socket.socket(fileno=fds[0])
        pid = self._fork(name, call, fds[1:])
        for fd in fds[1:]:
            os.close(fd)
        running = _Running(pid, call)
        self._by_pidfd[running.pidfd] = self._by_call[call.fileno()] = running
        self._poll.register(running.pidfd, select.POLLIN)
        self._poll.register(call, _HANGUP)
        return True

    def _fork(self, name: str, call: _socket.socket, fds: list[int]) -> int:
        with contextlib.suppress(ImportError, KeyError):  # the job itself meets it again, and can answer
            find_job(name)
        pid = kernel.fork_into(kernel.CLONE_NEWPID | kernel.CLONE_NEWNS)
        if pid == 0:
            self._control.close()
            carry_out(name, call, fds)
        return pid

    def _finish(self, running: _Running) -> None:
        self._poll.unregister(running.pidfd)
        del self._by_pidfd[running.pidfd]
        if self._by_call.pop(running.call.fileno(), None) is not None:
            self._poll.unregister(running.call)
        running.reap()


def carry_out(name: str, call: _socket.socket, fds: list[int]) -> NoReturn:
    """Does one job in this process and answers. Never returns: the process ends."""
    answer: dict[str, Any]
    try:
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        answer = {"ok": find_job(name)(json.loads(protocol.receive_line(call)), fds)}
    except BuilderError as error:
        answer = protocol.describe(error)
    except Exception:  # noqa: BLE001 - the boundary of the process: a bug must reach the caller as what it is
        import traceback

        answer = {"bug": traceback.format_exc()}
    finally:
        # Also on KeyboardInterrupt and the like: a forked child must never run on into the server's loop.
        try:
            protocol.send(call, answer)
        finally:
            os._exit(0)


def main() -> None:
    """Serves on the inherited descriptor whose number is the first argument."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.chdir("/")
    control = _socket.socket(fileno=int(sys.argv[1]))
    control.setblocking(True)
    os.set_inheritable(control.fileno(), False)
    kernel.unshare(kernel.CLONE_NEWNS)
    # Unmounting on this machine still reaches here, nothing of ours reaches the machine.
    kernel.mount("", "/", "", kernel.MS_REC | kernel.MS_SLAVE)
    find_job("run")
    # Children share this memory; a collector that touches every object would copy it page by page.
    gc.disable()
    gc.freeze()
    Server(control).serve()
