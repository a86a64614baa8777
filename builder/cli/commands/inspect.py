"""pybuild inspect"""

from __future__ import annotations

import argparse
import json

from builder.images.inspect import inspect_image
from builder.model.platform import Platform
from builder.wiring import open_store

HELP = "Show everything about images of the store."
EXAMPLES = """\
  pybuild inspect app:1.0
  pybuild inspect --format json app:1.0 | jq .Config.Env
  pybuild inspect 3f2a91c0d4e5
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="name or id")
    parser.add_argument("--platform", metavar="PLATFORM", help="which one of an image for several platforms")
    parser.add_argument(
        "--format", choices=("pretty", "json"), default="pretty", help="pretty: one array; json: one object a line"
    )


def run(args: argparse.Namespace) -> int:
    platform = Platform.parse(args.platform) if args.platform else None
    with open_store(args.root) as store:
        values = [inspect_image(store, name, platform) for name in args.images]
    if args.format == "json":
        for value in values:
            print(json.dumps(value))
    else:
        print(json.dumps(values, indent=4))
    return 0
