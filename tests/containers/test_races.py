"""Two who do something with one container at the same moment, each of them made to come at the worst one."""

from __future__ import annotations

import _socket
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from builder.containers.client import Attendance, ask
from builder.containers.client import Manner as Attachment
from builder.containers.copy import Manner, copy_out
from builder.containers.create import Asked, create_container, new_identifier
from builder.containers.monitor import wire
from builder.containers.monitor.session import Session, Wanted
from builder.containers.records import folder_of
from builder.containers.remove import remove_container, remove_stopped
from builder.containers.start import start_container
from builder.containers.tools import Tools
from builder.containers.types import Container
from builder.errors import StoreError
from builder.sandbox import protocol
from builder.store.locks import FileLock
from builder.wiring.containers import container_tools
from tests.support.cli import Pybuild


@pytest.fixture
def tools(box: Pybuild) -> Iterator[Tools]:
    with container_tools(str(box.root)) as made:
        yield made


@pytest.fixture
def held(tools: Tools) -> Iterator[tuple[Container, FileLock]]:
    """Of a container that does not run: as if its monitor were beginning, or ending."""
    container = create_container(Asked("base", ("sleep", "100"), network="none"), new_identifier(), tools)
    lock = FileLock(f"{folder_of(tools.store, container.id)}/lock")
    lock.exclusive()
    yield container, lock
    lock.release()


def test_what_has_just_ended_can_be_removed_and_copied_from(
    held: tuple[Container, FileLock], tools: Tools, monkeypatch: pytest.MonkeyPatch, box: Pybuild
) -> None:
    container, lock = held
    assert not remove_stopped(tools.store, container, tools.remove_tree), "nobody is waited for by a prune"
    monkeypatch.setattr(time, "sleep", lambda _: lock.release())
    copy_out(container, "/etc/passwd", str(box.cwd / "passwd"), tools, Manner())
    lock.exclusive()
    remove_container(container, tools)
    assert os.listdir(box.root / "containers") == []
    remove_container(container, tools)
    assert remove_stopped(tools.store, container, tools.remove_tree)


def test_what_is_just_beginning_is_ended_by_rm_and_not_waited_for(
    held: tuple[Container, FileLock], tools: Tools, monkeypatch: pytest.MonkeyPatch, box: Pybuild
) -> None:
    container, lock = held

    def begin(_: float) -> None:
        monkeypatch.undo()
        lock.release()
        start_container(container, tools).close()

    monkeypatch.setattr(time, "sleep", begin)
    with pytest.raises(StoreError, match="runs already"):
        start_container(container, tools)
    with pytest.raises(StoreError, match=r"container \w+ runs"):
        remove_container(container, tools)
    remove_container(container, tools, force=True)
    assert os.listdir(box.root / "containers") == []


def test_a_monitor_that_hangs_up_on_a_question_has_ended(
    held: tuple[Container, FileLock], tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    container, _ = held
    listener = wire.listen(folder_of(tools.store, container.id))
    real = wire.send

    def too_late(*args: object) -> None:
        listener.close()
        real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(wire, "send", too_late)
    with pytest.raises(StoreError, match="does not run"):
        ask(tools.store, container.id, container.name, {"do": "watch"})


def test_what_ends_without_having_read_its_input_has_its_own_exit_code(box: Pybuild) -> None:
    """The monitor has what was typed unread when it hangs up, of which the kernel tells before what it sent."""
    ours, theirs = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
    with closing(ours):
        wire.send(ours, {"size": [1, 1]})
        wire.send(theirs, {"ended": {}})
        theirs.close()
        assert wire.unpack(wire.receive(ours)[0]) == {"ended": {}}
        assert wire.receive(ours) == (b"", [])
    for _ in range(3):
        box.run("run", "--rm", "-i", "--network", "none", "base", "sh", "-c", "exit 4", stdin=b"x" * 100_000, code=4)


def test_questions_to_a_container_that_has_just_ended(box: Pybuild, tools: Tools) -> None:
    """Whichever the monitor sees first: no answer is one that a user would take for a bug."""
    box.run("run", "-d", "--name", "web", "--network", "none", "base", "sleep", "100")
    [row] = (json.loads(line) for line in box.run("ps", "--format", "json").stdout.splitlines())
    folder = folder_of(tools.store, row["id"])
    monitor = json.loads((box.root / "containers" / row["id"] / "state.json").read_text())["monitor"]
    spec = {"do": "exec", "interactive": False, "detach": False, "spec": _spec()}
    os.kill(monitor, signal.SIGSTOP)
    asking = [wire.connect(folder) for _ in range(8)]
    for sock in asking:
        wire.send(sock, spec)
    os.kill(row["pid"], signal.SIGKILL)
    os.kill(monitor, signal.SIGCONT)
    for sock in asking:
        with closing(sock):
            assert wire.receive(sock) == (b"", [])
    assert box.run("wait", "web").stdout == "137\n"


def _spec() -> object:
    from builder.sandbox.spec import RootFs, RunSpec

    return RunSpec(argv=("true",), env=(), cwd="/", rootfs=RootFs((), "", "")).to_json()


def test_a_process_that_cannot_begin_says_why_though_it_was_asked_for_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends without having read what it is to do, which the kernel tells of behind its answer."""
    wait, go = os.pipe()
    monitor = os.getpid()

    def refused() -> None:
        os.close(go)
        os.read(wait, 1)
        raise PermissionError("no control group")

    def send(*args: object) -> None:
        real(*args)  # type: ignore[arg-type]
        if os.getpid() == monitor:
            os.close(go)

    real = protocol.send
    monkeypatch.setattr(protocol, "send", send)
    started = Session(None, stdin_once=False)
    assert not started.start(Wanted("run", {}, [], 0, refused), interactive=False, console=False)
    assert "no control group" in started.failure["error"]["message"]
    os.close(wait)
    assert started.call
    started.call.close()


def test_a_signal_that_comes_while_something_is_sent() -> None:
    sent: list[bytes] = []

    class Connection:
        def send(self, packet: bytes, _flags: int) -> None:
            sent.append(packet)
            if len(sent) == 1:
                attendance._forward(signal.SIGUSR1, None)

    attendance = Attendance(Connection(), Attachment(), (0, 1, 2))  # type: ignore[arg-type]
    attendance._send(b"typed")
    assert sent == [b"typed", wire.pack({"signal": signal.SIGUSR1})]
