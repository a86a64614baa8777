"""The same run through an OCI runtime (crun, runc, ...): a bundle's config.json, written from the same arrangement.

The runtime's state lies in memory, in this job's own mount namespace, and the runtime and the container are in its pid
namespace: ending the job ends both, and leaves nothing but perhaps an empty control group.
"""

from __future__ import annotations

import _socket
import contextlib
import json
import os
import re
from contextlib import ExitStack, closing
from shutil import which
from typing import NamedTuple

from builder.errors import SandboxError, StepError
from builder.sandbox import kernel, protocol, stubs
from builder.sandbox.arrange import Arranged
from builder.sandbox.console import CONSOLE, STARTED, tell
from builder.sandbox.oci_config import config
from builder.sandbox.spec import ExitStatus
from builder.sandbox.users import Identity, look_up


class _Habits(NamedTuple):
    options: tuple[str, ...] = ()
    detach: bool = False
    """In the foreground runc copies what comes through the descriptors, and so mixes up output and errors. Detached it
    passes them on, and leaves the process as a child to this one, which is 1 in its pid namespace."""


_HABITS = {
    "crun": _Habits(
        options=("--cgroup-manager=disabled",)
    ),  # a build needs no group of its own; runc has no such option
    "runc": _Habits(detach=True),
}
_EXEC_FAILED = re.compile(r"exec(ut|:| )|executable", re.IGNORECASE)
_NOT_FOUND = re.compile(r"not found|no such file or directory", re.IGNORECASE)


def run_bundle(arranged: Arranged, runtime: str) -> ExitStatus:
    program = which(runtime)
    if program is None:
        raise SandboxError(
            "unknown-runtime", f"there is no OCI runtime {runtime!r} on PATH", hint="known to work: crun, runc"
        )
    # The runtime names processes by their numbers in this pid namespace, so it must see a /proc that does too.
    kernel.mount("proc", "/proc", "proc")
    with contextlib.suppress(FileNotFoundError):  # crun refuses a machine that shows control groups of both versions
        kernel.mount("tmpfs", "/sys/fs/cgroup/unified", "tmpfs", kernel.MS_RDONLY)
    tree = arranged.tree
    passwd, group = (tree.find(stubs.resolve(tree, path, False).path) or "" for path in ("/etc/passwd", "/etc/group"))
    identity = look_up(arranged.spec.user, arranged.spec.groups, passwd, group)
    _make_directory(arranged, identity)
    with open(f"{arranged.scratch}/config.json", "w") as file:
        json.dump(config(arranged, identity), file)
    status = _Bundle(program, arranged).run()
    arranged.kind.finish(arranged.root)
    return status


def _make_directory(arranged: Arranged, identity: Identity) -> None:
    """The runtime would make a missing working directory too, but as root."""
    cwd = arranged.spec.cwd
    target = stubs.resolve(arranged.tree, cwd, True)
    missing = []
    path = target.path
    while not os.path.lexists(arranged.root + path):
        missing.append(arranged.root + path)
        path = os.path.dirname(path)
    if not os.path.isdir(arranged.root + path):
        raise StepError("bad-workdir", f"cannot change to the working directory {cwd}: Not a directory")
    for folder in reversed(missing):
        os.mkdir(folder, 0o755)
        os.chown(folder, identity.uid, identity.gid)


class _Bundle:
    def __init__(self, program: str, arranged: Arranged) -> None:
        self._program = program
        self._habits = _HABITS.get(os.path.basename(program), _Habits())
        self._notify = arranged.notify
        self._console = arranged.spec.console is not None
        self._detach = self._habits.detach or self._notify >= 0
        self._streams = arranged.streams
        self._scratch = arranged.scratch
        self._log = f"{arranged.scratch}/log"
        self._id = f"pybuild-{os.urandom(8).hex()}"

    def run(self) -> ExitStatus:
        pid_file = f"{self._scratch}/pid"
        how = ["--detach", "--pid-file", pid_file] if self._detach else []
        with ExitStack() as opened:
            if self._console:
                place = f"{self._scratch}/console"
                consoles = opened.enter_context(closing(_listener(place)))
                how += ["--console-socket", place]
            code = self._call("run", "--bundle", self._scratch, *how)
            if code < 0 or (code and (self._detach or _last_error(self._log))):
                return self._not_started(code)
            if self._console:
                tell(self._notify, CONSOLE, _received(consoles))
        if not self._detach:
            return ExitStatus(code, code - 128 if code > 128 else 0)
        with open(pid_file) as file:
            pid = int(file.read())
        if self._notify >= 0:
            tell(self._notify, STARTED, os.pidfd_open(pid))
        status = _wait_for(pid)
        self._call("delete", "--force")
        return status

    def _call(self, *words: str) -> int:
        options = ["--root", f"{self._scratch}/state", "--log", self._log, "--log-format", "json"]
        actions = [(os.POSIX_SPAWN_DUP2, fd, number) for number, fd in enumerate(self._streams)]
        command = [self._program, *options, *self._habits.options, *words, self._id]
        pid = os.posix_spawn(self._program, command, os.environ, file_actions=actions)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def _not_started(self, code: int) -> ExitStatus:
        failure = _last_error(self._log) or f"it ended with code {code}"
        if not _EXEC_FAILED.search(failure):
            raise SandboxError(
                "runtime-failed",
                f"{self._program} could not start the process: {failure}",
                hint="try --runtime native",
            )
        return ExitStatus(127 if _NOT_FOUND.search(failure) else 126, 0, failure)


def _wait_for(pid: int) -> ExitStatus:
    """The process is a child of a runtime's process that may still be ending. Whoever that was, its orphans are ours,
    so waiting for all of them comes to this one."""
    while True:
        ended, status = os.waitpid(-1, 0)
        if ended == pid:
            return ExitStatus.of(os.waitstatus_to_exitcode(status))


def _listener(place: str) -> _socket.socket:
    listener = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    listener.bind(place)
    listener.listen(1)
    return listener


def _received(listener: _socket.socket) -> int:
    """The terminal that the runtime has made, from the one connection that is there."""
    connection = _socket.socket(fileno=listener._accept()[0])  # type: ignore[attr-defined] # as socket.accept has it
    with closing(connection):
        return protocol.receive_call(connection)[1][0]


def _last_error(log: str) -> str:
    if not os.path.exists(log):
        return ""
    with open(log) as file:
        entries = [json.loads(line) for line in file if line.startswith("{")]
    errors = [str(entry.get("msg", "")) for entry in entries if entry.get("level") == "error"]
    return errors[-1] if errors else ""
