"""Selected entries as canonical text: its digest stands for the content of a COPY in cache keys, the text itself is
kept so that a later build can say what changed.

The digest covers what ends up in the layer and nothing that does not: relative path, kind, mode, size, content, link,
device, owner and extended attributes; not the times, and not where in the tree the source stands.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from builder.context.select import Source
from builder.lean import NamedTuple, sha256_hex
from builder.model.entry import Entry, Kind

_FILE = Kind.FILE
"""Looking a member up in an Enum costs as much as the rest of a line."""


class Listing(NamedTuple):
    digest: str
    """SHA-256 in hex."""
    text: bytes
    """For each source a head (kind, number of entries, place in the tree), then path and attributes of each entry; all
    parts end in NUL."""


class Attributes(NamedTuple):
    """One entry of a listing, read back."""

    kind: str
    mode: int
    size: int
    digest: str
    owner: str
    device: str
    xattrs: str
    link: str


def make_listing(sources: Sequence[Source]) -> Listing:
    texts, hashed = [], []
    for source in sources:
        if source.is_directory:
            lines, place = _lines(source.below, len(source.prefix)), source.prefix
        else:
            lines, place = _lines([source.entry._replace(path=source.name)], 0), source.entry.path
        head = f"{'d' if source.is_directory else 'f'}{len(lines)}"
        body = os.fsencode("\0".join([*lines, ""]))
        hashed += [f"{head}\0".encode(), body]
        texts.append(os.fsencode(f"{head} {place}\0") + body)
    return Listing(sha256_hex(b"".join(hashed)), b"".join(texts))


def read_listing(text: bytes) -> dict[str, Attributes]:
    """The entries of a listing by their path in the tree they came from. Where sources overlap the last one counts."""
    return {path: parse_attributes(attributes) for path, attributes in read_lines(text).items()}


def read_lines(text: bytes) -> dict[str, str]:
    """As `read_listing`, the attributes as they are written: those of two files are alike if their texts are."""
    parts = os.fsdecode(text).split("\0")
    found: dict[str, str] = {}
    at = 0
    while at < len(parts) - 1:
        head, _, place = parts[at].partition(" ")
        end = at + 1 + 2 * int(head[1:])
        paths, attributes = parts[at + 1 : end : 2], parts[at + 2 : end : 2]
        found.update(zip([place + path for path in paths] if head[0] == "d" else [place], attributes, strict=False))
        at = end
    return found


def _lines(entries: Sequence[Entry], cut: int) -> list[str]:
    """Path and attributes of each entry. Runs for every file of a context, also in a build that does nothing."""
    lines: list[str] = []
    for entry in entries:
        path, kind, mode, uid, gid, size, _, _, _, xattrs, digest = entry
        if kind is _FILE and not (uid or gid or xattrs):
            lines.append(f"{path[cut:]}\0f{mode:o} {size} {digest}")
        else:
            lines.append(f"{path[cut:]}\0{_attributes(entry, cut)}")
    return lines


def _attributes(entry: Entry, cut: int) -> str:
    """The short form for ordinary entries, the long one where there is more to say. A link stands last, whole."""
    short = f"{entry.kind.value}{entry.mode:o} {entry.size} {entry.digest}"
    link = entry.link[cut:] if entry.kind is Kind.HARDLINK else entry.link
    if not (entry.uid or entry.gid or entry.xattrs or link or any(entry.device)):
        return short
    xattrs = ",".join(f"{os.fsencode(name).hex()}={value.hex()}" for name, value in entry.xattrs)
    return f"{short} {entry.uid}:{entry.gid} {entry.device[0]}:{entry.device[1]} {xattrs} {link}"


def parse_attributes(text: str) -> Attributes:
    """Of one entry in a listing."""
    kind_and_mode, size, digest, *more = text.split(" ", 6)
    owner, device, xattrs, link = more or ("0:0", "0:0", "", "")
    return Attributes(kind_and_mode[0], int(kind_and_mode[1:], 8), int(size), digest, owner, device, xattrs, link)


def read_xattrs(text: str) -> dict[str, bytes]:
    """By name, of what `Attributes.xattrs` holds."""
    pairs = (item.partition("=") for item in text.split(",") if item)
    return {os.fsdecode(bytes.fromhex(name)): bytes.fromhex(value) for name, _, value in pairs}
