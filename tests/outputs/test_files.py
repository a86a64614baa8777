"""The merged files of an image: as an archive and in a directory."""

from __future__ import annotations

import os
import stat
import tarfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from builder.errors import OutputError
from builder.images.keep import keep_stream
from builder.images.stored import Image
from builder.layers.header import END_OF_ARCHIVE, header, padding
from builder.model import media_types
from builder.model.config import ImageConfig
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.entry import Entry, Kind
from builder.model.manifest import Manifest
from builder.model.platform import Platform
from builder.outputs.local import LocalOutput
from builder.outputs.spec import parse_output
from builder.outputs.tar import TarOutput
from builder.outputs.types import Means

Row = Entry | tuple[Entry, bytes]


def layered(means: Means, *layers: Sequence[Row]) -> Image:
    """An image of layers whose archives hold exactly these members, in this order."""
    kept = [keep_stream(means.store, [b"".join(map(_member, rows)) + END_OF_ARCHIVE]) for rows in layers]
    config = ImageConfig(Platform("linux", "amd64"), diff_ids=tuple(layer.diff_id for layer in kept))
    document = Descriptor(media_types.OCI_CONFIG, Digest.of(b""), 0)
    return Image(document, Manifest(document, tuple(layer.descriptor for layer in kept)), config)


def _member(row: Row) -> bytes:
    entry, content = row if isinstance(row[0], Entry) else (row, b"")
    entry = entry._replace(size=len(content))
    return header(entry) + content + padding(len(content))


def file(path: str, content: bytes, mode: int = 0o644) -> Row:
    return Entry(path, Kind.FILE, mode, mtime=100), content


def directory(path: str, mode: int = 0o755) -> Row:
    return Entry(path, Kind.DIRECTORY, mode, mtime=50)


LAYERS: tuple[Sequence[Row], ...] = (
    (
        directory("d", 0o555),
        file("d/a", b"one", 0o4755),
        Entry("d/b", Kind.HARDLINK, link="d/a"),
        Entry("d/c", Kind.HARDLINK, link="d/a"),
        file("gone", b"x"),
        Entry("link", Kind.SYMLINK, 0o777, link="/etc/passwd"),
        Entry("null", Kind.CHAR_DEVICE, 0o666, device=(1, 3)),
        Entry("pipe", Kind.FIFO, 0o600),
    ),
    (file("d/a", b"two"), Entry("gone", Kind.WHITEOUT), file("z", b"\0" * 3_000_000)),
)


def local(dest: Path, means: Means) -> LocalOutput:
    return LocalOutput(parse_output(f"type=local,dest={dest}"), means)


def test_tar_has_the_merged_files_sorted(means: Means, tmp_path: Path) -> None:
    TarOutput(parse_output(f"type=tar,dest={tmp_path}/x.tar"), means).write(layered(means, *LAYERS))
    with tarfile.open(tmp_path / "x.tar") as archive:
        assert archive.getnames() == ["d", "d/a", "d/b", "d/c", "link", "null", "pipe", "z"]
        contents = {name: archive.extractfile(name) for name in ("d/a", "d/b", "d/c", "z")}
        read = {name: content.read() for name, content in contents.items() if content}
        assert read == {"d/a": b"two", "d/b": b"one", "d/c": b"one", "z": b"\0" * 3_000_000}
        assert archive.getmember("d/c").linkname == "d/b", "a hidden file's links stay links of each other"
        assert archive.getmember("d/b").mode == 0o4755


def test_tar_does_not_show_how_layers_cut(means: Means, tmp_path: Path) -> None:
    rows = [directory("d"), file("d/x", b"1"), file("y", b"2")]
    for name, layers in {"one": [rows], "two": [rows[:2], rows[2:]], "three": [rows, rows]}.items():
        TarOutput(parse_output(f"type=tar,dest={tmp_path}/{name}"), means).write(layered(means, *layers))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes() == (tmp_path / "three").read_bytes()


def test_local_writes_files_that_gain_no_rights(means: Means, tmp_path: Path) -> None:
    dest = tmp_path / "out"
    local(dest, means).write(layered(means, *LAYERS))
    assert sorted(os.listdir(dest)) == ["d", "link", "pipe", "z"]
    assert (dest / "d/a").read_bytes() == b"two"
    assert os.readlink(dest / "link") == "/etc/passwd"
    status = os.stat(dest / "d/b")
    kept = 0o755 if os.getuid() else 0o4755  # it is root's in the image
    assert (stat.S_IMODE(status.st_mode), status.st_mtime, status.st_nlink) == (kept, 100, 2)
    assert (status.st_uid, status.st_gid) == (os.getuid(), os.getgid())
    assert stat.S_IMODE(os.stat(dest / "d").st_mode) == 0o555
    assert os.stat(dest / "d").st_mtime == 50


def test_local_speaks_for_no_other_user(means: Means, tmp_path: Path) -> None:
    mine, others = (os.getuid(), os.getgid()), (12_345, 12_346)
    owners = {"m": mine, "u": (mine[0], others[1]), "g": (others[0], mine[1]), "o": others}
    xattrs = (("security.capability", b"\1\0\0\2" + b"\1" + bytes(15)), ("user.note", b"kept"))
    rows = [(Entry(name, Kind.FILE, 0o6755, *ids, xattrs=xattrs), b"") for name, ids in owners.items()]
    rows += [(Entry(f"{name}d", Kind.DIRECTORY, 0o3770, *ids), b"") for name, ids in owners.items()]
    local(tmp_path, means).write(layered(means, rows))
    modes = {name: stat.S_IMODE(os.stat(tmp_path / name).st_mode) for name in os.listdir(tmp_path)}
    expected = {"m": 0o6755, "u": 0o4755, "g": 0o2755, "o": 0o755}
    assert {name: modes[name] for name in owners} == expected
    assert {modes[f"{name}d"] for name in "mg"} == {0o3770}
    assert {modes[f"{name}d"] for name in "uo"} == {0o1770}
    assert os.listxattr(tmp_path / "m") == ["user.note"]


def test_local_keeps_what_is_there_and_follows_no_symlink(means: Means, tmp_path: Path) -> None:
    dest, outside = tmp_path / "out", tmp_path / "outside"
    dest.mkdir()
    outside.mkdir()
    (outside / "a").write_text("mine")
    (dest / "mine").write_text("mine")
    (dest / "d").symlink_to(outside)
    (dest / "z").symlink_to(outside / "a")
    image = layered(means, *LAYERS)
    for _ in range(2):
        local(dest, means).write(image)
    assert (outside / "a").read_text() == (dest / "mine").read_text() == "mine"
    assert os.listdir(outside) == ["a"]
    assert not (dest / "d").is_symlink()
    assert os.path.getsize(dest / "z") == 3_000_000


def test_local_does_not_remove_a_users_directory(means: Means, tmp_path: Path) -> None:
    (tmp_path / "out/z/keep").mkdir(parents=True)
    with pytest.raises(OutputError) as caught:
        local(tmp_path / "out", means).write(layered(means, *LAYERS))
    assert "out/z" in caught.value.message
    assert (tmp_path / "out/z/keep").is_dir()


def test_hostile_layers_stay_inside(means: Means, tmp_path: Path) -> None:
    rows: list[Row] = [
        Entry("up", Kind.SYMLINK, 0o777, link="../.."),
        file("up/escaped", b"x"),
        file("../../also", b"y"),
    ]
    local(tmp_path / "a/b/out", means).write(layered(means, rows))
    names = {name for _, folders, files in os.walk(tmp_path) for name in (*folders, *files)}
    assert {"escaped", "also"} <= names
    assert sorted(os.listdir(tmp_path / "a/b")) == ["out"]
    assert sorted(os.listdir(tmp_path / "a")) == ["b"]
