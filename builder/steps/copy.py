"""COPY and ADD of files: what the sources name, placed on the layers below, straight into a layer's archive."""

from __future__ import annotations

from contextlib import ExitStack
from functools import cached_property

from builder.cache.memo import Memo, digest_memo
from builder.context.listing import make_listing
from builder.context.select import Source as Selection
from builder.context.select import select, state_of
from builder.lean import TYPE_CHECKING, sha256_hex
from builder.model.canonical import canonical
from builder.model.layer import Chain, Layer, chain_identity
from builder.plan.types import CopyAction, Plan, RemoteSource, SourceKind
from builder.solve.types import Inputs, Parts
from builder.steps.kitchen import Kitchen
from builder.steps.listings import Listings
from builder.steps.origins import chain_of, name_of

if TYPE_CHECKING:
    from builder.context.narrowing import Narrowing
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

    def describe(self, old: object, new: object) -> str:
        return self._listings.describe(str(old), str(new))

    def run(self, action: CopyAction, inputs: Inputs) -> Layer:
        """Afterwards the layer is in the store, and what was copied is known for later explanations."""
        from builder.steps.copying import copy_layer

        sources = self._select(action, inputs)
        if action.paths:
            self._listings.keep(self._listings.note(make_listing(sources)))
        origin = self._origin(action, inputs)
        if not action.remotes:
            return copy_layer(action, sources, inputs.parent, origin, self._kitchen)
        with ExitStack() as opened:
            fetched = [self._fetched(action, inputs, source, opened) for source in action.remotes]
            return copy_layer(action, sources, inputs.parent, origin, self._kitchen, fetched)

    @cached_property
    def _remotes(self) -> Remotes:
        from builder.steps.remote import Remotes

        return Remotes(self._kitchen)

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
        key = self._state_key(action)
        known = self._memo.get(key) if key else None
        if isinstance(known, str) and self._listings.has(known):
            return known
        digest = self._listings.note(make_listing(self._select(action, inputs)))
        key = key or self._state_key(action)  # now that all files have been read
        if key:
            self._memo.put(key, digest)
        return digest

    def _state_key(self, action: CopyAction) -> str | None:
        if action.parents or action.exclude:
            return None
        state = state_of(self._kitchen.context(action.source.context), action.paths)
        return _memo_key(action, state) if state is not None else None

    def _select(self, action: CopyAction, inputs: Inputs) -> list[Selection]:
        chain = self._origin(action, inputs)
        key = (action.paths, action.parents, action.exclude, action.source, chain and chain_identity(chain))
        if key not in self._selections:
            self._selections[key] = self._selected(action, chain)
        return self._selections[key]

    def _selected(self, action: CopyAction, chain: Chain | None) -> list[Selection]:
        if not action.paths:
            return []
        narrowing = self._narrowing(action)
        if chain is None:
            context = self._kitchen.context(action.source.context)
            where, ignored_by = self._name(action), context.ignored_by
            return select(context, action.paths, where=where, ignored_by=ignored_by, narrowing=narrowing)
        from builder.context.stack import StackTree
        from builder.steps.trees import tree_of

        tree = StackTree(tree_of(chain, self._kitchen))
        return select(tree, action.paths, where=self._name(action), narrowing=narrowing)

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


def _memo_key(action: CopyAction, tree: str) -> str:
    narrowed = [action.parents, *action.exclude] if action.parents or action.exclude else []
    return canonical(["listing", LISTING_FORMAT, tree, list(action.paths), *narrowed]).decode()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
