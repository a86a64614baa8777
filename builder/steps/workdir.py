"""WORKDIR: the directory exists afterwards, made as 0755 for the user where it was missing."""

from __future__ import annotations

from builder.model.layer import Chain, Layer
from builder.plan.types import WorkdirAction
from builder.steps.commit import commit_items
from builder.steps.kitchen import Kitchen
from builder.steps.owner import parse_owner
from builder.steps.place import NewDirectory, Placement
from builder.steps.trees import below, file_reader, ground_of


def run_workdir(action: WorkdirAction, parent: Chain, kitchen: Kitchen) -> Layer:
    """Existing directories are not touched; when all exist the layer is empty. What is made has the time of the epoch,
    0 without one: the same instruction gives the same bytes."""
    placement = Placement(below(ground_of(parent, kitchen)))
    uid, gid = parse_owner(action.user, file_reader(parent, kitchen)) if action.user else (0, 0)
    path = placement.resolve(action.path)
    placement.make_directories(path, NewDirectory(0o755, uid, gid, kitchen.epoch or 0))
    return commit_items(kitchen.store, ((item.entry, item.opener) for item in placement.items()), kitchen.epoch)
