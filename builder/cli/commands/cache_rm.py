"""pybuild cache rm"""

from __future__ import annotations

import argparse
import os
import time
from contextlib import closing

from builder.cache.ledger import forget_last_builds
from builder.cache.local import LocalCache
from builder.cli.commands.cache_inspect import find_records
from builder.errors import UsageError
from builder.wiring.store import open_store

HELP = "Forget records, so that their steps run again. `pybuild prune` frees the space of their layers."
EXAMPLES = """\
  pybuild cache rm 79839b4fe70a
  pybuild cache rm -f Buildfile           all steps of one Buildfile
  pybuild cache rm --all
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("key", nargs="*", metavar="KEY", help="the beginning of a key")
    parser.add_argument("-f", "--file", metavar="FILE", help="records of this Buildfile")
    parser.add_argument("--all", action="store_true", help="all of them")


def run(args: argparse.Namespace) -> int:
    if not (args.key or args.file or args.all):
        raise UsageError("bad-option", "no record is named", hint="name keys, or say --file FILE or --all")
    with open_store(args.root) as store, closing(LocalCache(store)) as cache:
        gone = find_records(cache, args.key)
        if args.file or args.all:
            wanted = "" if args.all else f"{os.path.abspath(args.file)}#"
            gone += [record for record in cache.records() if record.step.startswith(wanted) and record not in gone]
        cache.prune(gone, "pybuild cache rm", time.time())
        forget_last_builds(store, gone)
    for record in gone:
        print(record.key)
    return 0
