"""The layer of a COPY or ADD: each source placed below the destination as BuildKit's copy does it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack

from builder.context.select import Source as Selection
from builder.layers.attributes import carried
from builder.layers.pack import Item as Packed
from builder.layers.pack import Opener
from builder.lean import TYPE_CHECKING, NamedTuple
from builder.model.entry import Entry, Kind
from builder.model.layer import Chain, Layer
from builder.plan.types import CopyAction, InlineFile
from builder.steps.chmod import ModeChange, octal_mode, parse_mode_change
from builder.steps.commit import commit_table
from builder.steps.kitchen import Kitchen
from builder.steps.owner import Owner, parse_owner
from builder.steps.place import Item, NewDirectory, Placement
from builder.steps.trees import below, file_reader, files_below, ground_of, stack_contents, tree_of

if TYPE_CHECKING:
    from builder.steps.remote import Fetched

Open = Callable[[str], int]
"""From a path in the tree that is copied from to a file descriptor on its content."""
INLINE_MODE = 0o644


class Copied(NamedTuple):
    layer: Layer
    digests: Mapping[str, str]
    """Of the files whose entries had none, by their path in the tree they come from."""


class _Opening:
    """An Opener of a file of the tree that is copied from."""

    def __init__(self, open_: Open, path: str) -> None:
        self._open = open_
        self.path = path

    def __call__(self) -> int:
        return self._open(self.path)


def copy_layer(
    action: CopyAction,
    sources: Sequence[Selection],
    parent: Chain,
    origin: Chain | None,
    kitchen: Kitchen,
    fetched: Sequence[Fetched] = (),
) -> Copied:
    """Afterwards the layer is in the store. `origin` are the layers that the sources come from, None the context."""
    base = () if action.link else parent
    tree = ground_of(base, kitchen)
    owner = parse_owner(action.chown, file_reader(base, kitchen)) if action.chown else None
    with ExitStack() as opened:
        placement = Placement(below(tree), files_below(base, tree, kitchen, opened))
        open_: Open
        if origin is None:
            open_ = kitchen.context(action.source.context).open
        else:
            paths = [entry.path for source in sources for entry in (source.entry, *source.below)]
            open_ = opened.enter_context(stack_contents(origin, tree_of(origin, kitchen), paths, kitchen))
        mtime = (
            kitchen.epoch if kitchen.epoch is not None else _newest([*sources, *(remote.source for remote in fetched)])
        )
        copying = Copying(placement, action, owner, mtime, opened)
        done = 0
        for remote in fetched:
            copying.add_all(sources[done : remote.before], open_)
            copying.add_fetched(remote, unpack=action.unpack is True)
            done = remote.before
        copying.add_all(sources[done:], open_)
        copying.add_inline()
        items = copying.items()
        layer, table = commit_table(kitchen.store, items, kitchen.epoch)
        return Copied(layer, _learned(items, table))


class Copying:
    """Places the sources of one instruction, in order."""

    def __init__(
        self, placement: Placement, action: CopyAction, owner: Owner | None, mtime: int, opened: ExitStack
    ) -> None:
        self._opened = opened
        self._placement = placement
        self._action = action
        self._owner = owner
        self._change: ModeChange | None = parse_mode_change(action.chmod) if action.chmod else None
        octal = octal_mode(action.chmod) if action.chmod else None
        uid, gid = owner or (0, 0)
        self._new = NewDirectory(0o755 if octal is None else octal & 0o777, uid, gid, mtime)

    def add_all(self, sources: Sequence[Selection], open_: Open, *, unpack: bool | None = None) -> None:
        """`unpack` says whether archives are unpacked; None: as the instruction says of files of the context."""
        if unpack is None:
            unpack = self._action.is_add and self._action.unpack is not False
        for source in sources:
            members = self._members(source, open_) if unpack else None
            if members is None:
                self._add(source, open_)
            else:
                from builder.steps.unpacking import place_members

                place_members(members, self._placement, self._action.dest, self._new, self._owner)

    def add_fetched(self, remote: Fetched, *, unpack: bool) -> None:
        """A repository is copied itself, not only what is in it: where the destination is new, it is its directory."""
        if remote.is_git:
            target = self._placement.resolve(self._action.dest)
            if not self._action.dest.endswith("/") and self._placement.get(target) is None:
                self._placement.make_directories(os.path.dirname(target), self._new)
                self._placement.put_directory(self._changed(remote.source.entry._replace(path=target)), overwrite=False)
        self.add_all([remote.source], remote.open, unpack=unpack and not remote.is_git)

    def add_inline(self) -> None:
        for file in self._action.inline:
            self._add_inline(file)

    def items(self) -> list[Packed]:
        return [(carried(item.entry), item.opener) for item in self._placement.items()]

    def _members(self, source: Selection, open_: Open) -> list[Item] | None:
        """What is in the source if it is an archive."""
        if source.entry.kind is not Kind.FILE:
            return None
        from builder.steps.unpacking import open_archive

        return open_archive(source.entry.path, open_, self._opened)

    def _add(self, source: Selection, open_: Open) -> None:
        target = self._target(source.name, source.is_directory)
        if source.is_directory:
            self._placement.put_directory(self._changed(source.entry._replace(path=target)), overwrite=False)
        for selected in source.selected():
            entry = selected.entry
            path = _join(target, entry.path) if source.is_directory else target
            link = _join(target, entry.link) if entry.kind is Kind.HARDLINK else entry.link
            if selected.is_leading:
                self._placement.lead_through(self._changed(entry._replace(path=path)), entry.mode)
                continue
            self._put(entry._replace(path=path, link=link), _Opening(open_, selected.source))

    def _add_inline(self, file: InlineFile) -> None:
        data = file.content.encode("utf-8", "surrogateescape")
        target = self._target(os.path.basename(file.name), is_directory=False)
        entry = Entry(target, Kind.FILE, INLINE_MODE, size=len(data), mtime=self._new.mtime)
        self._put(entry, lambda: _memory_file(data))

    def _target(self, name: str, is_directory: bool) -> str:
        """Where a source goes: into the destination if that is a directory and the source is none, else in its
        place. What is missing on the way is made."""
        placement, dest = self._placement, self._action.dest
        leading = dest if dest.endswith("/") else os.path.dirname(dest)
        placement.make_directories(placement.resolve(leading), self._new)
        target = placement.resolve(dest)
        existing = placement.get(target)
        if not is_directory and existing is not None and existing.kind is Kind.DIRECTORY:
            return _join(target, name)
        placement.make_directories(target if is_directory and existing is None else os.path.dirname(target), self._new)
        return target

    def _put(self, entry: Entry, opener: Opener) -> None:
        entry = self._changed(entry)
        if entry.kind is Kind.BLOCK_DEVICE:  # BuildKit's copy makes it a character device of the same numbers
            entry = entry._replace(kind=Kind.CHAR_DEVICE)
        if entry.kind is Kind.DIRECTORY:
            self._placement.put_directory(entry, overwrite=True)
        else:
            self._placement.put(Item(entry, opener if entry.kind is Kind.FILE else None))

    def _changed(self, entry: Entry) -> Entry:
        if self._owner:
            entry = entry._replace(uid=self._owner.uid, gid=self._owner.gid)
        if self._change and entry.kind is not Kind.SYMLINK:
            entry = entry._replace(mode=self._change(entry.mode, entry.kind is Kind.DIRECTORY))
        return entry


def _learned(items: Sequence[Packed], table: Sequence[Entry]) -> dict[str, str]:
    return {
        opener.path: packed.digest
        for (entry, opener), packed in zip(items, table, strict=True)
        if not entry.digest and isinstance(opener, _Opening)
    }


def _memory_file(data: bytes) -> int:
    fd = os.memfd_create("inline", os.MFD_CLOEXEC)
    with open(os.dup(fd), "wb") as file:
        file.write(data)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def _newest(sources: Sequence[Selection]) -> int:
    """The time of directories that are made on the way: a clock would give other bytes each time."""
    return max((entry.mtime for source in sources for entry in (source.entry, *source.below)), default=0)


def _join(directory: str, name: str) -> str:
    return f"{directory}/{name}" if directory else name
