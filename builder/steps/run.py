"""RUN: a process in the sandbox on top of the layers below; what it wrote is the new layer."""

from __future__ import annotations

import os
from collections.abc import Callable

from builder.errors import StepError
from builder.images.unpack import ensure_chain
from builder.lean import TYPE_CHECKING
from builder.model.layer import Chain, Layer
from builder.plan.types import RunAction, Step
from builder.sandbox.spec import DEFAULT_HOSTNAME, ExitStatus, File, RootFs, RunSpec, Ulimit
from builder.steps.difference import capture
from builder.steps.kitchen import Kitchen

if TYPE_CHECKING:
    from builder.steps.mounts import Given

Log = Callable[[bytes], None]
_CHUNK = 1 << 16


def run_process(
    step: Step, action: RunAction, parent: Chain, kitchen: Kitchen, log: Log, given: Given | None = None
) -> Layer:
    """Afterwards the layer's blob, table and snapshot are in the store. Raises StepError `run-failed` with the exit
    code; what a failed run wrote is kept for `pybuild debug` alone."""
    lowers = ensure_chain(kitchen.store, kitchen.worker(), parent, kitchen.open_source, kitchen.fetching)
    with kitchen.store.snapshots.staging(kitchen.remove_tree) as staging:
        os.mkdir(staging.work, 0o700)
        rootfs = RootFs(tuple(lowers), staging.upper, staging.work)
        status = _execute(run_spec(action, rootfs, given), kitchen, log)
        if status.code:
            if kitchen.failed:
                from builder.steps.failed import keep_failed

                keep_failed(kitchen, staging, step, parent)
            raise _failure(step, status)
        layer = capture(rootfs, kitchen)
        kitchen.store.snapshots.adopt(layer.diff_id, staging)
    return layer


def run_spec(action: RunAction, rootfs: RootFs, given: Given | None) -> RunSpec:
    """Raises StepError for a device that the process cannot or may not have."""
    scripts = tuple(File(f"/dev/pipes/{script.name}", script.content, 0o755) for script in action.scripts)
    spec = RunSpec(
        argv=action.argv,
        env=(*action.env, *action.proxies),
        cwd=action.cwd,
        rootfs=rootfs,
        user=action.user,
        network=action.network,
        hostname=action.hostname or DEFAULT_HOSTNAME,
        files=scripts,
        extra_hosts=action.extra_hosts,
        ulimits=tuple(Ulimit(*limit) for limit in action.ulimits),
        insecure=action.insecure,
    )
    if action.shm_size:
        spec = spec._replace(shm_size=action.shm_size)
    if given:
        spec = spec._replace(mounts=given.mounts, files=(*scripts, *given.files), env=(*spec.env, *given.env))
    if action.devices:
        from builder.steps.devices import devices_for

        devices = devices_for(action)
        spec = spec._replace(mounts=(*devices.mounts, *spec.mounts), env=(*spec.env, *devices.env))
    return spec


def _execute(spec: RunSpec, kitchen: Kitchen, log: Log) -> ExitStatus:
    """How the process ended. All its output has gone to `log` then."""
    reading, writing = os.pipe()
    with open(reading, "rb", buffering=0) as output:
        try:
            call = kitchen.worker().begin("run", {"spec": spec.to_json(), "runtime": kitchen.runtime}, [writing])
        finally:
            os.close(writing)
        try:
            while data := output.read(_CHUNK):  # ends with the last process that holds the other end
                log(data)
            status = call.result()
        except BaseException:
            call.cancel()
            raise
    return ExitStatus(**status)


def _failure(step: Step, status: ExitStatus) -> StepError:
    if status.reason:
        lacking = any(words in status.reason for words in ("no such file", "not found"))
        hint = (
            "the image has not got it, or not what runs it: install it, or start FROM another image"
            if lacking
            else None
        )
        return StepError("cannot-start", f"the command cannot be started: {status.reason}", span=step.span, hint=hint)
    message = f"the command exited with code {status.code}"
    if status.signal:
        message = f"the command was ended by signal {status.signal} (exit code {status.code})"
    return StepError("run-failed", message, span=step.span, hint="the command's output stands above")
