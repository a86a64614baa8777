"""The display of commands that move layers about."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager

from builder.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from builder.images.report import FetchReport


@contextmanager
def shown_progress(mode: str, what: str = "fetch") -> Generator[FetchReport]:
    """What transfers tell is shown on standard error while the block lasts; on a terminal only unless `mode` says
    otherwise. Signals that end a process end it in order."""
    from builder.cli.interrupts import interrupted_by_signals
    from builder.images.report import FetchReport
    from builder.progress.choose import make_reporter

    if mode == "auto" and not sys.stderr.isatty():
        mode = "none"
    reporter = make_reporter(mode, sys.stderr, os.environ)
    try:
        with interrupted_by_signals():
            yield FetchReport(reporter, what)
    finally:
        reporter.close()
