"""Everything in the store as items, and taking some of it away."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from types import TracebackType
from typing import NamedTuple, Self

from builder.cache.local import LocalCache
from builder.disk.cache import Cache
from builder.disk.choose import Wish, choose
from builder.disk.containers import Containers
from builder.disk.contexts import Contexts
from builder.disk.downloads import Downloads
from builder.disk.history import History
from builder.disk.holdings import find_holdings
from builder.disk.images import Images
from builder.disk.mounts import Mounts
from builder.disk.plans import Plans
from builder.disk.sizes import Sizes
from builder.disk.snapshots import Snapshots
from builder.disk.types import SWEPT, Item, Kind, Shelf
from builder.disk.usage import Row, usage
from builder.disk.volumes import Volumes
from builder.images.remove import roots_of
from builder.images.uses import Use
from builder.model.digest import Digest
from builder.store.gc import collect
from builder.store.store import Store
from builder.store.trees import Remover


class Pruning(NamedTuple):
    items: tuple[Item, ...]
    freed: int
    """Bytes."""


def foresee(store: Store, uses: Callable[[], Sequence[Use]], wish: Wish) -> Pruning:
    """What `prune` with the same wish would take. What is freed is a lower bound."""
    first, then = _phases(wish)
    with Disk(store, uses) as disk:
        containers, freed = disk.chosen(first)
    with Disk(store, uses, without=[item.name for item in containers]) as disk:
        rest = disk.chosen(then)
    return Pruning(containers + rest.items, freed + rest.freed)


def prune(store: Store, uses: Callable[[], Sequence[Use]], wish: Wish, remover: Remover) -> Pruning:
    """Takes what the wish takes. Containers go first: what they used is unused then."""
    first, then = _phases(wish)
    with Disk(store, uses) as disk:
        containers, freed = disk.prune(first, remover)
    with Disk(store, uses, "pybuild prune") as disk:
        rest = disk.prune(then, remover)
    return Pruning(containers + rest.items, freed + rest.freed)


def _phases(wish: Wish) -> tuple[Wish, Wish]:
    containers = frozenset({Kind.CONTAINERS})
    return wish._replace(kinds=wish.kinds & containers), wish._replace(kinds=wish.kinds - containers)


class Disk:
    """The store as it is when this is made, and who uses what of it. A context manager, for one command."""

    def __init__(
        self,
        store: Store,
        uses: Callable[[], Sequence[Use]],
        why: str = "",
        *,
        spare_ours: bool = False,
        without: Collection[str] = (),
    ) -> None:
        """`why` is noted of records that go. With `spare_ours` what this process has used since it opened the store
        is in use as well. `without` are names of containers that count as gone."""
        self._store = store
        self._uses = uses
        now = store.presence.horizon()
        horizon = min(now, store.presence.since_ns) if spare_ours else now
        self._records = LocalCache(store)
        self._sizes = Sizes(store)
        gone = {f"container {name}" for name in without}
        self._holdings = find_holdings(store, self._records, [use for use in uses() if use.by not in gone], horizon)
        # In the order in which things are removed: what follows from others before those.
        self._shelves: tuple[Shelf, ...] = (
            Containers(store, horizon, without),
            Snapshots(store, self._holdings, self._sizes),
            Plans(store, horizon),
            Images(store, self._holdings),
            Cache(store, self._records, self._holdings, why),
            Volumes(store, without),
            Mounts(store, self._sizes),
            Downloads(store, self._holdings),
            Contexts(store, now),
            History(store, horizon),
        )
        self._items = tuple(item for shelf in self._shelves for item in shelf.items())
        self._sizes.save()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._records.close()

    def items(self) -> tuple[Item, ...]:
        return self._items

    def rows(self) -> list[Row]:
        return usage(self._items, self._holdings)

    def chosen(self, wish: Wish) -> Pruning:
        """What `prune` would take. What is freed is a lower bound: blobs that several of the things share are not
        counted."""
        chosen = tuple(choose(self._items, wish))
        return Pruning(chosen, sum(item.size for item in chosen))

    def prune(self, wish: Wish, remover: Remover) -> Pruning:
        """Takes what `choose` chooses, but for what has come into use meanwhile."""
        return self.remove(choose(self._items, wish), remover)

    def remove(self, items: Sequence[Item], remover: Remover) -> Pruning:
        """Some of `items`, but for what has come into use meanwhile."""
        gone: list[Item] = []
        for shelf in self._shelves:
            ids = [item.id for item in items if item.kind is shelf.kind]
            removed = set(shelf.remove(ids, remover)) if ids else set()
            gone += [item for item in items if item.kind is shelf.kind and item.id in removed]
        if any(item.kind in SWEPT for item in gone):
            self._sweep(remover)
        return Pruning(tuple(gone), self._freed(gone))

    def _sweep(self, remover: Remover) -> None:
        """Removes blobs that nobody holds any more, with what was made of them."""
        collect(
            self._store,
            lambda: roots_of(self._store, lambda: [record.layer for record in self._records.records()], self._uses),
            remover,
            self._holdings.horizon,
        )

    def _freed(self, gone: Sequence[Item]) -> int:
        """Blobs and snapshots may be gone without being an item that went: the last who held them was."""
        blobs = sum(size for blob, size in self._holdings.sizes.items() if self._store.blobs.size(blob) is None)
        there = {*self._store.snapshots.all(), *self._store.tables.all()}
        unpacked = [item for item in self._items if item.kind is Kind.SNAPSHOTS and Digest(item.id) not in there]
        others = [item for item in gone if item.kind not in (Kind.IMAGES, Kind.CACHE, Kind.SNAPSHOTS)]
        return blobs + sum(item.size for item in (*unpacked, *others))
