"""pybuild builds ls"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from itertools import islice

from builder.builds.document import summary
from builder.builds.reading import builds
from builder.builds.types import BuildRecord
from builder.cli.tables import print_table
from builder.progress.figures import ago_text, seconds_text
from builder.progress.text import printable
from builder.wiring.store import open_store

HELP = "List the last builds, newest first: also those that failed or were interrupted."
EXAMPLES = """\
  pybuild builds ls
  pybuild builds ls -f Buildfile          builds of one Buildfile
  pybuild builds ls -n 5 --format json    one object a line
"""
_HEADS = ("BUILD", "STARTED", "RESULT", "TIME", "CACHED", "FILE", "NAMES")
_Row = tuple[str, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-f", "--file", metavar="FILE", help="only builds of this Buildfile")
    parser.add_argument("-n", "--last", type=int, default=20, metavar="N", help="at most so many (default: 20; 0: all)")
    parser.add_argument("-q", "--quiet", action="store_true", help="ids only")
    parser.add_argument("--format", choices=("table", "json"), default="table", help="json: one object a line")


def run(args: argparse.Namespace) -> int:
    project = os.path.abspath(args.file) if args.file else None
    now = time.time()
    if args.quiet:
        rows = _each(args, project, lambda record: (record.id,))
    elif args.format == "json":
        rows = _each(args, project, lambda record: (json.dumps(summary(record)),))
    else:
        print_table(_HEADS, _each(args, project, lambda record: _cells(record, now)))
        return 0
    for (line,) in rows:
        print(line)
    return 0


def _each(args: argparse.Namespace, project: str | None, tell: Callable[[BuildRecord], _Row]) -> list[_Row]:
    """One record after the other is read and forgotten: thousands would not fit in memory with all their steps."""
    with open_store(args.root) as store:
        return [tell(record) for _, record in islice(builds(store, project), args.last or None)]


def _cells(record: BuildRecord, now: float) -> tuple[str, ...]:
    return (
        record.id,
        ago_text(now - record.started),
        str(record.outcome),
        seconds_text(record.seconds),
        f"{record.cached}/{len(record.steps)}",
        printable(os.path.relpath(record.file) if os.path.isabs(record.file) else record.file),
        printable(" ".join(record.names)),
    )
