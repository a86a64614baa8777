"""The part of the composition root that commands on containers need. No logic."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from builder.containers.tools import Tools
from builder.progress.choose import make_reporter
from builder.wiring import Tools as Made
from builder.wiring import host_platform, open_store, remover


@contextmanager
def container_tools(root: str | None, progress: str = "auto") -> Iterator[Tools]:
    """What they work with, in a store that is open for as long."""
    with ExitStack() as opened:
        store = opened.enter_context(open_store(root))
        made = Made(store, make_reporter(progress, sys.stderr, os.environ), opened)
        yield Tools(
            store=store,
            worker=made.worker,
            open_source=made.open_source,
            fetching=made.fetching,
            remove_tree=remover(made.worker),
            host=host_platform(),
        )
