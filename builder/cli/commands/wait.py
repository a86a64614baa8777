"""pybuild wait"""

from __future__ import annotations

import argparse

from builder.containers.records import find_container
from builder.containers.stop import wait_container
from builder.wiring.store import open_store

HELP = "Wait until containers have ended, and print their exit codes."
EXAMPLES = """\
  pybuild wait job
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("containers", nargs="+", metavar="CONTAINER", help="name or id")


def run(args: argparse.Namespace) -> int:
    with open_store(args.root) as store:
        found = [find_container(store, text) for text in args.containers]
    for container in found:
        print(wait_container(store, container), flush=True)
    return 0
