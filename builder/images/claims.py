"""Tables of contents of layers that are not here, at somebody's word.

To place files, a step has to know which directories are below it, and not one byte of them. So a layer is not fetched
for that where somebody says what it holds: the image that it belongs to, or a cache elsewhere. That is a claim. It is
never put into the store, where other images have the same layer; it holds for one build, for what is placed and not for
what is read, and what an image says for steps on that image alone. Whatever is made from it names it (`Record.claims`),
and counts later only where the layer has been found to hold that, or where the same is said again. When the layer comes
in the end and holds something else, the build begins again and believes nobody.
"""

from __future__ import annotations

from _thread import allocate_lock
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from builder.errors import BuilderError, ImageError
from builder.lean import TYPE_CHECKING, NamedTuple
from builder.model.digest import Digest
from builder.model.layer import Chain, Claim, Layer, Tail
from builder.store.store import Store

if TYPE_CHECKING:
    from builder.images.sources.types import OpenSource
    from builder.model.entry import Entry


class Offer(NamedTuple):
    """A table that somebody says is that of a layer."""

    table: Digest
    """Of its text."""
    read: Callable[[Layer], bytes]
    """Gives the table of that layer packed. Raises BuilderError where it is not to be had."""


Elsewhere = Callable[[Layer], Iterable[Offer]]
"""What is said of a layer."""


class Claims:
    """Of one build. Safe between threads."""

    def __init__(self, store: Store, elsewhere: Sequence[Elsewhere], warn: Callable[[str], None]) -> None:
        self._store = store
        self._elsewhere: tuple[Elsewhere, ...] = tuple(elsewhere)
        self._warn = warn
        self._mutex = allocate_lock()
        self._tables: dict[Layer, tuple[Claim, Sequence[Entry]] | None] = {}

    def tables(self, layers: Iterable[Layer], stop: Callable[[], None]) -> Mapping[Layer, Sequence[Entry]]:
        """What these layers are said to hold, and from now on the build relies on it; without those of which nothing
        is said, or not by all the same. Several are asked for at a time; see `side_by_side` for `stop`."""
        from builder.images.parallel import side_by_side

        unasked = [layer for layer in layers if layer not in self._tables]
        for layer, found in zip(unasked, side_by_side(self._fetched, unasked, stop), strict=True):
            with self._mutex:
                self._tables.setdefault(layer, found)
        return {layer: found[1] for layer in layers if (found := self._tables[layer])}

    def believed(self, chain: Chain) -> tuple[Claim, ...]:
        """What the build relies on of these layers."""
        found = [self._tables.get(layer) for layer in chain]
        return tuple(claim for claim, _ in filter(None, found))

    def believes(self, claims: Iterable[Claim], chain: Chain) -> bool:
        """Whether all of them are known to be true, or would be relied on in this build by a step on this chain."""
        layers = {layer.diff_id: layer for layer in chain}
        return all(claim.diff_id in layers and self._holds(claim, layers[claim.diff_id]) for claim in claims)

    def check(self) -> None:
        """Raises ImageError `false-contents` if the build has relied on what has turned out to be false."""
        refuted = self._refuted()
        if refuted:
            raise ImageError("false-contents", f"layer {refuted} holds other files than was said of it")

    def were_false(self) -> bool:
        """Whether the build has relied on what has turned out to be false. Then it believes nobody from now on."""
        refuted = self._refuted()
        if refuted:
            self._elsewhere = ()
            self._warn(f"layer {refuted} holds other files than its image or a cache says: the build begins again")
        return refuted is not None

    def forget(self) -> None:
        """The build relies on nothing any more: it begins again."""
        self._tables = {}

    def _refuted(self) -> Digest | None:
        relied_on = [found[0] for found in list(self._tables.values()) if found]
        known = ((claim, known_table(self._store, claim.diff_id)) for claim in relied_on)
        return next((claim.diff_id for claim, table in known if table not in (None, claim.table)), None)

    def _holds(self, claim: Claim, layer: Layer) -> bool:
        known = known_table(self._store, claim.diff_id)
        return known == claim.table if known else self._said(layer).keys() == {claim.table}

    def _said(self, layer: Layer) -> dict[Digest, Offer]:
        return {offer.table: offer for told in self._elsewhere for offer in told(layer)}

    def _fetched(self, layer: Layer) -> tuple[Claim, Sequence[Entry]] | None:
        offers = self._said(layer)
        if len(offers) != 1:
            return None
        from builder.layers.claimed import unpack_claimed

        ((table, offer),) = offers.items()
        try:
            return Claim(layer.diff_id, table), unpack_claimed(offer.read(layer), table)
        except BuilderError as error:
            self._warn(f"the table of contents of layer {layer.diff_id} is not used, the layer is: {error.message}")
            return None


def known_table(store: Store, diff_id: Digest) -> Digest | None:
    """Of the table that was read from the layer itself; None where it never was."""
    return Digest.of(store.tables.text(diff_id)) if store.tables.has(diff_id) else None


def said_by_image(store: Store, open_source: OpenSource) -> Elsewhere:
    """What a layer's descriptor in the image's manifest says; the table is the tail of its blob."""

    def said(layer: Layer) -> Iterable[Offer]:
        tail = Tail.of(layer.descriptor)
        return [Offer(tail.table, partial(_tail, store, open_source, tail.start))] if tail else []

    return said


def _tail(store: Store, open_source: OpenSource, start: int, layer: Layer) -> bytes:
    from builder.images.fetch import from_first_source
    from builder.layers.claimed import PACKED_LIMIT
    from builder.layers.tail import unwrap

    blob = layer.descriptor
    if blob.size - start > PACKED_LIMIT:
        raise ImageError("bad-table", "it is larger than any can be")
    return from_first_source(store, blob.digest, open_source, lambda source: unwrap(source.tail(blob, start)))
