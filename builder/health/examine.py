"""Every check, in order: what is found first may explain what comes after it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial

from builder.cache.local import LocalCache
from builder.containers.records import damaged_containers
from builder.health.aside import FOLDER
from builder.health.caches import cache_findings
from builder.health.contents import layer_findings
from builder.store.check import Finding, check
from builder.store.create import LAYOUT_FILES
from builder.store.store import FOLDERS, Store

_HEX = "[0-9a-f]{64}"
_NAMES = {
    "snapshots": rf"{_HEX}(\.dead\..*)?",
    "tables": _HEX,
    "layers": rf"{_HEX}\.json",
    "sources": r"(name|blob)\..+",
    "plans": rf"{_HEX}\.json",
    "cachemounts": r".+\.[0-9]+",
}
"""What the names in a folder of the store look like."""


def examine(store: Store, told: Callable[[str, int, int], None]) -> list[Finding]:
    """All that is wrong; empty when the store is whole. Changes nothing, and others may go on meanwhile. `told` hears
    of what is read, and how many are done, of how many."""
    with closing(LocalCache(store)) as cache:
        caches = list(cache_findings(store))
        records = [] if any(finding.code == "cache-damaged" for finding in caches) else list(cache.records())
        blobs = check(store, partial(told, "blobs"))
        layers = layer_findings(store, records, partial(told, "layers"))
        return [*_layout(store), *blobs, *layers, *caches, *_containers(store)]


def _layout(store: Store) -> Iterator[Finding]:
    for name in sorted(set(os.listdir(store.root)) - FOLDERS - LAYOUT_FILES - {FOLDER}):
        yield Finding("unknown-file", name, "nothing of this name belongs there")
    for folder, pattern in _NAMES.items():
        for name in sorted(os.listdir(store.folder(folder))):
            if not re.fullmatch(pattern, name):
                yield Finding("unknown-file", f"{folder}/{name}", "nothing of this name belongs there")


def _containers(store: Store) -> Iterator[Finding]:
    for damaged in damaged_containers(store):
        yield Finding("container-damaged", damaged.id, f"{damaged.name}: {damaged.why}")
