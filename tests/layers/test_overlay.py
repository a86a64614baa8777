"""The snapshots and the merged view against the kernel's own overlay."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.layers.apply import apply
from builder.layers.pack import pack
from builder.layers.scan import scan_upper
from builder.layers.table import read_table
from builder.layers.tree import Tree
from builder.model.entry import Entry, Kind
from tests.layers.trees import Content, items, layers

MOUNT_AND_SCAN = """
import os, subprocess, sys
from builder.layers.scan import scan_upper
from builder.layers.table import write_table
*lower, merged = sys.argv[1:]
options = "lowerdir=" + ":".join(reversed(lower)) + os.environ.get("OVERLAY_OPTIONS", "")
subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, merged], check=True)
write_table([entry for entry, _ in scan_upper(merged)], sys.stdout.buffer)
"""


def mounted(*lower: Path, options: str = "") -> list[Entry]:
    """What an overlay of the directories shows, lowest first, in a mount namespace of its own."""
    merged = lower[0].parent / "merged"
    merged.mkdir(exist_ok=True)
    command = ["unshare", "--mount", sys.executable, "-c", MOUNT_AND_SCAN, *map(str, lower), str(merged)]
    done = subprocess.run(command, capture_output=True, check=False, env=os.environ | {"OVERLAY_OPTIONS": options})
    assert done.returncode == 0, done.stderr.decode()
    return read_table(io.BytesIO(done.stdout))


def probe() -> str:
    with tempfile.TemporaryDirectory() as top:
        for name in "ab":
            os.mkdir(os.path.join(top, name))
        try:
            mounted(Path(top, "a"), Path(top, "b"))
        except (AssertionError, OSError) as error:
            return f"no overlay can be mounted here: {error}"
    return ""


NO_OVERLAY = probe()
pytestmark = [pytest.mark.kernel, pytest.mark.skipif(bool(NO_OVERLAY), reason=NO_OVERLAY)]


def unpacked(directory: Path, entries: list[Entry], content: Content) -> Path:
    directory.mkdir()
    out = io.BytesIO()
    pack(items(entries, content), out)
    apply(io.BytesIO(out.getvalue()), str(directory))
    return directory


def plain(entry: Entry, target: Entry) -> Entry:
    """Without what the two sides know differently: digests, and which hardlink is the first."""
    return target._replace(path=entry.path, digest="", size=0)


def with_needed_whiteouts(stack: list[tuple[list[Entry], Content]]) -> list[tuple[list[Entry], Content]]:
    """Without those that the kernel lists and finds nothing at: in directories of one layer only, and opaque ones."""
    kept: list[tuple[list[Entry], Content]] = []
    for entries, content in stack:
        below = Tree.of([table for table, _ in kept])
        hidden = tuple(entry.path + "/" for entry in entries if entry.kind is Kind.OPAQUE)
        kept.append(([entry for entry in entries if is_needed(entry, below, hidden)], content))
    return kept


def is_needed(entry: Entry, below: Tree, hidden: tuple[str, ...]) -> bool:
    parent = below.get(entry.path.rpartition("/")[0])
    merged = parent is not None and parent.entry.kind is Kind.DIRECTORY
    return entry.kind is not Kind.WHITEOUT or (merged and not entry.path.startswith(hidden))


@settings(deadline=None, max_examples=25)
@given(st.lists(layers(), min_size=2, max_size=4))
def test_the_tree_shows_what_the_kernel_shows(stack: list[tuple[list[Entry], Content]]) -> None:
    stack = with_needed_whiteouts(stack)
    tree = Tree.of([entries for entries, _ in stack])
    wanted = [plain(node.entry, tree.content(node)) for node in tree.walk() if node.entry.path]
    with tempfile.TemporaryDirectory() as top:
        lower = [unpacked(Path(top, str(number)), *layer) for number, layer in enumerate(stack)]
        shown = {entry.path: entry for entry in mounted(*lower)}
    targets = {entry.path: shown[entry.link] if entry.kind is Kind.HARDLINK else entry for entry in shown.values()}
    assert [plain(entry, targets[entry.path]) for entry in shown.values()] == wanted


def test_an_upper_directory_becomes_a_layer(tmp_path: Path) -> None:
    base = tmp_path / "base"
    for name in ("kept/f", "gone/f", "emptied/f"):
        (base / name).parent.mkdir(parents=True)
        (base / name).write_text("x")
    for name in ("upper", "work", "merged"):
        (tmp_path / name).mkdir()
    options = "lowerdir=base,upperdir=upper,workdir=work"
    script = f"""
        set -e
        mount -t overlay overlay -o {options} merged
        cd merged
        rm -r gone emptied
        mkdir emptied
        echo y > emptied/g
        chmod 700 kept
    """
    subprocess.run(["unshare", "--mount", "sh", "-c", script], check=True, cwd=tmp_path)
    found = [(entry.path, entry.kind) for entry, _ in scan_upper(str(tmp_path / "upper"))]
    assert found == [
        ("emptied", Kind.DIRECTORY),
        ("emptied", Kind.OPAQUE),
        ("emptied/g", Kind.FILE),
        ("gone", Kind.WHITEOUT),
        ("kept", Kind.DIRECTORY),
    ]


def test_whiteouts_where_mknod_is_forbidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    base = unpacked(tmp_path / "base", [Entry(name, Kind.FILE, 0o644) for name in "abc"], dict.fromkeys("abc", b""))
    monkeypatch.setattr(os, "mknod", forbidden)
    upper = unpacked(tmp_path / "upper", [Entry("b", Kind.WHITEOUT), Entry("d", Kind.CHAR_DEVICE, device=(1, 3))], {})
    monkeypatch.undo()
    assert [(entry.path, entry.kind) for entry, _ in scan_upper(str(upper))] == [("b", Kind.WHITEOUT)]
    version = tuple(int(number) for number in os.uname().release.split("-")[0].split(".")[:2])
    if version < (6, 7):
        pytest.skip("this kernel knows no whiteouts by attribute")
    assert [entry.path for entry in mounted(base, upper)] == ["a", "c"]
