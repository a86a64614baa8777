"""The worker: what reaches the caller, and what is left when something dies."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from builder.errors import LayerError, SandboxError
from builder.sandbox.own_process import start_module
from builder.sandbox.worker import Call, Worker
from tests.sandbox.conftest import Runner


def started(worker: Worker, runner: Runner) -> tuple[Call, int]:
    """A run that writes one line and then waits for ever, and the pipe that its processes hold."""
    spec = runner.spec("sh", "-c", "setsid sleep 1000 & sleep 1000 & echo up; wait")
    output, end = os.pipe()
    call = worker.begin("run", {"spec": spec.to_json()}, [end])
    os.close(end)
    assert os.read(output, 10) == b"up\n"
    return call, output


def ended(output: int) -> bool:
    """Waits until nobody holds the other end."""
    with open(output, "rb") as file:
        return file.read() == b""


def test_errors_keep_their_class_code_and_hint(worker: Worker, tmp_path: Path) -> None:
    (tmp_path / "upper").mkdir()
    with open(os.memfd_create("no tar"), "r+b") as blob, open(os.memfd_create("table"), "r+b") as table:
        blob.write(b"x" * 2048)
        blob.seek(0)
        args = {"directory": str(tmp_path / "upper"), "below": []}
        with pytest.raises(LayerError) as caught:
            worker.call("apply", args, [blob.fileno(), table.fileno()])
    assert caught.value.code
    assert caught.value.message


def test_a_bug_comes_with_its_traceback(worker: Worker) -> None:
    with pytest.raises(RuntimeError, match="KeyError: 'path'"):
        worker.call("remove", {})
    with pytest.raises(RuntimeError, match="no-such-job"):
        worker.call("no-such-job", {})


def test_interrupted_as_it_is_started(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """What was started ends without a word, and the next call has a worker of its own."""

    def interrupted(*args: object) -> int:
        begun.append(start_module(*args))  # type: ignore[arg-type]
        raise KeyboardInterrupt

    begun: list[int] = []
    monkeypatch.setattr("builder.sandbox.worker.start_module", interrupted)
    with pytest.raises(KeyboardInterrupt), Worker() as worker:
        worker.start()
    monkeypatch.undo()
    os.waitpid(begun[0], 0)
    with worker, pytest.raises(RuntimeError, match="no-such-job"):
        worker.call("no-such-job", {})
    assert capfd.readouterr().err == ""


def test_a_large_request_and_many_at_once(worker: Worker, runner: Runner) -> None:
    content = "x" * 100_000
    found: list[str] = []

    def one(number: int) -> None:
        spec = runner.spec("sh", "-c", f"echo ${{#BIG}} {number}", env=(("PATH", "/bin"), ("BIG", content)))
        found.append(runner.run(spec).text)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [f"100000 {number}\n" for number in range(8)]


def test_cancel_ends_every_process_before_it_returns(worker: Worker, runner: Runner) -> None:
    call, output = started(worker, runner)
    call.cancel()
    with pytest.raises(SandboxError) as caught:
        call.result()
    assert caught.value.code == "canceled"
    os.set_blocking(output, False)
    assert ended(output)
    call.cancel()


def test_cancel_all_and_close(base: str, tmp_path: Path) -> None:
    with Worker() as worker:
        runner = Runner(worker, base, tmp_path)
        calls = [started(worker, runner) for _ in range(2)]
        worker.cancel_all()
        for call, _ in calls:
            with pytest.raises(SandboxError):
                call.result()
        call, output = started(worker, runner)
        worker.close()
        with pytest.raises(SandboxError) as caught:
            call.result()
        assert caught.value.code == "canceled"
        assert ended(output)
        assert runner.says("echo again") == "again\n"


def test_a_worker_started_by_a_thread_outlives_it(base: str, tmp_path: Path) -> None:
    with Worker() as worker:
        runner = Runner(worker, base, tmp_path)
        thread = threading.Thread(target=runner.says, args=("true",))
        thread.start()
        thread.join()
        assert runner.says("echo alive") == "alive\n"


def test_the_death_of_the_worker_ends_its_jobs(base: str, tmp_path: Path) -> None:
    with Worker() as worker:
        runner = Runner(worker, base, tmp_path)
        call, output = started(worker, runner)
        os.kill(_children(os.getpid(), "builder.sandbox.server")[-1], signal.SIGKILL)
        with pytest.raises(SandboxError) as caught:
            call.result()
        assert caught.value.code == "worker-died"
        assert ended(output)
        assert runner.says("echo again") == "again\n"


def test_a_worker_that_dies_before_it_reads_a_call(base: str, tmp_path: Path) -> None:
    """The kernel tells the next who asks that something was never read: here, whoever ends the worker."""
    with Worker() as worker:
        runner = Runner(worker, base, tmp_path)
        assert runner.says("echo up") == "up\n"
        process = _children(os.getpid(), "builder.sandbox.server")[-1]
        os.kill(process, signal.SIGSTOP)
        call = worker.begin("remove", {"path": str(tmp_path / "x")})
        os.kill(process, signal.SIGKILL)
        with pytest.raises(SandboxError) as caught:
            call.result()
        assert caught.value.code == "worker-died"
        worker.close()
        assert not os.path.exists(f"/proc/{process}"), "it was collected"
        assert runner.says("echo again") == "again\n"


MAIN = """
import os, sys
from pathlib import Path
from builder.sandbox.worker import Worker
from tests.sandbox.conftest import Runner
from tests.sandbox.test_worker import started
worker = Worker()
call, output = started(worker, Runner(worker, sys.argv[1], Path(sys.argv[2])))
print("ready", flush=True)
call.result()
"""


def test_kill_9_of_the_main_process_leaves_nothing(base: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", MAIN, base, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as main:
        assert main.stdout is not None
        assert main.stdout.readline() == "ready\n"
        workers = _children(main.pid, "builder.sandbox.server")
        jobs = [child for worker in workers for child in _children(worker, "")]
        assert workers
        assert jobs
        watched = [os.pidfd_open(pid) for pid in (*workers, *jobs)]
        main.kill()
    for fd in watched:
        assert select.select([fd], [], [], 60)[0], "it is still alive"
        os.close(fd)
    assert str(tmp_path) not in Path("/proc/self/mountinfo").read_text()
    assert sorted(os.listdir(tmp_path)) == ["upper1", "work1"]
    assert os.listdir(tmp_path / "work1") in ([], ["work"])


def _children(pid: int, command: str) -> list[int]:
    """Oldest first: numbers of processes begin anew some day."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                status = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()
                line = Path(f"/proc/{name}/cmdline").read_text()
            except OSError:
                continue
            if int(status[1]) == pid and status[0] != "Z" and command in line:
                found.append((int(status[19]), int(name)))
    return [number for _, number in sorted(found)]


def test_remove_follows_no_link_and_minds_no_depth(worker: Worker, runner: Runner, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").touch()
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "link").symlink_to(kept)
    here = os.open(tree, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    for path in (tree, tree, kept / "file"):
        worker.call("remove", {"path": str(path)})
        assert not path.exists()
    assert kept.exists()
