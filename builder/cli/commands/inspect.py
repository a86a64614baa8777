"""pybuild inspect"""

from __future__ import annotations

import argparse
import json

from builder.images.inspect import inspect_image, inspect_platforms
from builder.model.platform import Platform
from builder.wiring import host_platform, open_store

HELP = "Show everything about images of the store."
EXAMPLES = """\
  pybuild inspect app:1.0
  pybuild inspect --format json app:1.0 | jq .Config.Env
  pybuild inspect --platform all app:1.0
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="name or id")
    parser.add_argument("--platform", metavar="PLATFORM", help="of an image for several, or all")
    parser.add_argument(
        "--format", choices=("pretty", "json"), default="pretty", help="pretty: one array; json: one object a line"
    )


def run(args: argparse.Namespace) -> int:
    platform = Platform.parse(args.platform) if args.platform not in (None, "all") else None
    with open_store(args.root) as store:
        if args.platform == "all":
            values = [value for name in args.images for value in inspect_platforms(store, name)]
        else:
            values = [inspect_image(store, name, platform, host_platform()) for name in args.images]
    if args.format == "json":
        for value in values:
            print(json.dumps(value))
    else:
        print(json.dumps(values, indent=4))
    return 0
