from __future__ import annotations

import hashlib
import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from builder.context.folder import FolderContext
from builder.context.ignore import IgnoreRules
from builder.context.statindex import StatIndex
from builder.errors import ContextError, LayerError
from builder.model.entry import Entry, Kind

Open = Callable[..., FolderContext]


@pytest.fixture
def open_context(tmp_path: Path) -> Iterator[Open]:
    opened = []

    def make(ignore: str = "", index: StatIndex | None = None) -> FolderContext:
        context = FolderContext(str(tmp_path), IgnoreRules.parse(ignore), index or StatIndex("unused"))
        opened.append(context)
        return context

    yield make
    for context in opened:
        context.close()


def write(root: Path, files: dict[str, str]) -> None:
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)


def paths(context: FolderContext, top: str = "") -> list[str]:
    return [entry.path for entry in context.walk(top)]


def test_entries_are_owned_by_root_and_say_what_layers_need(tmp_path: Path, open_context: Open) -> None:
    write(tmp_path, {"run.sh": "echo\n"})
    os.chmod(tmp_path / "run.sh", 0o4751)
    os.utime(tmp_path / "run.sh", ns=(0, 1_234_567_890_999_999_999))
    os.symlink("../x", tmp_path / "link")
    context = open_context()
    run = context.get("run.sh")
    digest = hashlib.sha256(b"echo\n").hexdigest()
    assert run == Entry("run.sh", Kind.FILE, 0o4751, size=5, mtime=1_234_567_890, digest=digest)
    assert context.digest("run.sh") == digest
    link = context.get("link")
    assert link
    assert (link.kind, link.link) == (Kind.SYMLINK, "../x")
    root = context.get("")
    assert root
    assert root.kind is Kind.DIRECTORY
    assert list(context.walk("")) == [link, run]


def test_the_walk_is_sorted_by_bytes_of_the_whole_path(tmp_path: Path, open_context: Open) -> None:
    write(tmp_path, {"a/b": "", "a-b": "", "é": "", "z": ""})
    (tmp_path / os.fsdecode(b"\xc3")).touch()
    assert [os.fsencode(path) for path in paths(open_context())] == [b"a", b"a-b", b"a/b", b"z", b"\xc3", "é".encode()]


def test_special_files_are_what_they_are_and_sockets_empty_files(tmp_path: Path, open_context: Open) -> None:
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        context = open_context()
        assert {entry.path: entry.kind for entry in context.walk("")} == {"fifo": Kind.FIFO, "socket": Kind.FILE}
        entry = context.get("socket")
        assert entry
        assert (entry.size, entry.digest) == (0, hashlib.sha256().hexdigest())
        fd = context.open("socket")
        assert os.read(fd, 10) == b""
        os.close(fd)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes device nodes")
def test_devices_keep_their_numbers(tmp_path: Path, open_context: Open) -> None:
    os.mknod(tmp_path / "null", 0o20666, os.makedev(1, 3))
    entry = open_context().get("null")
    assert entry
    assert (entry.kind, entry.device) == (Kind.CHAR_DEVICE, (1, 3))


def test_extended_attributes_of_files_and_directories(tmp_path: Path, open_context: Open) -> None:
    write(tmp_path, {"d/f": "x"})
    try:
        os.setxattr(tmp_path / "d" / "f", "user.colour", b"red\0")
        os.setxattr(tmp_path / "d", "user.colour", b"blue")
    except OSError as error:
        pytest.skip(f"the file system has no user attributes: {error}")
    context = open_context()
    expected = {"d": (("user.colour", b"blue"),), "d/f": (("user.colour", b"red\0"),)}
    assert {entry.path: entry.xattrs for entry in context.walk("")} == expected
    directory = open_context().get("d")
    assert directory
    assert directory.xattrs == expected["d"]


def test_hard_links_count_within_what_is_walked(tmp_path: Path, open_context: Open) -> None:
    write(tmp_path, {"a": "x", "d/c": "y"})
    os.link(tmp_path / "a", tmp_path / "d" / "b")
    os.link(tmp_path / "d" / "c", tmp_path / "d" / "e")
    context = open_context()
    assert {e.path: e.link for e in context.walk("") if e.kind is Kind.HARDLINK} == {"d/b": "a", "d/e": "d/c"}
    assert {e.path: e.link for e in context.walk("d") if e.kind is Kind.HARDLINK} == {"d/e": "d/c"}
    alone = context.get("d/b")
    assert alone
    assert (alone.kind, alone.size) == (Kind.FILE, 1)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("plain", "plain"),
        ("to-dir/f", "dir/f"),
        ("up", "plain"),
        ("absolute/f", "dir/f"),
        ("dir/back", "plain"),
        ("escape/etc/passwd", "etc/passwd"),
        ("dangling", "nowhere/x"),
        ("plain/x/..", "plain"),
        ("to-dir/../plain", "plain"),
        ("", ""),
    ],
)
def test_symlinks_are_followed_inside_the_root(tmp_path: Path, open_context: Open, path: str, expected: str) -> None:
    write(tmp_path, {"plain": "", "dir/f": ""})
    links = {
        "to-dir": "dir",
        "up": "../../../plain",
        "absolute": "/dir",
        "dir/back": "../plain",
        "escape": "../../..",
        "dangling": "nowhere/x",
    }
    for name, target in links.items():
        os.symlink(target, tmp_path / name)
    assert open_context().resolve(path) == expected


def test_a_loop_of_symlinks_is_an_error(tmp_path: Path, open_context: Open) -> None:
    os.symlink("b", tmp_path / "a")
    os.symlink("a/x", tmp_path / "b")
    with pytest.raises(LayerError) as caught:
        open_context().resolve("a")
    assert caught.value.code == "symlink-loop"


def test_ignored_paths_do_not_exist(tmp_path: Path, open_context: Open) -> None:
    write(tmp_path, {"secret": "", "d/x.log": "", "d/keep": "", "only/x.log": ""})
    context = open_context("secret\n**/*.log\nonly")
    assert paths(context) == ["d", "d/keep"]
    for gone in ("secret", "d/x.log", "only", "only/x.log"):
        assert context.get(gone) is None
        assert open_context("secret\n**/*.log\nonly").get(gone) is None
    assert context.children("") == ["d"]
    rule = context.ignored_by("d/x.log")
    assert rule
    assert rule.line == 2


def test_a_directory_exists_for_the_exceptions_in_it(tmp_path: Path, open_context: Open) -> None:
    write(tmp_path, {"a/b/keep": "", "a/b/x": "", "a/c/x": "", "e/x": ""})
    ignore = "*\n!a/b/keep\n!e/nothing"
    context = open_context(ignore)
    assert context.children("") == ["a"]
    assert context.children("a") == ["b"]
    assert paths(context) == ["a", "a/b", "a/b/keep"]
    assert paths(open_context(ignore), "a/b") == ["a/b/keep"]
    for path, exists in {"a": True, "a/b": True, "a/c": False, "e": False, "a/b/x": False}.items():
        assert (open_context(ignore).get(path) is not None) is exists


def test_a_remembered_digest_is_used_while_the_file_is_unchanged(tmp_path: Path, open_context: Open) -> None:
    write(tmp_path, {"f": "old"})
    info = os.stat(tmp_path / "f")
    row = (info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino, info.st_mode, b"\x07" * 32)
    index = StatIndex("unused")
    index.keep("", "f", row, (("user.kept", b"1"),))
    entry = open_context(index=index).get("f")
    assert entry
    assert (entry.digest, entry.xattrs) == ("07" * 32, (("user.kept", b"1"),))
    (tmp_path / "f").write_text("new")
    os.utime(tmp_path / "f", ns=(info.st_atime_ns, info.st_mtime_ns))
    entry = open_context(index=index).get("f")
    assert entry
    assert entry.digest == hashlib.sha256(b"new").hexdigest()


def test_a_file_just_written_is_not_remembered(tmp_path: Path, open_context: Open) -> None:
    write(tmp_path, {"f": "x"})
    index = StatIndex("unused")
    assert paths(open_context(index=index)) == ["f"]
    assert index.known("").rows == {}


def test_large_and_many_files_hash_right(tmp_path: Path, open_context: Open) -> None:
    contents = {f"f{number}": bytes([number]) * (number * 1_500_000 + number) for number in range(7)}
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
    found = {entry.path: (entry.size, entry.digest) for entry in open_context().walk("")}
    assert found == {name: (len(data), hashlib.sha256(data).hexdigest()) for name, data in contents.items()}


def test_a_directory_swapped_for_a_symlink_is_not_followed(tmp_path: Path, open_context: Open) -> None:
    (tmp_path / "outside").mkdir()
    root = tmp_path / "root"
    write(tmp_path, {"outside/f": "secret", "root/d/f": "mine"})
    context = FolderContext(str(root), None, StatIndex("unused"))
    try:
        assert context.children("d") == ["f"]
        os.rename(root / "d", root / "moved")
        os.symlink("../outside", root / "d")
        fresh = FolderContext(str(root), None, StatIndex("unused"))
        assert fresh.get("d/f") is None
        with pytest.raises(ContextError):
            fresh.open("d/f")
        fresh.close()
    finally:
        context.close()


def test_a_file_swapped_for_a_symlink_is_not_followed(tmp_path: Path, open_context: Open) -> None:
    write(tmp_path, {"f": "mine"})
    context = open_context()
    assert context.get("f")
    os.unlink(tmp_path / "f")
    os.symlink("/etc/passwd", tmp_path / "f")
    with pytest.raises(ContextError) as caught:
        context.open("f")
    assert caught.value.code == "changed-while-reading"


def test_thousands_of_nested_directories(tmp_path: Path, open_context: Open) -> None:
    depth = 3000
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    assert len(paths(open_context("**/x\n!**/y"))) == depth
    subprocess.run(["rm", "-rf", str(tmp_path / "d")], check=True)  # Python's own rmtree recurses


@pytest.mark.ordinary_user
def test_an_unreadable_file_is_named(tmp_path: Path, open_context: Open) -> None:
    write(tmp_path, {"d/f": "x"})
    os.chmod(tmp_path / "d" / "f", 0)
    with pytest.raises(ContextError) as caught:
        paths(open_context())
    assert caught.value.code == "unreadable"
    assert "d/f" in caught.value.message


@pytest.mark.ordinary_user
def test_an_unreadable_folder_is_named(tmp_path: Path, open_context: Open) -> None:
    write(tmp_path, {"d/f": "x"})
    os.chmod(tmp_path / "d", 0)
    with pytest.raises(ContextError) as caught:
        open_context().get("d")
    os.chmod(tmp_path / "d", 0o700)
    assert caught.value.code == "unreadable"
    assert "'d'" in caught.value.message


def test_a_context_must_be_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for root in (tmp_path / "file", tmp_path / "nothing"):
        with pytest.raises(ContextError) as caught:
            FolderContext(str(root), None, StatIndex("unused"))
        assert caught.value.code == "no-context"
