"""pybuild rm"""

from __future__ import annotations

import argparse

from builder.cli.containers import each
from builder.containers.records import find_even_damaged
from builder.containers.remove import remove_container
from builder.wiring.containers import container_tools

HELP = "Remove containers."
EXAMPLES = """\
  pybuild rm web
  pybuild rm -f web                        end it first
  pybuild rm -v $(pybuild ps -aq)          with the volumes that have no name
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("containers", nargs="+", metavar="CONTAINER", help="name or id")
    parser.add_argument("-f", "--force", action="store_true", help="also those that run; none that is not there")
    parser.add_argument("-v", "--volumes", action="store_true", help="with their volumes that have no name")


def run(args: argparse.Namespace) -> int:
    with container_tools(args.root) as tools:

        def remove(text: str) -> None:
            container = find_even_damaged(tools.store, text)
            remove_container(container, tools, force=args.force, volumes=args.volumes)

        return each(args.containers, remove, forgiven=("no-such-container",) if args.force else ())
