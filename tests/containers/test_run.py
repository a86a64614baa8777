"""`run`: what the process sees, how it ends, what is left."""

from __future__ import annotations

import _socket
import contextlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from builder.containers.create import Asked, create_container, new_identifier
from builder.containers.start import start_container
from builder.wiring.containers import container_tools
from tests.support.cli import Pybuild, write
from tests.support.machine import needs_runtime

NONE = ("--rm", "--network", "none")
IMAGE = """\
FROM base
ENV COLOUR=red SIZE=big
WORKDIR /work
RUN mkdir /data && echo old > /data/file && chmod 700 /data && chown -R 1000:1000 /data
USER alice
VOLUME /data
LABEL team=web
ENTRYPOINT ["sh", "-c", "echo entry $0 $@; exit 3", "first"]
CMD ["second"]
"""


def listed(box: Pybuild) -> list[dict[str, Any]]:
    lines = box.run("ps", "-a", "--format", "json").stdout.splitlines()
    return [json.loads(line) for line in lines]


def until(condition: Any) -> None:
    """For what happens soon, in another process."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.02)


def test_streams_and_exit_codes_are_the_commands(box: Pybuild) -> None:
    done = box.run("run", *NONE, "base", "sh", "-c", "echo out; echo err >&2; exit 7", code=7)
    assert (done.stdout, done.stderr) == ("out\n", "err\n")
    assert box.run("run", "-i", *NONE, "base", "cat", stdin=b"typed\n").stdout == "typed\n"
    assert box.run("run", *NONE, "base", "sh", "-c", "kill -9 $$; kill -9 $PPID; exit 1", code=1).stdout == ""
    assert "executable file not found" in box.run("run", *NONE, "base", "nosuch", code=127).stderr
    assert "is a directory" in box.run("run", *NONE, "base", "/etc", code=126).stderr
    assert "no such network" in box.run("run", "--network", "x", "base", "true", code=125).stderr
    assert listed(box) == []
    assert os.listdir(box.root / "containers") == []


def test_the_image_says_what_runs_and_how(box: Pybuild) -> None:
    write(box.cwd, {"Buildfile": IMAGE})
    box.run("build", "-t", "app")
    assert box.run("run", *NONE, "app", code=3).stdout == "entry first second\n"
    assert box.run("run", *NONE, "app", "third", code=3).stdout == "entry first third\n"
    look = "pwd; id -un; echo $COLOUR $SIZE $NEW $HOME; stat -c %a:%u /data; cat /data/file; hostname"
    options = ["-e", "SIZE", "-e", "NEW=1", "--hostname", "here", "--entrypoint", "sh"]
    done = box.run("run", *NONE, *options, "app", "-c", look)
    assert done.stdout.split() == ["/work", "alice", "red", "1", "/home/alice", "700:1000", "old", "here"]
    done = box.run("run", *NONE, "-u", "0:50", "-w", "/new/dir", "--entrypoint", "", "app", "sh", "-c", "pwd; id -g")
    assert done.stdout.split() == ["/new/dir", "50"]
    assert os.listdir(box.root / "volumes") == []


def test_volumes_mounts_and_what_cannot_be_written(box: Pybuild, tmp_path: Path) -> None:
    write(box.cwd, {"Buildfile": IMAGE})
    box.run("build", "-t", "app")
    sh = ("--entrypoint", "sh", "app", "-c")
    box.run("run", *NONE, "-v", "data:/data", *sh, "echo new >> /data/file")
    assert box.run("run", *NONE, "-v", "data:/elsewhere:ro", *sh, "cat /elsewhere/file").stdout == "old\nnew\n"
    shared = tmp_path / "shared"
    script = (
        "echo here > /in/file; (echo no > /ro/file) 2>/dev/null || echo refused; (echo no > /x) 2>/dev/null || true"
    )
    mounts = ["-v", f"{shared}:/in", "--mount", f"type=bind,src={tmp_path},dst=/ro,readonly", "--tmpfs", "/t:size=1m"]
    done = box.run("run", *NONE, "--read-only", "-u", "0", *mounts, *sh, f"{script}; touch /t/a; ls /t; test ! -e /x")
    assert done.stdout.split() == ["refused", "a"]
    assert (shared / "file").read_text() == "here\n"
    assert (
        "no /nowhere"
        in box.run("run", *NONE, "--mount", "type=bind,src=/nowhere,dst=/n", "base", "true", code=125).stderr
    )


def test_rights(box: Pybuild) -> None:
    mask = "sed -n 's/^CapEff:\\t//p' /proc/self/status"

    def effective(*options: str) -> int:
        return int(box.run("run", *NONE, *options, "base", "sh", "-c", mask).stdout, 16)

    default = effective()
    assert effective("--cap-drop", "ALL", "--cap-add", "CAP_CHOWN") == 1
    assert effective("--cap-drop", "chown") == default & ~1
    assert effective("--cap-add", "SYS_PTRACE") == default | 1 << 19
    assert effective("--cap-add", "ALL") & ~effective("--privileged") == 0
    mount = "mkdir /m && mount -t tmpfs x /m && echo mounted"
    assert box.run("run", *NONE, "--cap-add", "SYS_ADMIN", "base", "sh", "-c", mount).stdout == "mounted\n"
    assert box.run("run", *NONE, "base", "sh", "-c", f"{mount} || echo refused").stdout == "refused\n"


def test_what_is_synced_survives_unless_it_goes_with_the_container(box: Pybuild) -> None:
    look = "grep ' / / ' /proc/self/mountinfo"
    assert "volatile" in box.run("run", *NONE, "base", "sh", "-c", look).stdout
    assert "volatile" not in box.run("run", "--network", "none", "base", "sh", "-c", look).stdout


def test_in_the_background(box: Pybuild) -> None:
    identifier = box.run("run", "-d", "--name", "web", "--network", "none", "base", "sleep", "100").stdout.strip()
    [row] = listed(box)
    assert (row["id"], row["name"], row["status"]) == (identifier, "web", "running")
    assert Path(f"/proc/{row['pid']}/cmdline").read_bytes() == b"sleep\x00100\x00"
    assert "is that of container" in box.run("run", "--name", "web", "base", "true", code=125).stderr
    assert "runs" in box.run("rm", "web", code=1).stderr
    assert box.run("ps", "-q", "--filter", "name=we", "--filter", "status=running").stdout.strip() == identifier[:12]
    box.run("rm", "-f", "web")
    assert listed(box) == []
    assert not Path(f"/proc/{row['pid']}").exists()


def test_a_killed_monitor_takes_the_container_along_and_ps_says_so(box: Pybuild) -> None:
    box.run("run", "-d", "--rm", "--name", "web", "--network", "none", "base", "sh", "-c", "sleep 100 & sleep 100")
    [row] = listed(box)
    state = json.loads((box.root / "containers" / row["id"] / "state.json").read_text())
    os.kill(state["monitor"], signal.SIGKILL)
    until(lambda: not Path(f"/proc/{row['pid']}").exists())
    until(lambda: listed(box)[0]["status"] == "exited")
    assert listed(box)[0]["exit_code"] == 137
    box.run("rm", "web")
    assert os.listdir(box.root / "containers") == []


def test_a_killed_run_leaves_its_container_running(box: Pybuild) -> None:
    with subprocess.Popen(
        box.argv("run", "--name", "web", "--network", "none", "base", "sh", "-c", "echo begun; exec sleep 100"),
        cwd=box.cwd, env=box.environment(), stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout
        assert process.stdout.readline() == b"begun\n"
        process.kill()
    assert listed(box)[0]["status"] == "running"
    box.run("rm", "-f", "web")


def test_run_killed_at_any_moment_leaves_what_ps_shows_and_rm_removes(box: Pybuild) -> None:
    for number in range(6):
        command = box.argv("run", "--name", f"box{number}", "--network", "none", "-v", "/data", "base", "sleep", "100")
        with subprocess.Popen(command, cwd=box.cwd, env=box.environment(), stderr=subprocess.DEVNULL) as process:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.12 * number)
            process.kill()
    names = [row["name"] for row in listed(box)]
    assert set(names) <= {f"box{number}" for number in range(6)}
    until(lambda: all(row["status"] in ("created", "running") for row in listed(box)))
    if names:
        box.run("rm", "-fv", *names)
    assert [name for name in os.listdir(box.root / "containers") if not name.endswith(".dead")] == []
    assert os.listdir(box.root / "volumes") == []
    box.run("run", *NONE, "base", "true")


def test_whoever_starts_a_container_may_be_gone_before_it_runs(box: Pybuild, monkeypatch: pytest.MonkeyPatch) -> None:
    """The monitor has nobody to tell then, which is no fault of what runs (found by the test above)."""

    def half(*args: int) -> tuple[_socket.socket, _socket.socket]:
        ours, theirs = pair(*args)
        ours.close()
        return ours, theirs

    pair = _socket.socketpair
    with container_tools(str(box.root)) as tools:
        container = create_container(Asked("base", ("sleep", "100"), network="none"), new_identifier(), tools)
        monkeypatch.setattr(_socket, "socketpair", half)
        with pytest.raises(OSError, match="Bad file descriptor"):
            start_container(container, tools)
    monkeypatch.undo()
    until(lambda: listed(box)[0]["status"] != "created")
    [row] = listed(box)
    assert (row["status"], Path(f"/proc/{row['pid']}").exists()) == ("running", True)


@pytest.mark.parametrize("runtime", ["native", "runc", "crun"])
def test_signals_reach_the_process(box: Pybuild, runtime: str) -> None:
    needs_runtime(runtime)
    script = "trap 'echo caught; exit 5' TERM; echo ready; while true; do sleep 0.05; done"
    with subprocess.Popen(
        box.argv("run", *NONE, "--runtime", runtime, "base", "sh", "-c", script),
        cwd=box.cwd, env=box.environment(), stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.stdout.read() == b"caught\n"
        assert process.wait() == 5


def test_with_init_orphans_are_collected(box: Pybuild) -> None:
    script = "orphan=$(sh -c 'sleep 0.01 > /dev/null & echo $!'); while test -e /proc/$orphan; do :; done; "
    script += "echo done; exit 4"
    assert box.run("run", *NONE, "--init", "base", "sh", "-c", script, code=4).stdout == "done\n"


def test_images_in_use_stay(box: Pybuild) -> None:
    box.run("run", "-d", "--name", "web", "--network", "none", "base", "sleep", "100")
    assert "container web" in box.run("rmi", "base", code=1).stderr
    box.run("rmi", "-f", "base")
    assert list((box.root / "snapshots").iterdir())
    box.run("rm", "-f", "web")
