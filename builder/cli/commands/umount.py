"""pybuild umount"""

from __future__ import annotations

import argparse

from builder.errors import UsageError
from builder.images.mount import mounts, unmount_images
from builder.wiring.store import open_store

HELP = "End what `pybuild mount` shows."
EXAMPLES = """\
  pybuild umount app:1.0
  pybuild umount --all
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("images", nargs="*", metavar="IMAGE", help="name, id, or the path of the mount")
    parser.add_argument("-a", "--all", action="store_true", help="all that are mounted")


def run(args: argparse.Namespace) -> int:
    if bool(args.images) == args.all:
        raise UsageError("bad-option", "which image?", hint="name images, or say --all")
    with open_store(args.root) as store:
        texts = [mounted.path for mounted in mounts(store)] if args.all else args.images
        for path in unmount_images(store, texts):
            print(path)
    return 0
