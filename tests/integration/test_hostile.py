"""Contexts, archives and commands that mean harm: nothing outside the root changes, and what goes wrong is said."""

from __future__ import annotations

import io
import os
import random
import socket
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.support.cli import Pybuild, write

Member = tuple[str, bytes, str | bytes]
"""Name, tar type, and content or link target."""

ESCAPES: dict[str, list[Member]] = {
    "absolute": [("/tmp/pybuild-escaped", tarfile.REGTYPE, b"x")],
    "dots": [("../../../../../../tmp/pybuild-escaped", tarfile.REGTYPE, b"x")],
    "through a symlink": [("way", tarfile.SYMTYPE, "/tmp"), ("way/pybuild-escaped", tarfile.REGTYPE, b"x")],
    "through dots in a symlink": [
        ("way", tarfile.SYMTYPE, "../../../../../../../../tmp"),
        ("way/pybuild-escaped", tarfile.REGTYPE, b"x"),
    ],
    "over its own symlink": [
        ("a", tarfile.SYMTYPE, "/tmp/pybuild-escaped"),
        ("a", tarfile.REGTYPE, b"x"),
    ],
}
DAMAGED: dict[str, list[Member]] = {
    "hardlink outside": [("shadow", tarfile.LNKTYPE, "/etc/shadow")],
    "hardlink by dots": [("shadow", tarfile.LNKTYPE, "../../../../etc/shadow")],
    "below a file": [("a", tarfile.REGTYPE, b"x"), ("a/b", tarfile.REGTYPE, b"y")],
}


def archive(path: Path, members: list[Member]) -> Path:
    with tarfile.open(path, "w") as tar:
        for name, kind, value in members:
            info = tarfile.TarInfo(name)
            info.type, info.mode = kind, 0o644
            content = value if isinstance(value, bytes) else b""
            info.linkname = value if isinstance(value, str) else ""
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


@pytest.mark.parametrize("name", ESCAPES)
def test_an_archive_stays_below_its_root(pybuild: Pybuild, tmp_path: Path, name: str) -> None:
    write(pybuild.cwd, {"Buildfile": "FROM scratch\nADD bad.tar /inside/\n"})
    archive(pybuild.cwd / "bad.tar", ESCAPES[name])
    out = pybuild.files("-t", "bad", into=tmp_path / "out")
    assert not Path("/tmp/pybuild-escaped").exists()
    assert [path for path in out.rglob("*") if path.is_file() and not path.is_symlink()], "the content is inside"


@pytest.mark.parametrize("name", DAMAGED)
@pytest.mark.parametrize("how", ["add", "import"])
def test_an_archive_that_lies_is_refused(pybuild: Pybuild, name: str, how: str) -> None:
    bad = archive(pybuild.cwd / "bad.tar", DAMAGED[name])
    write(pybuild.cwd, {"Buildfile": "FROM scratch\nADD bad.tar /\n"})
    done = pybuild.run(*(("build",) if how == "add" else ("import", str(bad), "bad")), code=1)
    assert "error: " in done.stderr
    assert "Traceback" not in done.stderr


def test_names_that_are_not_utf8_and_duplicates(pybuild: Pybuild, tmp_path: Path) -> None:
    write(pybuild.cwd, {"Buildfile": "FROM scratch\nADD odd.tar /\nCOPY by*s /c/\n"})
    (pybuild.cwd / os.fsdecode(b"by\xfftes")).write_text("raw")
    odd: list[Member] = [
        (os.fsdecode(b"n\xff"), tarfile.REGTYPE, b"1"),
        ("twice", tarfile.REGTYPE, b"1"),
        ("twice", tarfile.REGTYPE, b"2"),
    ]
    archive(pybuild.cwd / "odd.tar", odd)
    out = pybuild.files(into=tmp_path / "out")
    assert sorted(os.listdir(os.fsencode(out))) == [b"c", b"n\xff", b"twice"]
    assert (out / "twice").read_text() == "2"
    assert os.listdir(os.fsencode(out / "c")) == [b"by\xfftes"]


@pytest.mark.parametrize("source", ["passwd", "folder/passwd", "../../../../etc/passwd", "/etc/passwd"])
def test_a_context_reaches_nothing_outside(pybuild: Pybuild, source: str) -> None:
    write(pybuild.cwd, {"Buildfile": f"FROM scratch\nCOPY {source} /stolen\n"})
    (pybuild.cwd / "passwd").symlink_to("/etc/passwd")
    (pybuild.cwd / "folder").symlink_to("/etc")
    done = pybuild.run("build", code=1)
    assert "is not in the build context" in done.stderr


def test_special_files_of_a_context_do_not_hold_a_build_up(pybuild: Pybuild, tmp_path: Path) -> None:
    write(pybuild.cwd, {"Buildfile": "FROM scratch\nCOPY . /\n"})
    os.mkfifo(pybuild.cwd / "fifo")
    listener = socket.socket(socket.AF_UNIX)
    os.chdir(pybuild.cwd)  # a socket's path is short
    listener.bind("socket")
    listener.close()
    os.chdir("/")
    pybuild.run("build", "-o", f"type=tar,dest={tmp_path / 'out.tar'}")
    with tarfile.open(tmp_path / "out.tar") as tar:
        kinds = {member.name: member.type for member in tar}
    assert kinds["fifo"] == tarfile.FIFOTYPE
    assert kinds["socket"] == tarfile.REGTYPE


def test_deep_paths(pybuild: Pybuild, tmp_path: Path) -> None:
    deep = "/".join(["d"] * 10_000) + "/end"
    write(pybuild.cwd, {"Buildfile": "FROM scratch\nADD deep.tar /\n"})
    archive(pybuild.cwd / "deep.tar", [(deep, tarfile.REGTYPE, b"x")])
    pybuild.run("build", "-o", f"type=tar,dest={tmp_path / 'out.tar'}")
    with tarfile.open(tmp_path / "out.tar") as tar:
        assert deep in tar.getnames()


@pytest.mark.parametrize(
    "command",
    [
        "mount -t tmpfs none /tmp",
        "echo x > /proc/sys/kernel/hostname",
        "echo b > /proc/sysrq-trigger",
        "ls /proc/1/root/proc/1/root/work | grep main",
        "test -s /proc/kcore",
        "touch /sys/x",
    ],
)
def test_a_command_cannot_reach_the_machine(based: Pybuild, command: str) -> None:
    write(based.cwd, {"Buildfile": f"FROM base\nRUN ! ({command}) && echo refused > /refused\n"})
    assert list(based.ran()) == [f"RUN ! ({command}) && echo refused > /refused"]


def test_what_a_command_leaves_running_dies_with_it(based: Pybuild) -> None:
    seconds = random.randrange(10**8, 10**9)  # tells it from that of another run of the tests
    write(based.cwd, {"Buildfile": f"FROM base\nRUN (sleep {seconds} &) ; sleep 0.1\n"})
    based.build()
    assert subprocess.run(["pgrep", "-f", f"sleep {seconds}"], capture_output=True, check=False).returncode == 1


def test_output_cannot_speak_to_the_terminal(based: Pybuild) -> None:
    write(based.cwd, {"Buildfile": "FROM base\nRUN printf '\\033]0;owned\\007\\033[2Jclean\\n'\n"})
    said = based.run("build").stderr
    assert "\x1b" not in said
    assert "clean" in said


@pytest.mark.parametrize("damage", [b"", b"{", b"\x00" * 100, b'{"format":1}'])
def test_a_damaged_private_file_costs_time_and_nothing_else(based: Pybuild, damage: bytes) -> None:
    write(based.cwd, {"Buildfile": "FROM base\nCOPY a /\nRUN cp /a /b\n", "a": "1"})
    first = based.build("-t", "app")
    for folder in ("plans", "builds", "contexts", "tables", "layers", "sources"):
        for path in (based.root / folder).iterdir():
            path.write_bytes(damage)
    again = based.build("-t", "app")
    assert again["digest"] == first["digest"]
