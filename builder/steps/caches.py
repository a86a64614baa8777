"""Cache mounts: a directory of the store for one step, filled by the worker, as its files may belong to anyone."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

from builder.errors import StepError
from builder.plan.types import RunMount
from builder.steps.kitchen import Kitchen
from builder.store.cachemounts import cache_directory


@contextmanager
def take_cache(
    kitchen: Kitchen, key: str, mount: RunMount, initial: dict[str, object] | None, is_canceled: Callable[[], bool]
) -> Generator[str]:
    def fill(directory: str) -> None:
        owner = {"mode": 0o755 if mount.mode is None else mount.mode & 0o777, "uid": mount.uid, "gid": mount.gid}
        kitchen.worker().call("fill", {"directory": directory, "initial": initial, **owner})

    with cache_directory(kitchen.store, key, mount.id, mount.sharing, fill, is_canceled) as directory:
        if directory is None:
            raise StepError("canceled", "the build was canceled while it waited for a cache")
        yield directory
