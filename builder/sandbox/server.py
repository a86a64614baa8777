"""The worker process: single-threaded, so that it may fork. Every job is a child with namespaces of its own.

The child for the next job is forked ahead: when the job comes, it is only handed over. So the time that a fork takes
(about 3 ms, with the copying of memory that both sides go on to write to) passes while an earlier job runs; and where
that was a run, so does what another one would need whatever it is (ahead.py).

Three kinds of descriptors tell it everything: the control socket (a new call, or the end of the main process), each
call's socket (the caller hung up: cancelled) and each child's pidfd. The worker itself is process 1 of a pid
namespace, and so is every job of one below: whichever ends, by itself or by SIGKILL, the kernel ends all that it
started before anyone hears of it.
"""

from __future__ import annotations

import _socket
import contextlib
import errno
import gc
import json
import os
import select
import signal
from importlib import import_module
from typing import Any, NoReturn

from builder.errors import BuilderError, SandboxError
from builder.sandbox import ahead, kernel, privileges, protocol, seccomp, system_files
from builder.sandbox.identity import needs_user_namespace, own_identities
from builder.sandbox.idmap import enter_user_namespace
from builder.sandbox.jobs import NEED_NAMESPACES, find_job
from builder.sandbox.program import NotStarted, Program
from builder.sandbox.roots import ROOT_KINDS

_HANGUP = select.POLLRDHUP | select.POLLHUP | select.POLLERR
_JOB_NAMESPACES = kernel.CLONE_NEWPID | kernel.CLONE_NEWNS


class _Running:
    """A job under way: its process and the caller's socket."""

    def __init__(self, pid: int, call: _socket.socket) -> None:
        self.pid = pid
        self.pidfd = os.pidfd_open(pid)
        self.call = call

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def reap(self) -> None:
        """Collects the process and says how it ended; after that the caller hears end of file."""
        protocol.send(self.call, {"ended": os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])})
        os.close(self.pidfd)
        self.call.close()


class _Spare:
    """A child that waits for its job on `channel`, and ends when that is closed."""

    def __init__(self, pid: int, channel: _socket.socket) -> None:
        self.pid = pid
        self.channel = channel

    def take(self, name: str, fds: list[int]) -> bool:
        """Hands a job over; False if the child is gone: the machine may be out of memory."""
        try:
            protocol.send_call(self.channel, name, fds)
        except (BrokenPipeError, ConnectionResetError):
            self.dismiss()
            return False
        self.channel.close()
        return True

    def dismiss(self) -> None:
        self.channel.close()
        os.waitpid(self.pid, 0)


class Server:
    def __init__(self, control: _socket.socket, refusal: str) -> None:
        self._control = control
        self._refusal = refusal
        self._spare = self._fork(for_run=True)
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
                    self._spare.dismiss()
                    return

    def _accept(self) -> bool:
        name, fds = protocol.receive_call(self._control)
        if not fds:
            return False
        while not self._spare.take(name, fds):
            self._spare = self._fork(for_run=False)
        for fd in fds[1:]:
            os.close(fd)
        running = _Running(self._spare.pid, _socket.socket(fileno=fds[0]))
        self._by_pidfd[running.pidfd] = self._by_call[running.call.fileno()] = running
        self._poll.register(running.pidfd, select.POLLIN)
        self._poll.register(running.call, _HANGUP)
        with contextlib.suppress(ImportError, KeyError):  # for the next one; the job itself meets it, and can answer
            find_job(name)
        self._spare = self._fork(for_run=name == "run")
        return True

    def _fork(self, for_run: bool) -> _Spare:
        ours, theirs = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
        pid = kernel.fork_into(0 if self._refusal else _JOB_NAMESPACES)
        if pid == 0:
            self._control.close()
            ours.close()
            if for_run and not self._refusal:
                with contextlib.suppress(OSError):  # a run tries again, and can say what is refused
                    ahead.kernel_trees()
            wait_for_job(theirs, self._refusal)
        theirs.close()
        return _Spare(pid, ours)

    def _finish(self, running: _Running) -> None:
        self._poll.unregister(running.pidfd)
        del self._by_pidfd[running.pidfd]
        if self._by_call.pop(running.call.fileno(), None) is not None:
            self._poll.unregister(running.call)
        running.reap()


def wait_for_job(channel: _socket.socket, refusal: str) -> NoReturn:
    """What a child does first. Never returns."""
    try:
        name, fds = protocol.receive_call(channel)
        channel.close()
        if fds:
            carry_out(name, _socket.socket(fileno=fds[0]), fds[1:], refusal)
    finally:
        os._exit(0)


def carry_out(name: str, call: _socket.socket, fds: list[int], refusal: str) -> NoReturn:
    """Does one job in this process and answers, or becomes the program that the job gives. Never returns."""
    answer: dict[str, Any] = {"bug": f"{name} ended without a result"}
    try:
        request = json.loads(protocol.receive_line(call))
        if refusal and name in NEED_NAMESPACES:
            raise _no_namespaces(refusal)
        result = find_job(name)(request, fds)
        if isinstance(result, Program):
            protocol.send(call, {"becomes": result.argv[0]})
            result.execute()
        answer = {"ok": result}
    except NotStarted as result:
        answer = {"ok": result.status._asdict()}
    except BuilderError as error:
        answer = protocol.describe(error)
    except Exception as error:  # noqa: BLE001 - the boundary of the process: a bug must reach the caller as what it is
        answer = {"bug": protocol.trace_of(error)}
    finally:
        # Also on KeyboardInterrupt and the like: a forked child must never run on into the server's loop.
        try:
            protocol.send(call, answer)
        finally:
            os._exit(0)


def _no_namespaces(refusal: str) -> SandboxError:
    return SandboxError(
        "no-namespaces",
        f"this machine does not let us make namespaces, which a RUN needs: {refusal}",
        hint="`pybuild doctor` says what is missing and how to get it",
    )


def main() -> None:
    """Serves on the inherited descriptor 3.

    This process only makes the namespaces and the worker in them. CLONE_PARENT makes the worker a child of the main
    process too, which is told its number to collect it.
    """
    control = _socket.socket(fileno=3)
    control.setblocking(True)
    os.set_inheritable(control.fileno(), False)
    begin_anew()
    refusal = ""
    try:
        if needs_user_namespace():
            enter_user_namespace()
        pid = kernel.fork_into(kernel.CLONE_PARENT | _JOB_NAMESPACES)
    except OSError as error:
        refusal = str(error)
        pid = kernel.fork_into(kernel.CLONE_PARENT)
    if pid:
        with contextlib.suppress(BrokenPipeError):  # interrupted, and gone
            control.send(str(pid).encode())
        return
    if not refusal:
        hide_mounts()
    _prepare_for_children()
    Server(control, refusal).serve()


def hide_mounts() -> None:
    """Unmounting on this machine still reaches here, nothing of ours reaches the machine."""
    try:
        kernel.mount("", "/", "", kernel.MS_REC | kernel.MS_SLAVE)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        root = os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)  # of a chroot: nothing is mounted there
        kernel.leave_chroot()
        kernel.mount("", "/", "", kernel.MS_REC | kernel.MS_SLAVE)
        os.fchdir(root)
        os.chroot(".")
        os.close(root)


def begin_anew() -> None:
    """Everything below starts with the default actions: Python ignores SIGPIPE and SIGXFSZ, and nohup leaves marks."""
    os.chdir("/")
    os.umask(0o022)
    for number in range(1, signal.NSIG):
        with contextlib.suppress(OSError, ValueError):  # SIGKILL, SIGSTOP and those of the C library
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def _prepare_for_children() -> None:
    """What every run would do again is done once. Children share this memory: a collector that touches every object
    would copy it page by page."""
    find_job("run")
    import_module(ROOT_KINDS["overlay"][0])
    own_identities()
    privileges.last_capability()
    system_files.protected()
    system_files.has_unified_cgroups()
    seccomp.program(os.uname().machine)
    gc.disable()
    gc.freeze()
