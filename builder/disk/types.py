"""What takes room in the store, thing by thing."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol

from builder.store.trees import Remover


class Kind(StrEnum):
    """In the order in which they are shown."""

    CONTAINERS = "containers"
    IMAGES = "images"
    VOLUMES = "volumes"
    CACHE = "cache"
    SNAPSHOTS = "snapshots"
    MOUNTS = "mounts"
    DOWNLOADS = "downloads"
    CONTEXTS = "contexts"
    PLANS = "plans"
    HISTORY = "history"


TITLES = {
    Kind.CONTAINERS: "Containers",
    Kind.IMAGES: "Images",
    Kind.VOLUMES: "Volumes",
    Kind.CACHE: "Build cache",
    Kind.SNAPSHOTS: "Snapshots",
    Kind.MOUNTS: "Cache mounts",
    Kind.DOWNLOADS: "Downloads",
    Kind.CONTEXTS: "Contexts",
    Kind.PLANS: "Plans",
    Kind.HISTORY: "Build history",
}
CACHES = frozenset({Kind.CACHE, Kind.SNAPSHOTS, Kind.MOUNTS, Kind.DOWNLOADS, Kind.CONTEXTS, Kind.PLANS})
"""What only makes builds quicker."""
ASKED_FOR = frozenset({Kind.VOLUMES, Kind.HISTORY})
"""What people may want to keep: it goes only when it is named."""


SWEPT = frozenset({Kind.IMAGES, Kind.CACHE, Kind.DOWNLOADS})
"""What holds blobs."""


class Item(NamedTuple):
    kind: Kind
    id: str
    name: str
    """What people know it by; may be empty."""
    size: int
    """Bytes that nobody else holds: what removing it frees."""
    shared: int = 0
    """Bytes that others hold too."""
    used: float = 0.0
    """When it was used last, in seconds since 1970; of images and containers, when they were made."""
    in_use: str = ""
    """By whom; what nobody uses may go."""
    only_all: bool = False
    """It goes by `--all` alone."""
    order: int = 0
    """Of things that were used at the same time, the one with the higher number goes first."""


class Shelf(Protocol):
    """All things of one kind."""

    kind: Kind

    def items(self) -> list[Item]:
        """Looks, and changes nothing."""

    def remove(self, ids: Sequence[str], remover: Remover) -> list[str]:
        """Removes those that are still unused, and returns them; blobs that nobody holds then go by a sweep. `remover`
        takes trees whose files belong to anybody."""
