"""COPY and ADD of files: what the sources name, placed on the layers below, straight into a layer's archive."""

from __future__ import annotations

from builder.cache.memo import digest_memo
from builder.context.listing import make_listing
from builder.context.select import Source as Selection
from builder.context.select import select
from builder.lean import sha256_hex
from builder.model.canonical import canonical
from builder.model.layer import Chain, Layer, chain_identity
from builder.plan.types import CopyAction, Plan, SourceKind
from builder.solve.types import Inputs, Parts
from builder.steps.kitchen import Kitchen
from builder.steps.listings import Listings

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
        """`files`: digest of all that is copied. `inline`: name and digest of each file of the Buildfile."""
        parts: dict[str, object] = {}
        if action.paths:
            parts["files"] = self._digest(action, inputs)
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
        return copy_layer(action, sources, inputs.parent, self._origin(action, inputs), self._kitchen)

    def _digest(self, action: CopyAction, inputs: Inputs) -> str:
        """Of a stack of layers the same paths always mean the same files: its tables are read for them only once."""
        chain = self._origin(action, inputs)
        if chain is None:
            return self._listings.note(make_listing(self._select(action, inputs)))
        key = canonical(["listing", LISTING_FORMAT, chain_identity(chain), list(action.paths)]).decode()
        known = self._memo.get(key)
        if isinstance(known, str):
            return known
        digest = self._listings.note(make_listing(self._select(action, inputs)))
        self._memo.put(key, digest)
        return digest

    def _select(self, action: CopyAction, inputs: Inputs) -> list[Selection]:
        chain = self._origin(action, inputs)
        key = (action.paths, action.source, chain and chain_identity(chain))
        if key not in self._selections:
            self._selections[key] = self._selected(action, chain)
        return self._selections[key]

    def _selected(self, action: CopyAction, chain: Chain | None) -> list[Selection]:
        if not action.paths:
            return []
        if chain is None:
            context = self._kitchen.context(action.source.context)
            return select(context, action.paths, where=self._name(action), ignored_by=context.ignored_by)
        from builder.context.stack import StackTree
        from builder.steps.trees import tree_of

        return select(StackTree(tree_of(chain, self._kitchen)), action.paths, where=self._name(action))

    def _origin(self, action: CopyAction, inputs: Inputs) -> Chain | None:
        """The layers to copy from; None is a build context."""
        match action.source.kind:
            case SourceKind.STAGE:
                return inputs.stages[action.source.stage]
            case SourceKind.IMAGE:
                return self._plan.images[action.source.image].layers
            case SourceKind.SCRATCH:
                return ()
            case SourceKind.CONTEXT:
                return None

    def _name(self, action: CopyAction) -> str:
        if action.source.kind is SourceKind.IMAGE:
            return self._plan.images[action.source.image].name
        if action.source.kind is SourceKind.CONTEXT:
            name = action.source.context
            return f"the build context {name}" if name else "the build context"
        title = next((s.title for s in self._plan.stages if s.position == action.source.stage), "scratch")
        return f"stage {title}"


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
