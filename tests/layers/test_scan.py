from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest

from builder.errors import LayerError
from builder.layers.scan import scan_upper
from builder.model.entry import Entry, Kind

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="device nodes and trusted attributes need root")


def scanned(root: Path) -> dict[str, Entry]:
    return {entry.path: entry for entry, _ in scan_upper(str(root)) if entry.kind is not Kind.OPAQUE}


def kinds(root: Path) -> list[tuple[str, Kind]]:
    return [(entry.path, entry.kind) for entry, _ in scan_upper(str(root))]


def test_order_is_by_bytes_of_whole_paths(tmp_path: Path) -> None:
    for name in ("a/b", "a.txt", "a-b/c", "a/b.d", "é", "z/y/x"):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text("")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff")).write_text("")
    found = [os.fsencode(entry.path) for entry, _ in scan_upper(str(tmp_path))]
    assert found == sorted(found)
    assert found[:6] == [b"a", b"a-b", b"a-b/c", b"a.txt", b"a/b", b"a/b.d"]


def test_metadata_and_content(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_text("hello")
    file.chmod(0o4711)
    os.utime(file, ns=(0, 1_700_000_000_999_999_999))
    (tmp_path / "l").symlink_to("f")
    os.mkfifo(tmp_path / "p", 0o600)
    os.setxattr(file, "user.note", b"\0\1")
    root_fd = os.open(tmp_path, os.O_RDONLY)
    found = {entry.path: (entry, opener) for entry, opener in scan_upper(root_fd)}
    entry, opener = found["f"]
    owner = os.geteuid(), file.stat().st_gid
    assert entry == Entry("f", Kind.FILE, 0o4711, *owner, 5, 1_700_000_000, xattrs=(("user.note", b"\0\1"),))
    assert opener is not None
    fd = opener()
    assert os.read(fd, 10) == b"hello"
    os.close(fd)
    os.close(root_fd)
    assert found["l"][0].link == "f"
    assert found["p"][0].kind is Kind.FIFO


def test_hardlinks_point_to_the_first_path(tmp_path: Path) -> None:
    (tmp_path / "z").write_text("x")
    os.link(tmp_path / "z", tmp_path / "b")
    os.link(tmp_path / "z", tmp_path / "c")
    found = scanned(tmp_path)
    assert found["b"].kind is Kind.FILE
    assert [(found[name].kind, found[name].link, found[name].size) for name in "cz"] == [(Kind.HARDLINK, "b", 0)] * 2


def test_sockets_are_left_out(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        assert kinds(tmp_path) == []


@root_only
def test_whiteouts_and_devices(tmp_path: Path) -> None:
    os.mknod(tmp_path / "gone", stat.S_IFCHR, os.makedev(0, 0))
    os.mknod(tmp_path / "null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    os.mknod(tmp_path / "sda", stat.S_IFBLK | 0o660, os.makedev(8, 300))
    found = scanned(tmp_path)
    assert found["gone"] == Entry("gone", Kind.WHITEOUT)
    assert (found["null"].kind, found["null"].device) == (Kind.CHAR_DEVICE, (1, 3))
    assert (found["sda"].kind, found["sda"].device) == (Kind.BLOCK_DEVICE, (8, 300))


@pytest.mark.parametrize("namespace", [pytest.param("trusted", marks=root_only), "user"])
def test_opaque_follows_its_directory_and_private_attributes_go(tmp_path: Path, namespace: str) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d/f").write_text("")
    os.setxattr(tmp_path / "d", f"{namespace}.overlay.opaque", b"y")
    os.setxattr(tmp_path / "d/f", f"{namespace}.overlay.origin", b"\0\xfb")
    assert kinds(tmp_path) == [("d", Kind.DIRECTORY), ("d", Kind.OPAQUE), ("d/f", Kind.FILE)]
    assert scanned(tmp_path)["d/f"].xattrs == ()


@pytest.mark.parametrize("attribute", ["redirect", "metacopy"])
def test_what_needs_lower_directories_is_refused(tmp_path: Path, attribute: str) -> None:
    (tmp_path / "d").mkdir()
    os.setxattr(tmp_path / "d", f"user.overlay.{attribute}", b"/x")
    with pytest.raises(LayerError) as caught:
        kinds(tmp_path)
    assert caught.value.code == "unsupported-upper"


@root_only
def test_file_capabilities_are_kept(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("")
    capability = bytes.fromhex("0100000200040000000000000000000000000000")
    os.setxattr(tmp_path / "f", "security.capability", capability)
    assert scanned(tmp_path)["f"].xattrs == (("security.capability", capability),)
