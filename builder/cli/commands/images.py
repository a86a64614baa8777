"""pybuild images"""

from __future__ import annotations

import argparse
import json
import time

from builder.cli.tables import print_table, since_text, size_text
from builder.images.list import ImageRow, list_images
from builder.wiring import open_store

HELP = "List the images of the store."
EXAMPLES = """\
  pybuild images
  pybuild images app
  pybuild images -q --no-trunc
  pybuild images --format json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("repository", nargs="?", default="", metavar="REPOSITORY[:TAG]", help="only these")
    parser.add_argument("-a", "--all", action="store_true", help="also images without a name")
    parser.add_argument("-q", "--quiet", action="store_true", help="ids only")
    parser.add_argument("--no-trunc", action="store_true", help="whole ids")
    parser.add_argument("--format", choices=("table", "json"), default="table", help="json: one object a line")


def run(args: argparse.Namespace) -> int:
    with open_store(args.root) as store:
        rows = list_images(store, unnamed=args.all, repository=args.repository)
    if args.quiet:
        for identifier in dict.fromkeys(_id(row, args.no_trunc) for row in rows):
            print(identifier)
    elif args.format == "json":
        for row in rows:
            print(json.dumps(row._asdict()))
    else:
        now = time.time()
        table = [
            (row.repository, row.tag, _id(row, args.no_trunc), since_text(row.created, now), size_text(row.size_bytes))
            for row in rows
        ]
        print_table(("REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE"), table)
    return 0


def _id(row: ImageRow, whole: bool) -> str:
    return str(row.id) if whole else row.id.short
