"""What a run leaves becomes the same layer, whichever kind of root filesystem it ran in."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from builder.sandbox.spec import RootFs
from builder.sandbox.worker import Worker
from tests.sandbox.conftest import Runner, Way

CHANGES = """
set -e
echo new > /etc/new
echo more >> /etc/passwd
chmod 600 /etc/group
rm /bin/nproc
mkdir -p /deep/er/est; echo x > /deep/er/est/file; ln /deep/er/est/file /deep/hard; ln -s ../x /deep/soft
rm -r /home; mkdir /home; echo again > /home/other
rm -r /srv/gone; echo file > /srv/gone
rm /srv/was-file; mkdir /srv/was-file; echo in > /srv/was-file/in
mkdir /srv/temporary; rmdir /srv/temporary
mkfifo /srv/pipe; chown 7:8 /srv/pipe
touch -d @5 /srv/kept; chmod 1777 /root
mv /srv/folder /srv/moved
chown -R 0:0 /srv/same; mv /srv/same/big /srv/same/x; mv /srv/same/x /srv/same/big; ln /srv/same/two /srv/same/three
cp -p /srv/again/f /f; rm -r /srv/again; mkdir /srv/again; mv /f /srv/again/f
"""


@pytest.fixture
def layered(worker: Worker, base: str, tmp_path: Path) -> Runner:
    """A runner whose base has a second layer that already hides something of the first."""
    runner = Runner(worker, base, tmp_path)
    script = (
        "mkdir -p /srv/gone/x /srv/folder/sub; echo 1 > /srv/folder/sub/f; echo 2 > /srv/was-file; echo 3 > /srv/kept;"
        "rm /bin/tee; ln /srv/kept /srv/linked; mkdir /srv/hidden; touch /srv/hidden/x;"
        "mkdir /srv/same /srv/again; cd /srv/same; echo 1 > one; echo 2 > two; echo 3 > big; echo 4 > ../again/f"
    )
    first = runner.shell(script)
    assert first.status.code == 0, first
    second = runner.spec("sh", "-c", "rm -r /srv/hidden; mkdir /srv/hidden; touch /srv/hidden/y")
    second = second._replace(rootfs=second.rootfs._replace(lowers=(base, first.upper)))
    assert runner.run(second).status.code == 0
    runner.lowers = (base, first.upper, second.rootfs.upper)
    return runner


def capture(worker: Worker, upper: str, **args: object) -> bytes:
    with open(os.memfd_create("tar"), "r+b") as tar, open(os.memfd_create("table"), "r+b") as table:
        worker.call("capture", {"upper": upper, "clamp": True, **args}, [tar.fileno(), table.fileno()])
        tar.seek(0)
        return tar.read()


@pytest.mark.parametrize("kind", ["fuse", "copy"])
def test_every_kind_of_root_gives_the_same_bytes(worker: Worker, layered: Runner, kind: str) -> None:
    layered.need(Way("native", kind))
    layers = []
    for root in ("overlay", kind):
        outcome = layered.shell(CHANGES, Way("native", root))
        assert outcome.status.code == 0, outcome
        layers.append(capture(worker, outcome.upper, epoch=1000, lowers=layered.lowers))
    assert _listing(layers[0]) == _listing(layers[1])
    assert layers[0] == layers[1]


@pytest.mark.parametrize("kind", ["overlay", "fuse", "copy"])
def test_the_same_layer_twice_in_a_stack(worker: Worker, base: str, tmp_path: Path, kind: str) -> None:
    """Two steps that leave the same layer share its directory."""
    runner = Runner(worker, base, tmp_path)
    runner.need(Way("native", kind))
    nothing = runner.shell("true").upper
    runner.lowers = (base, nothing, nothing)
    made = runner.shell("echo x > /x").upper
    runner.lowers = (base, nothing, made)
    removed = runner.shell("rm /x").upper
    runner.lowers = (base, nothing, made, removed, nothing, made)
    outcome = runner.shell("cat /x", Way("native", kind))
    assert (outcome.status.code, outcome.text) == (0, "x\n")


def _listing(layer: bytes) -> list[tuple[object, ...]]:
    with tarfile.open(fileobj=io.BytesIO(layer)) as tar:
        return [(m.name, m.type, oct(m.mode), m.uid, m.gid, m.size, m.mtime, m.linkname) for m in tar]


def test_a_captured_layer_holds_what_changed(worker: Worker, layered: Runner) -> None:
    outcome = layered.shell(CHANGES)
    names = {row[0] for row in _listing(capture(worker, outcome.upper, lowers=layered.lowers))}
    assert {
        "etc/new",
        "etc/passwd",
        "bin/.wh.nproc",
        "home/.wh..wh..opq",
        "home/other",
        "srv/gone",
        "srv/pipe",
    } <= names
    assert "srv/.wh.folder" in names
    assert "etc/hosts" not in names
    assert not {name for name in names if str(name).endswith("deep/.wh..wh..opq")}, "a marker that hides nothing"


def test_a_captured_layer_does_not_hold_again_what_was_only_copied_up(worker: Worker, layered: Runner) -> None:
    """But a file that got a second name or lost its own, and what an opaque directory needs to hold."""
    outcome = layered.shell(f"{CHANGES}chown 0:0 /srv/linked")
    names = {row[0] for row in _listing(capture(worker, outcome.upper, lowers=layered.lowers))}
    assert "srv/linked" in names
    assert {str(name) for name in names if str(name).startswith(("srv/same/", "srv/again/"))} == {
        "srv/same/two",
        "srv/same/three",
        "srv/again/.wh..wh..opq",
        "srv/again/f",
    }


def test_times_in_the_snapshot_are_clamped_as_in_the_layer(worker: Worker, runner: Runner) -> None:
    outcome = runner.shell("mkdir /d; echo x > /d/f; ln -s f /d/l; touch -d @5 /d/old")
    capture(worker, outcome.upper, epoch=10, lowers=runner.lowers)
    times = {name: os.lstat(f"{outcome.upper}/d/{name}").st_mtime for name in ("f", "l", "old", ".")}
    assert times == {"f": 10, "l": 10, "old": 5, ".": 10}


def test_an_applied_layer_shows_the_same_as_the_original(worker: Worker, layered: Runner, tmp_path: Path) -> None:
    outcome = layered.shell(CHANGES)
    layer = capture(worker, outcome.upper, lowers=layered.lowers)
    snapshot = str(tmp_path / "snapshot")
    os.mkdir(snapshot)
    with open(os.memfd_create("tar"), "r+b") as tar, open(os.memfd_create("table"), "r+b") as table:
        tar.write(layer)
        tar.seek(0)
        worker.call("apply", {"directory": snapshot, "below": []}, [tar.fileno(), table.fileno()])
    views = []
    for top in (outcome.upper, snapshot):
        spec = layered.spec("sh", "-c", "find / -xdev | sort; cat /etc/passwd /deep/hard /srv/moved/sub/f")
        spec = spec._replace(rootfs=RootFs((*layered.lowers, top), spec.rootfs.upper, spec.rootfs.work))
        views.append(layered.run(spec).text)
    assert views[0] == views[1]
    assert "/home/other" in views[0]
    assert "/home/alice\n" not in views[0]


def test_127_layers(worker: Worker, runner: Runner, tmp_path: Path) -> None:
    lowers = [runner.base]
    for number in range(126):
        folder = tmp_path / ("a-long-name-for-a-snapshot-as-stores-have-them-" * 2) / f"layer,with:odd\\name{number}"
        folder.mkdir(parents=True)
        (folder / f"file{number}").write_text(str(number))
        (folder / "top").write_text(str(number))
        lowers.append(str(folder))
    spec = runner.spec("sh", "-c", "cat /top; ls / | grep -c file")
    outcome = runner.run(spec._replace(rootfs=spec.rootfs._replace(lowers=tuple(lowers))))
    assert outcome.text == "125126\n"
