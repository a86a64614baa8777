"""Random names, entries and whole layers for the tests of this room."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence

from hypothesis import strategies as st

from builder.layers.pack import Item, Opener
from builder.model.entry import Entry, Kind

name_bytes = st.one_of(
    st.sampled_from([b"a", b"b", b"a.txt", b"a-b", b"lib", b"\xff\xfe", "ü".encode(), b"x" * 120, b"y" * 255, b"\n"]),
    st.binary(min_size=1, max_size=12).filter(lambda name: not set(name) & {0, 47} and name not in (b".", b"..")),
).filter(lambda name: not name.startswith(b".wh."))
names = name_bytes.map(os.fsdecode)
"""One part of a path."""

paths = st.lists(names, min_size=1, max_size=4).map("/".join)

Content = dict[str, bytes]
"""Path of a FILE to its bytes."""


def by_path(entries: Sequence[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: (os.fsencode(entry.path), entry.kind is Kind.OPAQUE))


@st.composite
def layers(draw: st.DrawFn, *, markers: bool = True) -> tuple[list[Entry], Content]:
    """A sorted, consistent table (parents present, hardlinks to earlier files) and its files' content."""
    entries: dict[str, Entry] = {}
    content: Content = {}
    opaque: list[Entry] = []
    for path in draw(st.lists(paths, max_size=8, unique=True)):
        parents = ["/".join(path.split("/")[:depth]) for depth in range(1, path.count("/") + 1)]
        if path in entries or any(p in entries and entries[p].kind is not Kind.DIRECTORY for p in parents):
            continue
        for parent in parents:
            entries.setdefault(parent, Entry(parent, Kind.DIRECTORY, 0o755, mtime=1))
        entries[path] = entry = draw(nodes(path, list(content), markers))
        if entry.kind is Kind.FILE:
            content[path] = draw(st.binary(max_size=40) | st.sampled_from([b"z" * 511, b"z" * 512, b"q" * 5000]))
            digest = hashlib.sha256(content[path]).hexdigest()
            entries[path] = entry._replace(size=len(content[path]), digest=digest)
        if entry.kind is Kind.DIRECTORY and markers and draw(st.booleans()):
            opaque.append(Entry(path, Kind.OPAQUE))
    with_whiteouts = {path.rpartition("/")[0] for path, entry in entries.items() if entry.kind is Kind.WHITEOUT}
    opaque = [entry for entry in opaque if entry.path not in with_whiteouts]
    return by_path([*entries.values(), *opaque]), content


@st.composite
def nodes(draw: st.DrawFn, path: str, files: list[str], markers: bool) -> Entry:
    earlier = [file for file in files if os.fsencode(file) < os.fsencode(path)]
    kinds = [Kind.FILE, Kind.DIRECTORY, Kind.SYMLINK, Kind.FIFO, *([Kind.WHITEOUT] if markers else [])]
    kind = draw(st.sampled_from(kinds + ([Kind.HARDLINK] if earlier else [])))
    if kind is Kind.WHITEOUT:
        return Entry(path, kind)
    entry = Entry(path, kind, draw(modes), draw(ids), draw(ids), mtime=draw(st.integers(-5, 2**33)))
    if kind is Kind.HARDLINK:
        return Entry(path, kind, link=draw(st.sampled_from(earlier)))
    if kind is Kind.SYMLINK:
        return entry._replace(mode=0o777, link=draw(paths | st.sampled_from(["/etc", "..", "../..", "q" * 300])))
    xattrs = (
        draw(st.sampled_from([(), (), (("user.a", b""), ("user.b", b"\0\xff=\n"))])) if kind is not Kind.FIFO else ()
    )
    return entry._replace(xattrs=xattrs)


modes = st.sampled_from([0o644, 0o755, 0o4755, 0o1777, 0o2750, 0o000, 0o7777])
ids = st.sampled_from([0, 1000, 65534, 3_000_000])


def settled(entries: Sequence[Entry]) -> list[Entry]:
    """`entries` with each hardlink showing what it links to, as every later look at the files will."""
    first = {entry.path: entry for entry in entries}
    return [
        first[entry.link]._replace(path=entry.path, kind=Kind.HARDLINK, link=entry.link, size=0, digest="")
        if entry.kind is Kind.HARDLINK
        else entry
        for entry in entries
    ]


def items(entries: Sequence[Entry], content: Content) -> list[Item]:
    return [(entry, opener(content[entry.path]) if entry.kind is Kind.FILE else None) for entry in entries]


def opener(content: bytes) -> Opener:
    def opened() -> int:
        fd = os.memfd_create("content")
        os.write(fd, content)
        os.lseek(fd, 0, os.SEEK_SET)
        return fd

    return opened
