"""pybuild attach"""

from __future__ import annotations

import argparse

from builder.cli.containers import CANNOT_RUN, add_attachment, follow, manner_of
from builder.containers.client import ask
from builder.containers.records import find_container
from builder.wiring.store import open_store

HELP = "Show what a running container writes, and type into it."
EXAMPLES = """\
  pybuild attach web                       Ctrl-P Ctrl-Q leaves it running
  pybuild attach --no-stdin web
"""
MISUSED = CANNOT_RUN


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("container", metavar="CONTAINER", help="name or id")
    parser.add_argument("--no-stdin", action="store_true", help="only look")
    add_attachment(parser)


def run(args: argparse.Namespace) -> int:
    with open_store(args.root) as store:
        container = find_container(store, args.container)
        sock, _ = ask(store, container.id, container.name, {"do": "attach"})
    args.interactive = container.settings.interactive and not args.no_stdin
    return follow(sock, container.name, manner_of(args, tty=container.settings.tty))
