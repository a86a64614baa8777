"""What RUNs that failed had written: kept until a build of the same Buildfile fails again or succeeds, for `debug`.

    PLACE/BUILD/STEP/fs           of each RUN of one build that failed: stages fail at the same time
    PLACE/BUILD/STEP/step.json    which it was

Not a snapshot: it stands for no layer, and no build ever reads it.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import NamedTuple

from builder.lean import sha256_hex
from builder.model.layer import Chain, chain_identity
from builder.plan.types import Step
from builder.steps.kitchen import Kitchen
from builder.store.failures import storing
from builder.store.snapshots import Staging
from builder.store.temporary import bury

_NOTE = "step.json"


class Failed(NamedTuple):
    stage: int
    number: int
    parent: str
    """Chain identity of the layers below."""
    upper: str
    """What it wrote, in overlay form."""


def keep_failed(kitchen: Kitchen, staging: Staging, step: Step, parent: Chain) -> None:
    """Afterwards `find_failed` gives this step's files, and those of earlier builds are gone."""
    place = kitchen.failed
    below = chain_identity(parent)
    # One build has one stack of what it opened, also where it builds for several platforms.
    build = f"{os.getpid()}-{id(kitchen.opened)}"
    note = {"stage": step.stage, "number": step.number, "parent": below}
    with storing(place):
        with open(f"{staging.root}/{_NOTE}", "w", encoding="utf-8") as file:
            json.dump(note, file)
        os.makedirs(f"{place}/{build}", 0o700, exist_ok=True)
        for earlier in set(os.listdir(place)) - {build}:
            _remove(kitchen, f"{place}/{earlier}")
        with suppress(OSError):  # of an earlier build whose numbers were the same
            _remove(kitchen, f"{place}/{build}/{_name(note)}")
        with suppress(FileNotFoundError):  # another build of the same file failed at this moment: one's files stay
            os.rename(staging.root, f"{place}/{build}/{_name(note)}")


def remove_failed(kitchen: Kitchen) -> None:
    """Afterwards nothing is kept of a failure."""
    with storing(kitchen.failed):
        _remove(kitchen, kitchen.failed)


def find_failed(kitchen: Kitchen) -> tuple[Failed, ...]:
    """What the last build that failed has left, in the order in which its steps failed. It is not pruned for as long as
    we have the store open."""
    place = kitchen.failed
    kitchen.store.presence.keep(place)
    found: list[tuple[int, Failed]] = []
    with suppress(OSError):
        builds = [f"{place}/{build}" for build in os.listdir(place)]
        steps = [f"{build}/{step}" for build in builds for step in os.listdir(build)]
        found = [read for step in steps if (read := _read(step))]
    return tuple(failed for _, failed in sorted(found))


def _read(step: str) -> tuple[int, Failed] | None:
    try:
        with open(f"{step}/{_NOTE}", encoding="utf-8") as file:
            note = json.load(file)
            when = os.fstat(file.fileno()).st_mtime_ns
        return when, Failed(int(note["stage"]), int(note["number"]), str(note["parent"]), f"{step}/fs")
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _name(note: dict[str, object]) -> str:
    return f"{note['stage']}.{note['number']}.{sha256_hex(str(note['parent']).encode())[:12]}"


def _remove(kitchen: Kitchen, path: str) -> None:
    with suppress(FileNotFoundError):
        grave = kitchen.store.temporary.directory()
        try:
            os.rename(path, f"{grave}/failed")
        finally:
            bury(grave, kitchen.remove_tree)
