from __future__ import annotations

import io
import os
import stat
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.errors import LayerError
from builder.layers.apply import apply
from builder.layers.members import MemberReader
from builder.layers.pack import pack
from builder.layers.scan import scan_upper
from builder.layers.tree import Tree
from builder.model.entry import Entry, Kind
from tests.layers.trees import Content, items, layers, settled

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="owners of files are set, which needs root")

TOP = 40_000


def member(name: str, content: bytes = b"", **fields: object) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for key, value in fields.items():
        setattr(info, key, value)
    return info, content


def directory(name: str, **fields: object) -> tuple[tarfile.TarInfo, bytes]:
    return member(name, b"", **({"type": tarfile.DIRTYPE, "mode": 0o755} | fields))


def symlink(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    return member(name, type=tarfile.SYMTYPE, linkname=target)


def hardlink(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    return member(name, type=tarfile.LNKTYPE, linkname=target)


def archive(*members: tuple[tarfile.TarInfo, bytes], form: int = tarfile.PAX_FORMAT) -> io.BytesIO:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form, errors="surrogateescape") as tar:
        for info, content in members:
            tar.addfile(info, io.BytesIO(content))
    out.seek(0)
    return out


def shown(root: Path) -> dict[str, str]:
    """Path to the kind of what is on disk; for files their content, for symlinks their target."""
    found = {}
    for entry, _ in scan_upper(str(root)):
        path = os.path.join(root, entry.path)
        if entry.kind is Kind.FILE:
            found[entry.path] = Path(path).read_bytes().decode(errors="replace")
        else:
            found[entry.path] = f"{found.get(entry.path, '')}{entry.kind}{entry.link and '>' + entry.link}"
    return found


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text("untouched")
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


@settings(deadline=None, max_examples=60)
@given(layers())
def test_pack_apply_scan_pack_is_the_identity(layer: tuple[list[Entry], Content]) -> None:
    entries, content = layer
    first = io.BytesIO()
    pack(items(entries, content), first)
    with tempfile.TemporaryDirectory() as directory:
        table = apply(io.BytesIO(first.getvalue()), directory)
        again = io.BytesIO()
        packed = pack(scan_upper(directory), again)
    assert table == settled(entries)
    assert packed == settled(entries)
    third = io.BytesIO()
    pack(items(table, content), third)
    assert third.getvalue() == again.getvalue()


HOSTILE = {
    "absolute name": ([member("/secret", b"x")], {"secret": "x"}),
    "dots": ([member("../../secret", b"x")], {"secret": "x"}),
    "dots inside": ([directory("a"), member("a/../../../secret", b"x")], {"a": "d", "secret": "x"}),
    "file through an absolute symlink": (
        [symlink("l", "/"), member("l/secret", b"x")],
        {"l": "l>/", "secret": "x"},
    ),
    "file through a rising symlink": (
        [symlink("l", "../../.."), member("l/secret", b"x")],
        {"l": "l>../../..", "secret": "x"},
    ),
    "file over its symlink": ([symlink("l", "../secret"), member("l", b"x")], {"l": "x"}),
    "directory over a symlink": ([symlink("l", ".."), directory("l"), member("l/f", b"x")], {"l": "d", "l/f": "x"}),
    "symlink over a directory": (
        [directory("d"), member("d/f", b"x"), symlink("d", ".."), member("d/secret", b"x")],
        {"d": "l>..", "secret": "x"},
    ),
    "file over a directory": ([directory("d"), member("d/e/f", b"x"), member("d", b"y")], {"d": "y"}),
    "hardlink to a symlink": (
        [symlink("l", "../secret"), hardlink("h", "l"), member("h", b"x")],
        {"h": "x", "l": "l>../secret"},
    ),
    "hardlink through a symlink": (
        [directory("d"), member("d/f", b"x"), symlink("l", "/d"), hardlink("h", "l/f")],
        {"d": "d", "d/f": "x", "h": "h>d/f", "l": "l>/d"},
    ),
    "hardlink to itself": ([member("f", b"x"), hardlink("f", "./f")], {"f": "x"}),
    "duplicates": ([member("f", b"1"), hardlink("h", "f"), member("f", b"2")], {"f": "2", "h": "1"}),
    "odd names": (
        [member("a//./b/", b"x"), member(os.fsdecode(b"\xff\xfe"), b"y")],
        {"a": "d", "a/b": "x", os.fsdecode(b"\xff\xfe"): "y"},
    ),
    "root entries": ([directory("./", uid=7), directory("/"), member("..", b"")], {}),
    "whiteout and file": ([member(".wh.f"), member("f", b"x")], {"f": "x"}),
    "file and whiteout": ([member("f", b"x"), member(".wh.f")], {"f": "x"}),
    "whiteout and directory": ([member(".wh.d"), member("d/f", b"x")], {"d": "do", "d/f": "x"}),
    "directory and whiteout": ([directory("d"), member("d/f", b"x"), member(".wh.d")], {"d": "do", "d/f": "x"}),
    "late opaque": ([member("d/f", b"x"), member("d/.wh..wh..opq")], {"d": "do", "d/f": "x"}),
    "aufs leftovers": ([directory(".wh..wh.plnk"), member(".wh..wh.aufs"), member("f", b"x")], {"f": "x"}),
    "overlay whiteout device": ([member("f", type=tarfile.CHRTYPE, devmajor=0, devminor=0)], {"f": "w"}),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_names_stay_inside(case: str, root: Path) -> None:
    members, wanted = HOSTILE[case]
    table = apply(archive(*members), str(root))
    assert shown(root) == wanted
    assert (root.parent / "secret").read_text() == "untouched"
    assert sorted(os.listdir(root.parent)) == ["root", "secret"]
    listed = {entry.path for entry in table}
    assert listed <= set(wanted)
    assert set(wanted) - listed <= {"a", "d"}  # implied


REFUSED = {
    "hardlink outside": ([hardlink("h", "../secret")], "bad-archive"),
    "hardlink to nothing": ([hardlink("h", "/etc/passwd")], "bad-archive"),
    "hardlink to a directory": ([directory("d"), hardlink("h", "d")], "bad-archive"),
    "file below a file": ([member("f", b"x"), member("f/g", b"y")], "bad-archive"),
    "symlink loop": ([symlink("a", "b"), symlink("b", "a"), member("a/f", b"x")], "symlink-loop"),
    "whiteout of the parent": ([member("d/.wh..")], "bad-archive"),
    "whiteout of the grandparent": ([member("d/.wh...")], "bad-archive"),
    "name too long for any file system": ([member("n" * 300, b"x")], "unpack-failed"),
    "unknown type": ([member("f", b"", type=b"Q")], "unsupported-member"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_archives(case: str, root: Path) -> None:
    members, code = REFUSED[case]
    with pytest.raises(LayerError) as caught:
        apply(archive(*members), str(root))
    assert caught.value.code == code
    assert (root.parent / "secret").read_text() == "untouched"


def test_ten_thousand_directories_deep() -> None:
    in_memory = "/dev/shm" if os.path.isdir("/dev/shm") else None  # ext4 takes ten seconds to make it
    root = Path(tempfile.mkdtemp(dir=in_memory))
    deep = "/".join(["d"] * 10_000)
    table = apply(archive(member(deep + "/f", b"x"), member("d/.wh.gone"), directory(deep, mtime=5)), str(root))
    assert [entry.path for entry in table] == [deep, deep + "/f", "d/gone"]
    out = io.BytesIO()
    entries = pack(scan_upper(str(root)), out)
    assert [len(entry.path) for entry in entries][-3:] == [19_999, 20_001, 6]
    assert entries[-3].mtime == 5
    subprocess.run(["rm", "-rf", str(root)], check=True)


def test_metadata_is_exact(root: Path) -> None:
    capability = bytes.fromhex("0100000200040000000000000000000000000000")
    pax = {
        "SCHILY.xattr.security.capability": capability.decode("latin-1"),
        "SCHILY.xattr.user.n": "v",
        "mtime": "7.25",
    }
    hidden = {"SCHILY.xattr.user.overlay.opaque": "y", "SCHILY.xattr.trusted.overlay.redirect": "/x"}
    table = apply(
        archive(
            directory("d", mtime=100, uid=5, gid=6, pax_headers=hidden),
            member("d/f", b"x", mode=0o6755, uid=70_000, gid=8, pax_headers=pax),
            member("p", type=tarfile.FIFOTYPE, mode=0o622, mtime=9),
            member("c", type=tarfile.CHRTYPE, devmajor=1, devminor=300, mode=0o666),
        ),
        str(root),
    )
    info = (root / "d/f").stat()
    assert (stat.S_IMODE(info.st_mode), info.st_uid, info.st_gid, info.st_mtime_ns) == (
        0o6755,
        70_000,
        8,
        7_250_000_000,
    )
    assert os.getxattr(root / "d/f", "security.capability") == capability
    assert os.listxattr(root / "d") == []
    assert ((root / "d").stat().st_uid, (root / "d").stat().st_mtime) == (5, 100)
    assert (stat.S_IMODE((root / "p").stat().st_mode), (root / "p").stat().st_mtime) == (0o622, 9)
    assert os.major((root / "c").stat().st_rdev) == 1
    assert [entry._replace(digest="") for entry, _ in scan_upper(str(root))] == [e._replace(digest="") for e in table]


def test_implied_directories_look_as_below(root: Path) -> None:
    below = Tree.of([[Entry("tmp", Kind.DIRECTORY, 0o1777, 3, 4, mtime=50)]])
    table = apply(archive(member("tmp/new/f", b"x")), str(root), below=below)
    info = (root / "tmp").stat()
    assert (stat.S_IMODE(info.st_mode), info.st_uid, info.st_gid, info.st_mtime) == (0o1777, 3, 4, 50)
    assert stat.S_IMODE((root / "tmp/new").stat().st_mode) == 0o755
    assert [entry.path for entry in table] == ["tmp/new/f"]


@pytest.mark.parametrize("userxattr", [False, True])
def test_opaque_marks(root: Path, userxattr: bool) -> None:
    apply(archive(directory("d"), member("d/.wh..wh..opq")), str(root), userxattr=userxattr)
    assert os.listxattr(root / "d") == [f"{'user' if userxattr else 'trusted'}.overlay.opaque"]


def test_an_id_that_cannot_be_given_is_explained(root: Path) -> None:
    script = (
        "import sys; from builder.errors import LayerError; from builder.layers.apply import apply\n"
        "try: apply(open(sys.argv[1], 'rb'), sys.argv[2])\n"
        "except LayerError as error: print(error.code, error.hint)\n"
    )
    tar = root.parent / "layer.tar"
    tar.write_bytes(archive(member("f", b"x", uid=1234)).getvalue())
    command = ["unshare", "--user", "--map-root-user", sys.executable, "-c", script, str(tar), str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "unshare" in done.stderr:
        pytest.skip(done.stderr)
    assert done.stdout.startswith("foreign-owner give this user ranges in /etc/subuid"), done.stderr


def test_reads_to_the_end(root: Path) -> None:
    tar = io.BytesIO(archive(member("f", b"x")).getvalue() + bytes(TOP))
    apply(tar, str(root))
    assert tar.read() == b""


@settings(deadline=None, max_examples=150)
@given(layers(), st.data())
def test_damaged_archives_give_layer_errors_only(layer: tuple[list[Entry], Content], data: st.DataObject) -> None:
    out = io.BytesIO()
    pack(items(*layer), out)
    damaged = bytearray(out.getvalue())
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at : at + 1] = data.draw(st.binary(min_size=0, max_size=3))
        if data.draw(st.booleans()):
            repair(damaged, at // 512 * 512)
    with tempfile.TemporaryDirectory() as top:
        os.mkdir(os.path.join(top, "root"))
        try:
            apply(io.BytesIO(damaged[: data.draw(st.integers(0, len(damaged)))]), os.path.join(top, "root"))
        except LayerError:
            pass
        finally:
            assert os.listdir(top) == ["root"]
            subprocess.run(["rm", "-rf", os.path.join(top, "root")], check=True)


def repair(data: bytearray, at: int) -> None:
    """Makes the checksum of the header at `at` right, so that damage reaches what lies behind it."""
    block = data[at : at + 512]
    if len(block) == 512:
        block[148:156] = b" " * 8
        data[at + 148 : at + 156] = b"%06o\0 " % sum(block)


def test_random_bytes_are_no_archive() -> None:
    for seed in range(50):
        with pytest.raises(LayerError):
            list(MemberReader(io.BytesIO(bytes([seed + 1]) * (512 + seed * 7))))
