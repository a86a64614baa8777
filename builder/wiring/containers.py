"""What commands on containers work with, put together."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from builder.containers.tools import Tools
from builder.model.platform import host_platform
from builder.progress.choose import make_reporter
from builder.wiring.on_demand import OnDemand, remover
from builder.wiring.store import open_store


@contextmanager
def container_tools(root: str | None, progress: str = "auto") -> Iterator[Tools]:
    """What they work with, in a store that is open for as long."""
    with ExitStack() as opened:
        store = opened.enter_context(open_store(root))
        made = OnDemand(store, make_reporter(progress, sys.stderr, os.environ), opened)
        yield Tools(
            store=store,
            worker=made.worker,
            open_source=made.open_source,
            fetching=made.fetching,
            remove_tree=remover(made.worker),
            host=host_platform(),
        )
