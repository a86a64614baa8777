"""pybuild kill"""

from __future__ import annotations

import argparse

from builder.cli.containers import each
from builder.containers.records import find_container
from builder.containers.stop import send_signal
from builder.wiring.store import open_store

HELP = "Send a signal to the first process of containers."
EXAMPLES = """\
  pybuild kill web
  pybuild kill -s HUP web
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("containers", nargs="+", metavar="CONTAINER", help="name or id")
    parser.add_argument("-s", "--signal", default="KILL", metavar="SIGNAL", help="default: KILL")


def run(args: argparse.Namespace) -> int:
    with open_store(args.root) as store:
        return each(args.containers, lambda text: send_signal(store, find_container(store, text), args.signal))
