"""What the configuration file wants kept, applied at the end of builds: to caches alone."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence

from builder.configuration.read import read_configuration
from builder.configuration.types import Storage
from builder.errors import BuilderError
from builder.images.uses import Use
from builder.progress.events import Reporter, WarningRaised
from builder.store.locks import FileLock
from builder.store.store import Store
from builder.store.trees import Remover

_MARK = "policy"
"""The file of the cache's folder that says by its time when the policy was looked at last."""


def apply_policy(store: Store, uses: Callable[[], Sequence[Use]], remover: Remover, reporter: Reporter) -> None:
    """Afterwards no more is kept than the configuration allows, but for what this build and others that run have used.
    What cannot be removed, or a configuration that cannot be read, is a warning and fails no build."""
    store.temporary.write(f"{store.folder('cache')}/{_MARK}", b"")
    try:
        storage = read_configuration(os.environ).storage
        if storage != Storage():
            _keep_to(store, storage, uses, remover)
    except BuilderError as error:
        reporter.emit(WarningRaised(time.time(), "StoragePolicy", error.message))


def _keep_to(store: Store, storage: Storage, uses: Callable[[], Sequence[Use]], remover: Remover) -> None:
    """One process at a time; who comes meanwhile leaves it to that one."""
    from builder.disk.choose import Wish, choose
    from builder.disk.prune import Disk
    from builder.disk.types import CACHES, Item

    lock = FileLock(f"{store.folder('locks')}/policy")
    try:
        if not lock.exclusive(wait=False):
            return
        with Disk(store, uses, "the policy of the configuration", spare_ours=True) as disk:
            old: Sequence[Item] = ()
            if storage.keep_age is not None:
                old = choose(disk.items(), Wish(CACHES, everything=True, until=time.time() - storage.keep_age))
            rest = set(disk.items()).difference(old)
            beyond = choose(rest, Wish(keep_bytes=storage.keep_storage)) if storage.keep_storage is not None else []
            if old or beyond:
                disk.remove([*old, *beyond], remover)
    finally:
        lock.release()
