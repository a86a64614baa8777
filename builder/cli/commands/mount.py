"""pybuild mount"""

from __future__ import annotations

import argparse
import json

HELP = "Show images as read-only folders; without IMAGE, list them."
EXAMPLES = """\
  ls "$(pybuild mount app:1.0)/etc"
  pybuild mount                            # what is mounted
  pybuild umount app:1.0
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("images", nargs="*", metavar="IMAGE", help="name or id")
    parser.add_argument("--platform", metavar="PLATFORM", help="which one of an image for several platforms")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="json: one object a line")


def run(args: argparse.Namespace) -> int:
    from contextlib import ExitStack

    from builder.cli.commands.save import parse_platform
    from builder.cli.tables import print_table
    from builder.images.mount import mount_image, mounts
    from builder.wiring.on_demand import means_of
    from builder.wiring.store import open_store

    with ExitStack() as opened:
        store = opened.enter_context(open_store(args.root))
        means = means_of(store, opened)
        platform = parse_platform(args.platform)
        found = [mount_image(store, means.worker(), means.open_source, text, platform) for text in args.images]
        found = found or mounts(store)
    if args.format == "json":
        for mounted in found:
            row = {"image": mounted.name, "digest": mounted.image.digest, "path": mounted.path}
            print(json.dumps(row | {"visible": mounted.visible}))
    elif args.images:
        for mounted in found:
            print(mounted.path)
    else:
        rows = [(mounted.name, mounted.path, "" if mounted.visible else "elsewhere") for mounted in found]
        print_table(("IMAGE", "PATH", ""), rows)
    return 0
