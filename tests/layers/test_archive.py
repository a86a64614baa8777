from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import zstandard

from builder.errors import LayerError
from builder.layers.archive import archive_items, is_archive
from builder.layers.pack import pack
from builder.model.entry import Entry, Kind

COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": lambda data: gzip.compress(data, mtime=0),  # the names of tests must not hold a clock
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.compress,
}


def unsorted_tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in [("./z", b"last"), ("/b/c", b"x" * 3000), ("../a", b"first"), ("b/.wh.kept", b"k")]:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        root = tarfile.TarInfo("./")
        root.type, root.mode = tarfile.DIRTYPE, 0o700
        tar.addfile(root)
    return out.getvalue()


@contextmanager
def opened(tmp_path: Path, data: bytes) -> Iterator[int]:
    path = tmp_path / "file"
    path.write_bytes(data)
    with open(path, "rb") as file:
        yield file.fileno()
        assert file.tell() == 0


@pytest.mark.parametrize("name", COMPRESSORS)
def test_items_come_sorted_and_clean(name: str, tmp_path: Path) -> None:
    with opened(tmp_path, COMPRESSORS[name](unsorted_tar())) as fd:
        assert is_archive(fd)
        with archive_items(fd, str(tmp_path)) as items:
            assert [entry.path for entry, _ in items] == ["", "a", "b/.wh.kept", "b/c", "z"]
            assert items[0][0] == Entry("", Kind.DIRECTORY, 0o700)
            out = io.BytesIO()
            kept = [item for item in items if item[0].path not in ("", "b/.wh.kept")]
            pack(kept, out)
    with tarfile.open(fileobj=io.BytesIO(out.getvalue())) as tar:
        contents = [(file := tar.extractfile(member)) and file.read() for member in tar]
    assert contents == [b"first", b"x" * 3000, b"last"]


NO_ARCHIVES = [
    b"",
    b"text",
    b"#!/bin/sh\n" * 200,
    bytes(512),
    bytes(10240),
    b"\x1f\x8b\x08garbage",
    b"BZh9",
    b"\x28\xb5\x2f\xfd",
]


@pytest.mark.parametrize("data", [*NO_ARCHIVES, *(COMPRESSORS[name](b"text" * 500) for name in COMPRESSORS)])
def test_other_files_are_no_archives(data: bytes, tmp_path: Path) -> None:
    with opened(tmp_path, data) as fd:
        assert not is_archive(fd)


@pytest.mark.parametrize("name", COMPRESSORS)
def test_a_cut_archive_is_an_error_not_a_part(name: str, tmp_path: Path) -> None:
    data = COMPRESSORS[name](unsorted_tar()[:2000])
    with opened(tmp_path, data) as fd, pytest.raises(LayerError), archive_items(fd):
        pass


def test_the_last_of_several_links_says_owner_and_mode(tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, link, mode in [("m", "", 0o644), ("z", "m", 0o600), ("a", "z", 0o4755)]:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = (tarfile.LNKTYPE, link) if link else (tarfile.REGTYPE, "")
            info.mode, info.uid, info.gid, info.mtime = mode, mode, 7, mode
            tar.addfile(info)
    with opened(tmp_path, out.getvalue()) as fd, archive_items(fd, str(tmp_path)) as items:
        assert [(entry.path, entry.kind, entry.link) for entry, _ in items] == [
            ("a", Kind.FILE, ""),
            ("m", Kind.HARDLINK, "a"),
            ("z", Kind.HARDLINK, "a"),
        ]
        assert {(entry.mode, entry.uid, entry.gid, entry.mtime) for entry, _ in items} == {(0o4755, 0o4755, 7, 0o4755)}


def test_links_out_are_told_from_links_within(tmp_path: Path) -> None:
    """A link means what stands there at its point of the archive; what comes later has the name for itself."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, link in [("k", "f"), ("f", ""), ("l", "f"), ("m", "k"), ("n", "../a/../o")]:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = (tarfile.LNKTYPE if link else tarfile.REGTYPE), link
            tar.addfile(info)
    with opened(tmp_path, out.getvalue()) as fd, archive_items(fd, str(tmp_path), links_out=True) as items:
        found = {entry.path: (entry.kind, entry.link) for entry, _ in items}
    assert found["k"] == (Kind.HARDLINK, "/f")
    assert found["m"] == (Kind.HARDLINK, "k")
    assert found["l"] == (Kind.HARDLINK, "f")
    assert found["n"] == (Kind.HARDLINK, "/o")
