"""pybuild rmi"""

from __future__ import annotations

import argparse
import json
import sys

from builder.cli.tables import size_text
from builder.images.remove import Removed, remove_images
from builder.sandbox.worker import Worker
from builder.wiring.store import cached_layers, image_uses, open_store

HELP = "Remove images, or names of images, from the store."
EXAMPLES = """\
  pybuild rmi app:1.0
  pybuild rmi -f 3f2a91c0d4e5
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="name or id")
    parser.add_argument(
        "-f", "--force", action="store_true", help="also an id that several names have, and what is used"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="print what was removed as JSON")


def run(args: argparse.Namespace) -> int:
    with open_store(args.root) as store, Worker() as worker:

        def remove_tree(path: str) -> None:
            worker.call("remove", {"path": path})

        removed = remove_images(
            store,
            args.images,
            lambda: cached_layers(store),
            uses=lambda: image_uses(store),
            force=args.force,
            remover=remove_tree,
        )
    if args.format == "json":
        print(json.dumps(removed._asdict()))
    else:
        _print(removed)
    return 0


def _print(removed: Removed) -> None:
    for name in removed.untagged:
        print(f"Untagged: {name}")
    for identifier in removed.deleted:
        print(f"Deleted: {identifier}")
    print(f"Freed: {size_text(removed.freed_bytes)}", file=sys.stderr)
