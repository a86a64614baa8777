from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from builder.errors import LayerError
from builder.layers.apply import apply
from builder.layers.archive import archive_items
from builder.layers.header import END_OF_ARCHIVE, header
from builder.layers.members import FileSource, Member, MemberReader
from builder.layers.pack import pack
from builder.model.entry import Entry, Kind

MIB = 1 << 20


def members(data: bytes) -> list[Member]:
    return list(MemberReader(io.BytesIO(data)))


def field(data: bytes, at: int, value: bytes) -> bytes:
    """A header with other bytes at `at`, its checksum made right."""
    block = bytearray(data)
    block[at : at + len(value)] = value
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block[:512])
    return bytes(block)


PLAIN = header(Entry("f", Kind.FILE, 0o644, size=3)) + b"abc".ljust(512, b"\0")


class Trickle(io.RawIOBase):
    """Gives few bytes at a time, as a pipe may."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def read(self, size: int = -1, /) -> bytes:
        return self._data.read(min(size, 7))


def test_short_reads_are_put_together() -> None:
    reader = MemberReader(Trickle(PLAIN * 2))
    found = [(member.name, b"".join(reader.content())) for member in reader]
    assert found == [(b"f", b"abc")] * 2


def test_the_end() -> None:
    assert members(b"") == []
    assert members(END_OF_ARCHIVE) == []
    assert [m.name for m in members(PLAIN)] == [b"f"]
    assert [m.name for m in members(PLAIN + END_OF_ARCHIVE + PLAIN)] == [b"f"]


@pytest.mark.parametrize("cut", [1, 100, 511, 513, 1023])
def test_a_cut_archive_is_an_error(cut: int) -> None:
    with pytest.raises(LayerError) as caught:
        members((PLAIN + PLAIN)[: 1024 + cut])
    assert caught.value.code == "truncated-archive"


NUMBERS = [
    (124, b"\xff" * 12),
    (124, b"\x80" + b"\xff" * 11),
    (124, b"-0000000003\0"),
    (124, b"0o00000003\0\0"),
    (124, b"0_000000003\0"),
    (124, b"00000000008\0"),
    (108, b"\xff" * 8),
    (108, b"\x80\0\0\1\0\0\0\0"),
    (136, b"\x80" + b"\x7f" * 11),
]


@pytest.mark.parametrize(("at", "value"), NUMBERS)
def test_senseless_numbers_are_refused(at: int, value: bytes) -> None:
    with pytest.raises(LayerError) as caught:
        members(field(PLAIN, at, value))
    assert caught.value.code == "bad-archive"


def test_a_giant_size_is_only_a_claim() -> None:
    giant = field(PLAIN, 124, b"\x80\0\0\0\x7f" + b"\xff" * 7)
    reader = MemberReader(io.BytesIO(giant))
    assert next(iter(reader)).size == 0x7FFFFFFFFFFFFFFF
    with pytest.raises(LayerError, match="ends within"):
        list(reader.content())


def test_old_and_signed_headers(tmp_path: Path) -> None:
    v7 = field(PLAIN, 257, bytes(8))
    assert members(v7)[0].name == b"f"
    block = bytearray(field(PLAIN, 0, b"\xff\xfe"))
    block[148:156] = b" " * 8
    signed = sum(byte - 256 if byte > 127 else byte for byte in block[:512])
    block[148:156] = b"%06o\0 " % signed
    assert members(bytes(block))[0].name == b"\xff\xfe"


def pax(*records: bytes) -> bytes:
    body = b"".join(b"%d %b\n" % (len(record) + len(str(len(record) + 5)) + 2, record) for record in records)
    block = header(Entry("x", Kind.FILE, 0o644, size=len(body)))
    return field(block, 156, b"x") + body.ljust(-(-len(body) // 512) * 512, b"\0")


def test_extended_records_win_and_empty_ones_do_not() -> None:
    (found,) = members(pax(b"path=other", b"uid=70000", b"gid=", b"mtime=-1.5", b"SCHILY.xattr.user.e=") + PLAIN)
    assert (found.name, found.uid, found.gid, found.mtime_ns) == (b"other", 70000, 0, -1_500_000_000)
    assert found.xattrs == ((b"user.e", b""),)


@pytest.mark.parametrize(
    "record", [b"size=-1", b"uid=x", b"mtime=1e9", b"path=a\0b", b"mtime=nan", b"size=" + b"9" * 30]
)
def test_senseless_records_are_refused(record: bytes) -> None:
    with pytest.raises(LayerError):
        members(pax(record) + PLAIN)


@pytest.mark.parametrize("body", [b"5 a=b", b"99 a=b\n", b"0 a=b\n", b"x a=b\n", b"6 abc\n", b"-6 a=b\n"])
def test_damaged_extended_headers_are_refused(body: bytes) -> None:
    block = field(header(Entry("x", Kind.FILE, 0o644, size=len(body))), 156, b"x")
    with pytest.raises(LayerError) as caught:
        members(block + body.ljust(512, b"\0") + PLAIN)
    assert caught.value.code == "bad-archive"


def test_a_giant_extended_header_is_refused() -> None:
    block = field(header(Entry("x", Kind.FILE, 0o644, size=2 * MIB)), 156, b"x")
    with pytest.raises(LayerError, match="extended header of"):
        members(block + bytes(3 * MIB))


def source_tree(top: Path) -> Path:
    top.mkdir()
    (top / "long").mkdir()
    (top / "long" / ("n" * 180)).write_text("long name")
    (top / "link").symlink_to("t" * 150)
    os.link(top / "long" / ("n" * 180), top / "zhard")
    with open(top / "sparse", "wb") as file:
        file.truncate(4 * MIB)
        for at in range(0, 4 * MIB, 256 << 10):  # more extents than a header has room for
            file.seek(at)
            file.write(b"data at %d" % at)
    with open(top / "hole-only", "wb") as file:
        file.truncate(MIB)
    return top


def content_of(top: Path) -> dict[str, bytes]:
    found = {}
    for path in sorted(top.rglob("*")):
        if path.is_symlink():
            found[str(path.relative_to(top))] = os.readlink(path).encode()
        elif path.is_file():
            found[str(path.relative_to(top))] = path.read_bytes()
    return found


FORMATS = [
    ["--format=gnu"],
    ["--format=oldgnu"],
    ["--format=gnu", "--sparse"],
    ["--format=posix"],
    ["--format=posix", "--sparse", "--sparse-version=0.0"],
    ["--format=posix", "--sparse", "--sparse-version=0.1"],
    ["--format=posix", "--sparse", "--sparse-version=1.0"],
    ["--format=gnu", "--label=volume"],
    ["--format=posix", "--pax-option=comment=global"],
]


@pytest.mark.skipif(os.geteuid() != 0, reason="apply sets owners, which needs root")
@pytest.mark.parametrize("options", FORMATS)
def test_what_gnu_tar_writes(options: list[str], tmp_path: Path) -> None:
    top = source_tree(tmp_path / "top")
    archive = tmp_path / "a.tar"
    subprocess.run(["tar", *options, "-C", str(top), "-cf", str(archive), "."], check=True)
    check_archive(archive, top, tmp_path)


@pytest.mark.skipif(not shutil.which("bsdtar"), reason="bsdtar is not installed")
@pytest.mark.skipif(os.geteuid() != 0, reason="apply sets owners, which needs root")
@pytest.mark.parametrize("form", ["pax", "gnutar"])
def test_what_bsdtar_writes(form: str, tmp_path: Path) -> None:
    top = source_tree(tmp_path / "top")
    os.setxattr(top / "sparse", "user.note", b"\0\xffx")
    archive = tmp_path / "a.tar"
    subprocess.run(["bsdtar", f"--format={form}", "-C", str(top), "-cf", str(archive), "."], check=True)
    table = check_archive(archive, top, tmp_path)
    if form == "pax":
        assert (("user.note", b"\0\xffx"),) in [entry.xattrs for entry in table]


def check_archive(archive: Path, top: Path, scratch: Path) -> list[Entry]:
    """Both ways through the reader: to a directory, and to items that make a new tar."""
    (scratch / "applied").mkdir()
    with open(archive, "rb") as file:
        table = apply(file, str(scratch / "applied"))
    assert content_of(scratch / "applied") == content_of(top)
    again = io.BytesIO()
    with open(archive, "rb") as file, archive_items(file.fileno()) as items:
        packed = pack((item for item in items if item[0].path), again)
    assert packed == [entry for entry in table if entry.path]
    (scratch / "repacked").mkdir()
    with tarfile.open(fileobj=io.BytesIO(again.getvalue())) as tar:
        tar.extraction_filter = lambda member, _path: member  # 3.11.2 does not know the argument `filter`
        tar.extractall(scratch / "repacked")  # noqa: S202 - we have made it
    assert content_of(scratch / "repacked") == content_of(top)
    return table


def test_holes_stay_holes(tmp_path: Path) -> None:
    top = source_tree(tmp_path / "top")
    archive = tmp_path / "a.tar"
    subprocess.run(["tar", "--format=posix", "--sparse", "-C", str(top), "-cf", str(archive), "hole-only"], check=True)
    (tmp_path / "applied").mkdir()
    with open(archive, "rb") as file:
        apply(file, str(tmp_path / "applied"))
    assert (tmp_path / "applied/hole-only").stat().st_blocks == 0


SPARSE = [
    [b"GNU.sparse.size=10", b"GNU.sparse.map=5,3,2,0"],
    [b"GNU.sparse.size=10", b"GNU.sparse.map=9,3"],
    [b"GNU.sparse.size=10", b"GNU.sparse.map=1,2"],
    [b"GNU.sparse.size=10", b"GNU.sparse.map=1"],
    [b"GNU.sparse.size=10", b"GNU.sparse.map=-1,3"],
    [b"GNU.sparse.size=9223372036854775807", b"GNU.sparse.map=0,3"],
    [b"GNU.sparse.major=1", b"GNU.sparse.minor=0", b"GNU.sparse.realsize=10"],
]


@pytest.mark.parametrize("records", SPARSE)
def test_senseless_sparse_maps_are_refused(records: list[bytes]) -> None:
    with pytest.raises(LayerError, match="sparse"):
        members(pax(*records) + PLAIN)


def test_skipping_in_a_file_finds_the_same(tmp_path: Path) -> None:
    big = header(Entry("big", Kind.FILE, 0o644, size=5 * MIB)) + bytes(5 * MIB)
    path = tmp_path / "a.tar"
    path.write_bytes(big + PLAIN + big[: 2 * MIB])
    with open(path, "rb") as file:
        reader = MemberReader(FileSource(file.fileno()))
        found = iter(reader)
        assert [next(found).name, next(found).name] == [b"big", b"f"]
        assert b"".join(reader.content()) == b"abc"
        assert next(found).name == b"big"
        with pytest.raises(LayerError, match="ends within"):
            next(found)
