"""What a run left in its upper directory, as a layer of the store."""

from __future__ import annotations

import os
from contextlib import ExitStack

from builder.layers.table import read_table
from builder.model.entry import Entry
from builder.model.layer import Layer
from builder.sandbox.capture import changes, clamp_times
from builder.sandbox.identity import needs_user_namespace
from builder.sandbox.spec import RootFs
from builder.sandbox.worker import Call
from builder.steps.commit import commit_archive, commit_items
from builder.steps.kitchen import Kitchen
from builder.store.store import Store


def capture(rootfs: RootFs, kitchen: Kitchen) -> Layer:
    """Afterwards the layer's blob and table are in the store, and the files of `rootfs.upper` have the layer's times.

    The files may belong to anyone. Root packs them right here, which takes half the time of a small run's capture by
    the worker: no process, no pipe, no second copy of the table.
    """
    if needs_user_namespace():
        return _by_worker(rootfs, kitchen)
    layer = commit_items(kitchen.store, changes(rootfs.upper, rootfs.lowers), kitchen.epoch)
    if kitchen.epoch is not None:
        clamp_times(rootfs.upper, kitchen.epoch)
    return layer


def _by_worker(rootfs: RootFs, kitchen: Kitchen) -> Layer:
    with ExitStack() as opened:
        archive, writing = os.pipe()
        opened.callback(os.close, archive)
        table = os.memfd_create("table", os.MFD_CLOEXEC)
        opened.callback(os.close, table)
        try:
            args = {"upper": rootfs.upper, "lowers": rootfs.lowers, "epoch": kitchen.epoch}
            call = kitchen.worker().begin("capture", args, [writing, table])
        finally:
            os.close(writing)
        return _received(kitchen.store, call, archive, table)


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
