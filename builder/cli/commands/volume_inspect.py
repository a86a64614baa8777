"""pybuild volume inspect"""

from __future__ import annotations

import argparse

from builder.cli.placeholders import form_of
from builder.cli.tables import print_objects
from builder.containers.volumes import inspect_volume
from builder.wiring.store import open_store

HELP = "Show where volumes are, and which containers have them."
EXAMPLES = """\
  pybuild volume inspect data
  pybuild volume inspect data | jq -r '.[0].Mountpoint'
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="+", metavar="VOLUME", help="name")
    help_ = "json: one object a line; or a template such as '{{.Mountpoint}}'"
    parser.add_argument("-f", "--format", type=form_of("text", "json"), default="text", metavar="FORM", help=help_)


def run(args: argparse.Namespace) -> int:
    with open_store(args.root) as store:
        values = [inspect_volume(store, name) for name in args.names]
    print_objects(values, args.format)
    return 0
