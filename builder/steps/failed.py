"""What a RUN that failed had written: kept until the same Buildfile fails again or succeeds, for `pybuild debug`.

Not a snapshot: it stands for no layer, and no build ever reads it.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import NamedTuple

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
    """Afterwards `find_failed` gives this step's files, and those of an earlier failure are gone."""
    place = kitchen.failed
    note = {"stage": step.stage, "number": step.number, "parent": chain_identity(parent)}
    with storing(place):
        with open(f"{staging.root}/{_NOTE}", "w", encoding="utf-8") as file:
            json.dump(note, file)
        if os.path.lexists(place):
            remove_failed(kitchen)
        os.makedirs(os.path.dirname(place), 0o700, exist_ok=True)
        with suppress(FileExistsError):  # another build of the same file failed at this moment: one of the two stays
            os.rename(staging.root, place)


def remove_failed(kitchen: Kitchen) -> None:
    """Afterwards nothing is kept of a failure."""
    with storing(kitchen.failed), suppress(FileNotFoundError):
        grave = kitchen.store.temporary.directory()
        try:
            os.rename(kitchen.failed, f"{grave}/failed")
        finally:
            bury(grave, kitchen.remove_tree)


def find_failed(kitchen: Kitchen) -> Failed | None:
    """The last failure that is kept, if there is one. It is not pruned for as long as we have the store open."""
    place = kitchen.failed
    kitchen.store.presence.keep(place)
    try:
        with open(f"{place}/{_NOTE}", encoding="utf-8") as file:
            note = json.load(file)
        return Failed(int(note["stage"]), int(note["number"]), str(note["parent"]), f"{place}/fs")
    except (OSError, ValueError, TypeError, KeyError):
        return None
