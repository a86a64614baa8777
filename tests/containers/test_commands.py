"""exec, logs, diff, cp, commit, stop, start: the commands on a container that is there."""

from __future__ import annotations

import io
import json
import os
import subprocess
import tarfile
from datetime import datetime
from pathlib import Path

import pytest

from tests.containers.test_run import NONE, listed, until
from tests.support.cli import Pybuild, write

TICKING = """
echo begun; echo trouble >&2
trap 'echo bye; exit 9' TERM
while :; do sleep 0.05; done
"""


@pytest.fixture
def web(box: Pybuild) -> Pybuild:
    """A container of that name runs."""
    box.run("run", "-d", "--name", "web", "--network", "none", "-e", "A=1", "base", "sh", "-c", TICKING)
    until(lambda: "begun" in box.run("logs", "web").stdout)
    return box


def test_exec(web: Pybuild) -> None:
    done = web.run(
        "exec", "-u", "alice", "-w", "/tmp", "-e", "B=2", "web", "sh", "-c", "id -un; pwd; echo $A$B; exit 4", code=4
    )
    assert done.stdout.split() == ["alice", "/tmp", "12"]
    assert web.run("exec", "-i", "web", "cat", stdin=b"typed").stdout == "typed"
    large = os.urandom(1 << 20).hex().encode()
    assert web.run("exec", "-i", "web", "wc", "-c", stdin=large).stdout == f"{len(large)}\n"
    assert web.run("exec", "-i", "web", "cat", stdin=large).stdout.encode() == large
    assert "not found" in web.run("exec", "web", "nosuch", code=127).stderr
    web.run("exec", "-d", "web", "sh", "-c", "echo left > /left; exec sleep 100")
    until(lambda: "left" in web.run("exec", "web", "sh", "-c", "cat /left 2>/dev/null || true").stdout)
    assert "100" in web.run("exec", "web", "sh", "-c", "cat /proc/[0-9]*/cmdline | grep -ao 'sleep.100'").stdout
    web.run("stop", "web")
    assert "does not run" in web.run("exec", "web", "true", code=1).stderr


def test_who_does_not_read_holds_up_nobody_else(web: Pybuild) -> None:
    loud = web.argv("exec", "web", "sh", "-c", "head -c 3000000 /dev/zero; echo over > /over")
    with subprocess.Popen(loud, env=web.environment(), stdout=subprocess.PIPE) as lazy:
        assert lazy.stdout
        assert lazy.stdout.read(1) == b"\0"
        assert web.run("exec", "web", "sh", "-c", "cat /over 2>/dev/null || echo waiting").stdout == "waiting\n"
        assert len(lazy.stdout.read()) == 3_000_000 - 1
    assert web.run("exec", "web", "cat", "/over").stdout == "over\n"


def test_what_enters_a_container_cannot_be_looked_into(box: Pybuild) -> None:
    """Our program is this machine's: through `exe` it could be written to (CVE-2019-5736)."""
    box.run("run", "-d", "--init", "--name", "box", "--network", "none", "base", "sleep", "100")
    look = "readlink /proc/1/exe /proc/1/fd/0 || echo hidden"
    assert box.run("exec", "box", "sh", "-c", look).stdout == "hidden\n"


def test_stop_wait_logs_and_start(web: Pybuild) -> None:
    with subprocess.Popen(
        web.argv("logs", "-f", "web"), env=web.environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as following:
        assert web.run("stop", "-t", "60", "web").stdout == "web\n"
        assert following.communicate()[0] == b"begun\nbye\n"
    assert web.run("wait", "web").stdout == "9\n"
    assert (listed(web)[0]["status"], listed(web)[0]["exit_code"]) == ("exited", 9)
    logs = web.run("logs", "web")
    assert (logs.stdout, logs.stderr) == ("begun\nbye\n", "trouble\n")
    assert web.run("logs", "--tail", "1", "web").stdout == "bye\n"
    stamped = web.run("logs", "-t", "--tail", "1", "web").stdout
    assert stamped[:2] == "20"
    assert stamped.endswith("Z bye\n")
    web.run("start", "web")
    assert listed(web)[0]["status"] == "running"
    assert "runs already" in web.run("start", "-a", "web", code=125).stderr
    assert web.run("kill", "web").stdout == "web\n"
    assert web.run("wait", "web").stdout == "137\n"


def test_diff_and_commit(web: Pybuild) -> None:
    script = "echo in > /etc/new; rm /etc/group; chmod 700 /tmp; rm -r /home; mkdir /home; echo > /home/own"
    web.run("exec", "web", "sh", "-c", script)
    changes = web.run("diff", "web").stdout.splitlines()
    expected = ["C /etc", "D /etc/group", "A /etc/new", "C /home", "D /home/alice", "A /home/own", "C /tmp"]
    assert changes == expected
    first = web.run(
        "commit", "-m", "why", "-a", "who", "-c", 'CMD ["cat", "/etc/new"]', "-c", "ENV C=3", "web", "app:2"
    )
    web.run("commit", "web", "app:again", env={"SOURCE_DATE_EPOCH": "1000000000"})
    images = [
        json.loads(web.run("inspect", "--format", "json", name).stdout) for name in ("base", "app:2", "app:again")
    ]
    base, made, again = (image["RootFS"]["Layers"] for image in images)
    assert made[:-1] == again[:-1] == base
    assert images[1]["Id"] == first.stdout.strip()
    assert (images[1]["Author"], images[1]["Comment"]) == ("who", "why")
    assert {"A=1", "C=3"} <= set(images[1]["Config"]["Env"])
    assert web.run("run", *NONE, "app:2").stdout == "in\n"
    web.run("stop", "web")
    web.run("commit", "web", "app:third")
    third = json.loads(web.run("inspect", "--format", "json", "app:third").stdout)
    assert third["RootFS"]["Layers"] == made, "the same files make the same layer"


def test_commit_makes_everything_stand_still(web: Pybuild) -> None:
    """Two files get a line each in turn: their lengths never differ by more than one in an image."""
    count = "while :; do echo >> /first; echo >> /second; done"
    web.run("exec", "-d", "web", "sh", "-c", count)
    until(lambda: web.run("exec", "web", "sh", "-c", "ls /second 2>/dev/null || true").stdout)
    web.run("commit", "web", "still")
    first, second = web.run("run", *NONE, "still", "sh", "-c", "wc -l < /first; wc -l < /second").stdout.split()
    assert 0 <= int(first) - int(second) <= 1
    before = web.run("exec", "web", "wc", "-l", "/first").stdout
    until(lambda: web.run("exec", "web", "wc", "-l", "/first").stdout != before)


def test_copies_by_dockers_rules(web: Pybuild, tmp_path: Path) -> None:
    write(tmp_path / "in", {"file": "one", "folder/sub/deep": "two"})
    os.symlink("sub/deep", tmp_path / "in/folder/link")
    source = str(tmp_path / "in")
    web.run("exec", "web", "sh", "-c", "mkdir -p /have; ln -s /have /link; ln -s /etc/passwd /alias")
    for origin, target in [
        ("file", "/new"),
        ("file", "/have"),
        ("folder", "/fresh"),
        ("folder", "/link"),
        ("folder/.", "/have"),
    ]:
        web.run("cp", f"{source}/{origin}", f"web:{target}")
    listing = web.run(
        "exec", "web", "sh", "-c", "find /new /have /fresh | sort; cat /have/folder/link; stat -c %u /new"
    )
    assert listing.stdout.splitlines() == [
        "/fresh", "/fresh/link", "/fresh/sub", "/fresh/sub/deep", "/have", "/have/file", "/have/folder",
        "/have/folder/link", "/have/folder/sub", "/have/folder/sub/deep", "/have/link", "/have/sub", "/have/sub/deep",
        "/new", "two0",
    ]  # fmt: skip
    for path, message in [("/no/dir", "no folder /no"), ("/absent/", "no folder /absent"), ("/new/", "no folder")]:
        assert message in web.run("cp", f"{source}/file", f"web:{path}", code=1).stderr
    assert "is no folder" in web.run("cp", f"{source}/folder", "web:/new", code=1).stderr
    out = tmp_path / "out"
    web.run("cp", "web:/have", str(out))
    web.run("cp", "web:/have", str(out))
    web.run("cp", "web:/alias", str(out))
    web.run("cp", "-L", "web:/alias", str(tmp_path / "followed"))
    assert (out / "have/folder/sub/deep").read_text() == "two"
    assert os.readlink(out / "alias") == "/etc/passwd"
    assert "alice" in (tmp_path / "followed").read_text()
    assert "No such file" in web.run("cp", "web:/absent", ".", code=1).stderr


def test_copies_as_tar_and_of_a_stopped_container(web: Pybuild, tmp_path: Path) -> None:
    archive = subprocess.run(web.argv("cp", "web:/etc", "-"), env=web.environment(), capture_output=True, check=True)
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
        assert {"etc", "etc/passwd"} <= set(tar.getnames())
    web.run("stop", "web")
    web.run("cp", "-", "web:/tmp", stdin=archive.stdout)
    web.run("cp", "web:/tmp/etc/passwd", str(tmp_path / "passwd"))
    assert "alice" in (tmp_path / "passwd").read_text()
    assert "A /tmp/etc/passwd" in web.run("diff", "web").stdout
    web.run("start", "web")
    assert "alice" in web.run("exec", "web", "cat", "/tmp/etc/passwd").stdout


def test_links_in_the_container_lead_nowhere_else(web: Pybuild, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("of the machine")
    web.run("exec", "web", "sh", "-c", f"ln -s '{tmp_path}' /out; ln -s '../../../../..{tmp_path}' /up")
    for name in ("out", "up"):
        assert "No such file" in web.run("cp", f"web:/{name}/secret", "-", code=1).stderr
        write(tmp_path, {"evil": "written"})
        assert "no folder" in web.run("cp", str(tmp_path / "evil"), f"web:/{name}/planted", code=1).stderr
    assert not (tmp_path / "planted").exists()
    evil = io.BytesIO()
    with tarfile.open(fileobj=evil, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("../../planted"))
    assert "leads out" in web.run("cp", "-", "web:/tmp", stdin=evil.getvalue(), code=1).stderr


def test_restart(web: Pybuild) -> None:
    first = listed(web)[0]["pid"]
    assert web.run("restart", "-t", "60", "web").stdout == "web\n"
    [row] = listed(web)
    assert (row["status"], row["pid"] != first) == ("running", True)
    web.run("stop", "web")
    assert web.run("restart", "web", "nosuch", code=1).stdout == "web\n"
    assert listed(web)[0]["status"] == "running"
    web.run("run", "-d", "--rm", "--name", "job", "--network", "none", "base", "sleep", "100")
    assert "is removed when it ends" in web.run("restart", "job", code=1).stderr
    web.run("rm", "-f", "job")


def test_logs_of_a_time(box: Pybuild) -> None:
    box.run("run", "--name", "web", "--network", "none", "base", "sh", "-c", "echo 1; sleep 0.01; echo 2; echo 3")
    stamps = [line.split()[0] for line in box.run("logs", "-t", "web").stdout.splitlines()]
    later = stamps[1]
    assert box.run("logs", "--since", "1h", "web").stdout == "1\n2\n3\n"
    assert box.run("logs", "--until", "1h", "-f", "web").stdout == ""
    seconds = datetime.fromisoformat(later).timestamp()
    assert box.run("logs", "--since", f"{seconds - 0.005:.6f}", "web").stdout == "2\n3\n"
    assert box.run("logs", "--until", f"{seconds - 0.005:.6f}", "web").stdout == "1\n"
    assert box.run("logs", "--since", "1h", "--tail", "1", "web").stdout == "3\n"
    assert "neither a length of time" in box.run("logs", "--since", "soon", "web", code=2).stderr


def test_ps_and_inspect_as_scripts_ask(web: Pybuild) -> None:
    web.run("run", "--name", "job", "--network", "none", "-l", "team=a", "base", "sh", "-c", "exit 3", code=3)
    assert web.run("ps", "--format", "{{.Names}} {{.State}}").stdout == "web running\n"
    assert web.run("ps", "-l", "--format", "{{.Names}} {{.Labels}}").stdout == "job team=a\n"
    table = web.run("ps", "-a", "--format", r"table {{.Names}}\t{{.Networks}}").stdout.splitlines()
    assert table == ["NAMES   NETWORKS", "job     none", "web     none"]
    assert web.run("ps", "-a", "--filter", "name=^/?we", "--format", "{{.Names}}").stdout == "web\n"
    assert "no regular expression" in web.run("ps", "--filter", "name=(", code=2).stderr
    assert web.run("inspect", "-f", "{{.State.ExitCode}} {{.Name}}", "job").stdout == "3 /job\n"
    assert "there is no .Stat; there are Id, Created" in web.run("inspect", "-f", "{{.Stat}}", "job", code=2).stderr
    assert "no such form" in web.run("ps", "--format", "yaml", code=2).stderr
    assert web.run("start", "web").stdout == "web\n"


def test_inspect_has_dockers_members(box: Pybuild) -> None:
    write(
        box.cwd,
        {"Buildfile": "FROM base\nHEALTHCHECK --interval=5s CMD true\nSTOPSIGNAL SIGINT\nEXPOSE 80\nVOLUME /v\n"},
    )
    box.run("build", "-t", "app")
    box.run("run", "--name", "web", "--network", "none", "-l", "k=v", "app", "sh", "-c", "exit 3", code=3)
    value = json.loads(box.run("inspect", "--format", "json", "web").stdout)
    assert value["Config"]["Healthcheck"] == {"Test": ["CMD-SHELL", "true"], "Interval": 5000000000}
    assert value["Config"]["StopSignal"] == "SIGINT"
    assert value["Config"]["Labels"] == {"k": "v"}
    assert (value["State"]["Status"], value["State"]["ExitCode"], value["Name"]) == ("exited", 3, "/web")
    [mount] = value["Mounts"]
    assert (mount["Type"], mount["Destination"], mount["RW"]) == ("volume", "/v", True)
    box.run("rm", "-v", "web")
    assert os.listdir(box.root / "volumes") == []
