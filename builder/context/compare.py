"""What changed between two listings, in words: `1 file changed: src/app.py (content)`."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

from builder.context.listing import Attributes, parse_attributes, read_lines

_KINDS = {"f": "file", "d": "directory", "l": "symlink", "h": "hard link", "c": "device", "b": "device", "p": "fifo"}


_LARGEST = 256 << 20
"""Bytes of a listing: some two million files."""


def pack_listing(text: bytes) -> bytes:
    """A listing for keeping."""
    return zlib.compress(text, 1)


def unpack_listing(data: bytes) -> bytes | None:
    """What `pack_listing` packed; None if it is damaged, or larger than any should be: it may come from elsewhere."""
    try:
        unpacking = zlib.decompressobj()
        text = unpacking.decompress(data, _LARGEST)
    except zlib.error:
        return None
    return text if unpacking.eof else None


def describe_changes(old: bytes, new: bytes, limit: int = 3) -> str:
    """How the listing `new` differs from `old`, in one line that names at most `limit` paths of each sort of change:
    `1 file changed: src/app.py (content)`, `2 files added (a, b), 1 removed (c), mode of run.sh 0644 -> 0755`. Empty if
    they differ in nothing that counts."""
    before, after = read_lines(old), read_lines(new)
    differing = {
        path: _differences(parse_attributes(before[path]), parse_attributes(after[path]))
        for path in after
        if before.get(path, after[path]) != after[path]
    }
    single = {path: found[0] for path, found in differing.items() if len(found) == 1 and found[0][0] in _OF}
    changed = [f"{printable(path)} ({_words(found)})" for path, found in differing.items() if path not in single]
    added = [path for path in after if path not in before]
    removed = [path for path in before if path not in after]
    renamed = _renamed(before, after, removed, added)
    added = [path for path in added if path not in renamed.values()]
    removed = [path for path in removed if path not in renamed]
    sorts = [f"{_files(len(changed), 'changed')}: {_list(changed, limit)}"] if changed else []
    for names, word in ((added, "added"), (removed, "removed")):
        if names:
            count = _files(len(names), word) if not sorts else f"{len(names)} {word}"
            sorts.append(f"{count} ({_list([printable(name) for name in names], limit)})")
    sorts += _several([f"{printable(one)} renamed to {printable(other)}" for one, other in renamed.items()], limit)
    sorts += _several([f"{name} of {printable(path)} {values}" for path, (name, values) in single.items()], limit)
    return ", ".join(sorts)


_OF = ("mode", "owner")
"""What is said as `mode of run.sh 0644 -> 0755`, where nothing else of the file differs."""


def _renamed(
    before: Mapping[str, str], after: Mapping[str, str], removed: list[str], added: list[str]
) -> dict[str, str]:
    """Files that went from one place and came in another with everything they are; none that could be two."""
    went, came = _by_content(before, removed), _by_content(after, added)
    pairs = ((went[content], came.get(content, [])) for content in went if _is_filled(content))
    return {one[0]: other[0] for one, other in pairs if len(one) == len(other) == 1}


def _is_filled(attributes: str) -> bool:
    read = parse_attributes(attributes)
    return read.kind == "f" and read.size > 0


def _by_content(files: Mapping[str, str], paths: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in paths:
        found.setdefault(files[path], []).append(path)
    return found


def _files(count: int, word: str) -> str:
    return f"{count} {'file' if count == 1 else 'files'} {word}"


def _list(names: list[str], limit: int) -> str:
    return ", ".join(names[:limit]) + (f" and {len(names) - limit} more" if len(names) > limit else "")


def _several(sentences: list[str], limit: int) -> list[str]:
    return sentences[:limit] + ([f"{len(sentences) - limit} more"] if len(sentences) > limit else [])


def _words(differences: list[tuple[str, str]]) -> str:
    return ", ".join(f"{name} {values}".rstrip() for name, values in differences)


def _differences(old: Attributes, new: Attributes) -> list[tuple[str, str]]:
    """What differs, and from what to what where that can be said."""
    if old.kind != new.kind:
        return [(_KINDS[old.kind], f"-> {_KINDS[new.kind]}")]
    found = []
    if (old.digest, old.size) != (new.digest, new.size):
        found.append(("content", ""))
    if old.mode != new.mode:
        found.append(("mode", f"{old.mode:04o} -> {new.mode:04o}"))
    if old.owner != new.owner:
        found.append(("owner", f"{old.owner} -> {new.owner}"))
    if old.link != new.link:
        found.append(("target", f"{printable(old.link)} -> {printable(new.link)}"))
    if old.device != new.device:
        found.append(("device", f"{old.device} -> {new.device}"))
    if old.xattrs != new.xattrs:
        found.append(("extended attributes", ""))
    return found


def printable(name: str) -> str:
    """File names may hold anything; what is printed must not steer a terminal."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in name)
