"""A command, mostly a shell, in the filesystem of a step; what it writes is gone afterwards."""

from __future__ import annotations

import os
from collections.abc import Sequence

from builder.images.unpack import ensure_chain
from builder.lean import NamedTuple
from builder.model.layer import Chain, Layer
from builder.plan.types import RunAction
from builder.sandbox.spec import ExitStatus, RootFs
from builder.sandbox.terminal import attached
from builder.steps.difference import capture
from builder.steps.kitchen import Kitchen
from builder.steps.mounts import Given
from builder.steps.run import run_spec


class Scene(NamedTuple):
    """A filesystem to look into."""

    layers: Chain
    upper: str = ""
    """What lies on top of them, in overlay form: the files of a run that failed."""


def run_shell(
    scene: Scene, action: RunAction, kitchen: Kitchen, streams: Sequence[int], given: Given | None = None
) -> ExitStatus:
    """Runs the action's `argv` with its environment, user and directory on `streams` (input, output, errors), on a
    terminal of its own where all three are one. Neither the layers nor the failed run's files are changed."""
    with kitchen.store.snapshots.staging(kitchen.remove_tree) as staging:
        os.mkdir(staging.work, 0o700)
        rootfs = RootFs(tuple(_lowers(scene, kitchen)), staging.upper, staging.work)
        spec = run_spec(action, rootfs, given)
        with attached(streams) as (inner, terminal):
            spec = spec._replace(terminal=terminal)
            call = kitchen.worker().begin("run", {"spec": spec.to_json(), "runtime": kitchen.runtime}, inner)
            try:
                return ExitStatus(**call.result())
            except BaseException:
                call.cancel()
                raise


def capture_scene(scene: Scene, kitchen: Kitchen) -> Chain:
    """The layers of the scene; what lies on top of them has become a layer of the store."""
    if not scene.upper:
        return scene.layers
    lowers = _lowers(scene._replace(upper=""), kitchen)
    layer: Layer = capture(RootFs(tuple(lowers), scene.upper, ""), kitchen)
    return (*scene.layers, layer)


def _lowers(scene: Scene, kitchen: Kitchen) -> list[str]:
    lowers = ensure_chain(kitchen.store, kitchen.worker(), scene.layers, kitchen.open_source, kitchen.fetching)
    return [*lowers, scene.upper] if scene.upper else list(lowers)
