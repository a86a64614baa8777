"""pybuild builds ls"""

from __future__ import annotations

import argparse
import json
import os
import time
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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-f", "--file", metavar="FILE", help="only builds of this Buildfile")
    parser.add_argument("-n", "--last", type=int, default=20, metavar="N", help="at most so many (default: 20; 0: all)")
    parser.add_argument("-q", "--quiet", action="store_true", help="ids only")
    parser.add_argument("--format", choices=("table", "json"), default="table", help="json: one object a line")


def run(args: argparse.Namespace) -> int:
    project = os.path.abspath(args.file) if args.file else None
    with open_store(args.root) as store:
        records = [record for _, record in islice(builds(store, project), args.last or None)]
    if args.quiet:
        for record in records:
            print(record.id)
    elif args.format == "json":
        for record in records:
            print(json.dumps(summary(record)))
    else:
        now = time.time()
        heads = ("BUILD", "STARTED", "RESULT", "TIME", "CACHED", "FILE", "NAMES")
        print_table(heads, [_cells(record, now) for record in records])
    return 0


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
