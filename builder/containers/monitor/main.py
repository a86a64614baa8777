"""The monitor's life, from the command that starts it to the end of the container."""

from __future__ import annotations

import _socket
import json
import os
import signal
from contextlib import suppress
from typing import Any

from builder.containers import cgroups, types
from builder.containers.monitor import wire
from builder.containers.monitor.log import Log
from builder.containers.monitor.loop import Loop
from builder.containers.monitor.session import Client, Session, Wanted, machine_number
from builder.containers.network.connect import connect
from builder.containers.records import write_state
from builder.containers.times import now
from builder.errors import BuilderError, SandboxError
from builder.sandbox import kernel, protocol
from builder.sandbox.identity import needs_user_namespace, own_identities
from builder.sandbox.idmap import enter_user_namespace
from builder.sandbox.server import begin_anew, hide_mounts
from builder.sandbox.spec import ExitStatus
from builder.store.trees import remove_tree

STARTER, LOCK, REQUEST = 3, 4, 5
"""Descriptors: the connection of whoever starts the container, the container's lock, and what is asked for as JSON."""
_OWN = kernel.CLONE_NEWPID | kernel.CLONE_NEWNS


def main() -> None:
    """This process only makes the namespaces, and the monitor in them, which lives on alone."""
    for fd in (STARTER, LOCK, REQUEST):
        os.set_inheritable(fd, False)
    starter = _socket.socket(fileno=STARTER)
    starter.setblocking(True)
    begin_anew()
    try:
        if needs_user_namespace():
            enter_user_namespace()
        pid = kernel.fork_into(_OWN)
    except OSError as error:
        wire.send(starter, protocol.describe(_no_namespaces(error)))
        return
    if pid:
        return
    hide_mounts()
    with open(REQUEST, encoding="utf-8") as file:
        monitor = Monitor(json.load(file), starter)
    try:
        monitor.live()
    except Exception as error:  # noqa: BLE001 - the boundary of the process: nobody else would hear of a bug
        monitor.leave_bug(protocol.trace_of(error))
    os._exit(0)


def _no_namespaces(error: OSError) -> SandboxError:
    return SandboxError(
        "no-namespaces",
        f"this machine does not let us make namespaces, which a container needs: {error}",
        hint="`pybuild doctor` says what is missing and how to get it",
    )


class Monitor:
    def __init__(self, request: dict[str, Any], starter: _socket.socket) -> None:
        self._request = request
        self._starter = starter
        self._folder: str = request["folder"]
        self._state = types.State(monitor=int(os.readlink("/proc/self")))
        self._cgroup = cgroups.Group()
        wanted = types.Log(*request["log"])
        log = Log(f"{self._folder}/log", wanted) if wanted.kept else None
        self._main = Session(log, stdin_once=request["stdin_once"])
        self._listener = wire.listen(self._folder)
        self._loop = Loop(self._listener, self._main, self._answer)

    def live(self) -> None:
        try:
            started = self._start()
        except (BuilderError, OSError) as error:
            fault = error if isinstance(error, BuilderError) else SandboxError("sandbox-refused", str(error))
            self._refuse(protocol.describe(fault))
            return
        if not started:
            self._refuse(self._main.failure)
            return
        status = self._loop.run()
        self._finish(status)

    def leave_bug(self, trace: str) -> None:
        """For `inspect`; the container ends with this process."""
        if os.path.isdir(self._folder):
            self._write(self._state._replace(status="exited", pid=0, monitor=0, exit_code=137, error=trace))

    def _start(self) -> bool:
        request = self._request
        self._cgroup = cgroups.make(request["id"], cgroups.Limits(*request["limits"]))
        ports = [types.Port(*port) for port in request["ports"]]
        connect(request["network"], ports, self._folder, request["reach_machine"])
        wanted = Wanted("run", request["run"], [], _OWN, self._cgroup.enter)
        console = request["run"]["spec"]["console"] is not None
        if not self._main.start(wanted, interactive=request["interactive"], console=console):
            return False
        signal.signal(signal.SIGTERM, lambda *_: self._main.signal(request["stop_signal"]))
        pid = machine_number(self._main.process)
        self._write(self._state._replace(status="running", pid=pid, started=now()))
        starter = self._tell_starter({"ok": {"pid": pid}})
        if request["attach"]:
            self._main.attach(starter)
        else:
            self._starter.close()
        return True

    def _refuse(self, failure: dict[str, Any]) -> None:
        """Nothing runs: the container is as it was, but for the reason."""
        if "ok" in failure:
            failure = {"not_started": failure["ok"]}
        status = failure.get("not_started") or {"code": 125, "reason": failure.get("error", {}).get("message", "")}
        self._cgroup.remove()
        self._end(self._state._replace(monitor=0, exit_code=status["code"], error=status["reason"]))
        self._tell_starter(failure)

    def _tell_starter(self, answer: dict[str, Any]) -> Client:
        """Who may have been killed meanwhile: that is no fault of the container."""
        starter = Client(self._starter)
        starter.give(wire.pack(answer))
        return starter

    def _finish(self, status: ExitStatus) -> None:
        finished = now()
        out_of_memory = self._cgroup.ran_out_of_memory()
        self._cgroup.remove()
        state = self._state._replace(status="exited", pid=0, monitor=0, paused=False)
        state = state._replace(finished=finished, exit_code=status.code, error=status.reason)
        self._end(state._replace(out_of_memory=out_of_memory))
        for client in self._main.clients:
            client.give(wire.pack({"ended": status._asdict()}))
        self._loop.linger(self._main.clients)

    def _end(self, state: types.State) -> None:
        """From here on the container does not run, and others may start or remove it."""
        if self._main.log:
            self._main.log.close()
        with suppress(OSError):  # a disk that is full or fails keeps nobody from hearing of the end
            if self._request["remove"]:
                self._remove()
            else:
                self._write(state)
        self._listener.close()
        os.close(LOCK)

    def _remove(self) -> None:
        """What cannot be removed now, the next removal of a container takes."""
        os.rename(self._folder, f"{self._folder}.dead")
        for tree in (*self._request["volumes"], f"{self._folder}.dead"):
            with suppress(OSError):
                remove_tree(tree)

    def _write(self, state: types.State) -> None:
        self._state = state
        write_state(self._folder, state)

    def _answer(self, sock: _socket.socket, request: dict[str, Any]) -> tuple[Session, Client] | None:
        match request["do"]:
            case "attach" | "watch":
                wire.send(sock, {"ok": {}})
                return self._main, Client(sock, watches=request["do"] == "watch")
            case "exec":
                return self._exec(sock, request)
            case "signal":
                self._main.signal(request["number"])
            case "pause":  # for as long as whoever wants it is there
                client = Client(sock, watches=True)
                client.when_gone = lambda: self._pause(False)
                self._pause(True)
                client.give(wire.pack({"ok": {}}))  # gone already: the loop sees it, and goes on
                return self._main, client
            case "root":
                root = os.open(f"/proc/{self._state.pid}/root", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
                wire.send(sock, {"ok": {}}, (root,))
                os.close(root)
                return None
        wire.send(sock, {"ok": {}})
        return None

    def _exec(self, sock: _socket.socket, request: dict[str, Any]) -> tuple[Session, Client] | None:
        own_identities()
        session = Session(None, stdin_once=True)
        wanted = Wanted("enter", {"spec": request["spec"]}, [self._main.process], 0, self._cgroup.enter)
        console = request["spec"]["console"] is not None
        if not session.start(wanted, interactive=request["interactive"], console=console):
            failure = session.failure
            if not self._is_ending():  # else that is why, and nothing is answered: the container does not run
                wire.send(sock, {"not_started": failure["ok"]} if "ok" in failure else failure)
            return None
        self._loop.add(session)
        client = Client(sock)
        client.give(wire.pack({"ok": {"pid": machine_number(session.process)}}))
        return None if request["detach"] else (session, client)

    def _is_ending(self) -> bool:
        """A process gives up its namespaces before anyone hears of its end."""
        try:
            os.readlink(f"/proc/{self._state.pid}/ns/mnt")
        except (FileNotFoundError, ProcessLookupError):
            return True
        return False

    def _pause(self, pause: bool) -> None:
        """Every process of the container, by a child that enters its pid namespace: a signal to all from there spares
        only process 1, which gets it from here."""
        number = signal.SIGSTOP if pause else signal.SIGCONT
        child = os.fork()
        if child == 0:
            try:
                kernel.enter_namespaces_of(self._main.process, kernel.CLONE_NEWPID)
                inner = os.fork()
                if inner == 0:
                    os.kill(-1, number)
                else:
                    os.waitpid(inner, 0)
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        self._main.signal(number)
        with suppress(OSError):  # a full disk must not end the container
            self._write(self._state._replace(paused=pause))
