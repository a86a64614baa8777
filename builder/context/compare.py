"""What changed between two listings, in words: `1 file changed: src/app.py (content)`."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Container, Mapping

from builder.context.ignore import Rule
from builder.context.listing import Attributes, parse_attributes, read_lines, read_xattrs
from builder.model.path_text import path_text

_KINDS = {"f": "file", "d": "folder", "l": "symlink", "h": "hard link", "c": "device", "b": "device", "p": "fifo"}


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


def describe_changes(
    old: bytes, new: bytes, ignored_by: Callable[[str], Rule | None] | None = None, limit: int = 3
) -> str:
    """How the listing `new` differs from `old`, in one line that names at most `limit` paths of each sort of change:
    `1 file changed: src/app.py (content)`, `2 files added (a, b), 1 removed (c), mode of run.sh 0644 -> 0755`. A folder
    stands for all that came, went or moved with it. Of what went, `ignored_by` tells whether it is ignored now. Empty
    if they differ in nothing that counts."""
    before, after = read_lines(old), read_lines(new)
    differing = {
        path: _differences(parse_attributes(before[path]), parse_attributes(after[path]))
        for path in after
        if before.get(path, after[path]) != after[path]
    }
    single = {path: found[0] for path, found in differing.items() if len(found) == 1 and found[0][0] in _OF}
    changed = [
        f"{_label(path, after[path])} ({_words(found)})" for path, found in differing.items() if path not in single
    ]
    came, went = _Whole(after, before), _Whole(before, after, ignored_by)
    renamed = _renamed(went, came)
    sorts = [f"{len(changed)} {_files(len(changed))} changed: {_list(changed, limit)}"] if changed else []
    for whole, word in ((came, "added"), (went, "removed")):
        if whole.tops:
            sorts.append(f"{whole.count(short=bool(sorts))} {word} ({_list(whole.names, limit)})")
    sorts += _several([f"{one} renamed to {other}" for one, other in renamed], limit)
    sorts += _several(
        [f"{name} of {_label(path, after[path])} {values}" for path, (name, values) in single.items()], limit
    )
    return ", ".join(sorts)


_OF = ("mode", "owner")
"""What is said as `mode of run.sh 0644 -> 0755`, where nothing else of the file differs."""


class _Whole:
    """What only one of two listings has; what stands in a folder that only that one has belongs to the folder."""

    def __init__(
        self,
        lines: Mapping[str, str],
        others: Mapping[str, str],
        ignored_by: Callable[[str], Rule | None] | None = None,
    ) -> None:
        self._lines = lines
        self._ignored_by = ignored_by
        paths = [path for path in lines if path not in others]
        folders = {path for path in paths if self._is_folder(path)}
        self._top_of = {path: outermost(path, folders) for path in paths}
        self.tops: dict[str, dict[str, None]] = {}
        """With all that belongs to each."""
        for path, top in self._top_of.items():
            self.tops.setdefault(top, {})[path] = None

    @property
    def names(self) -> list[str]:
        return [self._name(top) for top in self.tops]

    def count(self, *, short: bool) -> str:
        """`2 files and 1 folder`. `short`: of files alone only how many."""
        folders = sum(self._is_folder(top) for top in self.tops)
        files = len(self.tops) - folders
        if short and not folders:
            return str(files)
        counts = [f"{files} {_files(files)}"] if files else []
        return " and ".join([*counts, *([f"{folders} folder{'s' * (folders > 1)}"] if folders else [])])

    def looks(self) -> dict[object, list[str]]:
        """Of each folder and file by all that it is and holds; only where there is some content."""
        found: dict[object, list[str]] = {}
        for top, paths in self.tops.items():
            single = {path: [path] for path in paths if not self._is_folder(path)}
            for start, members in {top: list(paths), **single}.items():
                if any(_is_filled(self._lines[path]) for path in members):
                    look = tuple((path[len(start) :], self._lines[path]) for path in members)
                    found.setdefault(look, []).append(start)
        return found

    def label(self, path: str) -> str:
        return _label(path, self._lines[path])

    def drop(self, path: str) -> None:
        """Of a folder all that is in it."""
        top = self._top_of.pop(path)
        if path == top:
            for member in self.tops.pop(top):
                self._top_of.pop(member, None)
        else:
            del self.tops[top][path]

    def has(self, path: str) -> bool:
        return path in self._top_of

    def _name(self, top: str) -> str:
        files = sum(not self._is_folder(path) for path in self.tops[top]) if self._is_folder(top) else 0
        rule = self._ignored_by(top) if self._ignored_by else None
        hidden = f": line {rule.line} of the ignore file hides it" if rule else ""
        return self.label(top) + (f" with {files} {_files(files)}" if files else "") + hidden

    def _is_folder(self, path: str) -> bool:
        return self._lines[path].startswith("d")


def _label(path: str, attributes: str) -> str:
    return path_text(path) + ("/" if attributes.startswith("d") else "")


def outermost(path: str, folders: Container[str]) -> str:
    """The highest of `folders` that `path` stands in, where all between are of them, too; else `path` itself."""
    top, parent = path, path.rpartition("/")[0]
    while parent in folders:
        top, parent = parent, parent.rpartition("/")[0]
    return top


def _renamed(went: _Whole, came: _Whole) -> list[tuple[str, str]]:
    """Folders and files that went from one place and came in another with everything they are; none that could be two.
    As they are shown. Afterwards neither has them."""
    found = []
    came_looks = came.looks()
    for look, old in went.looks().items():
        new = came_looks.get(look, [])
        if len(old) == len(new) == 1 and went.has(old[0]) and came.has(new[0]):
            found.append((went.label(old[0]), came.label(new[0])))
            went.drop(old[0])
            came.drop(new[0])
    return found


def _is_filled(attributes: str) -> bool:
    read = parse_attributes(attributes)
    return read.kind == "f" and read.size > 0


def _files(count: int) -> str:
    return "file" if count == 1 else "files"


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
        found.append(("target", f"{path_text(old.link)} -> {path_text(new.link)}"))
    if old.device != new.device:
        found.append(("device", f"{old.device} -> {new.device}"))
    if old.xattrs != new.xattrs:
        found.append((describe_xattrs(read_xattrs(old.xattrs), read_xattrs(new.xattrs)), ""))
    return found


def describe_xattrs(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> str:
    """How the extended attributes of one file differ: `attribute security.capability added`."""
    words = []
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            how = "added" if name not in old else "removed" if name not in new else "changed"
            words.append(f"attribute {path_text(name)} {how}")
    return ", ".join(words)
