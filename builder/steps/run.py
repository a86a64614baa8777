"""RUN: a process in the sandbox on top of the layers below; what it wrote is the new layer."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from builder.errors import StepError
from builder.images.unpack import ensure_chain
from builder.layers.table import read_table
from builder.model.entry import Entry
from builder.model.layer import Chain, Layer
from builder.plan.types import RunAction, Step
from builder.sandbox.spec import File, RootFs, RunSpec
from builder.sandbox.worker import Call
from builder.steps.commit import commit_archive
from builder.steps.kitchen import Kitchen
from builder.store.store import Store

Log = Callable[[bytes], None]


def run_process(step: Step, action: RunAction, parent: Chain, kitchen: Kitchen, log: Log) -> Layer:
    """Afterwards the layer's blob, table and snapshot are in the store. Raises StepError `run-failed` with the exit
    code; nothing of a failed run is kept."""
    lowers = ensure_chain(kitchen.store, kitchen.worker(), parent, kitchen.open_source, kitchen.fetching)
    with kitchen.store.snapshots.staging(kitchen.remove_tree) as staging:
        rootfs = RootFs(tuple(lowers), staging.upper, staging.work)
        spec = _spec(action, rootfs)
        code = _execute(spec, kitchen, log)
        if code:
            raise _failure(step, code)
        layer = _capture(rootfs, kitchen)
        kitchen.store.snapshots.adopt(layer.diff_id, staging)
    return layer


def _spec(action: RunAction, rootfs: RootFs) -> RunSpec:
    return RunSpec(
        argv=action.argv,
        env=(*action.env, *action.proxies),
        cwd=action.cwd,
        rootfs=rootfs,
        user=action.user,
        network=action.network,
        files=tuple(File(f"/dev/pipes/{script.name}", script.content, 0o755) for script in action.scripts),
    )


def _execute(spec: RunSpec, kitchen: Kitchen, log: Log) -> int:
    """The exit code; death by a signal is 128 plus its number, as a shell has it."""
    with _logged(log) as output:
        status = kitchen.worker().call("run", {"spec": spec.to_json(), "runtime": kitchen.runtime}, [output])
    return int(128 + status["signal"] if status["signal"] else status["code"])


@contextmanager
def _logged(log: Log) -> Iterator[int]:
    """The writing end of a pipe whose other end goes to `log` until the last writer has closed it."""
    reading, writing = os.pipe()

    def pump() -> None:
        while data := os.read(reading, 1 << 16):
            log(data)

    thread = threading.Thread(target=pump, name="log", daemon=True)
    thread.start()
    try:
        yield writing
    finally:
        os.close(writing)
        thread.join()
        os.close(reading)


def _capture(rootfs: RootFs, kitchen: Kitchen) -> Layer:
    """The upper directory as a layer. The worker packs it, since its files may belong to anyone."""
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


def _failure(step: Step, code: int) -> StepError:
    return StepError(
        "run-failed",
        f"the command exited with code {code}",
        span=step.span,
        hint="the command's output stands above",
    )
