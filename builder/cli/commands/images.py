"""pybuild images"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence

from builder.cli.tables import print_table, since_text, size_text
from builder.images.filters import make_filters, wants_dangling
from builder.images.list import ImageRow, list_images
from builder.model.digest import Digest
from builder.wiring.store import open_store

HELP = "List the images of the store."
EXAMPLES = """\
  pybuild images
  pybuild images app
  pybuild images --filter label=team=web --filter reference='app*'
  pybuild images --filter dangling=true -q | xargs pybuild rmi
  pybuild images --tree
  pybuild images --format json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("repository", nargs="?", default="", metavar="REPOSITORY[:TAG]", help="only these")
    parser.add_argument("-a", "--all", action="store_true", help="also images without a name")
    parser.add_argument("-q", "--quiet", action="store_true", help="ids only")
    parser.add_argument("--digests", action="store_true", help="also digests of manifests and indexes")
    parser.add_argument("--tree", action="store_true", help="also the platforms of each image")
    parser.add_argument(
        "-f",
        "--filter",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="reference=PATTERN, label=KEY[=VALUE], dangling=true, before=IMAGE, since=IMAGE",
    )
    parser.add_argument("--no-trunc", action="store_true", help="whole ids")
    parser.add_argument("--format", choices=("table", "json"), default="table", help="json: one object a line")


def run(args: argparse.Namespace) -> int:
    with open_store(args.root) as store:
        filters = make_filters(store, args.filter)
        unnamed = args.all or wants_dangling(args.filter)
        rows = list_images(store, unnamed=unnamed, repository=args.repository, filters=filters)
    if args.quiet:
        for identifier in dict.fromkeys(_id(row.id, args.no_trunc) for row in rows):
            print(identifier)
    elif args.format == "json":
        for row in rows:
            print(json.dumps(row._asdict() | {"platforms": [platform._asdict() for platform in row.platforms]}))
    else:
        _print(rows, args)
    return 0


def _print(rows: Sequence[ImageRow], args: argparse.Namespace) -> None:
    now = time.time()
    lines = []
    for row in rows:
        sizes = [size_text(size) for size in (row.size_bytes, row.shared_bytes, row.unique_bytes)]
        digest = [row.digest] if args.digests else []
        created = since_text(row.created, now)
        lines.append([row.repository, row.tag, *digest, _id(row.id, args.no_trunc), created, *sizes])
        for platform in row.platforms if args.tree else ():
            digest = [platform.digest] if args.digests else []
            known = [_id(platform.id, args.no_trunc), "", size_text(platform.size_bytes), "", ""]
            lines.append([f"  {platform.platform}", "", *digest, *known])
    heads = ["REPOSITORY", "TAG", *(["DIGEST"] if args.digests else []), "IMAGE ID", "CREATED", "SIZE"]
    print_table([*heads, "SHARED", "UNIQUE"], lines)


def _id(identifier: Digest, whole: bool) -> str:
    return str(identifier) if whole else identifier.short
