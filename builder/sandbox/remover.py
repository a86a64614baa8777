"""Removing trees for commands that start nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from builder.sandbox.worker import Worker
from builder.store.trees import Remover, remove_tree


@contextmanager
def any_remover() -> Iterator[Remover]:
    """Removes trees whose files belong to anybody: root does it itself, anyone else by a worker, which is started when
    there is something to remove."""
    if os.getuid() == 0:
        yield remove_tree
        return
    with Worker() as worker:

        def remove(path: str) -> None:
            worker.call("remove", {"path": path})

        yield remove
