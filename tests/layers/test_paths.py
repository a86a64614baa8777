from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.layers import paths
from builder.layers.paths import Cursor, open_beneath, open_by_walk

Open = Callable[..., int]
VARIANTS = [open_beneath, open_by_walk]
O_PATH = os.O_PATH


def outcome(opener: Open, root: int, path: str, flags: int, *, nofollow: bool = False) -> tuple[int, int] | str:
    """What was opened, by identity, or the name of the error."""
    try:
        fd = opener(root, path, flags, 0o600, nofollow=nofollow)
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    info = os.fstat(fd)
    os.close(fd)
    return info.st_dev, info.st_ino


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[int]:
    outside = tmp_path / "secret"
    outside.write_text("outside")
    root = tmp_path / "root"
    (root / "a/b/c").mkdir(parents=True)
    (root / "file").write_text("inside")
    (root / "secret").write_text("inside too")
    for name, target in LINKS.items():
        (root / name).symlink_to(target)
    fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    yield fd
    os.close(fd)


LINKS = {
    "a/up": "../../../../secret",
    "a/abs": "/secret",
    "a/b/dir": "../../a",
    "loop": "loop2",
    "loop2": "loop",
    "dangling": "a/new",
    "dirslash": "a/b/",
    "todot": ".",
    "toroot": "/",
    "deepdots": "a/b/../../file",
}

PARTS = [
    "a",
    "b",
    "c",
    "..",
    ".",
    "",
    "file",
    "secret",
    "up",
    "abs",
    "dir",
    "none",
    *[k for k in LINKS if "/" not in k],
]
FLAGS = [
    os.O_RDONLY,
    O_PATH,
    O_PATH | os.O_NOFOLLOW,
    os.O_RDONLY | os.O_NOFOLLOW,
    os.O_RDONLY | os.O_DIRECTORY,
    os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW,
    os.O_WRONLY | os.O_CREAT | os.O_EXCL,
]


@pytest.mark.parametrize("opener", VARIANTS)
def test_symlinks_are_clamped_to_the_root(tree: int, opener: Open) -> None:
    inside = os.stat("secret", dir_fd=tree)
    for path in ("a/up", "a/abs", "../../secret", "/secret", "a/../../secret", "a/b/dir/abs"):
        assert outcome(opener, tree, path, os.O_RDONLY) == (inside.st_dev, inside.st_ino)


@pytest.mark.parametrize("opener", VARIANTS)
def test_nofollow_refuses_every_symlink(tree: int, opener: Open) -> None:
    for path in ("a/up", "a/abs", "a/b/dir/b", "toroot/file"):
        assert outcome(opener, tree, path, os.O_RDONLY, nofollow=True) == "ELOOP"
    assert outcome(opener, tree, "a/up", O_PATH | os.O_NOFOLLOW, nofollow=True) != "ELOOP"


@settings(deadline=None, max_examples=300)
@given(data=st.data())
def test_kernel_and_walk_agree(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = "/".join(data.draw(st.lists(st.sampled_from(PARTS), max_size=7)))
    flags = data.draw(st.sampled_from(FLAGS))
    nofollow = data.draw(st.booleans())
    fd = _shared_tree(tmp_path_factory)
    results = []
    for opener in VARIANTS:
        results.append(outcome(opener, fd, path, flags, nofollow=nofollow))
        _remove_created(fd)
    if flags & os.O_CREAT:  # new files differ, and the kernel has more names for "not a place for a file"
        assert type(results[0]) is type(results[1])
    else:
        assert results[0] == results[1]


def _shared_tree(factory: pytest.TempPathFactory) -> int:
    if not _SHARED:
        root = factory.mktemp("shared")
        (root / "a/b/c").mkdir(parents=True)
        for name in ("file", "secret"):
            (root / name).write_text(name)
        for name, target in LINKS.items():
            (root / name).symlink_to(target)
        _SHARED.append(os.open(root, os.O_RDONLY | os.O_DIRECTORY))
    return _SHARED[0]


_SHARED: list[int] = []


def _remove_created(root_fd: int) -> None:
    for found, _, names, fd in os.fwalk(".", dir_fd=root_fd):
        for name in names:
            kept = name in ("file", "secret") and found == "."
            if not kept and not os.path.islink(f"/proc/self/fd/{fd}/{name}"):
                os.unlink(name, dir_fd=fd)


@pytest.mark.parametrize("opener", VARIANTS)
def test_creates_through_a_dangling_symlink_inside(tree: int, opener: Open) -> None:
    os.close(opener(tree, "dangling", os.O_WRONLY | os.O_CREAT, 0o600))
    assert os.stat("a/new", dir_fd=tree).st_mode & 0o777 == 0o600


def test_a_path_beyond_path_max(tmp_path: Path) -> None:
    root = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    depth = 3_000
    with Cursor(root) as cursor:
        here = ""
        for _ in range(depth):
            os.mkdir("d", dir_fd=cursor.directory(here))
            here = f"{here}/d" if here else "d"
        os.close(os.open("leaf", os.O_CREAT | os.O_WRONLY, dir_fd=cursor.directory(here)))
        wanted = os.stat("leaf", dir_fd=cursor.directory(here)).st_ino
        fd = open_beneath(root, here + "/leaf", os.O_RDONLY)
        assert os.fstat(fd).st_ino == wanted
        os.close(fd)
        os.unlink("leaf", dir_fd=cursor.directory(here))
        while here:
            parent = here.rpartition("/")[0]
            cursor.forget(here)
            os.rmdir("d", dir_fd=cursor.directory(parent))
            here = parent
    assert os.listdir(root) == []
    os.close(root)


def test_nul_byte_is_an_error_not_a_shorter_path(tree: int) -> None:
    assert outcome(open_beneath, tree, "file\0x", os.O_RDONLY) == "EINVAL"


def test_the_walk_notices_a_directory_moved_away(tmp_path: Path) -> None:
    (tmp_path / "root/a/b").mkdir(parents=True)
    (tmp_path / "secret").mkdir()
    root = os.open(tmp_path / "root", os.O_RDONLY)
    walk = paths._Walk(root)
    walk.step(b"a")
    walk.step(b"b")
    (tmp_path / "root/a/b").rename(tmp_path / "secret/b")
    with pytest.raises(OSError, match="moved"):
        walk.step(b"..")
    walk.close()
    os.close(root)


def test_without_openat2_the_walk_is_used(tree: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "_probed", [None])
    inside = outcome(open_by_walk, tree, "secret", os.O_RDONLY)
    assert outcome(open_beneath, tree, "a/abs", os.O_RDONLY) == inside


def test_cursor_does_not_pass_symlinks(tree: int) -> None:
    with Cursor(tree) as cursor:
        for path in ("toroot", "a/b/dir", "toroot/a"):
            with pytest.raises(NotADirectoryError):
                cursor.directory(path)
        assert os.fstat(cursor.directory("a/b")).st_ino == os.stat("a/b", dir_fd=tree).st_ino
        assert cursor.directory("") == tree
        assert os.fstat(cursor.directory("a")).st_ino == os.stat("a", dir_fd=tree).st_ino
