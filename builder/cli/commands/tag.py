"""pybuild tag"""

from __future__ import annotations

import argparse

from builder.images.tag import tag_image
from builder.wiring.store import open_store

HELP = "Give an image of the store another name."
EXAMPLES = """\
  pybuild tag app:1.0 app:latest
  pybuild tag app:1.0 localhost:5000/team/app:1.0
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="IMAGE", help="name or id")
    parser.add_argument("target", metavar="NAME[:TAG]", help="its new name")


def run(args: argparse.Namespace) -> int:
    with open_store(args.root) as store:
        tag_image(store, args.source, args.target)
    return 0
