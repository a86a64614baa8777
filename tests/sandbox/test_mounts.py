"""What a run is given besides its root filesystem: seen in every way of running, and gone without a trace."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from builder.sandbox.spec import File, Mount, RootFs
from tests.sandbox.conftest import WAYS, Runner, Way

ways = pytest.mark.parametrize("way", WAYS, ids="-".join)


def tree_of(folder: Path, *lowers: Path) -> RootFs:
    for name in ("upper", "work"):
        (folder / name).mkdir(parents=True)
        (folder / name).chmod(0o755)
    return RootFs(tuple(map(str, lowers)), str(folder / "upper"), str(folder / "work"))


@pytest.fixture
def layers(tmp_path: Path) -> list[Path]:
    """Two layers: the upper one adds to a directory and has a link into it."""
    lower, upper = tmp_path / "lower", tmp_path / "upper-layer"
    (lower / "d").mkdir(parents=True)
    (lower / "d" / "one").write_text("1")
    (upper / "d").mkdir(parents=True)
    (upper / "d" / "two").write_text("2")
    (upper / "link").symlink_to("/d")
    for folder in (lower, upper):
        folder.chmod(0o755)
    return [lower, upper]


@ways
def test_a_tree_shows_its_layers_and_what_is_written_stays_out_of_them(
    runner: Runner, way: Way, tmp_path: Path, layers: list[Path]
) -> None:
    runner.need(way)
    mounts = (
        Mount("tree", "/whole", tree=tree_of(tmp_path / "t1", *layers)),
        Mount("tree", "/deep/er/part", "link", readonly=True, tree=tree_of(tmp_path / "t2", *layers)),
        Mount("tree", "/file", "d/two", tree=tree_of(tmp_path / "t3", *layers)),
        Mount("tree", "/nothing", tree=tree_of(tmp_path / "t4")),
    )
    script = "cat /whole/d/one /deep/er/part/two /file; ls -A /nothing; echo x > /whole/d/three; cat /whole/d/three;"
    script += "echo x > /deep/er/part/x || echo refused"
    outcome = runner.shell(script, way, mounts=mounts)
    assert outcome.text.splitlines()[0] == "122x"
    assert outcome.text.splitlines()[-1] == "refused"
    assert set(os.listdir(outcome.upper)) <= {"dev", "proc", "sys"}
    assert sorted(path.name for layer in layers for path in layer.rglob("*")) == ["d", "d", "link", "one", "two"]


@ways
def test_files_and_mounts_come_in_the_order_of_their_targets(runner: Runner, way: Way) -> None:
    runner.need(way)
    files = (File("/run/secrets/s", "secret", 0o440, 0, 0), File("/tool", "#!/bin/sh\necho tool\n", 0o755))
    mounts = (Mount("tmpfs", "/run/secrets/deep"), Mount("tmpfs", "/run"))
    script = "cat /run/secrets/s; /tool; stat -c '%a %h' /run/secrets/s; echo x > /run/secrets/s || echo refused"
    outcome = runner.shell(script, way, files=files, mounts=mounts)
    assert [line for line in outcome.text.splitlines() if "cannot" not in line] == ["secrettool", "440 1", "refused"]
    assert set(os.listdir(outcome.upper)) <= {"dev", "proc", "sys"}


@ways
def test_memory_has_the_mode_of_what_it_covers(runner: Runner, way: Way) -> None:
    runner.need(way)
    os.makedirs(f"{runner.base}/covered", exist_ok=True)
    os.chmod(f"{runner.base}/covered", 0o751)
    mounts = (Mount("tmpfs", "/covered"), Mount("tmpfs", "/new"), Mount("tmpfs", "/own", mode=0o700))
    outcome = runner.shell("stat -c %a /covered /new /own", way, mounts=mounts)
    assert outcome.text.split() == ["751", "1777", "700"]


@ways
def test_a_socket_gets_its_owner(runner: Runner, way: Way, tmp_path: Path) -> None:
    runner.need(way)
    with socket.socket(socket.AF_UNIX) as listening:
        os.chdir(tmp_path)
        listening.bind("s")
        mounts = (Mount("socket", "/run/s", str(tmp_path / "s"), mode=0o640),)
        outcome = runner.shell("stat -c '%F %u:%g %a' /run/s", way, mounts=mounts)
    assert outcome.text == "socket 0:0 640\n"
