"""Tables of contents of layers that are not here, at somebody's word.

To place files, a step has to know which directories are below it, and not one byte of them. So a layer is not fetched
for that where somebody says what it holds: a cache elsewhere. That is a claim. It is never put into the store, where
other images have the same layer; it holds for one build, for what is placed and not for what is read. Whatever is made
from it names it (`Record.claims`), and counts later only where the layer has been found to hold that, or where the
same is said again. When the layer comes in the end and holds something else, the build fails.
"""

from __future__ import annotations

from _thread import allocate_lock
from collections.abc import Callable, Iterable, Sequence

from builder.errors import BuilderError, ImageError
from builder.lean import TYPE_CHECKING, NamedTuple
from builder.model.digest import Digest
from builder.model.layer import Chain, Claim, Layer
from builder.store.store import Store

if TYPE_CHECKING:
    from builder.model.entry import Entry


class Offer(NamedTuple):
    """A table that somebody says is that of a layer."""

    table: Digest
    """Of its text."""
    read: Callable[[Layer], bytes]
    """Gives the table of that layer packed. Raises BuilderError where it is not to be had."""


Elsewhere = Callable[[Digest], Iterable[Offer]]
"""What is said of the layer with this diff id."""


class Claims:
    """Of one build. Safe between threads."""

    def __init__(self, store: Store, elsewhere: Elsewhere, warn: Callable[[str], None]) -> None:
        self._store = store
        self._elsewhere = elsewhere
        self._warn = warn
        self._mutex = allocate_lock()
        self._tables: dict[Digest, tuple[Claim, Sequence[Entry]] | None] = {}

    def table(self, layer: Layer) -> Sequence[Entry] | None:
        """What the layer is said to hold, and from now on the build relies on it; None where nothing is said, or not
        by all the same."""
        with self._mutex:
            if layer.diff_id not in self._tables:
                self._tables[layer.diff_id] = self._fetched(layer)
            found = self._tables[layer.diff_id]
        return found[1] if found else None

    def believed(self, chain: Chain) -> tuple[Claim, ...]:
        """What the build relies on of these layers."""
        found = [self._tables.get(layer.diff_id) for layer in chain]
        return tuple(claim for claim, _ in filter(None, found))

    def believes(self, claims: Iterable[Claim]) -> bool:
        """Whether all of them are known to be true, or would be relied on in this build."""
        return all(self._holds(claim) for claim in claims)

    def check(self) -> None:
        """Raises ImageError `false-contents` if the build has relied on what has turned out to be false."""
        for found in list(self._tables.values()):
            if found and known_table(self._store, found[0].diff_id) not in (None, found[0].table):
                raise ImageError(
                    "false-contents",
                    f"layer {found[0].diff_id} holds other files than was said of it where it comes from",
                    hint="the image or the cache that says so is damaged or hostile: get it from somewhere else",
                )

    def forget(self) -> None:
        """The build relies on nothing any more: it starts again."""
        self._tables = {}

    def _holds(self, claim: Claim) -> bool:
        known = known_table(self._store, claim.diff_id)
        return known == claim.table if known else self._said(claim.diff_id).keys() == {claim.table}

    def _said(self, diff_id: Digest) -> dict[Digest, Offer]:
        return {offer.table: offer for offer in self._elsewhere(diff_id)}

    def _fetched(self, layer: Layer) -> tuple[Claim, Sequence[Entry]] | None:
        offers = self._said(layer.diff_id)
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
