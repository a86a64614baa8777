"""What takes room, summed up by kind, as `docker system df` has it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from builder.disk.holdings import Holdings
from builder.disk.types import TITLES, Item, Kind


class Row(NamedTuple):
    type: str
    total: int
    active: int
    """How many are in use."""
    size: int
    """Bytes, each counted once in the whole table."""
    shared: int
    """Bytes that are counted in an earlier row, or several times among the things of this one."""
    reclaimable: int
    """Bytes that `pybuild prune --all --volumes` would free of it."""


def usage(items: Iterable[Item], holdings: Holdings) -> list[Row]:
    """One row per kind, and one for all."""
    items = list(items)
    rows = [_row(kind, [item for item in items if item.kind is kind], holdings) for kind in Kind]
    sums = [sum(column) for column in zip(*(row[1:] for row in rows), strict=True)]
    return [*rows, Row("Total", *sums)]


def _row(kind: Kind, items: list[Item], holdings: Holdings) -> Row:
    active = sum(bool(item.in_use) for item in items)
    size = sum(item.size for item in items)
    shared = sum(item.shared for item in items)
    reclaimable = sum(item.size for item in items if not item.in_use)
    if kind is Kind.IMAGES:
        used = holdings.used.blobs.union(
            *(image.holds.blobs for image, item in zip(holdings.images, items, strict=True) if item.in_use)
        )
        whole = holdings.held_by_images
        size, reclaimable = holdings.bytes_of(whole), holdings.bytes_of(whole - used)
    return Row(TITLES[kind], len(items), active, size, shared, reclaimable)
