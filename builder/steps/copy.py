"""COPY and ADD of files: what the sources name, placed on the layers below, straight into a layer's archive."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from functools import cached_property

from builder.cache.memo import Memo, digest_memo
from builder.context.listing import make_listing
from builder.context.select import Source as Selection
from builder.context.select import select, state_of
from builder.context.unread import LARGE
from builder.lean import TYPE_CHECKING, sha256_hex
from builder.model.canonical import canonical
from builder.model.entry import Entry, Kind
from builder.model.layer import Chain, Layer, chain_identity
from builder.plan.types import CopyAction, Plan, RemoteSource, SourceKind
from builder.solve.types import Inputs, Parts
from builder.steps.kitchen import Kitchen
from builder.steps.listings import Listings
from builder.steps.origins import chain_of, name_of

if TYPE_CHECKING:
    from builder.context.filetree import Files, FileTree
    from builder.context.narrowing import Narrowing
    from builder.steps.copying import Copied
    from builder.steps.remote import Fetched, Remotes

LISTING_FORMAT = 1
"""Raise it when the same files give another listing than before."""


class Copies:
    """COPY and ADD of one build. What a step selects is looked up once, for its key and for its layer."""

    def __init__(self, plan: Plan, kitchen: Kitchen) -> None:
        self._plan = plan
        self._kitchen = kitchen
        self._listings = Listings(kitchen.store)
        self._memo = digest_memo(kitchen.store)
        self._selections: dict[object, list[Selection]] = {}
        self._unread: dict[object, list[Selection]] = {}
        """Selections with files that have no digest yet: that of `run` tells it."""

    def is_new(self, action: CopyAction) -> bool:
        """Whether a large file is copied that was not read yet, and never was one of its size copied before: then no
        record of this machine can be of this step. An archive that is unpacked is no file of the layer."""
        if action.source.kind is not SourceKind.CONTEXT or action.is_add or action.remotes or not action.paths:
            return False
        files = self._kitchen.context(action.source.context).large_unread()
        if self._state_key(action, files) is not None:
            return False
        key = self._selection_key(action, None)
        if key not in self._selections and key not in self._unread:
            sources = self._selected_of(action, files)
            is_read = all(entry.digest for entry in _large(sources))
            (self._selections if is_read else self._unread)[key] = sources
        sizes = {entry.size for entry in _large(self._unread.get(key, ())) if not entry.digest}
        return any(self._memo.get(_size_key(size)) is None for size in sizes)

    def content_parts(self, action: CopyAction, inputs: Inputs) -> Parts:
        """`files`: digest of all that is copied. `remote`: what each fetched source is. `inline`: name and digest of
        each file of the Buildfile."""
        parts: dict[str, object] = {}
        if action.paths:
            parts["files"] = self._digest(action, inputs)
        if action.remotes:
            parts["remote"] = [self._remotes.key_part(source, self._narrowing(action)) for source in action.remotes]
        if action.inline:
            parts["inline"] = [[name, sha256_hex(_bytes(text))] for name, text in action.inline]
        return parts

    def describe(self, action: CopyAction, name: str, old: object, new: object) -> str:
        """Between two values of the part `name` that `content_parts` gave."""
        if name == "remote":
            from builder.steps.remote import describe_fetched

            return describe_fetched(old, new, self._listings)
        is_own = action.source.kind is SourceKind.CONTEXT
        context = self._kitchen.context(action.source.context) if is_own else None
        return self._listings.describe(str(old), str(new), context.ignored_by if context else None)

    def run(self, action: CopyAction, inputs: Inputs) -> Layer:
        """Afterwards the layer is in the store, and what was copied is known for later explanations."""
        origin = self._origin(action, inputs)
        unread = self._unread.pop(self._selection_key(action, origin), None)
        copied = self._copy(action, inputs, unread or self._select(action, inputs))
        for path, digest in copied.digests.items() if unread else ():
            self._kitchen.context(action.source.context).learn(path, digest)
        if action.paths:
            sources = self._select(action, inputs)
            self._listings.keep(self._listings.note(make_listing(sources)))
            for size in {entry.size for entry in _large(sources)} if origin is None else ():
                self._memo.put(_size_key(size), value=True)
        return copied.layer

    def _copy(self, action: CopyAction, inputs: Inputs, sources: list[Selection]) -> Copied:
        from builder.steps.copying import copy_layer

        origin = self._origin(action, inputs)
        with ExitStack() as opened:
            fetched = [self._fetched(action, inputs, source, opened) for source in action.remotes]
            return copy_layer(action, sources, inputs.parent, origin, self._kitchen, fetched)

    @cached_property
    def _remotes(self) -> Remotes:
        from builder.steps.remote import Remotes

        return Remotes(self._kitchen, self._listings)

    def _fetched(self, action: CopyAction, inputs: Inputs, source: RemoteSource, opened: ExitStack) -> Fetched:
        """Its files, with the number of selections that come before them."""
        before = len(self._select(action._replace(paths=action.paths[: source.at]), inputs))
        return opened.enter_context(self._remotes.open(source, self._narrowing(action)))._replace(before=before)

    def _digest(self, action: CopyAction, inputs: Inputs) -> str:
        """The same paths in the same tree always mean the same files: they are looked at for that only once."""
        chain = self._origin(action, inputs)
        if chain is None:
            return self._digest_of_folders(action, inputs)
        key = _memo_key(action, chain_identity(chain))
        known = self._kitchen.derived.get(key)
        if known is not None:
            return known
        digest = self._listings.note(make_listing(self._select(action, inputs)))
        self._kitchen.derived.put(key, digest)
        return digest

    def _digest_of_folders(self, action: CopyAction, inputs: Inputs) -> str:
        context = self._kitchen.context(action.source.context)
        key = self._state_key(action, context)
        known = self._memo.get(key) if key else None
        if isinstance(known, str) and self._listings.has(known):
            return known
        digest = self._listings.note(make_listing(self._select(action, inputs)))
        key = key or self._state_key(action, context)  # now that all files have been read
        if key:
            self._memo.put(key, digest)
        return digest

    def _state_key(self, action: CopyAction, files: Files) -> str | None:
        if action.parents or action.exclude:
            return None
        state = state_of(files, action.paths)
        return _memo_key(action, state) if state is not None else None

    def _select(self, action: CopyAction, inputs: Inputs) -> list[Selection]:
        chain = self._origin(action, inputs)
        key = self._selection_key(action, chain)
        if key not in self._selections:
            self._selections[key] = self._selected(action, chain)
        return self._selections[key]

    def _selection_key(self, action: CopyAction, chain: Chain | None) -> object:
        return (action.paths, action.parents, action.exclude, action.source, chain and chain_identity(chain))

    def _selected(self, action: CopyAction, chain: Chain | None) -> list[Selection]:
        if not action.paths:
            return []
        if chain is None:
            return self._selected_of(action, self._kitchen.context(action.source.context))
        from builder.context.stack import StackTree
        from builder.steps.trees import tree_of

        tree = StackTree(tree_of(chain, self._kitchen))
        return select(tree, action.paths, where=self._name(action), narrowing=self._narrowing(action))

    def _selected_of(self, action: CopyAction, files: FileTree) -> list[Selection]:
        """`files`: the action's context, in one form or the other."""
        ignored_by = self._kitchen.context(action.source.context).ignored_by
        where, narrowing = self._name(action), self._narrowing(action)
        return select(files, action.paths, where=where, ignored_by=ignored_by, narrowing=narrowing)

    def _narrowing(self, action: CopyAction) -> Narrowing | None:
        if not (action.parents or action.exclude):
            return None
        from builder.context.narrowing import Narrowing

        return Narrowing(
            action.parents, action.exclude, PatternMemory(self._memo), action.source.kind is SourceKind.CONTEXT
        )

    def _origin(self, action: CopyAction, inputs: Inputs) -> Chain | None:
        return chain_of(action.source, self._plan, inputs)

    def _name(self, action: CopyAction) -> str:
        return name_of(action.source, self._plan)


class PatternMemory:
    """Translated patterns, kept with other derived values."""

    def __init__(self, memo: Memo) -> None:
        self._memo = memo

    def recall(self, key: str) -> str | None:
        known = self._memo.get(key)
        return known if isinstance(known, str) else None

    def remember(self, key: str, text: str) -> None:
        self._memo.put(key, text)


def _large(sources: Iterable[Selection]) -> Iterator[Entry]:
    """Files that are worth reading once."""
    for source in sources:
        for entry in (source.entry, *source.below):
            if entry.size >= LARGE and entry.kind is Kind.FILE:
                yield entry


def _size_key(size: int) -> str:
    return canonical(["copied", size]).decode()


def _memo_key(action: CopyAction, tree: str) -> str:
    narrowed = [action.parents, *action.exclude] if action.parents or action.exclude else []
    return canonical(["listing", LISTING_FORMAT, tree, list(action.paths), *narrowed]).decode()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
