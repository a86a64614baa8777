"""Cache mounts: a directory of the store for one step, filled by the worker, as its files may belong to anyone."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

from builder.errors import StepError
from builder.model.layer import Layer
from builder.plan.types import RunMount
from builder.sandbox.spec import RootFs
from builder.sandbox.worker import Worker
from builder.steps.difference import pack_upper
from builder.steps.kitchen import Kitchen
from builder.store.cachemounts import all_directories, cache_directory, holding
from builder.store.store import Store

EVERY = "all"


def pack_mounts(store: Store, worker: Callable[[], Worker], ids: Sequence[str]) -> dict[str, Layer]:
    """Archives, in the store, of the cache mounts with these ids, by what they are known by; those that a build has
    taken are left out, and of several of one kind all but the first."""
    packed: dict[str, Layer] = {}
    for kept in all_directories(store):
        if kept.key not in packed and (EVERY in ids or kept.id in ids):
            with holding(store, kept) as is_held:
                if is_held:
                    packed[kept.key] = pack_upper(RootFs((), f"{kept.path}/data", ""), store, worker, None)
    return packed


def _unpack(kitchen: Kitchen, archive: Layer, directory: str) -> None:
    table_fd = os.memfd_create("table", os.MFD_CLOEXEC)
    try:
        with kitchen.store.blobs.open(archive.descriptor.digest, archive.descriptor.size) as blob:
            kitchen.worker().call("apply", {"directory": directory}, [blob.fileno(), table_fd])
    finally:
        os.close(table_fd)


@contextmanager
def take_cache(
    kitchen: Kitchen, key: str, mount: RunMount, initial: dict[str, object] | None, is_canceled: Callable[[], bool]
) -> Generator[str]:
    def fill(directory: str) -> None:
        owner = {"mode": 0o755 if mount.mode is None else mount.mode & 0o777, "uid": mount.uid, "gid": mount.gid}
        archive = kitchen.mount_archive(key)
        kitchen.worker().call("fill", {"directory": directory, "initial": None if archive else initial, **owner})
        if archive:
            _unpack(kitchen, archive, directory)

    with cache_directory(kitchen.store, key, mount.id, mount.sharing, fill, is_canceled) as directory:
        if directory is None:
            raise StepError("canceled", "the build was canceled while it waited for a cache")
        yield directory
