"""pybuild stop"""

from __future__ import annotations

import argparse

from builder.cli.containers import add_stopping, each
from builder.containers.records import find_container
from builder.containers.stop import stop_container
from builder.wiring.store import open_store

HELP = "End containers: with their stop signal, and by SIGKILL after a while."
EXAMPLES = """\
  pybuild stop web
  pybuild stop -t 1 $(pybuild ps -q)
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_stopping(parser)


def run(args: argparse.Namespace) -> int:
    with open_store(args.root) as store:
        return each(
            args.containers,
            lambda text: stop_container(store, find_container(store, text), args.time, args.signal),
        )
