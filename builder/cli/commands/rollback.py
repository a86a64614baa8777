"""pybuild rollback"""

from __future__ import annotations

import argparse
import json

from builder.cli.commands.save import parse_platform
from builder.images.rollback import rollback_image
from builder.progress.text import printable
from builder.wiring.store import open_store

HELP = "Make an earlier step of an image's history the image again."
EXAMPLES = """\
  pybuild history app:1.0                       # the last column numbers the steps
  pybuild rollback app:1.0 7                    # app:1.0 is what it was after step 7
  pybuild rollback -t app:before app:1.0 3f2a91c0d4e5
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("image", metavar="IMAGE", help="name or id")
    parser.add_argument("step", metavar="STEP", help="number in the history, or the digest of a layer")
    parser.add_argument("-t", "--tag", default="", metavar="NAME[:TAG]", help="a new name, instead of moving IMAGE's")
    parser.add_argument("--platform", metavar="PLATFORM", help="which one of an image for several platforms")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="print the result as JSON")


def run(args: argparse.Namespace) -> int:
    from builder.model.reference import parse_tag

    name = parse_tag(args.tag) if args.tag else ""
    with open_store(args.root) as store:
        done = rollback_image(store, args.image, args.step, name, parse_platform(args.platform))
    if args.format == "json":
        value = {"id": done.image.id, "digest": done.image.descriptor.digest, "name": done.name, "step": done.row.step}
        print(json.dumps(value))
    else:
        step = printable(" ".join(done.row.created_by.split()))[:60]
        print(f"{done.name or done.image.id} is what it was after step {done.row.step}" + (f": {step}" if step else ""))
    return 0
