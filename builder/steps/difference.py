"""What a run left in its upper directory, as a layer of the store."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from builder.layers.table import read_table
from builder.model.entry import Entry
from builder.model.layer import Layer
from builder.sandbox.capture import changes, clamp_times
from builder.sandbox.identity import needs_user_namespace
from builder.sandbox.spec import RootFs
from builder.sandbox.worker import Call, Worker
from builder.steps.commit import commit_archive, commit_items
from builder.steps.kitchen import Kitchen
from builder.store.store import Store


def capture(rootfs: RootFs, kitchen: Kitchen) -> Layer:
    """Afterwards the layer is in the store, blob and table, and the files of `rootfs.upper` have its times."""
    return pack_upper(rootfs, kitchen.store, kitchen.worker, kitchen.epoch, clamp=True)


def pack_upper(
    rootfs: RootFs, store: Store, worker: Callable[[], Worker], epoch: int | None, *, clamp: bool = False
) -> Layer:
    """Afterwards the layer's blob and table are in the store. `clamp`: the files have the layer's times, so that they
    can become its snapshot.

    The files may belong to anyone. Root packs them right here, which takes half the time of a small run's capture by
    the worker: no process, no pipe, no second copy of the table.
    """
    if needs_user_namespace():
        args = {"upper": rootfs.upper, "lowers": rootfs.lowers, "epoch": epoch, "clamp": clamp}
        return _by_worker(args, store, worker())
    layer = commit_items(store, changes(rootfs.upper, rootfs.lowers), epoch)
    if clamp and epoch is not None:
        clamp_times(rootfs.upper, epoch)
    return layer


def _by_worker(args: dict[str, Any], store: Store, worker: Worker) -> Layer:
    with ExitStack() as opened:
        archive, writing = os.pipe()
        opened.callback(os.close, archive)
        table = os.memfd_create("table", os.MFD_CLOEXEC)
        opened.callback(os.close, table)
        try:
            call = worker.begin("capture", args, [writing, table])
        finally:
            os.close(writing)
        return _received(store, call, archive, table)


def _received(store: Store, call: Call, archive: int, table: int) -> Layer:
    """What the job sends, as a layer; the job's own error counts more than the archive that it left incomplete."""

    def contents() -> list[Entry]:
        call.result()
        return _entries(table)

    try:
        return commit_archive(store, archive, contents)
    except BaseException:
        call.cancel()
        raise


def _entries(table: int) -> list[Entry]:
    os.lseek(table, 0, os.SEEK_SET)
    with open(os.dup(table), "rb") as file:
        return read_table(file)
