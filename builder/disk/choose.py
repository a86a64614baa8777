"""Which items a wish takes. Values only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from builder.disk.types import ASKED_FOR, CACHES, Item, Kind


class Wish(NamedTuple):
    kinds: frozenset[Kind] = frozenset(Kind) - ASKED_FOR
    everything: bool = False
    """Also images without containers, and what is only good for being quick."""
    until: float | None = None
    """Only what was not used since, in seconds since 1970."""
    keep_bytes: int | None = None
    """So much of the caches stays, the part that was used last. Speaks of caches alone: nothing else is taken."""

    named_volumes: bool = False
    """Also volumes whose name somebody chose."""

    @property
    def taken_kinds(self) -> frozenset[Kind]:
        return self.kinds if self.keep_bytes is None else self.kinds & CACHES


def choose(items: Iterable[Item], wish: Wish) -> list[Item]:
    """What goes, in the order in which it goes: what was used least recently first."""
    may_go = [item for item in items if not item.in_use and item.kind in wish.taken_kinds and _is_meant(item, wish)]
    ordered = sorted(may_go, key=lambda item: (item.used, -item.order, item.kind, item.id))
    if wish.keep_bytes is not None:
        # All that is unused counts, whatever may be taken of it: it is what the disk has to bear.
        ordered = _beyond(ordered, wish.keep_bytes)
    elif not wish.everything:
        ordered = [item for item in ordered if not item.only_all]
    return [item for item in ordered if wish.until is None or item.used < wish.until]


def _is_meant(item: Item, wish: Wish) -> bool:
    return item.kind is not Kind.VOLUMES or not item.only_all or wish.named_volumes


def _beyond(ordered: list[Item], keep_bytes: int) -> list[Item]:
    stays = sum(item.size for item in ordered)
    taken = []
    for item in ordered:
        if stays <= keep_bytes:
            break
        stays -= item.size
        taken.append(item)
    return taken
