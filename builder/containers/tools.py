"""What the commands on containers work with."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from builder.images.fetch import Progress
from builder.images.sources.types import OpenSource
from builder.model.platform import Platform
from builder.sandbox.worker import Worker
from builder.store.store import Store
from builder.store.trees import Remover


class Tools(NamedTuple):
    store: Store
    worker: Callable[[], Worker]
    open_source: OpenSource
    fetching: Progress
    """Hears of layers that are fetched."""
    remove_tree: Remover
    host: Platform
